"""Build functions and layers for this machine's processor, and only when a source changed."""

import fcntl
import hashlib
import subprocess
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from infra.local.environment import sam_command, sam_environment, template_file
from infra.local.home import BUILD_DIR, DEFAULT_HOME, ROOT, architecture, shown
from infra.local.progress import LaptopStackError, Step

SOURCES = (
    "template.yaml",
    "infra/*.yaml",
    "functions/**/*",
    "layers/**/*",
    "docs/openapi.json",
    "requirements/dev.txt",
)
LEFT_OUT = {"__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache"}


@dataclass(frozen=True)
class Build:
    """A built template, and the digest of all that went into it."""

    template: Path
    fingerprint: str


def source_files(root: Path, patterns: Iterable[str] = SOURCES) -> list[Path]:
    """The files that a build reads, in a fixed order."""
    found = {path for pattern in patterns for path in root.glob(pattern) if path.is_file()}
    return sorted(path for path in found if not LEFT_OUT & set(path.relative_to(root).parts))


def fingerprint(root: Path, processor: str) -> str:
    """One digest over names, contents and run bits of the sources, and the processor built for."""
    digest = hashlib.sha256(processor.encode())
    for path in source_files(root):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        executable = bool(path.stat().st_mode & 0o100)
        digest.update(f"{path.relative_to(root)}\0{executable}\0{content}\n".encode())
    return digest.hexdigest()


def build(step: Step) -> Build:
    """The product built for this machine; made anew when a source changed since the last build."""
    processor = architecture()
    if not template_file().exists():
        raise LaptopStackError("template.yaml is missing; run this in a complete checkout of the project.")
    with build_lock(step):
        wanted = fingerprint(ROOT, processor)
        stamp = BUILD_DIR / f"{processor}.fingerprint"
        built = Build(BUILD_DIR / processor / "template.yaml", wanted)
        if built.template.exists() and stamp.exists() and stamp.read_text() == wanted:
            step.say("build is up to date")
            return built
        stamp.unlink(missing_ok=True)
        step.say("building functions and layers")
        run_sam_build(processor)
        stamp.write_text(wanted)
        step.say("functions and layers built")
        return built


def run_sam_build(processor: str) -> None:
    """Run `sam build`; one line and the log's place when it fails."""
    log = DEFAULT_HOME / "log" / "build.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    command = sam_command(
        *("build", "--cached", "--cache-dir", str(BUILD_DIR / "cache"), "--parallel"),
        *("--template-file", str(template_file()), "--build-dir", str(BUILD_DIR / processor)),
        *("--parameter-overrides", f"Architecture={processor}"),
    )
    environment = {**sam_environment(), "CAREBOOK_ARCHITECTURE": processor}
    with log.open("wb") as output:
        finished = subprocess.run(
            command, cwd=ROOT, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=output, check=False
        )
    if finished.returncode != 0:
        raise LaptopStackError(f"sam build failed: {error_line(log)} Log: {shown(log)}")


def error_line(log: Path) -> str:
    """The line of a SAM CLI log that tells why it failed."""
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    beginnings = ("Error", "Build Failed", "")
    words = next((line for start in beginnings for line in lines if line.startswith(start)), "it said nothing.")
    return words if len(words) <= 240 else words[:240] + "…"


@contextmanager
def build_lock(step: Step) -> Iterator[None]:
    """Builds are shared by every laptop stack of this checkout: make one at a time."""
    BUILD_DIR.mkdir(parents=True, exist_ok=True)
    with (BUILD_DIR / "lock").open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            step.say("waiting for another build to end")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield

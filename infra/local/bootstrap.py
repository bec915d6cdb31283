"""Make the project's environment, `.venv`, from its hashed requirements.

Runs before any package exists, with whatever `python3` the machine has (3.9 or newer), so it
uses the standard library only. `uv` is installed hash-checked into a folder of its own; it finds
or fetches the Python named in `.python-version` and fills `.venv` with exactly what is pinned.
"""

import hashlib
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import NoReturn

# Before anything that an older Python could not even read.
if sys.version_info < (3, 9):  # noqa: UP036  - the machine's own Python may be old
    sys.exit("error: Python 3.9 or newer is needed to start; install one, or name it: make PYTHON=/path/to/python3")

ROOT = Path(__file__).resolve().parent.parent.parent
UV_HOME = ROOT / ".local" / "bootstrap"
UV = UV_HOME / "bin" / "uv"
VENV = ROOT / ".venv"
STAMP = VENV / ".synced"
LOG = ROOT / ".local" / "log" / "bootstrap.log"


def fail(sentence: str) -> NoReturn:
    """End with one line that says what to do."""
    sys.exit("error: " + sentence)


def fingerprint(*names: str) -> str:
    """What the named files hold, as one digest."""
    digest = hashlib.sha256()
    for name in names:
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def run(command: list[str], sentence: str) -> None:
    """Run *command* with its output in the log, or fail with *sentence* and the log's place."""
    with LOG.open("a", encoding="utf-8") as log:
        log.write("$ " + " ".join(command) + "\n")
        log.flush()
        finished = subprocess.run(command, cwd=str(ROOT), stdout=log, stderr=subprocess.STDOUT, check=False)
    if finished.returncode != 0:
        fail(f"{sentence} Log: {LOG.relative_to(ROOT)}")


def install_uv() -> None:
    """Install the pinned uv into its own small environment."""
    wanted = fingerprint("requirements/bootstrap.txt")
    stamp = UV_HOME / ".installed"
    if UV.exists() and stamp.exists() and stamp.read_text() == wanted:
        return
    try:
        import ensurepip  # noqa: F401
        import venv
    except ImportError:
        fail(
            f"{sys.executable} cannot make virtual environments; install the venv module"
            " (Debian and Ubuntu: apt-get install python3-venv) and run make again."
        )
    print("  environment  installing uv", flush=True)
    venv.EnvBuilder(with_pip=True, clear=True).create(str(UV_HOME))
    pip = [str(UV_HOME / "bin" / "python"), "-m", "pip", "--disable-pip-version-check", "--retries", "1"]
    run(
        [*pip, "install", "--quiet", "--require-hashes", "-r", "requirements/bootstrap.txt"],
        "uv could not be installed; is the package index reachable from here?",
    )
    stamp.write_text(wanted)


def make_environment() -> None:
    """Create `.venv` with the project's Python and exactly the pinned packages."""
    python = (ROOT / ".python-version").read_text().strip()
    if not runs_python(python):
        print(f"  environment  making .venv with Python {python}", flush=True)
        run(
            [str(UV), "venv", "--quiet", "--clear", "--python", python, str(VENV)],
            f"Python {python} is not here and could not be fetched; install it"
            f" (pyenv install {python}, or your system's python{python}) and run make again.",
        )
    print("  environment  installing packages from requirements/dev.txt", flush=True)
    run(
        [str(UV), "pip", "sync", "--quiet", "--require-hashes", "--python", str(VENV), "requirements/dev.txt"],
        "the packages could not be installed; is the package index reachable, and is there disk space?",
    )


def runs_python(version: str) -> bool:
    """Whether `.venv` exists, starts, and is of the wanted Python."""
    python = VENV / "bin" / "python"
    probe = f"import sys; sys.exit('.'.join(map(str, sys.version_info[:2])) != {version!r})"
    try:
        return subprocess.run([str(python), "-c", probe], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def main() -> None:
    """Bring `.venv` up to date, doing only what is missing."""
    wanted = fingerprint("requirements/dev.txt", "requirements/bootstrap.txt", ".python-version")
    if STAMP.exists() and STAMP.read_text() == wanted and runs_python((ROOT / ".python-version").read_text().strip()):
        STAMP.touch()
        return
    began = time.monotonic()
    LOG.parent.mkdir(parents=True, exist_ok=True)
    LOG.write_text("")
    os.environ.pop("VIRTUAL_ENV", None)
    # An interrupted installation must not pass for a finished one.
    if STAMP.exists():
        STAMP.unlink()
    install_uv()
    make_environment()
    STAMP.write_text(wanted)
    print(f"  environment  ready in {time.monotonic() - began:.0f} s", flush=True)


if __name__ == "__main__":
    try:
        main()
    except OSError as error:
        fail(f"{error.strerror}: {error.filename}; free disk space or mend the permissions, then run make again.")
    except KeyboardInterrupt:
        fail("interrupted; run make again to go on.")

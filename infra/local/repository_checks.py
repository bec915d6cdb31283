"""Checks of the repository itself: pins that match what is asked for, and nothing of one machine in a file.

Needs neither network nor package index, so it runs the same on a train and in a pipeline.
"""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from infra.local.home import ROOT

ASKED_AND_PINNED = (
    ("requirements/bootstrap.in", "requirements/bootstrap.txt"),
    ("requirements/runtime.in", "requirements/dev.txt"),
    ("requirements/dev.in", "requirements/dev.txt"),
    ("requirements/runtime.in", "layers/dependencies/requirements.txt"),
)
EVERYTHING_PINNED = "requirements/dev.txt"
PARTLY_PINNED = "layers/dependencies/requirements.txt"
PIN = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]*\])?==(?P<version>[^\s;\\]+)")

FORBIDDEN = {
    "a path of one machine": re.compile(r"(?<![\w.~)}\]])/(?:root|work|Users/\w+|home/\w+)/\w"),
    "the host of a package registry": re.compile(r"\b(?:pypi|pythonhosted|npmjs|debian)\.(?:org|com|io)\b"),
    "the address of a package index": re.compile(r"^\s*--(?:(?:extra-)?index|find)-(?:url|links)\b", re.MULTILINE),
}


def pins(text: str) -> dict[str, str]:
    """Name and version of each pin in a compiled requirements file."""
    found = (PIN.match(line) for line in text.splitlines())
    return {canonicalize_name(pin["name"]): pin["version"] for pin in found if pin}


def requests(text: str) -> list[Requirement]:
    """What an .in file itself asks for, without comments and included files."""
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [Requirement(line) for line in lines if line and not line.startswith("-")]


def attributed(text: str, source: str) -> set[str]:
    """The packages that a compiled file says it pins because *source* asks for them."""
    names, current = set(), ""
    for line in text.splitlines():
        pin = PIN.match(line)
        if pin:
            current = canonicalize_name(pin["name"])
        elif re.search(rf"#\s+(?:via\s+)?-r {re.escape(source)}$", line):
            names.add(current)
    return names


def stale_pins(source: str, asked: str, pinned: str) -> Iterator[str]:
    """Where the compiled text *pinned* no longer answers the requests in *asked*, the text of file *source*."""
    versions, wanted = pins(pinned), requests(asked)
    for requirement in wanted:
        version = versions.get(canonicalize_name(requirement.name))
        if version is None:
            yield f"{source} asks for {requirement.name}, which is not pinned"
        elif not requirement.specifier.contains(version, prereleases=True):
            yield f"{source} asks for {requirement}, but {version} is pinned"
    gone = attributed(pinned, source) - {canonicalize_name(requirement.name) for requirement in wanted}
    for name in sorted(gone):
        yield f"{name} is pinned for {source}, which no longer asks for it"


def differing_pins(part: str, whole: str) -> Iterator[str]:
    """Where a compiled file pins another version than the environment that everything is tested in."""
    tested = pins(whole)
    for name, version in pins(part).items():
        if tested.get(name) != version:
            yield f"{name} {version} goes to the functions, but {tested.get(name)} is tested"


def forbidden_words(text: str) -> Iterator[str]:
    """What of *text* belongs to one machine or names a registry."""
    for reason, pattern in FORBIDDEN.items():
        for match in pattern.finditer(text):
            yield f"line {text.count(chr(10), 0, match.start()) + 1}: {reason} ({match.group().strip()})"


def repository_files() -> list[Path]:
    """The files that are committed, or would be by the next commit."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def findings() -> Iterator[str]:
    """All that is wrong, a line each."""
    for source, compiled in ASKED_AND_PINNED:
        asked, pinned = (ROOT / source).read_text(), (ROOT / compiled).read_text()
        yield from (f"{compiled}: {problem}; run make requirements" for problem in stale_pins(source, asked, pinned))
    whole, part = (ROOT / EVERYTHING_PINNED).read_text(), (ROOT / PARTLY_PINNED).read_text()
    yield from (f"{PARTLY_PINNED}: {problem}; run make requirements" for problem in differing_pins(part, whole))
    for path in repository_files():
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        yield from (f"{path.relative_to(ROOT)}: {problem}; take it out" for problem in forbidden_words(text))


def main() -> int:
    """Print what is wrong; the exit code says whether anything is."""
    try:
        found = list(findings())
    except (OSError, subprocess.CalledProcessError) as error:
        found = [f"the repository could not be read: {error}"]
    for problem in found:
        print(problem)
    print(f"repository: {len(found)} problems" if found else "repository: pins and files are in order")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

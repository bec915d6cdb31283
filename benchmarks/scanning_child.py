"""One scan in a process of its own, so that its peak memory is its own; also what the timing needs."""

import json
import os
import random
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

sys.path[:0] = [str(Path(__file__).resolve().parents[1]), str(Path(__file__).resolve().parents[1] / "layers/carebook")]

from carebook.files.checking import scan_file  # noqa: E402 - found by the line above
from carebook.files.definitions import Manifest  # noqa: E402
from carebook.files.model import File, FileDetails, Place, Status  # noqa: E402
from carebook.files.scanner import ClamAV  # noqa: E402
from carebook.identity import Person  # noqa: E402

MEGABYTE: Final = 1024 * 1024
SIGNATURES: Final = 200_000
_NOW: Final = datetime.now(UTC)


class MadeUpDefinitions:
    """So many signatures that nothing matches, in place of ClamAV's own, which not every machine can reach."""

    def manifest(self) -> Manifest:
        return Manifest("made up", _NOW, ())

    def fetch(self, _manifest: Manifest, folder: Path) -> None:
        chance = random.Random(7)
        with (folder / "made-up.hdb").open("w") as hashes, (folder / "made-up.ndb").open("w") as patterns:
            for number in range(SIGNATURES):
                hashes.write(f"{chance.randbytes(16).hex()}:{chance.randrange(1000, 10**7)}:Made.Up-{number}\n")
                if number % 10 == 0:
                    patterns.write(f"Made.Up.Pattern-{number}:0:*:{chance.randbytes(24).hex()}\n")


class Content:
    """A bucket that holds one file, given out piece by piece as S3 does."""

    def __init__(self, chunks: Iterable[bytes]) -> None:
        self._chunks = chunks

    def read(self, _place: Place) -> Iterator[bytes]:
        yield from self._chunks


def content_of(megabytes: int) -> Iterator[bytes]:
    """A PDF's beginning, then noise: never all of it in memory."""
    chance = random.Random(megabytes)
    first = True
    for _ in range(megabytes * 4):
        noise = chance.randbytes(MEGABYTE // 4)
        yield b"%PDF-1.7\n" + noise[9:] if first else noise
        first = False


@contextmanager
def clamd_with_definitions() -> Iterator[tuple[Callable[[Iterable[bytes]], None], Path, int]]:
    """A function that scans as ``ScanUpload`` does; clamd's configuration; its process. Warm: one scan is done."""
    scanner = ClamAV(MadeUpDefinitions())  # type: ignore[arg-type]

    def scan(chunks: Iterable[bytes], megabytes: int = 1) -> None:
        place = Place("quarantine", "k", "v")
        file = File(
            id="fil_x", account="a", contact_id="con_x", version=1, details=FileDetails("a.pdf"),
            content_type="application/pdf", size=megabytes * MEGABYTE, sha256=None, key="k", status=Status.SCANNING,
            created_at=_NOW, created_by=Person("p", "P"), updated_at=_NOW, place=place,
        )  # fmt: skip
        buckets: Any = Content(chunks)
        finding = scan_file(file, buckets, scanner, now=lambda: _NOW)
        if finding.status is not Status.CLEAN:
            raise RuntimeError(str(finding))

    try:
        scan([b"%PDF-1.7\n".ljust(MEGABYTE)])
        folder, keeper = scanner._folder, scanner._keeper  # noqa: SLF001
        if folder is None or keeper is None:
            raise RuntimeError("clamd is not there")
        found = subprocess.run(["pgrep", "-P", str(keeper.pid), "clamd"], capture_output=True, text=True, check=True)
        yield scan, folder / "clamd.conf", int(found.stdout.split()[0])
    finally:
        scanner.stop()


def peak_of(pid: int) -> float:
    """The most memory that a process ever had, in MB."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / 1024


def main() -> None:
    """Scan a file of so many megabytes and tell the peaks."""
    megabytes = int(sys.argv[1])
    with clamd_with_definitions() as (scan, _, pid):
        scan(content_of(megabytes), megabytes)  # type: ignore[call-arg]
        # Not getrusage: its peak begins with that of the process which started this one.
        print(json.dumps({"ours": peak_of(os.getpid()), "clamd": peak_of(pid)}))


if __name__ == "__main__":
    main()

"""The virus scanner: a port, and ClamAV behind it. Anything but a plain "OK" or "FOUND" is no verdict at all."""

import re
import shutil
import socket
import struct
import subprocess
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final, Protocol

from carebook import environment
from carebook.files.definitions import DefinitionsBucket, Manifest
from carebook.files.model import LARGEST_FILE

OLDEST_DEFINITIONS: Final = timedelta(days=7)
_LOOK_FOR_NEWER: Final = timedelta(minutes=15)
_READY_WITHIN_SECONDS: Final = 120.0  # all of ClamAV's definitions take 10 to 30 seconds to load
_SCAN_WITHIN_SECONDS: Final = 150.0
_ANSWER_WITHIN_SECONDS: Final = 5.0
_MARGIN: Final = 20 * 1024 * 1024
_FOUND: Final = re.compile(r"stream: (?P<signature>\S.*) FOUND")
_CLEAN: Final = "stream: OK"

# Where ClamAV would let something pass because it did not look at it, it must say so instead. MaxScanTime is off, for
# what it cuts short counts as clean: our own deadline makes an error of it. MaxFileSize is above MaxScanSize because
# the member of an archive that unpacks to more is cut there without a word, and the rest passes unread; so it always
# exceeds MaxScanSize first, of which ClamAV does tell.
_CONFIGURATION: Final = """\
Foreground yes
LocalSocket {folder}/clamd.sock
LocalSocketMode 600
DatabaseDirectory {folder}/definitions
TemporaryDirectory {folder}/scratch
StreamMaxLength {largest}
MaxFileSize {beyond}
MaxScanSize {unpacked}
MaxScanTime 0
MaxFiles 10000
MaxRecursion 17
MaxThreads 2
AlertExceedsMax yes
AlertEncrypted yes
AlertEncryptedArchive yes
AlertEncryptedDoc yes
AlertOLE2Macros yes
SelfCheck 0
ConcurrentDatabaseReload no
ExitOnOOM yes
"""
# clamd must not outlive us, nor what it has on disk: when we end, however that is, the pipe on its keeper's standard
# input closes. Before a new start we say that the folder stays.
_KEEPER: Final = (
    'folder="$1"; shift; "$@" & clamd=$!; read -r word; kill -9 "$clamd" 2>/dev/null; wait; '
    '[ "$word" = keep ] || rm -rf "$folder"'
)


class ScannerFailed(Exception):
    """There is no verdict: the scanner, or its definitions, are not fit. Never a reason to let anything pass."""


@dataclass(frozen=True, slots=True)
class Reply:
    """A verdict. ``signature`` is what was found, None when nothing was."""

    engine: str
    definitions: str
    signature: str | None


class Scanner(Protocol):
    """What looks for malware."""

    def scan(self, chunks: Iterable[bytes], *, now: datetime) -> Reply:
        """Look through all bytes.

        Raises:
            ScannerFailed: when there is no verdict.
        """
        ...


class ClamAV:
    """``clamd``, started at the first scan and kept. Bytes go through its socket, never to a disk of ours."""

    def __init__(self, definitions: DefinitionsBucket) -> None:
        self._definitions = definitions
        self._manifest: Manifest | None = None
        self._looked_at: datetime | None = None
        self._folder: Path | None = None
        self._keeper: subprocess.Popen[bytes] | None = None
        self._engine = ""

    def scan(self, chunks: Iterable[bytes], *, now: datetime) -> Reply:
        """One stream through clamd, which is started when it is not there."""
        manifest = self._fit(now)
        answer = self._instream(chunks)
        if answer == _CLEAN:
            return Reply(self._engine, manifest.version, None)
        found = _FOUND.fullmatch(answer)
        if found is None:
            raise ScannerFailed(f"clamd answered: {answer[:200]}")
        return Reply(self._engine, manifest.version, found["signature"])

    def stop(self) -> None:
        """End clamd and forget its definitions."""
        self._end_keeper()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None
        self._manifest = None

    def _fit(self, now: datetime) -> Manifest:
        """The definitions in use, young enough, with a clamd that answers."""
        if self._manifest is None or self._looked_at is None or now - self._looked_at > _LOOK_FOR_NEWER:
            newest = self._definitions.manifest()
            if newest is None:
                raise ScannerFailed("There are no virus definitions.")
            if newest != self._manifest:
                self._take(newest)
            self._looked_at = now
        manifest = self._manifest
        if manifest is None:
            raise ScannerFailed("There are no virus definitions.")
        if now - manifest.built_at > OLDEST_DEFINITIONS:
            self._looked_at = None  # newer ones may come at any moment
            raise ScannerFailed(f"The virus definitions are of {manifest.built_at:%Y-%m-%d}: too old.")
        if not self._answers():
            self._start()
        return manifest

    def _take(self, manifest: Manifest) -> None:
        """Fetch a set of definitions; clamd is started with it."""
        self.stop()
        # A short place: the path of a socket has 107 characters at most.
        folder = Path(tempfile.mkdtemp(prefix="carebook-clamd-", dir="/tmp"))
        for name in ("definitions", "scratch"):
            (folder / name).mkdir()
        try:
            self._definitions.fetch(manifest, folder / "definitions")
        except BaseException as error:
            shutil.rmtree(folder, ignore_errors=True)  # the next try begins anew, and an environment lives for hours
            if isinstance(error, ValueError):
                raise ScannerFailed(str(error)) from error
            raise
        unpacked = 4 * LARGEST_FILE
        configuration = _CONFIGURATION.format(
            folder=folder, largest=LARGEST_FILE + 1, unpacked=unpacked, beyond=unpacked + _MARGIN
        )
        (folder / "clamd.conf").write_text(configuration)
        self._folder, self._manifest = folder, manifest

    def _start(self) -> None:
        """Start clamd and wait until it has read its definitions."""
        if self._folder is None:
            raise ScannerFailed("There are no virus definitions.")
        clamd = shutil.which("clamd", path=environment.program_folders())
        if clamd is None:
            raise ScannerFailed("ClamAV is not installed: there is no clamd.")
        self._end_keeper()
        (self._folder / "clamd.sock").unlink(missing_ok=True)
        with (self._folder / "clamd.log").open("wb") as log:
            self._keeper = subprocess.Popen(  # noqa: S603 - a program and a file of our own
                ["/bin/sh", "-c", _KEEPER, "sh", str(self._folder), clamd, f"--config-file={self._folder}/clamd.conf"],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
            )
        deadline = time.monotonic() + _READY_WITHIN_SECONDS
        while not self._answers():
            if time.monotonic() > deadline or not self._lives():
                self._end_keeper()
                raise ScannerFailed("clamd did not start.")
            time.sleep(0.02)
        self._engine = self._ask("VERSION").partition("/")[0]

    def _lives(self) -> bool:
        """Whether clamd has not ended by itself: it says so in its log before it does."""
        if self._folder is None or self._keeper is None or self._keeper.poll() is not None:
            return False
        return b"ERROR:" not in (self._folder / "clamd.log").read_bytes()

    def _end_keeper(self) -> None:
        """End clamd; its folder stays."""
        if self._keeper is None:
            return
        if self._keeper.stdin is not None:
            with suppress(BrokenPipeError):
                self._keeper.stdin.write(b"keep\n")
                self._keeper.stdin.flush()
            with suppress(BrokenPipeError):
                self._keeper.stdin.close()
        with suppress(subprocess.TimeoutExpired):
            self._keeper.wait(_ANSWER_WITHIN_SECONDS)
        self._keeper = None

    def _answers(self) -> bool:
        try:
            return self._keeper is not None and self._ask("PING") == "PONG"
        except (OSError, ScannerFailed):
            return False

    def _ask(self, command: str) -> str:
        with self._connected(_ANSWER_WITHIN_SECONDS) as connection:
            connection.sendall(f"z{command}\0".encode())
            return _read(connection)

    def _instream(self, chunks: Iterable[bytes]) -> str:
        deadline = time.monotonic() + _SCAN_WITHIN_SECONDS
        try:
            with self._connected(_SCAN_WITHIN_SECONDS) as connection:
                # It may refuse in the middle and close; what it has to say can still be read then.
                with suppress(BrokenPipeError, ConnectionResetError):
                    connection.sendall(b"zINSTREAM\0")
                    for chunk in filter(None, chunks):  # an empty one would be the end, and the rest unread
                        connection.settimeout(max(deadline - time.monotonic(), 0.001))
                        connection.sendall(struct.pack("!L", len(chunk)) + chunk)
                    connection.sendall(struct.pack("!L", 0))
                connection.settimeout(max(deadline - time.monotonic(), 0.001))
                return _read(connection)
        except TimeoutError as error:
            self._end_keeper()  # it may be at it for ever
            raise ScannerFailed("The scan took too long.") from error
        except (ConnectionError, FileNotFoundError) as error:
            self._end_keeper()
            raise ScannerFailed("clamd ended in the middle of a scan.") from error

    def _connected(self, seconds: float) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.settimeout(seconds)
            connection.connect(f"{self._folder}/clamd.sock")
        except BaseException:
            connection.close()
            raise
        return connection


def _read(connection: socket.socket) -> str:
    """What clamd answers, up to the NUL that ends it.

    Raises:
        ScannerFailed: when it says nothing, or does not come to an end.
    """
    answer = b""
    while not answer.endswith(b"\0") and len(answer) < 4096:
        piece = connection.recv(4096)
        if not piece:
            break
        answer += piece
    if not answer.endswith(b"\0"):
        raise ScannerFailed("clamd ended without an answer.")
    return answer.rstrip(b"\0").decode(errors="replace")

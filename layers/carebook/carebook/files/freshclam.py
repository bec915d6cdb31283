"""Fetching definitions with ClamAV's own ``freshclam``, which asks for what is new since our bucket's state."""

import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Final

from carebook import environment
from carebook.errors import Unavailable
from carebook.files.definitions import DefinitionsBucket, Manifest, version_and_age

_WITHIN_SECONDS: Final = 240
_SETS: Final = frozenset({".cvd", ".cld", ".sign"})
_CONFIGURATION: Final = """\
DatabaseMirror database.clamav.net
DatabaseDirectory {folder}
UpdateLogFile {folder}/freshclam.log
MaxAttempts 2
ConnectTimeout {patience}
ReceiveTimeout 120
TestDatabases no
ScriptedUpdates yes
"""


def refresh(bucket: DefinitionsBucket, *, patience: int = 30, seconds: int = _WITHIN_SECONDS) -> Manifest:
    """Bring the bucket's definitions up to date.

    Args:
        patience: seconds to wait for the mirror to answer.
        seconds: how long all of it may take.

    Raises:
        Unavailable: when the mirror did not give them. What the bucket holds stays as it is.
    """
    program = shutil.which("freshclam", path=environment.program_folders())
    if program is None:
        raise Unavailable("ClamAV is not installed: there is no freshclam.")
    with tempfile.TemporaryDirectory(prefix="carebook-freshclam-") as name:
        folder, before = Path(name), bucket.manifest()
        sets = folder / "sets"
        sets.mkdir()
        if before is not None:
            bucket.fetch(before, sets)
            for path in sets.iterdir():
                if path.suffix not in _SETS:  # a set made for tests, which freshclam knows nothing of
                    path.unlink()
        configuration = folder / "freshclam.conf"
        owner = f"DatabaseOwner {Path.home().owner()}\n" if Path.home().exists() else ""
        configuration.write_text(_CONFIGURATION.format(folder=sets, patience=patience) + owner)
        _run([program, f"--config-file={configuration}", "--stdout", "--foreground"], seconds)
        for path in sets.iterdir():
            if path.suffix not in _SETS:
                path.unlink()
        try:
            version, built_at = version_and_age(sets.iterdir())
        except ValueError as error:
            raise Unavailable(f"The mirror gave no definitions: {error}") from error
        return bucket.publish(sets, version=version, built_at=built_at, before=before)


def _run(command: list[str], seconds: int) -> None:
    try:
        done = subprocess.run(  # noqa: S603 - a program and a file of our own
            command, capture_output=True, timeout=seconds, check=False, stdin=subprocess.DEVNULL
        )
    except subprocess.TimeoutExpired as error:
        raise Unavailable("The mirror of virus definitions did not answer in time.") from error
    if done.returncode != 0:
        last = (done.stdout + done.stderr).decode(errors="replace").strip().splitlines()[-1:]
        raise Unavailable(f"freshclam failed: {last[0] if last else 'it said nothing.'}")

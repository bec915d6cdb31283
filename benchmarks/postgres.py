"""A PostgreSQL of our own for one measurement, where it is installed. It listens on a file, not on a port."""

import os
import pwd
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_ROUNDS: Final = 5
_PLACES: Final = "/usr/lib/postgresql"
_USER: Final = "postgres"  # it refuses to run as root


@dataclass(frozen=True, slots=True)
class Postgres:
    """A running server with one table."""

    programs: Path
    folder: Path

    def fill(self, texts: Iterable[str]) -> None:
        """A row for each text, and an index of trigrams over them."""
        rows = "".join(f"{number}\t{_escaped(text)}\n" for number, text in enumerate(texts))
        self._run(
            "CREATE EXTENSION pg_trgm; CREATE TABLE contacts (id int, folded text);\n"
            f"COPY contacts FROM STDIN;\n{rows}\\.\n"
            "CREATE INDEX ON contacts USING gin (folded gin_trgm_ops); VACUUM ANALYZE contacts;\n"
        )

    def timed(self, condition: str, limit: int) -> tuple[int, float]:
        """How many rows there are, and the server's milliseconds for *limit* of them."""
        count = f"SELECT 'rows ' || count(*) FROM contacts WHERE {condition};\n"
        page = f"EXPLAIN ANALYZE SELECT id FROM contacts WHERE {condition} LIMIT {limit};\n"
        told = self._run(count + page * _ROUNDS)
        (found,) = re.findall(r"rows (\d+)\n", told)
        return int(found), min(float(time) for time in re.findall(r"Execution Time: ([\d.]+) ms", told))

    def _run(self, script: str) -> str:
        command = [str(self.programs / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", str(self.folder)]
        done = subprocess.run(
            [*command, "-U", _USER, "-d", "postgres"], input=script, capture_output=True, text=True, check=False
        )
        if done.returncode != 0:
            raise RuntimeError(f"psql failed: {done.stderr[-500:]}")
        return done.stdout


@contextmanager
def started_postgres() -> Iterator[Postgres | None]:
    """A fresh server in a scratch folder, gone afterwards; None where it is not installed."""
    programs = _programs()
    if programs is None:
        yield None
        return
    with tempfile.TemporaryDirectory(prefix="carebook-pg-") as scratch:
        folder = Path(scratch)
        user = _USER if os.geteuid() == 0 else None
        if user:
            os.chown(folder, pwd.getpwnam(user).pw_uid, -1)
        data = folder / "data"
        initialise: list[str | Path] = [
            programs / "initdb",
            "-D",
            data,
            "-U",
            _USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "--locale=C",
            "-N",
        ]
        subprocess.run(initialise, check=True, capture_output=True, user=user, cwd=folder)
        control: list[str | Path] = [programs / "pg_ctl", "-D", data, "-w", "-l", folder / "log"]
        options = f"-c listen_addresses='' -c unix_socket_directories='{folder}' -c fsync=off"
        subprocess.run([*control, "-o", options, "start"], check=True, capture_output=True, user=user, cwd=folder)
        try:
            yield Postgres(programs, folder)
        finally:
            stop = [*control, "-m", "immediate", "stop"]
            subprocess.run(stop, check=True, capture_output=True, user=user, cwd=folder)


def _programs() -> Path | None:
    """The folder of the newest installed server's programs."""
    beside = shutil.which("initdb")
    found = [Path(beside).parent] if beside else []
    found += sorted(Path(_PLACES).glob("*/bin"), key=lambda folder: int(folder.parent.name), reverse=True)
    usable = [folder for folder in found if all((folder / name).exists() for name in ("initdb", "pg_ctl", "psql"))]
    extensions = list(Path("/usr/share/postgresql").glob("*/extension/pg_trgm.control")) or beside
    is_root_alone = os.geteuid() == 0 and _USER not in {entry.pw_name for entry in pwd.getpwall()}
    return usable[0] if usable and extensions and not is_root_alone else None


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace("\t", " ").replace("\n", " ")

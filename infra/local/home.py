"""Where a laptop stack keeps what it knows, and who may touch it at one time."""

import errno
import fcntl
import json
import os
import platform
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local.progress import LaptopStackError

ROOT = Path(__file__).resolve().parent.parent.parent
DEFAULT_HOME = ROOT / ".local"
BUILD_DIR = DEFAULT_HOME / "build"
DEFAULT_PORT = 4566
REGION = "us-east-1"
STACK_NAME = "carebook"
ROOM_NEEDED = 1_000_000_000
"""Bytes that must be free: a build, its upload and the unpacked functions take about half of it."""

MACHINES = {"x86_64": "x86_64", "amd64": "x86_64", "arm64": "arm64", "aarch64": "arm64"}


def architecture() -> str:
    """The Lambda architecture whose wheels run on this machine."""
    machine = platform.machine().lower()
    if machine not in MACHINES:
        raise LaptopStackError(f"A {machine} machine runs neither x86_64 nor arm64 wheels; use one of those.")
    return MACHINES[machine]


@dataclass(frozen=True)
class Home:
    """The folder of one laptop stack: its data, its logs and its public description."""

    path: Path

    @property
    def data(self) -> Path:
        return self.path / "aws"

    @property
    def state(self) -> Path:
        return self.data / "state"

    @property
    def objects(self) -> Path:
        return self.data / "s3"

    @property
    def inbox_data(self) -> Path:
        return self.data / "inbox"

    @property
    def version_file(self) -> Path:
        return self.data / "version"

    @property
    def incomplete(self) -> Path:
        """Exists when the last stop could not write everything."""
        return self.data / "incomplete"

    @property
    def logs(self) -> Path:
        return self.path / "log"

    @property
    def scratch(self) -> Path:
        return self.path / "tmp"

    @property
    def stack_file(self) -> Path:
        return self.path / "stack.json"

    @property
    def run_file(self) -> Path:
        return self.path / "run.json"

    @property
    def inbox_run_file(self) -> Path:
        return self.path / "inbox.json"

    def prepare(self) -> None:
        """Create the folders; refuse a disk too full to end well."""
        for folder in (self.state, self.objects, self.logs, self.scratch):
            folder.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(self.path).free
        if free < ROOM_NEEDED:
            raise LaptopStackError(
                f"Only {free // 1_000_000} MB are free where {shown(self.path)} lies;"
                f" free {ROOM_NEEDED // 1_000_000} MB and run it again."
            )

    def forget(self) -> None:
        """Remove data, users and passwords; logs stay."""
        shutil.rmtree(self.data, ignore_errors=True)
        self.stack_file.unlink(missing_ok=True)

    def read_stack(self) -> dict[str, Any]:
        """The description written by the last start, or nothing."""
        try:
            described = json.loads(self.stack_file.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return described if isinstance(described, dict) else {}

    def write_stack(self, description: Mapping[str, Any]) -> None:
        """Write the description, readable by its owner alone: it holds passwords."""
        write_private(self.stack_file, json.dumps(description, indent=2, ensure_ascii=False) + "\n")

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Let one start or stop at a time work in this home."""
        self.path.mkdir(parents=True, exist_ok=True)
        with (self.path / "lock").open("w") as handle:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as error:
                if error.errno not in (errno.EAGAIN, errno.EACCES):
                    raise
                raise LaptopStackError("Another start of this laptop stack is under way; wait for it to end.") from None
            yield


def api_address(port: int, api_id: str) -> str:
    """Where the embedded AWS serves an API."""
    return f"http://localhost:{port}/_aws/execute-api/{api_id}/v1"


def describe(*, port: int, inbox_port: int, api_id: str, client_id: str, users: list[dict[str, str]]) -> dict[str, Any]:
    """What scripts and tests read from `stack.json`: addresses and logins."""
    endpoint = f"http://localhost:{port}"
    return {
        "api_url": api_address(port, api_id),
        "console_url": None,
        "inbox_url": f"http://localhost:{inbox_port}",
        "region": REGION,
        "aws_endpoint": endpoint,
        "cognito_endpoint": endpoint,
        "client_id": client_id,
        "stack_name": STACK_NAME,
        "users": users,
    }


def write_private(path: Path, text: str) -> None:
    """Replace *path* at once with *text*, mode 0600 from the first byte."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as handle:
        handle.write(text)
    draft.replace(path)


def shown(path: Path) -> str:
    """*path* as a person at the project's root would type it."""
    return str(path.relative_to(ROOT)) if path.is_relative_to(ROOT) else str(path)

"""The embedded AWS as a process: start it, know it again, stop it so that its state is written."""

import json
import secrets
import signal
import subprocess
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import httpx

from infra.local.environment import emulator_environment, endpoint
from infra.local.home import Home, shown, write_private
from infra.local.process import is_ours, listener_on, port_is_free, reap, signal_and_wait
from infra.local.progress import LaptopStackError

READY_WITHIN = 60.0
WRITTEN_WITHIN = 60.0
UNREADABLE_STATE = ("refusing to load", "Failed to restore persisted state", "Persistence: failed to load")
UNWRITTEN_STATE = ("Persistence: failed to save", "Persistence: error getting state")


@dataclass(frozen=True)
class Running:
    """An emulator process; *mark* is a word in its command line by which it is known again."""

    pid: int
    port: int
    mark: str

    @property
    def alive(self) -> bool:
        return is_ours(self.pid, self.mark)


def log_file(home: Home) -> Path:
    """Where the emulator and the functions it runs write."""
    return home.logs / "ministack.log"


def running_in(home: Home) -> Running | None:
    """The emulator that an earlier start left running, or None; a stale record counts as none."""
    try:
        recorded = Running(**json.loads(home.run_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return recorded if recorded.alive else None


def start(home: Home, port: int) -> Running:
    """Start the emulator on loopback *port* with the home's data, and wait until it answers."""
    if not port_is_free(port):
        raise LaptopStackError(
            f"Port {port} is taken by {listener_on(port)}; stop that, or choose another port: make run PORT={port + 1}"
        )
    if home.incomplete.exists():
        raise LaptopStackError(
            "The last stop could not write all data, and half of it is no use; forget it: make run FRESH=1"
        )
    clear_scratch(home)
    mark = f"carebook-{secrets.token_hex(8)}"
    log = log_file(home)
    if log.exists():
        log.replace(log.with_suffix(".log.1"))
    with log.open("wb") as output:
        process = subprocess.Popen(
            # An unknown -X option is kept by the interpreter and otherwise without effect.
            [sys.executable, "-X", mark, "-m", "ministack"],
            cwd=home.scratch,
            env=emulator_environment(home, port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            # Ctrl-C goes to us alone; we then stop it in order.
            start_new_session=True,
        )
    process.returncode = 0  # we watch it by its pid; a Popen that is forgotten while its child lives complains
    running = Running(process.pid, port, mark)
    write_private(home.run_file, json.dumps(asdict(running)))
    try:
        wait_until_ready(home, running)
        refuse_unreadable_state(home)
    except BaseException:
        signal_and_wait(running.pid, mark, number=signal.SIGKILL, seconds=10)
        home.run_file.unlink(missing_ok=True)
        raise
    home.version_file.write_text(version("ministack"))
    return running


def wait_until_ready(home: Home, running: Running) -> None:
    """Return when the emulator answers; say what its log says last when it ends or hangs."""
    deadline = time.monotonic() + READY_WITHIN
    with httpx.Client(base_url=endpoint(running.port), timeout=2, trust_env=False) as client:
        while time.monotonic() < deadline:
            reap(running.pid)
            if not running.alive:
                break
            try:
                if client.get("/_ministack/health").is_success:
                    return
            except httpx.HTTPError:
                pass
            time.sleep(0.1)
    problem = "did not answer" if running.alive else "ended while starting"
    raise LaptopStackError(
        f"The embedded AWS {problem}, saying last: {last_line(log_file(home))} Try again,"
        f" or forget its data: make run FRESH=1. Log: {shown(log_file(home))}"
    )


def refuse_unreadable_state(home: Home) -> None:
    """Fail before an emulator that could not read its state writes an empty one over it."""
    unreadable = find_in_log(home, UNREADABLE_STATE)
    if unreadable is None:
        return
    try:
        earlier = home.version_file.read_text()
    except OSError:
        earlier = "unknown"
    raise LaptopStackError(
        f"ministack {version('ministack')} cannot read the data kept here, last written by version {earlier};"
        f" go back to that version, or forget the data: make run FRESH=1. Log: {shown(log_file(home))}"
    )


def stop(home: Home, running: Running) -> None:
    """End the emulator in order, and make sure that it wrote its state."""
    ended = signal_and_wait(running.pid, running.mark, number=signal.SIGTERM, seconds=WRITTEN_WITHIN)
    if not ended:
        raise LaptopStackError(
            f"The embedded AWS (pid {running.pid}) has not ended after {WRITTEN_WITHIN:.0f} s;"
            f" see {shown(log_file(home))}, then end it yourself: kill -9 {running.pid}"
        )
    home.run_file.unlink(missing_ok=True)
    clear_scratch(home)
    unwritten = find_in_log(home, UNWRITTEN_STATE)
    if unwritten:
        with suppress(OSError):
            home.incomplete.touch()
        raise LaptopStackError(
            f"Stopped, but not all data was written ({unwritten.rpartition('] ')[2][:120]});"
            " free disk space, then make run FRESH=1."
        )


def clear_scratch(home: Home) -> None:
    """Remove what functions were unpacked to: a killed emulator leaves it behind."""
    if home.scratch.exists():
        # After a busy day these are a hundred thousand files: nobody should wait for that.
        doomed = home.scratch.with_name(f"{home.scratch.name}.{secrets.token_hex(4)}")
        home.scratch.rename(doomed)
        remover = subprocess.Popen(
            ["rm", "-rf", str(doomed)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        remover.returncode = 0  # it goes on without us
    home.scratch.mkdir(parents=True, exist_ok=True)


def find_in_log(home: Home, phrases: tuple[str, ...]) -> str | None:
    """The first line of the emulator's log that holds one of *phrases*."""
    try:
        with log_file(home).open(encoding="utf-8", errors="replace") as lines:
            return next((line.strip() for line in lines if any(phrase in line for phrase in phrases)), None)
    except OSError:
        return None


def last_line(path: Path, limit: int = 200) -> str:
    """The last line of a log that says something, shortened."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return "no log."
    words = next((line.strip() for line in reversed(lines) if line.strip()), "an empty log.")
    return words if len(words) <= limit else words[:limit] + "…"


def wait_for_end(running: Running) -> None:
    """Block until the emulator is gone, however that comes about."""
    while running.alive:
        reap(running.pid)
        time.sleep(0.2)

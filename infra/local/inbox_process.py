"""The carrier inbox as a process: started beside the embedded AWS, and stopped with it."""

import json
import secrets
import signal
import subprocess
import sys
import time
from dataclasses import asdict

import httpx

from infra.local.emulator import Running, last_line
from infra.local.environment import endpoint, inbox_environment, inbox_port
from infra.local.home import ROOT, Home, shown, write_private
from infra.local.process import listener_on, port_is_free, reap, signal_and_wait
from infra.local.progress import LaptopStackError

READY_WITHIN = 30.0
ENDED_WITHIN = 15.0


def running_in(home: Home) -> Running | None:
    """The inbox that an earlier start left running, or None."""
    try:
        recorded = Running(**json.loads(home.inbox_run_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
    return recorded if recorded.alive else None


def ensure(home: Home, aws_port: int) -> Running:
    """The inbox beside the embedded AWS on *aws_port*, started unless it runs already."""
    running, port = running_in(home), inbox_port(aws_port)
    if running is not None and running.port == port:
        return running
    if running is not None:
        stop(home)
    return _start(home, aws_port, port)


def _start(home: Home, aws_port: int, port: int) -> Running:
    if not port_is_free(port):
        raise LaptopStackError(
            f"Port {port}, where the carrier inbox would be, is taken by {listener_on(port)}; stop that,"
            f" or choose another port: make run PORT={aws_port + 10}"
        )
    mark = f"carebook-inbox-{secrets.token_hex(8)}"
    log = home.logs / "inbox.log"
    home.inbox_data.mkdir(parents=True, exist_ok=True)
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-X", mark, "-m", "infra.local.inbox", "--port", str(port)),
                *("--aws-port", str(aws_port), "--data", str(home.inbox_data / "inbox.sqlite")),
            ],
            cwd=ROOT,
            env=inbox_environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    process.returncode = 0  # watched by its pid, as the emulator is
    running = Running(process.pid, port, mark)
    write_private(home.inbox_run_file, json.dumps(asdict(running)))
    deadline = time.monotonic() + READY_WITHIN
    with httpx.Client(base_url=endpoint(port), timeout=2, trust_env=False) as client:
        while running.alive and time.monotonic() < deadline:
            try:
                if client.get("/state").is_success:
                    return running
            except httpx.HTTPError:
                pass
            reap(running.pid)
            time.sleep(0.05)
    stop(home)
    raise LaptopStackError(f"The carrier inbox did not start, saying last: {last_line(log)} Log: {shown(log)}")


def stop(home: Home) -> bool:
    """End the inbox; whether one ran."""
    running = running_in(home)
    if running is not None and not signal_and_wait(
        running.pid, running.mark, number=signal.SIGTERM, seconds=ENDED_WITHIN
    ):
        # What it was sent is in its file already.
        signal_and_wait(running.pid, running.mark, number=signal.SIGKILL, seconds=ENDED_WITHIN)
    home.inbox_run_file.unlink(missing_ok=True)
    return running is not None

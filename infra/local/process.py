"""Processes and ports of this machine, asked without assuming they are ours."""

import os
import signal
import socket
import subprocess
import time
from pathlib import Path

PROC = Path("/proc")


def command_line(pid: int) -> str | None:
    """The command that process *pid* runs, or None when there is no such live process."""
    if PROC.is_dir():
        return _command_line_from_proc(pid)
    listed = subprocess.run(["ps", "-o", "command=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return listed.stdout.strip() or None


def _command_line_from_proc(pid: int) -> str | None:
    for _ in range(10):
        try:
            words = (PROC / str(pid) / "cmdline").read_bytes()
            state = (PROC / str(pid) / "stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return None
        if words:
            return words.rstrip(b"\0").replace(b"\0", b" ").decode(errors="replace")
        if state in "ZX":
            return None
        # Between fork and exec a new process has no command line yet.
        time.sleep(0.01)
    return None


def is_ours(pid: int, mark: str) -> bool:
    """Whether process *pid* lives and carries *mark*: numbers are reused, so a bare pid proves nothing."""
    words = command_line(pid)
    return bool(mark) and words is not None and mark in words


def signal_and_wait(pid: int, mark: str, *, number: signal.Signals, seconds: float) -> bool:
    """Send a signal to our process and wait for its end; whether it ended in time."""
    if is_ours(pid, mark):
        os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while is_ours(pid, mark):
        reap(pid)
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def reap(pid: int) -> None:
    """Take a child of ours out of the process table once it has ended."""
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        return


def port_is_free(port: int) -> bool:
    """Whether a server could listen on loopback *port* now."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port() -> int:
    """A loopback port that nothing listens on."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


def free_ports() -> int:
    """A loopback port that nothing listens on, and nothing on the next one either."""
    while True:
        number = free_port()
        if number < 65535 and port_is_free(number + 1):
            return number


def listener_on(port: int) -> str:
    """Who listens on *port*, in words for an error message."""
    pid = _listening_pid_from_proc(port) if PROC.is_dir() else _listening_pid_from_lsof(port)
    if pid is None:
        return "another program"
    words = command_line(pid) or "?"
    return f"pid {pid} ({words[:80]})"


def _listening_pid_from_proc(port: int) -> int | None:
    sockets = set()
    for table in ("tcp", "tcp6"):
        try:
            lines = (PROC / "net" / table).read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in map(str.split, lines):
            listening = fields[3] == "0A"
            if listening and int(fields[1].rpartition(":")[2], 16) == port:
                sockets.add(f"socket:[{fields[9]}]")
    for entry in PROC.glob("[0-9]*/fd/*"):
        try:
            if str(entry.readlink()) in sockets:
                return int(entry.parts[2])
        except OSError:
            continue
    return None


def _listening_pid_from_lsof(port: int) -> int | None:
    try:
        listed = subprocess.run(
            ["lsof", "-nP", f"-iTCP:{port}", "-sTCP:LISTEN", "-t"], capture_output=True, text=True, check=False
        )
    except OSError:
        return None
    first = listed.stdout.split()
    return int(first[0]) if first else None

"""No process is taken for ours that is not: process numbers are used again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from infra.local import emulator, session
from infra.local.home import Home
from infra.local.process import command_line, is_ours, signal_and_wait

MARK = "carebook-0123456789abcdef"
SLEEP = "import time; time.sleep(60)"


def sleeper(*options: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, *options, "-c", SLEEP])


def end(process: subprocess.Popen[bytes]) -> None:
    process.kill()
    process.wait()


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = sleeper()
    yield process
    end(process)


@pytest.fixture
def marked() -> Iterator[subprocess.Popen[bytes]]:
    process = sleeper("-X", MARK)
    yield process
    end(process)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


def record(home: Home, pid: int, mark: str = MARK) -> None:
    home.run_file.write_text(json.dumps({"pid": pid, "port": 4566, "mark": mark}))


def test_a_marked_process_is_known_again(home: Home, marked: subprocess.Popen[bytes]) -> None:
    record(home, marked.pid)
    assert emulator.running_in(home) == emulator.Running(marked.pid, 4566, MARK)


def test_a_stale_pid_that_now_belongs_to_another_is_left_alone(home: Home, stranger: subprocess.Popen[bytes]) -> None:
    record(home, stranger.pid)
    assert emulator.running_in(home) is None
    assert session.stop(home) is False
    assert signal_and_wait(stranger.pid, MARK, number=signal.SIGKILL, seconds=1)
    assert stranger.poll() is None
    assert not home.run_file.exists()


def test_an_empty_mark_fits_nobody(stranger: subprocess.Popen[bytes]) -> None:
    assert not is_ours(stranger.pid, "")


def test_a_pid_of_nobody_is_no_process(home: Home) -> None:
    gone = sleeper()
    end(gone)
    record(home, gone.pid)
    assert command_line(gone.pid) is None
    assert emulator.running_in(home) is None


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"pid": 1}', '{"pid": 1, "port": 2, "mark": "", "more": 3}'])
def test_a_broken_record_counts_as_nothing_running(home: Home, text: str) -> None:
    home.run_file.write_text(text)
    assert emulator.running_in(home) is None


def test_a_marked_process_is_ended_and_waited_for(marked: subprocess.Popen[bytes]) -> None:
    assert signal_and_wait(marked.pid, MARK, number=signal.SIGTERM, seconds=10)
    assert not is_ours(marked.pid, MARK)


def test_this_process_can_be_asked_for_its_command() -> None:
    words = command_line(os.getpid())
    assert words is not None
    assert "python" in words

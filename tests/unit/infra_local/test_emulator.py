"""What is told of the emulator from its log, and what it may see of this machine."""

from importlib.metadata import version
from pathlib import Path

import pytest

from infra.local import emulator
from infra.local.environment import emulator_environment, sam_environment
from infra.local.home import Home
from infra.local.progress import LaptopStackError

CALLER = {
    "PATH": "/bin",
    "HOME": "/somewhere",
    "AWS_PROFILE": "production",
    "AWS_ENDPOINT_URL": "https://example.org",
    "PYTHONPATH": "/elsewhere",
    "SECRET": "x",
    "PIP_CERT": "/certificates",
    "PYTHON": "/old/python3",
    "MAKEFLAGS": "-- PYTHON=/old/python3",
}


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    home.prepare()
    return home


def test_functions_see_nothing_of_the_caller_but_paths_and_language(home: Home) -> None:
    environment = emulator_environment(home, 4566, CALLER)
    assert environment["PATH"] == "/bin"
    assert not {"AWS_PROFILE", "AWS_ENDPOINT_URL", "PYTHONPATH", "SECRET", "PIP_CERT"} & set(environment)


def test_the_emulator_listens_on_loopback_and_checks_permissions(home: Home) -> None:
    environment = emulator_environment(home, 4567, CALLER)
    assert environment["BIND_HOST"] == "127.0.0.1"
    assert environment["GATEWAY_PORT"] == "4567"
    assert environment["AUTH"] == "true"


def test_everything_the_emulator_writes_lies_in_its_home(home: Home) -> None:
    environment = emulator_environment(home, 4566, CALLER)
    assert all(environment[name].startswith(str(home.path)) for name in ("STATE_DIR", "S3_DATA_DIR", "TMPDIR"))


def test_sam_keeps_installers_settings_and_no_aws_account() -> None:
    environment = sam_environment(CALLER, port=4566)
    assert environment["PIP_CERT"] == "/certificates"
    assert not {"AWS_PROFILE", "PYTHON", "PYTHONPATH", "MAKEFLAGS"} & set(environment)
    assert environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    assert environment["SAM_CLI_TELEMETRY"] == "0"
    assert environment["AWS_CONFIG_FILE"] == "/dev/null"
    assert "AWS_ENDPOINT_URL" not in sam_environment(CALLER)


def test_data_of_an_unreadable_format_stops_the_start(home: Home) -> None:
    home.version_file.write_text("9.9.9")
    emulator.log_file(home).write_text(
        "INFO ready\nERROR [persistence] dynamodb is v9 – refusing to load (downgrade)\n"
    )
    with pytest.raises(LaptopStackError, match="version 9\\.9\\.9") as caught:
        emulator.refuse_unreadable_state(home)
    assert version("ministack") in str(caught.value)
    assert "FRESH=1" in str(caught.value)


def test_readable_data_does_not_stop_the_start(home: Home) -> None:
    emulator.refuse_unreadable_state(home)
    emulator.log_file(home).write_text("INFO [persistence] loaded dynamodb state\n")
    emulator.refuse_unreadable_state(home)


def test_data_that_were_half_written_are_not_started_from(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "port_is_free", lambda _: True)
    home.incomplete.touch()
    with pytest.raises(LaptopStackError, match="FRESH=1"):
        emulator.start(home, 4566)


def test_a_taken_port_is_said_by_whom_and_what_to_do(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(emulator, "port_is_free", lambda _: False)
    monkeypatch.setattr(emulator, "listener_on", lambda _: "pid 17 (nginx)")
    with pytest.raises(LaptopStackError, match=r"taken by pid 17 \(nginx\); .* make run PORT=4567"):
        emulator.start(home, 4566)


@pytest.mark.parametrize(
    ("log", "words"), [("first\nlast\n\n", "last"), ("", "an empty log."), ("x" * 300, "x" * 200 + "…")]
)
def test_a_log_is_quoted_by_its_last_words(tmp_path: Path, log: str, words: str) -> None:
    path = tmp_path / "log"
    path.write_text(log)
    assert emulator.last_line(path) == words
    assert emulator.last_line(tmp_path / "none") == "no log."

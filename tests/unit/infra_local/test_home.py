"""The folder of a laptop stack, and the description that scripts and tests read."""

import json
import platform
import shutil
import stat
from pathlib import Path
from types import SimpleNamespace

import pytest

from infra.local.home import ROOT, Home, architecture, describe, shown
from infra.local.progress import LaptopStackError
from infra.local.users import staff


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path / "home")


def test_the_description_has_what_scripts_rely_on() -> None:
    described = describe(port=4566, inbox_port=4567, api_id="abc", client_id="def", users=staff())
    assert list(described) == [
        "api_url", "console_url", "inbox_url", "region", "aws_endpoint", "cognito_endpoint", "client_id",
        "stack_name", "users",
    ]  # fmt: skip
    assert described["api_url"] == "http://localhost:4566/_aws/execute-api/abc/v1"
    assert described["aws_endpoint"] == described["cognito_endpoint"] == "http://localhost:4566"
    assert described["console_url"] is None
    assert described["inbox_url"] == "http://localhost:4567"
    assert all(set(user) == {"email", "password", "account_id", "role"} for user in described["users"])


def test_the_description_is_for_its_owner_alone_from_the_first_byte(home: Home) -> None:
    home.prepare()
    home.stack_file.write_text("{}")
    home.stack_file.chmod(0o644)
    home.write_stack({"users": []})
    assert stat.S_IMODE(home.stack_file.stat().st_mode) == 0o600
    assert json.loads(home.stack_file.read_text()) == {"users": []}


@pytest.mark.parametrize("text", [None, "", "{", "[]"])
def test_a_missing_or_broken_description_is_none_at_all(home: Home, text: str | None) -> None:
    home.prepare()
    if text is not None:
        home.stack_file.write_text(text)
    assert home.read_stack() == {}


def test_forgetting_removes_data_and_passwords_but_no_log(home: Home) -> None:
    home.prepare()
    (home.state / "dynamodb.json").write_text("{}")
    (home.logs / "ministack.log").write_text("words")
    home.write_stack({"users": []})
    home.forget()
    assert not home.data.exists()
    assert not home.stack_file.exists()
    assert (home.logs / "ministack.log").exists()


def test_a_full_disk_is_refused_in_one_line(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=5_000_000))
    with pytest.raises(LaptopStackError, match="Only 5 MB are free") as caught:
        home.prepare()
    assert "\n" not in str(caught.value)


def test_a_second_start_at_the_same_time_is_refused(home: Home) -> None:
    with home.locked(), pytest.raises(LaptopStackError, match="under way"), home.locked():
        pass
    with home.locked():
        pass


@pytest.mark.parametrize(("machine", "name"), [("x86_64", "x86_64"), ("AMD64", "x86_64"), ("aarch64", "arm64")])
def test_wheels_are_those_of_this_machine(monkeypatch: pytest.MonkeyPatch, machine: str, name: str) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    assert architecture() == name


def test_a_machine_without_wheels_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(platform, "machine", lambda: "riscv64")
    with pytest.raises(LaptopStackError, match="riscv64"):
        architecture()


def test_paths_are_shown_as_seen_from_the_project() -> None:
    assert shown(ROOT / ".local" / "log") == ".local/log"
    assert shown(Path("/elsewhere")) == "/elsewhere"

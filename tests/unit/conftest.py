"""Unit tests reach nothing outside the process and wait for nothing."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from carebook import retrying

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """No test here can open a socket, but those marked ``enable_socket``."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.disable_socket)


@pytest.fixture(autouse=True)
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses between attempts, which take no time here."""
    made: list[float] = []
    monkeypatch.setattr(retrying, "time", SimpleNamespace(sleep=made.append))
    return made

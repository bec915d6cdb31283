"""How the tests are run: with which values, on which day, and by which of the workers."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

# What decides whether a change may go in says the same of the same code each time; what looks for values that nobody
# has thought of yet chooses others each time and is run on its own (docs/decisions/0052).
settings.register_profile("gate", derandomize=True, deadline=None)
settings.register_profile("explore", max_examples=2000, deadline=None, print_blob=True)
settings.load_profile("gate")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--days-ahead", type=int, default=0, help="run on a day to come; not for end-to-end tests")


def pytest_configure(config: pytest.Config) -> None:
    days = config.getoption("--days-ahead")
    if days:
        time_machine.travel(datetime.now(UTC) + timedelta(days=days), tick=True).start()


class _OneStack(LoadScopeScheduling):  # type: ignore[misc]
    """Each test by whichever worker is free, but for the end-to-end ones: they share a stack, and so a worker."""

    def _split_scope(self, nodeid: str) -> str:
        return "e2e" if nodeid.startswith("tests/e2e/") else nodeid


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> _OneStack:
    return _OneStack(config, log)

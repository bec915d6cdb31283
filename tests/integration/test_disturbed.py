"""Single writes that meet a transaction, or whose answer is lost: the caller is told what has become of them."""

import pytest

from tests.builders import Caller
from tests.integration.disturbing import Line


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Line:
    return Line(monkeypatch)


def test_a_change_that_meets_a_transaction_is_made_when_that_is_over(director: Caller, line: Line) -> None:
    before = director.patch("/settings", {"practice_name": "One"})
    line.meet_a_transaction("PutItem")
    answer = director.patch("/settings", {"practice_name": "Two"}, headers={"If-Match": before.etag})
    assert (answer.status, answer.body["practice_name"], line.is_quiet) == (200, "Two", True), answer.text

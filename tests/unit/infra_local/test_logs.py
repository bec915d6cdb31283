"""Why a function failed, told in one sentence."""

import json
from datetime import UTC, datetime

import pytest

from infra.local.logs import Line, last_failure

NOW = datetime(2026, 11, 23, tzinfo=UTC)


def line(text: str) -> Line:
    return Line(NOW, "carebook-contacts-api", text)


@pytest.mark.parametrize(
    ("texts", "sentence"),
    [
        ([], None),
        (["Refused", json.dumps({"level": "INFO", "message": "Refused"})], None),
        (
            [json.dumps({"level": "ERROR", "message": "Unexpected", "exception": "Traceback\n  line\nKeyError: 'a'"})],
            "carebook-contacts-api says: KeyError: 'a'",
        ),
        ([json.dumps({"level": "ERROR", "message": "no table"})], "carebook-contacts-api says: no table"),
        (
            ["Traceback (most recent call last)\nImportError: carebook"],
            "carebook-contacts-api says: ImportError: carebook",
        ),
    ],
)
def test_the_last_surprise_is_told_by_what_was_raised(texts: list[str], sentence: str | None) -> None:
    assert last_failure([line(text) for text in texts]) == sentence

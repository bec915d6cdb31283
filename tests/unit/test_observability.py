"""What is counted."""

import json

import pytest

from carebook.observability import count


@pytest.mark.parametrize(("namespace", "kept"), [("Carebook/lakeside", "Carebook/lakeside"), (None, "Carebook")])
def test_counts_of_two_stacks_are_kept_apart(
    namespace: str | None, kept: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("POWERTOOLS_SERVICE_NAME", "files")
    monkeypatch.delenv("POWERTOOLS_METRICS_NAMESPACE", raising=False)
    if namespace is not None:
        monkeypatch.setenv("POWERTOOLS_METRICS_NAMESPACE", namespace)
    count("StuckScans")
    written = json.loads(capsys.readouterr().out)
    (metric,) = written["_aws"]["CloudWatchMetrics"]
    assert (metric["Namespace"], metric["Dimensions"]) == (kept, [["service"]])
    assert (written["service"], written["StuckScans"]) == ("files", [1.0])

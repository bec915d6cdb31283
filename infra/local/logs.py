"""What the deployed functions logged, read back from the embedded AWS."""

import json
from datetime import UTC, datetime
from typing import Any, NamedTuple

from infra.local.deploy import client

FUNCTIONS = "/aws/lambda/"
FRAME = ("START RequestId:", "END RequestId:", "REPORT RequestId:", "INIT_START")


class Line(NamedTuple):
    """One thing that a function logged."""

    at: datetime
    function: str
    text: str


def function_lines(port: int) -> list[Line]:
    """All that the functions logged themselves, oldest first."""
    logs = client("logs", port)
    lines = []
    for group in logs.describe_log_groups(logGroupNamePrefix=FUNCTIONS)["logGroups"]:
        name = group["logGroupName"]
        for page in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
            lines += [line_of(name.removeprefix(FUNCTIONS), event) for event in page["events"]]
    return sorted(line for line in lines if line.text and not line.text.startswith(FRAME))


def line_of(function: str, event: dict[str, Any]) -> Line:
    """A log event of CloudWatch as a line."""
    return Line(datetime.fromtimestamp(event["timestamp"] / 1000, UTC), function, event["message"].rstrip())


def last_failure(lines: list[Line]) -> str | None:
    """The last surprise among *lines* in one sentence: which function, and what was raised."""
    for line in reversed(lines):
        try:
            entry = json.loads(line.text)
        except ValueError:
            entry = {"level": "ERROR", "exception": line.text} if "Traceback" in line.text else None
        if isinstance(entry, dict) and entry.get("level") in {"ERROR", "CRITICAL"}:
            raised = str(entry.get("exception") or entry.get("message") or "an error").strip().splitlines()[-1]
            return f"{line.function} says: {raised}"
    return None

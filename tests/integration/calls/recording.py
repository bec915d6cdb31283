"""What a function asks of AWS while something is done, and appointments to be asked about."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

import pytest
from botocore.client import BaseClient

from benchmarks.around import Answer, Sending, around_requests
from carebook.instants import utcnow
from tests.builders import Caller, child, physician


@contextmanager
def recorded() -> Iterator[dict[str, set[str]]]:
    """The DynamoDB actions asked for meanwhile, by resource; a transaction's as those of its members."""
    asked: dict[str, set[str]] = {}

    def record(sending: Sending) -> Answer:
        if not sending.target.startswith("DynamoDB"):
            return sending.go_on()
        params = json.loads(sending.body)
        if sending.operation == "TransactWriteItems":
            for member in params["TransactItems"]:
                asked.setdefault("table", set()).update(
                    {"Put": "PutItem", "Delete": "DeleteItem", "ConditionCheck": "ConditionCheckItem"}[kind]
                    for kind in member
                )
        else:
            asked.setdefault(params.get("IndexName", "table"), set()).add(sending.operation)
        return sending.go_on()

    with around_requests(record):
        yield asked


@contextmanager
def recorded_in_buckets() -> Iterator[set[str]]:
    """The S3 actions asked for meanwhile, by the names that roles have for them."""
    named = {
        "ListObjectVersions": "ListBucketVersions",
        "DeleteObject": "DeleteObjectVersion",
        "HeadObject": "GetObject",
    }
    asked: set[str] = set()
    before = BaseClient._emit_api_params  # type: ignore[attr-defined]

    def record(client: Any, *args: Any, **kwargs: Any) -> Any:
        if client.meta.service_model.service_name == "s3":
            name = kwargs["operation_model"].name
            is_of_version = name == "GetObject" and "VersionId" in kwargs["api_params"]
            asked.add("GetObjectVersion" if is_of_version else named.get(name, name))
        return before(client, *args, **kwargs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(BaseClient, "_emit_api_params", record)
        yield asked


def appointed(director: Caller) -> str:
    """A client with an appointment in an hour and a contact that gets copies."""
    reminders = {"appointment_reminder": {"lead_minutes": [30]}}
    assert director.patch("/settings", {"automated_messages": reminders}).status == 200
    contact = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    client: str = director.post("/clients", child()).body["id"]
    director.put(f"/clients/{client}/contacts/{contact}", {"cc_all_automated_messages": True})
    return client


def soon(now: datetime | None = None) -> dict[str, str]:
    starts_at = (now or utcnow()) + timedelta(hours=1)
    return {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(minutes=50)).isoformat()}

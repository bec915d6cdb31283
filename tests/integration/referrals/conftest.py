"""Clients, physicians and the referrals between them, over HTTP."""

import json
from datetime import timedelta
from typing import Any

import boto3

from carebook.instants import day_in, instant, utcnow
from carebook.keys import client_pk
from tests.builders import Answer, Caller, child, physician
from tests.integration.conftest import TABLE

TODAY = day_in("America/New_York", utcnow())


def day(offset: int) -> str:
    return (TODAY + timedelta(days=offset)).isoformat()


def add_client(caller: Caller, **changes: Any) -> str:
    made: str = caller.post("/clients", child(**changes)).body["id"]
    return made


def add_physician(caller: Caller, **changes: Any) -> str:
    made: str = caller.post("/contacts?allow_duplicate=true", physician(**changes)).body["id"]
    return made


def refer(caller: Caller, client: str, contact: str | None = None, **fields: Any) -> dict[str, Any]:
    added = caller.post(f"/clients/{client}/referrals", {"contact_id": contact} | fields)
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


def path(referral: dict[str, Any]) -> str:
    return f"/clients/{referral['client_id']}/referrals/{referral['id']}"


def ids(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.text
    return [item["id"] for item in answer.body["items"]]


def keep_appointment(caller: Caller, referral: dict[str, Any], hours_ago: float, **fields: Any) -> None:
    """An appointment of an hour as its own function will keep it."""
    start = utcnow() - timedelta(hours=hours_ago)
    document = {
        "referral_id": referral["id"],
        "starts_at": instant(start),
        "ends_at": instant(start + timedelta(minutes=45)),
    } | fields
    key = {"PK": client_pk(caller.account, referral["client_id"]), "SK": f"APT#{hours_ago}"}
    boto3.resource("dynamodb").Table(TABLE).put_item(Item=key | {"doc": json.dumps(document), "version": 1})

"""Contacts to be merged, with files and tasks that hang on them."""

from typing import Any

import boto3

from carebook.keys import contact_pk
from tests.builders import Caller
from tests.integration.conftest import TABLE

PERSON = {"type": "physician", "first_name": "Ana", "last_name": "Müller"}
EMAIL = {"emails": [{"address": "ana@example.org"}]}
PHONE = {"phones": [{"number": "(310) 555-0123", "type": "cell"}]}


def add(caller: Caller, **fields: Any) -> dict[str, Any]:
    added = caller.post("/contacts?allow_duplicate=true", PERSON | fields)
    assert added.status == 201, added.text
    body: dict[str, Any] = added.body
    return body


def hang_on(caller: Caller, contact_id: str, *keys: str) -> None:
    """Items as files and tasks will be."""
    table = boto3.resource("dynamodb").Table(TABLE)
    for key in keys:
        table.put_item(Item={"PK": contact_pk(caller.account, contact_id), "SK": key, "doc": "{}", "other": 7})


def hanging_on(caller: Caller, contact_id: str) -> set[str]:
    table = boto3.resource("dynamodb").Table(TABLE)
    pk = contact_pk(caller.account, contact_id)
    items = table.query(KeyConditionExpression="PK = :p", ExpressionAttributeValues={":p": pk})["Items"]
    return {item["SK"] for item in items if item["SK"].startswith(("TASK#", "FILE#"))}


def state(caller: Caller, contact_id: str) -> dict[str, Any]:
    """A contact without what every write changes."""
    body = caller.get(f"/contacts/{contact_id}").body
    return {name: value for name, value in body.items() if name not in {"version", "updated_at"}}


def merge(caller: Caller, survivor: str, duplicate: str, **fields: str) -> Any:
    return caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate, "fields": fields})


def unmerge(caller: Caller, survivor: str, duplicate: str) -> Any:
    return caller.post(f"/contacts/{survivor}/unmerge", {"duplicate_id": duplicate})

"""Automated messages on the deployed stack: decided, due, handed over by the schedule, seen by those who get them."""

import json
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest

from carebook.instants import instant
from infra.local.deploy import client
from tests.e2e.conftest import Stack

LEAD = 60  # minutes
ALL_DAY = {"start": "00:00", "end": "00:00"}


@pytest.fixture(scope="module")
def practice(stack: Stack) -> Iterator[Stack]:
    """The practice sends at any hour, and reminds an hour before; afterwards as it was."""
    kept = stack.call("GET", "/settings").json()
    rules = {"appointment_reminder": {"lead_minutes": [LEAD]}, "late_payment_notice": {"days_after_due": 3}}
    changed = stack.call("PATCH", "/settings", body={"quiet_hours": ALL_DAY, "automated_messages": rules})
    assert changed.status_code == 200, changed.text
    yield stack
    stack.call("PATCH", "/settings", body={name: kept[name] for name in ("quiet_hours", "automated_messages")})


@pytest.fixture
def family(practice: Stack) -> tuple[str, str, str, str]:
    """A child and their mother, who gets copies: ids and addresses of the two."""
    child, mother = (f"{who}-{uuid4().hex}@example.org" for who in ("mia", "ana"))
    new = {"first_name": "Mia", "last_name": uuid4().hex, "date_of_birth": "2019-04-30"}
    client_id = made(practice, "/clients", new | {"emails": [{"address": child}], "messaging_methods": ["email"]})
    new = {"type": "other", "first_name": "Ana", "last_name": uuid4().hex}
    contact_id = made(practice, "/contacts", new | {"emails": [{"address": mother}], "messaging_methods": ["email"]})
    terms = {"relationship": "mother", "cc_all_automated_messages": True}
    linked = practice.call("PUT", f"/clients/{client_id}/contacts/{contact_id}", body=terms)
    assert linked.status_code == 201, linked.text
    return client_id, contact_id, child, mother


def made(stack: Stack, path: str, body: dict[str, Any]) -> str:
    answer = stack.call("POST", path, body=body)
    assert answer.status_code == 201, answer.text
    return cast("str", answer.json()["id"])


def mails_to(stack: Stack, address: str, *, count: int, within: int = 40) -> list[dict[str, Any]]:
    """What lies in somebody's inbox, newest last, once there are *count*."""
    url = f"{stack.description['inbox_url']}/messages"
    found: list[dict[str, Any]] = []
    deadline = time.monotonic() + within
    while time.monotonic() < deadline:
        found = httpx.get(url, params={"to": address}, trust_env=False).raise_for_status().json()["items"]
        if len(found) >= count:
            return sorted(found, key=lambda one: cast("str", one["at"]))
        time.sleep(0.5)
    raise AssertionError(found)


def port_of(stack: Stack) -> int:
    port = httpx.URL(stack.description["aws_endpoint"]).port
    assert port is not None
    return port


def swept_now(stack: Stack) -> dict[str, int]:
    """The counts of a sweep at once, besides those of the schedule."""
    functions = client("lambda", port_of(stack))
    (name,) = [
        one["FunctionName"]
        for page in functions.get_paginator("list_functions").paginate()
        for one in page["Functions"]
        if "-SendDue-" in one["FunctionName"]
    ]
    answer = functions.invoke(FunctionName=name)
    assert "FunctionError" not in answer, answer["Payload"].read()
    return cast("dict[str, int]", json.load(answer["Payload"]))


def sweeps_of_the_schedule(stack: Stack) -> list[dict[str, Any]]:
    """What the sweeps have written into their log, the oldest first."""
    logs, group = client("logs", port_of(stack)), f"/aws/lambda/{stack.description['stack_name']}-send-due"
    streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
    lines = [
        event["message"]
        for stream in streams
        for event in logs.get_log_events(logGroupName=group, logStreamName=stream["logStreamName"])["events"]
    ]
    return [json.loads(line) for line in lines if "Swept reminders" in line]


def decided(stack: Stack, client_id: str, kind: str) -> list[dict[str, Any]]:
    found = stack.call("GET", f"/clients/{client_id}/automated-messages").json()["items"]
    return [one for one in found if one["kind"] == kind]


def eventually[T](look: Callable[[], T], holds: Callable[[T], bool], *, within: int = 60) -> T:
    deadline = time.monotonic() + within
    while not holds(found := look()):
        assert time.monotonic() < deadline, found
        time.sleep(1)
    return found


def test_a_child_and_their_mother_are_told_reminded_and_told_again(
    practice: Stack, family: tuple[str, str, str, str]
) -> None:
    client_id, contact_id, child, mother = family
    preview = practice.call(
        "POST", f"/clients/{client_id}/automated-messages/preview", body={"kind": "appointment_reminder"}
    ).json()
    assert [(one["is_client"], one["reason"]) for one in preview["people"]] == [(True, None), (False, None)]
    assert [[(m["to"], m["status"]) for m in one["messages"]] for one in preview["people"]] == [
        [(child, "queued")],
        [(mother, "queued")],
    ]
    starts_at = datetime.now(UTC) + timedelta(minutes=LEAD, seconds=15)
    times = {"starts_at": instant(starts_at), "ends_at": instant(starts_at + timedelta(minutes=50))}
    appointment = made(practice, f"/clients/{client_id}/appointments", times | {"location": "12 Lake Street"})
    notices = [mails_to(practice, address, count=1)[0] for address in (child, mother)]
    assert all("12 Lake Street" in one["text"] for one in notices)
    # Nobody but the schedule looks for what is due now.
    reminded = [mails_to(practice, address, count=2, within=150)[1] for address in (child, mother)]
    assert all("remind" in (one["subject"] + one["text"]).casefold() for one in reminded)
    assert any(sweep["counts"]["sent"] for sweep in sweeps_of_the_schedule(practice))
    assert swept_now(practice)["sent"] == 0
    (reminder,) = decided(practice, client_id, "appointment_reminder")
    assert (reminder["subject_id"], reminder["lead"]) == (appointment, LEAD)
    assert [one["id"] for one in reminder["people"]] == [client_id, contact_id]
    target = f"/clients/{client_id}/appointments/{appointment}"
    assert practice.call("DELETE", target).status_code == 204
    assert practice.call("DELETE", target).status_code == 204
    assert [len(mails_to(practice, address, count=3)) for address in (child, mother)] == [3, 3]
    (copy, *_) = practice.call("GET", f"/contacts/{contact_id}/messages").json()["items"]
    (own, *_) = [one for one in about(practice, client_id) if one["recipient"] == client_id]
    assert (copy["cc_of"], copy["client_id"]) == (own["id"], client_id)


def about(stack: Stack, client_id: str) -> list[dict[str, Any]]:
    """All messages about a client, with whom each went to."""
    decisions = stack.call("GET", f"/clients/{client_id}/automated-messages").json()["items"]
    to = {one["id"]: person["id"] for found in decisions for person in found["people"] for one in person["messages"]}
    items = stack.call("GET", f"/clients/{client_id}/messages").json()["items"]
    return [one | {"recipient": to[one["id"]]} for one in items]


def bring_forward(stack: Stack, client_id: str, subject_id: str) -> None:
    """Let a reminder's moment have come: time is all that changes."""
    table = client("dynamodb", port_of(stack))
    (name,) = [one for one in table.list_tables()["TableNames"] if one.startswith(stack.description["stack_name"])]
    account = stack.description["users"][0]["account_id"]
    found = table.query(
        TableName=name,
        KeyConditionExpression="PK = :pk AND begins_with(SK, :sk)",
        ExpressionAttributeValues={
            ":pk": {"S": f"A#{account}#CLI#{client_id}"},
            ":sk": {"S": f"REM#{subject_id}#late_payment_notice#"},
        },
    )["Items"]
    (item,) = found
    due_at = instant(datetime.now(UTC) - timedelta(seconds=1))
    item["doc"] = {"S": json.dumps(json.loads(item["doc"]["S"]) | {"due_at": due_at})}
    item["GSI2SK"] = {"S": f"{due_at}{item['GSI2SK']['S'][len(due_at) :]}"}
    table.put_item(TableName=name, Item=item)


def test_a_bill_becomes_late_and_both_are_told_until_it_is_paid(
    practice: Stack, family: tuple[str, str, str, str]
) -> None:
    client_id, _, child, mother = family
    yesterday = datetime.now(UTC).date() - timedelta(days=2)  # whatever the account's time zone
    days = {"issued_on": (yesterday - timedelta(days=14)).isoformat(), "due_on": yesterday.isoformat()}
    bills = [
        made(practice, f"/clients/{client_id}/bills", days | {"number": number, "amount": 12_000})
        for number in ("2026-1", "2026-2")
    ]
    targets = [f"/clients/{client_id}/bills/{bill}" for bill in bills]
    assert [practice.call("GET", one).json()["late"] for one in targets] == [True, True]
    assert practice.call("PATCH", targets[1], body={"status": "paid"}).json()["late"] is False
    bring_forward(practice, client_id, bills[0])
    eventually(lambda: (swept_now(practice), decided(practice, client_id, "late_payment_notice"))[1], bool)
    told = [mails_to(practice, address, count=1) for address in (child, mother)]
    assert ["2026-1" in one["text"] for (one,) in told] == [True, True]


def test_the_preview_says_who_gets_nothing_and_why(practice: Stack, family: tuple[str, str, str, str]) -> None:
    client_id, contact_id, child, _ = family
    terms = {"cc_all_automated_messages": True, "cc": {"bill_reminder": False}}
    changed = practice.call("PUT", f"/clients/{client_id}/contacts/{contact_id}", body=terms)
    assert changed.status_code == 200, changed.text
    new = {"type": "other", "last_name": uuid4().hex, "emails": [{"address": child}], "messaging_methods": ["email"]}
    shares = made(practice, "/contacts", new)
    practice.call("PUT", f"/clients/{client_id}/contacts/{shares}", body={"cc_all_automated_messages": True})
    preview = practice.call("POST", f"/clients/{client_id}/automated-messages/preview", body={"kind": "bill_reminder"})
    people = {one["id"]: one for one in preview.json()["people"]}
    assert people[contact_id]["reason"] == "not_copied"
    assert [(one["status"], one["reason"]) for one in people[shares]["messages"]] == [("skipped", "same_as_client")]

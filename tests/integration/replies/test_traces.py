"""What leads back from an address or a reply to a contact, and what a purge leaves of it."""

import json
from datetime import timedelta
from typing import Any

import boto3
import pytest

from carebook.messages.service import MessageRef
from carebook.messages.store import TableMessages
from carebook.table import open_table
from carebook.traces import delete_traces
from tests.builders import physician
from tests.integration.replies.conftest import Practice


def test_a_reply_to_a_merged_contact_lies_with_the_survivor_and_to_a_purged_one_nowhere(practice: Practice) -> None:
    practice.sent("sms")
    survivor = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": practice.contact_id})
    practice.text("one", inbound_id="in-1")
    found = practice.caller.get(f"/contacts/{survivor}/messages?kind=reply").body["items"]
    assert [one["body"] for one in found] == ["one"]
    practice.caller.delete(f"/contacts/{survivor}?purge=true")
    practice.text("two", inbound_id="in-2")
    assert "two" not in json.dumps(boto3.client("dynamodb").scan(TableName="carebook-test")["Items"])


def traces() -> list[tuple[str, str]]:
    """Who has written to which address, and reply addresses, in all accounts: kind and message."""
    items = boto3.client("dynamodb").scan(TableName="carebook-test")["Items"]
    places = ((item["PK"]["S"].split("#")[0], item) for item in items)
    return sorted(
        (place, json.loads(item["doc"]["S"])["message"]) for place, item in places if place in ("WROTE", "REPLY")
    )


def test_a_purge_takes_with_it_what_leads_back_to_the_contact(practice: Practice) -> None:
    practice.write("email", "sms")
    practice.deliver()
    assert [place for place, _ in traces()] == ["REPLY", "WROTE", "WROTE"]
    duplicate = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    survivor, practice.contact_id = practice.contact_id, duplicate
    practice.sent("email")
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": duplicate})
    practice.caller.delete(f"/contacts/{survivor}?purge=true")
    assert traces() == []
    items = boto3.client("dynamodb").scan(TableName="carebook-test")["Items"]
    assert [item["kind"]["S"] for item in items if survivor in str(item)] == ["purged contact"]


def test_of_who_wants_no_messages_it_stays_that_the_account_has_written_and_to_whom_does_not(
    practice: Practice,
) -> None:
    practice.write("email", "sms")
    practice.deliver()
    practice.text("STOP")
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    assert traces() == [("WROTE", "")]
    items = boto3.client("dynamodb").scan(TableName="carebook-test")["Items"]
    assert [item["kind"]["S"] for item in items if practice.contact_id in str(item)] == ["purged contact"]
    (left,) = [item for item in items if item["PK"]["S"].startswith("WROTE")]
    assert int(left["expires_at"]["N"]) == int((practice.clock() + timedelta(days=4 * 365, seconds=-1)).timestamp())


def test_a_purge_leaves_what_leads_to_another_contact_with_the_same_address(practice: Practice) -> None:
    practice.sent("sms")
    purged, other = practice.contact_id, practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.contact_id = other
    message = practice.sent("sms")
    practice.caller.delete(f"/contacts/{purged}?purge=true")
    assert traces() == [("WROTE", message["id"])]
    practice.text("STOP")
    assert practice.messages()[0]["kind"] == "reply"


def test_what_is_claimed_at_the_moment_of_the_purge_leaves_nothing(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    (message,) = practice.write("email")
    messages = TableMessages(open_table())
    before = messages.find(MessageRef(practice.caller.account, practice.contact_id, message["id"]))
    left: list[int] = []

    def late(*args: Any) -> None:
        delete_traces(*args)
        if not left:
            assert messages.claim(before, before.claimed(practice.clock()), None) == (True, False)
        left.append(len(traces()))

    monkeypatch.setattr("carebook.record_purge.delete_traces", late)
    practice.caller.delete(f"/contacts/{practice.contact_id}?purge=true")
    assert left == [2, 0]

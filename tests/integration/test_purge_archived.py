"""The hourly sweep that deletes for good what was archived long enough ago."""

from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Key

from carebook.contacts.store import TableContacts
from carebook.events import PartlyFailed
from carebook.keys import contact_pk
from functions.contacts import api, purge_archived
from tests.builders import Caller, Context, physician
from tests.integration.conftest import TABLE


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Any:
    def set_to(moment: datetime) -> None:
        monkeypatch.setattr(api, "utcnow", lambda: moment)
        monkeypatch.setattr(purge_archived, "utcnow", lambda: moment)

    return set_to


def items_of(account: str, contact_id: str) -> list[Any]:
    table = boto3.resource("dynamodb").Table(TABLE)
    items: list[Any] = table.query(KeyConditionExpression=Key("PK").eq(contact_pk(account, contact_id)))["Items"]
    return items


def test_a_contact_is_purged_thirty_days_after_it_was_archived(director: Caller, clock: Any) -> None:
    day = datetime(2026, 3, 1, tzinfo=UTC)
    clock(day)
    archived, kept = (director.post("/contacts?allow_duplicate=true", physician()).body["id"] for _ in range(2))
    director.delete(f"/contacts/{archived}")
    clock(day + timedelta(days=29, hours=23))
    purge_archived.handler({}, Context())
    assert director.get(f"/contacts/{archived}").status == 200
    clock(day + timedelta(days=30))
    assert purge_archived.handler({}, Context()) == {"purged": 1}
    assert director.get(f"/contacts/{archived}").status == 404
    assert items_of(director.account, archived) == []
    assert director.get(f"/contacts/{kept}").status == 200
    assert purge_archived.handler({}, Context()) == {"purged": 0}


def test_a_restored_contact_is_not_purged(director: Caller, clock: Any) -> None:
    day = datetime(2026, 4, 1, tzinfo=UTC)
    clock(day)
    contact = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    director.delete(f"/contacts/{contact}")
    director.post(f"/contacts/{contact}/restore")
    clock(day + timedelta(days=90))
    purge_archived.handler({}, Context())
    assert director.get(f"/contacts/{contact}").status == 200


def test_a_purge_cut_short_is_finished_by_the_sweep(
    director: Caller, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(datetime(2026, 5, 1, tzinfo=UTC))
    contact = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    with monkeypatch.context() as patch:
        patch.setattr(TableContacts, "finish_purge", lambda *_: 1 / 0)
        assert director.delete(f"/contacts/{contact}?purge=true").status == 500
    assert director.get(f"/contacts/{contact}").status == 404
    assert items_of(director.account, contact) != []
    assert purge_archived.handler({}, Context()) == {"purged": 1}
    assert items_of(director.account, contact) == []


def test_one_that_fails_does_not_keep_the_others_waiting(
    director: Caller, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    day = datetime(2026, 6, 1, tzinfo=UTC)
    clock(day)
    bad, good = (director.post("/contacts?allow_duplicate=true", physician()).body["id"] for _ in range(2))
    for contact in (bad, good):
        director.delete(f"/contacts/{contact}")
    clock(day + timedelta(days=31))
    purge = TableContacts.purge

    def fail_for_one(self: TableContacts, contact: Any, **kwargs: Any) -> None:
        if contact.id == bad:
            raise RuntimeError("broken")
        purge(self, contact, **kwargs)

    with monkeypatch.context() as patch:
        patch.setattr(TableContacts, "purge", fail_for_one)
        with pytest.raises(PartlyFailed) as failure:
            purge_archived.handler({}, Context())
    assert (failure.value.failed, failure.value.handled) == (1, 1)
    assert [director.get(f"/contacts/{contact}").status for contact in (bad, good)] == [200, 404]
    assert purge_archived.handler({}, Context()) == {"purged": 1}


def test_a_run_stops_before_its_time_is_up(director: Caller, clock: Any) -> None:
    day = datetime(2026, 7, 1, tzinfo=UTC)
    clock(day)
    contact = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    director.delete(f"/contacts/{contact}")
    clock(day + timedelta(days=31))
    assert purge_archived.handler({}, Context(remaining_ms=1_000)) == {"purged": 0}
    assert purge_archived.handler({}, Context()) == {"purged": 1}

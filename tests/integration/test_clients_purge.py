"""Deleting clients for good, over HTTP and by schedule."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from boto3.dynamodb.conditions import Attr

from carebook.clients.store import TableClients
from functions.clients import api
from functions.contacts import purge_archived
from tests.builders import Caller, Context, child, physician
from tests.integration.conftest import TABLE, handler_for
from tests.integration.referrals.conftest import add_client, add_physician, ids, refer

KEY = {"Idempotency-Key": "k"}


def in_table(client_id: str) -> list[tuple[str, str]]:
    """Every item that knows the client, but for histories of contacts, which say that they were linked."""
    table = boto3.resource("dynamodb").Table(TABLE)
    found = table.scan(FilterExpression=Attr("PK").contains(client_id) | Attr("SK").contains(client_id))["Items"]
    found += table.scan(FilterExpression=Attr("doc").contains(client_id))["Items"]
    return [(one["PK"], one["SK"]) for one in found if not ("#CON#" in one["PK"] and one["SK"].startswith("HIST#"))]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    def set_to(moment: datetime) -> None:
        for module in (api, purge_archived):
            monkeypatch.setattr(module, "utcnow", lambda: moment)

    return set_to


def test_a_purged_client_is_gone_with_all_that_hung_on_it(director: Caller) -> None:
    contact, client = add_physician(director), add_client(director, last_name="Purged")
    director.put(f"/clients/{client}/contacts/{contact}", {"relationship": "mother"})
    referral = refer(director, client, contact)
    target = f"/clients/{client}"
    assert director.delete(f"{target}?purge=true").status == 204
    for answer in (
        director.get(target),
        director.get(f"{target}/history"),
        director.get(f"{target}/contacts"),
        director.get(f"{target}/referrals"),
        director.get(f"{target}/referrals/{referral['id']}"),
        director.get(f"{target}/referrals/{referral['id']}/claim"),
        director.patch(target, {"last_name": "x"}),
        director.put(f"{target}/contacts/{contact}", {}),
        director.post(f"{target}/referrals", {}),
        director.post(f"{target}/restore"),
        director.delete(f"{target}?purge=true"),
    ):
        assert (answer.status, answer.body["code"]) == (404, "not_found")
    for page in ("/clients", "/clients?archived=true", "/clients?q=purged", f"/contacts/{contact}/clients"):
        assert director.get(page).body["items"] == []
    for page in ("/referrals", "/referrals?status=active", f"/contacts/{contact}/referrals"):
        assert ids(director.get(page)) == []
    assert director.get("/referrals/summary").body["total"] == 0
    cover = director.get(f"/contacts/{contact}/cover").body
    assert (cover["clients"]["count"], cover["referrals"]["count"]) == (0, 0)
    entries = director.get(f"/contacts/{contact}/history").body["items"]
    (unlinked,) = [entry for entry in entries if entry["action"] == "unlinked"]
    assert unlinked["changes"][0]["before"] == {"client_id": client}
    assert [sk for _, sk in in_table(client)] == [client]


def test_the_kept_answers_that_show_the_client_go_with_it(director: Caller) -> None:
    """Of its own request, of one about what hangs on it, and the marks by which repeats are known."""
    client = director.post("/clients", child(), headers=KEY).body["id"]
    for contact in (None, add_physician(director)):
        path = f"/clients/{client}/referrals"
        added = director.post(path, {"contact_id": contact}, headers={"Idempotency-Key": f"{contact}"})
        director.post(f"{path}/{added.body['id']}/refresh", headers=KEY)
    director.delete(f"/clients/{client}")
    director.post(f"/clients/{client}/restore", headers=KEY)
    director.delete(f"/clients/{client}?purge=true")
    assert [sk for _, sk in in_table(client)] == [client]
    kept = boto3.resource("dynamodb").Table(TABLE).scan(FilterExpression=Attr("PK").eq(f"A#{director.account}#IDEM"))
    assert kept["Items"] == []
    again = director.post("/clients", child(), headers=KEY)
    assert (again.status, again.body["id"] == client) == (201, False)


def test_only_a_director_purges(director: Caller) -> None:
    client = add_client(director)
    for groups in ("administrative", "supervisor", "clinical", "", "administrative,clinical"):
        refused = replace(director, groups=groups).delete(f"/clients/{client}?purge=true")
        assert (refused.status, refused.body["code"]) == (403, "role_not_allowed")
    stale = director.delete(f"/clients/{client}?purge=true", headers={"If-Match": '"7"'})
    assert stale.status == 412
    stranger = Caller(handler_for, account=f"{director.account}_other")
    assert stranger.delete(f"/clients/{client}?purge=true").status == 404
    assert director.get(f"/clients/{client}").status == 200


def test_a_client_is_purged_thirty_days_after_it_was_archived(director: Caller, clock: Any) -> None:
    day = datetime(2026, 8, 1, tzinfo=UTC)
    clock(day)
    away, restored, kept = (add_client(director, first_name=name) for name in "ABC")
    contact = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    for client in (away, restored):
        director.delete(f"/clients/{client}")
    director.post(f"/clients/{restored}/restore")
    clock(day + timedelta(days=29, hours=23))
    purge_archived.handler({}, Context())
    assert director.get(f"/clients/{away}").status == 200
    clock(day + timedelta(days=30))
    assert purge_archived.handler({}, Context()) == {"purged": 1}
    assert [director.get(f"/clients/{client}").status for client in (away, restored, kept)] == [404, 200, 200]
    assert director.get(f"/contacts/{contact}").status == 200
    clock(day + timedelta(days=30, hours=2))  # its partition is looked at once more
    assert purge_archived.handler({}, Context()) == {"purged": 0}
    assert [sk for _, sk in in_table(away)] == [away]


def test_a_purge_cut_short_is_finished_by_the_sweep(
    director: Caller, clock: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock(datetime(2026, 9, 1, tzinfo=UTC))
    client = add_client(director)
    with monkeypatch.context() as patch:
        patch.setattr(TableClients, "finish_purge", lambda *_: 1 / 0)
        assert director.delete(f"/clients/{client}?purge=true").status == 500
    assert director.get(f"/clients/{client}").status == 404
    assert director.get("/clients").body["items"] == []
    assert purge_archived.handler({}, Context()) == {"purged": 1}
    assert [sk for _, sk in in_table(client)] == [client]

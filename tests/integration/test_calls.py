"""What each function asks of DynamoDB is what its role lets it do: nothing is missing, nothing is left over."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest

from carebook.instants import utcnow
from carebook.table import open_table
from functions.contacts import purge_archived
from tests.builders import Caller, Context, physician
from tests.template.test_roles import CALLS


@contextmanager
def recorded() -> Iterator[dict[str, set[str]]]:
    """The DynamoDB actions asked for meanwhile, by resource; a transaction's as those of its members."""
    asked: dict[str, set[str]] = {}

    def record(params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name == "TransactWriteItems":
            for member in params["TransactItems"]:
                asked.setdefault("table", set()).update(
                    {"Put": "PutItem", "Delete": "DeleteItem"}[kind] for kind in member
                )
        else:
            asked.setdefault(params.get("IndexName", "table"), set()).add(model.name)

    events = open_table().connection.client.meta.events
    events.register("provide-client-params.dynamodb", record)
    try:
        yield asked
    finally:
        events.unregister("provide-client-params.dynamodb", record)


def whole_life(caller: Caller) -> str:
    """Everything that the contacts' routes can do; the id of a contact that is left archived."""
    key = {"Idempotency-Key": "k"}
    first = caller.post("/contacts", physician(), headers=key).body["id"]
    caller.post("/contacts", physician(), headers=key)
    caller.post("/contacts", physician(npi="1"), headers={"Idempotency-Key": "refused"})
    target = f"/contacts/{first}"
    caller.patch(target, {"last_name": "Other"})
    for path in (target, f"{target}/history", "/contacts", "/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        caller.get(path)
    caller.delete(target)
    caller.post(f"{target}/restore", headers=key)
    caller.delete(f"{target}?purge=true")
    second: str = caller.post("/contacts", physician()).body["id"]
    caller.delete(f"/contacts/{second}")
    return second


def test_the_contacts_function(director: Caller) -> None:
    with recorded() as asked:
        whole_life(director)
    assert asked == CALLS["ContactsApi"]


def test_the_settings_function(director: Caller) -> None:
    with recorded() as asked:
        director.get("/settings")
        director.patch("/settings", {"country": "CA"})
        director.patch("/settings", {"country": "AU"})
    assert asked == CALLS["SettingsApi"]


def test_the_purge_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    whole_life(director)
    later = utcnow() + timedelta(days=31)
    monkeypatch.setattr(purge_archived, "utcnow", lambda: later)
    with recorded() as asked:
        assert purge_archived.handler({}, Context())["purged"] >= 1
    assert asked == CALLS["PurgeArchived"]

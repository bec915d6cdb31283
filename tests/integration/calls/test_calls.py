"""What each function asks of DynamoDB is what its role lets it do: nothing is missing, nothing is left over."""

from datetime import timedelta

import boto3
import pytest

from carebook.instants import utcnow
from carebook.keys import contact_pk
from carebook.search.store import AccountIndex
from carebook.table import open_table
from functions.contacts import purge_archived
from functions.duplicates import finish_merges
from functions.search import build_vocabulary
from tests.builders import Caller, Context, child, physician
from tests.integration.calls.recording import recorded, recorded_in_buckets
from tests.integration.conftest import TABLE
from tests.integration.press import call_in_process
from tests.template.test_roles import BUCKET_CALLS, CALLS


def whole_life(caller: Caller) -> str:
    """Everything that the contacts' routes can do; the id of a contact that is left archived."""
    key = {"Idempotency-Key": "k"}
    first = caller.post("/contacts?allow_duplicate=true", physician(), headers=key).body["id"]
    caller.post("/contacts?allow_duplicate=true", physician(), headers=key)
    caller.post("/contacts?allow_duplicate=true", physician(npi="1"), headers={"Idempotency-Key": "refused"})
    target = f"/contacts/{first}"
    caller.patch(target, {"last_name": "Other"})
    for path in (target, f"{target}/history", "/contacts", "/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
        caller.get(path)
    caller.delete(target)
    caller.post(f"{target}/restore", headers=key)
    caller.delete(f"{target}?purge=true")
    second: str = caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    caller.delete(f"/contacts/{second}")
    return second


def test_the_contacts_function(director: Caller) -> None:
    with recorded() as asked:
        whole_life(director)
    assert asked == CALLS["ContactsApi"]


def test_the_clients_function(director: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    contact = director.post("/contacts", physician()).body["id"]
    with recorded() as asked:
        client = director.post("/clients", child(), headers=key).body["id"]
        director.post("/clients", child(), headers=key)
        director.post("/clients", {}, headers={"Idempotency-Key": "refused"})
        target = f"/clients/{client}"
        director.patch(target, {"last_name": "Other"})
        director.put(f"{target}/contacts/{contact}", {})
        for path in (target, f"{target}/history", f"{target}/contacts", f"/contacts/{contact}/clients"):
            director.get(path)
        for path in ("/clients", "/clients?q=other", "/clients?q=ohter", "/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV"):
            director.get(path)
        director.delete(f"{target}/contacts/{contact}")
        director.delete(target)
        director.post(f"{target}/restore", headers=key)
        director.delete(f"{target}?purge=true")
    assert asked == CALLS["ClientsApi"]


def test_the_referrals_function(director: Caller) -> None:
    key = {"Idempotency-Key": "k"}
    contact = director.post("/contacts", physician()).body["id"]
    client = director.post("/clients", child()).body["id"]
    with recorded() as asked:
        added = director.post(f"/clients/{client}/referrals", {"contact_id": contact}, headers=key).body
        director.post(f"/clients/{client}/referrals", {"role": "x"}, headers={"Idempotency-Key": "refused"})
        target = f"/clients/{client}/referrals/{added['id']}"
        director.patch(target, {"status": "closed"})
        director.patch(target, {"status": "on_hold"})
        for path in (target, f"{target}/claim", f"/clients/{client}/referrals", f"/contacts/{contact}/referrals"):
            director.get(path)
        for path in ("/referrals", "/referrals/summary", "/referrals/claim-problems", f"/contacts/{contact}/claim"):
            director.get(path)
        director.get("/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV/referrals")
        director.delete(target)
    assert asked == CALLS["ReferralsApi"]


def test_the_search_function(director: Caller) -> None:
    director.post("/contacts", physician())
    with recorded() as asked:
        for query in ("muller", "ana muller", "0123", "nobody at all", "mullre"):
            director.get(f"/contacts/search?q={query}")
        AccountIndex(open_table()).state(director.account)
    assert asked == CALLS["SearchApi"]


def cut_short(caller: Caller, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    """Two contacts, and a merge of them that was cut."""
    one, two = (caller.post("/contacts?allow_duplicate=true", physician()).body["id"] for _ in range(2))
    boto3.resource("dynamodb").Table(TABLE).put_item(Item={"PK": contact_pk(caller.account, two), "SK": "TASK#1"})
    with monkeypatch.context() as patch:
        patch.setattr(where, lambda *_args, **_kwargs: 1 / 0)
        assert caller.post(f"/contacts/{one}/merge", {"duplicate_id": two}).status == 500


BEFORE_ADOPTING = "carebook.merging.steps._rewrite"
BEFORE_MOVING = "carebook.merging.store.Mover.move"


def test_the_duplicates_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(director, monkeypatch, BEFORE_MOVING)
    one = director.get("/contacts").body["items"][0]["id"]
    key = {"Idempotency-Key": "k"}
    with recorded() as asked:
        director.get("/contacts/duplicates")
        two = next(entry for entry in director.get(f"/contacts/{one}/history").body["items"])["changes"]
        merged = next(change["after"] for change in two if change["field"] == "merged_from")
        director.post(f"/contacts/{one}/merge", {"duplicate_id": merged}, headers=key)
        director.post(f"/contacts/{one}/merge", {"duplicate_id": "x"}, headers=key | {"Idempotency-Key": "refused"})
        director.post(f"/contacts/{one}/unmerge", {"duplicate_id": merged}, headers=key)
    assert asked == CALLS["DuplicatesApi"]


def test_the_function_that_finishes_merges(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_short(director, monkeypatch, BEFORE_ADOPTING)
    cut_short(director, monkeypatch, BEFORE_MOVING)
    later = utcnow() + timedelta(minutes=3)
    monkeypatch.setattr(finish_merges, "utcnow", lambda: later)
    with recorded() as asked:
        assert finish_merges.handler({}, Context())["finished"] >= 1
    assert asked == CALLS["FinishMerges"]


def test_the_function_that_builds_vocabularies(director: Caller) -> None:
    director.post("/contacts", physician())
    director.get("/contacts/search?q=mullre")
    with recorded() as asked:
        assert build_vocabulary.handler({}, Context(remaining_ms=600_000))["built"] >= 1
    assert asked == CALLS["BuildVocabulary"]


def test_the_documents_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    call_in_process(monkeypatch)
    key = {"Idempotency-Key": "k"}
    contact = f"/contacts/{director.post('/contacts', physician()).body['id']}"
    with recorded() as asked, recorded_in_buckets() as asked_of_buckets:
        template = director.post("/document-templates", {"title": "A"}, headers=key).body["id"]
        director.patch(f"/document-templates/{template}", {"title": "B"})
        director.get("/document-templates")
        made = director.post(f"{contact}/documents", {"template_id": template}, headers=key)
        director.post(f"{contact}/documents", {"title": "{{ x }}"}, headers={"Idempotency-Key": "refused"})
        path = made.headers["Location"]
        director.get(f"{path}/pdf")
        director.patch(path, {"body": "x", "status": "final"})
        for target in (path, f"{path}/pdf", f"{contact}/documents"):
            director.get(target)
        director.delete(path)
        director.delete(f"/document-templates/{template}")
    assert asked | {"table": asked["table"] | {"BatchWriteItem"}} == CALLS["DocumentsApi"]
    # What is fetched by its address is fetched with the rights of who signed that.
    api, press = (BUCKET_CALLS[name]["documents"] for name in ("DocumentsApi", "Typeset"))
    assert asked_of_buckets | {"GetObject", "PutObjectTagging"} == api | press


def test_the_tasks_function(director: Caller) -> None:
    contact = f"/contacts/{director.post('/contacts', physician()).body['id']}"
    with recorded() as asked:
        key = {"Idempotency-Key": "k"}
        task = director.post(f"{contact}/tasks", {"title": "Call"}, headers=key).body["id"]
        director.post(f"{contact}/tasks", {"title": ""}, headers={"Idempotency-Key": "refused"})
        for path in ("/tasks", f"{contact}/tasks", f"{contact}/tasks/{task}"):
            director.get(path)
        director.get("/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV/tasks")
        director.patch(f"{contact}/tasks/{task}", {"due_on": "2026-12-24"})
        director.delete(f"{contact}/tasks/{task}")
    assert asked == CALLS["TasksApi"]


def test_the_cover_function(director: Caller) -> None:
    contact = director.post("/contacts", physician()).body["id"]
    client = director.post("/clients", child()).body["id"]
    director.put(f"/clients/{client}/contacts/{contact}", {})
    with recorded() as asked:
        director.get(f"/contacts/{contact}/cover")
        director.get("/contacts/con_01ARZ3NDEKTSV4RRFFQ69G5FAV/cover")
        director.get(f"/clients/{client}/cover")
        director.get("/clients/cli_01ARZ3NDEKTSV4RRFFQ69G5FAV/cover")
    assert asked == CALLS["CoverApi"]


def test_the_settings_function(director: Caller) -> None:
    with recorded() as asked:
        director.get("/settings")
        director.patch("/settings", {"country": "CA"})
        director.patch("/settings", {"country": "AU"})
    assert asked == CALLS["SettingsApi"]


def test_the_message_templates_function(director: Caller) -> None:
    target = "/settings/message-templates/share/sms"
    key = {"Idempotency-Key": "k"}
    with recorded() as asked:
        director.get("/settings/message-templates")
        director.get(target)
        director.call("PUT", target, body={"body": "x"})
        director.delete(target)
        director.post(f"{target}/preview", headers=key)
        director.post(f"{target}/preview", {"body": "{{"}, headers={"Idempotency-Key": "refused"})
    assert asked == CALLS["MessageTemplatesApi"]


def test_the_purge_function(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    contact = whole_life(director)
    client = director.post("/clients", child()).body["id"]
    director.post(f"/contacts/{contact}/restore")
    director.put(f"/clients/{client}/contacts/{contact}", {})
    director.post(f"/clients/{client}/referrals", {"contact_id": contact})
    director.delete(f"/clients/{client}")
    whole_life(director)
    later = utcnow() + timedelta(days=31)
    monkeypatch.setattr(purge_archived, "utcnow", lambda: later)
    with recorded() as asked:
        assert purge_archived.handler({}, Context())["purged"] >= 1
    assert asked == CALLS["PurgeArchived"]

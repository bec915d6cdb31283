"""Seeding as a caller: what is there is left alone, what passes is tried again, a refusal is one line."""

import json
from io import BytesIO
from typing import Any

import httpx
import pytest

from infra.local import calls, seed
from infra.local.calls import Practice
from infra.local.practice import DemoContact
from infra.local.progress import LaptopStackError, Step
from infra.local.seed import write_contacts
from infra.local.users import LAKESIDE


class Api:
    """An API in memory, as far as seeding uses it; answers with what is scripted first."""

    def __init__(self, *scripted: httpx.Response) -> None:
        self.scripted = list(scripted)
        self.requests: list[httpx.Request] = []
        self.contacts: dict[str, dict[str, Any]] = {}

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        if self.scripted:
            return self.scripted.pop(0)
        if request.method == "POST":
            contact = {"id": f"con_{len(self.contacts)}", "archived": False, **json.loads(request.content)}
            self.contacts[contact["id"]] = contact
            return httpx.Response(201, json=contact)
        if request.method == "DELETE":
            self.contacts[request.url.path.rpartition("/")[2]]["archived"] = True
            return httpx.Response(204)
        wanted = request.url.params["archived"] == "true"
        found = [contact for contact in self.contacts.values() if contact["archived"] is wanted]
        start = int(request.url.params.get("cursor", 0))
        more = start + 2 < len(found)
        return httpx.Response(200, json={"items": found[start : start + 2], "next_cursor": start + 2 if more else None})

    @property
    def writes(self) -> list[str]:
        return [request.method for request in self.requests if request.method != "GET"]


CONTACTS = [
    DemoContact(LAKESIDE, {"type": "other", "last_name": name}, archived=name == "Cruz")
    for name in ("Allen", "Bell", "Cruz", "Diaz")
]


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calls, "FIRST_PAUSE", 0)


def practice(api: Api) -> Practice:
    return Practice("http://api.example/v1", "token", httpx.MockTransport(api))


def test_all_contacts_are_written_and_some_archived() -> None:
    api = Api()
    with practice(api) as caller:
        write_contacts(caller, CONTACTS, Step("contacts"))
    assert {contact["last_name"]: contact["archived"] for contact in api.contacts.values()} == {
        "Allen": False,
        "Bell": False,
        "Cruz": True,
        "Diaz": False,
    }


def test_each_contact_is_sent_with_a_key_of_its_own() -> None:
    api = Api()
    with practice(api) as caller:
        write_contacts(caller, CONTACTS, Step("contacts"))
    keys = [request.headers["Idempotency-Key"] for request in api.requests if request.method == "POST"]
    assert sorted(keys) == sorted(contact.key for contact in CONTACTS)


def test_a_repeated_seed_writes_nothing() -> None:
    api = Api()
    with practice(api) as caller:
        write_contacts(caller, CONTACTS, Step("contacts"))
        before = len(api.writes)
        write_contacts(caller, CONTACTS, Step("contacts"))
    assert len(api.writes) == before


def test_an_interrupted_seed_is_finished() -> None:
    api = Api()
    with practice(api) as caller:
        write_contacts(caller, CONTACTS[:1], Step("contacts"))
        caller.call("POST", "/contacts", json=CONTACTS[2].body)
        write_contacts(caller, CONTACTS, Step("contacts"))
    assert len(api.contacts) == len(CONTACTS)
    assert sum(contact["archived"] for contact in api.contacts.values()) == 1


@pytest.mark.parametrize("status", [429, 500, 503])
def test_an_answer_that_passes_is_tried_again(status: int) -> None:
    api = Api(httpx.Response(status), httpx.Response(status), httpx.Response(200, json={}))
    with practice(api) as caller:
        assert caller.call("GET", "/settings").status_code == 200
    assert len(api.requests) == 3


def test_a_lasting_failure_is_told_after_a_few_tries() -> None:
    api = Api(*[httpx.Response(500, text="broken") for _ in range(20)])
    with practice(api) as caller, pytest.raises(LaptopStackError, match="GET /settings answered 500: broken"):
        caller.call("GET", "/settings")
    assert len(api.requests) == calls.TRIES


def test_a_refusal_is_told_at_once() -> None:
    api = Api(httpx.Response(422, text="npi_not_valid"))
    with practice(api) as caller, pytest.raises(LaptopStackError, match="npi_not_valid"):
        caller.call("POST", "/contacts", json={})
    assert len(api.requests) == 1


def test_a_duplicate_counts_as_written() -> None:
    api = Api(httpx.Response(409, json={"code": "possible_duplicate"}))
    with practice(api) as caller:
        assert caller.call("POST", "/contacts", json={}).status_code == 409
    assert len(api.requests) == 1


class Aws:
    """CloudFormation and Lambda, as far as seeding uses them."""

    def __init__(self, answer: dict[str, Any]) -> None:
        self.answer = answer
        self.invoked: list[str] = []

    def describe_stack_resource(self, **wanted: str) -> dict[str, Any]:
        return {"StackResourceDetail": {"PhysicalResourceId": f"carebook-{wanted['LogicalResourceId']}-1"}}

    def invoke(self, FunctionName: str, Payload: bytes) -> dict[str, Any]:  # noqa: N803 - boto3's names
        self.invoked.append(FunctionName)
        return self.answer


def test_the_vocabularies_are_built_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws({"Payload": BytesIO(b'{"built": 2}')})
    monkeypatch.setattr(seed, "client", lambda *_: aws)
    seed.build_vocabularies(1, Step("contacts"))
    assert aws.invoked == ["carebook-BuildVocabulary-1"]


def test_a_vocabulary_that_cannot_be_built_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    aws = Aws({"FunctionError": "Unhandled", "Payload": BytesIO(b"access denied")})
    monkeypatch.setattr(seed, "client", lambda *_: aws)
    with pytest.raises(LaptopStackError, match="carebook-BuildVocabulary-1 failed: access denied"):
        seed.build_vocabularies(1, Step("contacts"))

"""Fill the demo practices through the API, as any caller would."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Self

import httpx

from infra.local.deploy import SEEDED, Outputs, client, digest, read_note, write_note
from infra.local.home import STACK_NAME
from infra.local.practice import SETTINGS, DemoContact, demo_contacts, name_of
from infra.local.practice import digest as digest_of_contacts
from infra.local.progress import LaptopStackError, Step

IN_PARALLEL = 4
"""Each request at the same moment is a function process of its own; more than the processors only wait."""
TRIES = 5
FIRST_PAUSE = 0.4
PASSING = {409, 429, 500, 502, 503, 504}
MISSPELT = "rivreside"
"""Nobody is called that. Searching for it asks for the practice's vocabulary, which then puts it right."""

Tokens = Mapping[str, str]
"""A director's ID token by account id."""


class Practice:
    """The API as one practice's director calls it."""

    def __init__(self, api_url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=api_url, headers=headers, timeout=60, trust_env=False, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **details: Any) -> httpx.Response:
        """Send one request, again when the answer is one that passes; fail in one line on any other refusal."""
        answer = self._http.request(method, path, **details)
        for attempt in range(TRIES - 1):
            if answer.status_code not in PASSING or is_duplicate(answer):
                break
            time.sleep(FIRST_PAUSE * 2**attempt)
            answer = self._http.request(method, path, **details)
        if answer.is_error and not is_duplicate(answer):
            raise LaptopStackError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def contacts(self, *, archived: bool) -> Iterator[dict[str, Any]]:
        """Every contact of the practice, page by page."""
        query = {"limit": "100", "archived": str(archived).lower()}
        while True:
            page = self.call("GET", "/contacts", params=query).json()
            yield from page["items"]
            if not page["next_cursor"]:
                return
            query["cursor"] = page["next_cursor"]


def is_duplicate(answer: httpx.Response) -> bool:
    """Whether the API says that this contact is there already."""
    return answer.status_code == httpx.codes.CONFLICT and "possible_duplicate" in answer.text


def seed(port: int, stack: Outputs, api_url: str, tokens: Tokens, step: Step) -> None:
    """Write what is missing of the demo practices; nothing at all once it is complete."""
    contacts = demo_contacts()
    wanted = digest(stack.table_name, digest_of_contacts(contacts), MISSPELT)
    if read_note(port, SEEDED) == wanted:
        step.say("demo practices are there")
        return
    for account, token in tokens.items():
        with Practice(api_url, token) as practice:
            practice.call("PATCH", "/settings", json=SETTINGS[account])
            write_contacts(practice, [contact for contact in contacts if contact.account == account], step)
            practice.call("GET", "/contacts/search", params={"q": MISSPELT})
    build_vocabularies(port, step)
    write_note(port, SEEDED, wanted)
    step.say(f"{len(contacts)} contacts in {len(tokens)} demo practices")


def write_contacts(practice: Practice, contacts: list[DemoContact], step: Step) -> None:
    """Create the contacts that the practice lacks, a few at a time, and archive those that are meant to be."""
    active = {name_of(contact): contact["id"] for contact in practice.contacts(archived=False)}
    gone = {name_of(contact) for contact in practice.contacts(archived=True)}
    missing = [contact for contact in contacts if contact.name not in gone]

    def write(contact: DemoContact) -> None:
        found = active.get(contact.name)
        if found is None:
            headers = {"Idempotency-Key": contact.key}
            answer = practice.call("POST", "/contacts", json=contact.body, headers=headers)
            found = answer.json().get("id")
        if contact.archived and found:
            practice.call("DELETE", f"/contacts/{found}")

    with ThreadPoolExecutor(IN_PARALLEL) as writers:
        for count, _ in enumerate(writers.map(write, missing), start=1):
            step.say(f"writing demo contacts, {count} of {len(missing)}")


def build_vocabularies(port: int, step: Step) -> None:
    """Build what the searches asked for, as the schedule does within a quarter of an hour."""
    step.say("building vocabularies")
    described = client("cloudformation", port).describe_stack_resource(
        StackName=STACK_NAME, LogicalResourceId="BuildVocabulary"
    )
    name = described["StackResourceDetail"]["PhysicalResourceId"]
    answer = client("lambda", port).invoke(FunctionName=name, Payload=b"{}")
    if "FunctionError" in answer:
        raise LaptopStackError(f"{name} failed: {answer['Payload'].read().decode()[:300]}")


def warm_up(api_url: str, token: str, step: Step) -> None:
    """Call every function once: each unpacks its layers at its first call, which nobody should wait for later."""
    step.say("waking the functions")
    paths = ("/health", "/settings", "/contacts?limit=1", "/contacts/search?q=a")
    with Practice(api_url, token) as practice, ThreadPoolExecutor(IN_PARALLEL) as callers:
        for _ in callers.map(lambda path: practice.call("GET", path), paths):
            pass

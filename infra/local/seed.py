"""Fill the demo practices through the API, as any caller would."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime

from infra.local.calls import IN_PARALLEL, Practice
from infra.local.deploy import SEEDED, Outputs, client, digest, read_note, write_note
from infra.local.home import STACK_NAME
from infra.local.practice import SETTINGS, DemoContact, demo_contacts, name_of
from infra.local.practice import digest as digest_of_contacts
from infra.local.progress import LaptopStackError, Step
from infra.local.seed_casework import write_casework

CASEWORK = "clients, referrals, letters, files, tasks"
MISSPELT = "rivreside"
"""Nobody is called that. Searching for it asks for the practice's vocabulary, which then puts it right."""

Tokens = Mapping[str, str]
"""A director's ID token by account id."""


def seed(port: int, stack: Outputs, api_url: str, tokens: Tokens, step: Step) -> None:
    """Write what is missing of the demo practices; nothing at all once it is complete."""
    contacts = demo_contacts()
    wanted = digest(stack.table_name, digest_of_contacts(contacts), MISSPELT, CASEWORK)
    if read_note(port, SEEDED) == wanted:
        step.say("demo practices are there")
        return
    for account, token in tokens.items():
        with Practice(api_url, token) as practice:
            practice.call("PATCH", "/settings", json=SETTINGS[account])
            write_contacts(practice, [contact for contact in contacts if contact.account == account], step)
            write_casework(practice, account, datetime.now(UTC).date(), step)
            practice.call("GET", "/contacts/search", params={"q": MISSPELT})
    build_vocabularies(port, step)
    write_note(port, SEEDED, wanted)
    step.say(f"{len(contacts)} contacts in {len(tokens)} demo practices, with clients, letters, files and tasks")


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

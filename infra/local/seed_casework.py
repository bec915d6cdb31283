"""Give the demo practices work: what hangs on their contacts, through the API. What is there already is left alone."""

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from functools import partial
from typing import Any

import httpx

from infra.local import casework
from infra.local.calls import IN_PARALLEL, Practice
from infra.local.progress import LaptopStackError, Step

Contact = dict[str, Any]


def write_casework(practice: Practice, account: str, today: date, step: Step) -> None:
    """Clients with their parents and referrals, and on the pages of their referrers letters, files and tasks."""
    contacts = list(practice.contacts(archived=False))
    parents = [one for one in contacts if one["type"] == "parent_guardian"][: casework.FAMILIES[account]]
    referrers = [one for one in contacts if one["type"] == "physician" and one["npi"]][: casework.REFERRERS[account]]
    template = _template(practice)
    works: list[Callable[[], None]] = [
        partial(_family, practice, parent, referrers[number % len(referrers)], number, today)
        for number, parent in enumerate(parents)
    ]
    works += [partial(_page, practice, one, template, number, today) for number, one in enumerate(referrers)]
    with ThreadPoolExecutor(IN_PARALLEL) as writers:
        for count, _ in enumerate(writers.map(lambda work: work(), works), start=1):
            step.say(f"writing clients, letters, files and tasks, {count} of {len(works)}")


def _family(practice: Practice, parent: Contact, referrer: Contact, number: int, today: date) -> None:
    child = casework.family(parent, number)
    linked = practice.call("GET", f"/contacts/{parent['id']}/clients").json()["items"]
    if linked:
        client = linked[0]["client"]["id"]
    else:
        key = {"Idempotency-Key": f"demo-client-{parent['id']}"}
        client = practice.call("POST", "/clients", json=child.client, headers=key).json()["id"]
        practice.call("PUT", f"/clients/{client}/contacts/{parent['id']}", json=child.link)
    _unless_there(practice, f"/clients/{client}/referrals", [casework.referral(referrer["id"], number, today)])


def _page(practice: Practice, contact: Contact, template: str, number: int, today: date) -> None:
    path = f"/contacts/{contact['id']}"
    _unless_there(practice, f"{path}/tasks", casework.tasks(number, today))
    if number < len(casework.DIAGNOSES) and _unless_there(practice, f"{path}/documents", [{"template_id": template}]):
        (letter,) = practice.call("GET", f"{path}/documents").json()["items"]
        practice.call("PATCH", f"{path}/documents/{letter['id']}", json={"status": "final"})
        practice.call("POST", f"{path}/documents", json=casework.DRAFT)
    if number % 2 == 0 and not practice.call("GET", f"{path}/files").json()["items"]:
        _upload(practice, path, casework.lab_report(), today)


def _template(practice: Practice) -> str:
    """The id of the letter's template."""
    there = practice.call("GET", "/document-templates").json()["items"]
    found = next((one["id"] for one in there if one["title"] == casework.THANKS["title"]), None)
    return str(found or practice.call("POST", "/document-templates", json=casework.THANKS).json()["id"])


def _unless_there(practice: Practice, path: str, bodies: Sequence[casework.Body]) -> bool:
    """Post *bodies* to a list that has nothing in it; whether it had nothing."""
    is_empty = not practice.call("GET", path, params={"limit": "1"}).json()["items"]
    for body in bodies if is_empty else ():
        new = {name: value for name, value in body.items() if name != "status"}
        made = practice.call("POST", path, json=new).json()
        if "status" in body:
            practice.call("PATCH", f"{path}/{made['id']}", json={"status": body["status"]})
    return is_empty


def _upload(practice: Practice, path: str, content: bytes, today: date) -> None:
    """Announce a file and post it straight to its bucket, as a browser would; it is scanned as any other."""
    described = {
        "name": "audiogram.pdf",
        "content_type": "application/pdf",
        "size": len(content),
        "date": today.isoformat(),
        "description": "Both ears",
    }
    announced = practice.call("POST", f"{path}/uploads", json={"category": "Lab", "files": [described]}).json()
    form = announced["items"][0]["upload"]
    answer = httpx.post(form["url"], data=form["fields"], files={"file": content}, timeout=60, trust_env=False)
    if answer.is_error:
        raise LaptopStackError(f"An upload was answered with {answer.status_code}: {answer.text[:300]}")

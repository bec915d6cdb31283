"""The operations that are measured, and part (a): what each sends to AWS and what that takes."""

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.observing import Observed, Target, Watch
from benchmarks.operations_clients import watch_clients
from benchmarks.operations_cover import watch_covers
from benchmarks.operations_files import watch_documents, watch_files
from benchmarks.practice import (
    add_contacts,
    call,
    forget_warm_state,
    in_memory_aws,
    request,
    typical_contact,
    typical_npi,
)
from carebook.instants import utcnow

FIRST_VIEW: Final = "get, first view in the hour"
NEXT_VIEW: Final = "get, again in the hour"
FIRST_SEARCH: Final = "search, first of an environment"
SEARCHES: Final = {
    "search, one word": "lakes",
    "search, two words": "ana mu",
    "search, organization": "lakeside fam",
    "search, e-mail": "ana7@example.org",
    "search, e-mail domain": "@example.org",
    "search, phone": "(310) 555",
    "search, last four digits": "0107",
    "search, NPI": typical_npi(7),
}
MORE_SEARCHES: Final = ("search, three words", "search, organization, next page")
READ_SETTINGS: Final = "settings, get"
NOTHING_DUE: Final = "purge schedule, nothing due"
_CONTACTS: Final = 120
_HISTORY: Final = 100
_CONTACTS_API: Final = "contacts.api"
_SEARCH_API: Final = "search.api"
_SETTINGS_API: Final = "settings.api"
_TASKS_API: Final = "tasks.api"
_COVER_API: Final = "cover.api"
_TASKS_OF_ONE: Final = 8  # on a typical contact: a page of the account is of many contacts
_PURGE: Final = "contacts.purge_archived"


def observe() -> list[Observed]:
    """Every operation once, on a practice with typical contacts in memory, in a warm environment."""
    # A view and its repeat must fall into one clock hour.
    with in_memory_aws(utcnow().replace(minute=0)):
        watch = Watch()
        call(_SETTINGS_API, request("PATCH", "/settings", {"practice_name": "Lakeside Family Practice"}))
        ids = add_contacts(_CONTACTS)
        _views(watch, ids[0])
        _lists(watch)
        _searches(watch)
        _creates(watch)
        _changes(watch, ids[1])
        _tasks(watch, ids[3], ids[4:54])
        watch_covers(watch, ids[70:73])
        watch_files(watch, ids[60])
        watch_documents(watch, ids[61])
        watch_clients(watch, ids[54:64])
        _history(watch, ids[2])
        watch(READ_SETTINGS, _SETTINGS_API, request("GET", "/settings"), Target(requests=1), bare=["get"])
        watch("settings, patch", _SETTINGS_API, request("PATCH", "/settings", {"country": "CA"}), bare=["write"])
        watch(NOTHING_DUE, _PURGE, {}, Target(requests=1, reads=0.5), bare=["query"])
        return watch.observed


def _views(watch: Watch, contact_id: str) -> None:
    event = request("GET", f"/contacts/{contact_id}")
    first, repeated = Target(sequential=1, reads=1, writes=1), Target(requests=1, reads=1, writes=0)
    watch(FIRST_VIEW, _CONTACTS_API, event, first, bare=["get", "put"], new_person=True)
    watch(NEXT_VIEW, _CONTACTS_API, event, repeated, bare=["get"])
    forget_warm_state()
    watch("get, again, by another environment", _CONTACTS_API, event, first)


def _lists(watch: Watch) -> None:
    page, first_page = Target(requests=1, reads=5), Target(requests=2, reads=5)
    # The first page of an environment also fetches the secret that signs its cursor.
    watch("list 50, first of an environment", _CONTACTS_API, request("GET", "/contacts"), first_page)
    watch("list 50, all", _CONTACTS_API, request("GET", "/contacts"), page, bare=["query"])
    watch("list 50, one type", _CONTACTS_API, request("GET", "/contacts?type=physician"), page, bare=["query"])


def _searches(watch: Watch) -> None:
    first, one_round = Target(sequential=3), Target(sequential=1, reads=8)
    # The first search of an environment also reads the account's index state, and fetches the secret as lists do.
    forget_warm_state()
    watch(FIRST_SEARCH, _SEARCH_API, _search("lakes"), first)
    for name, query in SEARCHES.items():
        watch(name, _SEARCH_API, _search(query), one_round, bare=["queries"])
    three_words, next_page = MORE_SEARCHES
    watch(three_words, _SEARCH_API, _search("muller lakeside fam"), Target(reads=50), bare=["queries"])
    cursor = call(_SEARCH_API, _search("lakeside fam"))["next_cursor"]
    watch(next_page, _SEARCH_API, _search(f"lakeside fam&cursor={cursor}"), one_round, bare=["queries"])


def _search(query: str) -> dict[str, Any]:
    return request("GET", f"/contacts/search?q={query}")


def _creates(watch: Watch) -> None:
    # Names that nobody was given a moment ago, as in life.
    new, other, key = (
        typical_contact(203) | {"last_name": "Köhler"},
        typical_contact(205) | {"last_name": "Schäfer"},
        {"Idempotency-Key": "7f3c1f62-5d0b-4a51-9c1c-0d7f5f7d7a10"},
    )
    call(_CONTACTS_API, request("POST", "/contacts", typical_contact(204)))  # the environment is warm for writing, too
    # Settings, the look for duplicates, the transaction; with a key also "in progress", the note beside it, the answer.
    plain, once = (Target(sequential=depth, transactions=1, writes=26) for depth in (3, 6))
    watch("create", _CONTACTS_API, request("POST", "/contacts", new), plain, bare=["write"])
    watch("create, Idempotency-Key", _CONTACTS_API, request("POST", "/contacts", other, key), once, bare=["write"])
    watch("create, same key again", _CONTACTS_API, request("POST", "/contacts", other, key), Target(transactions=0))


def _changes(watch: Watch, contact_id: str) -> None:
    one = Target(sequential=2, transactions=1)
    notes = Target(sequential=2, transactions=1, writes=6)
    target = f"/contacts/{contact_id}"
    phones = [{"number": "(310) 555-0199", "type": "cell"}]
    for name, method, path, patch, limit in (
        ("patch notes", "PATCH", target, {"notes": "Fax is broken until Monday."}, notes),
        ("patch name", "PATCH", target, {"last_name": "Zimmermann"}, one),
        ("patch phone", "PATCH", target, {"phones": phones}, one),
        ("archive", "DELETE", target, None, one),
        ("restore", "POST", f"{target}/restore", None, one),
    ):
        watch(name, _CONTACTS_API, request(method, path, patch), limit, bare=["write"])


def _tasks(watch: Watch, contact_id: str, others: Sequence[str]) -> None:
    of_one, cover = f"/contacts/{contact_id}/tasks", request("GET", f"/contacts/{contact_id}/cover")
    for number, other in enumerate(others):
        call(_TASKS_API, request("POST", f"/contacts/{other}/tasks", _typical_task(number)))
    for number in range(_TASKS_OF_ONE):
        call(_TASKS_API, request("POST", of_one, _typical_task(number)))
    one_transaction = Target(sequential=2, transactions=1)
    watch("task, create", _TASKS_API, request("POST", of_one, _typical_task(0)), one_transaction)
    added = call(_TASKS_API, request("POST", of_one, _typical_task(1)))
    target = f"{of_one}/{added['id']}"
    call(_TASKS_API, request("GET", target))  # the view of this hour
    watch("task, get", _TASKS_API, request("GET", target), Target(sequential=1))
    done = request("PATCH", target, {"status": "done"})
    watch("task, patch status", _TASKS_API, done, one_transaction)
    watch("tasks of a contact", _TASKS_API, request("GET", of_one), Target(sequential=1))
    call(_TASKS_API, request("GET", "/tasks?limit=1"))  # the secret that signs cursors is there
    for name, query in (
        ("tasks across contacts, 50 unfinished", "status=unfinished"),
        ("tasks across contacts, 50 of mine, unfinished", "assignee=me&status=unfinished"),
        ("tasks across contacts, 50 of any status", ""),
    ):
        watch(name, _TASKS_API, request("GET", f"/tasks?{query}"), Target(sequential=2))
    watch("cover page, first view in the hour", _COVER_API, cover, Target(sequential=1))
    watch("cover page, again in the hour", _COVER_API, cover, Target(sequential=1))


def _typical_task(number: int) -> dict[str, Any]:
    return {
        "title": "Ask for the last lab report",
        "description": "The fax of Monday had a page too few. Ask for Mrs. Berg, she knows about it.",
        "due_on": f"2096-12-{1 + number % 28:02}",
        "priority": ("normal", "high")[number % 2],
    }


def _history(watch: Watch, contact_id: str) -> None:
    target = f"/contacts/{contact_id}"
    for number in range(1, _HISTORY):
        call(_CONTACTS_API, request("PATCH", target, {"notes": f"Called {number} times."}))
    watch("history, page of 50", _CONTACTS_API, request("GET", f"{target}/history"), bare=["query"])
    watch(f"purge, {_HISTORY} history entries", _CONTACTS_API, request("DELETE", f"{target}?purge=true"))

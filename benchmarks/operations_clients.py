"""What requests about clients, referrals and claims send to AWS; a part of part (a)."""

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.observing import Target, Watch
from benchmarks.practice import call, request, typical_contact

_CLIENTS_API: Final = "clients.api"
_REFERRALS_API: Final = "referrals.api"
_COVER_API: Final = "cover.api"
_CONTACTS_OF_ONE: Final = 4  # two parents, a physician, a school
_REFERRALS: Final = 60
_ONE_ROUND, _TWO_ROUNDS, _THREE_ROUNDS = Target(sequential=1), Target(sequential=2), Target(sequential=3)
_MOTHER: Final = {"relationship": "mother", "cc_all_automated_messages": True}


def watch_clients(watch: Watch, contact_ids: Sequence[str]) -> None:
    """Clients, their contacts, referrals by these, and the claims that come of them."""
    call(_CLIENTS_API, request("POST", "/clients", _typical_client(0)))  # the environment is warm for writing
    watch("client, create", _CLIENTS_API, request("POST", "/clients", _typical_client(1)), Target(transactions=1))
    client = call(_CLIENTS_API, request("POST", "/clients", _typical_client(2)))["id"]
    target = f"/clients/{client}"
    watch("client, get, first view in the hour", _CLIENTS_API, request("GET", target), _ONE_ROUND)
    watch("client, get, again in the hour", _CLIENTS_API, request("GET", target), Target(requests=1))
    first, *others = contact_ids[:_CONTACTS_OF_ONE]
    for other in others:
        call(_CLIENTS_API, request("PUT", f"{target}/contacts/{other}", _MOTHER))
    written = Target(sequential=3, transactions=1)
    watch("client, link a contact", _CLIENTS_API, request("PUT", f"{target}/contacts/{first}", _MOTHER), written)
    watch("contacts of a client", _CLIENTS_API, request("GET", f"{target}/contacts"), _TWO_ROUNDS)
    watch("clients of a contact", _CLIENTS_API, request("GET", f"/contacts/{first}/clients"), _TWO_ROUNDS)
    _referrals(watch, target, contact_ids)
    _claims(watch, target, first)
    watch("cover page of a client", _COVER_API, request("GET", f"{target}/cover"), _TWO_ROUNDS)
    watch("client, purge", _CLIENTS_API, request("DELETE", f"{target}?purge=true"))


def _referrals(watch: Watch, target: str, contact_ids: Sequence[str]) -> None:
    of_client = f"{target}/referrals"
    first = contact_ids[0]
    for number in range(_REFERRALS):
        call(_REFERRALS_API, request("POST", of_client, _typical_referral(contact_ids[number % 10], number)))
    event = request("POST", of_client, _typical_referral(first, 0))
    watch("referral, create", _REFERRALS_API, event, Target(sequential=3, transactions=1))
    path = f"{of_client}/{call(_REFERRALS_API, event)['id']}"
    watch("referral, get", _REFERRALS_API, request("GET", path), _TWO_ROUNDS)
    closed = request("PATCH", path, {"status": "closed"})
    watch("referral, patch status", _REFERRALS_API, closed, Target(sequential=3, transactions=1))
    for name, query, limit in (
        ("referrals of a client, 50", of_client, _TWO_ROUNDS),
        ("referrals by a contact", f"/contacts/{first}/referrals", _TWO_ROUNDS),
        ("referrals of the account, 50", "/referrals", _TWO_ROUNDS),
        ("referrals, summary of a year", "/referrals/summary", _THREE_ROUNDS),
    ):
        call(_REFERRALS_API, request("GET", f"{query}?limit=1"))  # the secret that signs cursors, the view of the hour
        watch(name, _REFERRALS_API, request("GET", query), limit)


def _claims(watch: Watch, target: str, contact_id: str) -> None:
    listed = call(_REFERRALS_API, request("GET", f"{target}/referrals?limit=1"))
    path = f"{target}/referrals/{listed['items'][0]['id']}"
    watch("claim of a referral", _REFERRALS_API, request("GET", f"{path}/claim"), _TWO_ROUNDS)
    watch("claim of a referral, PDF", _REFERRALS_API, request("GET", f"{path}/claim?format=pdf"), _TWO_ROUNDS)
    watch("claim of a contact", _REFERRALS_API, request("GET", f"/contacts/{contact_id}/claim"), _ONE_ROUND)
    watch("claims that would fail", _REFERRALS_API, request("GET", "/referrals/claim-problems"), _TWO_ROUNDS)


def _typical_client(number: int) -> dict[str, Any]:
    contact = typical_contact(number)
    kept = ("first_name", "middle_name", "last_name", "emails", "phones", "messaging_methods")
    return {name: contact[name] for name in kept if name in contact} | {"date_of_birth": "2019-04-30"}


def _typical_referral(contact_id: str, number: int) -> dict[str, Any]:
    return {
        "contact_id": contact_id,
        "role": "referring",
        "status": ("active", "waiting_list", "closed")[number % 3],
        "received_on": f"2026-{1 + number % 10:02}-{1 + number % 28:02}",
        "expires_on": "2097-12-31",
        "appointment_limit": 12,
        "diagnosis_codes": ["E11.9", "Z71.3"],
        "notes": "Twice a month, the mother comes along.",
    }

"""What the cover page sends to AWS for a contact with clients, one with merged contacts, and an old id: part (a)."""

from collections.abc import Sequence
from typing import Any, Final

from benchmarks.observing import Target, Watch
from benchmarks.practice import call, request

_COVER_API: Final = "cover.api"
_CLIENTS_API: Final = "clients.api"
_REFERRALS_API: Final = "referrals.api"
_CLIENTS: Final = 10  # of each contact, who were also referred by it


def watch_covers(watch: Watch, ids: Sequence[str]) -> None:
    """The page as it is without clients, then with them, then when others with clients were merged into the contact."""
    survivor, merged, before = ids
    clients = {contact_id: _with_clients(contact_id) for contact_id in ids}
    two_rounds = Target(sequential=2)
    watch("cover page with clients and referrals", _COVER_API, _cover(survivor), Target(sequential=1))
    for target, duplicate in ((merged, before), (survivor, merged)):  # one that had another merged into it before
        call("duplicates.api", request("POST", f"/contacts/{target}/merge", {"duplicate_id": duplicate, "fields": {}}))
    watch("cover page, two contacts merged into it", _COVER_API, _cover(survivor), two_rounds)
    watch("cover page by an old id", _COVER_API, _cover(merged), two_rounds)
    watch("cover page by an old id through two merges", _COVER_API, _cover(before), Target(sequential=3))
    client = f"/clients/{clients[survivor][0]}"
    renamed = request("PATCH", client, {"last_name": "Zimmermann"})
    watch("client, patch name, shown by a link and a referral", _CLIENTS_API, renamed, Target(transactions=1))


def _cover(contact_id: str) -> dict[str, Any]:
    return request("GET", f"/contacts/{contact_id}/cover")


def _with_clients(contact_id: str) -> list[str]:
    clients = []
    for number in range(_CLIENTS):
        new = {"first_name": "Mia", "last_name": f"Berg {number}", "date_of_birth": "2019-04-30"}
        client: str = call(_CLIENTS_API, request("POST", "/clients", new))["id"]
        call(_CLIENTS_API, request("PUT", f"/clients/{client}/contacts/{contact_id}", {"relationship": "mother"}))
        call(_REFERRALS_API, request("POST", f"/clients/{client}/referrals", {"contact_id": contact_id}))
        clients.append(client)
    return clients

"""Referrals kept in memory. The table's store passes the same tests."""

from carebook.clients.model import Client
from carebook.errors import Conflict, NotFound
from carebook.referrals.model import Appointment, Referral, ReferralRow, row_of
from carebook.referrals.protocols import AlreadyMade, ReferralWriting
from tests.fakes.clients import MemoryClients
from tests.fakes.contacts import MemoryContacts
from tests.fakes.records import OneByOne


class MemoryReferrals(OneByOne):
    """A ``ReferralStore`` without a table. Its appointments are put there by tests."""

    def __init__(self, clients: MemoryClients, contacts: MemoryContacts) -> None:
        self._clients = clients
        self._contacts = contacts
        self._kept: dict[str, Referral] = {}
        self._made: dict[tuple[str, str], Referral] = {}
        self.kept_appointments: list[Appointment] = []
        clients.when_purged.append(lambda client, *_: self._purge(client))

    def find(self, account: str, client_id: str, referral_id: str) -> Referral:
        referral = self._kept.get(referral_id)
        if referral is None or (referral.account, referral.client_id) != (account, client_id):
            raise NotFound("There is no such referral.")
        return referral

    def of_client(self, account: str, client_id: str, *, before: str | None, limit: int) -> list[Referral]:
        found = [one for one in self._of(account) if one.client_id == client_id and (before is None or one.id < before)]
        return sorted(found, key=lambda one: one.id, reverse=True)[:limit]

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        return self.kept_appointments

    def of_contact(
        self, account: str, contact_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, ReferralRow]]:
        ids = [contact_id, *self._contacts.merged_in(account, contact_id)]
        return _latest_first([one for one in self._of(account) if one.details.contact_id in ids], before, limit)

    def of_this_contact(self, account: str, contact_id: str, *, limit: int) -> list[tuple[str, Referral]]:
        found = [one for one in self._of(account) if one.details.contact_id == contact_id]
        placed = [(f"{one.details.received_on}#{one.id}", one) for one in found]
        return sorted(placed, key=lambda pair: pair[0], reverse=True)[:limit]

    def rows(
        self,
        account: str,
        *,
        status: str | None,
        received_from: str | None,
        received_to: str | None,
        before: str | None,
        limit: int,
    ) -> list[tuple[str, ReferralRow]]:
        found = [
            one
            for one in self._of(account)
            if status in {None, one.details.status}
            and (received_from is None or one.details.received_on >= received_from)
            and (received_to is None or one.details.received_on <= received_to)
        ]
        return _latest_first(found, before, limit)

    def write(self, writing: ReferralWriting, *, request: str | None = None) -> None:
        before, after = writing.before, writing.after
        referral = after or before
        assert referral is not None
        made = self._made.get((referral.account, request or ""))
        if made is not None:
            raise AlreadyMade(made.client_id, made.id)
        self._clients.refuse_outdated(writing.client)
        for contact, _ in writing.for_contacts:
            self._contacts.refuse_outdated(contact)
        if self._kept.get(referral.id) != before:
            raise Conflict("The referral was changed in the meantime.")
        self._kept.pop(referral.id, None)
        if after is not None:
            self._kept[after.id] = after
        if request is not None:
            self._made[referral.account, request] = referral
        self._clients.note(writing.client, writing.for_client)
        for contact, entry in writing.for_contacts:
            self._contacts.note(contact, entry)

    def _purge(self, client: Client) -> None:
        self._kept = {one.id: one for one in self._kept.values() if one.client_id != client.id}

    def _of(self, account: str) -> list[Referral]:
        return [one for one in self._kept.values() if one.account == account]


def _latest_first(found: list[Referral], before: str | None, limit: int) -> list[tuple[str, ReferralRow]]:
    placed = [(f"{one.details.received_on}#{one.id}", row_of(one)) for one in found]
    older = [pair for pair in placed if before is None or pair[0] < before]
    return sorted(older, key=lambda pair: pair[0], reverse=True)[:limit]

"""Contacts kept in memory. The table's store passes the same tests."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime, timedelta

from carebook.contacts.claims import AddedMeanwhile, Claim
from carebook.contacts.history import HistoryEntry, Passed, viewed
from carebook.contacts.model import Contact, ContactSummary, summary_of
from carebook.contacts.protocols import Found
from carebook.errors import AlreadyExists, Conflict, NotFound
from carebook.identity import Person
from carebook.settings.model import AccountSettings
from carebook.settings.service import SettingsStore
from tests.fakes.settings import MemorySettings

_REQUESTS_REMEMBERED = timedelta(hours=24)
_LOOKED_AT_AGAIN = timedelta(hours=1)


class MemoryContacts:
    """A ``ContactStore`` without a table. A purge is never cut short here, so there is none to go on with."""

    def __init__(self, settings: SettingsStore | None = None) -> None:
        self._settings = settings or MemorySettings()
        self._kept: dict[tuple[str, str], Contact] = {}
        self._entries: dict[tuple[str, str], dict[str, HistoryEntry]] = {}
        self._requests: dict[tuple[str, str], Contact] = {}
        self._added: dict[tuple[str, str], tuple[tuple[str, datetime], ...]] = {}
        self._looked_at_again: dict[tuple[str, str], datetime] = {}

    def find(self, account: str, contact_id: str) -> Found:
        contact, settings = self.find_exactly(account, contact_id)
        return (contact, settings) if contact.merged_into is None else self.find(account, contact.merged_into)

    def find_many(self, account: str, contact_ids: Sequence[str]) -> list[Contact]:
        found = (self._kept.get((account, contact_id)) for contact_id in contact_ids)
        return [contact for contact in found if contact is not None and contact.in_use]

    def led_to(self, account: str, contact_ids: Collection[str]) -> dict[str, Contact]:
        led = {}
        for contact_id in contact_ids:
            with suppress(NotFound):
                led[contact_id] = self.find(account, contact_id)[0]
        return led

    def merged_in(self, account: str, contact_id: str) -> list[str]:
        direct = [one.id for one in self._kept.values() if one.account == account and one.merged_into == contact_id]
        return direct + [other for one in direct for other in self.merged_in(account, one)]

    def in_use(self, account: str, contact_ids: Collection[str]) -> tuple[dict[str, Contact], AccountSettings]:
        known = [contact_id for contact_id in contact_ids if (account, contact_id) in self._kept]
        found = {contact_id: self.find(account, contact_id)[0] for contact_id in known}
        return {one: contact for one, contact in found.items() if contact.in_use}, self._settings.current(account)

    def made_by(self, account: str, request: str, *, now: datetime) -> Contact | None:
        first = self._requests.get((account, request))
        if first is None or now > first.created_at + _REQUESTS_REMEMBERED:
            return None
        return self._kept.get((account, first.id))

    def find_exactly(self, account: str, contact_id: str) -> Found:
        contact = self._kept.get((account, contact_id))
        if contact is None:
            raise NotFound("There is no such contact.")
        return contact, self._settings.current(account)

    def view(self, account: str, contact_id: str, *, viewer: Person, now: datetime) -> Found:
        found = self.find(account, contact_id)
        entry = viewed(by=viewer, now=now)
        self._entries[account, found[0].id].setdefault(entry.id, entry)
        return found

    def add(
        self, contact: Contact, entry: HistoryEntry, *, request: str | None = None, claim: Claim | None = None
    ) -> Contact:
        if request is not None:
            first = self._requests.get((contact.account, request))
            if first is not None and contact.created_at <= first.created_at + _REQUESTS_REMEMBERED:
                return self.find(first.account, first.id)[0]
        if (contact.account, contact.id) in self._kept:
            raise AlreadyExists(f"Contact {contact.id} already exists.")
        if claim is not None:
            added = self._added.get((contact.account, claim.name), ())
            if added != claim.known and added[-1][1] >= claim.since:
                raise AddedMeanwhile(added)
            self._added[contact.account, claim.name] = (*claim.known_since, (contact.id, contact.created_at))
        if request is not None:
            self._requests[contact.account, request] = contact
        self._kept[contact.account, contact.id] = contact
        self._entries[contact.account, contact.id] = {entry.id: entry}
        return contact

    def replace(self, before: Contact, after: Contact, entry: HistoryEntry) -> None:
        self.refuse_outdated(before)
        self._kept[after.account, after.id] = after
        self._entries[after.account, after.id][entry.id] = entry

    def note(self, record: Contact, entry: HistoryEntry) -> None:
        """Something of the contact was changed."""
        self._entries[record.account, record.id][entry.id] = entry

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        self.refuse_outdated(contact)
        del self._kept[contact.account, contact.id]
        del self._entries[contact.account, contact.id]
        self._looked_at_again[contact.account, contact.id] = now + _LOOKED_AT_AGAIN

    def due_for_purge(self, *, now: datetime, limit: int) -> list[tuple[str, str]]:
        due = [contact for contact in self._kept.values() if contact.purge_at is not None and contact.purge_at <= now]
        due.sort(key=lambda contact: (contact.archived_at, contact.account, contact.id))
        again = [place for place, at in self._looked_at_again.items() if at <= now]
        return [*((contact.account, contact.id) for contact in due), *again][:limit]

    def finish_purge(self, account: str, contact_id: str) -> bool:
        self._looked_at_again.pop((account, contact_id), None)
        return False

    def page(
        self, account: str, *, archived: bool, contact_type: str | None, after: str | None, limit: int
    ) -> list[tuple[str, ContactSummary]]:
        rows = [
            (contact.details.list_name_key, contact.id, summary_of(contact))
            for contact in self._kept.values()
            if contact.account == account
            and contact.merged_into is None
            and (contact.archived_at is not None) == archived
            and contact_type in {None, contact.details.type}
            and (after is None or (contact.details.list_name_key, contact.id) > tuple(after.rsplit(" ", 1)))
        ]
        rows.sort(key=lambda row: row[:2])
        return [(f"{name_key} {contact_id}", summary) for name_key, contact_id, summary in rows[:limit]]

    def history(
        self,
        account: str,
        contact_id: str,
        *,
        before: tuple[datetime, str] | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[HistoryEntry]:
        entries = self._entries.get((account, contact_id), {}).values()
        older = [
            entry
            for entry in entries
            if (before is None or (entry.at, entry.id) < before) and (seen_by is None or entry.concerns(seen_by))
        ]
        return sorted(older, key=lambda entry: (entry.at, entry.id), reverse=True)[:limit]

    def histories(
        self,
        account: str,
        contact_ids: Sequence[str],
        *,
        before: Passed | None,
        limit: int,
        seen_by: Person | None = None,
    ) -> list[tuple[str, HistoryEntry]]:
        found = [(each, entry) for each in contact_ids for entry in self._entries.get((account, each), {}).values()]
        older = [
            (each, entry)
            for each, entry in found
            if (before is None or (entry.at, entry.id, each) < before) and (seen_by is None or entry.concerns(seen_by))
        ]
        return sorted(older, key=lambda each: (each[1].at, each[1].id, each[0]), reverse=True)[:limit]

    def refuse_outdated(self, contact: Contact) -> None:
        kept = self._kept.get((contact.account, contact.id))
        if kept is None or kept.version != contact.version:
            raise Conflict("The contact was changed in the meantime.")

"""Contacts kept in memory. The table's store passes the same tests."""

from collections.abc import Collection, Sequence
from contextlib import suppress
from datetime import datetime

from carebook.contacts.model import Contact, ContactSummary, summary_of
from carebook.contacts.service import Found
from carebook.errors import NotFound
from carebook.identity import Person
from tests.fakes.records import MemoryRecords


class MemoryContacts(MemoryRecords[Contact]):
    """A ``ContactStore`` without a table. A purge is never cut short here, so there is none to go on with."""

    def find(self, account: str, contact_id: str, /) -> Found:
        contact, settings = self.find_exactly(account, contact_id)
        return (contact, settings) if contact.merged_into is None else self.find(account, contact.merged_into)

    def find_many(self, account: str, contact_ids: Sequence[str]) -> list[Contact]:
        found = self.find_together(account, contact_ids)
        return [found[one] for one in contact_ids if one in found and found[one].in_use]

    def led_to(self, account: str, contact_ids: Collection[str]) -> dict[str, Contact]:
        led = {}
        for contact_id in contact_ids:
            with suppress(NotFound):
                led[contact_id] = self.find(account, contact_id)[0]
        return led

    def merged_in(self, account: str, contact_id: str) -> list[str]:
        direct = [one.id for one in self._kept.values() if one.account == account and one.merged_into == contact_id]
        return direct + [other for one in direct for other in self.merged_in(account, one)]

    def purge(self, contact: Contact, *, by: Person, now: datetime) -> None:
        self.refuse_outdated(contact)
        del self._kept[contact.account, contact.id]
        del self._entries[contact.account, contact.id]

    def due_for_purge(self, *, now: datetime, limit: int) -> list[tuple[str, str]]:
        due = [contact for contact in self._kept.values() if contact.purge_at is not None and contact.purge_at <= now]
        due.sort(key=lambda contact: (contact.archived_at, contact.account, contact.id))
        return [(contact.account, contact.id) for contact in due[:limit]]

    def finish_purge(self, account: str, contact_id: str) -> bool:
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
            and (after is None or (contact.details.list_name_key, contact.id) > tuple(after.rsplit("|", 1)))
        ]
        rows.sort(key=lambda row: row[:2])
        return [(f"{name_key}|{contact_id}", summary) for name_key, contact_id, summary in rows[:limit]]

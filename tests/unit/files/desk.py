"""A desk in memory: records, buckets and a scanner that looks for a word."""

from datetime import timedelta
from typing import Any

from carebook.files.checking import conclude, scan_file, take_in
from carebook.files.model import File, Place
from carebook.files.service import Act, delete_file
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, NOW, add, contact
from tests.fakes.files import MemoryBuckets, MemoryFiles, PlantedScanner, file_of

LATER = NOW + timedelta(minutes=1)


class Desk:
    """A contact with one file, the buckets, and a scanner."""

    def __init__(self, content: bytes = b"hello", **changes: Any) -> None:
        self.contacts = MemoryContacts()
        self.contact = add(self.contacts, contact())
        self.files = MemoryFiles(self.contacts)
        self.buckets = MemoryBuckets()
        self.scanner = PlantedScanner()
        self.file = file_of(self.contact, content=content, **changes)
        self.files.add(self.contact, [self.file], [], request=None)
        self.content = content

    @property
    def owner(self) -> tuple[str, str, str]:
        return ACCOUNT, self.contact.id, self.file.id

    @property
    def current(self) -> File:
        file = self.files.locate(*self.owner)
        assert file is not None
        return file

    def upload(self, content: bytes | None = None) -> Place:
        return self.buckets.put(self.file.key, self.content if content is None else content)

    def event(self, place: Place, owner: tuple[str, str, str] | None = None) -> File | None:
        """One delivery of the event, carried through."""
        file = take_in(self.files, self.buckets, place, owner or self.owner, now=LATER)
        if file is None:
            return None
        finding = scan_file(file, self.buckets, self.scanner, now=lambda: LATER)
        return conclude(self.files, self.buckets, file, finding, now=LATER)

    def delete(self) -> None:
        delete_file(self.contacts, self.files, Act(ACCOUNT, self.contact.id, self.file.id, ANA, LATER))

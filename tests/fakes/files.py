"""Files kept in memory, and what scans them. The table's store passes the same tests as the one here."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.errors import Conflict
from carebook.files.model import File, FileDetails, Place, Status
from carebook.files.ports import Form, Gone
from carebook.files.scanner import Reply
from carebook.ids import FILE, new_id
from tests.fakes.contacts import MemoryContacts
from tests.fakes.examples import ACCOUNT, ANA, NOW

_REQUESTS_REMEMBERED = timedelta(hours=24)


class MemoryFiles:
    """A ``FileStore`` without a table. Deletions are never cut short here unless ``cut_short`` says so."""

    def __init__(self, contacts: MemoryContacts) -> None:
        self._contacts = contacts
        self._kept: dict[tuple[str, str, str], File] = {}
        self._hidden: dict[tuple[str, str, str], datetime] = {}
        self._requests: dict[tuple[str, str], list[File]] = {}
        self.entries: list[HistoryEntry] = []

    def find(self, account: str, contact_id: str, file_id: str) -> File | None:
        return self._kept.get((account, contact_id, file_id))

    def find_together(self, account: str, contact_id: str, file_ids: Sequence[str]) -> dict[str, File]:
        found = (self.find(account, contact_id, file_id) for file_id in file_ids)
        return {file.id: file for file in found if file is not None}

    def locate(self, account: str, contact_id: str, file_id: str) -> File | None:
        found = (file for key, file in self._kept.items() if (key[0], key[2]) == (account, file_id))
        return next(found, None)

    def add(
        self, contact: Contact, files: Sequence[File], entries: Sequence[HistoryEntry], *, request: str | None
    ) -> list[File]:
        first = self._requests.get((contact.account, request)) if request else None
        if first is not None and files[0].created_at <= first[0].created_at + _REQUESTS_REMEMBERED:
            return first
        self._refuse_outdated(contact)
        for file in files:
            self._kept[file.account, file.contact_id, file.id] = file
        if request:
            self._requests[contact.account, request] = list(files)
        self.entries += entries
        return list(files)

    def replace(self, before: File, after: File, entry: HistoryEntry | None, *, contact: Contact | None = None) -> None:
        if contact is not None:
            self._refuse_outdated(contact)
        self._refuse_changed(before)
        self._kept[after.account, after.contact_id, after.id] = after
        self.entries += [entry] if entry else []

    def record(self, file: File, entry: HistoryEntry) -> None:
        self.entries.append(entry)

    def hide(self, file: File, entry: HistoryEntry, *, contact: Contact, now: datetime) -> None:
        self._refuse_outdated(contact)
        self._refuse_changed(file)
        self._hidden[file.account, file.contact_id, file.id] = now
        del self._kept[file.account, file.contact_id, file.id]
        self.entries.append(entry)

    def finish_deletion(self, account: str, contact_id: str, file_id: str) -> bool:
        return self._hidden.pop((account, contact_id, file_id), None) is not None

    def all_of(self, account: str, contact_id: str) -> list[File]:
        return self.page(account, contact_id, before=None, limit=len(self._kept))

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[File]:
        found = [file for key, file in self._kept.items() if key[:2] == (account, contact_id)]
        older = [file for file in found if before is None or file.id < before]
        return sorted(older, key=lambda file: file.id, reverse=True)[:limit]

    def due(self, *, now: datetime, limit: int) -> list[tuple[str, str, str]]:
        waiting = [(file.due_at, key) for key, file in self._kept.items() if file.due_at is not None]
        waiting += [(at, key) for key, at in self._hidden.items()]
        return [key for at, key in sorted(waiting) if at <= now][:limit]

    def _refuse_outdated(self, contact: Contact) -> None:
        if self._contacts.find_exactly(contact.account, contact.id)[0].version != contact.version:
            raise Conflict("The contact was changed in the meantime.")

    def _refuse_changed(self, file: File) -> None:
        kept = self._kept.get((file.account, file.contact_id, file.id))
        if kept is None or kept.version != file.version:
            raise Conflict("The file was changed in the meantime.")


class MemoryBuckets:
    """Two buckets with versions."""

    def __init__(self) -> None:
        self.objects: dict[Place, bytes] = {}
        self.names: dict[str, str] = {}
        self._numbers = iter(range(1, 10_000))

    def put(self, key: str, content: bytes, *, bucket: str = "quarantine") -> Place:
        place = Place(bucket, key, f"v{next(self._numbers)}")
        self.objects[place] = content
        return place

    def read(self, place: Place) -> Iterator[bytes]:
        if place not in self.objects:
            raise Gone
        content = self.objects[place]
        yield from (content[start : start + 4] for start in range(0, len(content), 4))

    def take_over(self, place: Place, file: File) -> Place:
        if place not in self.objects:
            raise Gone
        self.names[place.key] = file.details.name
        return self.put(place.key, self.objects[place], bucket="files")

    def put_back(self, place: Place) -> Place:
        if place not in self.objects:
            raise Gone
        return self.put(place.key, self.objects[place])

    def remove(self, place: Place) -> None:
        self.objects.pop(place, None)

    def remove_copies(self, key: str) -> None:
        for place in [place for place in self.objects if (place.bucket, place.key) == ("files", key)]:
            del self.objects[place]

    def arrived(self, key: str) -> Place | None:
        return next((place for place in self.objects if (place.bucket, place.key) == ("quarantine", key)), None)

    def upload_form(self, file: File, *, expires_at: datetime, now: datetime) -> Form:
        return Form("https://quarantine.example", {"key": file.key})

    def put_name(self, file: File) -> Place | None:
        if file.place is None or file.place not in self.objects:
            raise Gone
        return None if self.names.get(file.key) == file.details.name else self.take_over(file.place, file)

    def put_new_name(self, file: File) -> Place:
        if file.place is None:
            raise Gone
        return self.take_over(file.place, file)

    def download_url(self, file: File, *, seconds: int) -> str:
        return f"https://files.example/{file.key}?seconds={seconds}"

    @property
    def readable(self) -> list[bytes]:
        return [content for place, content in self.objects.items() if place.bucket == "files"]

    @property
    def quarantined(self) -> list[bytes]:
        return [content for place, content in self.objects.items() if place.bucket == "quarantine"]


class PlantedScanner:
    """Finds the word that it is told to look for; counts its scans, and fails when it is told to."""

    def __init__(self, looks_for: bytes = b"virus") -> None:
        self._looks_for = looks_for
        self.scans = 0
        self.failure: Exception | None = None

    def scan(self, chunks: Iterable[bytes], *, now: datetime) -> Reply:
        self.scans += 1
        content = b"".join(chunks)
        if self.failure is not None:
            raise self.failure
        return Reply("Planted 1", "7", "Planted.Virus" if self._looks_for in content else None)


class MemoryQueue:
    """A queue of scans."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def ask_for_scan(self, file: File) -> None:
        self.asked.append(file.id)


def file_of(contact: Contact, *, now: datetime = NOW, content: bytes = b"hello", **changes: object) -> File:
    """A file of *contact* whose upload is awaited."""
    file_id = new_id(FILE, now)
    usual: dict[str, object] = {
        "id": file_id,
        "account": ACCOUNT,
        "contact_id": contact.id,
        "version": 1,
        "details": FileDetails("letter.txt", "Lab", "2026-11-20", "From the lab"),
        "content_type": "text/plain",
        "size": len(content),
        "sha256": None,
        "key": f"{ACCOUNT}/{contact.id}/{file_id}/secret",
        "status": Status.AWAITING_UPLOAD,
        "created_at": now,
        "created_by": ANA,
        "updated_at": now,
        "due_at": now + timedelta(hours=1, minutes=15),
    }
    return File(**(usual | changes))  # type: ignore[arg-type]

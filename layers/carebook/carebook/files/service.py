"""What staff do with the files of a contact, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol

from carebook.contacts.history import Change, HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.service import TOO_BUSY, Found, checked_id
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.files.model import DOWNLOAD_WITHIN, UPLOAD_GRACE, UPLOAD_WITHIN, File, FileDetails, Status
from carebook.identity import Person
from carebook.ids import FILE, HISTORY, is_id, new_id
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_NO_SUCH_FILE: Final = "There is no such file."


@dataclass(frozen=True, slots=True)
class Form:
    """What posts a file straight to its bucket: address and fields, the file itself last."""

    url: str
    fields: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file that somebody is about to upload. ``size`` in bytes, ``sha256`` in hexadecimal."""

    details: FileDetails
    content_type: str
    size: int
    sha256: str | None


class Contacts(Protocol):
    """What files need to know of contacts."""

    def find(self, account: str, contact_id: str) -> Found:
        """The contact, of a merged one that into which it was merged; NotFound when there is none."""
        ...

    def view(self, account: str, contact_id: str, *, viewer: Person, now: datetime) -> Found:
        """The same, recorded as a view."""
        ...


class FileStore(Protocol):
    """Where files' records are kept, each with its entry in the contact's history, together or not at all."""

    def find(self, account: str, contact_id: str, file_id: str) -> File | None:
        """The file as last written, if this very contact has it."""
        ...

    def locate(self, account: str, contact_id: str, file_id: str) -> File | None:
        """The file wherever merges have taken it since this contact had it."""
        ...

    def add(
        self, contact: Contact, files: Sequence[File], entries: Sequence[HistoryEntry], *, request: str | None
    ) -> list[File]:
        """Keep new files; when this *request* has added some before, those are returned.

        Raises:
            Conflict: when *contact* is not what is kept any more.
        """
        ...

    def replace(self, before: File, after: File, entry: HistoryEntry | None, *, contact: Contact | None = None) -> None:
        """Keep *after* in place of *before*.

        Raises:
            Conflict: when *before*, or the *contact* where given, is not what is kept any more.
        """
        ...

    def record(self, file: File, entry: HistoryEntry) -> None:
        """Keep an entry about a file that does not change."""
        ...

    def hide(self, file: File, entry: HistoryEntry, *, contact: Contact, now: datetime) -> None:
        """Take the file out of sight for good.

        Raises:
            Conflict: when *file* or *contact* is not what is kept any more.
        """
        ...

    def finish_deletion(self, account: str, contact_id: str, file_id: str) -> bool:
        """Delete the objects and then the record of a file that was hidden; False when there is none."""
        ...

    def all_of(self, account: str, contact_id: str) -> list[File]:
        """Every file of a contact, newest first."""
        ...

    def page(self, account: str, contact_id: str, *, before: str | None, limit: int) -> list[File]:
        """Up to *limit* files of a contact, newest first, older than the id *before*."""
        ...

    def due(self, *, now: datetime, limit: int) -> list[tuple[str, str, str]]:
        """Account, contact and id of up to *limit* files that wait for too long."""
        ...


class Bucket(Protocol):
    """Where callers put and get bytes without us in between."""

    def upload_form(self, file: File, *, expires_at: datetime, now: datetime) -> Form:
        """A form that takes exactly this file until then."""
        ...

    def download_url(self, file: File, *, seconds: int) -> str:
        """An address under which the file can be fetched, under its own name, for so long."""
        ...


class ScanQueue(Protocol):
    """Where files wait for a scan."""

    def ask_for_scan(self, file: File) -> None:
        """Have the file's object scanned soon."""
        ...


def writable(contact: Contact) -> Contact:
    """*contact*, if what hangs on it may be changed.

    Raises:
        Conflict: when it is archived, or a merge with it is under way.
    """
    if contact.archived_at is not None:
        raise Conflict("The contact is archived. Restore it before you change what hangs on it.", code="archived")
    if contact.merging is not None:
        raise Conflict("A merge with this contact is under way. Try again in a moment.", code="merging")
    return contact


def add_uploads(
    contacts: Contacts,
    files: FileStore,
    bucket: Bucket,
    *,
    account: str,
    contact_id: str,
    read: Callable[[AccountSettings], Sequence[NewFile]],
    new_secret: Callable[[], str],
    object_key: Callable[[str, str, str, str], str],
    by: Person,
    now: datetime,
    request: str | None = None,
) -> list[tuple[File, Form]]:
    """New files of a contact, each with the form that uploads it. The same *request* again gives the first ones' forms.

    Args:
        read: makes the new files, knowing the account's settings, or refuses them.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived or being merged.
        Invalid: from *read*.
    """
    for _ in attempts():
        contact, settings = contacts.find(account, checked_id(contact_id))
        made = []
        for new in read(settings):
            file_id = new_id(FILE, now)
            key = object_key(account, writable(contact).id, file_id, new_secret())
            made.append(
                File(
                    id=file_id, account=account, contact_id=contact.id, version=1, details=new.details,
                    content_type=new.content_type, size=new.size, sha256=new.sha256, key=key,
                    status=Status.AWAITING_UPLOAD, created_at=now, created_by=by, updated_at=now,
                    due_at=now + UPLOAD_WITHIN + UPLOAD_GRACE,
                )
            )  # fmt: skip
        entries = [entry_of("file_added", None, file, by=by, now=now) for file in made]
        try:
            kept = files.add(contact, made, entries, request=request)
        except Conflict:
            continue
        return [(file, bucket.upload_form(file, expires_at=expires_at(file), now=now)) for file in kept]
    raise Unavailable(TOO_BUSY)


def expires_at(file: File) -> datetime:
    """Until when a file can be uploaded."""
    return file.created_at + UPLOAD_WITHIN


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose files somebody reads: of one *category* or of all (None), *limit* of them behind the id *after*."""

    account: str
    contact_id: str
    viewer: Person
    now: datetime
    category: str | None
    after: str | None
    limit: int

    def wants(self, file: File) -> bool:
        """Whether the file is of the category asked for."""
        return self.category is None or file.details.category == self.category


def list_files(contacts: Contacts, files: FileStore, reading: Reading) -> tuple[list[File], str | None]:
    """A page of a contact's files, newest first, and the id behind which the next one begins. Reading it is a view.

    Raises:
        NotFound: when the account has no such contact.
    """
    contact = _viewed(contacts, reading)
    found: list[File] = []
    before = reading.after
    while len(found) <= reading.limit:
        rows = files.page(contact.account, contact.id, before=before, limit=reading.limit + 1)
        found += filter(reading.wants, rows)
        if len(rows) <= reading.limit:
            break
        before = rows[-1].id
    return found[: reading.limit], found[reading.limit - 1].id if len(found) > reading.limit else None


def list_by_category(
    contacts: Contacts, files: FileStore, reading: Reading, *, order: Callable[[Sequence[File]], list[File]]
) -> tuple[list[File], str | None]:
    """The same in an *order* for which all files must be read."""
    contact = _viewed(contacts, reading)
    ordered = order(list(filter(reading.wants, files.all_of(contact.account, contact.id))))
    ids = [file.id for file in ordered]
    start = ids.index(reading.after) + 1 if reading.after in ids else 0
    page = ordered[start : start + reading.limit]
    return page, page[-1].id if start + reading.limit < len(ordered) else None


def _viewed(contacts: Contacts, reading: Reading) -> Contact:
    return contacts.view(reading.account, checked_id(reading.contact_id), viewer=reading.viewer, now=reading.now)[0]


@dataclass(frozen=True, slots=True)
class Act:
    """Who does something to which file, when, and which version of it they mean."""

    account: str
    contact_id: str
    file_id: str
    by: Person
    now: datetime
    expected_version: int | None = None


def view_file(contacts: Contacts, files: FileStore, act: Act) -> File:
    """One file. Reading it is a view of the contact.

    Raises:
        NotFound: when the account has no such contact, or the contact no such file.
    """
    contact, _ = contacts.view(act.account, checked_id(act.contact_id), viewer=act.by, now=act.now)
    return _found(files, contact, act.file_id)


def change_file(
    contacts: Contacts,
    files: FileStore,
    act: Act,
    *,
    patch: Mapping[str, Any],
    read_details: Callable[[Any, AccountSettings, FileDetails], FileDetails],
) -> File:
    """The file with a merge patch applied.

    Raises:
        NotFound, StaleVersion, Conflict, Invalid: as for a contact.
    """

    def edit(file: File, settings: AccountSettings) -> File | None:
        details = read_details(merge_patch(file.details.to_document(), patch), settings, file.details)
        return None if details == file.details else file.edited(details, act.now)

    return _write(contacts, files, act, "file_updated", edit)


def rescan_file(contacts: Contacts, files: FileStore, queue: ScanQueue, act: Act) -> File:
    """The file, being scanned once more.

    Raises:
        Conflict: when there is nothing to scan, or a scan is under way.
    """
    file = _write(contacts, files, act, "file_rescanned", lambda file, _: file.rescanned(act.now))
    queue.ask_for_scan(file)  # should this fail, the file counts as stuck after a while
    return file


def delete_file(contacts: Contacts, files: FileStore, act: Act) -> None:
    """Delete the file: its record, and its bytes in every version. Cut short, it is out of sight and finished later."""
    for _ in attempts():
        contact = writable(contacts.find(act.account, checked_id(act.contact_id))[0])
        file = _current(files, contact, act)
        try:
            files.hide(file, entry_of("file_deleted", file, None, by=act.by, now=act.now), contact=contact, now=act.now)
        except Conflict:
            continue
        files.finish_deletion(file.account, file.contact_id, file.id)
        return
    raise Unavailable(TOO_BUSY)


def download_file(contacts: Contacts, files: FileStore, bucket: Bucket, act: Act) -> tuple[str, datetime]:
    """An address to fetch the file from, and until when; who asked for it goes into the contact's history first.

    Raises:
        Conflict: unless the file is clean.
    """
    contact = contacts.find(act.account, checked_id(act.contact_id))[0]
    file = _found(files, contact, act.file_id)
    if not file.readable:
        raise Conflict(f"Only a clean file can be downloaded; this one is {file.status.value}.", code="file_not_clean")
    files.record(file, entry_of("file_downloaded", None, file, by=act.by, now=act.now))
    return bucket.download_url(file, seconds=int(DOWNLOAD_WITHIN.total_seconds())), act.now + DOWNLOAD_WITHIN


def entry_of(action: str, before: File | None, after: File | None, *, by: Person, now: datetime) -> HistoryEntry:
    """What happened to a file, for the history of its contact: its id and name, and what of it has changed."""
    file = after or before
    if file is None:
        raise ValueError(action)
    told = {"id": file.id, "name": file.details.name}
    old, new = (None if one is None else told | _differing(one, before, after) for one in (before, after))
    return HistoryEntry(id=new_id(HISTORY, now), at=now, by=by, action=action, changes=(Change("file", old, new),))


def _differing(one: File, before: File | None, after: File | None) -> dict[str, Any]:
    if before is None or after is None:
        return {}
    shown = {
        name: {**file.details.to_document(), "status": file.status.value}
        for name, file in (("old", before), ("new", after))
    }
    mine = shown["old"] if one is before else shown["new"]
    return {name: _abridged(mine[name]) for name in mine if shown["old"][name] != shown["new"][name]}


def _abridged(value: Any) -> Any:
    return value[:200] + "…" if isinstance(value, str) and len(value) > 200 else value


def _write(
    contacts: Contacts,
    files: FileStore,
    act: Act,
    action: str,
    next_version: Callable[[File, AccountSettings], File | None],
) -> File:
    """Read, decide, write; and again when somebody else wrote in between."""
    for _ in attempts():
        contact, settings = contacts.find(act.account, checked_id(act.contact_id))
        before = _current(files, writable(contact), act)
        after = next_version(before, settings)
        if after is None:
            contacts.view(act.account, contact.id, viewer=act.by, now=act.now)
            return before
        try:
            files.replace(before, after, entry_of(action, before, after, by=act.by, now=act.now), contact=contact)
        except Conflict:
            continue
        return after
    raise Unavailable(TOO_BUSY)


def _current(files: FileStore, contact: Contact, act: Act) -> File:
    file = _found(files, contact, act.file_id)
    if act.expected_version is not None and act.expected_version != file.version:
        known = 0 < act.expected_version < file.version
        current = file.changed_since(act.expected_version) if known else {}
        raise StaleVersion(version=file.version, expected=act.expected_version, current=current)
    return file


def _found(files: FileStore, contact: Contact, file_id: str) -> File:
    file = files.find(contact.account, contact.id, file_id) if is_id(file_id, FILE) else None
    if file is None:
        raise NotFound(_NO_SUCH_FILE)
    return file

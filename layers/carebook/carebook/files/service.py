"""What staff do with the files of a contact, as functions. Collaborators come first, facts by name."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.service import TOO_BUSY, checked_id
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.files.history import entry_of
from carebook.files.model import DOWNLOAD_WITHIN, File, FileDetails, by_category, comes_after
from carebook.files.ports import Bucket, Contacts, FileStore, Gone, ScanQueue
from carebook.identity import Person
from carebook.ids import FILE, is_id
from carebook.merge_patch import merge_patch
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_NO_SUCH_FILE: Final = "There is no such file."
_LOOKED_THROUGH_AT_ONCE: Final = 100
_beside: Final = ThreadPoolExecutor(max_workers=1, thread_name_prefix="files")


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


@dataclass(frozen=True, slots=True)
class Reading:
    """Whose files somebody reads: of one *category* or of all (None), *limit* of them behind the id *after*.

    In a list by category that is the id of a file of *after_category*.
    """

    account: str
    contact_id: str
    by: Person
    now: datetime
    category: str | None
    after: str | None
    limit: int
    after_category: str | None = None

    def wants(self, file: File) -> bool:
        """Whether the file is of the category asked for."""
        return self.category is None or file.details.category == self.category


def list_files(contacts: Contacts, files: FileStore, reading: Reading) -> tuple[list[File], str | None]:
    """A page of a contact's files, newest first, and the id behind which the next one begins. Reading it is a view.

    Raises:
        NotFound: when the account has no such contact.
    """
    limit = reading.limit
    # Those of one category may be far between.
    at_once = limit + 1 if reading.category is None else max(limit + 1, _LOOKED_THROUGH_AT_ONCE)
    first = partial(files.page, before=reading.after, limit=at_once)
    contact, rows = _together(partial(_view, contacts, reading), first, reading.account, reading.contact_id)
    found = list(filter(reading.wants, rows))
    while len(rows) == at_once and len(found) <= limit:
        rows = files.page(contact.account, contact.id, before=rows[-1].id, limit=at_once)
        found += filter(reading.wants, rows)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def list_by_category(contacts: Contacts, files: FileStore, reading: Reading) -> tuple[list[File], File | None]:
    """The same by category, for which all files must be read, and the file behind which the next page begins."""
    view = partial(_view, contacts, reading)
    _, rows = _together(view, files.all_of, reading.account, reading.contact_id)
    ordered = by_category(filter(reading.wants, rows))
    if reading.after is not None:
        ordered = [file for file in ordered if comes_after(file, reading.after_category, reading.after)]
    page = ordered[: reading.limit]
    return page, page[-1] if len(ordered) > reading.limit else None


def _view(contacts: Contacts, who: "Reading | Act") -> Contact:
    return contacts.view(who.account, checked_id(who.contact_id), viewer=who.by, now=who.now)[0]


def _together[T](
    find: Callable[[], Contact], read: Callable[[str, str], T], account: str, contact_id: str
) -> tuple[Contact, T]:
    """The contact and what hangs on it, read side by side; once more when the id leads to another contact."""
    checked_id(contact_id)
    reading = _beside.submit(read, account, contact_id)
    try:
        contact = find()
    finally:
        reading.exception()  # wait for it in any case
    return contact, reading.result() if contact.id == contact_id else read(account, contact.id)


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
    return _read(files, act, partial(_view, contacts, act))[1]


def _read(files: FileStore, act: Act, find: Callable[[], Contact]) -> tuple[Contact, File]:
    """The contact and its file, read side by side."""
    file_id = act.file_id if is_id(act.file_id, FILE) else None
    if file_id is None:
        find()  # a contact that is not there comes first
        raise NotFound(_NO_SUCH_FILE)
    contact, file = _together(
        find, lambda account, owner: files.find(account, owner, file_id), act.account, act.contact_id
    )
    if file is None:
        raise NotFound(_NO_SUCH_FILE)
    return contact, file


def _find(contacts: Contacts, act: Act) -> Contact:
    return contacts.find(act.account, checked_id(act.contact_id))[0]


def change_file(
    contacts: Contacts,
    files: FileStore,
    bucket: Bucket,
    act: Act,
    *,
    patch: Mapping[str, Any],
    read_details: Callable[[Any, AccountSettings, File], FileDetails],
) -> File:
    """The file with a merge patch applied. A new name is put on its bytes first, for whoever fetches them by a link.

    Raises:
        NotFound, StaleVersion, Conflict, Invalid: as for a contact.
    """

    def edit(file: File, settings: AccountSettings) -> File | None:
        details = read_details(merge_patch(file.details.to_document(), patch), settings, file)
        return None if details == file.details else file.edited(details, act.now)

    return _write(contacts, files, act, "file_updated", edit, partial(_replace_renamed, files, bucket))


def _replace_renamed(
    files: FileStore, bucket: Bucket, before: File, after: File, entry: HistoryEntry, *, contact: Contact
) -> None:
    """Write *after*; if it has another name, only once its bytes have that too: a name that is told is the one saved.

    What is written under the version that was read lay there until then. Otherwise the copy goes, and what lay on top
    before is on top again.
    """
    copy = None
    # Also while it is scanned once more: what comes of that is written later, and deletes every copy if it must.
    is_there = before.place is not None and before.place.bucket == "files"
    if is_there and before.details.name != after.details.name:
        with suppress(Gone):  # if it is being deleted, the version is not what it was
            copy = bucket.put_new_name(after)
    try:
        files.replace(before, after, entry, contact=contact)
    except BaseException:
        if copy is not None:
            bucket.remove(copy)
        raise


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
        contact, file = _read(files, act, partial(_find, contacts, act))
        _refuse_stale(file, act)
        writable(contact)
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
        NotFound: when there is no such file, or it is deleted at this moment.
    """
    _, file = _read(files, act, partial(_find, contacts, act))
    _refuse_unreadable(file)
    naming = _beside.submit(_put_name, contacts, files, bucket, act, file)
    try:
        files.record(file, entry_of("file_downloaded", None, file, by=act.by, now=act.now))
    finally:
        naming.exception()  # wait for it in any case
    naming.result()
    return bucket.download_url(file, seconds=int(DOWNLOAD_WITHIN.total_seconds())), act.now + DOWNLOAD_WITHIN


def _put_name(contacts: Contacts, files: FileStore, bucket: Bucket, act: Act, file: File) -> None:
    """Have the file saved under its name. The copy that this may take stays only if the file can still be read then.

    What deletes a file, or takes it from where it is read, says so in the record before it looks for copies. So a copy
    is either found there, or this look at the record comes after that.
    """
    try:
        copy = bucket.put_name(file)
    except Gone as gone:
        _still_readable(contacts, files, act)
        raise NotFound(_NO_SUCH_FILE) from gone
    if copy is None:
        return
    try:
        now = _still_readable(contacts, files, act)
    except BaseException:
        bucket.remove(copy)
        raise
    if now.details.name != file.details.name:  # renamed at this moment: that name lies below
        bucket.remove(copy)


def _still_readable(contacts: Contacts, files: FileStore, act: Act) -> File:
    contact = _find(contacts, act)
    file = files.find(act.account, contact.id, act.file_id)
    if file is None:
        raise NotFound(_NO_SUCH_FILE)
    _refuse_unreadable(file)
    return file


def _refuse_unreadable(file: File) -> None:
    if not file.readable:
        raise Conflict(f"Only a clean file can be downloaded; this one is {file.status.value}.", code="file_not_clean")


def _write(
    contacts: Contacts,
    files: FileStore,
    act: Act,
    action: str,
    next_version: Callable[[File, AccountSettings], File | None],
    replace: Callable[..., None] | None = None,
) -> File:
    """Read, decide, write; and again when somebody else wrote in between."""
    for _ in attempts():
        found: list[AccountSettings] = []
        contact, before = _read(files, act, partial(_find_with_settings, contacts, act, found))
        _refuse_stale(before, act)
        writable(contact)
        settings = found[0]
        after = next_version(before, settings)
        if after is None:
            contacts.view(act.account, contact.id, viewer=act.by, now=act.now)
            return before
        try:
            entry = entry_of(action, before, after, by=act.by, now=act.now)
            (replace or files.replace)(before, after, entry, contact=contact)
        except Conflict:
            continue
        return after
    raise Unavailable(TOO_BUSY)


def _refuse_stale(file: File, act: Act) -> None:
    if act.expected_version is not None and act.expected_version != file.version:
        known = 0 < act.expected_version < file.version
        current = file.changed_since(act.expected_version) if known else {}
        raise StaleVersion(version=file.version, expected=act.expected_version, current=current)


def _find_with_settings(contacts: Contacts, act: Act, settings: list[AccountSettings]) -> Contact:
    contact, found = contacts.find(act.account, checked_id(act.contact_id))
    settings.append(found)
    return contact

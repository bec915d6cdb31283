"""Every key shape of the one table. Keys are built and taken apart here alone.

``docs/table.md`` lists which access pattern uses which key; a test keeps that list true.
"""

import hashlib
import json
from datetime import UTC, date, datetime
from typing import Final, NamedTuple

HIGHEST: Final = "\U0010ffff"  # sorts above everything a key can hold


class Key(NamedTuple):
    """Primary key of an item."""

    pk: str
    sk: str


def settings_key(account: str) -> Key:
    """The account's settings."""
    return Key(f"A#{account}", "SETTINGS")


def purged_key(account: str, record_id: str) -> Key:
    """What remains of a contact or client that was deleted for good: who did it and when."""
    return Key(f"A#{account}#PURGED", record_id)


def contact_pk(account: str, contact_id: str) -> str:
    """The partition of everything that belongs to one contact."""
    return f"A#{account}#CON#{contact_id}"


def contact_key(account: str, contact_id: str) -> Key:
    """The contact itself."""
    return Key(contact_pk(account, contact_id), "CONTACT")


def history_key(account: str, contact_id: str, ulid: str) -> Key:
    """One entry of a contact's history."""
    return Key(contact_pk(account, contact_id), history_sk(ulid))


def history_sk(ulid: str) -> str:
    """Sort key of an entry of a record's history, in the record's partition."""
    return f"HIST#{ulid}"


HISTORY_FIRST: Final = "HIST#"
HISTORY_LAST: Final = f"HIST#{HIGHEST}"


def ulid_of_history(sk: str) -> str:
    """The ULID in a history entry's sort key."""
    return sk.removeprefix("HIST#")


def contact_list_pk(account: str, *, archived: bool, contact_type: str | None) -> str:
    """The partition of one list of contacts: all or one type, in use or archived."""
    shelf = "ARCHIVED#" if archived else ""
    return f"A#{account}#LIST#{shelf}{contact_type or 'all'}"


def list_key(list_pk: str, name_key: str, record_id: str) -> Key:
    """A record's place in a list: by name, then by id. A space sorts below everything a folded name holds."""
    return Key(list_pk, f"{name_key} {record_id}")


def record_of_list(sk: str) -> str:
    """The record's id out of :func:`list_key`."""
    return sk.rpartition(" ")[2]


def search_pk(account: str, book: str, version: int, shard: str) -> str:
    """A part of the search index of one book of an account: ``con`` for contacts, ``cli`` for clients.

    The *version* lets a new index grow beside the one in use.
    """
    return f"A#{account}#S{version}#{book}#{shard}"


def record_of_reindex(sk: str) -> str:
    """The record's id out of :func:`reindex_key`."""
    return sk.rpartition("#")[0]


def index_state_key(account: str) -> Key:
    """Which version of the search index an account uses, and whether another is being built."""
    return Key(f"A#{account}", "INDEX")


def reindex_pk(account: str) -> str:
    """The partition of changes that an index under construction has yet to take in."""
    return f"A#{account}#REINDEX"


def reindex_key(account: str, record_id: str, version: int) -> Key:
    """A change of a record, by the version that it made."""
    return Key(reindex_pk(account), f"{record_id}#{version:09}")


def vocabulary_key(account: str, book: str) -> Key:
    """The words of the names in a book of an account, out of which a search guesses what was meant."""
    return Key(f"A#{account}", f"VOCABULARY#{book}")


def vocabulary_wanted_key(account: str, book: str) -> Key:
    """The mark of a vocabulary that is to be built."""
    return Key(f"A#{account}", f"VOCABULARY#{book}#WANTED")


VOCABULARY_PK: Final = "VOCABULARY"  # GSI2: vocabularies to be built, the longest wanted first


def vocabulary_sk(at: datetime, account: str, book: str) -> str:
    """Sort key on GSI2 of a vocabulary to be built from an instant on."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}#{account}#{book}"


def parse_vocabulary_sk(sk: str) -> tuple[str, str]:
    """Account and book out of :func:`vocabulary_sk`."""
    _, account, book = sk.split("#")
    return account, book


def idempotency_pk(account: str) -> str:
    """The partition of an account's remembered requests."""
    return f"A#{account}#IDEM"


ANSWER_PREFIX: Final = "ANSWER"


def answer_key(account: str, request: str) -> Key:
    """The kept answer to a request with an Idempotency-Key, where Powertools puts it: prefix, ``#`` and a hash."""
    return Key(idempotency_pk(account), f"{ANSWER_PREFIX}#{hashlib.sha256(json.dumps(request).encode()).hexdigest()}")


def answer_beside_key(account: str, record_id: str, request: str) -> Key:
    """Beside a contact or a client: that an answer which shows it is kept."""
    return Key(recipient_pk(account, record_id), f"ANSWER#{request}")


def request_of_answer(sk: str) -> str | None:
    """The request out of :func:`answer_beside_key`; None when the sort key is of another item."""
    return sk.removeprefix("ANSWER#") if sk.startswith("ANSWER#") else None


def done_once_key(account: str, request: str) -> Key:
    """The mark that a write leaves in its own transaction, so that a repeat finds what the first one made.

    *request* is what tells one request from another, and behind a dot a digest of what was sent with it.
    """
    return Key(idempotency_pk(account), f"DONE#{request.partition('.')[0]}")


def received_once_key(account: str, inbound_id: str) -> Key:
    """The mark that a reply leaves with the account that has got it, so that a repeat finds it whenever it comes."""
    return Key(idempotency_pk(account), f"DONE#REPLY#{hashlib.sha256(inbound_id.encode()).hexdigest()[:32]}")


def sent_with(request: str) -> str:
    """The digest of what was sent with a request."""
    return request.partition(".")[2]


PURGE_PK: Final = "PURGE"  # GSI2: archived contacts and clients in the order of their last day


def purge_sk(at: datetime, account: str, record_id: str) -> str:
    """Sort key on GSI2 of a contact or client to be purged at an instant."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}#{account}#{record_id}"


def merge_key(account: str, survivor_id: str, duplicate_id: str) -> Key:
    """The ledger of a merge, with the contact that goes on."""
    return Key(contact_pk(account, survivor_id), f"MERGE#{duplicate_id}")


MERGES_FIRST: Final = "MERGE#"
MERGES_LAST: Final = f"MERGE#{HIGHEST}"


def merged_id(sk: str) -> str:
    """The duplicate's id out of a ledger's sort key."""
    return sk.removeprefix(MERGES_FIRST)


MERGE_PK: Final = "MERGE"  # GSI2: merges that are under way, in the order of their beginning


def merge_sk(at: datetime, account: str, survivor_id: str, duplicate_id: str) -> str:
    """Sort key on GSI2 of a merge under way."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}#{account}#{survivor_id}#{duplicate_id}"


def parse_merge_sk(sk: str) -> tuple[str, str, str]:
    """Account, survivor and duplicate out of :func:`merge_sk`."""
    _, account, survivor_id, duplicate_id = sk.split("#")
    return account, survivor_id, duplicate_id


def due_until(now: datetime) -> str:
    """Upper bound on GSI2 of what is due at *now*."""
    return f"{now:%Y-%m-%dT%H:%M:%SZ}{HIGHEST}"


def parse_purge_sk(sk: str) -> tuple[str, str]:
    """Account and the record's id out of :func:`purge_sk`."""
    _, account, record_id = sk.split("#")
    return account, record_id


# Duplicates: who was added last -------------------------------------------------------------------------------------


def added_key(account: str, name: str) -> Key:
    """The mark of who of a folded name was added last. It holds no name: a digest is enough to meet in one key."""
    return Key(f"A#{account}#ADDED", hashlib.sha256(name.encode()).hexdigest()[:32])


# Files


def file_key(account: str, contact_id: str, file_id: str) -> Key:
    """A file of a contact."""
    return Key(contact_pk(account, contact_id), f"FILE#{file_id}")


FILES_FIRST: Final = "FILE#"
FILES_LAST: Final = f"FILE#{HIGHEST}"


def id_of_file(sk: str) -> str:
    """The file's id out of its sort key."""
    return sk.removeprefix(FILES_FIRST)


FILE_PK: Final = "FILE"  # GSI2: files that wait for something, in the order of when somebody must look


def file_due_sk(at: datetime, account: str, contact_id: str, file_id: str) -> str:
    """Sort key on GSI2 of a file that waits. The contact is where the file was added: a merge may have moved it."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}#{account}#{contact_id}#{file_id}"


def parse_file_due_sk(sk: str) -> tuple[str, str, str]:
    """Account, contact and file out of :func:`file_due_sk`."""
    _, account, contact_id, file_id = sk.split("#")
    return account, contact_id, file_id


def object_key(account: str, contact_id: str, file_id: str, secret: str) -> str:
    """The name of a file's object in a bucket: the way to its record, and what nobody can guess."""
    return f"{account}/{contact_id}/{file_id}/{secret}"


def parse_object_key(key: str) -> tuple[str, str, str] | None:
    """Account, contact and file out of :func:`object_key`; None when it was not built there."""
    parts = key.split("/")
    return (parts[0], parts[1], parts[2]) if len(parts) == 4 and all(parts) else None


# Documents


def template_key(account: str, template_id: str) -> Key:
    """A template of documents."""
    return Key(f"A#{account}", f"DOCTPL#{template_id}")


TEMPLATES_FIRST: Final = "DOCTPL#"
TEMPLATES_LAST: Final = f"DOCTPL#{HIGHEST}"


def id_of_template(sk: str) -> str:
    """The template's id out of its sort key."""
    return sk.removeprefix(TEMPLATES_FIRST)


def document_key(account: str, contact_id: str, document_id: str) -> Key:
    """A document of a contact."""
    return Key(contact_pk(account, contact_id), f"DOC#{document_id}")


DOCUMENTS_FIRST: Final = "DOC#"
DOCUMENTS_LAST: Final = f"DOC#{HIGHEST}"


def id_of_document(sk: str) -> str:
    """The document's id out of its sort key."""
    return sk.removeprefix(DOCUMENTS_FIRST)


# Message templates ----------------------------------------------------------------------------------------------------

MESSAGE_TEMPLATES_FIRST: Final = "MSGTPL#"
MESSAGE_TEMPLATES_LAST: Final = f"MSGTPL#{HIGHEST}"


def message_template_key(account: str, kind: str, method: str) -> Key:
    """A practice's own template of a kind of message by a method."""
    return Key(f"A#{account}", f"MSGTPL#{kind}#{method}")


def parse_message_template_sk(sk: str) -> tuple[str, str]:
    """Kind and method out of :func:`message_template_key`."""
    _, kind, method = sk.split("#")
    return kind, method


# Messages ------------------------------------------------------------------------------------------------------------


def recipient_pk(account: str, recipient_id: str) -> str:
    """The partition of a contact or a client, whom messages go to. The id's prefix says which."""
    return f"A#{account}#{recipient_id[:3].upper()}#{recipient_id}"


def parse_recipient_pk(pk: str) -> tuple[str, str]:
    """Account and recipient id out of :func:`recipient_pk`."""
    _, account, _, recipient_id = pk.split("#")
    return account, recipient_id


MESSAGES_FIRST: Final = "MSG#"
MESSAGES_LAST: Final = f"MSG#{HIGHEST}"


def message_key(account: str, recipient_id: str, message_id: str) -> Key:
    """One message, with whom it is for or from."""
    return Key(recipient_pk(account, recipient_id), message_sk(message_id))


def message_sk(message_id: str) -> str:
    """Sort key of a message."""
    return f"MSG#{message_id.partition('_')[2]}"


def message_id_of(sk: str) -> str:
    """The message's id out of its sort key."""
    return f"msg_{sk.removeprefix(MESSAGES_FIRST)}"


def provider_pk(provider_id: str) -> str:
    """GSI1: the message to which a provider gave this id. Of all accounts: the provider knows none."""
    return f"PROVIDER#{provider_id}"


def waiting_pk(account: str, channel: str, address: str) -> str:
    """GSI1: what waits until the owner of an address has agreed to be written to."""
    return f"A#{account}#WAITING#{channel}#{address}"


MESSAGE_SHARDS: Final = 4


def message_due_pk(shard: int) -> str:
    """GSI2: messages to be looked at again, in the order of their time; held, or not yet with the provider."""
    return f"MESSAGE#{shard}"


def message_due(at: datetime, account: str, message_id: str) -> tuple[str, str]:
    """Partition and sort key on GSI2 of a message to be looked at again at an instant."""
    shard = sum(message_id[-2:].encode()) % MESSAGE_SHARDS
    return message_due_pk(shard), f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}#{account}#{message_id}"


def consent_key(account: str, channel: str, address: str) -> Key:
    """Whether an address may be written to: agreed, stopped, bounced."""
    return Key(f"A#{account}#ADDR#{channel}#{address}", "CONSENT")


def writers_pk(channel: str, address: str) -> str:
    """The accounts that have written to an address. A reply names the address, never the account."""
    return f"WROTE#{channel}#{address}"


def writer_key(channel: str, address: str, account: str) -> Key:
    """The last message of an account to an address."""
    return Key(writers_pk(channel, address), account)


def reply_key(token: str) -> Key:
    """Which message a reply address belongs to."""
    return Key(f"REPLY#{token}", "TO")


# Clients


def client_pk(account: str, client_id: str) -> str:
    """The partition of everything that belongs to one client."""
    return f"A#{account}#CLI#{client_id}"


def client_key(account: str, client_id: str) -> Key:
    """The client itself."""
    return Key(client_pk(account, client_id), "CLIENT")


def client_of(pk: str) -> str:
    """The client's id out of :func:`client_pk`."""
    return pk.rpartition("#")[2]


def client_list_pk(account: str, *, archived: bool) -> str:
    """The partition of the list of clients, in use or archived."""
    return f"A#{account}#LIST#{'ARCHIVED#' if archived else ''}clients"


LINKS_FIRST: Final = "LINK#"
LINKS_LAST: Final = f"LINK#{HIGHEST}"


def link_key(account: str, client_id: str, contact_id: str) -> Key:
    """The link of a client to a contact. On GSI1 it lies in the contact's partition, by :func:`link_sk`."""
    return Key(client_pk(account, client_id), f"{LINKS_FIRST}{contact_id}")


def link_sk(client_id: str) -> str:
    """Sort key on GSI1 of a link, among those of its contact."""
    return f"{LINKS_FIRST}{client_id}"


def linked_id(sk: str) -> str:
    """The other one's id out of a link's sort key: the contact's on the table, the client's on GSI1."""
    return sk.removeprefix(LINKS_FIRST)


# Referrals


REFERRALS_FIRST: Final = "REF#"
REFERRALS_LAST: Final = f"REF#{HIGHEST}"


def referral_key(account: str, client_id: str, referral_id: str) -> Key:
    """A referral of a client. On GSI1 it lies in the referrer's partition, by :func:`referral_sk`."""
    return Key(client_pk(account, client_id), f"{REFERRALS_FIRST}{referral_id}")


def id_of_referral(sk: str) -> str:
    """The referral's id out of :func:`referral_key`."""
    return sk.removeprefix(REFERRALS_FIRST)


def referral_sk(received_on: str, referral_id: str) -> str:
    """Sort key on GSI1 of a referral, among those of its referrer."""
    return f"{REFERRALS_FIRST}{received_on}#{referral_id}"


def referral_list_pk(account: str, status: str | None) -> str:
    """The partition of one list of an account's referrals: all, or those of one status."""
    return f"A#{account}#REFERRALS#{status or 'all'}"


def referral_list_sk(received_on: str, referral_id: str) -> str:
    """A referral's place in a list: by the day on which it was received."""
    return f"{received_on}#{referral_id}"


def referral_places(account: str, status: str, received_on: str, referral_id: str) -> list[Key]:
    """Where a referral stands in lists of the account: in that of all, and in that of its status."""
    sk = referral_list_sk(received_on, referral_id)
    return [Key(referral_list_pk(account, one), sk) for one in (None, status)]


APPOINTMENTS_FIRST: Final = "APT#"
APPOINTMENTS_LAST: Final = f"APT#{HIGHEST}"
# Tasks. A record lies with its contact, and beside it an entry by which lists find it: by shelf, then by place. Neither
# holds the contact's id but in its PK, so that both can move to another contact as they are.


def task_key(account: str, contact_id: str, ulid: str) -> Key:
    """A task of a contact."""
    return Key(contact_pk(account, contact_id), f"TASK#{ulid}")


def task_place(due_on: date | None, rank: int, ulid: str) -> str:
    """Where a task stands in a list: by due day, those without one last; then by rank of priority, then by age."""
    return f"{due_on.isoformat() if due_on else 'later'}#{rank}#{ulid}"


def task_entry_key(account: str, contact_id: str, on_shelf: str) -> Key:
    """A task in the list of a contact's tasks, and through GSI1 in that of the account."""
    return Key(contact_pk(account, contact_id), f"{TASK_ENTRIES}{on_shelf}")


TASK_ENTRIES: Final = "TASK#"  # before a shelf's name, which is in small letters: no ULID begins with one


def task_on_shelf(shelf: str, place: str) -> str:
    """Sort key on GSI1 of a task, and the end of its entry's sort key."""
    return f"{shelf}#{place}"


def tasks_on_shelf(shelf: str, *, after: str | None = None, due_before: date | None = None) -> tuple[str, str]:
    """First and last :func:`task_on_shelf` of a shelf, behind a place and due before a day when these are given."""
    low = f"{shelf}#" if after is None else f"{shelf}#{after} "
    return low, f"{shelf}#{due_before.isoformat() if due_before else HIGHEST}"


def place_of_task(on_shelf: str) -> str:
    """The place out of :func:`task_on_shelf`."""
    return on_shelf.partition("#")[2]


def assignee_pk(account: str, user_id: str) -> str:
    """The partition on GSI1 of the tasks of one person."""
    return f"A#{account}#ASSIGNEE#{user_id}"


def account_tasks_pk(account: str) -> str:
    """The partition on GSI1 of all tasks of an account."""
    return f"A#{account}#TASKS"


def contact_of_pk(pk: str) -> str:
    """The contact's id out of :func:`contact_pk`."""
    return pk.rpartition("#")[2]


# Shares


def share_key(account: str, contact_id: str, share_id: str) -> Key:
    """A share of a contact. On GSI1 it is found by :func:`shared_pk`."""
    return Key(contact_pk(account, contact_id), f"SHR#{share_id}")


SHARES_FIRST: Final = "SHR#shr_"  # behind what is sealed of them, which begins with a capital letter
SHARES_LAST: Final = f"SHR#shr_{HIGHEST}"


def id_of_share(sk: str) -> str:
    """The share's id out of its sort key."""
    return sk.removeprefix("SHR#")


def sealed_share_key(account: str, contact_id: str, share_id: str) -> Key:
    """Link and code of a share under seal, until they are sent."""
    return Key(contact_pk(account, contact_id), f"SHR#SEALED#{share_id}")


def shared_pk(token_hash: str) -> str:
    """GSI1: the share to which a token belongs. Of all accounts: who comes with a token names none."""
    return f"SHARE#{token_hash}"


# Appointments, bills, reminders ---------------------------------------------------------------------------------------


def appointment_key(account: str, client_id: str, appointment_id: str) -> Key:
    """An appointment of a client."""
    return Key(client_pk(account, client_id), f"{APPOINTMENTS_FIRST}{appointment_id}")


BILLS_FIRST: Final = "BIL#"
BILLS_LAST: Final = f"BIL#{HIGHEST}"


def bill_key(account: str, client_id: str, bill_id: str) -> Key:
    """A bill of a client."""
    return Key(client_pk(account, client_id), f"{BILLS_FIRST}{bill_id}")


def subject_id_of(sk: str) -> str:
    """The id out of an appointment's or a bill's sort key."""
    return sk.partition("#")[2]


def reminders_range(subject_id: str | None) -> tuple[str, str]:
    """First and last sort key of the reminders of an appointment or a bill; None: of all of a client."""
    first = "REM#" if subject_id is None else f"REM#{subject_id}#"
    return first, f"{first}{HIGHEST}"


def reminder_key(account: str, client_id: str, subject_id: str, kind: str, lead: int) -> Key:
    """A reminder, with its client; those of one appointment or bill lie together."""
    return Key(client_pk(account, client_id), f"REM#{subject_id}#{kind}#{lead}")


REMINDER_SHARDS: Final = 8


def reminder_due_pk(shard: int) -> str:
    """GSI2: reminders that wait, in the order of their time, of all accounts."""
    return f"REMINDER#{shard}"


def reminder_due(at: datetime, account: str, client_id: str) -> tuple[str, str]:
    """Partition and sort key on GSI2 of a reminder that waits."""
    shard = sum(client_id[-2:].encode()) % REMINDER_SHARDS
    return reminder_due_pk(shard), f"{at:%Y-%m-%dT%H:%M:%SZ}#{account}#{client_id}"


DECISIONS_FIRST: Final = "AUTO#"
DECISIONS_LAST: Final = f"AUTO#{HIGHEST}"


def decision_key(account: str, client_id: str, ulid: str) -> Key:
    """Who was sent an automated message about a client, by which method, and who not and why."""
    return Key(client_pk(account, client_id), f"{DECISIONS_FIRST}{ulid}")

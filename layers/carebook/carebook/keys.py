"""Every key shape of the one table. Keys are built and taken apart here alone.

``docs/table.md`` lists which access pattern uses which key; a test keeps that list true.
"""

from datetime import datetime
from typing import Final, NamedTuple

HIGHEST: Final = "\U0010ffff"  # sorts above everything a key can hold


class Key(NamedTuple):
    """Primary key of an item."""

    pk: str
    sk: str


def settings_key(account: str) -> Key:
    """The account's settings."""
    return Key(f"A#{account}", "SETTINGS")


def purged_key(account: str, contact_id: str) -> Key:
    """What remains of a contact that was deleted for good: who did it and when."""
    return Key(f"A#{account}#PURGED", contact_id)


def contact_pk(account: str, contact_id: str) -> str:
    """The partition of everything that belongs to one contact."""
    return f"A#{account}#CON#{contact_id}"


def contact_key(account: str, contact_id: str) -> Key:
    """The contact itself."""
    return Key(contact_pk(account, contact_id), "CONTACT")


def history_key(account: str, contact_id: str, ulid: str) -> Key:
    """One entry of a contact's history."""
    return Key(contact_pk(account, contact_id), f"HIST#{ulid}")


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


def search_pk(account: str, book: str, version: int, shard: str) -> str:
    """A part of the search index of one book of an account: ``con`` for contacts, ``cli`` for clients.

    The *version* lets a new index grow beside the one in use.
    """
    return f"A#{account}#S{version}#{book}#{shard}"


def index_state_key(account: str) -> Key:
    """Which version of the search index an account uses, and whether another is being built."""
    return Key(f"A#{account}", "INDEX")


def reindex_pk(account: str) -> str:
    """The partition of changes that an index under construction has yet to take in."""
    return f"A#{account}#REINDEX"


def reindex_key(account: str, record_id: str, version: int) -> Key:
    """A change of a record, by the version that it made."""
    return Key(reindex_pk(account), f"{record_id}#{version:09}")


def idempotency_pk(account: str) -> str:
    """The partition of an account's remembered requests."""
    return f"A#{account}#IDEM"


def done_once_key(account: str, request: str) -> Key:
    """The mark that a write leaves in its own transaction, so that a repeat finds what the first one made."""
    return Key(idempotency_pk(account), f"DONE#{request}")


PURGE_PK: Final = "PURGE"  # GSI2: archived contacts in the order of their last day


def purge_sk(at: datetime, account: str, contact_id: str) -> str:
    """Sort key on GSI2 of a contact to be purged at an instant."""
    return f"{at:%Y-%m-%dT%H:%M:%SZ}#{account}#{contact_id}"


def purge_until(now: datetime) -> str:
    """Upper bound on GSI2 of what is to be purged at *now*."""
    return f"{now:%Y-%m-%dT%H:%M:%SZ}{HIGHEST}"


def parse_purge_sk(sk: str) -> tuple[str, str]:
    """Account and contact id out of :func:`purge_sk`."""
    _, account, contact_id = sk.split("#")
    return account, contact_id

"""Reading what belongs to a contact and to those that were merged into it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol


class Merges(Protocol):
    """What is known of merges."""

    def connect(self) -> None:
        """Make the client now, so that threads share it."""
        ...

    def merged_in(self, account: str, contact_id: str) -> list[str]:
        """The ids of all contacts that were merged into this one."""
        ...


def with_merged[Found](
    pool: ThreadPoolExecutor, contacts: Merges, read: Callable[[str], Found], account: str, contact_id: str
) -> list[Found]:
    """What *read* finds for a contact, and for each that was merged into it: one round, and one more for these."""
    contacts.connect()
    merged = pool.submit(contacts.merged_in, account, contact_id)
    try:
        own = read(contact_id)
    finally:
        merged.exception()  # wait for it in any case
    return [own, *pool.map(read, merged.result())]

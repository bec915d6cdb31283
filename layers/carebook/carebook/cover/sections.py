"""The sections of the cover page: where each one lies, and what its rows mean. A new domain adds one line."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from pynamodb.expressions.condition import Condition

from carebook import keys
from carebook.documents.entries import document_of
from carebook.files.documents import IN_SIGHT, file_from
from carebook.identity import Permission, Principal
from carebook.table import Row
from carebook.tasks.entries import TO_DO, only_of, placed


@dataclass(frozen=True, slots=True)
class Section:
    """A list that hangs on a contact: one range of keys.

    Attributes:
        low: first sort key.
        high: last sort key.
        read: a record of the section's domain out of a row, for an account.
        filters: what of it a caller may see; None: all.
        linked: the rows lie with others and point to the contact: the range is one of GSI1.
        newest_first: read from the end.
    """

    low: str
    high: str
    read: Callable[[str, Row], Any]
    filters: Callable[[Principal], Condition | None] = lambda _: None
    linked: bool = False
    newest_first: bool = False


def _own_tasks(caller: Principal) -> Condition | None:
    return None if caller.may(Permission.USE_TASKS_OF_OTHERS) else only_of(caller.user_id)


_FIRST_TASK, _LAST_TASK = (keys.TASK_ENTRIES + end for end in keys.tasks_on_shelf(TO_DO))

SECTIONS: Final[Mapping[str, Section]] = {
    "open_tasks": Section(
        _FIRST_TASK, _LAST_TASK, read=lambda account, row: placed(account, row)[1], filters=_own_tasks
    ),
    "files": Section(
        keys.FILES_FIRST,
        keys.FILES_LAST,
        read=lambda account, row: file_from(account, keys.contact_of_pk(row.key.pk), row),
        filters=lambda _: IN_SIGHT,
        newest_first=True,
    ),
    "documents": Section(keys.DOCUMENTS_FIRST, keys.DOCUMENTS_LAST, read=document_of, newest_first=True),
}

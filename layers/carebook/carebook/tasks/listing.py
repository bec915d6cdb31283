"""Lists of tasks, as far as the caller may see them."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from carebook.contacts.model import Contact
from carebook.contacts.service import ContactStore, checked_id
from carebook.identity import Permission, Principal
from carebook.settings.model import AccountSettings
from carebook.tasks.model import Task
from carebook.tasks.service import TaskStore, Wanted


def tasks_of_contact(
    contacts: ContactStore,
    tasks: TaskStore,
    *,
    contact_id: str,
    wanted: Wanted,
    caller: Principal,
    after: str | None,
    limit: int,
    now: datetime,
) -> tuple[Sequence[Task], AccountSettings, str | None]:
    """A page of a contact's tasks by due day, and the place behind which the next one begins. It is a view of it.

    Raises:
        NotFound: when the account has no such contact.
    """
    asked, account = checked_id(contact_id), caller.account
    visible = replace(wanted, assignee=_only_of(caller, wanted.assignee))
    (contact, settings), found = tasks.beside(
        lambda: contacts.view(account, asked, viewer=caller.person, now=now),
        lambda: tasks.of_contact(account, asked, visible, after=after, limit=limit + 1),
    )
    if contact.id != asked:
        found = tasks.of_contact(account, contact.id, visible, after=after, limit=limit + 1)
    next_after = found[limit - 1][0] if len(found) > limit else None
    return [task for _, task in found[:limit]], settings, next_after


def tasks_of_account(
    contacts: ContactStore, tasks: TaskStore, *, wanted: Wanted, caller: Principal, after: str | None, limit: int
) -> tuple[Sequence[tuple[Task, Contact]], AccountSettings, str | None]:
    """A page of tasks across contacts by due day, each with its contact, and where the next page begins.

    Tasks of archived contacts are left out: they come back with the contact. Left out they leave no gap in the page.

    Raises:
        NotAllowed: when somebody else's are asked for, and the caller may not see those of others.
    """
    visible = replace(wanted, assignee=_only_of(caller, wanted.assignee))
    kept: list[tuple[str, Task, Contact]] = []
    settings, asked = AccountSettings(), limit + 1
    while True:
        found = tasks.of_account(caller.account, visible, after=after, limit=asked)
        in_use, settings = contacts.in_use(caller.account, {task.contact_id for _, task in found})
        kept += [(place, task, in_use[task.contact_id]) for place, task in found if task.contact_id in in_use]
        if len(kept) > limit or len(found) < asked:
            break
        after = found[-1][0]
    next_after = kept[limit - 1][0] if len(kept) > limit else None
    return [(task, contact) for _, task, contact in kept[:limit]], settings, next_after


def _only_of(caller: Principal, assignee: str | None) -> str | None:
    """Whose tasks the caller is shown: those asked for; without a wish all of those that they may see."""
    if assignee is None:
        return None if caller.may(Permission.USE_TASKS_OF_OTHERS) else caller.user_id
    if assignee != caller.user_id:
        caller.require(Permission.USE_TASKS_OF_OTHERS)
    return assignee

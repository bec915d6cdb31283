"""Reading a contact's cover page: the contact, its view and all sections at once."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final, Protocol

from carebook.contacts.model import Contact
from carebook.contacts.service import checked_id
from carebook.cover.model import Cover, Part
from carebook.errors import NotFound
from carebook.identity import Person, Principal
from carebook.settings.model import AccountSettings

type Undo = Callable[[], None] | None
type Looked = tuple[Contact, AccountSettings, Undo]
type Gathered = dict[str, Mapping[str, Sequence[Any]]]  # by the contact's id, then by the section's name

_LONGEST_CHAIN: Final = 501


class Contacts(Protocol):
    """What a cover page needs of where contacts are kept."""

    def look(
        self, account: str, contact_id: str, /, *, viewer: Person, now: datetime, meanwhile: Undo = None
    ) -> Looked:
        """This very contact, recorded as a view, and what takes the view back when the contact is a merged one.

        Raises:
            NotFound: when the account has no such contact.
        """
        ...


class Sections(Protocol):
    """What hangs on contacts, section by section. Some lies with a merged contact for good, and is gathered."""

    def beside[Other](
        self, contact_id: str, caller: Principal, other: Callable[[], Other], *, gather: Sequence[str]
    ) -> tuple[Other, dict[str, Part], Gathered]:
        """What *other* gives; beside it each section of a contact by its name, as far as the caller may see it.

        And what can be gathered at each of the contacts *gather*.
        """
        ...

    def gather(self, account: str, contact_ids: Sequence[str]) -> Gathered:
        """What can be gathered at contacts, side by side."""
        ...

    def combined(self, account: str, contact_id: str, gathered: Gathered) -> dict[str, Part]:
        """The sections of a contact out of what was gathered at it and at those who were merged into it."""
        ...


def view_cover(contacts: Contacts, sections: Sections, *, contact_id: str, caller: Principal, now: datetime) -> Cover:
    """The contact with all its sections; the view goes into the history.

    The sections are read before it is known that the contact is there. Nothing of them is shown when it is not. When
    it was merged, they are read once more where the id leads to; what lies with those who were merged into it is
    gathered when it is known who that is.

    Raises:
        NotFound: when the account has no such contact.
    """
    asked, undo, family = checked_id(contact_id), None, dict[str, None]()
    gathered: Gathered = {}
    for _ in range(_LONGEST_CHAIN):
        look = partial(contacts.look, caller.account, asked, viewer=caller.person, now=now, meanwhile=undo)
        missing = [one for one in (asked, *family) if one not in gathered]
        (contact, settings, undo), parts, more = sections.beside(asked, caller, look, gather=missing)
        gathered |= more
        family = dict.fromkeys((contact.id, *contact.merged_from))
        if contact.merged_into is None:
            break
        asked = contact.merged_into
    else:
        raise NotFound("There is no such contact.")
    missing = [one for one in family if one not in gathered]
    if missing:
        gathered |= sections.gather(caller.account, missing)
    of_family = {one: gathered[one] for one in family}
    return Cover(contact, settings, parts | sections.combined(caller.account, contact.id, of_family))

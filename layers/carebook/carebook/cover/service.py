"""Reading a contact's cover page: the contact, its view and all sections at once."""

from collections.abc import Callable
from datetime import datetime
from typing import Protocol

from carebook.contacts.service import ContactStore, Found, checked_id
from carebook.cover.model import Cover, Part
from carebook.identity import Principal


class Sections(Protocol):
    """What hangs on contacts, section by section."""

    def beside[Other](
        self, contact_id: str, caller: Principal, other: Callable[[], Other]
    ) -> tuple[Other, dict[str, Part]]:
        """What *other* gives, and beside it each section of a contact by its name, as far as the caller may see it."""
        ...


def view_cover(
    contacts: ContactStore, sections: Sections, *, contact_id: str, caller: Principal, now: datetime
) -> Cover:
    """The contact with all its sections; the view goes into the history.

    The sections are read before it is known that the contact is there. Nothing of them is shown when it is not, and
    when it was merged, they are read once more where the id leads to.

    Raises:
        NotFound: when the account has no such contact.
    """

    def view() -> Found:
        return contacts.view(caller.account, asked, viewer=caller.person, now=now)

    asked = checked_id(contact_id)
    (contact, settings), parts = sections.beside(asked, caller, view)
    if contact.id != asked:
        asked = contact.id
        (contact, settings), parts = sections.beside(asked, caller, view)
    return Cover(contact, settings, parts)

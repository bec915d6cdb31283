"""A claim that nobody of a name was added between a look for that name and the adding."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from carebook.errors import Conflict


@dataclass(frozen=True, slots=True)
class Claim:
    """What has been looked at when a contact is added.

    Attributes:
        name: the folded name.
        since: who was added before this moment was seen by the look.
        known: who else has been looked at, as the mark of the name had it: ids and moments, the oldest first.
    """

    name: str
    since: datetime
    known: tuple[tuple[str, datetime], ...] = ()

    @property
    def known_since(self) -> list[tuple[str, datetime]]:
        """Whom a look that begins now may not see; the others have been there long enough."""
        return [each for each in self.known if each[1] >= self.since]

    def knowing(self, added: Sequence[tuple[str, datetime]]) -> "Claim":
        """The claim of somebody who has looked at these too."""
        return replace(self, known=tuple(added))


class AddedMeanwhile(Conflict):
    """Somebody of the same name was added since the look.

    Attributes:
        added: all who were, and some who were added before, with the moments.
    """

    def __init__(self, added: Sequence[tuple[str, datetime]]) -> None:
        super().__init__("Somebody of this name is being added at this moment.")
        self.added = tuple(added)

"""All messages about a client: their own, and the copies that lie with contacts, newest first."""

from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from carebook.contacts.protocols import ContactStore
from carebook.ids import CONTACT, is_id
from carebook.messages.model import Message
from carebook.messages.service import MessageRef

_TIME: Final = 10  # characters of a ULID that are its moment


class Kept(Protocol):
    """Where messages are."""

    def page(self, account: str, recipient_id: str, *, before: str | None, limit: int) -> list[Message]:
        """Up to *limit* messages, newest first, older than a message id."""
        ...

    def load(self, refs: Sequence[MessageRef]) -> dict[MessageRef, Message]:
        """Those of the messages that are where the references say."""
        ...


class Decisions(Protocol):
    """Where decisions are: they name the copies."""

    def decisions(
        self, account: str, client_id: str, *, before: str | None, limit: int
    ) -> list[tuple[str, Mapping[str, Any]]]:
        """Up to *limit* decisions, newest first, older than an id."""
        ...


def messages_about(
    kept: Kept,
    decisions: Decisions,
    contacts: ContactStore,
    *,
    account: str,
    client_id: str,
    before: str | None,
    limit: int,
) -> tuple[list[Message], str | None]:
    """A page of them, and the id behind which the next begins. A copy lies where its contact was merged into."""
    at_once = limit + 1
    while True:
        own = kept.page(account, client_id, before=before, limit=at_once)
        # Decisions of the same millisecond name copies that are older and younger than a message.
        after = None if before is None else before.partition("_")[2][:_TIME] + "~"
        decided = decisions.decisions(account, client_id, before=after, limit=at_once)
        horizon = max(
            own[-1].id.partition("_")[2] if len(own) == at_once else "",
            decided[-1][0][:_TIME] + "~" if len(decided) == at_once else "",
        )
        refs = [ref for _, document in decided for ref in _copies(account, client_id, document)]
        known = {ref.message_id: ref for ref in refs if before is None or ref.message_id < before}
        ids = sorted({one.id for one in own} | known.keys(), reverse=True)
        complete = [one for one in ids if one.partition("_")[2] >= horizon]
        if len(complete) > limit or not horizon:
            break
        at_once *= 2
    page = complete[:limit]
    found = {one.id: one for one in own}
    found |= _loaded(kept, contacts, account, [known[one] for one in page if one in known])
    return [found[one] for one in page if one in found], page[-1] if len(complete) > limit else None


def _copies(account: str, client_id: str, document: Mapping[str, Any]) -> list[MessageRef]:
    return [
        MessageRef(account, person["id"], message["id"])
        for person in document["people"]
        if person["id"] != client_id and is_id(person["id"], CONTACT)
        for message in person["messages"]
    ]


def _loaded(kept: Kept, contacts: ContactStore, account: str, refs: Sequence[MessageRef]) -> dict[str, Message]:
    found = kept.load(refs) if refs else {}
    missing = [ref for ref in refs if ref not in found]
    if missing:
        led_to = contacts.led_to(account, {ref.recipient_id for ref in missing})
        moved = [
            MessageRef(account, led_to[ref.recipient_id].id, ref.message_id)
            for ref in missing
            if ref.recipient_id in led_to
        ]
        found |= kept.load(moved) if moved else {}
    return {ref.message_id: message for ref, message in found.items()}

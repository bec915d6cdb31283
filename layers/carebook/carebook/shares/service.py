"""What staff do with shares: make them, look at them and who opened them, take them back."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any, Final

from carebook.contacts.history import Change, HistoryEntry, noted
from carebook.contacts.model import Contact
from carebook.contacts.service import TOO_BUSY, checked_id, refuse_unwritable
from carebook.errors import Conflict, NotFound, StaleVersion, Unavailable
from carebook.ids import SHARE, is_id, new_id
from carebook.message_templates.model import MessageTemplate
from carebook.messages.model import Kind
from carebook.messages.planning import Draft, Plan, Text, addresses_of, methods_of, plan
from carebook.messages.recipients import Recipient, recipient_of
from carebook.messages.service import queue_messages
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings
from carebook.shares.codes import hash_of, locked_with, new_code, new_token
from carebook.shares.collaborators import Act, Desk, Order, Sealed, Secrets
from carebook.shares.model import SEALED_FOR, Share, Way, end_of_last_day, last_day
from carebook.shares.sending import CODE, LINK, text_of, values_for, ways_of

_NO_SUCH_SHARE: Final = "There is no such share."


def create_share(desk: Desk, act: Act, order: Order, *, request: str | None = None) -> tuple[Share, str | None]:
    """A new share, its link and code on their way; and the code, when no message carries it.

    The same *request* again gives the share that it made the first time.

    Raises:
        NotFound: when the account has no such contact.
        Conflict: when the contact is archived, or a merge with it is under way.
        Invalid: when something cannot be shared, or a text is too long.
        NotReachable: when no method reaches the contact with a link.
    """
    for _ in attempts():
        contact, settings = desk.contacts.find(act.account, checked_id(act.contact_id))
        refuse_unwritable(contact)
        made = _made(desk, act, order, contact, settings)
        try:
            desk.shares.add(made.share, made.sealed, contact, made.planned, made.entry, request=request)
        except Conflict:
            before = request and desk.shares.made_by(act.account, request, now=act.now)
            if before:
                return _made_before(desk, act, *before)
            continue
        queue_messages(desk.queue, made.planned.messages)
        return made.share, _to_be_shown(made.share, made.secrets)
    raise Unavailable(TOO_BUSY)


@dataclass(frozen=True, slots=True)
class _Made:
    """A share with all that is written with it."""

    share: Share
    secrets: Secrets
    sealed: Sealed
    planned: Plan
    entry: HistoryEntry


def _made(desk: Desk, act: Act, order: Order, contact: Contact, settings: AccountSettings) -> _Made:
    share_id, token, recipient = new_id(SHARE, act.now), new_token(), recipient_of(contact, settings)
    secrets = Secrets(f"{order.address}/shares/{token}", new_code())
    items = desk.contents.describe(act.account, contact.id, order.items)
    ends = end_of_last_day(act.now, days=order.days, time_zone=recipient.time_zone)
    expires_on = last_day(ends, time_zone=recipient.time_zone)
    values = values_for(contact, settings, message=order.message, expires_on=expires_on)
    blank = Draft(
        kind=Kind.SHARE,
        texts=dict.fromkeys(methods_of(order.methods, recipient), Text("", "")),
        share_id=share_id,
    )
    ways, planned = _planned(desk, act, recipient, blank, settings, secrets, values)
    sent = {ways[one.method]: Way(one.method, one.id) for one in planned.messages if one.kind is Kind.SHARE}
    share = Share(
        id=share_id,
        account=act.account,
        contact_id=contact.id,
        version=1,
        items=items,
        message=order.message,
        token_hash=hash_of(token),
        lock=locked_with(secrets.code, share_id=share_id, pepper=desk.vault.pepper),
        link_way=sent[LINK],
        code_way=sent.get(CODE),
        created_at=act.now,
        created_by=act.by,
        expires_at=ends,
    )
    sealed = Sealed(desk.vault.seal((share.account, share.id), secrets), min(ends, act.now + SEALED_FOR), ways)
    return _Made(share, secrets, sealed, planned, _entry("shared", None, share, act))


def _planned(
    desk: Desk,
    act: Act,
    recipient: Recipient,
    blank: Draft,
    settings: AccountSettings,
    secrets: Secrets,
    values: Mapping[str, str],
) -> tuple[dict[str, str], Plan]:
    """What goes by which method, and the messages for it. How a blank one would fare by each says which those are."""
    consents = desk.messages.consents(act.account, addresses_of(recipient, blank.texts))
    plan_of = partial(
        plan,
        recipient,
        settings=settings,
        consents=consents,
        configured=desk.configured,
        by=act.by,
        now=act.now,
    )
    ways = ways_of(plan_of(blank).messages)
    templates = desk.templates.changed(act.account)
    texts = {method: text_of(method, what, secrets, values, templates) for method, what in ways.items()}
    requests: dict[str, MessageTemplate] = {one.method: one for one in templates if one.kind == "opt_in_request"}
    return ways, plan_of(replace(blank, texts=texts), requests=requests)


def _made_before(desk: Desk, act: Act, contact_id: str, share_id: str) -> tuple[Share, str | None]:
    contact, _settings = desk.contacts.find(act.account, contact_id)
    share = desk.shares.find(act.account, contact.id, share_id)
    sealed = desk.shares.sealed(act.account, contact.id, share_id)
    secrets = None if sealed is None else desk.vault.unseal((share.account, share.id), sealed.text)
    return share, _to_be_shown(share, secrets)


def _to_be_shown(share: Share, secrets: Secrets | None) -> str | None:
    return secrets.code if secrets is not None and share.code_way is None else None


def list_shares(desk: Desk, act: Act, *, before: str | None, limit: int) -> tuple[list[Share], str | None]:
    """A page of a contact's shares, newest first, and the id behind which the next one begins. It is a view.

    Raises:
        NotFound: when the account has no such contact.
    """
    asked = checked_id(act.contact_id)

    def page(contact_id: str) -> list[Share]:
        return desk.shares.page(act.account, contact_id, before=before, limit=limit + 1)

    (contact, _settings), found = desk.shares.beside(
        lambda: desk.contacts.view(act.account, asked, viewer=act.by, now=act.now), lambda: page(asked)
    )
    if contact.id != asked:
        found = page(contact.id)
    return found[:limit], found[limit - 1].id if len(found) > limit else None


def view_share(desk: Desk, act: Act) -> Share:
    """One share of a contact, with who opened it. Reading is a view.

    Raises:
        NotFound: when the account has no such contact, or the contact no such share.
    """
    contact, _settings = desk.contacts.view(act.account, checked_id(act.contact_id), viewer=act.by, now=act.now)
    return desk.shares.find(act.account, contact.id, _checked(act.share_id))


def revoke_share(desk: Desk, act: Act) -> Share:
    """The share, taken back: its link leads nowhere from now on. Doing so again changes nothing.

    Raises:
        NotFound: when the account has no such contact, or the contact no such share.
        StaleVersion: when the caller means another version.
        Conflict: when a merge with the contact is under way.
    """
    for _ in attempts():
        contact, _settings = desk.contacts.find(act.account, checked_id(act.contact_id))
        before = desk.shares.find(act.account, contact.id, _checked(act.share_id))
        _refuse_stale(before, act)
        if before.revoked_at is not None:
            return before
        # Nobody should have to restore an archived contact, and so open its shares again, to close one of them.
        refuse_unwritable(replace(contact, archived_at=None))
        after = before.revoked(act.by, act.now)
        try:
            desk.shares.revoke(before, after, contact, _entry("share_revoked", before, after, act))
        except Conflict:
            continue
        return after
    raise Unavailable(TOO_BUSY)


def _refuse_stale(share: Share, act: Act) -> None:
    if act.expected_version is not None and act.expected_version != share.version:
        current = {"status": share.status(act.now).value}
        raise StaleVersion(version=share.version, expected=act.expected_version, current=current)


def _entry(action: str, before: Share | None, after: Share, act: Act) -> HistoryEntry:
    change = Change(f"shares[{after.id}]", before and _told(before, act.now), _told(after, act.now))
    return noted(action, by=act.by, now=act.now, changes=(change,))


def _told(share: Share, now: datetime) -> dict[str, Any]:
    return {"status": share.status(now).value, "items": [item.name for item in share.items]}


def _checked(share_id: str) -> str:
    if not is_id(share_id, SHARE):
        raise NotFound(_NO_SUCH_SHARE)
    return share_id

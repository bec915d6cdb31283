"""What staff do with referrals, as functions. A referral belongs to its client; its referrer is a contact."""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final, Protocol

from carebook.clients.model import Client
from carebook.clients.service import ClientStore, writable
from carebook.clients.service import checked_id as checked_client_id
from carebook.contacts.history import Change, HistoryEntry, changes_between, noted
from carebook.contacts.model import Contact
from carebook.contacts.service import ContactStore, refuse_unwritable
from carebook.contacts.service import checked_id as checked_contact_id
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.ids import REFERRAL, is_id, new_id
from carebook.instants import day_in
from carebook.merge_patch import merge_patch
from carebook.referrals.model import (
    Appointment,
    KnownReferral,
    Referral,
    ReferralDetails,
    ReferralRow,
    usage_of,
)
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_BUSY: Final = "The referral is being changed by others. Try again in a moment."
type ReadDetails = Callable[[Any, date], ReferralDetails]


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralWriting:
    """A referral before and after (None: there was or will be none), and what the histories will say."""

    client: Client
    before: Referral | None
    after: Referral | None
    for_client: HistoryEntry
    for_contacts: tuple[tuple[Contact, HistoryEntry], ...] = ()


class ReferralStore(Protocol):
    """Where referrals are kept. A referral, its rows in lists and the histories are written together or not at all."""

    def find(self, account: str, client_id: str, referral_id: str) -> Referral:
        """The referral as last written.

        Raises:
            NotFound: when the client has no such referral.
        """
        ...

    def of_client(self, account: str, client_id: str, *, before: str | None, limit: int) -> list[Referral]:
        """Up to *limit* referrals of a client, the latest first, older than an id."""
        ...

    def appointments(self, account: str, client_id: str) -> list[Appointment]:
        """The client's appointments."""
        ...

    def of_contacts(
        self, account: str, contact_ids: Collection[str], *, before: str | None, limit: int
    ) -> list[tuple[str, ReferralRow]]:
        """Up to *limit* referrals by any of the contacts, each with its place, those received last first."""
        ...

    def rows(
        self,
        account: str,
        *,
        status: str | None,
        received_from: str | None,
        received_to: str | None,
        before: str | None,
        limit: int,
    ) -> list[tuple[str, ReferralRow]]:
        """Up to *limit* of the account's referrals, each with its place, those received last first."""
        ...

    def write(self, writing: ReferralWriting, *, request: str | None = None) -> None:
        """Write a referral, or take it away.

        Raises:
            AlreadyMade: when the same *request* has made one before.
            Conflict: when client, contact or referral are not what they were any more.
        """
        ...


class AlreadyMade(Exception):
    """A request has made its referral before."""

    def __init__(self, client_id: str, referral_id: str) -> None:
        super().__init__(referral_id)
        self.client_id = client_id
        self.referral_id = referral_id


@dataclass(frozen=True, slots=True)
class Desk:
    """The stores that a referral stands between."""

    clients: ClientStore
    contacts: ContactStore
    referrals: ReferralStore


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferralAct:
    """Who does something to which referral of which client, when, and which version of it they mean."""

    account: str
    client_id: str
    referral_id: str = ""
    by: Person
    now: datetime
    expected_version: int | None = None


def add_referral(
    desk: Desk, act: ReferralAct, read: Callable[[date], ReferralDetails], *, request: str | None = None
) -> KnownReferral:
    """A new referral, with a frozen copy of its referrer. The same *request* again gives what it made the first time.

    Raises:
        NotFound: when the account has no such client.
        Invalid: from *read*, or when the referrer does not exist.
        Conflict: when client or referrer are archived.
    """
    for _ in attempts():
        found = desk.clients.find(act.account, checked_client_id(act.client_id))
        client, details = writable(found), read(day_in(found[1].time_zone, act.now))
        contact = _referrer(desk, act.account, details.contact_id)
        made = Referral(
            id=new_id(REFERRAL, act.now),
            account=act.account,
            client_id=client.id,
            version=1,
            details=details,
            referrer=None,
            referrer_at=None,
            created_at=act.now,
            created_by=act.by,
            updated_at=act.now,
        ).referred_by(contact, act.now)
        entry = _entry("referral_added", act, (Change("referral", None, {"id": made.id} | made.to_document()),))
        told = ((contact, _told("referral_added", act, made.id)),) if contact else ()
        writing = ReferralWriting(client=client, before=None, after=made, for_client=entry, for_contacts=told)
        try:
            desk.referrals.write(writing, request=request)
        except AlreadyMade as already:
            again = desk.referrals.find(act.account, already.client_id, already.referral_id)
            return known(desk, [again], found[1], act.now)[0]
        except Conflict:
            continue
        return known(desk, [made], found[1], act.now)[0]
    raise Unavailable(_BUSY)


def change_referral(desk: Desk, act: ReferralAct, patch: Any, read: ReadDetails) -> KnownReferral:
    """The referral with a merge patch applied. Another referrer is copied as they are now; the same one stays as kept.

    Raises:
        NotFound: when there is no such client or referral.
        StaleVersion: when the caller means another version.
        Invalid: from *read*, or when the referrer does not exist.
        Conflict: when the client, or a new referrer, is archived.
    """

    def edit(before: Referral, settings: AccountSettings) -> tuple[Referral, Contact | None]:
        details = read(merge_patch(before.details.to_document(), patch), day_in(settings.time_zone, act.now))
        edited = before.edited(details, act.now)
        if details.contact_id == before.details.contact_id:
            return edited, None
        contact = _referrer(desk, act.account, details.contact_id)
        was = _contact_of(desk, before)
        if contact is not None and was is not None and contact.id == was.id:  # the same one by an earlier id
            return replace(edited, details=replace(details, contact_id=before.details.contact_id)), None
        return edited.referred_by(contact, act.now), contact

    return _rewrite(desk, act, edit)


def refresh_referrer(desk: Desk, act: ReferralAct) -> KnownReferral:
    """The referral with its referrer copied anew, as they are now.

    Raises:
        Conflict: when there is no referrer, or none any more.
    """

    def edit(before: Referral, _: AccountSettings) -> tuple[Referral, Contact | None]:
        contact = _contact_of(desk, before)
        if contact is None:
            raise Conflict("There is no referrer to copy. Name one first.", code="no_referrer")
        refreshed = before.edited(before.details, act.now).referred_by(contact, act.now)
        return replace(refreshed, details=before.details), None

    return _rewrite(desk, act, edit)


def delete_referral(desk: Desk, act: ReferralAct) -> None:
    """Take a referral away; the client's history keeps what it said.

    Raises:
        NotFound: when there is no such client or referral.
        StaleVersion: when the caller means another version.
        Conflict: when the client is archived.
    """
    for _ in attempts():
        client, before, _settings = _found(desk, act)
        contact = _contact_of(desk, before)
        entry = _entry("referral_deleted", act, (Change("referral", {"id": before.id} | before.to_document(), None),))
        told = ((contact, _told("referral_deleted", act, before.id)),) if contact else ()
        writing = ReferralWriting(client=client, before=before, after=None, for_client=entry, for_contacts=told)
        try:
            desk.referrals.write(writing)
        except Conflict:
            continue
        return
    raise Unavailable(_BUSY)


def _rewrite(
    desk: Desk, act: ReferralAct, edit: Callable[[Referral, AccountSettings], tuple[Referral, Contact | None]]
) -> KnownReferral:
    """Read, decide, write; and again when somebody else wrote in between. *edit* also names a new referrer."""
    for _ in attempts():
        client, before, settings = _found(desk, act)
        after, contact = edit(before, settings)
        changes = changes_between(before, after)
        if after.referrer != before.referrer:
            changes = (*changes, Change("referrer_snapshot", before.referrer, after.referrer))
        if not changes:
            return known(desk, [before], settings, act.now)[0]
        entry = _entry("referral_changed", act, (Change("referral", {"id": before.id}, {"id": after.id}), *changes))
        told = ((contact, _told("referral_added", act, after.id)),) if contact else ()
        writing = ReferralWriting(client=client, before=before, after=after, for_client=entry, for_contacts=told)
        try:
            desk.referrals.write(writing)
        except Conflict:
            continue
        return known(desk, [after], settings, act.now)[0]
    raise Unavailable(_BUSY)


def view_referral(desk: Desk, act: ReferralAct) -> KnownReferral:
    """A referral; looking at it is a view of its client.

    Raises:
        NotFound: when there is no such client or referral.
    """
    client, settings = desk.clients.view(act.account, checked_client_id(act.client_id), viewer=act.by, now=act.now)
    referral = desk.referrals.find(act.account, client.id, checked_referral_id(act.referral_id))
    return known(desk, [referral], settings, act.now)[0]


def referrals_of_client(
    desk: Desk, act: ReferralAct, *, before: str | None, limit: int
) -> tuple[list[KnownReferral], str | None]:
    """A page of a client's referrals, the latest first, and where the next one begins. It is a view of the client.

    Raises:
        NotFound: when there is no such client.
    """
    client, settings = desk.clients.view(act.account, checked_client_id(act.client_id), viewer=act.by, now=act.now)
    found = desk.referrals.of_client(act.account, client.id, before=before, limit=limit + 1)
    page = found[:limit]
    return known(desk, page, settings, act.now), page[-1].id if len(found) > limit else None


def known(desk: Desk, referrals: Sequence[Referral], settings: AccountSettings, now: datetime) -> list[KnownReferral]:
    """Referrals of one client with what is known of them today."""
    if not referrals:
        return []
    first = referrals[0]
    ids = {one.details.contact_id for one in referrals if one.details.contact_id is not None}
    led_to = desk.contacts.led_to(first.account, ids)
    appointments = desk.referrals.appointments(first.account, first.client_id)
    today = day_in(settings.time_zone, now)
    return [
        KnownReferral(one, led_to.get(one.details.contact_id or ""), usage_of(one.id, appointments, now), today)
        for one in referrals
    ]


def _found(desk: Desk, act: ReferralAct) -> tuple[Client, Referral, AccountSettings]:
    found = desk.clients.find(act.account, checked_client_id(act.client_id))
    client = writable(found)
    referral = desk.referrals.find(act.account, client.id, checked_referral_id(act.referral_id))
    expected = act.expected_version
    if expected is not None and expected != referral.version:
        current = referral.to_document() if 0 < expected < referral.version else {}
        if current:
            desk.clients.view(act.account, client.id, viewer=act.by, now=act.now)
        raise StaleVersion(version=referral.version, expected=expected, current=current)
    return client, referral, found[1]


def _referrer(desk: Desk, account: str, contact_id: str | None) -> Contact | None:
    if contact_id is None:
        return None
    try:
        contact = desk.contacts.find(account, checked_contact_id(contact_id))[0]
    except NotFound:
        raise Invalid([FieldError("contact_id", "no_such_contact", "There is no such contact.")]) from None
    refuse_unwritable(contact)
    return contact


def _contact_of(desk: Desk, referral: Referral) -> Contact | None:
    contact_id = referral.details.contact_id
    return None if contact_id is None else desk.contacts.led_to(referral.account, [contact_id]).get(contact_id)


def _entry(action: str, act: ReferralAct, changes: tuple[Change, ...]) -> HistoryEntry:
    return noted(action, by=act.by, now=act.now, changes=changes)


def _told(action: str, act: ReferralAct, referral_id: str) -> HistoryEntry:
    """What the referrer's history says: that there is a referral, nothing of what it holds."""
    what = {"id": referral_id, "client_id": act.client_id}
    is_gone = action == "referral_deleted"
    change = Change("referral", what if is_gone else None, None if is_gone else what)
    return noted(action, by=act.by, now=act.now, changes=(change,))


def checked_referral_id(referral_id: str) -> str:
    """*referral_id*, if it has the form of one; what has not is not found without asking."""
    if not is_id(referral_id, REFERRAL):
        raise NotFound("There is no such referral.")
    return referral_id

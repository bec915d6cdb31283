"""What staff do with referrals, as functions. A referral belongs to its client; its referrer is a contact."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Final

from carebook.clients.model import Client
from carebook.clients.service import checked_id as checked_client_id
from carebook.clients.service import writable
from carebook.contacts.history import Change, HistoryEntry, changes_between, noted
from carebook.contacts.model import Contact
from carebook.contacts.service import refuse_unwritable
from carebook.errors import Conflict, FieldError, Invalid, NotFound, StaleVersion, Unavailable
from carebook.ids import CONTACT, REFERRAL, is_id, new_id
from carebook.instants import day_in
from carebook.merge_patch import merge_patch
from carebook.referrals.model import (
    Appointment,
    KnownReferral,
    Referral,
    ReferralDetails,
    Usage,
    usage_of,
)
from carebook.referrals.protocols import AlreadyMade, Desk, ReferralAct, ReferralWriting
from carebook.retrying import attempts
from carebook.settings.model import AccountSettings

_BUSY: Final = "The referral is being changed by others. Try again in a moment."
type ReadDetails = Callable[[Any, date], ReferralDetails]


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
        contact = _writable_referrer(details.contact_id, _led_to(desk, act.account, details.contact_id))
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
            return _as_made(desk, act, already, found[1])
        except Conflict:
            continue
        return KnownReferral(made, contact, Usage(), day_in(found[1].time_zone, act.now))
    raise Unavailable(_BUSY)


def change_referral(desk: Desk, act: ReferralAct, patch: Any, read: ReadDetails) -> KnownReferral:
    """The referral with a merge patch applied. Another referrer is copied as they are now; the same one stays as kept.

    Raises:
        NotFound: when there is no such client or referral.
        StaleVersion: when the caller means another version.
        Invalid: from *read*, or when the referrer does not exist.
        Conflict: when the client, or a new referrer, is archived.
    """

    def edit(before: Referral, settings: AccountSettings) -> _Edited:
        details = read(merge_patch(before.details.to_document(), patch), day_in(settings.time_zone, act.now))
        edited = before.edited(details, act.now)
        kept, named = before.details.contact_id, details.contact_id
        led_to = _led_to(desk, act.account, kept, named)
        was = led_to.get(kept or "")
        if named == kept:
            return _Edited(edited, was)
        if was is not None and was is led_to.get(named or ""):  # the same one by another of their ids
            return _Edited(replace(edited, details=replace(details, contact_id=kept)), was)
        contact = _writable_referrer(named, led_to)
        return _Edited(edited.referred_by(contact, act.now), contact, told=contact)

    return _rewrite(desk, act, edit)


def refresh_referrer(desk: Desk, act: ReferralAct) -> KnownReferral:
    """The referral with its referrer copied anew, as they are now.

    Raises:
        Conflict: when there is no referrer, or none any more.
    """

    def edit(before: Referral, _: AccountSettings) -> _Edited:
        contact = _contact_of(desk, before)
        if contact is None:
            raise Conflict("There is no referrer to copy. Name one first.", code="no_referrer")
        refreshed = before.edited(before.details, act.now).referred_by(contact, act.now)
        return _Edited(replace(refreshed, details=before.details), contact)

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


@dataclass(frozen=True, slots=True)
class _Edited:
    """A referral's next version, its referrer today, and who is to be told that they refer."""

    referral: Referral
    contact: Contact | None
    told: Contact | None = None


def _rewrite(desk: Desk, act: ReferralAct, edit: Callable[[Referral, AccountSettings], _Edited]) -> KnownReferral:
    """Read, decide, write; and again when somebody else wrote in between."""
    client_id = checked_client_id(act.client_id)
    for _ in attempts():
        (client, before, settings), appointments = desk.referrals.together(
            lambda: _found(desk, act),
            lambda: desk.referrals.appointments(act.account, client_id),
        )
        edited = edit(before, settings)
        after = edited.referral.knowing_changes(before)
        changes = changes_between(before, after)
        if after.referrer != before.referrer:
            changes = (*changes, Change("referrer_snapshot", before.referrer, after.referrer))
        if changes:
            entry = _entry("referral_changed", act, (Change("referral", {"id": before.id}, {"id": after.id}), *changes))
            told = ((edited.told, _told("referral_added", act, after.id)),) if edited.told else ()
            writing = ReferralWriting(client=client, before=before, after=after, for_client=entry, for_contacts=told)
            try:
                desk.referrals.write(writing)
            except Conflict:
                continue
        usage = usage_of(after.id, appointments, act.now)
        kept = after if changes else before
        return KnownReferral(kept, edited.contact, usage, day_in(settings.time_zone, act.now))
    raise Unavailable(_BUSY)


def view_referral(desk: Desk, act: ReferralAct) -> KnownReferral:
    """A referral; looking at it is a view of its client.

    Raises:
        NotFound: when there is no such client or referral.
    """
    client_id, referral_id = checked_client_id(act.client_id), checked_referral_id(act.referral_id)
    (_, settings), referral, appointments = desk.referrals.together(
        lambda: desk.clients.view(act.account, client_id, viewer=act.by, now=act.now),
        lambda: desk.referrals.find(act.account, client_id, referral_id),
        lambda: desk.referrals.appointments(act.account, client_id),
    )
    return _known(desk, [referral], appointments, settings, act)[0]


def referrals_of_client(
    desk: Desk, act: ReferralAct, *, before: str | None, limit: int
) -> tuple[list[KnownReferral], str | None]:
    """A page of a client's referrals, the latest first, and where the next one begins. It is a view of the client.

    Raises:
        NotFound: when there is no such client.
    """
    client_id = checked_client_id(act.client_id)
    (_, settings), found, appointments = desk.referrals.together(
        lambda: desk.clients.view(act.account, client_id, viewer=act.by, now=act.now),
        lambda: desk.referrals.of_client(act.account, client_id, before=before, limit=limit + 1),
        lambda: desk.referrals.appointments(act.account, client_id),
    )
    page = found[:limit]
    known = _known(desk, page, appointments, settings, act)
    return known, page[-1].id if len(found) > limit else None


def _known(
    desk: Desk,
    referrals: Sequence[Referral],
    appointments: Sequence[Appointment],
    settings: AccountSettings,
    act: ReferralAct,
) -> list[KnownReferral]:
    led_to = _led_to(desk, act.account, *(one.details.contact_id for one in referrals))
    return known_today(referrals, led_to, appointments, settings, act.now)


def known_today(
    referrals: Sequence[Referral],
    led_to: Mapping[str, Contact],
    appointments: Sequence[Appointment],
    settings: AccountSettings,
    now: datetime,
) -> list[KnownReferral]:
    """Referrals of one client with what is known of them today; *led_to* knows where their contacts' ids lead."""
    today = day_in(settings.time_zone, now)
    return [
        KnownReferral(one, led_to.get(one.details.contact_id or ""), usage_of(one.id, appointments, now), today)
        for one in referrals
    ]


def _as_made(desk: Desk, act: ReferralAct, already: AlreadyMade, settings: AccountSettings) -> KnownReferral:
    referral, appointments = desk.referrals.together(
        lambda: desk.referrals.find(act.account, already.client_id, already.referral_id),
        lambda: desk.referrals.appointments(act.account, already.client_id),
    )
    return _known(desk, [referral], appointments, settings, act)[0]


def _found(desk: Desk, act: ReferralAct) -> tuple[Client, Referral, AccountSettings]:
    client_id, referral_id = checked_client_id(act.client_id), checked_referral_id(act.referral_id)
    found, referral = desk.referrals.together(
        lambda: desk.clients.find(act.account, client_id),
        lambda: desk.referrals.find(act.account, client_id, referral_id),
    )
    client = writable(found)
    expected = act.expected_version
    if expected is not None and expected != referral.version:
        current = referral.changed_since(expected) if 0 < expected < referral.version else {}
        if current:
            desk.clients.view(act.account, client.id, viewer=act.by, now=act.now)
        raise StaleVersion(version=referral.version, expected=expected, current=current)
    return client, referral, found[1]


def _writable_referrer(contact_id: str | None, led_to: Mapping[str, Contact]) -> Contact | None:
    if contact_id is None:
        return None
    contact = led_to.get(contact_id)
    if contact is None:
        raise Invalid([FieldError("contact_id", "no_such_contact", "There is no such contact.")])
    refuse_unwritable(contact)
    return contact


def _led_to(desk: Desk, account: str, *contact_ids: str | None) -> Mapping[str, Contact]:
    """The contacts to which ids lead; what has not the form of one leads nowhere."""
    ids = {contact_id for contact_id in contact_ids if contact_id is not None and is_id(contact_id, CONTACT)}
    return desk.contacts.led_to(account, ids) if ids else {}


def _contact_of(desk: Desk, referral: Referral) -> Contact | None:
    contact_id = referral.details.contact_id
    return _led_to(desk, referral.account, contact_id).get(contact_id or "")


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

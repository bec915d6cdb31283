"""Who gets an automated message, by which method, and who does not and why. The same code sends and previews."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Final

from carebook.addresses import CONSENT_CHANNELS
from carebook.clients.model import Client, Link, LinkedContact
from carebook.contacts.model import Reach
from carebook.errors import Invalid
from carebook.identity import Person
from carebook.ids import new_ulid
from carebook.message_templates.merge_names import Kind, Method
from carebook.message_templates.model import MessageTemplate, render
from carebook.message_templates.service import which
from carebook.messages.model import About, Message, Status
from carebook.messages.model import Kind as MessageKind
from carebook.messages.planning import Consents, Draft, Plan, Text, addresses_of, plan
from carebook.messages.recipients import Recipient, recipient_of
from carebook.reminders.model import Rest
from carebook.settings.model import AccountSettings

AUTOMATIC: Final = Person("carebook", "Carebook")
SAME_AS_CLIENT: Final = "same_as_client"
SAME_AS_CONTACT: Final = "same_as_contact"
TOO_LONG: Final = "text_too_long"
TURNED_OFF: Final = "turned_off"
NOT_COPIED: Final = "not_copied"
ARCHIVED: Final = "archived"
NO_METHOD: Final = "no_method"
# A transaction holds 100 actions. An appointment that is moved takes 26 with ten reminders; the rest is for the people.
ROOM: Final = 74


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """Everything that decides, but the consents, which are asked for when the addresses are known.

    Attributes:
        templates: the practice's own, by kind and method.
    """

    client: Client
    linked: Sequence[LinkedContact]
    settings: AccountSettings
    templates: Mapping[tuple[Kind, Method], MessageTemplate]
    configured: Callable[[str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Occasion:
    """What there is to say.

    Attributes:
        subject_id: the appointment's or bill's id; None in a preview.
        values: its merge fields, by the reader's time zone.
        lead: of which reminder.
        about: what the messages tell of, and until when; None in a preview that speaks of examples.
    """

    kind: str
    subject_id: str | None
    values: Callable[[str], Mapping[str, str | None]]
    lead: int | None = None
    about: About | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fate:
    """What is decided for one person: messages with their fates, or why there are none."""

    recipient: Recipient
    name: str
    link: Link | None
    messages: tuple[Message, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What is decided. *plan* holds every message, and the consents that go with them.

    Attributes:
        rest: who did not fit in; None when everybody did.
        continues: the decision about those before, when this is about such a rest.
    """

    id: str
    account: str
    client: Client
    kind: str
    subject_id: str | None
    lead: int | None
    at: datetime
    by: Person
    fates: tuple[Fate, ...]
    plan: Plan
    rest: Rest | None = None
    continues: str | None = None

    @property
    def messages(self) -> list[Message]:
        """All messages, opt-in requests included."""
        return self.plan.messages


def is_turned_on(kind: str, settings: AccountSettings) -> bool:
    """Whether the account sends this kind of automated message."""
    return bool(settings.values["automated_messages"][kind]["enabled"])


def addresses(facts: Facts) -> list[tuple[str, str]]:
    """Channels and addresses whose consent :func:`decide` must know."""
    found = (where for person, _ in _people(facts) for where in addresses_of(person, person.methods))
    return list(dict.fromkeys(found))


def decide(
    facts: Facts,
    occasion: Occasion,
    consents: Consents,
    *,
    by: Person,
    now: datetime,
    part: Rest | None = None,
    room: int | None = ROOM,
) -> Decision:
    """The client first, then each contact, by name: by their own methods, and once per address.

    Args:
        part: decide about these alone.
        room: how many actions of a transaction there are for them; None: everybody fits in.
    """
    decision_id = new_ulid(now)
    used = dict(part.used) if part else {}
    original, first = (part.original, part.first) if part else (None, decision_id)
    fates: list[Fate] = []
    left: list[str] = []
    together, cost = Plan(), 0
    for recipient, linked in _people(facts):
        known_as = {recipient.id} if linked is None else linked.known_as
        if part is not None and known_as.isdisjoint(part.people):
            continue
        if left:  # who comes first is served first
            left.append(recipient.id)
            continue
        name = (facts.client if linked is None else linked.contact).details.display_name
        link = None if linked is None else linked.link
        reason = _why_nothing(facts, occasion.kind, recipient, linked)
        if reason is not None:
            fates.append(Fate(recipient=recipient, name=name, link=link, reason=reason))
            continue
        planned = _planned(facts, occasion, consents, recipient, linked, used, original or first, by, now)
        cost += _cost(planned)
        if room is not None and cost > room and fates:
            left.append(recipient.id)
            continue
        used |= dict.fromkeys(_taken(planned) - used.keys(), SAME_AS_CLIENT if linked is None else SAME_AS_CONTACT)
        fates.append(Fate(recipient=recipient, name=name, link=link, messages=tuple(planned.messages)))
        if linked is None:
            original = _original(planned.messages)
        _add(together, planned)
    rest = Rest(people=tuple(left), used=used, original=original, first=first) if left else None
    return Decision(
        id=decision_id,
        account=facts.client.account,
        client=facts.client,
        kind=occasion.kind,
        subject_id=occasion.subject_id,
        lead=occasion.lead,
        at=now,
        by=by,
        fates=tuple(fates),
        plan=together,
        rest=rest,
        continues=first if part else None,
    )


def _people(facts: Facts) -> Iterator[tuple[Recipient, LinkedContact | None]]:
    yield recipient_of(facts.client, facts.settings), None
    for linked in facts.linked:
        yield recipient_of(linked.contact, facts.settings), linked


def _why_nothing(facts: Facts, kind: str, recipient: Recipient, linked: LinkedContact | None) -> str | None:
    if not is_turned_on(kind, facts.settings):
        return TURNED_OFF
    if recipient.archived:
        return ARCHIVED
    if linked is not None and kind not in linked.copied:
        return NOT_COPIED
    return None if recipient.methods else NO_METHOD


def _planned(
    facts: Facts,
    occasion: Occasion,
    consents: Consents,
    recipient: Recipient,
    linked: LinkedContact | None,
    used: Mapping[tuple[str, str], str],
    copy_of: str,
    by: Person,
    now: datetime,
) -> Plan:
    reach, texts = dict(recipient.reach), {}
    for method in recipient.methods:
        taken = used.get(_address(method, reach[method].to))
        if taken is not None:
            reach[method] = Reach(ok=False, to=reach[method].to, reason=taken)
        try:
            texts[method] = _text(facts, occasion, recipient, linked, method)
        except Invalid:
            texts[method] = Text("", "")
            reach[method] = Reach(ok=False, to=reach[method].to, reason=TOO_LONG)
    draft = Draft(
        kind=MessageKind(occasion.kind),
        texts=texts,
        client_id=facts.client.id,
        cc_of=None if linked is None else copy_of,
        about=occasion.about,
    )
    person = replace(recipient, reach=reach)
    asking: dict[str, MessageTemplate] = {
        method: own for (kind, method), own in facts.templates.items() if kind == "opt_in_request"
    }
    return plan(
        person,
        draft,
        settings=facts.settings,
        consents=consents,
        configured=facts.configured,
        by=by,
        now=now,
        requests=asking,
    )


def _taken(planned: Plan) -> set[tuple[str, str]]:
    """The addresses at which a message goes out."""
    return {_address(one.method, one.to) for one in planned.messages if one.status is not Status.SKIPPED}


def _cost(planned: Plan) -> int:
    """How many actions it takes: messages, consents, and for a contact its check, its link's and its history."""
    return len(planned.messages) + len(planned.requested) + len(planned.relied_on) + 3


def _text(facts: Facts, occasion: Occasion, recipient: Recipient, linked: LinkedContact | None, method: str) -> Text:
    kind, by_method = which(occasion.kind, method)
    values = _names(facts, linked) | dict(occasion.values(recipient.time_zone))
    rendered = render(kind, by_method, values, template=facts.templates.get((kind, by_method)))
    return Text(rendered.subject or "", rendered.body)


def _names(facts: Facts, linked: LinkedContact | None) -> dict[str, str | None]:
    client = facts.client.details
    contact = None if linked is None else linked.contact.details
    reader = client if contact is None else contact
    values = {
        "practice.name": facts.settings.values["practice_name"],
        "recipient.name": reader.display_name,
        "recipient.first_name": reader.first_name or reader.display_name,
        "client.name": client.display_name,
        "client.first_name": client.first_name or client.display_name,
    }
    if contact is not None:
        values |= {
            "contact.name": contact.display_name,
            "contact.first_name": contact.first_name or contact.display_name,
            "contact.organization_name": contact.organization_name,
        }
    return values


def _original(own: Sequence[Message]) -> str | None:
    """The client's own message, of which contacts get copies: one that goes out, else any."""
    sent = next((one for one in own if one.status is not Status.SKIPPED), None)
    first = sent or next(iter(own), None)
    return None if first is None else first.id


def _add(together: Plan, planned: Plan) -> None:
    """Put plans together; a consent that changes in one of them need not be checked for another."""
    together.messages += planned.messages
    together.requested += planned.requested
    changing = [before for before, _ in together.requested]
    relied_on = [*together.relied_on, *planned.relied_on]
    together.relied_on = [
        one for index, one in enumerate(relied_on) if one not in changing and one not in relied_on[:index]
    ]


def _address(method: str, to: str | None) -> tuple[str, str]:
    """An address as it counts: a number is one person's line, however it is used."""
    return CONSENT_CHANNELS.get(method, method), (to or "").casefold()

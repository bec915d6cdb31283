"""Referrals across clients: lists, how many came from whom, and whose claims would fail."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Final

from carebook.claims.model import Finding, Payer, Provider, Role
from carebook.claims.service import claim_for, provider_of
from carebook.clients.model import ShownClient, shown_of
from carebook.clients.service import clients_by_id
from carebook.contacts.model import Contact, shown_name
from carebook.contacts.protocols import Found
from carebook.errors import FieldError, Invalid
from carebook.instants import day_in
from carebook.referrals.model import OPEN, Referral, ReferralRow, row_of
from carebook.referrals.protocols import Desk
from carebook.settings.model import AccountSettings

LONGEST_PERIOD: Final = timedelta(days=366)
MOST_COUNTED: Final = 10_000
_REFERRALS_NAMED: Final = 20


@dataclass(frozen=True, slots=True)
class Referrer:
    """A referrer in a list: the contact's id today, and a name."""

    id: str
    name: str


@dataclass(frozen=True, slots=True)
class ListedReferral:
    """A referral in a list, with its client, and with its referrer by the contact's id of today."""

    row: ReferralRow
    client: ShownClient
    referrer: Referrer | None


def referrer_in(row: ReferralRow, contact_id: str | None) -> Referrer | None:
    """The referrer of a row, by the name that the referral keeps and the id that the contact has today."""
    if row.contact_id is None or row.provider is None:
        return None
    return Referrer(contact_id or row.contact_id, shown_name(row.provider))


def list_referrals(
    desk: Desk,
    *,
    account: str,
    status: str | None,
    received_from: str | None,
    received_to: str | None,
    before: str | None,
    limit: int,
) -> tuple[list[ListedReferral], str | None]:
    """A page of the account's referrals, those received last first, and where the next one begins.

    Raises:
        Invalid: when the period ends before it begins.
    """
    _check_order("received_to", received_from, received_to)
    found = desk.referrals.rows(
        account,
        status=status,
        received_from=received_from,
        received_to=received_to,
        before=before,
        limit=limit + 1,
    )
    rows = [row for _, row in found[:limit]]
    clients, contacts = desk.referrals.together(
        lambda: _clients(desk, account, rows), lambda: _contacts(desk, account, rows)
    )
    listed = _listed(rows, clients, {one: contact.id for one, contact in contacts.items()})
    return listed, found[limit - 1][0] if len(found) > limit else None


def referrals_by_contact(
    desk: Desk, view: Callable[[], Found], *, account: str, contact_id: str, before: str | None, limit: int
) -> tuple[list[ListedReferral], AccountSettings, str | None]:
    """A page of the referrals by a contact and by those merged into it, those received last first.

    They are read beside *view*, which finds the contact; once more when the id leads to another one.
    """

    def read(one: str) -> list[tuple[str, ReferralRow]]:
        return desk.referrals.of_contact(account, one, before=before, limit=limit + 1)

    (contact, settings), found = desk.referrals.together(view, lambda: read(contact_id))
    if contact.id != contact_id:
        found = read(contact.id)
    rows = [row for _, row in found[:limit]]
    listed = _listed(rows, _clients(desk, account, rows), dict.fromkeys(_named(rows), contact.id))
    return listed, settings, found[limit - 1][0] if len(found) > limit else None


def first_referrals(
    desk: Desk, found: Iterable[tuple[str, Referral]], *, account: str, contact_id: str, shown: int, counted: int
) -> tuple[list[ListedReferral], int, bool]:
    """For a cover page: the first referrals by a contact, how many there are, and whether that is all of them.

    It counts no further than *counted*. The clients are as the referrals show them; only those that show none are read.

    Args:
        found: those of the contact and of all who were merged into it, of each one more than are *counted*.
    """
    ordered = [referral for _, referral in sorted(found, key=lambda pair: pair[0], reverse=True)]
    rows = [row_of(referral) for referral in ordered[:shown]]
    known = {referral.client_id: referral.client for referral in ordered[:shown] if referral.client}
    clients = known | _clients(desk, account, [row for row in rows if row.client_id not in known])
    first = _listed(rows, clients, dict.fromkeys(_named(rows), contact_id))
    return first, min(len(ordered), counted), len(ordered) <= counted


def _clients(desk: Desk, account: str, rows: Iterable[ReferralRow]) -> dict[str, ShownClient]:
    found = clients_by_id(desk.clients, account=account, client_ids={row.client_id for row in rows})
    return {client_id: shown_of(client) for client_id, client in found.items()}


def _listed(
    rows: Sequence[ReferralRow], clients: Mapping[str, ShownClient], today: Mapping[str, str]
) -> list[ListedReferral]:
    """Rows with their clients; *today* says by which id a contact is known now."""
    return [
        ListedReferral(row, clients[row.client_id], referrer_in(row, today.get(row.contact_id or "")))
        for row in rows
        if row.client_id in clients
    ]


def _named(rows: Iterable[ReferralRow]) -> set[str]:
    return {row.contact_id for row in rows if row.contact_id is not None}


def _contacts(desk: Desk, account: str, rows: Iterable[ReferralRow]) -> dict[str, Contact]:
    return desk.contacts.led_to(account, _named(rows))


@dataclass(frozen=True, slots=True)
class Summary:
    """How many referrals came from whom in a period, the most first; None: clients who came by themselves."""

    counts: list[tuple[Referrer | None, int]]
    total: int
    first: date
    last: date


def summary_of(
    desk: Desk, *, account: str, settings: AccountSettings, first: str | None, last: str | None, now: datetime
) -> Summary:
    """How many referrals came from each referrer in a period, by today's contacts. Left out: the year up to today.

    Reads one row for each referral of the period: at most a year, and at most ten thousand.

    Raises:
        Invalid: when the period ends before it begins, or holds too much.
    """
    end = date.fromisoformat(last) if last else day_in(settings.time_zone, now)
    begin = date.fromisoformat(first) if first else end - min(timedelta(days=364), end - date.min)
    _check_order("to", begin.isoformat(), end.isoformat())
    if end - begin > LONGEST_PERIOD:
        raise Invalid([FieldError("from", "period_too_long", "Ask for a year at most.")])
    found = desk.referrals.rows(
        account,
        status=None,
        received_from=begin.isoformat(),
        received_to=end.isoformat(),
        before=None,
        limit=MOST_COUNTED + 1,
    )
    if len(found) > MOST_COUNTED:
        message = f"The period holds more than {MOST_COUNTED} referrals. Ask for a shorter one."
        raise Invalid([FieldError("from", "period_too_long", message)])
    rows = [row for _, row in found]
    contacts = _contacts(desk, account, rows)
    names: dict[str, Referrer] = {}
    counted: Counter[str | None] = Counter()
    for row in rows:  # the latest first: of several names that one is shown
        contact = contacts.get(row.contact_id or "")
        referrer = referrer_in(row, contact.id if contact else None)
        counted[referrer.id if referrer else None] += 1
        if referrer is not None:
            names.setdefault(referrer.id, Referrer(referrer.id, contact.details.display_name) if contact else referrer)
    counts = [(None if key is None else names[key], count) for key, count in counted.items()]
    counts.sort(key=lambda one: (-one[1], one[0].name if one[0] else "", one[0].id if one[0] else ""))
    return Summary(counts, len(rows), begin, end)


def _check_order(field_name: str, first: str | None, last: str | None) -> None:
    if first and last and last < first:
        raise Invalid([FieldError(field_name, "ends_before_it_begins", "The period ends before it begins.")])


@dataclass(slots=True)
class ClaimProblem:
    """A referrer in a role whose claim would fail, and the open referrals that it concerns (the first twenty)."""

    referrer: Referrer | None
    role: Role
    provider: Provider | None
    findings: tuple[Finding, ...]
    referrals: list[ReferralRow] = field(default_factory=list)
    count: int = 0
    contact_is_in_order: bool = False

    @property
    def place(self) -> str:
        """Where it stands in the list."""
        return f"{self.referrer.id if self.referrer else ''} {self.role.value} {self.provider!r}"


def claim_problems(
    desk: Desk, *, account: str, payer: Payer, skip: int, limit: int
) -> tuple[list[ClaimProblem], int | None]:
    """A page of referrers of open referrals whose claim would fail, and where the next one begins.

    What counts is the copy that each referral keeps, because the claim is made of it.

    Raises:
        Invalid: when there are more open referrals than are looked at.
    """
    problems: dict[tuple[str | None, str, Provider], ClaimProblem | None] = {}
    for status, found in zip(OPEN, _open_referrals(desk, account), strict=True):
        if len(found) > MOST_COUNTED:
            message = f"There are more than {MOST_COUNTED} referrals of status {status}. Close those that are over."
            raise Invalid([FieldError("status", "too_many", message)])
        for _, row in found:
            if row.provider is not None:
                _note_problem(problems, row, row.provider, payer)
    failing = [problem for problem in problems.values() if problem is not None]
    contacts = _contacts(desk, account, [problem.referrals[0] for problem in failing])
    for problem in failing:
        contact = contacts.get(problem.referrals[0].contact_id or "")
        problem.referrer = referrer_in(problem.referrals[0], contact.id if contact else None)
        if contact is not None:
            problem.contact_is_in_order = not claim_for(provider_of(contact.details), problem.role, payer).would_fail
    failing.sort(key=lambda problem: problem.place)
    end = skip + limit
    return failing[skip:end], end if len(failing) > end else None


def _open_referrals(desk: Desk, account: str) -> tuple[list[tuple[str, ReferralRow]], ...]:
    def read(status: str) -> list[tuple[str, ReferralRow]]:
        return desk.referrals.rows(
            account, status=status, received_from=None, received_to=None, before=None, limit=MOST_COUNTED + 1
        )

    one, two, three = OPEN
    return desk.referrals.together(lambda: read(one), lambda: read(two), lambda: read(three))


def _note_problem(
    problems: dict[tuple[str | None, str, Provider], ClaimProblem | None],
    row: ReferralRow,
    provider: Provider,
    payer: Payer,
) -> None:
    place = (row.contact_id, row.role, provider)
    if place not in problems:
        role = Role(row.role)
        claim = claim_for(provider, role, payer)
        errors = tuple(finding for finding in claim.findings if finding.severity == "error")
        problems[place] = ClaimProblem(None, role, provider, errors) if errors else None
    problem = problems[place]
    if problem is not None:
        problem.count += 1
        if len(problem.referrals) < _REFERRALS_NAMED:
            problem.referrals.append(row)

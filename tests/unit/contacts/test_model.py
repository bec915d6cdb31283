"""A contact's own rules: its names, its versions, its last day, and which channels reach it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.contacts.model import Address, Contact, ContactDetails, Email, Phone, Reach, reachable, summary_of
from carebook.errors import Conflict
from carebook.settings.model import DEFAULTS, AccountSettings
from tests.fakes.examples import CELL, NOW, contact, details

HOME = Phone("+13105550100", "home", None, "(310) 555-0100")
WORK = Phone("+13105550111", "work", "17", "(310) 555-0111 ext. 17")
FAX = Phone("+13105550199", "fax", None, "(310) 555-0199")
SECOND_CELL = replace(CELL, number="+13105550124")
DEFAULT = AccountSettings()


def with_phone_types(**types: list[str]) -> AccountSettings:
    return AccountSettings(1, {**DEFAULTS, "channel_phone_types": {**DEFAULTS["channel_phone_types"], **types}})


def reached(settings: AccountSettings = DEFAULT, **fields: Any) -> dict[str, str | None]:
    """For each channel the number, ``"ok"`` where there is none to tell, or the reason why not."""
    channels = reachable(contact(**fields), settings)
    return {channel: reach.to or reach.reason or "ok" for channel, reach in channels.items()}


def test_who_has_nothing_is_reached_by_nothing() -> None:
    assert reachable(contact(), DEFAULT) == {
        "email": Reach(ok=False, reason="no_email"),
        "sms": Reach(ok=False, reason="no_eligible_phone"),
        "fax": Reach(ok=False, reason="no_eligible_phone"),
        "voice": Reach(ok=False, reason="no_eligible_phone"),
    }


def test_who_has_everything_is_reached_by_everything() -> None:
    assert reachable(contact(emails=(Email("a@b.example", None),), phones=(CELL, FAX)), DEFAULT) == {
        "email": Reach(ok=True),
        "sms": Reach(ok=True, to=CELL.number),
        "fax": Reach(ok=True, to=FAX.number),
        "voice": Reach(ok=True, to=CELL.number),
    }


@pytest.mark.parametrize(
    ("phones", "sms", "fax", "voice"),
    [
        ((HOME, CELL, SECOND_CELL), CELL, None, HOME),
        ((SECOND_CELL, CELL), SECOND_CELL, None, SECOND_CELL),
        ((FAX, WORK), None, FAX, WORK),
        ((FAX,), None, FAX, None),
        ((replace(HOME, type="after_hours"),), None, None, HOME),
    ],
)
def test_a_channel_uses_the_first_number_whose_type_is_eligible(
    phones: tuple[Phone, ...], sms: Phone | None, fax: Phone | None, voice: Phone | None
) -> None:
    numbers = {channel: phone and phone.number for channel, phone in (("sms", sms), ("fax", fax), ("voice", voice))}
    found = reached(phones=phones)
    assert {channel: found[channel] for channel in numbers} == {
        channel: number or "no_eligible_phone" for channel, number in numbers.items()
    }


def test_the_account_decides_which_types_of_phone_a_channel_may_use() -> None:
    phones = (WORK, FAX, CELL)
    assert reached(with_phone_types(sms=["fax"]), phones=phones)["sms"] == FAX.number
    assert reached(with_phone_types(sms=["cell", "work"]), phones=phones)["sms"] == WORK.number
    assert reached(with_phone_types(voice=[]), phones=phones)["voice"] == "no_eligible_phone"


def test_an_archived_contact_is_reached_by_nothing_and_the_reason_is_that() -> None:
    archived = contact(emails=(Email("a@b.example", None),), phones=(CELL, FAX)).archived(NOW)
    reason = Reach(ok=False, reason="archived")
    assert reachable(archived, DEFAULT) == dict.fromkeys(("email", "sms", "fax", "voice"), reason)
    assert reachable(archived.restored(NOW), DEFAULT)["email"] == Reach(ok=True)


def test_messaging_methods_do_not_decide_whether_a_channel_could_reach() -> None:
    assert reached(phones=(CELL,), messaging_methods=())["sms"] == CELL.number


def test_each_step_makes_the_next_version_and_says_when() -> None:
    kept = contact()
    later = NOW + timedelta(hours=1)
    steps: list[Contact] = [kept.edited(kept.details, later), kept.archived(later), kept.archived(NOW).restored(later)]
    assert [step.version for step in steps] == [2, 2, 3]
    assert all((step.updated_at, step.created_at) == (later, NOW) for step in steps)
    assert [step.archived_at for step in steps] == [None, later, None]


def test_a_version_is_younger_than_the_one_before_even_when_its_request_began_earlier() -> None:
    earlier = NOW - timedelta(hours=1)
    for step in (contact().edited(details(), earlier), contact().archived(earlier), contact().archived(NOW)):
        assert step.updated_at == NOW + timedelta(milliseconds=1)


def test_an_archived_contact_cannot_be_edited() -> None:
    with pytest.raises(Conflict) as refusal:
        contact().archived(NOW).edited(details(), NOW)
    assert refusal.value.code == "archived"


def test_the_last_day_is_30_days_after_archiving() -> None:
    assert contact().purge_at is None
    assert contact().archived(NOW).purge_at == NOW + timedelta(days=30)
    assert contact().archived(NOW).restored(NOW).purge_at is None


@pytest.mark.parametrize(
    ("names", "shown"),
    [
        ({"first_name": "Ana", "middle_name": "M", "last_name": "Müller", "name_suffix": "Jr"}, "Ana M Müller Jr"),
        ({"first_name": None, "last_name": "Müller", "organization_name": "Lakeside"}, "Müller"),
        ({"first_name": None, "last_name": None, "organization_name": "Lakeside"}, "Lakeside"),
        ({"first_name": "Ana", "last_name": None, "organization_name": "Lakeside"}, "Lakeside"),
        ({"first_name": "", "last_name": None, "organization_name": None}, ""),
    ],
)
def test_a_contact_is_shown_by_the_persons_name_else_the_organizations(names: dict[str, Any], shown: str) -> None:
    assert details(**names).display_name == shown
    assert summary_of(contact(**names)).display_name == shown


def test_details_come_back_out_of_their_document() -> None:
    whole = details(
        messaging_methods=("email", "sms"),
        emails=(Email("a@b.example", "work"), Email("c@d.example", None)),
        phones=(CELL, WORK),
        address=Address(line1="1 Lake St", country="US"),
        notes="多",
    )
    assert ContactDetails.from_document(whole.to_document()) == whole


def test_a_row_shows_the_first_of_each() -> None:
    summary = summary_of(contact(emails=(Email("a@b.example", None), Email("c@d.example", None)), phones=(WORK, CELL)))
    assert (summary.email, summary.phone) == ("a@b.example", "(310) 555-0111 ext. 17")
    assert (summary_of(contact()).email, summary_of(contact()).phone) == (None, None)

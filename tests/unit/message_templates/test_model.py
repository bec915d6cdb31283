"""What a practice may write, and what becomes of it."""

import json
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.errors import Invalid
from carebook.identity import Person
from carebook.message_templates.built_in import BUILT_IN, Words
from carebook.message_templates.merge_names import KINDS, METHODS, Kind, Method, fields_of, samples_of
from carebook.message_templates.model import LONGEST, MessageTemplate, checked_words, render
from carebook.sms_segments import parts_of

EVERY = pytest.mark.parametrize("method", METHODS)
ALL_KINDS = pytest.mark.parametrize("kind", KINDS)
OPT_OUT = "Reply STOP to opt out."


def refusals(kind: Kind, method: Method, body: str, subject: str | None = None) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        checked_words(kind, method, subject=subject, body=body)
    return [(error.field, error.code) for error in refused.value.errors]


@EVERY
@ALL_KINDS
def test_every_built_in_text_could_have_been_written_by_a_practice(kind: Kind, method: Method) -> None:
    words = BUILT_IN[kind][method]
    assert checked_words(kind, method, subject=words.subject, body=words.body) == words


@EVERY
@ALL_KINDS
def test_a_built_in_text_reads_well_with_everything_and_with_nothing(kind: Kind, method: Method) -> None:
    for values in (samples_of(kind), {}):
        rendered = render(kind, method, values)
        assert (rendered.subject is None) == (method in ("sms", "voice"))
        text = f"{rendered.subject or ''}\n\n{rendered.body}"
        # No braces, no gap where a value was missing, no sentence that lost its beginning or its end.
        assert not re.search(r"[{}]|\n{4,}|None| [.,;!?]|, ,", text)
        assert rendered.body.strip()[-1] in ".!?" or rendered.body.strip().endswith(("Practice", "practice"))


@ALL_KINDS
def test_no_built_in_subject_is_about_anybody(kind: Kind) -> None:
    values = {name: "PERSONAL" for name in samples_of(kind) if not name.startswith("practice.")}
    for method in ("email", "fax"):
        assert "PERSONAL" not in str(render(kind, method, values).subject)


@ALL_KINDS
def test_a_built_in_text_message_says_who_writes_and_how_to_end_it_in_two_parts_at_most(kind: Kind) -> None:
    body = render(kind, "sms", samples_of(kind)).body
    assert body.startswith("Lakeside Family Practice")
    assert re.search(r"\bSTOP\b", body)
    parts = parts_of(body)
    assert (parts.encoding, parts.parts <= 2) == ("GSM", True)


def test_an_appointment_is_booked_moved_or_canceled() -> None:
    values = samples_of("appointment_notice") | {"appointment.moved": "", "contact.name": ""}
    booked = render("appointment_notice", "sms", values).body
    moved = render("appointment_notice", "sms", values | {"appointment.moved": "yes"}).body
    canceled = render("appointment_notice", "sms", values | {"appointment.canceled": "yes"}).body
    begin = "Lakeside Family Practice: your appointment"
    assert booked == f"{begin} on Fri, Dec 4, 9:30 AM EST has been booked. {OPT_OUT}"
    assert moved == f"{begin} has been moved to Fri, Dec 4, 9:30 AM EST. {OPT_OUT}"
    assert canceled == f"{begin} on Fri, Dec 4, 9:30 AM EST has been canceled. {OPT_OUT}"
    assert render("appointment_notice", "email", values).subject == "Appointment booked - Lakeside Family Practice"


def test_a_copy_to_a_contact_says_whose_appointment_it_is() -> None:
    values = samples_of("appointment_reminder")
    assert "Ben's appointment" in render("appointment_reminder", "email", values).body
    assert "your appointment" in render("appointment_reminder", "email", values | {"contact.name": None}).body


def test_the_code_of_a_share_goes_without_its_link_and_the_link_without_the_code() -> None:
    link = samples_of("share")
    code = link | {"share.link": "", "share.code": "471108"}
    for method in METHODS:
        assert "471108" not in render("share", method, link).body
        assert "https://" not in render("share", method, code).body
        assert "471108" in render("share", method, code).body


def test_a_practice_without_a_name_is_still_somebody() -> None:
    assert render("bill_reminder", "sms", {}).body.startswith("Your healthcare practice: ")


def test_the_practices_own_words_count() -> None:
    words = checked_words("share", "email", subject="From {{ practice.name }}", body="Hi {{ recipient.first_name }}!")
    template = MessageTemplate("share", "email", words=words)
    rendered = render("share", "email", {"recipient.first_name": "Ana"}, template=template)
    assert (rendered.subject, rendered.body) == ("From Your healthcare practice", "Hi Ana!\n")


def test_a_subject_that_is_left_out_is_the_built_in_one() -> None:
    assert checked_words("share", "fax", subject=None, body="x").subject == BUILT_IN["share"]["fax"].subject


def test_a_value_cannot_break_a_subject_into_lines() -> None:
    words = Words("News of {{ practice.name }}", "x")
    rendered = render(
        "share", "email", {"practice.name": "A\r\nBcc: x@y.z"}, template=MessageTemplate("share", "email", words=words)
    )
    assert rendered.subject == "News of A Bcc: x@y.z"


def test_what_a_value_holds_is_never_read_as_a_template() -> None:
    assert "{{ share.code }}" in render("share", "email", {"share.message": "{{ share.code }}", "share.code": "1"}).body


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("{{ client.frist_name }}", "unknown_merge_field"),
        ("{{ share.link }}", "unknown_merge_field"),
        ("{% for a in b %}{% endfor %}", "merge_tag_not_known"),
        ("{{ client.first_name.__class__ }}", "unknown_merge_field"),
        ("{{ ''.__class__.__mro__ }}", "merge_field_not_valid"),
        ("{{ cycler.__init__.__globals__ }}", "unknown_merge_field"),
        ("{{ client.first_name|upper }}", "merge_field_not_valid"),
        ("{{ range(10**9) }}", "merge_field_not_valid"),
        ("{% set x = 1 %}", "merge_tag_not_known"),
        ("{% if client.first_name %}", "condition_not_closed"),
        ("{{ client.first_name", "merge_field_not_closed"),
    ],
)
def test_a_template_can_neither_run_nor_reach_out(body: str, code: str) -> None:
    assert ("body", code) in refusals("bill_reminder", "email", body)


def test_a_misspelt_field_is_named_with_the_nearest_known_one() -> None:
    with pytest.raises(Invalid) as refused:
        checked_words("bill_reminder", "email", subject=None, body="Dear {{ client.frist_name }}")
    (error,) = refused.value.errors
    assert "client.frist_name" in error.message
    assert '"client.first_name"' in error.message


@pytest.mark.parametrize("name", ["client.first_name", "recipient.name", "appointment.date", "appointment.kind"])
def test_a_field_about_somebody_may_not_stand_in_a_subject(name: str) -> None:
    assert refusals("appointment_notice", "email", "x", f"About {{{{ {name} }}}}") == [
        ("subject", "merge_field_not_here")
    ]
    hidden = f"{{% if {name} %}}x{{% endif %}}"
    assert refusals("appointment_notice", "email", "x", hidden) == [("subject", "merge_field_not_here")]


@pytest.mark.parametrize("method", ["sms", "voice"])
def test_what_is_about_health_may_not_go_by_phone(method: Method) -> None:
    assert refusals("appointment_notice", method, "{{ appointment.kind }}") == [("body", "merge_field_not_here")]
    assert refusals("share", method, "{{ share.message }}") == [("body", "merge_field_not_here")]
    assert refusals("share", method, "x", "A subject") == [("subject", "no_subject")]


def test_a_text_message_that_is_too_long_is_refused_with_its_fields_filled_in() -> None:
    longest = "x" * (LONGEST["sms"] - len("Lakeside Family Practice"))
    assert checked_words("share", "sms", subject=None, body=longest + "{{ practice.name }}")
    assert refusals("share", "sms", longest + "y{{ practice.name }}") == [("body", "too_long")]


@EVERY
@ALL_KINDS
@given(data=st.data())
def test_whatever_the_values_hold_a_built_in_text_is_filled_or_refused(
    kind: Kind, method: Method, data: st.DataObject
) -> None:
    texts = st.text(st.characters(codec="utf-8"), max_size=60)
    values = {field.name: data.draw(texts) for field in fields_of(kind)}
    rendered = render(kind, method, values)
    assert len(rendered.body) <= LONGEST[method] + 1
    assert rendered.subject is None or len(rendered.subject.splitlines()) == 1


@pytest.mark.parametrize("words", [None, Words("عيادة", "שלום"), Words(None, "x")])
def test_a_template_comes_back_as_it_was_kept(words: Words | None) -> None:
    at = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
    changed = MessageTemplate("share", "sms").with_words(words, by=Person("usr_1", "Dr. Lee"), now=at)
    assert MessageTemplate.stored("share", "sms", json.loads(json.dumps(changed.to_document()))) == changed
    assert (changed.version, changed.built_in) == (1, words is None)

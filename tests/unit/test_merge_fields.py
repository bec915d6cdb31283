"""Merge fields: only what is known can be printed, nothing can be reached, and mistakes are told with their place."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.errors import Invalid
from carebook.merge_fields import DEEPEST, parse

KNOWN = ("contact.first_name", "contact.last_name", "contact.address.line1", "practice.name", "today")
VALUES = {
    "contact.first_name": "Ana",
    "contact.last_name": "Müller",
    "practice.name": "Lakeside",
    "today": "May 4, 2026",
}


def filled(text: str, values: dict[str, str | None] | None = None) -> str:
    return parse(text, KNOWN).fill(VALUES if values is None else values, limit=10_000)


def refusal(text: str) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as refused:
        parse(text, KNOWN, field="text")
    assert all(error.field == "text" for error in refused.value.errors)
    return [(error.code, error.message) for error in refused.value.errors]


def test_fields_are_filled_in() -> None:
    assert filled("Dear {{ contact.first_name }} {{contact.last_name}},") == "Dear Ana Müller,"


def test_a_value_is_never_read_as_a_template() -> None:
    assert filled("{{ contact.last_name }}", {"contact.last_name": "{{ today }}{% if %}"}) == "{{ today }}{% if %}"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("{% if contact.last_name %}yes{% endif %}", "yes"),
        ("{% if not contact.last_name %}yes{% endif %}", ""),
        ("{% if contact.address.line1 %}a{% elif today %}b{% else %}c{% endif %}", "b"),
        ("{% if contact.address.line1 %}a{% elif not today %}b{% else %}c{% endif %}", "c"),
        ("{% if today %}{% if contact.address.line1 %}a{% else %}b{% endif %}{% endif %}", "b"),
        ("one{# a remark #} two", "one two"),
        ("{{ \"{{ today }}\" }} and {{ '%}' }}", "{{ today }} and %}"),
    ],
)
def test_conditions_remarks_and_quoted_text(text: str, outcome: str) -> None:
    assert filled(text) == outcome


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("Dear {{ contact.first_name }} {{ contact.last_name }},", "Dear Müller,"),
        ("Dear {{ contact.first_name }},", "Dear,"),
        ("{{ contact.first_name }} {{ contact.last_name }}", "Müller"),
        ("To:\n{{ contact.first_name }}\n{{ contact.last_name }}\n", "To:\nMüller\n"),
        ("A\n\n{{ contact.first_name }}\n\nB", "A\n\n\nB"),
        ("with {{ contact.first_name }}", "with"),
    ],
)
def test_an_empty_value_leaves_no_gap(text: str, outcome: str) -> None:
    assert filled(text, {"contact.last_name": "Müller", "contact.first_name": None}) == outcome


def test_a_tag_alone_on_its_line_takes_the_line_with_it() -> None:
    assert filled("A\n{% if today %}\nB\n{% endif %}\nC\n") == "A\nB\nC\n"


@pytest.mark.parametrize(
    ("text", "code", "part"),
    [
        ("{{ contact.lastname }}", "unknown_merge_field", 'Did you mean "contact.last_name"?'),
        ("{{ contact.Last_Name }}", "unknown_merge_field", 'Did you mean "contact.last_name"?'),
        ("{{ zzz }}", "unknown_merge_field", "Use one of contact.address.line1, "),
        ("{% if contact.nickname_ %}{% endif %}", "unknown_merge_field", "There is no field"),
        ("{{ contact.__class__ }}", "unknown_merge_field", 'There is no field "contact.__class__"'),
        ("{{ contact.last_name.__class__.__mro__ }}", "unknown_merge_field", "There is no field"),
        ("{{ contact['last_name'] }}", "merge_field_not_valid", "is no field"),
        ("{{ contact.last_name | upper }}", "merge_field_not_valid", "no filters"),
        ("{{ contact.last_name() }}", "merge_field_not_valid", "no filters, calls"),
        ("{{ 9 ** 9 ** 9 }}", "merge_field_not_valid", "is no field"),
        ("{{ }}", "merge_field_not_valid", "is no field"),
        ("{% for x in range(9) %}", "merge_tag_not_known", '"for" is not known'),
        ("{% include '/etc/passwd' %}", "merge_tag_not_known", '"include" is not known'),
        ("{% %}", "merge_tag_not_known", "if, elif, else and endif"),
        ("{% if today == 1 %}{% endif %}", "merge_field_not_valid", '"today == 1" is no field'),
        ("{{ today", "merge_field_not_closed", 'Close "{{" with "}}"'),
        ("{% if today %}", "condition_not_closed", "{% endif %}"),
        ("{% endif %}", "condition_not_open", "no open"),
        ("{% else %}", "condition_not_open", "no open"),
        ("{% if today %}{% else %}{% else %}{% endif %}", "condition_closed", "only be {% endif %}"),
    ],
)
def test_what_cannot_stand_there_is_named_with_what_would_be_right(text: str, code: str, part: str) -> None:
    [(found, message)] = refusal(text)
    assert found == code
    assert part in message


def test_mistakes_are_told_with_line_and_column_and_all_at_once() -> None:
    found = refusal("ok\n  {{ nope }} {{ contact.lastname }}")
    assert [message.partition(":")[0] for _, message in found] == ["Line 2, column 3", "Line 2, column 14"]


def test_conditions_do_not_nest_without_end() -> None:
    deep = "{% if today %}" * 5_000 + "{% endif %}" * 5_000
    assert refusal(deep)[0][0] == "nested_too_deeply"
    assert filled("{% if today %}" * DEEPEST + "x" + "{% endif %}" * DEEPEST) == "x"


def test_the_outcome_has_a_limit() -> None:
    template = parse("{{ today }}" * 1_000, KNOWN)
    with pytest.raises(Invalid) as refused:
        template.fill({"today": "x" * 200}, limit=20_000)
    assert refused.value.errors[0].code == "too_long"


def test_values_are_written_as_the_text_demands() -> None:
    assert parse("**{{ today }}**", KNOWN).fill(
        {"today": "a*b"}, limit=99, write=lambda text: text.replace("*", "\\*")
    ) == ("**a\\*b**")


def test_it_says_which_fields_it_uses() -> None:
    assert parse("{{ today }}{% if practice.name %}{% endif %}", KNOWN).names == {"today", "practice.name"}


@given(st.text(alphabet=st.sampled_from(list("{}%#\"' \nabif.or-not_|")) | st.characters(codec="utf-8"), max_size=200))
def test_any_text_is_either_filled_or_refused(text: str) -> None:
    try:
        template = parse(text, KNOWN)
    except Invalid:
        return
    assert template.names <= set(KNOWN)
    template.fill(VALUES, limit=10_000)


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_characters="{\x00"), max_size=200))
def test_text_without_braces_stays_as_it_is(text: str) -> None:
    assert filled(text) == text


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=50))
def test_any_value_comes_out_as_it_is(value: str) -> None:
    assert filled("<{{ today }}>", {"today": value}) == f"<{value}>"

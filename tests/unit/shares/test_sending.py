"""By which methods link and code go, and in which words; neither stands in what is kept."""

from dataclasses import replace
from typing import Any

import pytest

from carebook.errors import Invalid
from carebook.message_templates.built_in import Words
from carebook.message_templates.model import MessageTemplate
from carebook.messages.model import Kind, Message, Status, Step
from carebook.shares.collaborators import Secrets
from carebook.shares.sending import CODE, LINK, text_of, ways_of
from tests.fakes.examples import ANA, NOW

SECRETS = Secrets("https://share.example/shares/q1w2e3", "48291037")
VALUES = {
    "practice.name": "Lakeside",
    "recipient.name": "Ana Müller",
    "recipient.first_name": "Ana",
    "share.expires_on": "December 9, 2026",
    "share.message": "As promised.",
}


def planned(**statuses: str) -> list[Message]:
    message = Message(
        id="msg_1", account="acc", recipient_id="con_1", version=1, kind=Kind.SHARE, direction="out", method="email",
        to="x", subject="", body="", status=Status.QUEUED, history=(Step(Status.QUEUED, NOW),), created_at=NOW,
        created_by=ANA,
    )  # fmt: skip
    return [
        replace(message, method=method, status=Status(status), reason="no_email" if status == "skipped" else None)
        for method, status in statuses.items()
    ]


@pytest.mark.parametrize(
    ("statuses", "ways"),
    [
        ({"email": "queued", "sms": "queued"}, {"email": LINK, "sms": CODE}),
        ({"sms": "held", "email": "queued"}, {"sms": LINK, "email": CODE}),
        ({"voice": "queued", "email": "queued"}, {"email": LINK, "voice": CODE}),
        ({"email": "skipped", "sms": "queued", "fax": "queued"}, {"sms": LINK, "fax": CODE}),
        ({"email": "queued", "sms": "skipped"}, {"email": LINK}),
        ({"fax": "queued"}, {"fax": LINK}),
    ],
)
def test_the_link_goes_by_the_first_that_carries_one_and_the_code_by_another(
    statuses: dict[str, str], ways: dict[str, str]
) -> None:
    assert ways_of(planned(**statuses)) == ways


def test_the_code_goes_rather_to_another_number_than_by_a_call_to_the_same() -> None:
    text, call, mail = planned(sms="queued", voice="queued", email="queued")
    number = "+13105550123"
    to_one_number = [replace(text, to=number), replace(call, to=number)]
    assert ways_of([*to_one_number, replace(mail, to="ana@example.org")]) == {"sms": LINK, "email": CODE}
    assert ways_of(to_one_number) == {"sms": LINK, "voice": CODE}


@pytest.mark.parametrize(
    ("statuses", "code"),
    [({"voice": "queued"}, "link_not_sayable"), ({"email": "skipped"}, "no_email"), ({}, "no_method")],
)
def test_without_a_way_for_the_link_nothing_is_shared(statuses: dict[str, str], code: str) -> None:
    with pytest.raises(Invalid) as refused:
        ways_of(planned(**statuses))
    assert refused.value.code == "not_reachable"
    assert [error.code for error in refused.value.errors] == [code]


@pytest.mark.parametrize("method", ["email", "sms", "fax"])
def test_what_is_kept_has_marks_in_the_place_of_link_and_code(method: str) -> None:
    link, code = (text_of(method, what, SECRETS, VALUES, []) for what in (LINK, CODE))
    assert "[link]" in link.body
    assert "[code]" in code.body
    for text in (link, code):
        assert "q1w2e3" not in text.subject + text.body
        assert "4829" not in text.subject + text.body
    assert "[code]" not in link.body
    assert "[link]" not in code.body


def test_what_somebody_wrote_with_it_stands_in_letters_alone() -> None:
    assert "As promised." in text_of("email", LINK, SECRETS, VALUES, []).body
    assert "As promised." not in text_of("sms", LINK, SECRETS, VALUES, []).body


def template(body: str, method: Any = "sms") -> MessageTemplate:
    return MessageTemplate("share", method, 1, Words(None, body))


def test_the_practices_own_words_count() -> None:
    own = template("{% if share.link %}Look: {{ share.link }}{% else %}Type {{ share.code }}{% endif %}")
    assert text_of("sms", LINK, SECRETS, VALUES, [own]).body == "Look: [link]"
    assert text_of("sms", CODE, SECRETS, VALUES, [own]).body == "Type [code]"
    assert text_of("email", LINK, SECRETS, VALUES, [own]).body.startswith("Dear Ana Müller")


def test_words_that_leave_out_what_they_are_for_do_not_count() -> None:
    own = template("{{ practice.name }} has something for you.")
    assert "[link]" in text_of("sms", LINK, SECRETS, VALUES, [own]).body
    assert "[code]" in text_of("sms", CODE, SECRETS, VALUES, [own]).body


def test_a_text_is_measured_with_the_link_in_it() -> None:
    own = template("x" * 1_580 + "{{ share.link }}{{ share.code }}")
    with pytest.raises(Invalid) as refused:
        text_of("sms", LINK, SECRETS, VALUES, [own])
    assert [error.code for error in refused.value.errors] == ["too_long"]

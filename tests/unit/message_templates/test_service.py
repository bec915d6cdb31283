"""Changing templates: under a version, whoever else is writing."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from carebook.errors import NotFound, StaleVersion, Unavailable
from carebook.identity import Person
from carebook.message_templates.built_in import Words
from carebook.message_templates.merge_names import KINDS, METHODS
from carebook.message_templates.model import MessageTemplate
from carebook.message_templates.service import all_templates, change_template, preview, which
from tests.fakes.examples import ACCOUNT, OTHER_ACCOUNT
from tests.fakes.message_templates import MemoryMessageTemplates

AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
BY = Person("usr_1", "Dr. Lee")
MINE, THEIRS = Words(None, "mine"), Words(None, "theirs")


class Busy(MemoryMessageTemplates):
    """A store to which somebody else writes just before we do."""

    def __init__(self) -> None:
        super().__init__()
        self.meanwhile: list[Callable[[], object]] = []

    def replace(self, account: str, template: MessageTemplate) -> None:
        if self.meanwhile:
            self.meanwhile.pop()()
        super().replace(account, template)


@pytest.fixture
def store() -> Busy:
    return Busy()


def change(store: MemoryMessageTemplates, words: Words | None, version: int | None = None) -> MessageTemplate:
    return change_template(
        store, account=ACCOUNT, kind="share", method="sms", words=words, by=BY, now=AT, expected_version=version
    )


def test_going_back_to_the_built_in_text_is_a_version_of_its_own(store: Busy) -> None:
    assert change(store, MINE) == MessageTemplate("share", "sms", 1, MINE, AT, BY)
    assert change(store, None) == MessageTemplate("share", "sms", 2, None, AT, BY)
    assert change(store, MINE).version == 3


def test_what_does_not_change_is_not_saved_again(store: Busy) -> None:
    assert change(store, None).version == 0
    change(store, MINE)
    assert change(store, MINE).version == 1


def test_a_stale_copy_is_told_what_differs(store: Busy) -> None:
    change(store, THEIRS)
    with pytest.raises(StaleVersion) as refused:
        change(store, MINE, version=0)
    assert (refused.value.version, refused.value.current) == (1, {"body": "theirs"})
    with pytest.raises(StaleVersion) as refused:
        change(store, None, version=0)
    assert refused.value.current == {"subject": None, "body": "theirs"}


def test_a_write_that_comes_between_is_seen(store: Busy) -> None:
    store.meanwhile = [lambda: change(store, THEIRS)]
    assert change(store, MINE).version == 2
    store.meanwhile = [lambda: change(store, THEIRS)]
    with pytest.raises(StaleVersion):
        change(store, Words(None, "more"), version=2)


def test_who_is_always_late_is_asked_to_come_again(store: Busy) -> None:
    def rival() -> None:
        store.meanwhile = []
        current = store.find(ACCOUNT, "share", "sms")
        store.replace(ACCOUNT, current.with_words(Words(None, str(current.version)), by=BY, now=AT))
        store.meanwhile = [rival]

    store.meanwhile = [rival]
    with pytest.raises(Unavailable):
        change(store, MINE)


def test_all_templates_are_there_own_and_built_in(store: Busy) -> None:
    mine = change(store, MINE)
    every = all_templates(store, account=ACCOUNT)
    assert [(one.kind, one.method) for one in every] == [(kind, method) for kind in KINDS for method in METHODS]
    assert [one for one in every if one.version] == [mine]
    assert not any(one.version for one in all_templates(store, account=OTHER_ACCOUNT))


def test_a_preview_is_of_the_draft_or_of_what_is_in_use(store: Busy) -> None:
    change(store, Words(None, "{{ practice.name }} writes"))

    def look(subject: str | None, body: str | None, method: str = "sms") -> tuple[str | None, str]:
        kind, by_method = which("share", method)
        rendered = preview(store, account=ACCOUNT, kind=kind, method=by_method, subject=subject, body=body)
        return rendered.subject, rendered.body

    assert look(None, None) == (None, "Lakeside Family Practice writes")
    assert look(None, "{{ recipient.first_name }}") == (None, "Maria")
    assert look("S", "B", "email") == ("S", "B\n")
    assert look("S", None, "email")[0] == "S"
    assert look(None, "B", "email") == ("Documents from Lakeside Family Practice", "B\n")
    assert store.find(ACCOUNT, "share", "email").version == 0


@pytest.mark.parametrize(("kind", "method"), [("shares", "sms"), ("share", "pigeon"), ("", "")])
def test_there_are_six_kinds_and_four_methods(kind: str, method: str) -> None:
    with pytest.raises(NotFound):
        which(kind, method)

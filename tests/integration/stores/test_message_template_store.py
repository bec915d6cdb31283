"""What every store of message templates promises."""

from datetime import UTC, datetime

import pytest

from carebook.errors import Conflict
from carebook.identity import Person
from carebook.message_templates.built_in import Words
from carebook.message_templates.merge_names import KINDS, METHODS
from carebook.message_templates.model import MessageTemplate
from carebook.message_templates.service import MessageTemplateStore
from tests.fakes.examples import ACCOUNT, OTHER_ACCOUNT

each_store = pytest.mark.parametrize("templates", ["memory", "dynamo"], indirect=True)
AT = datetime(2026, 11, 25, 9, 30, tzinfo=UTC)
BY = Person("usr_1", "Dr. Müller")
LETTER = Words("From {{ practice.name }}", "Grüße, שלום")


def first(words: Words | None = LETTER) -> MessageTemplate:
    return MessageTemplate("share", "email").with_words(words, by=BY, now=AT)


@each_store
def test_every_template_begins_as_the_built_in_one_at_version_0(templates: MessageTemplateStore) -> None:
    assert templates.find(ACCOUNT, "share", "sms") == MessageTemplate("share", "sms")
    assert templates.changed(ACCOUNT) == []


@each_store
def test_a_template_comes_back_as_it_was_saved(templates: MessageTemplateStore) -> None:
    templates.replace(ACCOUNT, first())
    assert templates.find(ACCOUNT, "share", "email") == first()
    assert templates.find(ACCOUNT, "share", "fax") == MessageTemplate("share", "fax")
    second = first().with_words(None, by=BY, now=AT)
    templates.replace(ACCOUNT, second)
    assert templates.find(ACCOUNT, "share", "email") == second
    assert templates.changed(ACCOUNT) == [second]


@each_store
def test_all_that_were_changed_are_found_together(templates: MessageTemplateStore) -> None:
    own = Words(None, "x")
    every = [MessageTemplate(kind, method).with_words(own, by=BY, now=AT) for kind in KINDS for method in METHODS]
    for template in every:
        templates.replace(ACCOUNT, template)
    assert sorted(templates.changed(ACCOUNT), key=str) == sorted(every, key=str)


@each_store
@pytest.mark.parametrize("version", [1, 2, 4])
def test_only_the_successor_of_what_is_kept_is_saved(templates: MessageTemplateStore, version: int) -> None:
    templates.replace(ACCOUNT, first())
    second = first().with_words(None, by=BY, now=AT)
    templates.replace(ACCOUNT, second)
    with pytest.raises(Conflict):
        templates.replace(ACCOUNT, MessageTemplate("share", "email", version, LETTER, AT, BY))
    assert templates.find(ACCOUNT, "share", "email") == second


@each_store
def test_a_second_version_needs_a_first_one(templates: MessageTemplateStore) -> None:
    with pytest.raises(Conflict):
        templates.replace(ACCOUNT, first().with_words(None, by=BY, now=AT))
    assert templates.changed(ACCOUNT) == []


@each_store
def test_accounts_do_not_see_each_others_templates(templates: MessageTemplateStore) -> None:
    templates.replace(ACCOUNT, first())
    assert templates.changed(OTHER_ACCOUNT) == []
    assert templates.find(OTHER_ACCOUNT, "share", "email").version == 0

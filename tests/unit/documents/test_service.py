"""What staff do with documents: drafts, final ones, their PDFs, and who may not."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

import pytest

from carebook.contacts.model import Contact
from carebook.documents import service, templates
from carebook.documents.collaborators import Act, NotPrintable
from carebook.documents.model import Document
from carebook.documents.printing import FETCHED_WITHIN, pdf_of_document
from carebook.documents.reading import read_content, read_texts
from carebook.errors import Conflict, Invalid, NotFound, StaleVersion
from carebook.settings.model import DEFAULTS, AccountSettings
from tests.fakes.contacts import MemoryContacts
from tests.fakes.documents import MemoryDocuments, MemoryTemplates, PaperPress
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, archive, contact, edit, save
from tests.fakes.settings import MemorySettings

LATER = NOW + timedelta(minutes=5)


@dataclass
class Desk:
    """Everything that a document needs."""

    contacts: MemoryContacts
    documents: MemoryDocuments
    to: Contact
    templates: MemoryTemplates = field(default_factory=MemoryTemplates)
    press: PaperPress = field(default_factory=PaperPress)

    def create(self, **given: Any) -> Document:
        facts = {"account": ACCOUNT, "contact_id": self.to.id, "template_id": None, "title": "A", "body": "Hello"}
        return service.create_document(
            self.contacts, self.documents, self.templates, **{**facts, "by": ANA, "now": NOW, **given}
        )

    def act(self, document: Document, **changes: Any) -> Act:
        return replace(Act(document.account, document.contact_id, document.id, BEN, LATER), **changes)

    def change(self, document: Document, *, version: int | None = None, **patch: Any) -> Document:
        return service.change_document(
            self.contacts,
            self.documents,
            self.press,
            self.press,
            self.act(document),
            patch=patch,
            read_content=read_content,
            expected_version=version,
        )

    def remove(self, document: Document, *, version: int | None = None) -> None:
        service.remove_document(self.contacts, self.documents, self.press, self.act(document), expected_version=version)

    def pdf(self, document: Document) -> str:
        return pdf_of_document(self.contacts, self.documents, self.press, self.press, self.act(document))[0]

    def template(self, **given: Any) -> Any:
        facts = {"account": ACCOUNT, "title": "Thanks, {{ contact.salutation }}", "body": "To {{ contact.name }}"}
        return templates.create_template(self.templates, **{**facts, "now": NOW, **given})


@pytest.fixture
def desk() -> Desk:
    settings = MemorySettings()
    settings.replace(ACCOUNT, AccountSettings(1, {**DEFAULTS, "practice_name": "Lakeside"}))
    contacts = MemoryContacts(settings)
    to = add(contacts, contact(organization_name="*Star* & Co"))
    return Desk(contacts, MemoryDocuments(contacts), to)


def test_a_document_from_a_template_has_its_fields_filled_in(desk: Desk) -> None:
    made = desk.create(
        template_id=desk.template(body="{{ contact.organization }}, {{ today }}").id, title=None, body=""
    )
    assert (made.title, made.status, made.version) == ("Thanks, Dr. Müller", "draft", 1)
    assert made.body == r"\*Star\* \& Co, November 23, 2026"
    assert made == desk.documents.find(ACCOUNT, desk.to.id, made.id)


def test_a_title_of_ones_own_goes_before_the_templates(desk: Desk) -> None:
    assert desk.create(template_id=desk.template().id, title="Mine", body="").title == "Mine"


def test_what_is_deleted_or_changed_of_a_template_leaves_its_documents(desk: Desk) -> None:
    template = desk.template()
    made = desk.create(template_id=template.id, title=None)
    changed = templates.change_template(
        desk.templates, account=ACCOUNT, template_id=template.id, patch={"body": "x"}, read_texts=read_texts, now=LATER
    )
    assert (changed.version, changed.title) == (2, template.title)
    templates.remove_template(desk.templates, account=ACCOUNT, template_id=template.id)
    assert desk.documents.find(ACCOUNT, desk.to.id, made.id) == made


@pytest.mark.parametrize("whose", [OTHER_ACCOUNT, None])
def test_a_template_of_another_account_is_not_there(desk: Desk, whose: str | None) -> None:
    template_id = desk.template(account=whose).id if whose else "tpl_none"
    with pytest.raises(Invalid) as refused:
        desk.create(template_id=template_id)
    assert [(error.field, error.code) for error in refused.value.errors] == [("template_id", "template_not_found")]


def test_an_unknown_field_is_named_wherever_it_stands(desk: Desk) -> None:
    for write in (desk.template, desk.create, lambda **texts: desk.change(desk.create(), **texts)):
        with pytest.raises(Invalid) as refused:
            write(title="{{ contact.lastname }}", body="{{ contact.__class__ }}")
        assert [(error.field, error.code) for error in refused.value.errors] == [
            ("title", "unknown_merge_field"),
            ("body", "unknown_merge_field"),
        ]


def test_a_title_that_is_empty_when_filled_is_refused(desk: Desk) -> None:
    with pytest.raises(Invalid) as refused:
        desk.create(title="{{ contact.middle_name }}")
    assert [(error.field, error.code) for error in refused.value.errors] == [("title", "required")]


def test_what_is_written_later_is_filled_in_and_what_stood_there_is_not_read_again(desk: Desk) -> None:
    made = desk.create(body='{{ "{{ today" }}')
    assert made.body == "{{ today"
    assert desk.change(made, title="To {{ contact.last_name }}").title == "To Müller"
    assert desk.change(made, title="C").body == "{{ today"


def test_the_history_says_who_did_what_but_not_what_it_says(desk: Desk) -> None:
    made = desk.create()
    changed = desk.change(made, title="B", body="secret")
    desk.change(changed, status="final")
    desk.remove(made)
    name = f"documents[{made.id}]"
    assert [(one.action, [(c.field, c.before, c.after) for c in one.changes]) for one in desk.documents.entries] == [
        ("document_added", [(f"{name}.title", None, "A")]),
        ("document_changed", [(f"{name}.title", "A", "B"), (f"{name}.body", None, None)]),
        ("document_finalized", [(f"{name}.status", "draft", "final")]),
        ("document_deleted", [(f"{name}.title", "B", None)]),
    ]
    assert {one.by for one in desk.documents.entries} == {ANA, BEN}


def test_a_change_that_changes_nothing_makes_no_version(desk: Desk) -> None:
    made = desk.create()
    assert desk.change(made, title="A") == made


def test_a_stale_change_is_told_what_is_there_now(desk: Desk) -> None:
    made = desk.create()
    desk.change(made, title="B")
    for write in (desk.change, desk.remove):
        with pytest.raises(StaleVersion) as refused:
            write(made, version=1)
        assert refused.value.current == {"title": "B"}


def test_a_final_document_is_issued_once_and_for_all(desk: Desk) -> None:
    final = desk.change(desk.create(), status="final", body="Hello {{ contact.last_name }}")
    assert (final.status, final.version, final.finalized_at) == ("final", 2, LATER)
    assert final.letter is not None
    assert (final.letter.practice["name"], final.letter.date) == ("Lakeside", "November 23, 2026")
    assert desk.change(final, status="final") == final
    patches: list[dict[str, Any]] = [{"title": "B"}, {"status": "draft"}, {"body": ""}]
    for patch in patches:
        with pytest.raises(Conflict) as refused:
            desk.change(final, **patch)
        assert refused.value.code == "document_final"


def test_what_it_was_issued_with_stays(desk: Desk) -> None:
    final = desk.change(desk.create(), status="final")
    edit(desk.contacts, desk.to, last_name="Other")
    desk.press.lying.clear()
    desk.pdf(final)
    assert desk.press.printed[-1] == desk.press.printed[0]
    assert "Ana Müller" in desk.press.printed[-1].letter.recipient


def test_an_empty_document_is_not_issued(desk: Desk) -> None:
    made = desk.create(body=" ")
    with pytest.raises(Invalid) as refused:
        desk.change(made, status="final")
    assert [(error.field, error.code) for error in refused.value.errors] == [("body", "required")]


def test_what_cannot_be_printed_is_not_made_final(desk: Desk) -> None:
    made = desk.create()
    desk.press.refuses = True
    with pytest.raises(NotPrintable):
        desk.change(made, status="final")
    assert desk.documents.find(ACCOUNT, desk.to.id, made.id) == made


def test_the_pdf_of_a_final_document_is_made_once_and_kept(desk: Desk) -> None:
    final = desk.change(desk.create(), status="final")
    assert desk.press.is_kept(str(final.final_key)) is True  # also if nobody ever asks for it
    addresses = {desk.pdf(final), desk.pdf(final)}
    assert len(desk.press.printed) == len(addresses) == 1
    assert desk.press.lying[str(final.final_key)] == {"sheet": desk.press.printed[0], "kept": True}
    assert desk.press.printed[0].draft is False


@pytest.mark.parametrize("lost", [True, False])
def test_a_step_that_was_cut_short_is_made_up_for(desk: Desk, lost: bool) -> None:
    final = desk.change(desk.create(), status="final")
    if lost:
        desk.press.lying.clear()
    else:
        desk.press.lying[str(final.final_key)]["kept"] = False
    desk.pdf(final)
    assert desk.press.is_kept(str(final.final_key)) is True


def test_a_pdf_of_a_draft_is_made_each_time_and_not_kept(desk: Desk) -> None:
    made = desk.create()
    desk.pdf(made)
    assert desk.pdf(desk.change(made, title="B")).endswith(f"?for={int(FETCHED_WITHIN.total_seconds())}")
    assert [(one.title, one.draft) for one in desk.press.printed] == [("A", True), ("B", True)]
    assert desk.press.is_kept(made.draft_key) is False


def test_keys_cannot_be_guessed_and_tell_nobody(desk: Desk) -> None:
    made, other = desk.create(title="Secret"), desk.create()
    first = desk.change(made, status="final")
    keys = {*first.keys, *other.keys}
    assert len(keys) == 3
    for key in keys:
        assert len(key.partition("/")[2]) >= 32
        assert key.startswith("doc_")
        assert "Secret" not in key


def test_a_deleted_document_takes_its_pdfs_with_it(desk: Desk) -> None:
    made = desk.create()
    desk.pdf(made)
    final = desk.change(made, status="final")
    desk.remove(final)
    assert desk.press.lying == {}
    for look in (
        desk.pdf,
        desk.remove,
        lambda one: service.view_document(desk.contacts, desk.documents, desk.act(one)),
    ):
        with pytest.raises(NotFound):
            look(final)


def test_a_pdf_that_is_made_while_its_document_goes_is_not_kept(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    final = desk.change(desk.create(), status="final")
    desk.press.lying.clear()
    printing = desk.press.print

    def meanwhile(sheet: Any, *, key: str) -> None:
        desk.remove(final)
        printing(sheet, key=key)

    monkeypatch.setattr(desk.press, "print", meanwhile)
    with pytest.raises(NotFound):
        desk.pdf(final)
    assert desk.press.is_kept(str(final.final_key)) is False  # the bucket's own rule deletes it


@pytest.mark.parametrize("state", ["archived", "merging"])
def test_documents_of_a_contact_that_is_put_away_are_read_and_not_written(desk: Desk, state: str) -> None:
    made = desk.create()
    if state == "archived":
        archive(desk.contacts, desk.to)
    else:
        save(desk.contacts, desk.to, replace(desk.to.succeeded(NOW), merging="con_x"))
    for write in (desk.create, lambda: desk.change(made, title="B"), lambda: desk.remove(made)):
        with pytest.raises(Conflict) as refused:
            write()
        assert refused.value.code == state
    assert service.view_document(desk.contacts, desk.documents, desk.act(made)) == made
    assert desk.pdf(made)


def test_whoever_sees_a_document_is_in_the_contacts_history(desk: Desk) -> None:
    made = desk.create()
    looks: list[Callable[[], Any]] = [
        lambda: service.view_document(desk.contacts, desk.documents, desk.act(made)),
        lambda: desk.pdf(made),
        lambda: service.list_documents(
            desk.contacts, desk.documents, account=ACCOUNT, contact_id=desk.to.id, viewer=BEN, now=LATER, before=None,
            limit=9,
        ),
    ]  # fmt: skip
    for look in looks:
        desk.contacts._entries[ACCOUNT, desk.to.id].clear()
        look()
        seen = desk.contacts.history(ACCOUNT, desk.to.id, before=None, limit=9)
        assert [(entry.by, entry.action) for entry in seen] == [(BEN, "viewed")]


def test_a_repeated_request_gets_the_first_document(desk: Desk) -> None:
    made = desk.create(request="r.d")
    assert desk.create(request="r.d") == made
    assert len(desk.documents.page(ACCOUNT, desk.to.id, before=None, limit=9)) == 1


def test_a_change_of_the_contact_at_the_same_moment_is_waited_for(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    add_to_store = desk.documents.add
    once = [lambda: edit(desk.contacts, desk.to, last_name="Other")]

    def busy(*given: Any, **more: Any) -> None:
        if once:
            once.pop()()
        add_to_store(*given, **more)

    monkeypatch.setattr(desk.documents, "add", busy)
    assert desk.create(body="{{ contact.last_name }}").body == "Other"


def test_what_has_not_the_form_of_an_id_is_not_found(desk: Desk) -> None:
    for wrong in ("x", "doc_", "con_01JDCXA0H9V2M3N4P5Q6R7S8T9"):
        with pytest.raises(NotFound):
            service.view_document(desk.contacts, desk.documents, replace(desk.act(desk.create()), document_id=wrong))
        with pytest.raises(NotFound):
            templates.read_template(desk.templates, account=ACCOUNT, template_id=wrong)

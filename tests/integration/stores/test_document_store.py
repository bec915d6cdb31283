"""What every store of documents and templates promises."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from carebook.contacts.history import HistoryEntry
from carebook.contacts.model import Contact
from carebook.contacts.protocols import ContactStore
from carebook.contacts.store import TableContacts
from carebook.documents.collaborators import DocumentStore
from carebook.documents.letter import letter_to
from carebook.documents.model import Document, Template
from carebook.documents.store import TableDocuments, TableTemplates
from carebook.documents.templates import TemplateStore
from carebook.errors import AlreadyExists, Conflict, NotFound
from carebook.ids import DOCUMENT, HISTORY, TEMPLATE, new_id
from carebook.merging.moves import Mover
from carebook.settings.model import AccountSettings
from carebook.table import Table
from tests.fakes.contacts import MemoryContacts
from tests.fakes.documents import MemoryDocuments, MemoryTemplates
from tests.fakes.examples import ACCOUNT, ANA, BEN, NOW, OTHER_ACCOUNT, add, contact, edit

BOTH = pytest.mark.parametrize("shelf", ["memory", "dynamo"], indirect=True)


@dataclass(frozen=True)
class Shelf:
    """The stores over one place."""

    contacts: ContactStore
    documents: DocumentStore
    templates: TemplateStore


@pytest.fixture
def shelf(request: pytest.FixtureRequest) -> Shelf:
    if request.param == "memory":
        contacts = MemoryContacts()
        return Shelf(contacts, MemoryDocuments(contacts), MemoryTemplates())
    table: Table = request.getfixturevalue("empty_table")()
    return Shelf(TableContacts(table), TableDocuments(table), TableTemplates(table))


def entry(action: str = "document_added") -> HistoryEntry:
    return HistoryEntry(id=new_id(HISTORY, NOW), at=NOW, by=ANA, action=action)


def document(to: Contact, **fields: object) -> Document:
    made = Document(
        id=new_id(DOCUMENT, NOW),
        account=to.account,
        contact_id=to.id,
        version=1,
        template_id=None,
        title="A letter",
        body="Dear Dr. Müller,\n\n“thanks” \U0001f600",
        created_at=NOW,
        created_by=ANA,
        updated_at=NOW,
        updated_by=BEN,
        draft_key="doc/draft",
        changed={"title": 1},
    )
    return replace(made, **fields)  # type: ignore[arg-type]


def template(**fields: object) -> Template:
    made = Template(
        id=new_id(TEMPLATE, NOW),
        account=ACCOUNT,
        version=1,
        title="Thanks",
        body="Dear {{ contact.salutation }},",
        created_at=NOW,
        updated_at=NOW,
        changed={"title": 1, "body": 1},
    )
    return replace(made, **fields)  # type: ignore[arg-type]


@BOTH
def test_a_document_comes_back_as_it_was(shelf: Shelf) -> None:
    to = add(shelf.contacts, contact())
    draft = document(to, template_id="tpl_x")
    shelf.documents.add(draft, to, entry())
    assert shelf.documents.find(ACCOUNT, to.id, draft.id) == draft
    letter = letter_to(to, AccountSettings(), NOW)
    final = draft.finalized(letter, title="B", body="c", key="doc/final", by=BEN, now=NOW)
    shelf.documents.replace(draft, final, to, entry())
    assert shelf.documents.find(ACCOUNT, to.id, draft.id) == final


@BOTH
def test_a_document_belongs_to_one_contact_of_one_account(shelf: Shelf) -> None:
    to, other = add(shelf.contacts, contact()), add(shelf.contacts, contact())
    draft = document(to)
    shelf.documents.add(draft, to, entry())
    for account, contact_id in ((ACCOUNT, other.id), (OTHER_ACCOUNT, to.id)):
        with pytest.raises(NotFound):
            shelf.documents.find(account, contact_id, draft.id)
        assert shelf.documents.page(account, contact_id, before=None, limit=9) == []
        assert shelf.documents.find_together(account, contact_id, [draft.id]) == {}
    assert shelf.documents.find_together(ACCOUNT, to.id, [new_id(DOCUMENT, NOW), draft.id]) == {draft.id: draft}


@BOTH
def test_nothing_is_written_beside_a_contact_that_has_changed(shelf: Shelf) -> None:
    to = add(shelf.contacts, contact())
    draft, other = document(to), document(to)
    shelf.documents.add(draft, to, entry())
    edit(shelf.contacts, to, notes="x")
    edited = draft.edited(title="B", body="", by=BEN, now=NOW)
    writes: list[Callable[[], object]] = [
        lambda: shelf.documents.add(other, to, entry()),
        lambda: shelf.documents.replace(draft, edited, to, entry()),
        lambda: shelf.documents.remove(draft, to, entry()),
    ]
    for write in writes:
        with pytest.raises(Conflict):
            write()
    assert shelf.documents.page(ACCOUNT, to.id, before=None, limit=9) == [draft]


@BOTH
def test_only_the_version_that_was_read_is_replaced_or_removed(shelf: Shelf) -> None:
    to = add(shelf.contacts, contact())
    draft = document(to)
    shelf.documents.add(draft, to, entry())
    edited = draft.edited(title="B", body="", by=BEN, now=NOW)
    shelf.documents.replace(draft, edited, to, entry())
    with pytest.raises(Conflict):
        shelf.documents.replace(draft, edited, to, entry())
    with pytest.raises(Conflict):
        shelf.documents.remove(draft, to, entry())
    shelf.documents.remove(edited, to, entry())
    with pytest.raises(NotFound):
        shelf.documents.find(ACCOUNT, to.id, draft.id)
    with pytest.raises(Conflict):
        shelf.documents.replace(edited, edited, to, entry())


@BOTH
def test_pages_are_newest_first_and_meet_without_gap_or_repeat(shelf: Shelf) -> None:
    to = add(shelf.contacts, contact())
    made = []
    for number in range(5):
        made.append(document(to, id=new_id(DOCUMENT, NOW + timedelta(seconds=number))))
        shelf.documents.add(made[-1], to, entry())
    newest = [one.id for one in reversed(made)]
    first = shelf.documents.page(ACCOUNT, to.id, before=None, limit=2)
    second = shelf.documents.page(ACCOUNT, to.id, before=first[-1].id, limit=2)
    assert [one.id for one in (*first, *second)] == newest[:4]
    shelf.documents.remove(made[3], to, entry())  # the one that the next page begins behind
    assert [one.id for one in shelf.documents.page(ACCOUNT, to.id, before=made[3].id, limit=9)] == newest[2:]


@BOTH
def test_a_request_makes_one_document(shelf: Shelf) -> None:
    to = add(shelf.contacts, contact())
    draft = document(to)
    shelf.documents.add(draft, to, entry(), request="r.d")
    with pytest.raises(Conflict):
        shelf.documents.add(document(to), to, entry(), request="r.d")
    assert shelf.documents.made_by(ACCOUNT, "r.d", now=NOW) == (to.id, draft.id)
    assert shelf.documents.made_by(ACCOUNT, "other.d", now=NOW) is None
    assert shelf.documents.made_by(ACCOUNT, "r.d", now=NOW + timedelta(hours=25)) is None


@pytest.mark.parametrize("shelf", ["dynamo"], indirect=True)
def test_a_document_that_is_edited_after_a_merge_moves_back_when_that_is_undone(shelf: Shelf, table: Table) -> None:
    survivor, duplicate = add(shelf.contacts, contact()), add(shelf.contacts, contact())
    draft = document(duplicate)
    shelf.documents.add(draft, duplicate, entry())
    nothing = {"PK": {"S": "NOTHING"}, "SK": {"S": "HERE"}}
    guard = {"TableName": table.name, "Key": nothing, "ConditionExpression": "attribute_not_exists(PK)"}
    mover = Mover(
        table,
        ACCOUNT,
        survivor_id=survivor.id,
        duplicate_id=duplicate.id,
        guard={"ConditionCheck": guard},
    )
    mover.move("DOC#")
    moved = shelf.documents.find(ACCOUNT, survivor.id, draft.id)
    assert moved.contact_id == survivor.id
    shelf.documents.replace(moved, moved.edited(title="B", body="", by=BEN, now=NOW), survivor, entry())
    mover.move_back("DOC#")
    back = shelf.documents.find(ACCOUNT, duplicate.id, draft.id)
    assert (back.title, back.contact_id, back.came_from) == ("B", duplicate.id, None)


@BOTH
def test_a_template_comes_back_as_it_was_and_in_its_account_alone(shelf: Shelf) -> None:
    kept = template()
    assert shelf.templates.add(kept) == kept
    assert shelf.templates.find(ACCOUNT, kept.id) == kept
    with pytest.raises(NotFound):
        shelf.templates.find(OTHER_ACCOUNT, kept.id)
    with pytest.raises(AlreadyExists):
        shelf.templates.add(kept)


@BOTH
def test_only_the_version_of_a_template_that_was_read_is_replaced_or_removed(shelf: Shelf) -> None:
    kept = shelf.templates.add(template())
    edited = kept.edited(title="B", body="c", now=NOW)
    shelf.templates.replace(kept, edited)
    assert shelf.templates.find(ACCOUNT, kept.id) == edited
    writes: list[Callable[[], object]] = [
        lambda: shelf.templates.replace(kept, edited),
        lambda: shelf.templates.remove(kept),
    ]
    for write in writes:
        with pytest.raises(Conflict):
            write()
    shelf.templates.remove(edited)
    with pytest.raises(Conflict):
        shelf.templates.remove(edited)


@BOTH
def test_pages_of_templates_are_oldest_first_and_meet_without_gap(shelf: Shelf) -> None:
    made = [shelf.templates.add(template(id=new_id(TEMPLATE, NOW + timedelta(seconds=n)))) for n in range(4)]
    shelf.templates.add(template(account=OTHER_ACCOUNT))
    first = shelf.templates.page(ACCOUNT, after=None, limit=3)
    assert [*first, *shelf.templates.page(ACCOUNT, after=first[-1].id, limit=3)] == made


@BOTH
def test_a_request_makes_one_template(shelf: Shelf) -> None:
    kept = shelf.templates.add(template(), request="r.d")
    assert shelf.templates.add(template(), request="r.d") == kept
    assert shelf.templates.page(ACCOUNT, after=None, limit=9) == [kept]

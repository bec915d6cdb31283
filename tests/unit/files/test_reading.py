"""What callers may say about files, and what they are told when they may not."""

import pytest

from carebook.errors import Invalid
from carebook.files.model import FileDetails, TrueType
from carebook.files.reading import read_category, read_details
from carebook.files.schemas import FileFields, NewUploads
from carebook.settings.model import DEFAULTS, AccountSettings
from carebook.validation import validated
from tests.fakes.examples import NOW, contact
from tests.fakes.files import file_of

SETTINGS = AccountSettings(1, {**DEFAULTS, "file_categories": ["Lab", "Röntgen"]})
BEFORE = file_of(contact(), details=FileDetails("a.pdf", "Old", None, ""), content_type="application/pdf")


def codes(document: object, model: type = FileFields) -> dict[str, str]:
    with pytest.raises(Invalid) as refused:
        validated(model, document)
    return {error.field: error.code for error in refused.value.errors}


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("../../etc/passwd", "file_name_not_valid"),
        ("..\\windows.ini", "file_name_not_valid"),
        ("..", "file_name_not_valid"),
        ("...", "file_name_not_valid"),
        ("two\nlines.pdf", "control_character"),
        ("nul\0.pdf", "control_character"),
        ("x" * 300, "too_long"),
        ("𠮷" * 200, "file_name_not_valid"),
        ("", "too_short"),
        ("photo\u202egpj.exe", "file_name_not_valid"),
        ("a\u2066b.pdf", "file_name_not_valid"),
    ],
)
def test_a_name_that_would_mislead_is_refused(name: str, code: str) -> None:
    assert codes({"name": name}) == {"name": code}


@pytest.mark.parametrize(
    "name",
    [
        'say "hello".pdf',
        "it's; 50%.pdf",
        "x" * 255,
        "שלום\u200f.pdf",
        "محمد\u061c.pdf",
        "診断書.pdf",
        ".profile",
        " a.pdf ",
    ],
)
def test_any_other_name_is_kept(name: str) -> None:
    assert validated(FileFields, {"name": name}).name == name.strip()


@pytest.mark.parametrize("day", ["2026-02-30", "20.11.2026", "2026-11", "tomorrow", "20261120"])
def test_a_day_is_one_of_the_calendar(day: str) -> None:
    assert set(codes({"name": "a", "date": day})) == {"date"}


def upload(**changes: object) -> dict[str, object]:
    return {"name": "a.pdf", "content_type": "application/pdf", "size": 1} | changes


@pytest.mark.parametrize(
    ("file", "field"),
    [
        (upload(size=0), "files[0].size"),
        (upload(size=100 * 1024 * 1024 + 1), "files[0].size"),
        (upload(size="1"), "files[0].size"),
        (upload(content_type="pdf"), "files[0].content_type"),
        (upload(content_type="text/html\r\nX: y"), "files[0].content_type"),
        (upload(sha256="AB"), "files[0].sha256"),
        (upload(key="mine"), "files[0].key"),
        (upload(status="clean"), "files[0].status"),
    ],
)
def test_what_is_announced_must_be_possible(file: dict[str, object], field: str) -> None:
    assert set(codes({"files": [file]}, NewUploads)) == {field}


@pytest.mark.parametrize("count", [0, 21])
def test_one_to_twenty_files_come_at_once(count: int) -> None:
    assert set(codes({"files": [upload()] * count}, NewUploads)) == {"files"}
    assert len(validated(NewUploads, {"files": [upload()] * 20}).files) == 20


def test_a_category_is_one_of_the_settings_as_they_write_it() -> None:
    assert read_category("lab", SETTINGS) == "Lab"
    assert read_category("RÖNTGEN", SETTINGS) == "Röntgen"
    assert read_category(None, SETTINGS) is None
    with pytest.raises(Invalid) as refused:
        read_category("Letters", SETTINGS)
    assert refused.value.errors[0].code == "category_not_known"
    assert "Lab, Röntgen" in refused.value.errors[0].message


def test_an_account_without_categories_takes_any() -> None:
    assert read_category("Letters", AccountSettings()) == "Letters"


def test_a_category_that_is_used_no_more_stays_until_it_is_changed() -> None:
    document = BEFORE.details.to_document()
    assert read_details(document | {"name": "b.pdf"}, SETTINGS, BEFORE).category == "Old"
    with pytest.raises(Invalid):
        read_details(document | {"category": "Older"}, SETTINGS, BEFORE)


PROGRAM = TrueType("application/x-msdownload", text=False)


def renamed(name: str, *, before: str = "tool.exe", **changes: object) -> FileDetails:
    usual = {"content_type": "application/octet-stream"}
    file = file_of(contact(), now=NOW, content=b"MZ", **{"details": FileDetails(before), **usual, **changes})
    return read_details(file.details.to_document() | {"name": name}, AccountSettings(), file)


@pytest.mark.parametrize("name", ["lab.pdf", "lab.PDF", "lab.pdf.", "lab.txt"])
def test_a_new_name_is_held_to_what_the_file_was_found_to_be(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        renamed(name, true_type=PROGRAM)
    assert [(error.field, error.code) for error in refused.value.errors] == [("name", "ending_not_its_type")]
    assert "application/x-msdownload" in refused.value.errors[0].message


@pytest.mark.parametrize("name", ["setup.exe", "tool", "tool.unheard"])
def test_any_name_that_does_not_contradict_it_is_taken(name: str) -> None:
    assert renamed(name, true_type=PROGRAM).name == name


def test_of_what_was_accepted_before_types_were_kept_only_the_declared_type_is_looked_at() -> None:
    assert renamed("lab.pdf", true_type=None).name == "lab.pdf"
    with pytest.raises(Invalid):
        renamed("lab.pdf", true_type=None, content_type="application/x-msdownload")


def test_a_name_that_a_file_has_is_no_obstacle_to_other_changes() -> None:
    assert renamed("lab.pdf", before="lab.pdf", true_type=PROGRAM).name == "lab.pdf"

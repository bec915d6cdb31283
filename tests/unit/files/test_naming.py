"""Names that others gave their files, made into names that ours may have."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.files.naming import plain_name, plain_type
from carebook.files.schemas import FileFields, UploadFile


@pytest.mark.parametrize(
    ("given_name", "name"),
    [
        ("Bericht Ü.pdf", "Bericht Ü.pdf"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\ana\\scan.pdf", "scan.pdf"),
        ("two\r\nlines.pdf", "two lines.pdf"),
        ("invoice\u202efdp.exe", "invoicefdp.exe"),
        ("...", "attachment"),
        ("", "attachment"),
        ("a" * 300 + ".pdf", "a" * 251 + ".pdf"),
        ("謝" * 250 + ".pdf", "謝" * 198 + ".pdf"),
        ("." + "x" * 300, "." + "x" * 254),
        ("damaged\udcff.pdf", "damaged?.pdf"),
        ("\u00ad", "attachment"),  # a soft hyphen, of which nothing is to be seen
        (".\u200b.", "attachment"),
        ("\u200b" * 300 + "scan", "attachment"),
        ("a" * 254 + " and more", "a" * 254),
    ],
)
def test_the_nearest_name_that_may_be(given_name: str, name: str) -> None:
    assert plain_name(given_name) == name


ANY_TEXT = st.text(st.characters(exclude_categories=()))
LONG_TEXT = st.builds("".join, st.lists(ANY_TEXT.flatmap(lambda text: st.sampled_from([text, text * 90])), max_size=9))


@given(ANY_TEXT | LONG_TEXT | st.text(". \u00ad\u200ba"))
def test_whatever_it_was_the_name_can_be_kept_and_stays_as_it_is_then(text: str) -> None:
    name = plain_name(text)
    assert FileFields(name=name).name == name
    assert plain_name(name) == name


@given(st.text())
def test_whatever_it_was_the_type_can_be_kept(text: str) -> None:
    assert UploadFile(name="a", content_type=plain_type(text), size=1).content_type in {
        text,
        "application/octet-stream",
    }

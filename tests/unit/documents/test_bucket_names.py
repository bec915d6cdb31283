"""The name under which a document is saved, whatever its title is."""

from urllib.parse import unquote

import pytest
from hypothesis import given

from carebook.documents.bucket import file_name_of
from carebook.downloads import content_disposition
from tests.fakes.examples import ANY_TEXT


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("Thank you", "Thank you.pdf"),
        ("a/b\\c:d", "a_b_c_d.pdf"),
        ("../../etc/passwd", "_.._etc_passwd.pdf"),
        (" . ", "document.pdf"),
        ("x" * 200, "x" * 120 + ".pdf"),
        ("Müller שלום", "Müller שלום.pdf"),
    ],
)
def test_a_title_makes_a_file_name(title: str, name: str) -> None:
    assert file_name_of(title) == name


@given(ANY_TEXT)
def test_any_name_is_a_valid_header_and_comes_back(title: str) -> None:
    name = file_name_of(title)
    header = content_disposition(name)
    assert header.isascii()
    assert header.isprintable()
    assert header.count('"') == 2
    assert unquote(header.partition("filename*=UTF-8''")[2]) == name

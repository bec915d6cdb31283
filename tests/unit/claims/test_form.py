"""The items in place on the standard form."""

from io import BytesIO

from pypdf import PdfReader

from carebook.claims.form import form_page
from carebook.claims.model import Items, OtherId


def placed(items: Items) -> dict[str, tuple[int, int]]:
    """What is drawn, with line and column of the form's grid."""
    found: dict[str, tuple[int, int]] = {}

    def visit(text: str, _cm: list[float], tm: list[float], _font: object, _size: float) -> None:
        if text.strip():
            column, line = (tm[4] - 21.6) / 7.2 + 1, (792 - 15 - tm[5]) / 12
            assert abs(column - round(column)) < 0.02
            assert abs(line - round(line)) < 0.02
            found[text.strip()] = (round(line), round(column))

    page = form_page(items)
    (read,) = PdfReader(BytesIO(page.encode("ascii"))).pages
    assert read.mediabox[2:] == [612, 792]
    read.extract_text(visitor_text=visit)
    return found


def test_each_item_stands_in_its_place() -> None:
    items = Items("DN", "Ana M Müller MD FACP", OtherId("0B", "A12345"), "1234567893")
    assert placed(items) == {
        "0B": (33, 30),
        "A12345": (33, 33),
        "DN": (34, 1),
        "ANA M MÜLLER MD FACP": (34, 4),
        "1234567893": (34, 33),
    }


def test_what_is_not_there_is_not_drawn() -> None:
    assert placed(Items("DK", "O'Brien")) == {"DK": (34, 1), "O'BRIEN": (34, 4)}


def test_signs_that_mean_something_to_a_pdf_are_text() -> None:
    assert list(placed(Items("DN", r"A (B) \C", None, None))) == ["DN", r"A (B) \C"]


def test_the_page_is_ascii_so_that_no_gateway_has_to_know_that_it_is_no_text() -> None:
    assert form_page(Items("DN", "Ünal Çelik Ñandú")).isascii()


def test_capitals_take_no_more_room_than_small_letters() -> None:
    """The capital of ß is two letters, and that of µ is in no printer's font."""
    assert "GROßE µÿ" not in placed(Items("DN", "Große µÿ"))
    assert list(placed(Items("DN", "Große µÿ"))) == ["DN", "GROßE µŸ"]

"""Items 17, 17a and 17b in place for print on the standard form, CMS-1500 (02/12).

The form is read by machines that expect 10 characters an inch and 6 lines an inch. Lines and columns are those at
which OpenEMR prints the form; where the grid begins on the page agrees with Medplum's coordinates (name at 43, 423
points from the upper left, NPI at about 250), and 0.3 inches from the left is what is said of the NUCC's print rules
(second-hand). In capitals, as scanners want it (payer: NGS Medicare, 2023-08-09). No print has been compared with the
real form: hold one against it.
"""

from io import BytesIO
from typing import Final

from carebook.claims.model import Items

_PAGE: Final = (612, 792)  # US letter in points
_COLUMN: Final = 7.2  # ten characters an inch
_LINE: Final = 12  # six lines an inch
_LEFT: Final = 21.6  # where column 1 begins
_BELOW_TOP: Final = 15  # the baseline of line n stands n lines and this much below the upper edge


def form_page(items: Items) -> str:
    """A PDF of one page with the items and nothing else.

    It is written in ASCII alone: no gateway between us and the printer has to know that it is no text.
    """
    from pypdf import PdfWriter
    from pypdf.generic import ContentStream, DecodedStreamObject, DictionaryObject, NameObject

    writer = PdfWriter()
    page = writer.add_blank_page(*_PAGE)
    font = {"Type": "Font", "Subtype": "Type1", "BaseFont": "Courier", "Encoding": "WinAnsiEncoding"}
    fonts = DictionaryObject()
    fonts[NameObject("/F1")] = DictionaryObject({NameObject(f"/{k}"): NameObject(f"/{v}") for k, v in font.items()})
    page[NameObject("/Resources")] = DictionaryObject({NameObject("/Font"): fonts})
    content = DecodedStreamObject()
    content.set_data("\n".join(_drawn(items)).encode("ascii"))
    page.replace_contents(ContentStream(content, writer))
    file = BytesIO()
    writer.write(file)
    # The second line of a PDF is a comment of four bytes, by custom outside of ASCII.
    return "".join(chr(byte) if byte < 128 else "+" for byte in file.getvalue())


def _drawn(items: Items) -> list[str]:
    other = items.other_id
    placed = [
        (33, 30, other.qualifier if other else None),
        (33, 33, other.id if other else None),
        (34, 1, items.qualifier if items.name else None),
        (34, 4, items.name),
        (34, 33, items.npi),
    ]
    return [_text(line, column, text) for line, column, text in placed if text]


def _text(line: int, column: int, text: str) -> str:
    x, y = _LEFT + (column - 1) * _COLUMN, _PAGE[1] - _BELOW_TOP - line * _LINE
    escaped = "".join(_escaped(byte) for byte in _in_capitals(text).encode("cp1252", "replace"))
    return f"BT /F1 12 Tf {x:.1f} {y:.1f} Td ({escaped}) Tj ET"


def _in_capitals(text: str) -> str:
    """As many characters as before: what has no capital of its own in the font stays small."""
    capitals = ((letter, letter.upper()) for letter in text)
    return "".join(
        large if large.encode("cp1252", "ignore") and len(large) == 1 else small for small, large in capitals
    )


def _escaped(byte: int) -> str:
    return chr(byte) if 32 <= byte < 127 and byte not in b"()\\" else f"\\{byte:03o}"

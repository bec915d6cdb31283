"""Records and queries to search with: few names in many scripts, so that they often meet."""

import random
from collections.abc import Iterator

from hypothesis import strategies as st

from carebook.errors import Invalid
from carebook.folding import words
from carebook.search.entries import Entry
from carebook.search.plan import Plan, plan_search
from carebook.search.service import Position, Results, SearchIndex, search
from carebook.search.tokens import Searchable

NAMES = (
    *("Ana", "Anna", "Annabel", "An", "A", "José", "Smith", "Smithe", "Smi", "Müller", "Mueller", "Muller", "Mu"),
    *("O'Brien", "OBrien", "O’Neil", "Jean-Luc", "García López", "de la Cruz", "Nguyễn", "Łukasz", "Straße", "ß"),
    *(
        "李",
        "李小龙",
        "𠮷野",
        "김",
        "สมชาย",
        "प्रिया",
        "שרה",
        "فاطمة",
        "Ελένη",
        "ΑΛΈΞΗΣ",
        "Жанна",
        "Ёлкин",
        "İnci",
        "ﬁnn",
    ),
    *("Wolfeschlegelsteinhausenbergerdorff", "Wolfeschlegelsteinhausen", "Jane", "Maria Wolfeschlegelsteinhausen"),
    *("x" * 100, "㌖" * 40, "🦷", "12", "3rd", "N12", "", "", "", ""),
)
ORGANIZATIONS = (
    *("Lakeside Family Practice", "Lake Medical Center", "Smith & Müller Clinic", "Family Medical Group", "360 Health"),
    *(
        "24-7 Care",
        "Müller",
        "St. John's Hospital",
        "Ana",
        "Böhm Clinic of the Lake",
        "N1 Care",
        "東京 クリニック",
        "عيادة ٣٦٠",
    ),
    *("", "", "", "", "example.org", "Practice", "Ü Mueller Ue", "the very long name of a group " * 6),
)
LOCALS = (
    *("ana", "anna", "an", "o'brien", "jane.smith", "smith", "müller", "+1", "-1", "n12", "360", "İ", "a¨b", "ﷺ"),
    *("x" * 64, "㌖" * 30),
)
DOMAINS = ("example.org", "example.com", "example.organic", "lake.example", "x.com", "müller.example")
PHONES = ("+13105550123", "+13105550199", "+1310555", "+12125550123", "+13605550100", "+493012345", "+61412345678")
NPIS = ("1234567893", "2222222222", "1310555012", "")
_NUMBERS_TYPED = (
    *PHONES,
    *(number.removeprefix("+1") for number in PHONES),
    *filter(None, NPIS),
    *(
        "(310) 555",
        "0310555",
        "00493012",
        "030 12345",
        "0123",
        "000",
        "360",
        "٣٦٠",
        "24-7",
        "24/7",
        "12",
        "٠١٢٣",
        "+1 310",
        "+1",
        "+4",
        "0555",
        "5550",
        "+ (0)",
        "0012",
        "0000123",
        "011493012345",
        "310–555–0123",
        "\u202d+1 310 555 0123\u202c",
        "3105550123 ext 5",
    ),
)
_WORDS = sorted({word for name in NAMES + ORGANIZATIONS for word in words(name)})
_WHOLE = [name for name in NAMES + ORGANIZATIONS if words(name)]


def some_records(chance: random.Random, count: int) -> list[Searchable]:
    """Records with names, addresses and numbers of few kinds; now and then one has more than the index keeps."""
    return [some_record(chance, f"con_{(number * 7919) % 10007:026}") for number in range(count)]


def some_record(chance: random.Random, record_id: str) -> Searchable:
    """A record of this id."""
    return Searchable(
        id=record_id,
        type=chance.choice("gp"),
        last_name=chance.choice(NAMES),
        first_name=chance.choice(NAMES),
        middle_name=chance.choice(NAMES) if chance.random() < 0.3 else "",
        organization_name=_many(chance, " ") or chance.choice(ORGANIZATIONS),
        emails=tuple(_emails(chance)),
        phones=tuple(chance.sample(PHONES, chance.choice((0, 1, 1, 2, 3)))),
        npi=chance.choice(NPIS),
    )


def _emails(chance: random.Random) -> list[str]:
    many = _many(chance, "@x.com ")
    if many:
        return f"{many}@x.com".split()
    return [some_email(chance) for _ in range(chance.choice((0, 1, 1, 2, 3)))]


def some_email(chance: random.Random) -> str:
    """An address."""
    return f"{chance.choice(LOCALS)}@{chance.choice(DOMAINS)}"


def _many(chance: random.Random, between: str) -> str:
    """More words than the index keeps, now and then."""
    count = chance.randrange(15, 60) if chance.random() < 0.05 else 0
    return between.join(f"{chance.choice(('x', 'ana', 'y'))}{number}" for number in range(count))


def some_query(chance: random.Random) -> str:
    """What somebody might type who looks for one of them."""
    match chance.randrange(8):
        case 0:
            return _begun(chance)
        case 1 | 2:
            return f"{chance.choice((_begun(chance), chance.choice(_WHOLE)))} {_begun(chance)}"
        case 3:
            return " ".join(_begun(chance) for _ in range(chance.choice((3, 3, 4))))
        case 4:
            return chance.choice(_WHOLE)
        case 5:
            number = chance.choice(_NUMBERS_TYPED)
            return number[chance.choice((0, 0, 0, -4, -5, -7)) : chance.choice((None, None, None, 4, 6))]
        case 6:
            return some_email(chance)[: chance.choice((None, None, 4, 7, -1, -4))]
    domain = chance.choice(DOMAINS)
    return chance.choice((f"@{domain}", domain, f"@{domain[:4]}", "jane.smith", "jane.", "ana@", "a@", "Jean-Luc"))


def _begun(chance: random.Random) -> str:
    word = chance.choice(_WORDS)
    return word[: chance.choice((1, 2, 3, 5, 99))]


chances = st.integers(0, 2**32 - 1).map(random.Random)


def plan_or_none(query: str, country: str = "US") -> Plan | None:
    """The plan; None when the query is refused."""
    try:
        return plan_search(query, country=country)
    except Invalid:
        return None


def pages(entries: SearchIndex, plan: Plan, size: int, record_type: str | None = None) -> Iterator[Results]:
    """All pages, each checked for what every page promises."""
    start: Position | None = None
    while True:
        page = search(entries, plan, record_type=record_type, start=start, limit=size)
        assert len(page.hits) <= size
        ends_early = page.partial or (start is None and plan.together > 1 and page.hits)
        assert page.next is None or len(page.hits) == size or ends_early
        yield page
        if page.next is None:
            return
        assert page.next != start
        start = page.next


def all_hits(entries: SearchIndex, query: str, size: int, *, record_type: str | None = None) -> list[Entry]:
    """What is shown on all pages together."""
    plan = plan_search(query, country="US")
    return [hit.entry for page in pages(entries, plan, size, record_type) for hit in page.hits]

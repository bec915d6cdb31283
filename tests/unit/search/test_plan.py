"""What is typed, and the ranges in which it is looked for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carebook.errors import Invalid
from carebook.search.plan import STOP_WORDS, KeyRange, plan_search
from carebook.search.tokens import NAMES, Kind
from tests.unit.search.examples import plan_or_none

WORDS = NAMES | {Kind.EMAIL}


def ranges(query: str, country: str = "US") -> list[str]:
    """The ranges in short: the kinds, where they begin, and behind a ``+`` which other words they need."""
    plan = plan_search(query, country=country)
    return [_short(key_range) for key_range in plan.ranges]


def together(query: str, country: str = "US") -> list[str]:
    plan = plan_search(query, country=country)
    return [_short(key_range) for key_range in plan.ranges[: plan.together]]


def _short(key_range: KeyRange) -> str:
    kinds = "words" if key_range.kinds == WORDS else "names" if key_range.kinds == NAMES else ""
    kinds = kinds or "".join(kind.name for kind in key_range.kinds).lower()
    return " + ".join((f"{kinds}:{key_range.prefix}", *key_range.words))


@pytest.mark.parametrize(
    ("query", "word"),
    [
        *(("mul", "mul"), ("MÜLLER", "muller"), ("Mueller", "mueller"), ("O'Brien", "obrien"), ("O’Brien", "obrien")),
        *(
            (" smith ", "smith"),
            ("straße", "strasse"),
            ("李", "李"),
            ("Ελ", "ελ"),
            ("12", "12"),
            ("a", "a"),
            ("5%", "5"),
        ),
        *(("#smith", "smith"), ('"smith"', "smith"), ("jane_", "jane"), ("dr.", "dr"), ("clinic", "clinic")),
        ("x" * 100, "x" * 64),
    ],
)
def test_one_word_is_one_range_of_names_and_addresses(query: str, word: str) -> None:
    assert ranges(query) == together(query) == [f"words:{word}"]


def test_two_words_are_names_either_way_round_then_a_phrase_then_any_order() -> None:
    exact = [
        *("last_name:mueller 1mueller lake", "first_name:mueller 2lake"),
        *("last_name:lake 1lake mueller", "organization:mueller 3mueller lake"),
    ]
    assert together("Mueller Lake") == exact
    assert ranges("Mueller Lake") == [*exact, "names:mueller + lake"]


def test_of_phrases_that_many_may_have_fewer_are_read_beside_the_names() -> None:
    assert [key_range.beside for key_range in plan_search("lake fam", country="US").ranges] == [
        None,
        None,
        None,
        20,
        None,
    ]


def test_a_word_twice_is_looked_for_once_in_each_way() -> None:
    assert together("ana ana") == ["last_name:ana 1ana ana", "first_name:ana 2ana", "organization:ana 3ana ana"]


def test_two_words_longer_than_name_keys_are_cut_and_looked_at_themselves() -> None:
    long = "wolfeschlegelsteinhausen"
    assert ranges(f"{long}berger bob") == [
        f"last_name:{long}berger 1{long} + {long}berger + bob",
        f"first_name:{long}berger 2bob + {long}berger + bob",
        f"last_name:bob 1bob {long[:20]} + {long}berger + bob",
        f"organization:{long}berger 3{long} + {long}berger + bob",
        f"names:{long}berger + bob",
    ]


@pytest.mark.parametrize(
    ("query", "driver"),
    [
        ("ana maria lopez", "maria + ana + lopez"),
        ("family medical smith", "smith + family + medical"),
        ("family medical group", "medical + family + group"),
        ("a b c", "a + b + c"),
        ("jo rehabilitation li", "jo + rehabilitation + li"),
    ],
)
def test_more_words_are_read_along_the_longest_that_is_not_in_everybodys_name(query: str, driver: str) -> None:
    assert ranges(query) == [f"names:{driver}"]
    assert plan_search(query, country="US").ranges[0].broad
    assert together(query) == []


def test_stop_words_are_written_as_they_are_looked_for() -> None:
    assert all(word.isascii() and word.islower() and word.isalpha() for word in STOP_WORDS)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("ana@", "email:ana@"),
        ("Ana@Example.ORG", "email:ana@example.org"),
        ("o'brien@x.com", "email:obrien@x.com"),
        ("müller@", "email:muller@"),
        ("@example.org", "domain:@example.org"),
        ("@Ex", "domain:@ex"),
        ("+1@x", "email:+1@x"),
        (" ana @ x.com ", "email:ana@x.com"),
        ("ana＠x", "email:ana@x"),
    ],
)
def test_an_address_is_looked_for_from_its_beginning(query: str, expected: str) -> None:
    assert ranges(query) == together(query) == [expected]


@pytest.mark.parametrize(
    ("query", "beside"),
    [
        ("jane.smith", ["email:jane.smith", "domain:@jane.smith"]),
        ("jane_smith", ["email:jane_smith"]),
        ("jean-luc", ["email:jean-luc"]),
        ("example.org", ["email:example.org", "domain:@example.org"]),
        ("dr. smith", []),
    ],
)
def test_a_run_of_signs_and_letters_may_be_a_part_of_an_address(query: str, beside: list[str]) -> None:
    assert together(query)[4:] == beside
    assert ranges(query)[4 + len(beside) :] == [ranges(query)[-1]]


def test_a_longer_run_too() -> None:
    assert ranges("mail.lake.org") == ["email:mail.lake.org", "domain:@mail.lake.org", "names:mail + lake + org"]


@pytest.mark.parametrize(
    ("query", "country", "expected"),
    [
        ("(310) 555", "US", ["+1310555", "+310555", "-555013"]),
        ("310.555.0123", "US", ["+13105550123", "+3105550123", "-3210555013"]),
        ("+1 (310) 555", "US", ["+1310555"]),
        ("(+1) 310", "US", ["+1310"]),
        ("0412 345 678", "AU", ["+61412345678", "-876543214"]),
        ("00493012", "US", ["+493012", "-210394"]),
        ("030 123", "DE", ["+4930123", "-321030"]),
        ("0412 345 678", "US", ["-876543214"]),
        ("0001", "US", ["names:0001", "-1000"]),
        ("0012", "US", ["names:0012", "-2100"]),
        ("0012", "DE", ["names:0012", "+49012", "-2100"]),
        ("00123", "US", ["names:00123", "-32100"]),
        ("00123", "DE", ["names:00123", "+123", "-32100"]),
        ("0000123", "US", ["-321000"]),
        ("011 49 3012", "US", ["+493012", "-210394"]),
        ("0110123", "US", ["-321011"]),
        ("0123", "US", ["names:0123", "-3210"]),
        ("0123", "DE", ["names:0123", "+49123", "-3210"]),
        ("310", "US", ["names:310", "+1310"]),
        ("6141", "US", ["names:6141", "+16141", "-1416"]),
        ("61412", "US", ["names:61412", "+161412", "+61412", "-21416"]),
        ("24/7", "US", ["names:24 + 7", "+1247"]),
        ("1234567893", "US", ["+11234567893", "+1234567893", "-3987654321", "n1234567893"]),
        ("3234567893", "US", ["+13234567893", "+3234567893", "-3987654323"]),
        ("１２３", "US", ["names:123", "+1123"]),
    ],
)
def test_digits_are_a_number_in_any_format_a_word_or_an_npi(query: str, country: str, expected: list[str]) -> None:
    found = [short if short.startswith("names") else short.partition(":")[2] for short in ranges(query, country)]
    assert found == expected
    assert together(query, country) == ranges(query, country)


@pytest.mark.parametrize(
    "query",
    [
        "310–555–0123",
        "310‑555‑0123",
        "310\u2212555\u22120123",
        "\u202d(310) 555-0123\u202c",
        "310\u200b5550123",
        "(310) 555-0123 ext. 5",
        "(310) 555-0123x12",
        "310 555 0123, extension 7",
        "310-555-0123 #4",
        "tel:3105550123;ext=5",
        "Tel: 310 555 0123",
    ],
)
def test_a_number_is_found_as_people_copy_it(query: str) -> None:
    assert ranges(query) == ranges("3105550123")
    assert ranges(f"+1 {query}".replace("+1 tel:", "tel:+1").replace("+1 Tel:", "Tel: +1")) == ["phone:+13105550123"]


@pytest.mark.parametrize("query", ["x12", "ext 5", "suite 12", "apt #4", "dr. x 12"])
def test_what_looks_like_an_extension_without_a_number_is_words(query: str) -> None:
    assert all("phone" not in short for short in ranges(query))


@pytest.mark.parametrize("query", ["+49 (0)30 123", "+49 ( 0 ) 30 123", "+49 30 123"])
def test_the_zero_for_callers_at_home_is_no_part_of_an_international_number(query: str) -> None:
    assert ranges(query) == ["phone:+4930123"]


@pytest.mark.parametrize(("query", "expected"), [("+1", "+1"), ("+ 49", "+49"), ("(+4", "+4"), ("+(0)4", "+4")])
def test_a_plus_makes_even_one_digit_the_beginning_of_a_number(query: str, expected: str) -> None:
    assert ranges(query) == together(query) == [f"phone:{expected}"]


def test_each_kind_of_number_is_looked_for_where_it_is_kept() -> None:
    kinds = {key_range.prefix[0]: key_range.kinds for key_range in plan_search("1234567893", country="US").ranges}
    assert kinds == {"+": {Kind.PHONE}, "-": {Kind.PHONE_REVERSED}, "n": {Kind.NPI}}


REFUSED = {
    "required": ("", " ", "\t \n", "\u3000"),
    "too_long": ("x" * 101, "x" * 1000, "ana " * 26, "ﷺ" * 100),
    "control_character": ("a\x00b", "ana\nmu", "\x7fana", "an\x85a", "\x1b[31m"),
    "nothing_to_search": (
        "🦷",
        "%",
        "#",
        "'",
        '"',
        "%#'\"-",
        "@",
        " @ ",
        "...",
        "+",
        "- -",
        "'’`",
        "!?",
        "🦷 🦷",
        "+-/()",
        "+(0)",
        "+ (0)(0) (0)",
    ),
}


@pytest.mark.parametrize(("code", "query"), [(code, query) for code, queries in REFUSED.items() for query in queries])
def test_a_query_with_nothing_to_look_for_or_too_much_is_refused(code: str, query: str) -> None:
    with pytest.raises(Invalid) as refused:
        plan_search(query, country="US")
    assert [(error.field, error.code) for error in refused.value.errors] == [("q", code)]


def test_only_stop_words_are_looked_for_all_the_same() -> None:
    assert ranges("the clinic of") == ["names:clinic + the + of"]
    assert len(together("the clinic")) == 4


@pytest.mark.parametrize("query", ["🦷 smith", "smith%", "smith#", '"smith"', "'smith'", "smith\u200d", "smith 🦷"])
def test_signs_and_emoji_beside_a_word_make_no_difference(query: str) -> None:
    assert ranges(query) == ["words:smith"]


@given(st.text(max_size=120), st.sampled_from(["US", "AU", "DE", "AQ"]))
def test_whatever_is_typed_is_planned_or_refused(query: str, country: str) -> None:
    plan = plan_or_none(query, country)
    if plan is None:
        return
    assert plan.ranges
    assert plan.together <= len(plan.ranges) <= 7
    for key_range in plan.ranges:
        assert len(key_range.words) < 50  # DynamoDB takes a filter of 300 operators in 4 KB
        assert key_range.prefix.startswith(key_range.shard)
        assert len(key_range.prefix.encode()) <= 1024

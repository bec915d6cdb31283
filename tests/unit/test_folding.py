"""Folding: how names are compared and put in order."""

import unicodedata

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from carebook.folding import fold, name_key, words

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=25)
# Letters, marks and signs of which one makes work for another when they meet.
AWKWARD = st.text(
    st.sampled_from("aAßẞıIİiŉʼ'’´`ǰΰΐςΣσſﬁﷺ\u0301\u0308\u0345\u0327\u093c\u0902\u3099\u200d\u00ad가ᄀ각ᆨŁøÆ½ª²Ⅷ①㍿"),
    max_size=8,
)


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Müller", "muller"),
        ("MÜLLER", "muller"),
        ("Mu\u0308ller", "muller"),
        ("Straße", "strasse"),
        ("STRASSE", "strasse"),
        ("O'Brien", "obrien"),
        ("O’Brien", "obrien"),
        ("Oʼbrien", "obrien"),
        ("Łukasz", "lukasz"),
        ("Søren Ærø", "soren aero"),
        ("Þórður", "thordur"),
        ("Œuvre", "oeuvre"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "isparta"),
        ("Nguyễn", "nguyen"),
        ("ＡＢＣ１２３", "abc123"),
        ("Ελλάς", "ελλασ"),
        ("Άννα", "αννα"),
        ("Ёлкин", "елкин"),
        ("מִרְיָם", "מרים"),
        ("مُحَمَّد", "محمد"),
        ("हिन्दी", "हिन्दी"),
        ("ที่นี่", "ที่นี่"),
        ("が", "が"),
        ("ｶﾞ", "ガ"),
        ("李", "李"),
        ("𠮷", "𠮷"),
        ("🎉", "🎉"),
    ],
)
def test_a_text_is_folded(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    ("one", "other"), [("कि", "की"), ("が", "か"), ("ที่", "ทิ"), ("李", "季"), ("Ana", "Anna"), ("a b", "ab")]
)
def test_what_sounds_different_stays_different(one: str, other: str) -> None:
    assert fold(one) != fold(other)


@settings(max_examples=400)
@given(TEXT | AWKWARD)
def test_folding_twice_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@settings(max_examples=400)
@given(TEXT | AWKWARD)
def test_case_does_not_matter(text: str) -> None:
    assert fold(text) == fold(text.upper()) == fold(text.lower()) == fold(text.casefold())


@settings(max_examples=300)
@given(TEXT | AWKWARD)
def test_how_the_letters_are_composed_does_not_matter(text: str) -> None:
    assert fold(unicodedata.normalize("NFC", text)) == fold(unicodedata.normalize("NFD", text))


@given(st.text("aeiouncszAEIOUNCSZ ", max_size=20), st.sampled_from("\u0300\u0301\u0302\u0303\u0308\u030a\u030c\u0327"))
def test_accents_on_latin_letters_do_not_matter(text: str, accent: str) -> None:
    accented = "".join(letter if letter == " " else letter + accent for letter in text)
    assert fold(accented) == fold(unicodedata.normalize("NFC", accented)) == fold(text)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("  Dr. Ana-María  O'Neil, MD ", ["dr", "ana", "maria", "oneil", "md"]),
        ("Lakeside Family Practice #12", ["lakeside", "family", "practice", "12"]),
        ("محمد‌ علی", ["محمد", "علی"]),
        ("soft\u00adhyphen", ["softhyphen"]),
        ("\u202eleft\u202c", ["left"]),
        ("नमस्ते दुनिया", ["नमस्ते", "दुनिया"]),
        ("🎉 — !", []),
        ("", []),
    ],
)
def test_words_are_runs_of_letters_and_digits(text: str, found: list[str]) -> None:
    assert words(text) == found


@settings(max_examples=300)
@given(st.lists(st.none() | TEXT | AWKWARD | st.text(st.sampled_from("a𐐨𞤢ᾳ ﷺ"), min_size=60), max_size=3))
@example(["ﷺ" * 100] * 3)
@example(["𝕬" * 100, "𞤀" * 100])
def test_a_name_key_is_short_enough_for_a_sort_key_with_the_id(parts: list[str | None]) -> None:
    key = name_key(parts)
    assert len(key) <= 120
    assert len(f"{key}   con_01JDCXA0H9V2M3N4P5Q6R7S8T9".encode()) <= 1024


@settings(max_examples=300)
@given(st.lists(st.none() | TEXT | AWKWARD, max_size=3))
def test_a_name_key_holds_only_words_and_two_signs_that_sort_below_all_words(parts: list[str | None]) -> None:
    key = name_key(parts)
    assert all(character in "!-" or character >= "0" for character in key)
    assert not key.startswith(("!", "-"))


def test_names_stand_part_by_part_and_word_by_word() -> None:
    in_order = [
        ("Lee",),
        ("Lee", "Ana"),
        ("Lee", "Ana", "B"),
        ("Lee", "Ana Maria"),
        ("Lee", "Anabel"),
        ("Lee Adams",),
        ("Lee Smith", "Ana"),
        ("Lee-Smith", "Zoe"),
        ("Leeson", "Ana"),
        ("𠮷田",),
    ]
    # A space and an id follow the key wherever it orders a list.
    assert sorted(in_order, key=lambda parts: f"{name_key(parts)} con_") == in_order


@given(st.lists(st.text("abcäß '", max_size=10), max_size=3))
def test_a_name_key_does_not_depend_on_case_accents_or_apostrophes(parts: list[str]) -> None:
    plain = [part.replace("ä", "a").replace("ß", "ss").replace("'", "").upper() for part in parts]
    assert name_key(parts) == name_key(plain)


def test_a_part_that_is_missing_is_not_a_gap() -> None:
    assert name_key([None, "Ana", ""]) == name_key(["Ana"]) == "ana"

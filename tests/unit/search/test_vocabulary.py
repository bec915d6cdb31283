"""What somebody meant: always a word that a name has, one edit away, the likeliest first; and how words are kept."""

import random
import string
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

import pytest
from faker import Faker
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.folding import words
from carebook.search import vocabulary as module
from carebook.search.vocabulary import LARGEST, Vocabulary, pack, unpack, vocabulary_of

NOW = datetime(2026, 11, 25, 8, 0, tzinfo=UTC)
# Few letters, so that many words are one edit from one another; some from other scripts, one beyond 16 bits.
LETTERS = st.sampled_from("abcü9я李𠮷")
WORDS = st.text(LETTERS, min_size=1, max_size=7)
COUNTED = st.dictionaries(WORDS, st.integers(1, 4), max_size=40)
ANY_WORDS = st.text(max_size=60).map(words).map(set)


def known(counts: Mapping[str, int] | str) -> Vocabulary:
    return Vocabulary(dict.fromkeys(counts.split(), 1) if isinstance(counts, str) else counts, 1, NOW)


def one_edit(word: str, other: str) -> bool:
    """Optimal string alignment distance of one, written down in another way than the code under test."""
    if len(word) > len(other):
        word, other = other, word
    if len(other) - len(word) == 1:
        return any(other[:at] + other[at + 1 :] == word for at in range(len(other)))
    if len(other) != len(word):
        return False
    differ = [at for at, (one, two) in enumerate(zip(word, other, strict=True)) if one != two]
    if len(differ) == 2:
        first, second = differ
        return second == first + 1 and word[first] == other[second] and word[second] == other[first]
    return len(differ) == 1


def likeliest(counts: Mapping[str, int], found: list[str]) -> str | None:
    return min(found, key=lambda word: (-counts[word], word), default=None)


@settings(max_examples=300)
@given(COUNTED, WORDS)
def test_the_nearest_word_is_the_likeliest_of_all_that_are_one_edit_away(counts: dict[str, int], typed: str) -> None:
    near = [word for word in counts if one_edit(word, typed)]
    assert known(counts).nearest(typed) == likeliest(counts, near)


@settings(max_examples=300)
@given(COUNTED, WORDS)
def test_an_unfinished_word_is_completed_to_the_likeliest_with_a_beginning_one_edit_away(
    counts: dict[str, int], typed: str
) -> None:
    near = [word for word in counts if any(one_edit(word[:end], typed) for end in range(len(word) + 1))]
    assert known(counts).completed(typed) == likeliest(counts, near)


@given(COUNTED, WORDS)
def test_a_beginning_is_known_when_a_word_has_it(counts: dict[str, int], typed: str) -> None:
    assert known(counts).begins_a_word(typed) == any(word.startswith(typed) for word in counts)


@given(COUNTED, st.lists(WORDS, min_size=1, max_size=3))
def test_what_was_probably_meant_is_another_query_of_words_that_begin_names(
    counts: dict[str, int], typed: list[str]
) -> None:
    vocabulary = known(counts)
    mended = vocabulary.mended(typed)
    if mended is not None:
        assert mended != typed
        assert len(mended) == len(typed)
        assert all(map(vocabulary.begins_a_word, mended))
        assert all(new == old or new in counts for new, old in zip(mended, typed, strict=True))


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("johnsen", "johnson"),  # a wrong letter
        ("jonson", "johnson"),  # one missing
        ("johnnson", "johnson"),  # one too many
        ("jhonson", "johnson"),  # two that changed places
        ("ohnson", "johnson"),
        ("johnsonn", "johnson"),
        ("mueler", "mueller"),
        ("ana jonson", "ana johnson"),
        ("jonson mullwr", "johnson muller"),
        ("jonson mul", "johnson mul"),
        ("hernadn", "hernandez"),  # still being typed
        ("nguyeen", "nguyen"),
        ("иваонв", "иванов"),
        ("360 helth", "360 health"),
    ],
)
def test_a_misspelt_word_is_put_right(typed: str, meant: str) -> None:
    vocabulary = known("ana johnson muller mueller hernandez nguyen nguyet иванов 360 health")
    assert vocabulary.mended(typed.split()) == meant.split()


@pytest.mark.parametrize(
    "typed",
    [
        "johnson",  # right as it is
        "johns",  # begins a word
        "anna",  # so does this
        "jon",  # too short to tell
        "3600",  # a number
        "xyzzy",
        "xyzzy jonson",  # would find nothing still
        "xy jonson",
        "hernadn ana",  # only the last word may be unfinished
        "",
    ],
)
def test_nothing_better_is_no_suggestion(typed: str) -> None:
    assert known("ana annabel johnson jonas hernandez 360").mended(typed.split()) is None


def test_the_more_frequent_word_is_meant_then_the_first_in_the_alphabet() -> None:
    assert known({"smith": 2, "smyth": 9}).nearest("smoth") == "smyth"
    assert known({"smyth": 2, "smith": 2}).nearest("smoth") == "smith"


def test_an_empty_vocabulary_means_nothing() -> None:
    assert known("").mended(["anything"]) is None


def misspelt(word: str, chance: random.Random) -> str:
    """*word* with one random edit."""
    while True:
        at, letter = chance.randrange(len(word) + 1), chance.choice(string.ascii_lowercase)
        head, tail = word[:at], word[at:]
        typed = chance.choice(
            (head + letter + tail, head + tail[1:], head + letter + tail[1:], head + tail[1:2] + tail[:1] + tail[2:])
        )
        if typed != word:
            return typed


def test_most_words_with_one_wrong_letter_are_given_back() -> None:
    """95 of 100 with these names; the others are one edit from two names, and the more frequent one is suggested."""
    names = Faker(["en_US", "de_DE", "es_ES", "pl_PL", "vi_VN", "fr_FR"])
    names.seed_instance(5)
    vocabulary = vocabulary_of(((names.last_name(), names.first_name()) for _ in range(5_000)), built_at=NOW)
    chance = random.Random(3)
    meant = [word for word in vocabulary.counts if len(word) >= 5 and word.isascii()]
    tried = [(word, misspelt(word, chance)) for word in chance.choices(meant, k=1_000)]
    tried = [(word, typed) for word, typed in tried if not vocabulary.begins_a_word(typed)]
    given_back = sum(vocabulary.mended([typed]) == [word] for word, typed in tried)
    assert len(tried) > 900
    assert given_back / len(tried) > 0.9
    for _, typed in tried:
        [suggested] = vocabulary.mended([typed]) or [""]
        assert suggested in vocabulary.counts
        assert one_edit(suggested, typed)


@given(st.lists(ANY_WORDS, max_size=5), st.integers(1, 10**9))
def test_words_of_any_script_come_out_of_a_package_as_they_went_in(several: list[set[str]], count: int) -> None:
    vocabulary = known({word: count + at for at, found in enumerate(several) for word in found})
    assert unpack(pack(vocabulary), records=1, built_at=NOW) == vocabulary


def test_a_package_is_never_too_large_and_the_rarest_words_give_way() -> None:
    chance = random.Random(1)
    wide = {"".join(chance.choices("𠮷李丽龍鳳凰麒麟字典部首畫數", k=40)): count for count in range(1, 20_001)}
    packed = pack(known(wide))
    kept = unpack(packed, records=1, built_at=NOW).counts
    assert LARGEST // 2 < len(packed) <= LARGEST
    assert set(kept.values()) == set(range(20_001 - len(kept), 20_001))


def test_twenty_thousand_words_take_less_than_a_hundred_kilobytes() -> None:
    chance = random.Random(1)
    syllables = [one + two for one in "bdfghklmnprstvwz" for two in ("a", "e", "i", "o", "an", "en", "er", "ing")]
    made = {"".join(chance.choices(syllables, k=3)): 1 for _ in range(20_100)}
    assert len(pack(known(made))) < 100_000


def test_a_word_counts_once_a_record_and_an_umlaut_in_both_spellings() -> None:
    names = [("Müller", "Ana", "Müller Ana Clinic"), ("O'Brien", "Ana"), ()]
    vocabulary = vocabulary_of(names, built_at=NOW)
    assert vocabulary.counts == {"muller": 1, "mueller": 1, "ana": 2, "clinic": 1, "obrien": 1}
    assert vocabulary.records == 3


def test_of_too_many_words_the_most_frequent_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WORDS", 2)
    vocabulary = vocabulary_of([("Ana", "Zoe"), ("Zoe",), ("Ben",)], built_at=NOW)
    assert vocabulary.counts == {"zoe": 2, "ana": 1}


@pytest.mark.parametrize(("records", "hours"), [(0, 1), (5_000, 1), (5_001, 24)])
def test_a_vocabulary_grows_old_the_sooner_the_cheaper_a_new_one_is(records: int, hours: int) -> None:
    vocabulary = Vocabulary({}, records, NOW)
    assert not vocabulary.is_old(NOW + timedelta(hours=hours))
    assert vocabulary.is_old(NOW + timedelta(hours=hours, seconds=1))

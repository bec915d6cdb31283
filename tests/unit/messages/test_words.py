"""What people say when they want no more, and what only looks like it."""

import re
import time

import pytest

from carebook.messages import words
from carebook.messages.words import Wish, wish_in


@pytest.mark.parametrize(
    "text",
    [
        # AWS End User Messaging's own list for the US and Canada
        *("ARRET", "CANCEL", "END", "OPT-OUT", "OPTOUT", "QUIT", "REMOVE", "STOP", "TD", "UNSUBSCRIBE"),
        # 47 CFR 64.1200(a)(10)
        *("revoke", "opt out", "Opt out."),
        *("Stop!", " stop\n", "Please stop", "STOP ALL", "stop texting me", "Stop sending me messages, please"),
        *("Arrêt", "unsubscribe me", "Stop calling", "STOPALL", "I revoke my consent"),
    ],
)
def test_stop_is_understood(text: str) -> None:
    assert wish_in(text) is Wish.STOP


@pytest.mark.parametrize(
    "text",
    [
        "Cancel my appointment",
        "Stop by at 3 pm",
        "The pain did not stop",
        "Please end the treatment",
        "Remove the stitches on Friday?",
        "Non-stop",
        "yes, but not before noon",
        "",
        "  ",
        "👍",
        "Quit smoking a year ago",
    ],
)
def test_an_answer_is_no_wish(text: str) -> None:
    assert wish_in(text) is None


@pytest.mark.parametrize("text", ["START", "start", "UNSTOP", "Opt in"])
def test_start_is_understood(text: str) -> None:
    assert wish_in(text) is Wish.START


@pytest.mark.parametrize("text", ["YES", "yes", "Yes.", "Sí", "y", "OK", "I agree"])
def test_yes_is_understood(text: str) -> None:
    assert wish_in(text) is Wish.AGREE


POLITE = sorted(set(re.findall(r"[a-z]+", words._STOP_PHRASE.pattern)) - {"s"})


@pytest.mark.parametrize("word", [form for word in POLITE for form in (word, word + "s")])
def test_no_text_takes_long_to_understand(word: str) -> None:
    for repeated in (24, 4000):
        started = time.process_time()
        assert wish_in("stop" + f" {word}" * repeated + " nothing") is None
        assert wish_in(f"{word} " * repeated + "nothing") is None
        assert time.process_time() - started < 2

"""Words by which people say that they want no more messages, or want them again.

STOP and its kin are what AWS End User Messaging answers by itself in the US and Canada; ``revoke`` and ``opt out`` are
words of 47 CFR 64.1200(a)(10) that it does not know.
"""

import re
import unicodedata
from enum import StrEnum
from typing import Final


class Wish(StrEnum):
    """What a reply asks for."""

    STOP = "stop"
    START = "start"
    AGREE = "agree"


# Alone, and nothing else: "cancel my appointment" is no wish to hear no more.
_STOP_ALONE: Final = frozenset({"arret", "arreter", "cancel", "end", "quit", "remove", "stopall", "td"})
# No word may be matched in two ways: everybody can write to us, and each such word would double the time it takes.
_STOP_PHRASE: Final = re.compile(
    r"(?:(?:please|pls|i) )*(?:stop|unsubscribe|revoke|opt ?out)"
    r"(?: (?:all|it|me|now|please|pls|these|those|this|texts?|texting|messages?|messaging|calls?|calling|consent|my"
    r"|emails?|emailing|sending|to|from|us|thanks?|you))*"
)
_START: Final = frozenset({"start", "unstop", "opt in", "optin", "subscribe"})
_AGREE: Final = frozenset({"yes", "y", "yes please", "agree", "i agree", "confirm", "ok", "oui", "si"})


def wish_in(text: str) -> Wish | None:
    """What *text* asks for, when it asks for nothing else."""
    folded = unicodedata.normalize("NFKD", text.casefold())
    plain = "".join(character for character in folded if not unicodedata.combining(character))
    said = " ".join(re.sub(r"[^a-z]+", " ", plain).split())
    if said in _STOP_ALONE or _STOP_PHRASE.fullmatch(said):
        return Wish.STOP
    if said in _START:
        return Wish.START
    return Wish.AGREE if said in _AGREE else None

"""Names and types of files, as they may be, and the nearest to what somebody else has sent."""

import re
from typing import Final

from carebook.visible import is_blank

LONGEST_NAME: Final = 255  # characters
LONGEST_NAME_BYTES: Final = 600  # a download's address carries it, three characters for each of its bytes
# Marks that turn around what stands behind them, so that a name seems to end differently than it does. Marks that only
# say in which direction a name in Hebrew or Arabic runs are left alone.
OVERRIDES: Final = re.compile("[\u202a-\u202e\u2066-\u2069]")
_UNSEEN: Final = re.compile("[\u0000-\u001f\u007f-\u009f\u2028\u2029]")
_LONGEST_ENDING: Final = 12
_WORD: Final = r"[A-Za-z0-9!#$&^_.+-]{1,80}"
_TYPE: Final = re.compile(f"{_WORD}/{_WORD}")


def names_nothing(text: str) -> bool:
    """Whether nothing is to be seen in *text* but dots."""
    return is_blank(text.replace(".", ""))


def plain_name(text: str) -> str:
    """*text* as the name of a file: one line, no folder, not too long; its ending stays."""
    name = _cut(_one_line(text))
    return "attachment" if names_nothing(name) else name


def _one_line(text: str) -> str:
    known = text.encode("utf-8", "replace").decode()  # what was damaged on the way cannot be kept
    last = re.split(r"[/\\]", OVERRIDES.sub("", _UNSEEN.sub(" ", known)))[-1]
    return " ".join(last.split())


def _cut(name: str) -> str:
    stem, dot, ending = name.rpartition(".")
    if not stem or len(ending) > _LONGEST_ENDING:
        stem, dot, ending = name, "", ""
    while len(stem + dot + ending) > LONGEST_NAME or len((stem + dot + ending).encode()) > LONGEST_NAME_BYTES:
        stem = stem[:-1]
    return (stem + dot + ending).strip()


def plain_type(text: str) -> str:
    """*text* as a media type without parameters; one that says nothing when it is none."""
    return text if _TYPE.fullmatch(text) else "application/octet-stream"

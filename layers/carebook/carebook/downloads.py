"""How what is downloaded is saved."""

from typing import Final
from urllib.parse import quote

_KEPT: Final = "!#$&+-.^_`|~"  # what RFC 8187 lets stand beside letters and digits


def content_disposition(name: str) -> str:
    """The header that saves a download as *name*, whatever characters it has (RFC 6266, RFC 8187).

    Old programs read ``filename``, with what is not plain ASCII replaced; all others ``filename*``.
    """
    plain = "".join(char if char.isascii() and char.isprintable() and char not in '"\\%/;' else "_" for char in name)
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe=_KEPT)}"

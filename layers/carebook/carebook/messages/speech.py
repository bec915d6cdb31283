"""What a call says, as the provider reads it."""

from typing import Final
from xml.sax.saxutils import escape

LONGEST_SPEECH: Final = 3000  # four minutes
LONGEST_SPOKEN: Final = 6000  # End User Messaging's own limit, with all markup


def spoken(body: str) -> str:
    """The text as SSML, after a pause; nothing in it is read as markup."""
    paragraphs = "".join(f"<p>{escape(part)}</p>" for part in body.split("\n") if part.strip())
    return f'<speak><break time="1s"/>{paragraphs}</speak>'

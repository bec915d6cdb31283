"""What comes with a reply: kept as files of contacts, and of nobody else."""

from datetime import UTC, datetime

from carebook.identity import Person
from carebook.messages.keeping import described
from carebook.messages.mail import MailAttachment
from carebook.messages.model import Kind, Message, Status

NOW = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)
REPLY = Message(
    id="msg_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    account="acc",
    recipient_id="cli_01ARZ3NDEKTSV4RRFFQ69G5FAV",
    version=1,
    kind=Kind.REPLY,
    direction="in",
    method="email",
    to=None,
    subject="",
    body="",
    status=Status.RECEIVED,
    history=(),
    created_at=NOW,
    created_by=Person("carebook", "Carebook"),
)


def test_what_a_client_sends_along_is_named_and_not_kept() -> None:
    (found,) = described(None, REPLY, [MailAttachment("card.pdf", "application/pdf", b"x")], infected=False)
    attachment, file = found
    assert file is None
    assert (attachment.name, attachment.id, attachment.reason) == ("card.pdf", None, "no_files")


def test_of_very_many_attachments_it_is_said_how_many_there_were() -> None:
    """The names of some thousands do not fit into an item, and whoever writes to us decides how many there are."""
    many = [MailAttachment(f"{number}.pdf", "application/pdf", b"xy") for number in range(3_000)]
    found = [attachment for attachment, _ in described(None, REPLY, many, infected=False)]
    assert [one.name for one in found[:100]] == [f"{number}.pdf" for number in range(100)]
    assert [(one.name, one.id, one.size, one.reason) for one in found[100:]] == [("2900 more", None, 5_800, "too_many")]

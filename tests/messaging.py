"""What tests of messages need: providers that remember, the queue as Lambda hands it over, moments that pass."""

import itertools
import json
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3

from carebook.contacts.store import TableContacts
from carebook.files.history import entry_of
from carebook.files.model import File, FileDetails, Place
from carebook.files.model import Status as FileStatus
from carebook.files.store import TableFiles
from carebook.identity import Person
from carebook.ids import FILE, new_id
from carebook.messages.channels import Accepted, Channel, Outcome, Outgoing
from carebook.messages.model import Kind, Message, Status, Step
from carebook.messages.ports import Delivery
from carebook.messages.store import TableMessages
from carebook.table import Table, open_table

NOON = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)  # noon in New York
_RECEIPTS = itertools.count()


@dataclass
class FakeProvider:
    """A channel that remembers what it was handed, and answers what it is told to."""

    answers: list[Outcome | Exception] = field(default_factory=list)
    sent: list[Outgoing] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Outcome:
        answer = self.answers.pop(0) if self.answers else None
        if isinstance(answer, Exception):
            raise answer
        if answer is not None and not isinstance(answer, Accepted):
            return answer
        self.sent.append(outgoing)
        return answer or Accepted(f"provider-{len(self.sent)}-{outgoing.ids['message']}")


@dataclass
class FakeChannels:
    """Every method by one provider, but for those that are not configured."""

    provider: Channel
    missing: set[str] = field(default_factory=set)

    def of(self, method: str) -> Channel | None:
        return None if method in self.missing else self.provider


@dataclass
class FakeOptOuts:
    """The platform's own list: what it was asked to take off, and what it answers instead when told to."""

    taken_off: list[str] = field(default_factory=list)
    answers: list[Exception] = field(default_factory=list)

    def take_off(self, number: str) -> None:
        if self.answers:
            raise self.answers.pop(0)
        self.taken_off.append(number)


@dataclass
class Clock:
    """A clock that tests set."""

    moment: datetime = NOON

    def __call__(self) -> datetime:
        return self.moment

    def forward(self, **by: float) -> None:
        self.moment += timedelta(**by)


def message(**fields: Any) -> Message:
    """An e-mail that waits in the queue, but for what *fields* say."""
    usual: dict[str, Any] = {
        "id": "msg_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "account": "acc",
        "recipient_id": "con_01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "version": 1,
        "kind": Kind.AD_HOC,
        "direction": "out",
        "method": "email",
        "to": "ana@example.org",
        "subject": "S",
        "body": "B",
        "status": Status.QUEUED,
        "history": (Step(Status.QUEUED, NOON),),
        "created_at": NOON,
        "created_by": Person("usr_ana", "Ana"),
    }
    return Message(**(usual | fields))


def queued_records(limit: int = 10) -> list[dict[str, Any]]:
    """Up to ten messages of the queue as Lambda hands them over."""
    received = boto3.client("sqs").receive_message(
        QueueUrl=os.environ["CAREBOOK_MESSAGE_QUEUE"], MaxNumberOfMessages=limit, WaitTimeSeconds=0
    )
    return [
        {"messageId": one["MessageId"], "receiptHandle": one["ReceiptHandle"], "body": one["Body"], "attributes": {}}
        for one in received.get("Messages", [])
    ]


def records(bodies: Iterable[Any]) -> dict[str, Any]:
    """A batch of a queue with these bodies; what is not text becomes JSON."""
    return {
        "Records": [
            {
                "messageId": f"m{next(_RECEIPTS)}",
                "receiptHandle": "r",
                "body": body if isinstance(body, str) else json.dumps(body),
            }
            for body in bodies
        ]
    }


def notification(topic: str, content: Any, *, at: datetime = NOON) -> dict[str, Any]:
    """What SNS puts into a queue."""
    return {
        "Type": "Notification",
        "MessageId": "n",
        "TopicArn": topic,
        "Message": content if isinstance(content, str) else json.dumps(content),
        "Timestamp": at.isoformat().replace("+00:00", "Z"),
    }


def event(name: str) -> dict[str, Any]:
    """A provider's own JSON, out of ``tests/events``."""
    content: dict[str, Any] = json.loads((Path(__file__).parent / "events" / f"{name}.json").read_text("utf-8"))
    return content


class Killed(BaseException):
    """The process is gone: nothing of ours runs after it."""


class Fatal:
    """Stops everything at the moments that it was told."""

    def __init__(self, moments: Iterator[bool]) -> None:
        self._moments = moments

    def __call__(self) -> None:
        if next(self._moments, False):
            raise Killed


def mortal(delivery: Delivery, table: Table, fatal: Fatal) -> Delivery:
    """The delivery, which can fall over before and after each write and each call of a provider."""

    class MortalMessages(TableMessages):
        def claim(self, *args: Any) -> tuple[bool, bool]:
            fatal()
            done = super().claim(*args)
            fatal()
            return done

        def replace(self, *args: Any) -> None:
            fatal()
            super().replace(*args)
            fatal()

    class MortalChannels:
        def of(self, method: str) -> Channel | None:
            channel = delivery.channels.of(method)
            return None if channel is None else _MortalChannel(channel, fatal)

    return replace(delivery, messages=MortalMessages(table), channels=MortalChannels())


@dataclass
class _MortalChannel:
    channel: Channel
    fatal: Fatal

    def send(self, outgoing: Outgoing) -> Outcome:
        self.fatal()
        answer = self.channel.send(outgoing)
        self.fatal()
        return answer


def planted_file(account: str, contact_id: str, content: bytes, **changes: Any) -> str:
    """A file of a contact that was found clean, as the scan leaves it; its id."""
    table = open_table()
    contact, _ = TableContacts(table).find(account, contact_id)
    place = Place("files", f"{account}/{contact_id}/{new_id(FILE, NOON)}/secret", "")
    bucket = os.environ["CAREBOOK_FILES_BUCKET"]
    put = boto3.client("s3").put_object(Bucket=bucket, Key=place.key, Body=content)
    usual: dict[str, Any] = {
        "id": place.key.split("/")[2],
        "account": account,
        "contact_id": contact.id,
        "version": 1,
        "details": FileDetails(changes.pop("name", "report.pdf")),
        "content_type": "application/pdf",
        "size": len(content),
        "sha256": None,
        "key": place.key,
        "status": FileStatus.CLEAN,
        "created_at": NOON,
        "created_by": Person("usr_ana", "Ana"),
        "updated_at": NOON,
        "place": replace(place, version_id=put["VersionId"]),
    }
    file = File(**(usual | changes))
    TableFiles(table).add(
        contact, [file], [entry_of("file_added", None, file, by=file.created_by, now=NOON)], request=None
    )
    return file.id

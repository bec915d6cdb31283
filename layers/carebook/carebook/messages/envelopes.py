"""What our queues hold of notifications and events: who published them, and what is in them."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

_EVENT_SOURCES: Final = frozenset({"aws.ses", "aws.sms-voice"})


class NotOurs(ValueError):
    """It was published by nobody whom we asked, or is no notification at all."""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a provider has published, and when it was."""

    content: Mapping[str, Any]
    at: datetime


def open_envelope(body: str, *, topics: Collection[str]) -> Envelope:
    """What is in a message of the queue: a notification of one of *topics*, or an event of EventBridge.

    Raises:
        NotOurs: when it is neither, or of another topic or AWS account.
    """
    try:
        outer = json.loads(body)
        if "TopicArn" in outer:
            return _notification(outer, topics)
        return _event(outer, {topic.split(":")[4] for topic in topics})
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise error if isinstance(error, NotOurs) else NotOurs(type(error).__name__) from error


def _notification(outer: Mapping[str, Any], topics: Collection[str]) -> Envelope:
    if outer["TopicArn"] not in topics:
        raise NotOurs("another topic")
    content = json.loads(outer["Message"])
    if "detail" in content and content.get("source") in _EVENT_SOURCES:
        content = content["detail"]  # an event that a rule has sent to the topic
    return Envelope(_object(content), datetime.fromisoformat(outer["Timestamp"]))


def _event(outer: Mapping[str, Any], accounts: Collection[str]) -> Envelope:
    if outer["source"] not in _EVENT_SOURCES or outer["account"] not in accounts:
        raise NotOurs("another source")
    return Envelope(_object(outer["detail"]), datetime.fromisoformat(outer["time"]))


def _object(content: Any) -> Mapping[str, Any]:
    if not isinstance(content, dict):
        raise NotOurs("not an object")
    return content

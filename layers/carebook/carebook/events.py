"""The edge to everything that is not HTTP: schedules, queues, buckets."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from carebook.observability import logger


class PartlyFailed(Exception):
    """Some of a run's items could not be handled; the rest was. Raised last, so that retry and dead letter see it."""

    def __init__(self, failed: int, handled: int) -> None:
        super().__init__(f"{failed} failed, {handled} done")
        self.failed = failed
        self.handled = handled


def each[T](items: Iterable[T], handle: Callable[[T], bool], *, go_on: Callable[[], bool]) -> int:
    """Handle every item for itself, while *go_on* says that there is time; how many were handled.

    Raises:
        PartlyFailed: at the end, when any could not be handled.
    """
    handled = failed = 0
    for item in items:
        if not go_on():
            break
        try:
            handled += handle(item)
        except Exception:  # noqa: BLE001 - one bad item must not keep the others waiting
            failed += 1
            logger.exception("Item failed")
    if failed:
        raise PartlyFailed(failed, handled)
    return handled


def each_message(event: Mapping[str, Any], handle: Callable[[Mapping[str, Any]], None]) -> dict[str, Any]:
    """Handle every message of a queue for itself; the answer tells the queue which ones it is to send again."""
    failed = []
    for message in event["Records"]:
        try:
            handle(message)
        except Exception:  # noqa: BLE001 - one bad message must not bring back the others
            logger.exception("Message failed", message_id=message["messageId"])
            failed.append({"itemIdentifier": message["messageId"]})
    return {"batchItemFailures": failed}

"""Queue: take in replies by text and e-mail, and do what STOP, START and YES ask for."""

import secrets
from collections.abc import Mapping
from functools import lru_cache, partial
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook import environment, keys
from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.events import each_message
from carebook.files.bucket import FileBuckets
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.messages.bucket import InboundBucket
from carebook.messages.envelopes import open_envelope
from carebook.messages.inbound import read_inbound
from carebook.messages.keeping import Keeping
from carebook.messages.providers import opt_outs
from carebook.messages.queue import QueuedMessages
from carebook.messages.replies import Inbox
from carebook.messages.store import TableMessages
from carebook.messages.taking_in import take_in
from carebook.table import open_table


@lru_cache(maxsize=1)
def bucket() -> InboundBucket:
    return InboundBucket(environment.inbound_bucket())


@lru_cache(maxsize=1)
def inbox() -> Inbox:
    table = open_table()
    keeping = Keeping(TableFiles(table), FileBuckets(table), partial(secrets.token_urlsafe, 24), keys.object_key)
    stores = (TableMessages(table), TableContacts(table), TableClients(table))
    return Inbox(*stores, QueuedMessages(table), keeping, opt_outs, utcnow)


def receive(message: Mapping[str, Any]) -> None:
    envelope = open_envelope(message["body"], topics=environment.topics())
    inbound = read_inbound(envelope, bucket=environment.inbound_bucket(), fetch=lambda key: bucket().get(key))
    if inbound is None:
        return
    take_in(inbox(), inbound.reply)
    if inbound.key is not None:
        bucket().delete(inbound.key)


def handler(event: dict[str, Any], _context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point. What cannot be taken in comes again, and ends as a dead letter."""
    return each_message(event, receive)

"""Queue: hand messages over to their providers."""

from functools import lru_cache
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.clients.link_store import TableLinks
from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.documents.bucket import DocumentBucket
from carebook.documents.store import TableDocuments
from carebook.files.bucket import FileBuckets
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.messages.attaching import ContactAttachments
from carebook.messages.delivery import Delivery, deliver
from carebook.messages.providers import Providers
from carebook.messages.queue import QueuedMessages, ref_in
from carebook.messages.recipients import EveryRecipient
from carebook.messages.service import MessageRef
from carebook.messages.store import TableMessages
from carebook.observability import logger
from carebook.reminders.standing import Overtaken
from carebook.reminders.store import TableSchedule
from carebook.settings.store import TableSettings
from carebook.shares.filling import ShareFilling
from carebook.shares.vault import SigningVault
from carebook.table import open_table

# A provider may take 23 seconds to say nothing, and what came of it must still be written.
_TIME_TO_STOP_MS: Final = 30_000


@lru_cache(maxsize=1)
def delivery() -> Delivery:
    table = open_table()
    clients, contacts = TableClients(table), TableContacts(table)
    return Delivery(
        messages=TableMessages(table),
        recipients=EveryRecipient(contacts, clients),
        settings=TableSettings(table),
        attachments=ContactAttachments(
            TableFiles(table), FileBuckets(table), TableDocuments(table), DocumentBucket(table.connection.session)
        ),
        channels=Providers(),
        now=utcnow,
        filling=ShareFilling(table, SigningVault(), utcnow),
        is_linked=is_linked,
        overtaken=Overtaken(TableSchedule(table, clients), clients, contacts, TableLinks(table, clients, contacts)),
    )


def is_linked(account: str, client_id: str, contact_id: str) -> bool:
    """Whether a client has a contact: one request for its links, one for where merged contacts lead."""
    contacts = TableContacts(open_table())
    links = TableLinks(open_table(), TableClients(open_table()), contacts).of_client(account, client_id)
    if any(link.contact_id == contact_id for link in links):
        return True
    led_to = contacts.led_to(account, [link.contact_id for link in links])
    return any(contact.id == contact_id for contact in led_to.values())


@lru_cache(maxsize=1)
def queue() -> QueuedMessages:
    return QueuedMessages(open_table())


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, list[dict[str, str]]]:
    """Lambda entry point. What is to be tried again comes back after a pause; what is no message, as a dead letter."""
    failed: list[str] = []
    records: dict[MessageRef, dict[str, Any]] = {}
    for record in event["Records"]:
        try:
            records[ref_in(record)] = record
        except ValueError:
            logger.error("Not a message", queue_message_id=record["messageId"])
            failed.append(record["messageId"])
    later = deliver(delivery(), list(records), go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS)
    for ref, seconds in later.items():
        queue().hold_back(records[ref]["receiptHandle"], seconds)
        failed.append(records[ref]["messageId"])
    logger.info("Delivered", count=len(records) - len(later), later=len(later))
    return {"batchItemFailures": [{"itemIdentifier": each} for each in failed]}

"""Handlers and stores on moto: the real code, an AWS in memory."""

import copy
import re
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.dynamodb.models import dynamodb_backends
from moto.dynamodb.models.table import Table as MotoTable
from moto.sqs.models import sqs_backends

from tests.builders import Caller, Handler
from tests.template import reading

TABLE = "carebook-test"
BUCKETS = {name: f"carebook-test-{name}" for name in ("files", "quarantine", "documents", "definitions")}
TOPICS = "arn:aws:sns:us-east-1:123456789012:receipts,arn:aws:sns:us-east-1:123456789012:inbound"
INBOUND_BUCKET = "carebook-inbound"
MESSAGING = {
    "CAREBOOK_SENDER": "office@lakeside.example",
    "CAREBOOK_FAX_DOMAIN": "fax.example",
    "CAREBOOK_REPLY_DOMAIN": "reply.lakeside.example",
    "CAREBOOK_EMAIL_CONFIGURATION_SET": "carebook",
    "CAREBOOK_TOPICS": TOPICS,
    "CAREBOOK_INBOUND_BUCKET": INBOUND_BUCKET,
    "CAREBOOK_SHARE_ADDRESS": "https://share.example",
}


@pytest.fixture(scope="session")
def aws() -> Iterator[None]:
    """One table for all tests, as in life: each test has an account of its own."""
    with pytest.MonkeyPatch.context() as patch, mock_aws():
        for name, value in {
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": "us-east-1",
            "CAREBOOK_TABLE": TABLE,
            "CAREBOOK_SIGNING_SECRET": "carebook/signing",
            "CAREBOOK_SCAN_ENGINE": "clamav",
            "CAREBOOK_SCAN_ATTEMPTS": "4",
            "CAREBOOK_TYPESETTING_FUNCTION": "carebook-test-typeset",
            **{f"CAREBOOK_{name.upper()}_BUCKET": bucket for name, bucket in BUCKETS.items()},
            **MESSAGING,
        }.items():
            patch.setenv(name, value)
        _create_table()
        for bucket in BUCKETS.values():
            _create_bucket(bucket)
        queue = boto3.client("sqs").create_queue(QueueName="carebook-test-scans")
        patch.setenv("CAREBOOK_SCAN_QUEUE", queue["QueueUrl"])
        _create_messaging(patch)
        boto3.client("secretsmanager").create_secret(Name="carebook/signing", SecretString="s" * 64)
        yield


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "aws" in request.fixturenames:
        for table in moto_tables():
            table.items.clear()
        for queue in [
            queue for backend in sqs_backends[DEFAULT_ACCOUNT_ID].values() for queue in backend.queues.values()
        ]:
            queue._messages.clear()
            queue.pending_messages.clear()
            queue.deleted_messages.clear()


def moto_tables() -> list[MotoTable]:
    """Every table that moto holds."""
    return [table for backend in dynamodb_backends[DEFAULT_ACCOUNT_ID].values() for table in backend.tables.values()]


def _snapshot(table: MotoTable, _memo: Any) -> MotoTable:
    """moto copies the whole table for each action of a transaction, to go back to it. Items are never changed in
    place by a put or a delete, so the places they lie in are enough."""
    taken = copy.copy(table)
    taken.items = defaultdict(dict, {hash_key: dict(items) for hash_key, items in table.items.items()})
    return taken


MotoTable.__deepcopy__ = _snapshot  # type: ignore[attr-defined]


@pytest.fixture
def account() -> str:
    return f"acc_{uuid4().hex}"


@pytest.fixture
def director(aws: None, account: str) -> Caller:
    return Caller(handler_for, account=account)


def handler_for(path: str) -> Handler:
    """The function that the template routes *path* to."""
    from functions.clients.api import handler as clients
    from functions.contacts.api import handler as contacts
    from functions.contract.api import handler as contract
    from functions.cover.api import handler as cover
    from functions.documents.api import handler as documents
    from functions.duplicates.api import handler as duplicates
    from functions.files.api import handler as files
    from functions.message_templates.api import handler as message_templates
    from functions.messages.api import handler as messages
    from functions.referrals.api import handler as referrals
    from functions.schedule.api import handler as schedule
    from functions.search.api import handler as search
    from functions.settings.api import handler as settings
    from functions.shares.api import handler as shares
    from functions.shares.public import handler as shares_public
    from functions.tasks.api import handler as tasks

    patterns = {
        "/contacts/search": search,
        "/contacts/duplicates|.*/(un)?merge$": duplicates,
        "/contacts/[^/]+/(uploads|files)(/|$)": files,
        "/document-templates(/|$)|/contacts/[^/]+/documents(/|$)": documents,
        "/settings/message-templates": message_templates,
        "/contacts/[^/]+/(messages|notes|consents)(/|$)": messages,
        "/contacts/[^/]+/shares(/|$)": shares,
        "/shares/": shares_public,
        "/tasks|/contacts/[^/]+/tasks(/|$)": tasks,
        ".*/cover$": cover,
        "/clients/[^/]+/(appointments|bills|messages|automated-messages)(/|$)": schedule,
        ".*/referrals|.*/claim$": referrals,
        "/contacts/[^/]+/clients$": clients,
        "/clients(/|$)": clients,
        "/contacts(/|$)": contacts,
        "/settings(/|$)": settings,
    }
    return next((handler for pattern, handler in patterns.items() if re.match(pattern, path)), contract)


def _create_bucket(name: str) -> None:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket=name)
    s3.put_bucket_versioning(Bucket=name, VersioningConfiguration={"Status": "Enabled"})


def _create_messaging(patch: pytest.MonkeyPatch) -> None:
    url = boto3.client("sqs").create_queue(QueueName="messages", Attributes={"VisibilityTimeout": "360"})["QueueUrl"]
    patch.setenv("CAREBOOK_MESSAGE_QUEUE", url)
    boto3.client("sesv2").create_email_identity(EmailIdentity="lakeside.example")
    boto3.client("s3").create_bucket(Bucket=INBOUND_BUCKET)


def _create_table() -> None:
    """The table as ``infra/table.yaml`` declares it."""
    properties = reading.nested("Table").resources["Table"]["Properties"]
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=properties["KeySchema"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
    )

"""Handlers and stores on moto: the real code, an AWS in memory."""

import copy
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

from tests.builders import Caller, Handler
from tests.template import reading

TABLE = "carebook-test"


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
        }.items():
            patch.setenv(name, value)
        _create_table()
        boto3.client("secretsmanager").create_secret(Name="carebook/signing", SecretString="s" * 64)
        yield


@pytest.fixture(autouse=True)
def _nothing_left(request: pytest.FixtureRequest) -> Iterator[None]:
    yield
    if "aws" in request.fixturenames:
        for table in moto_tables():
            table.items.clear()


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
    from functions.duplicates.api import handler as duplicates
    from functions.message_templates.api import handler as message_templates
    from functions.messages.api import handler as messages
    from functions.referrals.api import handler as referrals
    from functions.schedule.api import handler as schedule
    from functions.search.api import handler as search
    from functions.settings.api import handler as settings

    if path.startswith("/contacts/search"):
        return search
    if path.startswith("/contacts/duplicates") or path.endswith(("/merge", "/unmerge")):
        return duplicates
    if path.startswith("/settings/message-templates"):
        return message_templates
    if path.split("/")[1] == "clients" and path.split("/")[3:4] == ["messages"]:
        return schedule
    if path.split("/")[3:4] in (["messages"], ["notes"]):
        return messages
    if path.split("/")[1] == "clients" and path.split("/")[3:4] in (
        ["appointments"],
        ["bills"],
        ["automated-messages"],
    ):
        return schedule
    if "/referrals" in path or path.endswith("/claim"):
        return referrals
    if path.startswith("/contacts/") and path.endswith("/clients"):
        return clients
    return {"clients": clients, "contacts": contacts, "settings": settings}.get(path.split("/")[1], contract)


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

"""Handlers and stores on moto: the real code, an AWS in memory."""

from collections.abc import Iterator
from uuid import uuid4

import boto3
import pytest
from moto import mock_aws

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


@pytest.fixture
def account() -> str:
    return f"acc_{uuid4().hex}"


@pytest.fixture
def director(aws: None, account: str) -> Caller:
    return Caller(handler_for, account=account)


def handler_for(path: str) -> Handler:
    """The function that the template routes *path* to."""
    from functions.contacts.api import handler as contacts
    from functions.contract.api import handler as contract
    from functions.search.api import handler as search
    from functions.settings.api import handler as settings

    if path.startswith("/contacts/search"):
        return search
    return {"contacts": contacts, "settings": settings}.get(path.split("/")[1], contract)


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

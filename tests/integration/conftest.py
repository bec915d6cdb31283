"""Handlers and stores on moto: the real code, an AWS in memory."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from carebook import environment, secrets, table
from tests.builders import Caller, Handler
from tests.templates import load_template

TABLE = "carebook-test"


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setenv("CAREBOOK_TABLE", TABLE)
    monkeypatch.setenv("CAREBOOK_SIGNING_SECRET", "carebook/signing")
    with mock_aws():
        _create_table()
        boto3.client("secretsmanager").create_secret(Name="carebook/signing", SecretString="s" * 64)
        yield
    _forget_warm_state()


@pytest.fixture
def fresh_table(aws: None) -> table.Table:
    return table.Table(environment.table_name(), region="us-east-1")


@pytest.fixture
def director(aws: None) -> Caller:
    return Caller(handler_for)


def handler_for(path: str) -> Handler:
    """The function that the template routes *path* to."""
    from functions.contacts.api import handler as contacts
    from functions.contract.api import handler as contract
    from functions.settings.api import handler as settings

    return {"contacts": contacts, "settings": settings}.get(path.split("/")[1], contract)


def _create_table() -> None:
    """The table as ``infra/table.yaml`` declares it."""
    properties = load_template("infra/table.yaml")["Resources"]["Table"]["Properties"]
    boto3.client("dynamodb").create_table(
        TableName=TABLE,
        BillingMode="PAY_PER_REQUEST",
        KeySchema=properties["KeySchema"],
        AttributeDefinitions=properties["AttributeDefinitions"],
        GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
    )


def _forget_warm_state() -> None:
    from carebook.http import idempotency
    from functions.contacts import api

    table.open_table.cache_clear()
    secrets.signing_secret.cache_clear()
    idempotency._store.cache_clear()
    api.contacts.cache_clear()

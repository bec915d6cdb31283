"""Each store twice: the table's, on moto, and the one in memory that unit tests use. Both pass the same suite."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from benchmarks.counting import item_size, unfiltered
from benchmarks.standin import read_units
from carebook.clients.link_store import TableLinks
from carebook.clients.protocols import Books
from carebook.clients.store import TableClients
from carebook.contacts.protocols import ContactStore
from carebook.contacts.store import TableContacts
from carebook.files.ports import FileStore
from carebook.files.store import TableFiles
from carebook.keys import Key
from carebook.message_templates.service import MessageTemplateStore
from carebook.message_templates.store import TableMessageTemplates
from carebook.referrals.protocols import Desk
from carebook.referrals.store import TableReferrals
from carebook.settings.service import SettingsStore
from carebook.settings.store import TableSettings
from carebook.table import Table
from tests.fakes.clients import MemoryClients, MemoryLinks
from tests.fakes.contacts import MemoryContacts
from tests.fakes.files import MemoryFiles
from tests.fakes.message_templates import MemoryMessageTemplates
from tests.fakes.referrals import MemoryReferrals
from tests.fakes.settings import MemorySettings
from tests.integration.conftest import TABLE
from tests.integration.stores.cutting import Requests
from tests.template import reading

# Another region than the handlers' tests: what is archived there must not be due here.
REGION = "eu-central-1"


@dataclass(frozen=True)
class Stores:
    """The two stores over the same place."""

    contacts: ContactStore
    settings: SettingsStore
    files: FileStore


@pytest.fixture(scope="session")
def dynamodb(aws: None) -> Any:
    return boto3.client("dynamodb", region_name=REGION)


@pytest.fixture(scope="session")
def empty_table(dynamodb: Any) -> Callable[[], Table]:
    """Makes the table as ``infra/table.yaml`` declares it, empty. moto's transactions are slow in a full one."""
    table = Table(TABLE, region=REGION)
    charge_queries(table)
    properties = reading.nested("Table").resources["Table"]["Properties"]

    def make() -> Table:
        if TABLE in dynamodb.list_tables()["TableNames"]:
            dynamodb.delete_table(TableName=TABLE)
        dynamodb.create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=properties["KeySchema"],
            AttributeDefinitions=properties["AttributeDefinitions"],
            GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
        )
        return table

    return make


def charge_queries(table: Table) -> None:
    """Make moto say what a query takes by DynamoDB's documented rules; by itself it says one unit of each."""
    connection: Any = table.connection
    dispatch = connection.dispatch

    def charge(operation: str, asked: dict[str, Any]) -> Any:
        answer = dispatch(operation, asked)
        if operation == "Query" and asked.get("ReturnConsumedCapacity") == "TOTAL":
            looked_at = dispatch(operation, unfiltered({**asked, "ReturnConsumedCapacity": "NONE"}))["Items"]
            units = read_units(sum(map(item_size, looked_at))) / (1 if asked.get("ConsistentRead") else 2)
            answer["ConsumedCapacity"]["CapacityUnits"] = units
        return answer

    connection.dispatch = charge


@pytest.fixture
def table(empty_table: Callable[[], Table]) -> Table:
    return empty_table()


@pytest.fixture
def requests() -> Requests:
    return Requests()


@pytest.fixture
def items(dynamodb: Any) -> Callable[[], list[Key]]:
    """Every key in the table."""

    def scan() -> list[Key]:
        found = dynamodb.get_paginator("scan").paginate(TableName=TABLE).build_full_result()["Items"]
        return sorted(Key(item["PK"]["S"], item["SK"]["S"]) for item in found)

    return scan


def _stores(request: pytest.FixtureRequest) -> Stores:
    if request.param == "memory":
        settings = MemorySettings()
        contacts = MemoryContacts(settings)
        return Stores(contacts, settings, MemoryFiles(contacts))
    table: Table = request.getfixturevalue("empty_table")()
    return Stores(TableContacts(table), TableSettings(table), TableFiles(table))


@pytest.fixture
def new_stores(request: pytest.FixtureRequest) -> Callable[[], Stores]:
    """Makes empty stores, for tests that try many things one after the other."""
    return lambda: _stores(request)


@pytest.fixture
def stores(request: pytest.FixtureRequest) -> Stores:
    return _stores(request)


@pytest.fixture
def contacts(request: pytest.FixtureRequest) -> ContactStore:
    return _stores(request).contacts


@dataclass(frozen=True)
class Shelves:
    """The stores between which links and referrals stand."""

    books: Books
    desk: Desk


@pytest.fixture
def shelves(request: pytest.FixtureRequest) -> Shelves:
    if request.param == "memory":
        clients, contacts = MemoryClients(), MemoryContacts()
        books = Books(clients, contacts, MemoryLinks(clients, contacts))
        return Shelves(books, Desk(clients, contacts, MemoryReferrals(clients, contacts)))
    table: Table = request.getfixturevalue("empty_table")()
    kept_clients, kept_contacts = TableClients(table), TableContacts(table)
    books = Books(kept_clients, kept_contacts, TableLinks(table, kept_clients, kept_contacts))
    return Shelves(books, Desk(kept_clients, kept_contacts, TableReferrals(table, kept_clients, kept_contacts)))


@pytest.fixture
def books(shelves: Shelves) -> Books:
    return shelves.books


@pytest.fixture
def settings(request: pytest.FixtureRequest) -> SettingsStore:
    return _stores(request).settings


@pytest.fixture
def templates(request: pytest.FixtureRequest) -> MessageTemplateStore:
    if request.param == "memory":
        return MemoryMessageTemplates()
    return TableMessageTemplates(request.getfixturevalue("table"))

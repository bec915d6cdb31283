"""A carrier without a network: SQLite in memory, and an AWS that writes down what it is told."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest
from flask.testing import FlaskClient

from infra.local.inbox.app import make_app
from infra.local.inbox.aws import SentByAws, Undeliverable
from infra.local.inbox.carrier import Carrier, Receipts
from infra.local.inbox.faults import Faults
from infra.local.inbox.store import Store

SES_ID = "0100018f"
STACK = {"receipts": "arn:r", "inbound": "arn:i", "inbound_bucket": "mailbox", "fax_domain": "fax.example"}


@dataclass
class Clock:
    now: float = 1_764_063_000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class WrittenDown:
    """An embedded AWS that keeps what the carrier told it."""

    names: dict[str, str] = field(
        default_factory=lambda: {
            "receipts": "arn:r",
            "inbound": "arn:i",
            "inbound_bucket": "mailbox",
            "fax_domain": "fax.example",
        }
    )
    published: list[tuple[str, dict[str, Any], str | None]] = field(default_factory=list)
    objects: dict[str, bytes] = field(default_factory=dict)
    itself: SentByAws = field(default_factory=lambda: SentByAws([], []))
    down: bool = False

    def find(self, name: str) -> str | None:
        return self.names.get(name)

    def publish(self, name: str, body: Mapping[str, Any], *, subject: str | None = None) -> None:
        if self.down or name not in self.names:
            raise Undeliverable("nobody hears of it")
        self.published.append((name, dict(body), subject))

    def put_mail(self, bucket: str, key: str, raw: bytes) -> None:
        self.objects[f"{bucket}/{key}"] = raw

    def sent(self) -> SentByAws:
        return self.itself

    @property
    def receipts(self) -> list[str]:
        return [body["eventType"] for name, body, _ in self.published if name == "receipts"]


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def aws() -> WrittenDown:
    return WrittenDown()


@pytest.fixture
def store() -> Iterator[Store]:
    store = Store(":memory:")
    yield store
    store.close()


@pytest.fixture
def carrier(store: Store, aws: WrittenDown, clock: Clock) -> Carrier:
    return Carrier(store, aws, Receipts(), clock=clock)


@pytest.fixture
def faults() -> Faults:
    return Faults(seed=1)


@pytest.fixture
def passed_on() -> list[httpx.Request]:
    return []


@pytest.fixture
def client(carrier: Carrier, faults: Faults, passed_on: list[httpx.Request]) -> FlaskClient:
    """The inbox over HTTP, with an SES behind it that takes everything."""

    def ses(request: httpx.Request) -> httpx.Response:
        passed_on.append(request)
        return httpx.Response(200, json={"MessageId": f"{SES_ID}{len(passed_on)}@email.amazonses.com"})

    behind = httpx.Client(base_url="http://aws", transport=httpx.MockTransport(ses))
    return make_app(carrier, behind, faults).test_client()


Eum = Callable[..., Any]


@pytest.fixture
def eum(client: FlaskClient) -> Eum:
    """Asks End User Messaging as boto3 does; status and body."""

    def ask(operation: str, **members: Any) -> tuple[int, dict[str, Any]]:
        answer = client.post("/", json=members, headers={"X-Amz-Target": f"PinpointSMSVoiceV2.{operation}"})
        return answer.status_code, json.loads(answer.data or "{}")

    return ask

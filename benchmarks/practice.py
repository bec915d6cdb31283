"""A practice with contacts on an AWS in memory, and callers who use it as they would through API Gateway."""

import importlib
import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final
from unittest.mock import patch

import boto3
from moto import mock_aws

from benchmarks.inside import Context
from carebook import secrets, table
from carebook.contacts.identifiers import is_valid_npi
from carebook.http import idempotency
from carebook.observability import logger
from tests.builders import physician, rest_event
from tests.template.reading import nested

TABLE: Final = "carebook-benchmark"
ACCOUNT: Final = "acc_lakeside"
_SECRET: Final = "carebook/signing"
BUCKETS: Final = {name: f"carebook-benchmark-{name}" for name in ("files", "quarantine", "documents")}
ENVIRONMENT: Final = {
    "AWS_ACCESS_KEY_ID": "benchmark",
    "AWS_SECRET_ACCESS_KEY": "benchmark",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "CAREBOOK_TABLE": TABLE,
    "CAREBOOK_SIGNING_SECRET": _SECRET,
    "CAREBOOK_SCAN_ENGINE": "guardduty",
    **{f"CAREBOOK_{name.upper()}_BUCKET": bucket for name, bucket in BUCKETS.items()},
    "POWERTOOLS_SERVICE_NAME": "carebook",
    "POWERTOOLS_METRICS_NAMESPACE": "Carebook",
    "POWERTOOLS_LOG_LEVEL": "INFO",
}
_FIRST_NAMES: Final = (
    "Ana",
    "José",
    "Mary Ann",
    "Thị Hương",
    "Aleksandra",
    "Wei",
    "Fatima",
    "John",
    "Siobhán",
    "Priya",
)
_AREA_CODES: Final = ("310", "213", "619")
_LAST_NAMES: Final = (
    "Müller",
    "O'Brien",
    "Nguyễn",
    "Smith",
    "Kowalska",
    "García López",
    "Haddad",
    "van der Berg",
    "Iyer",
)


@contextmanager
def in_memory_aws(start: datetime) -> Iterator[None]:
    """An empty table as ``infra/table.yaml`` declares it, and the signing secret. Each request is a second later."""
    properties = table_properties()
    logger.setLevel("ERROR")
    forget_warm_state()
    with patch.dict(os.environ, ENVIRONMENT), mock_aws(), _clock(start):
        boto3.client("dynamodb").create_table(
            TableName=TABLE,
            BillingMode="PAY_PER_REQUEST",
            KeySchema=properties["KeySchema"],
            AttributeDefinitions=properties["AttributeDefinitions"],
            GlobalSecondaryIndexes=properties["GlobalSecondaryIndexes"],
        )
        for bucket in BUCKETS.values():
            s3 = boto3.client("s3")
            s3.create_bucket(Bucket=bucket)
            s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
        boto3.client("secretsmanager").create_secret(Name=_SECRET, SecretString="s" * 64)
        yield
    forget_warm_state()


def table_properties() -> dict[str, Any]:
    """The table as the template declares it."""
    properties: dict[str, Any] = nested("Table").resources["Table"]["Properties"]
    return properties


def forget_warm_state() -> None:
    """The next request finds the environment as a cold start leaves it."""
    for name, module in list(sys.modules.items()):
        if name.startswith("functions."):
            for kept in vars(module).values():
                if hasattr(kept, "cache_clear"):
                    kept.cache_clear()
    table.open_table.cache_clear()
    secrets.signing_secret.cache_clear()
    idempotency._store.cache_clear()  # noqa: SLF001


def request(method: str, target: str, body: Any = None, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
    """API Gateway's event for a director's request."""
    claims = {
        "sub": "usr_director",
        "email": "director@lakeside.example",
        "token_use": "id",
        "custom:account_id": ACCOUNT,
        "cognito:groups": "director",
    }
    return rest_event(method, target, body=None if body is None else json.dumps(body), headers=headers, claims=claims)


def call(module: str, event: dict[str, Any]) -> Any:
    """The body of what a function answers, read where it is JSON; a refusal ends the benchmark."""
    answer = importlib.import_module(f"functions.{module}").handler(event, Context()) or {}
    if answer.get("statusCode", 200) >= 300:
        raise RuntimeError(f"{module} answered {answer}")
    body = answer.get("body")
    return json.loads(body) if body and not body.startswith("%PDF") else body or None


def typical_contact(number: int = 0) -> dict[str, Any]:
    """The physician that the tests use, with an address and a note, under one of many names and numbers of its own."""
    return physician(
        npi=typical_npi(number),
        emails=[{"address": f"ana{number}@example.org", "label": "work"}],
        phones=[{"number": f"({_AREA_CODES[number // 100]}) 555-01{number % 100:02}", "type": "cell"}],
        first_name=_FIRST_NAMES[number % len(_FIRST_NAMES)],
        last_name=_LAST_NAMES[number % len(_LAST_NAMES)],
        address={"line1": "1200 Lakeshore Drive", "city": "Los Angeles", "region": "CA", "postal_code": "90017"},
        notes="Prefers referrals by fax. Closed on Friday afternoons.",
    )


def typical_npi(number: int) -> str:
    """The NPI of the typical contact of this number."""
    nine_digits = f"1{number:08}"
    return next(npi for digit in "0123456789" if is_valid_npi(npi := nine_digits + digit))


def add_contacts(count: int) -> list[str]:
    """The ids of *count* typical contacts, written as a caller would."""
    return [
        call("contacts.api", request("POST", "/contacts", typical_contact(number)))["id"] for number in range(count)
    ]


def _clock(start: datetime) -> Any:
    seconds = count()
    return patch("functions.contacts.api.utcnow", lambda: start + timedelta(seconds=next(seconds)))

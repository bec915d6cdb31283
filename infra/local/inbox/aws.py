"""Where the carrier's news goes on the embedded AWS: the topics and the bucket that the stack's outputs name."""

import json
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import httpx
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.deploy import client
from infra.local.environment import endpoint
from infra.local.home import STACK_NAME

REMEMBERED_FOR: Final = 10.0
RECEIPTS, INBOUND, BUCKET, PREFIX = "ReceiptTopicArn", "InboundTopicArn", "InboundBucketName", "InboundPrefix"
FAX_DOMAIN: Final = "FaxDomain"
NAMES: Final = {
    "receipts": RECEIPTS,
    "inbound": INBOUND,
    "inbound_bucket": BUCKET,
    "inbound_prefix": PREFIX,
    "fax_domain": FAX_DOMAIN,
}
"""What the inbox calls each of them, and the output or parameter of the root template that says it."""


class Undeliverable(Exception):
    """The stack has nothing that would take it; the text says what is missing."""


@dataclass(frozen=True, slots=True)
class SentByAws:
    """What the embedded AWS says it sent by itself: text messages of SNS, and mail that did not come through here."""

    mails: list[dict[str, Any]]
    texts: list[dict[str, Any]]


class Aws:
    """The embedded AWS, seen from the carrier."""

    def __init__(self, port: int, chosen: Mapping[str, str] | None = None) -> None:
        self._port = port
        self._lock = threading.Lock()
        self._chosen = dict(chosen or {})
        self._told: dict[str, str] = {}
        self._told_at = float("-inf")
        self._clients: dict[str, Any] = {}
        self._http = httpx.Client(base_url=endpoint(port), timeout=30, trust_env=False)

    def choose(self, chosen: Mapping[str, str]) -> None:
        """Take these instead of what the stack says; none at all goes back to the stack."""
        with self._lock:
            self._chosen = dict(chosen)

    def chosen(self) -> dict[str, str]:
        """What was chosen."""
        with self._lock:
            return dict(self._chosen)

    def find(self, name: str) -> str | None:
        """One of :data:`NAMES`: as chosen, else as the stack says, else None."""
        with self._lock:
            if name in self._chosen:
                return self._chosen[name]
            if time.monotonic() - self._told_at > REMEMBERED_FOR:
                self._told, self._told_at = self._ask_stack(), time.monotonic()
            return self._told.get(NAMES[name]) or None

    def publish(self, name: str, body: Mapping[str, Any], *, subject: str | None = None) -> None:
        """Publish to the topic called *name*.

        Raises:
            Undeliverable: when there is none, or it takes nothing.
        """
        topic = self.find(name)
        if topic is None:
            raise Undeliverable(f"The stack has no output {NAMES[name]}, so nobody hears of it.")
        try:
            named = {"Subject": subject} if subject else {}
            self._client("sns").publish(TopicArn=topic, Message=json.dumps(body), **named)
        except (ClientError, BotoCoreError) as error:
            raise Undeliverable(f"SNS refused: {error}") from error

    def put_mail(self, bucket: str, key: str, raw: bytes) -> None:
        """Lay a received mail into the bucket.

        Raises:
            Undeliverable: when the bucket does not take it.
        """
        try:
            self._client("s3").put_object(Bucket=bucket, Key=key, Body=raw)
        except (ClientError, BotoCoreError) as error:
            raise Undeliverable(f"S3 refused: {error}") from error

    def sent(self) -> SentByAws:
        """What was sent; nothing while the embedded AWS does not answer."""
        try:
            mails = self._http.get("/_ministack/ses/messages").raise_for_status().json()["messages"]
            texts = self._http.get("/_ministack/sns/sms-messages").raise_for_status().json()["sms_messages"]
        except (httpx.HTTPError, ValueError, KeyError):
            return SentByAws([], [])
        return SentByAws(
            [mail for of_account in mails.values() for mail in of_account],
            [text for of_number in texts.values() for text in of_number],
        )

    def _client(self, service: str) -> Any:
        with self._lock:
            if service not in self._clients:
                self._clients[service] = client(service, self._port)
            return self._clients[service]

    def _ask_stack(self) -> dict[str, str]:
        try:
            described = client("cloudformation", self._port).describe_stacks(StackName=STACK_NAME)["Stacks"][0]
        except (ClientError, BotoCoreError, LookupError):
            return {}
        said = {one["ParameterKey"]: one["ParameterValue"] for one in described.get("Parameters", [])}
        return said | {one["OutputKey"]: one["OutputValue"] for one in described.get("Outputs", [])}

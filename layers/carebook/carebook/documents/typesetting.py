"""Asking for a PDF and making it: two functions with one event between them, since only one of them carries Typst."""

import json
from collections.abc import Mapping
from typing import Any, Final

from carebook import environment
from carebook.documents.collaborators import NotPrintable
from carebook.documents.letter import Letter, Sheet
from carebook.errors import Unavailable
from carebook.instants import instant, parse_instant

_BUSY: Final = "The PDF could not be made just now. Try again in a moment."
_WAITS_SECONDS: Final = 24  # the caller has 28, and wants to say what happened


class TypesettingFunction:
    """The press behind Lambda: called and waited for. The client is made at its first use."""

    def __init__(self, session: Any) -> None:
        self._session = session
        self._made: Any = None

    def print(self, sheet: Sheet, *, key: str) -> None:
        """Have the PDF made and put into the bucket under *key*, not kept yet.

        Raises:
            NotPrintable: when it holds characters that no font has.
            Unavailable: when the press does not answer.
        """
        from botocore.exceptions import ClientError, EndpointConnectionError, HTTPClientError

        payload = json.dumps(event_of(sheet, key), ensure_ascii=False).encode()
        try:
            answer = self._client.invoke(FunctionName=environment.typesetting_function(), Payload=payload)
            told = json.loads(answer["Payload"].read())
        except (EndpointConnectionError, HTTPClientError) as error:
            raise Unavailable(_BUSY) from error
        except ClientError as error:
            if error.response["ResponseMetadata"]["HTTPStatusCode"] not in {429, 500, 502, 503}:
                raise
            raise Unavailable(_BUSY) from error
        if answer.get("FunctionError"):
            raise Unavailable(_BUSY)
        if told.get("refused"):
            raise NotPrintable

    @property
    def _client(self) -> Any:
        if self._made is None:
            from botocore.config import Config

            # Asked twice it would only be slower: the caller tries again.
            config = Config(connect_timeout=2, read_timeout=_WAITS_SECONDS, retries={"total_max_attempts": 1})
            self._made = self._session.create_client("lambda", region_name=environment.region(), config=config)
        return self._made


def event_of(sheet: Sheet, key: str) -> dict[str, Any]:
    """What the press is told."""
    return {
        "key": key,
        "letter": sheet.letter.to_document(),
        "title": sheet.title,
        "body": sheet.body,
        "draft": sheet.draft,
        "at": instant(sheet.at),
    }


def order_of(event: Mapping[str, Any]) -> tuple[Sheet, str]:
    """The sheet and the key out of :func:`event_of`."""
    sheet = Sheet(
        letter=Letter.from_document(event["letter"]),
        title=event["title"],
        body=event["body"],
        draft=event["draft"],
        at=parse_instant(event["at"]),
    )
    return sheet, event["key"]

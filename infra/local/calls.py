"""The API as the demo data's writer calls it: again when an answer is one that passes."""

import time
from collections.abc import Iterator
from typing import Any, Self

import httpx

from infra.local.progress import LaptopStackError

IN_PARALLEL = 4
"""Each request at the same moment is a function process of its own; more than the processors only wait."""
TRIES = 5
FIRST_PAUSE = 0.4
PASSING = {409, 429, 500, 502, 503, 504}


class Practice:
    """The API as one practice's director calls it."""

    def __init__(self, api_url: str, token: str, transport: httpx.BaseTransport | None = None) -> None:
        headers = {"Authorization": f"Bearer {token}"}
        self._http = httpx.Client(base_url=api_url, headers=headers, timeout=60, trust_env=False, transport=transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._http.close()

    def call(self, method: str, path: str, **details: Any) -> httpx.Response:
        """Send one request, again when the answer is one that passes; fail in one line on any other refusal."""
        answer = self._http.request(method, path, **details)
        for attempt in range(TRIES - 1):
            if answer.status_code not in PASSING or is_duplicate(answer):
                break
            time.sleep(FIRST_PAUSE * 2**attempt)
            answer = self._http.request(method, path, **details)
        if answer.is_error and not is_duplicate(answer):
            raise LaptopStackError(f"{method} {path} answered {answer.status_code}: {answer.text[:300]}")
        return answer

    def contacts(self, *, archived: bool) -> Iterator[dict[str, Any]]:
        """Every contact of the practice, page by page."""
        query = {"limit": "100", "archived": str(archived).lower()}
        while True:
            page = self.call("GET", "/contacts", params=query).json()
            yield from page["items"]
            if not page["next_cursor"]:
                return
            query["cursor"] = page["next_cursor"]


def is_duplicate(answer: httpx.Response) -> bool:
    """Whether the API says that this contact is there already."""
    return answer.status_code == httpx.codes.CONFLICT and "possible_duplicate" in answer.text

"""The real template, deployed on a laptop stack of the tests' own, called over HTTP with real tokens."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

import httpx
import pytest
from botocore.httpsession import URLLib3Session

from infra.local.session import running_stack
from infra.local.users import id_token

ROLES = ("director", "administrative", "supervisor", "clinical")
ANOTHER = "another account's director"


@dataclass(frozen=True)
class Stack:
    """A deployed stack and what its users may send."""

    description: dict[str, Any]
    tokens: dict[str, str]
    http: httpx.Client = field(repr=False)

    def call(
        self,
        method: str,
        path: str,
        *,
        as_: str | None = "director",
        token: str | None = None,
        body: Any = None,
        headers: dict[str, str] | None = None,
    ) -> httpx.Response:
        """One request; *as_* names whose token goes along (None: nobody's)."""
        bearer = token or (self.tokens[as_] if as_ else None)
        sent = ({"Authorization": f"Bearer {bearer}"} if bearer else {}) | (headers or {})
        return self.http.request(method, self.description["api_url"] + path, json=body, headers=sent)


@pytest.fixture(scope="session", autouse=True)
def connections_closed() -> Iterator[None]:
    """botocore leaves its connections to the garbage collector, whose complaint would fail whichever test runs then."""
    opened: list[URLLib3Session] = []
    begin = URLLib3Session.__init__

    def remember(self: URLLib3Session, *arguments: Any, **options: Any) -> None:
        begin(self, *arguments, **options)
        opened.append(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(URLLib3Session, "__init__", remember)
        yield
    for session in opened:
        session.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with running_stack(tmp_path_factory.mktemp("laptop")) as description, httpx.Client(timeout=60) as http:
        port = httpx.URL(description["aws_endpoint"]).port
        assert port is not None
        first = description["users"][0]["account_id"]
        tokens = {
            user["role"] if user["account_id"] == first else ANOTHER: id_token(port, description["client_id"], user)
            for user in description["users"]
        }
        assert set(tokens) == {*ROLES, ANOTHER}
        yield Stack(description, tokens, http)


@pytest.fixture
def contact(stack: Stack) -> dict[str, Any]:
    """A contact of the first account, with a name of its own."""
    name = uuid4().hex
    body = {"type": "physician", "last_name": name, "phones": [{"number": "(310) 555-0123", "type": "cell"}]}
    added = stack.call("POST", "/contacts", body=body)
    assert added.status_code == 201, added.text
    made: dict[str, Any] = added.json()
    return made

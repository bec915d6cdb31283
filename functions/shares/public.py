"""HTTP, without a token: /shares/{token}, for who has a link. JSON for programs, pages for people."""

from functools import lru_cache
from typing import Annotated, Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Body
from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.documents.bucket import DocumentBucket
from carebook.files.bucket import FileBuckets
from carebook.http.api import Api, answer
from carebook.instants import utcnow
from carebook.shares.browser import answered, as_program
from carebook.shares.open_store import TableOpenShares
from carebook.shares.opening import look_at_share, open_share
from carebook.shares.schemas import ClosedView, Guess, OpenedView
from carebook.shares.vault import SigningVault
from carebook.shares.views import opened_view
from carebook.table import open_table

api = Api(public=True)


@lru_cache(maxsize=1)
def shares() -> TableOpenShares:
    table = open_table()
    return TableOpenShares(table, FileBuckets(table), DocumentBucket(table.connection.session))


@lru_cache(maxsize=1)
def vault() -> SigningVault:
    return SigningVault()


@api.get("/shares/<token>", tags=["shares"], summary="Whether there is something behind a link; a browser gets a page")
def look(token: str) -> Response[ClosedView]:
    look_at_share(shares(), token=token, now=utcnow())
    return answer({"status": "code_required"})


@api.get(
    "/shares/<token>/open", tags=["shares"], summary="The same; a browser that comes back after a code gets the page"
)
def look_again(token: str) -> Response[ClosedView]:
    return look(token)


@api.post("/shares/<token>/open", tags=["shares"], summary="Open a link with its code; a browser gets a page")
def open_with_code(token: str, guess: Annotated[Guess, Body()]) -> Response[OpenedView]:
    opened = open_share(shares(), vault(), token=token, code=guess.code, now=utcnow())
    return answer(opened_view(opened))


def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """Lambda entry point."""
    return answered(event, api.resolve(as_program(event), context))

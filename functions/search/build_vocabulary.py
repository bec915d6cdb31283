"""Schedule: build the vocabularies that searches have asked for."""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Final

from aws_lambda_powertools.utilities.typing import LambdaContext

from carebook.clients import names as client_names
from carebook.clients.searchable import BOOK as CLIENTS
from carebook.clients.store import TableClients
from carebook.contacts.names import names_in_use
from carebook.contacts.searchable import BOOK
from carebook.contacts.store import TableContacts
from carebook.events import each
from carebook.instants import utcnow
from carebook.observability import logger
from carebook.search.vocabulary_service import build_vocabulary
from carebook.search.vocabulary_store import TableVocabularies
from carebook.table import open_table

_AT_ONCE: Final = 500
_TIME_TO_STOP_MS: Final = 120_000  # enough to begin with an account of a million contacts

Names = Callable[[str], Iterable[Iterable[str]]]


def handler(_event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
    """Lambda entry point. What does not fit into one run is still wanted at the next."""
    vocabularies = TableVocabularies(open_table())
    names: dict[str, Names] = {
        BOOK: partial(names_in_use, TableContacts(open_table())),
        CLIENTS: partial(client_names.names_in_use, TableClients(open_table())),
    }
    built = each(
        vocabularies.wanted(now=utcnow(), limit=_AT_ONCE),
        lambda wanted: build_vocabulary(vocabularies, names[wanted.book], wanted, now=utcnow()),
        go_on=lambda: context.get_remaining_time_in_millis() > _TIME_TO_STOP_MS,
    )
    logger.info("Built vocabularies", count=built)
    return {"built": built}

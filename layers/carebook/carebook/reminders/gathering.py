"""What decides about many automated messages at once, looked up in few rounds of requests."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from carebook.clients.model import Client, LinkedContact, linked_contacts
from carebook.message_templates.merge_names import Kind, Method
from carebook.message_templates.model import MessageTemplate
from carebook.messages.consents import Consent
from carebook.reminders.deciding import Facts, addresses
from carebook.reminders.protocols import Desk
from carebook.settings.model import AccountSettings


class SettingsReader(Protocol):
    """Where settings are looked up."""

    def current(self, account: str) -> AccountSettings:
        """The account's settings."""
        ...


class Rounds(Protocol):
    """What does things beside one another, as a pool of threads does."""

    def map[I, O](self, act: Callable[[I], O], items: Iterable[I], /) -> Iterator[O]:
        """What *act* gives for each of *items*, in their order."""
        ...


class ClientRef(NamedTuple):
    """Which client of which account."""

    account: str
    client_id: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What an account lays down: its settings, and its own templates by kind and method."""

    settings: AccountSettings
    templates: Mapping[tuple[Kind, Method], MessageTemplate]


class Gathering:
    """One run's look-ups. What an account lays down is asked for once in a run."""

    def __init__(self, desk: Desk, settings: SettingsReader, rounds: Rounds) -> None:
        self.desk = desk
        self.rounds = rounds
        self._settings = settings
        self._rules: dict[str, Rules] = {}

    def settings_of(self, account: str) -> AccountSettings:
        """Settings of an account that :meth:`learn` was told of."""
        return self._rules[account].settings

    def learn(self, accounts: Iterable[str]) -> None:
        """A round of two requests for each account that this run does not know yet."""
        unknown = [account for account in dict.fromkeys(accounts) if account not in self._rules]
        self._rules |= zip(unknown, self.rounds.map(self._laid_down, unknown), strict=True)

    def clients(self, wanted: Iterable[ClientRef]) -> dict[ClientRef, Client]:
        """Those of the clients that are there: a round of one request for each hundred of an account."""
        together = _by_account((ref.account, ref.client_id) for ref in wanted)

        def read(account: str) -> dict[str, Client]:
            return self.desk.books.clients.find_together(account, together[account])

        found = zip(together, self.rounds.map(read, together), strict=True)
        return {ClientRef(account, one): client for account, several in found for one, client in several.items()}

    def facts(self, clients: Sequence[Client]) -> dict[ClientRef, Facts]:
        """What decides, but the consents: a round with each client's links, one with each account's contacts."""
        books = self.desk.books
        of_clients = list(self.rounds.map(lambda client: books.links.of_client(client.account, client.id), clients))
        together = _by_account((link.account, link.contact_id) for links in of_clients for link in links)

        led_to = dict(
            zip(together, self.rounds.map(lambda one: books.contacts.led_to(one, together[one]), together), strict=True)
        )
        gone = [link for links in of_clients for link in links if link.contact_id not in led_to[link.account]]
        if gone:
            books.links.drop(gone)
        return {
            ClientRef(client.account, client.id): self._facts(
                client, linked_contacts(links, led_to.get(client.account, {}))
            )
            for client, links in zip(clients, of_clients, strict=True)
        }

    def consents(self, facts: Iterable[Facts]) -> dict[str, Mapping[tuple[str, str], Consent]]:
        """Consents by account: a round of one request for each hundred addresses of an account."""
        together = _by_account((one.client.account, where) for one in facts for where in addresses(one))

        def read(account: str) -> Mapping[tuple[str, str], Consent]:
            return self.desk.consents.consents(account, together[account])

        return dict(zip(together, self.rounds.map(read, together), strict=True))

    def _laid_down(self, account: str) -> Rules:
        own = {(one.kind, one.method): one for one in self.desk.templates.changed(account)}
        return Rules(self._settings.current(account), own)

    def _facts(self, client: Client, linked: Sequence[LinkedContact]) -> Facts:
        rules = self._rules[client.account]
        return Facts(
            client=client,
            linked=linked,
            settings=rules.settings,
            templates=rules.templates,
            configured=self.desk.configured,
        )


def _by_account[T](pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    """What belongs to each account, each thing once, in the order in which it came."""
    together: dict[str, dict[T, None]] = {}
    for account, one in pairs:
        together.setdefault(account, {})[one] = None
    return {account: list(several) for account, several in together.items()}

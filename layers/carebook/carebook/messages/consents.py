"""Whether an address may be written to: its owner has agreed, or asked to stop; or it has bounced."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from carebook.messages.words import Wish

ASKED_AGAIN_AFTER: Final = timedelta(days=30)
_ASKED: Final = "request "
_NOT_ASKED: Final = "not sent: request "


class Agreement(StrEnum):
    """What the owner of an address has said."""

    UNKNOWN = "unknown"
    REQUESTED = "requested"
    OPTED_IN = "opted_in"
    OPTED_OUT = "opted_out"


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What is known of an address in an account. Version 0: nothing yet.

    Attributes:
        suppressed: why nothing is sent there although nobody objected, such as ``bounce``.
        said: the last words or events that decided, newest last: what was sent can be proved years later.
    """

    account: str
    channel: str
    address: str
    version: int = 0
    agreement: Agreement = Agreement.UNKNOWN
    since: datetime | None = None
    suppressed: str | None = None
    said: tuple[tuple[str, str], ...] = ()

    def refusal(self) -> str | None:
        """Why the address may not be written to; None when it may."""
        if self.agreement is Agreement.OPTED_OUT:
            return "opted_out"
        return "address_suppressed" if self.suppressed else None

    def wants_request(self, now: datetime) -> bool:
        """Whether its owner is to be asked: not yet, or long ago."""
        if self.agreement is Agreement.UNKNOWN:
            return True
        return self.agreement is Agreement.REQUESTED and self.since is not None and now - self.since > ASKED_AGAIN_AFTER

    def changed(self, agreement: Agreement, at: datetime, why: str) -> "Consent":
        """The next version with another agreement; this one when nothing changes."""
        if agreement is self.agreement and agreement is not Agreement.REQUESTED:
            return self
        return replace(self, version=self.version + 1, agreement=agreement, since=at, said=self._saying(at, why))

    def asked(self, request_id: str, at: datetime) -> "Consent":
        """The next version, with a request on its way."""
        return self.changed(Agreement.REQUESTED, at, _ASKED + request_id)

    def not_asked(self, request_id: str, at: datetime) -> "Consent":
        """The next version, as if that request had not been; this one when it is not what the consent rests on.

        An answer to an earlier request, which went out, still counts.
        """
        requests = [(then, why.removeprefix(_ASKED)) for then, why in self.said if why.startswith(_ASKED)]
        if self.agreement is not Agreement.REQUESTED or not requests or requests[-1][1] != request_id:
            return self
        unsent = {why.removeprefix(_NOT_ASKED) for _, why in self.said if why.startswith(_NOT_ASKED)}
        earlier = [then for then, one in requests[:-1] if one not in unsent]
        return replace(
            self,
            version=self.version + 1,
            agreement=Agreement.REQUESTED if earlier else Agreement.UNKNOWN,
            since=datetime.fromisoformat(earlier[-1]) if earlier else None,
            said=self._saying(at, _NOT_ASKED + request_id),
        )

    def suppressed_for(self, reason: str, at: datetime, why: str) -> "Consent":
        """The next version, suppressed; this one when it is already, or when its owner said START since."""
        if self.suppressed or self._was_said_after(at, Wish.START):
            return self
        return replace(self, version=self.version + 1, suppressed=reason, said=self._saying(at, why))

    def wished(self, wish: Wish, at: datetime, said_in: str) -> "Consent":
        """The next version after its owner said what they want; this one when that changes nothing.

        A bare yes answers our question and nothing else: it does not take back a STOP. Replies do not come in order: of
        STOP and START the one holds that was said last.

        Args:
            said_in: the provider's id of the reply.
        """
        why = _as_said(wish, said_in)
        if wish is Wish.AGREE:
            return self.changed(Agreement.OPTED_IN, at, why) if self.agreement is Agreement.REQUESTED else self
        # Told of once more, a provider may name a later moment.
        at = min([at, *(datetime.fromisoformat(then) for then, said in self.said if said == why)])
        stops = wish is Wish.STOP
        if self._was_said_after(at, Wish.START if stops else Wish.STOP):
            return self
        agreement = Agreement.OPTED_OUT if stops else Agreement.OPTED_IN
        # Who wants to be written to, and writes from there, can be reached whatever has bounced.
        suppressed = self.suppressed if stops else None
        is_news = (agreement, suppressed) != (self.agreement, self.suppressed)
        if not is_news and self.was_said(wish, said_in):
            return self
        return replace(
            self,
            version=self.version + 1,
            agreement=agreement,
            since=self.since if agreement is self.agreement else at,
            suppressed=suppressed,
            said=self._saying(at, why),  # also where nothing changes: its moment may yet decide
        )

    def reported_opted_out(self, at: datetime, why: str) -> "Consent":
        """The next version after a provider said that the owner wants none; this one when they said START since."""
        return self if self._was_said_after(at, Wish.START) else self.changed(Agreement.OPTED_OUT, at, why)

    def was_said(self, wish: Wish, said_in: str) -> bool:
        """Whether a reply has asked for that."""
        return any(why == _as_said(wish, said_in) for _, why in self.said)

    def _was_said_after(self, at: datetime, wish: Wish) -> bool:
        return any(why.startswith(f"{wish} (") and datetime.fromisoformat(then) > at for then, why in self.said)

    def _saying(self, at: datetime, why: str) -> tuple[tuple[str, str], ...]:
        return (*self.said, (at.isoformat(), why))[-50:]


def _as_said(wish: Wish, said_in: str) -> str:
    return f"{wish} ({said_in})"

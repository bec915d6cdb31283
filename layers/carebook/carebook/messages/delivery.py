"""Sending what is queued: each message once, whatever falls over, and whoever asks for it again.

A message is claimed by a conditional write before the provider is called, and what came of it is written after. What
was claimed and never told of is never sent again by itself: only the provider knows, and its receipt may still say so.
"""

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from carebook.errors import Conflict, NotFound, Unavailable
from carebook.messages.channels import Accepted, Busy, Channel, Outcome, Outgoing, Refused, Unknown
from carebook.messages.consenting import note_not_asked, note_opt_out
from carebook.messages.deciding import decide
from carebook.messages.model import OUTCOME_UNKNOWN, Kind, Message, Status
from carebook.messages.ports import Delivery
from carebook.messages.service import MessageRef, ref_of
from carebook.messages.situations import Situation, found_elsewhere, situations
from carebook.observability import logger
from carebook.retrying import attempts

_FIRST_PAUSE: Final = 30
_LONGEST_PAUSE: Final = 900
_FRESH: Final = timedelta(seconds=1)


def deliver(delivery: Delivery, refs: Sequence[MessageRef], *, go_on: Callable[[], bool]) -> dict[MessageRef, int]:
    """Send what *refs* name; those to be tried again, each with the seconds to wait.

    Providers may be slow. What decides is read anew when it is older than a second, so that nobody gets what was held
    back for them while the messages before theirs went out.
    """
    run = _Run(delivery)
    waiting = list(refs)
    try:
        while waiting:
            read_at, gathered = delivery.now(), situations(delivery, waiting)
            waiting = run.take_fresh(read_at, gathered, go_on=go_on)
    except Exception:
        if not run.done:
            raise  # nothing of this run is known here alone: the queue brings it all again
        logger.exception("Messages could not be read")
        run.later |= {ref: pause(1) for ref in waiting}
    run.finish()
    return run.later


@dataclass(slots=True)
class _Run:
    """One run of the delivery.

    Attributes:
        later: what is to be tried again, with the seconds to wait.
        busy: methods whose provider has said that it has too much to do; it is not asked again in this run.
        done: the messages that went to a provider, and what came of each, oldest first, as long as that is not written.
            What came of the last one is written with the next claim.
    """

    delivery: Delivery
    later: dict[MessageRef, int] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)
    done: list[tuple[Message, Message]] = field(default_factory=list)

    def take_fresh(
        self, read_at: datetime, gathered: Sequence[Situation], *, go_on: Callable[[], bool]
    ) -> list[MessageRef]:
        """Take one message after the other, the first however long it took to read them; those to be read anew."""
        anew: list[MessageRef] = []
        for place, situation in enumerate(gathered):
            if not go_on():
                self.later |= {one.ref: 0 for one in gathered[place:]} | dict.fromkeys(anew, 0)
                return []
            if place and not timedelta(0) <= self.delivery.now() - read_at <= _FRESH:
                return anew + [one.ref for one in gathered[place:]]
            try:
                if self._take(situation):
                    anew.append(situation.ref)
            except Exception:  # noqa: BLE001 - one bad message must not keep the others waiting
                logger.exception("Message failed", message_id=situation.ref.message_id)
                self.later[situation.ref] = pause(situation.message.tried + 1)
        return anew

    def _take(self, situation: Situation) -> bool:
        """Decide about one message, and send it if that is the decision; whether there is to be another decision."""
        message = situation.message
        step = decide(self.delivery, situation)
        if isinstance(step, Message):
            return self._keep(message, step)
        if step is not None and message.method in self.busy:
            self.later[situation.ref] = pause(message.tried + 1)
        elif step is not None:
            self._hand_over(situation.ref, message, *step)
        return False

    def _keep(self, before: Message, after: Message) -> bool:
        if before.kind is Kind.OPT_IN_REQUEST and after.status is Status.SKIPPED:
            note_not_asked(self.delivery.messages, before, self.delivery.now())  # first: the run may end here
        try:
            self.delivery.messages.replace(before, after)
        except Conflict:
            logger.info("Message was changed in the meantime", message_id=before.id)  # whoever did will have it sent
            return False
        return after.status is Status.QUEUED

    def _hand_over(self, ref: MessageRef, message: Message, channel: Channel, outgoing: Outgoing) -> None:
        claimed, last = message.claimed(self.delivery.now()), self.done[-1] if self.done else None
        is_mine, is_done = self.delivery.messages.claim(message, claimed, last)
        if is_done:
            self.done.pop()
        if is_mine:
            self._send(ref, claimed, channel, outgoing)  # nothing may fail between the claim and this

    def _send(self, ref: MessageRef, claimed: Message, channel: Channel, outgoing: Outgoing) -> None:
        outcome = _send(channel, outgoing)
        self.done.append((claimed, _after(claimed, outcome, self.delivery.now())))
        if isinstance(outcome, Busy):
            self.busy.add(claimed.method)
            self.later[ref] = pause(claimed.tried)
        if isinstance(outcome, Refused) and outcome.opted_out:
            note_opt_out(self.delivery.messages, claimed, self.delivery.now(), "the provider says so")

    def finish(self) -> None:
        """Write what came of messages where that is not written yet.

        Raises:
            ExceptionGroup: when some of it cannot be written; the rest is.
        """
        failures: list[Exception] = []
        while self.done:
            claimed, after = self.done.pop(0)
            try:
                _finish(self.delivery, claimed, after)
            except Exception as failure:  # noqa: BLE001 - what came of the others is to be written all the same
                failures.append(failure)
        if failures:
            raise ExceptionGroup("What came of messages could not be written.", failures)


def pause(tried: int) -> int:
    """Seconds until the next try: longer each time, and never all at the same moment."""
    longest = min(_FIRST_PAUSE * 2 ** min(max(tried - 1, 0), 10), _LONGEST_PAUSE)
    return random.randint(longest // 2, longest)  # noqa: S311 - spreads retries, guards nothing


def _send(channel: Channel, outgoing: Outgoing) -> Outcome:
    try:
        return channel.send(outgoing)
    except Exception as surprise:  # noqa: BLE001 - the provider may have been called: never again by itself
        logger.exception("Channel failed", message_id=outgoing.ids["message"])
        return Unknown(type(surprise).__name__)


def _after(message: Message, outcome: Outcome, now: datetime) -> Message:
    """The message after what came of it."""
    match outcome:
        case Accepted(provider_id):
            return message.accepted(provider_id, now)
        case Refused(reason, opted_out):
            return message.stepped(Status.OPTED_OUT if opted_out else Status.FAILED, now, reason=reason)
        case Busy():
            return message.released(now)
        case Unknown(detail):
            return message.stepped(Status.FAILED, now, reason=OUTCOME_UNKNOWN, detail=f"{OUTCOME_UNKNOWN}: {detail}")


def _finish(delivery: Delivery, claimed: Message, after: Message) -> None:
    """Keep what came of a message, also when a receipt was faster or a merge has moved it.

    Whatever fails is tried again: what is not written here, nobody knows afterwards.
    """
    step = (claimed, after)
    trouble: Exception = Unavailable("The message is being changed by others.")
    for _ in attempts():
        try:
            left = _try_to_finish(delivery, claimed, *step)
        except Exception as failure:  # noqa: BLE001 - see above
            trouble = failure
            continue
        if left is None:
            return
        step = left
    raise trouble


def _try_to_finish(
    delivery: Delivery, claimed: Message, before: Message, after: Message
) -> tuple[Message, Message] | None:
    """Nothing when it is written, or not to be; otherwise what is to be written in place of what was found."""
    try:
        delivery.messages.replace(before, after)
    except Conflict:
        now = _now(delivery, before)
        if now is None:
            return None
        on_top = _on_top_of(now, claimed, after)
        return None if on_top is now else (now, on_top)
    return None


def _now(delivery: Delivery, message: Message) -> Message | None:
    try:
        return delivery.messages.find(ref_of(message))
    except NotFound:
        return found_elsewhere(delivery, ref_of(message))


def _on_top_of(now: Message, claimed: Message, outcome: Message) -> Message:
    """What we know of a message, put on top of what somebody else has written meanwhile."""
    if outcome.provider_id is not None and now.provider_id is None:
        return now.accepted(outcome.provider_id, outcome.history[-1].at)
    if now.claimed_at is None:
        return now
    if outcome.status is Status.SENDING and now.claimed_at == claimed.claimed_at:  # not taken, and told of besides
        return replace(now, version=now.version + 1, claimed_at=None, due_at=outcome.due_at)
    if not now.is_behind(outcome.status):
        return now
    last = outcome.history[-1]
    return now.told(last.status, last.at, detail=last.detail, reason=outcome.reason)

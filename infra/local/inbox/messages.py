"""Messages, what became of them, and answers: the JSON API that tests use."""

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from typing import Any, Final

from flask import Flask, Response, abort, jsonify, request

from infra.local.inbox.carrier import Answer, Carrier
from infra.local.inbox.events import BOUNCES, event_types
from infra.local.inbox.store import Message
from infra.local.inbox.views import answer_in, message_view

WRITTEN: Final = frozenset({"text", "subject", "attachments", "forged"})


class MessageRoutes:
    """``/messages`` and ``/inbound``."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def add_to(self, app: Flask) -> None:
        """Answer at these routes."""
        app.add_url_rule("/messages", "messages", self.all)
        app.add_url_rule("/messages", "forget", self.forget, methods=["DELETE"])
        app.add_url_rule("/messages/<message_id>", "message", self.one)
        app.add_url_rule("/messages/<message_id>/events", "add_event", self.add_event, methods=["POST"])
        app.add_url_rule("/messages/<message_id>/replies", "reply", self.reply, methods=["POST"])
        app.add_url_rule("/inbound", "inbound", self.inbound, methods=["POST"])

    def all(self) -> Response:
        """The newest messages, oldest first; filtered by ``to`` (an address or number) and ``channel``."""
        self._carrier.collect()
        asked = request.args
        if set(asked) - {"to", "channel", "limit"}:
            abort(422, "Filter by to, channel or limit.")
        limit = asked.get("limit", "500")
        if not limit.isdecimal() or not 1 <= int(limit) <= 10_000:
            abort(422, "limit is from 1 to 10000.")
        found = self._carrier.store.messages(person=asked.get("to"), channel=asked.get("channel"), limit=int(limit))
        return jsonify(items=[self._view(one) for one in found])

    def forget(self) -> tuple[str, int]:
        """Drop every message, event and opt-out."""
        self._carrier.store.forget()
        return "", 204

    def one(self, message_id: str) -> Response:
        """One message with what became of it."""
        return jsonify(self._view(wanted(self._carrier, message_id)))

    def add_event(self, message_id: str) -> tuple[Response, int]:
        """Publish that ``type`` became of a message."""
        one, body = wanted(self._carrier, message_id), json_object({"type", "bounce_type"})
        if body.get("type") not in event_types(one):
            abort(422, f"type is one of {', '.join(event_types(one)) or 'none: nobody hears of this message'}.")
        if body.get("bounce_type", "Permanent") not in BOUNCES:
            abort(422, f"bounce_type is one of {', '.join(BOUNCES)}.")
        self._carrier.tell(one, body["type"], {name: value for name, value in body.items() if name != "type"})
        return jsonify(self._view(one)), 201

    def reply(self, message_id: str) -> tuple[Response, int]:
        """Answer a message with ``text``, and by mail with ``subject`` and ``attachments``."""
        one, body = wanted(self._carrier, message_id), json_object(WRITTEN)
        return self._answer(answer_in(body, to_message=one))

    def inbound(self) -> tuple[Response, int]:
        """Write to the practice out of the blue."""
        return self._answer(answer_in(json_object({"channel", "from", "to"} | WRITTEN)))

    def _answer(self, answer: Answer | str) -> tuple[Response, int]:
        if isinstance(answer, str):
            abort(422, answer)
        try:
            made = self._carrier.answer(answer)
        except ValueError as problem:
            abort(422, str(problem))
        return jsonify(self._view(made)), 201

    def _view(self, message: Message) -> dict[str, Any]:
        return message_view(message, self._carrier.store.events(message.id))


def wanted(carrier: Carrier, message_id: str) -> Message:
    """The message of that id; without one the request ends with 404."""
    found = carrier.store.find(message_id)
    if found is None:
        abort(404, "There is no such message.")
    return found


def json_object(known: AbstractSet[str]) -> Mapping[str, Any]:
    """The body of a request, an object with no other members than *known*."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or set(body) - known:
        abort(422, f"Send a JSON object with {', '.join(sorted(known))}.")
    return body

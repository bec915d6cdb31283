"""The inbox over HTTP: the providers' wire protocols, a JSON API for tests, and pages for people."""

import socket
from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from infra.local.inbox.aws import NAMES, Undeliverable
from infra.local.inbox.carrier import Answer, Carrier
from infra.local.inbox.events import BOUNCES, event_types
from infra.local.inbox.faults import Faults, read_fault
from infra.local.inbox.mail import Mail
from infra.local.inbox.pages import add_pages
from infra.local.inbox.sms_voice import LostAnswer, SmsVoice
from infra.local.inbox.store import Message
from infra.local.inbox.views import answer_in, message_view

LOOPBACK: Final = {"127.0.0.1", "localhost", "[::1]", "::1"}
LARGEST_BODY: Final = 60 * 1024 * 1024
JSON_1_0: Final = "application/x-amz-json-1.0"


def make_app(carrier: Carrier, aws: httpx.Client, faults: Faults, choose: Any = None) -> Flask:
    """The whole inbox.

    Args:
        carrier: What lies behind.
        aws: A client of the embedded AWS, to which SES requests go on.
        faults: The failures on demand.
        choose: Takes topics and bucket other than the stack's, or None where they cannot be chosen.
    """
    app = Flask(__name__)
    app.config.update(MAX_CONTENT_LENGTH=LARGEST_BODY, MAX_FORM_MEMORY_SIZE=LARGEST_BODY)
    app.before_request(refuse_strangers)
    app.after_request(harden)
    app.register_error_handler(HTTPException, say_what_is_wrong)
    app.register_error_handler(Undeliverable, lambda problem: (jsonify(error=str(problem)), 409))
    add_wires(app, carrier, aws, faults)
    add_messages(app, carrier)
    add_switches(app, carrier, faults, choose)
    add_pages(app, carrier)
    return app


def refuse_strangers() -> None:
    """Answer this machine alone, and no form that a page from elsewhere sends."""
    host = urlsplit(f"//{request.host}").hostname
    origin = request.headers.get("Origin")
    if host not in LOOPBACK or (origin and urlsplit(origin).netloc != request.host):
        abort(403, "This inbox is for this machine alone.")


def harden(response: Response) -> Response:
    """Nothing that somebody sent may run here."""
    response.headers.setdefault(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; img-src 'self' data:;"
        " frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    )
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "no-referrer"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def say_what_is_wrong(problem: HTTPException) -> tuple[Response, int]:
    """Every refusal is JSON with one sentence."""
    return jsonify(error=problem.description), problem.code or 500


def add_wires(app: Flask, carrier: Carrier, aws: httpx.Client, faults: Faults) -> None:
    """The providers, as boto3 speaks with them."""
    sms_voice = SmsVoice(carrier.store, faults, carrier.sent)
    mail = Mail(aws, faults, carrier.sent, is_fax=carrier.is_fax)

    @app.post("/")
    def end_user_messaging() -> Response:
        try:
            reply = sms_voice.answer(request.headers.get("X-Amz-Target", ""), request.get_data())
        except LostAnswer:
            return hang_up()
        return Response(reply.text, reply.status, content_type=JSON_1_0)

    @app.route("/v2/email/<path:_>", methods=["GET", "POST", "PUT", "DELETE"])
    def ses(_: str) -> Response:
        target = request.full_path if request.query_string else request.path
        try:
            passed = mail.pass_on(request.method, target, dict(request.headers), request.get_data())
        except LostAnswer:
            return hang_up()
        except httpx.HTTPError as problem:
            return Response(str(problem), 503)
        return Response(passed.body, passed.status, dict(passed.headers))


def hang_up() -> Response:
    """Close the connection without an answer."""
    connection = request.environ.get("werkzeug.socket")
    if isinstance(connection, socket.socket):
        connection.shutdown(socket.SHUT_RDWR)
    return Response(status=504)


def add_messages(app: Flask, carrier: Carrier) -> None:
    """Messages, and what became of them."""

    def wanted(message_id: str) -> Message:
        found = carrier.store.find(message_id)
        if found is None:
            abort(404, "There is no such message.")
        return found

    @app.get("/messages")
    def messages() -> Response:
        carrier.collect()
        asked = request.args
        if set(asked) - {"to", "channel", "limit"}:
            abort(422, "Filter by to, channel or limit.")
        limit = asked.get("limit", "500")
        if not limit.isdecimal() or not 1 <= int(limit) <= 10_000:
            abort(422, "limit is from 1 to 10000.")
        found = carrier.store.messages(person=asked.get("to"), channel=asked.get("channel"), limit=int(limit))
        return jsonify(items=[message_view(one, carrier.store.events(one.id)) for one in found])

    @app.get("/messages/<message_id>")
    def message(message_id: str) -> Response:
        one = wanted(message_id)
        return jsonify(message_view(one, carrier.store.events(one.id)))

    @app.post("/messages/<message_id>/events")
    def add_event(message_id: str) -> tuple[Response, int]:
        one, body = wanted(message_id), json_object({"type", "bounce_type"})
        if body.get("type") not in event_types(one):
            abort(422, f"type is one of {', '.join(event_types(one)) or 'none: SNS tells no topic'}.")
        if body.get("bounce_type", "Permanent") not in BOUNCES:
            abort(422, f"bounce_type is one of {', '.join(BOUNCES)}.")
        carrier.tell(one, body["type"], {name: value for name, value in body.items() if name != "type"})
        return jsonify(message_view(one, carrier.store.events(one.id))), 201

    @app.post("/messages/<message_id>/replies")
    def reply(message_id: str) -> tuple[Response, int]:
        one, body = wanted(message_id), json_object({"text", "subject", "attachments"})
        return answered(answer_in(body, to_message=one))

    @app.post("/inbound")
    def inbound() -> tuple[Response, int]:
        return answered(answer_in(json_object({"channel", "from", "to", "text", "subject", "attachments"})))

    def answered(answer: Answer | str) -> tuple[Response, int]:
        if isinstance(answer, str):
            abort(422, answer)
        try:
            made = carrier.answer(answer)
        except ValueError as problem:
            abort(422, str(problem))
        return jsonify(message_view(made, [])), 201


def add_switches(app: Flask, carrier: Carrier, faults: Faults, choose: Any) -> None:
    """What tests turn: failures, automatic receipts, other topics than the stack's."""

    @app.get("/faults")
    def shown_faults() -> Response:
        return jsonify(items=[fault.view() for fault in faults.all()])

    @app.post("/faults")
    def add_fault() -> tuple[Response, int]:
        fault = read_fault(request.get_json(silent=True))
        if isinstance(fault, str):
            abort(422, fault)
        faults.add(fault)
        return jsonify(fault.view()), 201

    @app.delete("/faults")
    def clear_faults() -> tuple[str, int]:
        faults.clear()
        return "", 204

    @app.get("/receipts")
    def receipts() -> Response:
        return jsonify(automatic=carrier.receipts.automatic, after_seconds=carrier.receipts.after_seconds)

    @app.put("/receipts")
    def set_receipts() -> Response:
        body = json_object({"automatic", "after_seconds"})
        automatic, after = body.get("automatic", True), body.get("after_seconds", 1.0)
        if not isinstance(automatic, bool) or isinstance(after, bool) or not isinstance(after, int | float) or after < 0:
            abort(422, "automatic is true or false, after_seconds a number from 0 on.")
        carrier.receipts.automatic, carrier.receipts.after_seconds = automatic, float(after)
        return receipts()

    @app.get("/destinations")
    def destinations() -> Response:
        return jsonify({name: carrier.aws.find(name) for name in NAMES})

    @app.put("/destinations")
    def set_destinations() -> Response:
        body = json_object(set(NAMES))
        if choose is None or not all(isinstance(value, str) for value in body.values()):
            abort(422, f"Send addresses by name: {', '.join(NAMES)}.")
        choose(body)
        return destinations()

    @app.delete("/messages")
    def forget() -> tuple[str, int]:
        carrier.store.forget()
        return "", 204


def json_object(known: set[str]) -> Mapping[str, Any]:
    """The body of a request, an object with no other members than *known*."""
    body = request.get_json(silent=True)
    if not isinstance(body, dict) or set(body) - known:
        abort(422, f"Send a JSON object with {', '.join(sorted(known))}.")
    return body

"""The providers, as boto3 speaks with them."""

import socket
from typing import Final

import httpx
from flask import Flask, Response, request

from infra.local.inbox.carrier import Carrier
from infra.local.inbox.faults import Faults
from infra.local.inbox.mail import Mail
from infra.local.inbox.sms_voice import LostAnswer, SmsVoice

JSON_1_0: Final = "application/x-amz-json-1.0"


class Wires:
    """End User Messaging at ``POST /``, SES at ``/v2/email/…``."""

    def __init__(self, carrier: Carrier, aws: httpx.Client, faults: Faults) -> None:
        self._sms_voice = SmsVoice(carrier.store, faults, carrier.sent)
        self._mail = Mail(aws, faults, carrier.sent, is_fax=carrier.is_fax)

    def add_to(self, app: Flask) -> None:
        """Answer at these routes."""
        app.add_url_rule("/", "end_user_messaging", self.end_user_messaging, methods=["POST"])
        methods = ["GET", "POST", "PUT", "DELETE"]
        app.add_url_rule("/v2/email/<path:_>", "ses", self.ses, methods=methods)

    def end_user_messaging(self) -> Response:
        try:
            reply = self._sms_voice.answer(request.headers.get("X-Amz-Target", ""), request.get_data())
        except LostAnswer:
            return hang_up()
        return Response(reply.text, reply.status, content_type=JSON_1_0)

    def ses(self, _: str) -> Response:
        target = request.full_path if request.query_string else request.path
        try:
            passed = self._mail.pass_on(request.method, target, dict(request.headers), request.get_data())
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

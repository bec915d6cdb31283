"""The inbox over HTTP: the providers' wire protocols, a JSON API for tests, and pages for people."""

from typing import Final
from urllib.parse import urlsplit

import httpx
from flask import Flask, Response, abort, jsonify, request
from werkzeug.exceptions import HTTPException

from infra.local.inbox.aws import Undeliverable
from infra.local.inbox.carrier import Carrier
from infra.local.inbox.faults import Faults
from infra.local.inbox.messages import MessageRoutes
from infra.local.inbox.pages import Pages
from infra.local.inbox.switches import Choose, Switches
from infra.local.inbox.wires import Wires

LOOPBACK: Final = {"127.0.0.1", "localhost", "::1"}
LARGEST_BODY: Final = 60 * 1024 * 1024


def make_app(carrier: Carrier, aws: httpx.Client, faults: Faults, choose: Choose | None = None) -> Flask:
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
    Wires(carrier, aws, faults).add_to(app)
    MessageRoutes(carrier).add_to(app)
    Switches(carrier, faults, choose).add_to(app)
    Pages(carrier).add_to(app)
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
    # Same origin: with less, a browser sends our own forms without an Origin that we would know.
    response.headers["Referrer-Policy"] = "same-origin"
    response.headers.setdefault("Cache-Control", "no-store")
    return response


def say_what_is_wrong(problem: HTTPException) -> tuple[Response, int]:
    """Every refusal is JSON with one sentence."""
    return jsonify(error=problem.description), problem.code or 500

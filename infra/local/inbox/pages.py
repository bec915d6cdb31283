"""The inbox as a person sees it."""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, send_file
from io import BytesIO
from werkzeug.wrappers import Response as AnyResponse

from infra.local.inbox.aws import Undeliverable
from infra.local.inbox.carrier import Answer, Carrier
from infra.local.inbox.events import BOUNCES, ORIGIN, event_types
from infra.local.inbox.store import Attachment, Message
from infra.local.inbox.views import CHANNELS, answer_to

SHOWN_IN_PLACE: Final = {"application/pdf", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp"}
"""What a browser may open by itself; the rest is saved."""
QUICK: Final = {
    "sms": ("YES", "STOP", "START", "HELP"),
}
OUTCOMES: Final = {
    "email": ("Delivery", "Bounce", "Complaint", "DeliveryDelay", "Reject"),
    "fax": ("Delivery", "Bounce", "DeliveryDelay"),
    "sms": ("TEXT_DELIVERED", "TEXT_UNREACHABLE", "TEXT_BLOCKED", "TEXT_CARRIER_BLOCKED", "TEXT_INVALID", "TEXT_TTL_EXPIRED"),
    "voice": ("VOICE_COMPLETED", "VOICE_NO_ANSWER", "VOICE_BUSY", "VOICE_FAILED"),
}
"""The outcomes worth a button; the API knows all."""
WORDS: Final = {"DeliveryDelay": "Delay", "Delivery": "Deliver", "Complaint": "Complain", "Bounce": "Bounce"}
GOOD: Final = {"Delivery", "TEXT_DELIVERED", "TEXT_SUCCESSFUL", "VOICE_COMPLETED", "VOICE_ANSWERED"}
NEUTRAL: Final = {"Send", "DeliveryDelay", "TEXT_PENDING", "TEXT_QUEUED", "VOICE_INITIATED", "VOICE_RINGING"}


def add_pages(app: Flask, carrier: Carrier) -> None:
    """Everything for the eye."""
    app.jinja_env.filters.update(clock=clock, words=words, spoken=spoken, tone=tone, size=size_words)
    app.jinja_env.globals.update(quick=QUICK, outcomes=OUTCOMES, bounces=tuple(BOUNCES), channels=CHANNELS)
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True

    @app.get("/")
    def inbox() -> str:
        carrier.collect()
        people = carrier.store.people()
        person = request.args.get("with") or (people[0].person if people else "")
        messages = carrier.store.messages(person=person)
        return render_template(
            "inbox.html",
            people=people,
            person=person,
            messages=[(one, carrier.store.events(one.id)) for one in messages],
            latest=next((one for one in reversed(messages) if _can_be_answered(one)), None),
            opted_out=bool(carrier.store.opted_out("Default", [person])) if person else False,
            state=carrier.store.state(),
            problem=request.args.get("problem", ""),
            automatic=carrier.receipts.automatic,
            origin=ORIGIN,
            can_become=event_types,
        )

    @app.get("/state")
    def state() -> Response:
        return jsonify(state=carrier.store.state())

    @app.post("/outcomes")
    def outcome() -> AnyResponse:
        message, kind = _wanted(carrier, request.form.get("message", "")), request.form.get("type", "")
        if kind not in event_types(message) or request.form.get("bounce_type", "Permanent") not in BOUNCES:
            abort(422, "There is no such outcome.")
        bounce_type = request.form.get("bounce_type")
        carrier.tell(message, kind, {"bounce_type": bounce_type} if bounce_type else {})
        return back_to(message.person)

    @app.post("/answers")
    def answers() -> AnyResponse:
        answer = _answer_in_form(carrier)
        if isinstance(answer, str):
            return back_to(request.form.get("from", ""), answer)
        try:
            carrier.answer(answer)
        except (Undeliverable, ValueError) as problem:
            return back_to(answer.sender, str(problem))
        return back_to(answer.sender)

    @app.post("/receipts")
    def switch_receipts() -> AnyResponse:
        carrier.receipts.automatic = request.form.get("automatic") == "on"
        return back_to(request.form.get("from", ""))

    @app.get("/messages/<message_id>/html")
    def written_in_html(message_id: str) -> Response:
        message = _wanted(carrier, message_id)
        response = Response(message.html or f"<pre>{html.escape(message.text)}</pre>", content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = (
            "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline';"
            " img-src data:; frame-ancestors 'self'"
        )
        return response

    @app.get("/messages/<message_id>/attachments/<int:position>")
    def attachment(message_id: str, position: int) -> Response:
        found = carrier.store.attachment(message_id, position)
        if found is None:
            abort(404, "There is no such attachment.")
        opens = found.content_type in SHOWN_IN_PLACE
        response = send_file(
            BytesIO(found.content),
            mimetype=found.content_type if opens else "application/octet-stream",
            as_attachment=not opens,
            download_name=found.name,
        )
        # A sandbox would keep the browser's own PDF viewer out; a PDF runs nothing of the page's.
        if found.content_type != "application/pdf":
            response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'; img-src 'self'"
        return response


def back_to(person: str, problem: str = "") -> AnyResponse:
    """To the page of *person*, with what went wrong."""
    query = {"with": person} | ({"problem": problem} if problem else {})
    return redirect(f"/?{urlencode(query)}#end", code=303)


def _wanted(carrier: Carrier, message_id: str) -> Message:
    found = carrier.store.find(message_id)
    if found is None:
        abort(404, "There is no such message.")
    return found


def _can_be_answered(message: Message) -> bool:
    return message.direction == "out" and message.provider != "sns" and message.channel != "voice"


def _answer_in_form(carrier: Carrier) -> Answer | str:
    form, files = request.form, _files()
    text = form.get("text", "").replace("\r\n", "\n")
    if form.get("message"):
        return answer_to(_wanted(carrier, form["message"]), text, form.get("subject", ""), files)
    channel, sender = form.get("channel", ""), form.get("from", "").strip()
    if channel not in CHANNELS or not sender:
        return "Say who writes."
    return Answer(channel, sender, form.get("to", "").strip() or ORIGIN, text, form.get("subject", ""), files)


def _files() -> Sequence[Attachment]:
    made = []
    for file in request.files.getlist("files"):
        content = file.read()
        if file.filename:
            made.append(Attachment(file.filename, file.mimetype or "application/octet-stream", len(content), content))
    return made


def clock(at: float) -> str:
    """An instant on this machine's clock."""
    return f"{datetime.fromtimestamp(at).astimezone():%d %b %Y, %H:%M:%S}"


def words(kind: str) -> str:
    """A provider's event in a person's words."""
    if kind in WORDS:
        return WORDS[kind]
    return re.sub(r"^(TEXT|VOICE)_", "", kind).replace("_", " ").capitalize()


def spoken(text: str) -> str:
    """What a voice says of SSML."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))).strip()


def tone(kind: str) -> str:
    """The color of an event."""
    return "good" if kind in GOOD else "neutral" if kind in NEUTRAL else "bad"


def size_words(size: int) -> str:
    """Bytes for people."""
    return f"{size} B" if size < 1000 else f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"

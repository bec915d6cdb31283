"""The inbox as a person sees it."""

import html
import re
from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, abort, jsonify, redirect, render_template, request, send_file
from werkzeug.wrappers import Response as AnyResponse

from infra.local.inbox.aws import Undeliverable
from infra.local.inbox.carrier import Answer, Carrier
from infra.local.inbox.events import BOUNCES, ORIGIN, event_types
from infra.local.inbox.messages import wanted
from infra.local.inbox.sms_voice import DEFAULT_LIST
from infra.local.inbox.store import Attachment, Message
from infra.local.inbox.views import CHANNELS, answer_to

SHOWN_IN_PLACE: Final = {"application/pdf", "text/plain", "image/png", "image/jpeg", "image/gif", "image/webp"}
"""What a browser may open by itself; the rest is saved."""
QUICK: Final = ("YES", "STOP", "START", "HELP")
OUTCOMES: Final = {
    "email": ("Delivery", "Bounce", "Complaint", "DeliveryDelay", "Reject"),
    "fax": ("Delivery", "Bounce", "DeliveryDelay"),
    "sms": ("TEXT_DELIVERED", "TEXT_UNREACHABLE", "TEXT_BLOCKED", "TEXT_CARRIER_BLOCKED", "TEXT_INVALID"),
    "voice": ("VOICE_COMPLETED", "VOICE_NO_ANSWER", "VOICE_BUSY", "VOICE_FAILED"),
}
"""The outcomes worth a button; the API knows all."""
WORDS: Final = {
    "Send": "Sent",
    "Delivery": "Delivered",
    "Bounce": "Bounced",
    "Complaint": "Complained",
    "DeliveryDelay": "Delayed",
    "Reject": "Rejected",
}
GOOD: Final = {"Delivery", "TEXT_DELIVERED", "TEXT_SUCCESSFUL", "VOICE_COMPLETED", "VOICE_ANSWERED"}
NEUTRAL: Final = {"Send", "DeliveryDelay", "TEXT_PENDING", "TEXT_QUEUED", "VOICE_INITIATED", "VOICE_RINGING"}
# Links in a mail open in a tab of their own; nothing else of it may do anything.
MAIL_POLICY: Final = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline';"
    " img-src data:; frame-ancestors 'self'"
)
PDF_POLICY: Final = "object-src 'self'; script-src 'none'; frame-ancestors 'none'"
FILE_POLICY: Final = "sandbox; default-src 'none'; img-src 'self'"


class Pages:
    """Everything for the eye."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier

    def add_to(self, app: Flask) -> None:
        """Answer at these routes."""
        app.jinja_env.filters.update(
            clock=clock, words=words, spoken=spoken, tone=tone, size=size_words, person=person_words
        )
        app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
        app.add_url_rule("/", "inbox", self.inbox)
        app.add_url_rule("/state", "state", self.state)
        app.add_url_rule("/outcomes", "outcome", self.outcome, methods=["POST"])
        app.add_url_rule("/answers", "answers", self.answers, methods=["POST"])
        app.add_url_rule("/receipts", "switch_receipts", self.switch_receipts, methods=["POST"])
        app.add_url_rule("/messages/<message_id>/html", "written_in_html", self.written_in_html)
        app.add_url_rule("/messages/<message_id>/attachments/<int:position>", "attachment", self.attachment)

    def inbox(self) -> str:
        """All recipients, and what one of them got."""
        self._carrier.collect()
        store = self._carrier.store
        people = store.people()
        person = request.args.get("with") or (people[0].person if people else "")
        messages = store.messages(person=person)
        return render_template(
            "inbox.html",
            people=people,
            person=person,
            messages=[(one, store.events(one.id)) for one in messages],
            latest=next((one for one in reversed(messages) if _can_be_answered(one)), None),
            opted_out=bool(person and store.opted_out(DEFAULT_LIST, [person])),
            state=store.state(),
            problem=request.args.get("problem", ""),
            automatic=self._carrier.receipts.automatic,
            origin=ORIGIN,
            can_become=event_types,
            quick=QUICK,
            outcomes=OUTCOMES,
        )

    def state(self) -> Response:
        """Whether there is anything new."""
        return jsonify(state=self._carrier.store.state())

    def outcome(self) -> AnyResponse:
        """A button: this became of it."""
        message, kind = wanted(self._carrier, request.form.get("message", "")), request.form.get("type", "")
        bounce_type = request.form.get("bounce_type", "Permanent")
        if kind not in event_types(message) or bounce_type not in BOUNCES:
            abort(422, "There is no such outcome.")
        self._carrier.tell(message, kind, {"bounce_type": bounce_type} if kind == "Bounce" else {})
        return back_to(message.person)

    def answers(self) -> AnyResponse:
        """The reply form, and that of somebody else."""
        answer = self._answer_in_form()
        if isinstance(answer, str):
            return back_to(request.form.get("from", ""), answer)
        try:
            self._carrier.answer(answer)
        except (Undeliverable, ValueError) as problem:
            return back_to(answer.sender, str(problem))
        return back_to(answer.sender)

    def _answer_in_form(self) -> Answer | str:
        form, files = request.form, _files()
        text = form.get("text", "").replace("\r\n", "\n")
        if form.get("message"):
            return answer_to(wanted(self._carrier, form["message"]), text, form.get("subject", ""), files)
        channel, sender = form.get("channel", ""), form.get("from", "").strip()
        if channel not in CHANNELS or not sender:
            return "Say who writes."
        return Answer(channel, sender, form.get("to", "").strip() or ORIGIN, text, form.get("subject", ""), files)

    def switch_receipts(self) -> AnyResponse:
        """The switch in the header."""
        self._carrier.receipts.automatic = request.form.get("automatic") == "on"
        return back_to(request.form.get("from", ""))

    def written_in_html(self, message_id: str) -> Response:
        """A mail as its reader's program shows it, able to do nothing."""
        message = wanted(self._carrier, message_id)
        shown = message.html or f"<pre>{html.escape(message.text)}</pre>"
        response = Response(shown, content_type="text/html; charset=utf-8")
        response.headers["Content-Security-Policy"] = MAIL_POLICY
        return response

    def attachment(self, message_id: str, position: int) -> Response:
        """A file, to look at when it is of a kind that browsers show, else to save."""
        found = self._carrier.store.attachment(message_id, position)
        if found is None:
            abort(404, "There is no such attachment.")
        opens = found.content_type in SHOWN_IN_PLACE
        response = send_file(
            BytesIO(found.content),
            mimetype=found.content_type if opens else "application/octet-stream",
            as_attachment=not opens,
            download_name=found.name,
        )
        # A sandbox would keep the browser's own PDF viewer out; nothing in a PDF runs as a part of this page.
        is_pdf = found.content_type == "application/pdf"
        response.headers["Content-Security-Policy"] = PDF_POLICY if is_pdf else FILE_POLICY
        return response


def back_to(person: str, problem: str = "") -> AnyResponse:
    """To the page of *person*, with what went wrong."""
    query = {"with": person} | ({"problem": problem} if problem else {})
    return redirect(f"/?{urlencode(query)}#end", code=303)


def _can_be_answered(message: Message) -> bool:
    return message.direction == "out" and message.provider != "sns" and message.channel != "voice"


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
    return WORDS.get(kind) or re.sub(r"^(TEXT|VOICE)_", "", kind).replace("_", " ").capitalize()


def person_words(message: Message) -> str:
    """Whom it went to; of a fax the number without the gateway."""
    return message.person.partition("@")[0] if message.channel == "fax" else message.person


def spoken(text: str) -> str:
    """What a voice says of SSML."""
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text))).strip()


def tone(kind: str) -> str:
    """The color of an event."""
    return "good" if kind in GOOD else "neutral" if kind in NEUTRAL else "bad"


def size_words(size: int) -> str:
    """Bytes for people."""
    return f"{size} B" if size < 1000 else f"{size / 1000:.0f} kB" if size < 1_000_000 else f"{size / 1_000_000:.1f} MB"

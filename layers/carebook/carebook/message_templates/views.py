"""Templates and previews as callers see them."""

import re
from collections.abc import Iterator
from typing import Final

from carebook.instants import instant
from carebook.message_templates.merge_names import Kind, Method, fields_of, may_stand
from carebook.message_templates.model import MessageTemplate, Rendered
from carebook.message_templates.schemas import Hint, MergeFieldView, PreviewView, Segments, TemplateView
from carebook.sms_segments import parts_of

FEW_PARTS: Final = 2
_SAYS_STOP: Final = re.compile(r"\bSTOP\b")


def template_view(template: MessageTemplate) -> TemplateView:
    """A template, with the merge fields that its body may hold."""
    by = template.changed_by
    return {
        "kind": template.kind,
        "method": template.method,
        "subject": template.current.subject,
        "body": template.current.body,
        "built_in": template.built_in,
        "version": template.version,
        "updated_at": instant(template.changed_at) if template.changed_at else None,
        "updated_by": {"id": by.id, "name": by.name} if by else None,
        "fields": _fields(template.kind, template.method),
    }


def _fields(kind: Kind, method: Method) -> list[MergeFieldView]:
    return [
        {
            "name": field.name,
            "description": field.description,
            "sample": field.sample,
            "in_subject": may_stand(field.name, method=method, part="subject"),
        }
        for field in fields_of(kind)
        if may_stand(field.name, method=method, part="body")
    ]


def preview_view(kind: Kind, method: Method, rendered: Rendered) -> PreviewView:
    """A rendered message; of a text message in how many parts it goes."""
    parts = parts_of(rendered.body)
    segments: Segments = {"count": parts.parts, "encoding": parts.encoding, "units": parts.units}
    return {
        "kind": kind,
        "method": method,
        "subject": rendered.subject,
        "body": rendered.body,
        "segments": segments if method == "sms" else None,
        "hints": [*map(_lacking, rendered.lacks), *_hints(method, rendered.body)],
    }


def _lacking(name: str) -> Hint:
    what = name.rpartition(".")[2]
    sent = f"The message with the {what} needs {{{{ {name} }}}}. Without it the built-in text is sent in its place."
    return {"code": f"no_{what}", "message": sent}


def _hints(method: Method, body: str) -> Iterator[Hint]:
    if method != "sms":
        return
    parts = parts_of(body)
    if not _SAYS_STOP.search(body):
        yield {"code": "no_way_out", "message": 'Say how to end it, for example "Reply STOP to opt out."'}
    if parts.parts > FEW_PARTS:
        yield {"code": "many_parts", "message": f"This is sent, and paid for, as {parts.parts} text messages."}
    if parts.encoding == "UCS-2":
        yield {
            "code": "costly_characters",
            "message": "A character outside the alphabet of text messages lets one hold only 70 instead of 160.",
        }

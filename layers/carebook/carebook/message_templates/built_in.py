"""The texts that go out until a practice writes its own: short, plain, and nothing about anybody in a subject."""

from collections.abc import Mapping
from typing import Final, NamedTuple

from carebook.message_templates.merge_names import Kind, Method


class Words(NamedTuple):
    """Subject and body of a template. Without a subject: text messages and calls have none."""

    subject: str | None
    body: str


_WHOSE: Final = "{% if contact.name %}{{ client.first_name }}'s appointment{% else %}your appointment{% endif %}"
_WHOSE_AT_START: Final = _WHOSE.replace("your appointment", "Your appointment")
_WHEN: Final = "{{ appointment.date }} at {{ appointment.time }}"
_DETAILS: Final = """\
When:  {{ appointment.date }}, {{ appointment.time }}
{% if appointment.practitioner %}
With:  {{ appointment.practitioner }}
{% endif %}
{% if appointment.location %}
Where: {{ appointment.location }}
{% endif %}
"""
_STOP: Final = "Reply STOP to opt out."
_CANNOT_COME: Final = "If you cannot come, please tell us as early as you can: somebody else may need the time."

_NOTICE_SUBJECT: Final = (
    "{% if appointment.canceled %}Appointment canceled{% elif appointment.moved %}Appointment moved"
    "{% else %}Appointment booked{% endif %} - {{ practice.name }}"
)
_NOTICE: Final = f"""\
Dear {{{{ recipient.name }}}},

{{% if appointment.canceled %}}
{_WHOSE_AT_START} on {_WHEN} has been canceled. If this is a surprise, or to book another time, please contact us.
{{% elif appointment.moved %}}
{_WHOSE_AT_START} has been moved from {{{{ appointment.old_date }}}}, {{{{ appointment.old_time }}}} to a new time:

{_DETAILS}
{_CANNOT_COME}
{{% else %}}
{_WHOSE_AT_START} has been booked:

{_DETAILS}
{_CANNOT_COME}
{{% endif %}}

{{{{ practice.name }}}}
"""
_SHORT_WHEN: Final = "{{ appointment.day }}, {{ appointment.time }}"
_NOTICE_SMS: Final = (
    f"{{{{ practice.name }}}}: {_WHOSE} "
    f"{{% if appointment.canceled %}}on {_SHORT_WHEN} has been canceled."
    f"{{% elif appointment.moved %}}has been moved to {_SHORT_WHEN}."
    f"{{% else %}}on {_SHORT_WHEN} has been booked.{{% endif %}} {_STOP}"
)
_NOTICE_VOICE: Final = (
    "Hello. This is {{ practice.name }} with a message for {{ recipient.first_name }}. "
    f"{{% if appointment.canceled %}}{_WHOSE_AT_START} on {_WHEN} has been canceled."
    f"{{% elif appointment.moved %}}{_WHOSE_AT_START} has been moved. The new time is {_WHEN}."
    f"{{% else %}}{_WHOSE_AT_START} has been booked for {_WHEN}.{{% endif %}} "
    "If that does not suit you, please call us. Thank you. Goodbye."
)

_REMINDER: Final = f"""\
Dear {{{{ recipient.name }}}},

This is a reminder of {_WHOSE}:

{_DETAILS}
{_CANNOT_COME}

{{{{ practice.name }}}}
"""
_REMINDER_SMS: Final = (
    "{{ practice.name }}: reminder of "
    f"{_WHOSE} on {{{{ appointment.day }}}}, {{{{ appointment.time }}}}."
    f" Please call us if you cannot come. {_STOP}"
)
_REMINDER_VOICE: Final = (
    "Hello. This is {{ practice.name }} with a message for {{ recipient.first_name }}. "
    f"We would like to remind you of {_WHOSE} on {_WHEN}. "
    "If you cannot come, please call us. Thank you. Goodbye."
)

_BILL_DETAILS: Final = """\
{% if bill.number %}
Bill:   {{ bill.number }}
{% endif %}
Amount: {{ bill.amount }}
Due:    {{ bill.due_on }}
"""
_BILL_REMINDER: Final = f"""\
Dear {{{{ recipient.name }}}},

{{% if contact.name %}}
A bill for {{{{ client.first_name }}}} is due soon:
{{% else %}}
A bill of yours is due soon:
{{% endif %}}

{_BILL_DETAILS}
If you have paid already, please disregard this message. If you have a question about the bill, please contact us.

{{{{ practice.name }}}}
"""
_LATE: Final = f"""\
Dear {{{{ recipient.name }}}},

{{% if contact.name %}}
We have not yet received the payment of a bill for {{{{ client.first_name }}}}:
{{% else %}}
We have not yet received the payment of a bill of yours:
{{% endif %}}

{_BILL_DETAILS}
Please pay it soon, or contact us if something about it is unclear or you need more time.

If you have paid in the last few days, please disregard this message.

{{{{ practice.name }}}}
"""
_BILL_SMS: Final = (
    "{{ practice.name }}: a bill of {{ bill.amount }} is due on {{ bill.due_on }}."
    f" If you have paid, please disregard this. {_STOP}"
)
_LATE_SMS: Final = (
    "{{ practice.name }}: we have not yet received {{ bill.amount }}, due on {{ bill.due_on }}."
    f" Questions? Please call us. {_STOP}"
)
_BILL_VOICE: Final = (
    "Hello. This is {{ practice.name }} with a message for {{ recipient.first_name }}. "
    "A bill of {{ bill.amount }} is due on {{ bill.due_on }}. "
    "If you have paid already, please disregard this call. If you have a question, please call us. Thank you. Goodbye."
)
_LATE_VOICE: Final = (
    "Hello. This is {{ practice.name }} with a message for {{ recipient.first_name }}. "
    "A bill of {{ bill.amount }} was due on {{ bill.due_on }}, and we have not yet received it. "
    "If you have a question or need more time, please call us. Thank you. Goodbye."
)

_OPT_IN: Final = """\
Dear {{ recipient.name }},

{{ practice.name }} would like to write to you here, about appointments, bills and documents.

To agree, reply YES. Without your yes we send nothing further. You can change your mind at any time: reply STOP.

{{ practice.name }}
"""
_OPT_IN_SMS: Final = (
    "{{ practice.name }} would like to text you about appointments, bills and documents. Reply YES to agree,"
    " STOP to decline, HELP for help. Msg & data rates may apply."
)
_OPT_IN_FAX: Final = """\
To: {{ recipient.name }}

{{ practice.name }} would like to send you faxes at this number, about appointments, bills and documents.

If you do not want that, or if this is not your number, please tell us, and we will stop.

{{ practice.name }}
"""
_OPT_IN_VOICE: Final = (
    "Hello. This is {{ practice.name }} with a message for {{ recipient.first_name }}. "
    "We would like to call you with recorded messages about appointments and bills. "
    "If you agree, please tell us so the next time we speak, or call us. Without your agreement we will not do it. "
    "Thank you. Goodbye."
)

_SHARE: Final = """\
Dear {{ recipient.name }},

{% if share.link %}
{{ practice.name }} has documents for you. You can open them here until {{ share.expires_on }}:

{{ share.link }}

You will be asked for a code, which you get separately.
{% else %}
Your code for the documents from {{ practice.name }} is {{ share.code }}.
You can open them until {{ share.expires_on }}.
If you know nothing of it, please tell us.
{% endif %}

{{ share.message }}

{{ practice.name }}
"""
_SHARE_SMS: Final = (
    "{{ practice.name }}: {% if share.link %}documents for you, until {{ share.expires_on }}: {{ share.link }} "
    "The code comes separately.{% else %}your code is {{ share.code }}. Give it to nobody else.{% endif %} " + _STOP
)
_SHARE_VOICE: Final = (
    "Hello. This is {{ practice.name }} with a message for {{ recipient.first_name }}. "
    "{% if share.code %}Your code for the documents from us is {{ share.code }}. Again: {{ share.code }}."
    "{% else %}We have documents for you. Please call us to learn how to open them.{% endif %} Thank you. Goodbye."
)


def _fax(body: str) -> str:
    """A letter as a cover page."""
    return body.replace("Dear {{ recipient.name }},", "To: {{ recipient.name }}\nFrom: {{ practice.name }}", 1)


def _all_methods(subject: str, letter: str, sms: str, voice: str, fax: str | None = None) -> dict[Method, Words]:
    return {
        "email": Words(subject, letter),
        "sms": Words(None, sms),
        "fax": Words(subject, fax or _fax(letter)),
        "voice": Words(None, voice),
    }


BUILT_IN: Final[Mapping[Kind, Mapping[Method, Words]]] = {
    "appointment_notice": _all_methods(_NOTICE_SUBJECT, _NOTICE, _NOTICE_SMS, _NOTICE_VOICE),
    "appointment_reminder": _all_methods(
        "Appointment reminder - {{ practice.name }}", _REMINDER, _REMINDER_SMS, _REMINDER_VOICE
    ),
    "bill_reminder": _all_methods("About a bill - {{ practice.name }}", _BILL_REMINDER, _BILL_SMS, _BILL_VOICE),
    "late_payment_notice": _all_methods("About a bill - {{ practice.name }}", _LATE, _LATE_SMS, _LATE_VOICE),
    "opt_in_request": _all_methods(
        "May {{ practice.name }} write to you?", _OPT_IN, _OPT_IN_SMS, _OPT_IN_VOICE, _OPT_IN_FAX
    ),
    "share": _all_methods("Documents from {{ practice.name }}", _SHARE, _SHARE_SMS, _SHARE_VOICE),
}

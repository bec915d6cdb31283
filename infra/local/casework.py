"""What the demo practices do with their contacts: clients, links, referrals, letters, files and tasks, all invented."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import typst

from infra.local.users import HARBOR, LAKESIDE

Body = dict[str, Any]
FAMILIES = {LAKESIDE: 12, HARBOR: 2}
"""How many parents and guardians have a child who is a client."""
REFERRERS = {LAKESIDE: 8, HARBOR: 2}
"""How many physicians have sent somebody, and have work waiting on their page."""
CHILDREN = ("Mia", "Noah", "Zoë", "Liam", "Amara", "Mateo", "Linh", "Jonas", "Aaliyah", "Kenji", "Sofía", "Theo")
RELATIONSHIPS = ("mother", "father", "guardian", "mother", "grandmother", "father")
DIAGNOSES = (["F80.2"], ["F80.0", "R48.8"], ["R62.50"], ["F82"], ["F84.0", "F80.2"])
TASKS: tuple[tuple[int, Body], ...] = (
    (-3, {"title": "Ask for the last lab report", "priority": "high"}),
    (0, {"title": "Call back about the referral", "description": "Ask whether twenty visits are enough."}),
    (4, {"title": "Send the progress report", "status": "started"}),
    (9, {"title": "Renew the authorization to disclose", "priority": "urgent"}),
    (21, {"title": "Thank for the referral", "priority": "low"}),
    (-10, {"title": "Confirm the fax number", "status": "done"}),
)
"""Days from today until each is due, and the task."""
THANKS: Body = {
    "title": "Thank you for your referral",
    "body": (
        "Dear {{ contact.name }},\n\n"
        "thank you for the trust that you place in us. We have seen your patient for the first time and will write to "
        "you with our findings as soon as the assessment is done.\n\n"
        "- first visit: assessment of speech and language\n- then: weekly visits of 45 minutes\n\n"
        "Sincerely,\n\n**{{ practice.name }}**\n"
    ),
}
DRAFT: Body = {
    "title": "Progress report",
    "body": (
        "## Progress\n\nSince the first visit your patient **has gained** much:\n\n"
        "- longer sentences\n- clearer /r/ and /s/\n"
    ),
}
LAB_REPORT = """
#set page(width: 148mm, height: 105mm, margin: 12mm)
#set text(size: 11pt)
= Audiogram
Pure tone averages, both ears
#table(
  columns: 4,
  [], [500 Hz], [1 kHz], [2 kHz],
  [right], [15 dB], [10 dB], [15 dB],
  [left], [20 dB], [15 dB], [15 dB],
)
Invented, for demonstration.
"""


@dataclass(frozen=True)
class Family:
    """A child who is a client, and how its parent, a contact, is linked with it."""

    client: Body
    link: Body


def family(parent: Body, number: int) -> Family:
    """The *number*-th child of a practice, of the contact *parent*."""
    client = {
        "first_name": CHILDREN[number % len(CHILDREN)],
        "last_name": parent["last_name"],
        "date_of_birth": date(2014 + number % 8, 1 + number % 12, 1 + 2 * number % 27).isoformat(),
    }
    link = {
        "relationship": RELATIONSHIPS[number % len(RELATIONSHIPS)],
        "cc_all_automated_messages": number % 4 != 3,
        **({"cc": {"bill_reminder": False}} if number % 4 == 1 else {}),
    }
    return Family(client, link)


def referral(contact_id: str, number: int, today: date) -> Body:
    """A referral by a physician, as it came in some weeks before *today*."""
    received = today - timedelta(days=7 + 11 * number)
    return {
        "contact_id": contact_id,
        "received_on": received.isoformat(),
        "dated_on": (received - timedelta(days=2)).isoformat(),
        "expires_on": (received + timedelta(days=180)).isoformat(),
        "appointment_limit": 20,
        "diagnosis_codes": DIAGNOSES[number % len(DIAGNOSES)],
    }


def tasks(number: int, today: date) -> list[Body]:
    """What is to do on the page of the *number*-th physician."""
    chosen = [TASKS[(number + step) % len(TASKS)] for step in range(1 + number % 3)]
    return [{**task, "due_on": (today + timedelta(days=days)).isoformat()} for days, task in chosen]


def lab_report() -> bytes:
    """A report as a laboratory would send it, a PDF of one page."""
    return typst.compile(LAB_REPORT.encode())

"""Part (f): reminders that are due in one minute, handed over once each; and a minute in which nothing is due."""

import json
import sys
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any, Final
from unittest.mock import patch

from botocore.httpsession import URLLib3Session

from benchmarks.answering import Answering
from benchmarks.practice import ENVIRONMENT, call, in_memory_aws, request
from benchmarks.recording import recorded
from benchmarks.report import table as as_table
from benchmarks.standin import Put, put_of
from carebook import keys
from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.clients.documents import link_document
from carebook.clients.model import Client, ClientDetails, Link, LinkTerms
from carebook.clients.store import TableClients
from carebook.contacts.model import Contact, ContactDetails, Email
from carebook.contacts.rows import contact_item
from carebook.items import Item, make_item
from carebook.messages.model import Status
from carebook.observability import logger
from carebook.reminders.model import reminders_of_appointment
from carebook.reminders.store import reminder_item, subject_item
from carebook.settings.model import AccountSettings
from tests.builders import Context

NOON: Final = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
DUE: Final = 10_000
STORED: Final = 1_000_000
_ACCOUNTS: Final = 20
_LEAD: Final = timedelta(minutes=2880)
_A_MINUTE: Final = 60.0
_EXECUTIONS: Final = 2  # of the ten that the queue starts at most

_TEXT: Final = """\
## Reminders

10,000 reminders fall due in one minute, in 20 practices: each of another client, whose mother gets a copy. The function
of the schedule shares them out in pages. **Two** executions, each a process of its own, hand these over, one page after
another; on AWS up to ten do it at once. AWS is a stand-in in each process that answers after 5 ms; each request is
made, signed and read for real, so its CPU time is in it, as is the stand-in's own. Everything is shared out twice,
as by a run that overlaps with the next. Other work of this machine is in the seconds, and not in the CPU time.

"""


@dataclass(frozen=True, slots=True)
class Minute:
    """What the reminders that fell due in a minute took.

    Attributes:
        cpu: seconds of each execution.
        requests: of AWS, by operation.
        once, twice: for how many reminders there is one decision, and several.
        messages: how many were written, and how many queued.
    """

    due: int
    stored: int
    seconds: float
    cpu: Sequence[float]
    requests: Mapping[str, int]
    reads: float
    writes: float
    once: int
    twice: int
    messages: tuple[int, int]


def reminders_part() -> tuple[str, list[str]]:
    """The part of the report, and what in it must hold and does not."""
    minutes = [measure(DUE, DUE), measure(DUE, STORED)]
    nothing, made = nothing_due(), made_at_once()
    wrong = [f"reminders among {one.stored:,}" for one in minutes if (one.once, one.twice) != (one.due, 0)]
    wrong += ["nothing due"] if nothing != {"Query": keys.REMINDER_SHARDS} else []
    wrong += ["an appointment with its notice"] if made.get("TransactWriteItems") != 1 else []
    text = _TEXT + as_table(_COLUMNS, [_row(one) for one in minutes])
    text += "\nRequests for all of them, once and then once more for nothing:\n\n"
    names = sorted({name for one in minutes for name in one.requests})
    text += as_table(
        ("stored", *names),
        [(f"{one.stored:,}", *(f"{one.requests.get(name, 0):,}" for name in names)) for one in minutes],
    )
    text += f"\nA minute in which nothing is due: {_said(nothing)}.\n"
    text += (
        "\nAn appointment with two reminders, told at once to the client and three contacts by e-mail: "
        f"{_said(made)}.\n"
    )
    return text, wrong


_COLUMNS: Final = (
    "due", "stored", "sent once", "twice", "messages", "queued", "seconds", "CPU of each execution, s",
    "CPU each, ms", "RRU each", "WRU each", "target", "",
)  # fmt: skip


def _row(one: Minute) -> tuple[str, ...]:
    verdict = "met" if one.seconds <= _A_MINUTE else "**missed**"
    return (
        f"{one.due:,}",
        f"{one.stored:,}",
        f"{one.once:,}",
        f"{one.twice:,}",
        *(f"{count:,}" for count in one.messages),
        f"{one.seconds:.1f}",
        ", ".join(f"{seconds:.1f}" for seconds in one.cpu),
        f"{sum(one.cpu) / one.due * 1000:.2f}",
        f"{one.reads / one.due:.1f}",
        f"{one.writes / one.due:.1f}",
        f"≤ {_A_MINUTE:.0f} s",
        verdict,
    )


def _said(requests: Mapping[str, int]) -> str:
    return ", ".join(f"{count} {name}" for name, count in requests.items())


# A table that answers botocore ---------------------------------------------------------------------------------------


# The practices -------------------------------------------------------------------------------------------------------


def loaded(due: int, stored: int) -> Answering:
    """A table with *due* reminders that fall due by noon, among *stored* that wait."""
    table = Answering()
    clients = TableClients(table)
    for number in range(due):
        table.keep(*_family(clients, f"acc_{number % _ACCOUNTS}", number))
    shared = put_of(reminder_item(_reminder("acc_0", "cli_0", "apt_0", NOON + timedelta(days=30)))).stored
    for number in range(due, stored):
        account, client_id = f"acc_{number % _ACCOUNTS}", f"cli_{number:026}"
        pk, sk = keys.reminder_due(NOON + timedelta(minutes=1 + number % 80_000), account, client_id)
        key = keys.reminder_key(account, client_id, f"apt_{number:026}", "appointment_reminder", 2880)
        # The documents are the same text, so that a million fit into memory: nobody may read them.
        table.keep_put(Put(key, shared._replace(rest={"version": 1, "GSI2PK": pk, "GSI2SK": sk})))
    return table


def _reminder(account: str, client_id: str, appointment_id: str, due_at: datetime) -> Any:
    appointment = _appointment(account, client_id, appointment_id, due_at + _LEAD)
    return reminders_of_appointment(appointment, AccountSettings(), now=due_at - timedelta(minutes=1))[0]


def _appointment(account: str, client_id: str, appointment_id: str, starts_at: datetime) -> Appointment:
    details = AppointmentDetails(
        starts_at=starts_at,
        ends_at=starts_at + timedelta(minutes=50),
        practitioner="Dr. Lee",
        location="12 Lake Street",
    )
    return Appointment(
        id=appointment_id,
        account=account,
        client_id=client_id,
        version=1,
        details=details,
        created_at=NOON,
        updated_at=NOON,
    )


def _family(clients: TableClients, account: str, number: int) -> Iterator[Item]:
    """A child with an appointment, its reminder, and their mother, who gets copies."""
    ids = {kind: f"{kind}_{number:026}" for kind in ("cli", "con", "apt")}
    own: dict[str, Any] = {"account": account, "version": 1, "created_at": NOON, "updated_at": NOON}
    child = ClientDetails(
        first_name="Mia",
        last_name=f"N{number}",
        messaging_methods=("email",),
        emails=(Email(f"mia{number}@example.org", None),),
    )
    yield clients._item(Client(id=ids["cli"], details=child, **own))  # noqa: SLF001
    mother = ContactDetails(
        type="parent_guardian",
        first_name="Ana",
        last_name=f"N{number}",
        messaging_methods=("email",),
        emails=(Email(f"ana{number}@example.org", None),),
    )
    yield contact_item(Contact(id=ids["con"], details=mother, **own))
    link = Link(client_id=ids["cli"], contact_id=ids["con"], terms=LinkTerms(cc_all_automated_messages=True), **own)
    yield make_item(keys.link_key(account, ids["cli"], ids["con"]), "link", link_document(link), version=1)
    due_at = NOON - timedelta(seconds=number % 60)
    appointment = _appointment(account, ids["cli"], ids["apt"], due_at + _LEAD)
    yield subject_item(appointment)
    yield reminder_item(_reminder(account, ids["cli"], ids["apt"], due_at))


# Measuring -----------------------------------------------------------------------------------------------------------


@contextmanager
def _functions_on(table: Answering, pages: list[Any]) -> Iterator[Any]:
    from functions.reminders import send_due

    class Pages:
        def put(self, shared: Sequence[Any]) -> None:
            pages.extend(shared)

    kept = (send_due.schedule, send_due.queue, send_due.pool, send_due.desk)
    environment = ENVIRONMENT | {
        "CAREBOOK_MESSAGE_QUEUE": "https://sqs.us-east-1.amazonaws.com/123456789012/messages",
        "CAREBOOK_SENDER": "office@lakeside.example",
    }
    logger.setLevel("ERROR")
    for one in kept:
        one.cache_clear()
    with (
        patch.dict("os.environ", environment),
        patch.object(URLLib3Session, "send", table.send),
        patch.object(send_due, "open_table", lambda: table),
        patch.object(send_due, "queue", Pages),
        patch.object(send_due, "utcnow", lambda: NOON),
    ):
        yield send_due
    for one in kept:
        one.cache_clear()


def measure(due: int, stored: int) -> Minute:
    """Let *due* reminders of *stored* fall due, share them out twice, and hand them over."""
    table, pages = loaded(due, stored), list[Any]()
    with _functions_on(table, pages) as function:
        table.requests.clear()
        context: Any = Context(remaining_ms=55_000)
        counts = function.handler({}, context)
    if counts["shared_out"] != due:
        raise RuntimeError(f"{counts} were shared out")
    started = time.perf_counter()
    # Each process has the table as it is now, and pages that no other has.
    with ProcessPoolExecutor(
        max_workers=_EXECUTIONS, mp_context=get_context("fork"), initializer=_take_over, initargs=(table,)
    ) as executions:
        done = list(executions.map(_execution, [pages[number::_EXECUTIONS] for number in range(_EXECUTIONS)]))
    requests, once, twice = Counter(table.requests), 0, 0
    for one in done:
        requests += Counter(one.requests)
        once += one.once
        twice += one.twice
    return Minute(
        due=due,
        stored=stored,
        seconds=max(one.finished for one in done) - started,
        cpu=[one.cpu for one in done],
        requests=dict(requests),
        reads=sum(one.reads for one in done) + table.taken.reads,
        writes=sum(one.writes for one in done) + table.taken.writes,
        once=once,
        twice=twice,
        messages=(sum(one.messages for one in done), sum(one.queued for one in done)),
    )


@dataclass(frozen=True, slots=True)
class Done:
    """What one execution has done; *finished* when it had handed its pages over for the first time."""

    finished: float
    cpu: float
    requests: Mapping[str, int]
    reads: float
    writes: float
    once: int
    twice: int
    messages: int
    queued: int


_mine: list[Answering] = []


def _take_over(table: Answering) -> None:
    table.begin()
    _mine.append(table)


def _execution(pages: Sequence[Any]) -> Done:
    table = _mine[0]
    context: Any = Context(remaining_ms=55_000)
    with _functions_on(table, []) as function:
        before, cpu = table.taken, time.process_time()
        _hand_over(function, pages, context)
        finished, cpu = time.perf_counter(), time.process_time() - cpu
        _hand_over(function, pages, context)  # the next run began before this was done, and shared out the same
    decisions: Counter[str] = Counter()
    messages = 0
    for key, item in table.scan():
        if key.sk.startswith(keys.DECISIONS_FIRST):
            decisions[json.loads(item.doc or "")["subject_id"]] += 1
        messages += key.sk.startswith(keys.MESSAGES_FIRST) and Status.QUEUED.value in (item.doc or "")
    return Done(
        finished=finished,
        cpu=cpu,
        requests=dict(table.requests),
        reads=table.taken.reads - before.reads,
        writes=table.taken.writes - before.writes,
        once=sum(count == 1 for count in decisions.values()),
        twice=sum(count > 1 for count in decisions.values()),
        messages=messages,
        queued=table.queued,
    )


def _hand_over(function: Any, pages: Sequence[Any], context: Any) -> None:
    for number, page in enumerate(pages):
        record = {"messageId": str(number), "body": json.dumps([[key.pk, key.sk] for key in page])}
        if function.page_handler({"Records": [record]}, context)["batchItemFailures"]:
            raise RuntimeError("a page failed")


def nothing_due() -> dict[str, int]:
    """The requests of a minute in which nothing is due."""
    table = loaded(0, 1_000)
    with _functions_on(table, []) as function:
        table.requests.clear()
        function.handler({}, Context())
    return dict(table.requests)


def made_at_once() -> dict[str, int]:
    """The requests that write or queue when an appointment is made."""
    starts_at = NOON + timedelta(days=4)
    with in_memory_aws(NOON), patch("functions.schedule.api.utcnow", lambda: NOON):
        return _made(starts_at)


def _made(starts_at: datetime) -> dict[str, int]:
    import boto3

    from functions.schedule import api as schedule_api

    kept = (schedule_api.schedule, schedule_api.desk)
    for one in kept:
        one.cache_clear()
    client = call(
        "clients.api", request("POST", "/clients", {"last_name": "N", "emails": [{"address": "m@example.org"}]})
    )
    for number in range(3):
        body = {"type": "other", "last_name": f"N{number}", "emails": [{"address": f"{number}@example.org"}]}
        contact = call("contacts.api", request("POST", "/contacts", body))
        path = f"/clients/{client['id']}/contacts/{contact['id']}"
        call("clients.api", request("PUT", path, {"cc_all_automated_messages": True}))
    url = boto3.client("sqs").create_queue(QueueName="messages")["QueueUrl"]
    body = {"starts_at": starts_at.isoformat(), "ends_at": (starts_at + timedelta(hours=1)).isoformat()}
    environment = {"CAREBOOK_MESSAGE_QUEUE": url, "CAREBOOK_SENDER": "office@lakeside.example"}
    with patch.dict("os.environ", environment), recorded() as requests:
        call("schedule.api", request("POST", f"/clients/{client['id']}/appointments", body))
    for one in kept:
        one.cache_clear()
    return dict(Counter(one.operation for one in requests if not one.operation.endswith("GetItem")))


if __name__ == "__main__":
    print(reminders_part()[0] if len(sys.argv) < 2 else measure(int(sys.argv[1]), int(sys.argv[2])))

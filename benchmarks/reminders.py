"""Part (f): reminders that are due in one minute, handed over once each; and a minute in which nothing is due."""

import json
import sys
import threading
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

from botocore.awsrequest import AWSResponse
from botocore.httpsession import URLLib3Session
from pynamodb.expressions.condition import Condition

from benchmarks.practice import ENVIRONMENT, call, in_memory_aws, request
from benchmarks.recording import recorded
from benchmarks.report import table as as_table
from benchmarks.standin import Put, StandIn, Stored, put_of
from carebook import keys
from carebook.appointments.model import Appointment, AppointmentDetails
from carebook.clients.documents import link_document
from carebook.clients.model import Client, ClientDetails, Link, LinkTerms
from carebook.clients.store import TableClients
from carebook.contacts.model import Contact, ContactDetails, Email
from carebook.contacts.rows import contact_item
from carebook.items import Item, Writes, make_item
from carebook.messages.model import Status
from carebook.observability import logger
from carebook.reminders.model import reminders_of_appointment
from carebook.reminders.store import reminder_item, subject_item
from carebook.settings.model import AccountSettings
from carebook.table import Row, Table
from tests.builders import Context

NOON: Final = datetime(2026, 11, 25, 17, 0, tzinfo=UTC)
DUE: Final = 10_000
STORED: Final = 1_000_000
_ACCOUNTS: Final = 20
_LATENCY: Final = 0.005
_LEAD: Final = timedelta(minutes=2880)
_A_MINUTE: Final = 60.0
_EXECUTIONS: Final = 2  # of the ten that the queue starts at most

_TEXT: Final = """\
## Reminders

10,000 reminders fall due in one minute, in 20 practices: each of another client, whose mother gets a copy. The function
of the schedule shares them out in pages. **Two** executions, each a process of its own, hand these over, one page after
another; on AWS up to ten do it at once. AWS is a stand-in in each process that answers after 5 ms; each request is
made, signed and read by botocore, so its CPU time is in it, as is the stand-in's own. Everything is shared out twice,
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


class Answering(StandIn):
    """A stand-in whose every request goes through PynamoDB and botocore, and is answered below them after a while."""

    def __init__(self) -> None:
        super().__init__()
        self._real = Table("stand-in", region="us-east-1")
        self._lock = threading.Lock()
        self._ready = threading.local()
        self._due: dict[str, dict[keys.Key, str]] = {}
        self._sorted: dict[str, list[tuple[str, keys.Key]]] = {}
        self.requests: Counter[str] = Counter()
        self.queued = 0

    @property
    def connection(self) -> Any:
        return self._real.connection

    def connect(self) -> None:
        self._real.connect()

    def get_together(self, *wanted: keys.Key, latest: bool = True) -> list[Row | None]:
        with self._lock:
            found = [raw_of(key, stored) for key in wanted if (stored := self._find(key))]
            super().get_together(*wanted, latest=latest)
        self._answer({"Responses": {self._real.name: found}, "UnprocessedKeys": {}})
        return self._real.get_together(*wanted, latest=latest)

    def get(self, key: keys.Key) -> Row | None:
        with self._lock:
            stored = self._find(key)
            super().get_together(key)
        self._answer({"Item": raw_of(key, stored)} if stored else {})
        return self._real.get(key)

    def query(
        self,
        pk: str,
        *,
        low: str | None = None,
        high: str | None = None,
        limit: int,
        newest_first: bool = False,
        filters: Condition | None = None,
        drops_few: bool = False,
    ) -> list[Row]:
        asked: Any = {"low": low, "high": high, "limit": limit, "newest_first": newest_first}
        with self._lock:
            rows = super().query(pk, **asked, filters=filters, drops_few=drops_few)
            found = [raw_of(row.key, stored) for row in rows if (stored := self._find(row.key))]
        self._answer({"Items": found, "Count": len(found)})
        return self._real.query(pk, low=low, high=high, limit=limit, newest_first=newest_first)

    def due_keys(self, pk: str, *, until: str, limit: int) -> list[keys.Key]:
        with self._lock:
            if pk not in self._sorted:
                self._sorted[pk] = sorted((sk, key) for key, sk in self._due.get(pk, {}).items())
            found = [(sk, key) for sk, key in _until(self._sorted[pk], until, limit)]
            # Keys alone are projected: a few hundred bytes each, read eventually consistent.
            self._charge(
                reads=max(1, -(-sum(2 * len(sk) + len(key.pk) + len(key.sk) for sk, key in found) // 4096)) / 2
            )
        items = [
            {"PK": {"S": key.pk}, "SK": {"S": key.sk}, "GSI2PK": {"S": pk}, "GSI2SK": {"S": sk}} for sk, key in found
        ]
        self._answer({"Items": items, "Count": len(items)})
        return self._real.due_keys(pk, until=until, limit=limit)

    def write(self, writes: Writes) -> None:
        with self._lock:
            super().write(writes)
        self._answer({})
        self._real.write(writes)

    def put_if(self, item: Item, condition: Condition) -> bool:
        with self._lock:
            holds = super().put_if(item, condition)
        self._answer({})
        return self._real.put_if(item, condition) and holds

    def begin(self) -> None:
        """In a process of its own: threads and connections of the one before are not there."""
        self._real = Table("stand-in", region="us-east-1")
        self._lock = threading.Lock()
        self._ready = threading.local()
        self.requests = Counter()

    def keep(self, *items: Item) -> None:
        """Load items, uncharged."""
        for item in items:
            self.keep_put(put_of(item))

    def keep_put(self, put: Put) -> None:
        """Load what is kept as it is."""
        self._store(put)

    def _store(self, put: Put) -> None:
        before = self._find(put.key)
        for stored, is_new in ((before, False), (put.stored, True)):
            rest = (stored.rest if stored else None) or {}
            pk = rest.get("GSI2PK")
            if pk is not None:
                self._sorted.pop(pk, None)
                if is_new:
                    self._due.setdefault(pk, {})[put.key] = rest["GSI2SK"]
                else:
                    self._due[pk].pop(put.key, None)
        super()._store(put)

    def _answer(self, document: Mapping[str, Any]) -> None:
        self._ready.content = json.dumps(document).encode()

    def send(self, sent: Any) -> Any:
        """What botocore sends requests by."""
        time.sleep(_LATENCY)
        target = sent.headers["X-Amz-Target"]
        name = (target.decode() if isinstance(target, bytes) else str(target)).rpartition(".")[2]
        with self._lock:
            self.requests[name] += 1
        content = self._ready.__dict__.pop("content", b"{}")
        if name == "SendMessageBatch":
            entries = json.loads(sent.body)["Entries"]
            with self._lock:
                self.queued += len(entries)
            content = json.dumps({"Successful": [{"Id": one["Id"]} for one in entries], "Failed": []}).encode()
        response_type: Any = AWSResponse
        return response_type(sent.url, 200, {"content-type": "application/x-amz-json-1.0"}, _Body(content))


class _Body:
    def __init__(self, content: bytes) -> None:
        self._content = content

    def stream(self, *_: Any, **__: Any) -> Iterator[bytes]:
        yield self._content


def raw_of(key: keys.Key, stored: Stored) -> dict[str, dict[str, str]]:
    """An item as DynamoDB sends it."""
    raw = {"PK": {"S": key.pk}, "SK": {"S": key.sk}}
    if stored.doc is not None:
        raw["doc"] = {"S": stored.doc}
    for name, value in (stored.rest or {}).items():
        raw[name] = {"N": str(value)} if isinstance(value, int) else {"S": value}
    return raw


def _until(found: Sequence[tuple[str, keys.Key]], until: str, limit: int) -> Iterator[tuple[str, keys.Key]]:
    for number, (sk, key) in enumerate(found):
        if sk > until or number == limit:
            return
        yield sk, key


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

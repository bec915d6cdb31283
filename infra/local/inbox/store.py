"""What the carrier was given to deliver, and what came of it: one SQLite file beside the embedded AWS's data."""

import json
import sqlite3
import threading
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

Channel = Literal["email", "sms", "fax", "voice"]
Direction = Literal["out", "in"]
Provider = Literal["ses", "sms_voice", "sns"]

SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS messages (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    provider TEXT NOT NULL,
    provider_id TEXT NOT NULL,
    channel TEXT NOT NULL,
    direction TEXT NOT NULL,
    sender TEXT NOT NULL,
    recipient TEXT NOT NULL,
    subject TEXT NOT NULL,
    text TEXT NOT NULL,
    html TEXT,
    at REAL NOT NULL,
    request TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS by_recipient ON messages (recipient, number);
CREATE INDEX IF NOT EXISTS by_sender ON messages (sender, number);
CREATE TABLE IF NOT EXISTS attachments (
    message_id TEXT NOT NULL,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    content_type TEXT NOT NULL,
    content BLOB NOT NULL,
    PRIMARY KEY (message_id, position)
) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS events (
    number INTEGER PRIMARY KEY,
    message_id TEXT NOT NULL,
    type TEXT NOT NULL,
    details TEXT NOT NULL,
    due_at REAL NOT NULL,
    published_at REAL,
    problem TEXT
);
CREATE INDEX IF NOT EXISTS by_message ON events (message_id, number);
CREATE INDEX IF NOT EXISTS unpublished ON events (due_at) WHERE published_at IS NULL AND problem IS NULL;
CREATE TABLE IF NOT EXISTS opted_out (
    list TEXT NOT NULL,
    number TEXT NOT NULL,
    at REAL NOT NULL,
    by_recipient INTEGER NOT NULL,
    PRIMARY KEY (list, number)
) WITHOUT ROWID;
"""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a message; *content* is read only when somebody opens it."""

    name: str
    content_type: str
    size: int
    content: bytes = b""


@dataclass(frozen=True, slots=True)
class Message:
    """One message to or from one address or number, as the person there has it before them.

    ``request`` is what the provider was sent, without body and attachments. ``at`` is in seconds of the epoch.
    """

    id: str
    provider: Provider
    provider_id: str
    channel: Channel
    direction: Direction
    sender: str
    recipient: str
    text: str
    at: float
    subject: str = ""
    html: str | None = None
    request: Mapping[str, Any] = field(default_factory=dict)
    attachments: Sequence[Attachment] = ()

    @property
    def person(self) -> str:
        """The address or number outside the practice."""
        return self.recipient if self.direction == "out" else self.sender


@dataclass(frozen=True, slots=True)
class Event:
    """Something that became of a message. ``problem`` says why it could not be published."""

    number: int
    message_id: str
    type: str
    details: Mapping[str, Any]
    due_at: float
    published_at: float | None = None
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class OptedOut:
    """A number that wants nothing more."""

    number: str
    at: float
    by_recipient: bool


class Store:
    """The carrier's memory. Safe to use from several threads."""

    def __init__(self, path: Path | str) -> None:
        self._lock = threading.Lock()
        self._connection = sqlite3.connect(path, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.executescript(SCHEMA)

    def close(self) -> None:
        """Let go of the file."""
        with self._lock:
            self._connection.close()

    def add(self, message: Message) -> bool:
        """Keep *message*; whether it is new."""
        with self._lock, self._connection as connection:
            added = connection.execute(
                "INSERT OR IGNORE INTO messages (id, provider, provider_id, channel, direction, sender, recipient,"
                " subject, text, html, at, request) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(message.id, message.provider, message.provider_id, message.channel, message.direction),
                    *(message.sender, message.recipient, message.subject, message.text, message.html, message.at),
                    json.dumps(message.request),
                ),
            )
            if not added.rowcount:
                return False
            connection.executemany(
                "INSERT INTO attachments (message_id, position, name, content_type, content) VALUES (?, ?, ?, ?, ?)",
                [
                    (message.id, position, one.name, one.content_type, one.content)
                    for position, one in enumerate(message.attachments)
                ],
            )
        return True

    def find(self, message_id: str) -> Message | None:
        """One message, or None."""
        found = self._messages("id = ?", (message_id,), "LIMIT 1")
        return found[0] if found else None

    def messages(self, *, person: str | None = None, channel: str | None = None, limit: int = 500) -> list[Message]:
        """The newest *limit* messages, oldest first, of one person or of everybody."""
        conditions, values = ["1"], list[object]()
        if person is not None:
            conditions.append("(recipient = ? AND direction = 'out' OR sender = ? AND direction = 'in')")
            values += [person, person]
        if channel is not None:
            conditions.append("channel = ?")
            values.append(channel)
        values.append(limit)
        return self._messages(" AND ".join(conditions), values, "ORDER BY number DESC LIMIT ?")[::-1]

    def _messages(self, condition: str, values: Iterable[object], rest: str) -> list[Message]:
        # Condition and rest are constants of this class; what comes from outside goes through placeholders.
        rows = self._rows(f"SELECT * FROM messages WHERE {condition} {rest}", values)  # noqa: S608
        return [self._message(row) for row in rows]

    def _message(self, row: sqlite3.Row) -> Message:
        files = self._rows(
            "SELECT name, content_type, length(content) AS size FROM attachments WHERE message_id = ?"
            " ORDER BY position",
            (row["id"],),
        )
        known = {name: row[name] for name in row.keys() if name not in ("number", "request")}  # noqa: SIM118
        return Message(
            **known,
            request=json.loads(row["request"]),
            attachments=[Attachment(one["name"], one["content_type"], one["size"]) for one in files],
        )

    def attachment(self, message_id: str, position: int) -> Attachment | None:
        """One attachment with its content, or None."""
        rows = self._rows(
            "SELECT name, content_type, content FROM attachments WHERE message_id = ? AND position = ?",
            (message_id, position),
        )
        return (
            Attachment(rows[0]["name"], rows[0]["content_type"], len(rows[0]["content"]), rows[0]["content"])
            if rows
            else None
        )

    def people(self) -> list[Message]:
        """The last message of each person, the newest first."""
        rows = self._rows(
            "SELECT * FROM messages WHERE number IN (SELECT max(number) FROM messages"
            " GROUP BY CASE direction WHEN 'out' THEN recipient ELSE sender END) ORDER BY number DESC",
            (),
        )
        return [self._message(row) for row in rows]

    def state(self) -> str:
        """A word that changes whenever a message or an event comes in or an event is published."""
        (row,) = self._rows(
            "SELECT (SELECT max(number) FROM messages) AS last, (SELECT max(number) FROM events) AS event,"
            " (SELECT count(*) FROM events WHERE published_at IS NULL) AS waiting",
            (),
        )
        return f"{row['last']}-{row['event']}-{row['waiting']}"

    def add_events(self, events: Iterable[tuple[str, str, Mapping[str, Any], float]]) -> None:
        """Keep events to be published: message id, type, details, due instant."""
        with self._lock, self._connection as connection:
            connection.executemany(
                "INSERT INTO events (message_id, type, details, due_at) VALUES (?, ?, ?, ?)",
                [(message_id, kind, json.dumps(details), due_at) for message_id, kind, details, due_at in events],
            )

    def events(self, message_id: str) -> list[Event]:
        """What became of a message, in the order in which it came about."""
        return [
            _event(row)
            for row in self._rows("SELECT * FROM events WHERE message_id = ? ORDER BY number", (message_id,))
        ]

    def due(self, now: float, limit: int = 100) -> list[Event]:
        """Events to be published now."""
        rows = self._rows(
            "SELECT * FROM events WHERE published_at IS NULL AND problem IS NULL AND due_at <= ?"
            " ORDER BY due_at, number LIMIT ?",
            (now, limit),
        )
        return [_event(row) for row in rows]

    def published(self, number: int, at: float) -> None:
        """Note that an event went out."""
        self._change("UPDATE events SET published_at = ?, problem = NULL WHERE number = ?", (at, number))

    def unpublished(self, number: int, problem: str) -> None:
        """Note that an event cannot go out, and why."""
        self._change("UPDATE events SET problem = ? WHERE number = ?", (problem, number))

    def opt_out(self, opt_out_list: str, number: str, at: float, *, by_recipient: bool) -> OptedOut:
        """Put a number on an opt-out list; one that is there stays as it is."""
        self._change(
            "INSERT OR IGNORE INTO opted_out (list, number, at, by_recipient) VALUES (?, ?, ?, ?)",
            (opt_out_list, number, at, by_recipient),
        )
        (found,) = self.opted_out(opt_out_list, [number])
        return found

    def opt_in(self, opt_out_list: str, number: str) -> OptedOut | None:
        """Take a number from a list; what was there, or None."""
        found = self.opted_out(opt_out_list, [number])
        self._change("DELETE FROM opted_out WHERE list = ? AND number = ?", (opt_out_list, number))
        return found[0] if found else None

    def opted_out(self, opt_out_list: str, numbers: Sequence[str] = ()) -> list[OptedOut]:
        """Who is on a list: all, or those of *numbers* that are."""
        rows = self._rows("SELECT * FROM opted_out WHERE list = ? ORDER BY number", (opt_out_list,))
        everybody = [OptedOut(row["number"], row["at"], bool(row["by_recipient"])) for row in rows]
        return [one for one in everybody if not numbers or one.number in numbers]

    def forget(self) -> None:
        """Drop everything."""
        with self._lock, self._connection as connection:
            for table in ("messages", "attachments", "events", "opted_out"):
                connection.execute(f"DELETE FROM {table}")  # noqa: S608 - a constant

    def _rows(self, statement: str, values: Iterable[object]) -> list[sqlite3.Row]:
        with self._lock:
            return self._connection.execute(statement, tuple(values)).fetchall()

    def _change(self, statement: str, values: Iterable[object]) -> None:
        with self._lock, self._connection as connection:
            connection.execute(statement, tuple(values))


def _event(row: sqlite3.Row) -> Event:
    return Event(
        row["number"],
        row["message_id"],
        row["type"],
        json.loads(row["details"]),
        row["due_at"],
        row["published_at"],
        row["problem"],
    )

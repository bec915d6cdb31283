"""A stand-in for the table that also answers botocore over the wire, as late as AWS would."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from botocore.awsrequest import AWSResponse
from pynamodb.expressions.condition import Condition

from benchmarks.standin import Put, StandIn, Stored, put_of
from carebook import keys
from carebook.items import Item, Writes
from carebook.table import Row, Table

_LATENCY: Final = 0.005


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

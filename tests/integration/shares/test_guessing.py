"""Guesses at a share's code: how many are heard, and that each counts once."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import pytest
from pynamodb.expressions.condition import Condition

from carebook.items import Item
from carebook.shares import opening
from carebook.shares.codes import new_code
from carebook.shares.open_store import TableOpenShares
from carebook.shares.opening import open_share
from carebook.shares.vault import SigningVault
from carebook.table import Table
from tests.integration.conftest import TABLE
from tests.integration.disturbing import Line
from tests.integration.shares.conftest import Clock, Recipient, Sharer, wrong_for
from tests.messaging import NOON


def atomic(table: Table) -> Table:
    """*table* with conditional writes that are one step, as DynamoDB's are; moto's threads come between the two."""
    table.connect()
    lock, put_if = Lock(), table.put_if

    def locked(item: Item, condition: Condition) -> bool:
        with lock:
            return put_if(item, condition)

    table.put_if = locked  # type: ignore[method-assign]
    return table


def test_five_wrong_codes_lock_it_for_an_hour_for_the_right_one_too(
    sharer: Sharer, recipient: Recipient, clock: Clock
) -> None:
    path = sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    answers = [recipient.open(token, wrong_for(code)) for _ in range(5)]
    assert [one.body["code"] for one in answers] == ["wrong_code"] * 4 + ["share_locked"]
    clock.forward(minutes=59)
    right, wrong = recipient.open(token, code), recipient.open(token, wrong_for(code))
    assert (right.status, right.headers["Retry-After"]) == (429, "61")
    assert (right.text, right.headers) == (wrong.text, wrong.headers)
    assert recipient.look(token).status == 200
    share = sharer.caller.get(path).body
    assert (share["status"], share["locked_until"]) == ("locked", "2026-11-25T18:00:00Z")
    clock.forward(minutes=1)
    assert recipient.open(token, code).status == 200
    outcomes = [one["outcome"] for one in sharer.caller.get(path).body["accesses"]]
    assert outcomes == ["wrong_code"] * 4 + ["locked", "opened"]


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_an_opening_whose_answer_is_lost_counts_once(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    path = sharer.shared()
    code = sharer.post.code
    line = Line(monkeypatch)
    line.lose_the_answer("PutItem")
    answer = recipient.open(sharer.post.token, code if right else wrong_for(code))
    assert (answer.status, line.is_quiet) == (200 if right else 403, True)
    share = sharer.caller.get(path).body
    assert [one["outcome"] for one in share["accesses"]] == ["opened" if right else "wrong_code"]
    assert share["opened"] == int(right)


def test_no_two_wrong_guesses_of_one_moment_count_as_one(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written in the same words; whoever could let one pass for the other would guess more often."""
    path = sharer.shared()
    token, wrong = sharer.post.token, wrong_for(sharer.post.code)
    line = Line(monkeypatch)
    line.lose_the_request("PutItem", after=lambda: recipient.open(token, wrong))
    assert recipient.open(token, wrong).status == 403
    assert line.is_quiet
    assert [one["outcome"] for one in sharer.caller.get(path).body["accesses"]] == ["wrong_code"] * 2


def test_no_code_is_looked_at_while_it_is_locked(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharer.shared()
    for _ in range(5):
        recipient.open(sharer.post.token, wrong_for(sharer.post.code))
    monkeypatch.setattr(opening, "fits", lambda *_args, **_kwargs: 1 / 0)
    assert recipient.open(sharer.post.token, sharer.post.code).status == 429


@pytest.mark.parametrize("repeat", range(3))
def test_of_many_guesses_at_the_same_moment_five_are_heard(sharer: Sharer, repeat: int) -> None:
    path = sharer.shared()
    token, wrong = sharer.post.token, wrong_for(sharer.post.code)
    store = TableOpenShares(atomic(Table(TABLE, region="us-east-1")), None, None)  # type: ignore[arg-type]

    def guess(_: int) -> str:
        try:
            open_share(store, SigningVault(), token=token, code=wrong, now=NOON)
        except Exception as refused:  # noqa: BLE001 - what it is is counted
            return type(refused).__name__
        return "opened"

    with ThreadPoolExecutor(20) as threads:
        told = Counter(threads.map(guess, range(40)))
    assert told == {"WrongCode": 4, "ShareLocked": 36}
    share = sharer.caller.get(path).body
    assert [one["outcome"] for one in share["accesses"]] == ["wrong_code"] * 4 + ["locked"]


def test_the_right_code_among_many_guesses_helps_nobody_to_more(sharer: Sharer) -> None:
    """Whoever guesses in parallel with every code there is hears of five at most."""
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code

    class Urls:
        def download_url(self, file: Any, *, seconds: int) -> str:
            return "https://s3.example"

    store = TableOpenShares(atomic(Table(TABLE, region="us-east-1")), Urls(), None)  # type: ignore[arg-type]
    guesses = [new_code() for _ in range(30)]
    guesses[20:20] = [code]

    def guess(typed: str) -> str:
        try:
            open_share(store, SigningVault(), token=token, code=typed, now=NOON)
        except Exception as refused:  # noqa: BLE001 - what it is is counted
            return type(refused).__name__
        return "opened"

    with ThreadPoolExecutor(10) as threads:
        told = Counter(threads.map(guess, guesses))
    assert told["opened"] <= 1
    # A right code begins the count anew: at most four before it, and five after it, the last of which locks.
    assert told["WrongCode"] <= (8 if told["opened"] else 4)
    assert told["ShareLocked"] >= 20

"""Writes of the table that DynamoDB does in part or refuses: nothing is dropped, nothing is tried in vain."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from carebook.errors import Unavailable
from carebook.items import NOT_THERE, ConditionFailed, Writes, at_version, make_item
from carebook.keys import Key
from carebook.table import Table
from carebook.troubles import refusal, will_pass
from tests.fakes.examples import TABLE
from tests.unit.table.conftest import Answer, Dynamo, answered, transient


def canceled(*codes: str) -> Answer:
    reasons = [{"Code": code, "Message": "m"} if code != "None" else {"Code": "None"} for code in codes]
    return {
        "Error": {"Code": "TransactionCanceledException", "Message": f"[{', '.join(codes)}]"},
        "CancellationReasons": reasons,
    }


def two_puts_and_a_delete() -> Writes:
    writes = Writes()
    writes.put(make_item(Key("p", "first put"), "x", {}), NOT_THERE)
    writes.put(make_item(Key("p", "second put"), "x", {}), NOT_THERE)
    writes.delete(Key("p", "delete"), NOT_THERE)
    return writes


def test_deletes_come_in_batches_of_25_and_what_is_left_over_is_deleted_again(table: Table, dynamo: Dynamo) -> None:
    left = {TABLE: [{"DeleteRequest": {"Key": {"PK": {"S": "p"}, "SK": {"S": "007"}}}}]}
    dynamo.answers = [{"UnprocessedItems": left}, {"UnprocessedItems": {}}]
    table.delete_all([Key("p", f"{number:03}") for number in range(30)])
    sent = [[each["DeleteRequest"]["Key"]["SK"]["S"] for each in body["RequestItems"][TABLE]] for body in dynamo.bodies]
    assert sent == [[f"{n:03}" for n in range(25)], ["007"], [f"{n:03}" for n in range(25, 30)]]


def test_a_table_that_never_deletes_all_is_unavailable(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [{"UnprocessedItems": {TABLE: [{"DeleteRequest": {"Key": {"PK": {"S": "p"}, "SK": {"S": "1"}}}}]}}]
    with pytest.raises(Unavailable):
        table.delete_all([Key("p", "1")])


@pytest.mark.parametrize(
    ("codes", "key"),
    [
        (("ConditionalCheckFailed", "None", "None"), "delete"),
        (("None", "ConditionalCheckFailed", "None"), "first put"),
        (("None", "None", "ConditionalCheckFailed"), "second put"),
        (("None", "ConditionalCheckFailed", "ConditionalCheckFailed"), "first put"),
        (("TransactionConflict", "None", "ConditionalCheckFailed"), "second put"),
    ],
)
def test_a_condition_that_does_not_hold_is_told_by_its_key_and_not_tried_again(
    table: Table, dynamo: Dynamo, codes: tuple[str, ...], key: str
) -> None:
    dynamo.answers = [canceled(*codes)]
    with pytest.raises(ConditionFailed) as failure:
        table.write(two_puts_and_a_delete())
    assert failure.value.key == Key("p", key)
    assert dynamo.made == ["TransactWriteItems"]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_a_write_that_met_another_is_tried_again(table: Table, dynamo: Dynamo, code: str) -> None:
    dynamo.answers = [canceled("None", code, "None"), canceled(code, "None", "None"), {}]
    table.write(two_puts_and_a_delete())
    assert len(dynamo.made) == 3
    assert dynamo.bodies[0]["TransactItems"] == dynamo.bodies[2]["TransactItems"]


IN_PROGRESS: Answer = {"Error": {"Code": "TransactionInProgressException", "Message": "m"}}


def test_a_transaction_in_progress_is_waited_for_until_dynamodb_ends_it(
    table: Table, monkeypatch: pytest.MonkeyPatch, pauses: list[float]
) -> None:
    """It does so when it is asked again five seconds after the beginning."""
    tokens: list[str] = []

    def dispatch(_operation: str, request: Answer) -> Answer:
        tokens.append(request["ClientRequestToken"])
        if sum(pauses) <= 5:
            raise refusal(
                "TransactWriteItems", answered(400, {"__type": "x#TransactionInProgressException"}), unheard=True
            )
        return {}

    monkeypatch.setattr(table.connection, "dispatch", dispatch)
    table.write(two_puts_and_a_delete())
    assert len(tokens) > 3
    assert len(set(tokens)) == 1, "it is the same one, and must not meet itself"
    assert all(0 < pause < 3 for pause in pauses)


def test_a_transaction_that_stays_in_progress_is_unavailable_before_the_function_must_end(
    table: Table, dynamo: Dynamo, pauses: list[float]
) -> None:
    dynamo.answers = [IN_PROGRESS]
    with pytest.raises(Unavailable):
        table.write(two_puts_and_a_delete())
    assert 5 < sum(pauses) < 28 - 3 * 6 - 2, "three tries may have waited for an answer, and others been in the way"
    assert len({body["ClientRequestToken"] for body in dynamo.bodies}) == 1


def test_a_transaction_that_met_others_after_it_was_in_progress_is_another_one(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [IN_PROGRESS, canceled("None", "TransactionConflict", "None"), IN_PROGRESS, {}]
    table.write(two_puts_and_a_delete())
    first, second, third, fourth = (body["ClientRequestToken"] for body in dynamo.bodies)
    assert first == second != third == fourth


def test_a_transaction_that_was_canceled_is_another_one_the_next_time(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [canceled("None", "TransactionConflict", "None"), {}]
    table.write(two_puts_and_a_delete())
    first, second = (body["ClientRequestToken"] for body in dynamo.bodies)
    assert first != second


def test_a_write_that_others_never_let_through_is_unavailable(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [canceled("TransactionConflict", "None", "None")]
    with pytest.raises(Unavailable):
        table.write(two_puts_and_a_delete())
    assert len(dynamo.made) > 3


@pytest.mark.parametrize(
    "refusal",
    [
        canceled("None", "ValidationError", "None"),
        canceled("ItemCollectionSizeLimitExceeded", "None", "None"),
        {"Error": {"Code": "AccessDeniedException", "Message": "m"}},
        {"Error": {"Code": "ValidationException", "Message": "m"}},
    ],
    ids=["an item too large", "a collection too large", "no permission", "not valid"],
)
def test_a_refusal_that_we_do_not_understand_flies_at_once(table: Table, dynamo: Dynamo, refusal: Answer) -> None:
    dynamo.answers = [refusal]
    with pytest.raises(ClientError):
        table.write(two_puts_and_a_delete())
    assert len(dynamo.made) == 1


CONFLICT: Answer = {"Error": {"Code": "TransactionConflictException", "Message": "Transaction is ongoing for the item"}}
FAILED: Answer = {"Error": {"Code": "ConditionalCheckFailedException", "Message": "The conditional request failed"}}
SINGLE_WRITES = pytest.mark.parametrize(
    "write",
    [
        lambda table: table.put_if(make_item(Key("p", "s"), "x", {}), NOT_THERE),
        lambda table: table.delete_if(Key("p", "s"), at_version(1)),
    ],
    ids=["put", "delete"],
)
Write = Callable[[Table], bool]


@SINGLE_WRITES
@pytest.mark.parametrize(("last", "held"), [({}, True), (FAILED, False)], ids=["held", "failed"])
def test_a_single_write_that_met_a_transaction_is_tried_again(
    table: Table, dynamo: Dynamo, pauses: list[float], write: Write, last: Answer, held: bool
) -> None:
    dynamo.answers = [CONFLICT, CONFLICT, last]
    assert write(table) is held
    assert dynamo.bodies == [dynamo.bodies[0]] * 3
    assert len(pauses) == 2


@SINGLE_WRITES
def test_a_single_write_that_transactions_never_let_through_is_unavailable(
    table: Table, dynamo: Dynamo, write: Write
) -> None:
    dynamo.answers = [CONFLICT]
    with pytest.raises(Unavailable):
        write(table)
    assert len(dynamo.made) > 3


@SINGLE_WRITES
@pytest.mark.parametrize("code", ["AccessDeniedException", "ValidationException"])
def test_a_single_write_that_is_refused_otherwise_flies_at_once(
    table: Table, dynamo: Dynamo, write: Write, code: str
) -> None:
    dynamo.answers = [{"Error": {"Code": code, "Message": "m"}}]
    with pytest.raises(ClientError) as refused:
        write(table)
    assert not will_pass(refused.value)
    assert len(dynamo.made) == 1


def test_a_transaction_that_a_write_of_another_client_has_met_passes() -> None:
    """Kept answers are written by botocore's client, which does not try that again."""
    met: Any = CONFLICT
    assert will_pass(ClientError(met, "PutItem"))


@pytest.mark.parametrize(
    ("first", "gone"),
    [
        (answered(500, {"__type": "x#InternalServerError"}), True),
        (answered(502, "<html>"), True),
        (answered(400, {"__type": "x#ThrottlingException"}), False),
    ],
    ids=["a hiccup", "something on the way", "throttled"],
)
def test_a_delete_that_finds_nothing_has_done_it_only_where_an_earlier_try_may_have(
    table: Table, monkeypatch: pytest.MonkeyPatch, first: Any, gone: bool
) -> None:
    failed = answered(400, {"__type": "x#ConditionalCheckFailedException", "message": "m"})
    transient(table, monkeypatch, first, failed)
    assert table.delete_if(Key("p", "s"), at_version(1)) is gone


def test_a_put_is_tried_again_under_the_same_mark_and_made_anew_under_another(
    table: Table, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost, done = answered(500, {"__type": "x#InternalServerError"}), answered(200, {})
    sent = transient(table, monkeypatch, lost, done)
    for _ in range(2):
        table.put_if(make_item(Key("p", "s"), "x", {}), NOT_THERE)
    first, again, another = (json.loads(body)["Item"]["nonce"] for body in sent)
    assert first == again != another

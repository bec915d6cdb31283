"""Capacity is counted as DynamoDB's developer guide does it, with the guide's examples where it gives one."""

from typing import Any

import pytest

from benchmarks.counting import (
    Capacity,
    Index,
    Item,
    NoRule,
    Write,
    item_size,
    read_capacity,
    unfiltered,
    write_capacity,
    writes_of,
)

KEY = ("PK", "SK")
GSI = Index("GSIPK", "GSISK")


def item_of(size: int, name: str = "a") -> Item:
    """An item of exactly *size* bytes with the key ``p``/*name*."""
    key = {"PK": {"S": "p"}, "SK": {"S": name}}
    return key | {"d": {"S": "x" * (size - item_size(key) - 1)}}


@pytest.mark.parametrize(
    ("value", "size"),
    [
        ({"S": "Müller"}, 7),
        ({"S": ""}, 0),
        ({"N": "0"}, 1),
        ({"N": "27"}, 2),
        ({"N": "-27.5"}, 3),
        ({"N": "1000"}, 2),
        ({"N": "0.001"}, 2),
        ({"B": "aGVsbG8="}, 5),
        ({"BOOL": True}, 1),
        ({"NULL": True}, 1),
        ({"L": []}, 3),
        ({"M": {}}, 3),
        ({"L": [{"S": "ab"}, {"N": "1"}]}, 3 + (1 + 2) + (1 + 2)),
        ({"M": {"key": {"S": "ab"}}}, 3 + (1 + 3 + 2)),
        ({"SS": ["ab", "c"]}, 3),
    ],
)
def test_an_attribute_counts_by_its_name_and_value(value: dict[str, Any], size: int) -> None:
    assert item_size({"näme": value}) == 5 + size


def test_no_item_has_no_size() -> None:
    assert item_size(None) == 0


@pytest.mark.parametrize(
    ("size", "consistent", "units"),
    [(3500, True, 1), (3500, False, 0.5), (4096, True, 1), (4097, True, 2), (10 * 1024, True, 3), (8192, False, 1)],
)
def test_a_read_counts_started_blocks_of_4_kb(size: int, consistent: bool, units: float) -> None:
    body = {"Key": {}, "ConsistentRead": consistent}
    assert read_capacity("GetItem", body, {}, lambda _: item_of(size)) == Capacity(reads=units)


@pytest.mark.parametrize(("consistent", "units"), [(True, 1), (False, 0.5)])
def test_reading_what_is_not_there_costs_the_least_unit(consistent: bool, units: float) -> None:
    body = {"Key": {}, "ConsistentRead": consistent}
    assert read_capacity("GetItem", body, {}, lambda _: None) == Capacity(reads=units)


def test_a_batch_rounds_each_item_up_for_itself() -> None:
    # The guide's example: 1.5 KB and 6.5 KB are 4 KB and 8 KB, not 8 KB together.
    sizes = {"small": 1536, "large": 6656}
    body = {"RequestItems": {"t": {"Keys": [{"SK": "small"}, {"SK": "large"}], "ConsistentRead": True}}}
    assert read_capacity("BatchGetItem", body, {}, lambda key: item_of(sizes[key["SK"]])) == Capacity(reads=3)


def test_a_query_rounds_the_sum_up() -> None:
    # The guide's example: ten items of 40.8 KB together are 44 KB.
    items = [item_of(4178) for _ in range(10)]
    assert read_capacity("Query", {"ConsistentRead": True}, {"Items": items}, lambda _: None) == Capacity(reads=11)
    assert read_capacity("Query", {}, {"Items": items}, lambda _: None) == Capacity(reads=5.5)
    assert read_capacity("Query", {}, {"Items": []}, lambda _: None) == Capacity(reads=0.5)


def test_a_projection_does_not_make_a_query_cheaper() -> None:
    whole = {name: item_of(3000, name) for name in ("a", "b")}
    body = {
        "KeyConditionExpression": "(#0 = :0 AND #1 >= :1)",
        "ProjectionExpression": "#1",
        "ExpressionAttributeNames": {"#0": "PK", "#1": "SK"},
        "ExpressionAttributeValues": {":0": {"S": "p"}, ":1": {"S": "a"}},
        "ConsistentRead": True,
    }
    answer = {"Items": [{"SK": {"S": name}} for name in whole]}

    def look_up(key: Any) -> Item | None:
        return whole[key["SK"]["S"]] if key["PK"] == {"S": "p"} else None

    assert read_capacity("Query", body, answer, look_up) == Capacity(reads=2)


@pytest.mark.parametrize("clause", ["FilterExpression", "Select"])
def test_what_cannot_be_seen_is_refused(clause: str) -> None:
    with pytest.raises(NoRule):
        read_capacity("Query", {clause: "…"}, {"Items": []}, lambda _: None)


def test_a_filtered_query_costs_what_it_reads_before_its_filter() -> None:
    body = {
        "KeyConditionExpression": "(#0 = :0 AND #1 BETWEEN :1 AND :10)",
        "FilterExpression": "contains (#2, :2)",
        "ProjectionExpression": "#1, #2",
        "ExpressionAttributeNames": {"#0": "PK", "#1": "SK", "#2": "w"},
        "ExpressionAttributeValues": {":0": {"S": "p"}, ":1": {"S": "a"}, ":10": {"S": "b"}, ":2": {"S": " ana"}},
        "Limit": 100,
    }
    whole = unfiltered(body)
    assert whole == {
        "KeyConditionExpression": body["KeyConditionExpression"],
        "ExpressionAttributeNames": {"#0": "PK", "#1": "SK"},
        "ExpressionAttributeValues": {":0": {"S": "p"}, ":1": {"S": "a"}, ":10": {"S": "b"}},
        "Limit": 100,
    }
    items = [item_of(3000, name) for name in "ab"]
    assert read_capacity("Query", whole, {"Items": items}, lambda _: None) == Capacity(reads=1)


def test_a_read_without_a_rule_is_refused() -> None:
    with pytest.raises(NoRule):
        read_capacity("TransactGetItems", {}, {}, lambda _: None)


@pytest.mark.parametrize(
    ("before", "after", "units"),
    [
        (None, 500, 1),
        (None, 1024, 1),
        (None, 1025, 2),
        (3000, 500, 3),  # the larger of before and after
        (500, 3000, 3),
        (3000, None, 3),  # a delete counts what is deleted
        (None, None, 1),  # and costs one unit when there is nothing
    ],
)
def test_a_write_counts_started_kilobytes(before: int | None, after: int | None, units: int) -> None:
    was, is_now = (None if size is None else item_of(size) for size in (before, after))
    write = Write({}, put=is_now)
    for transactional, factor in ((False, 1), (True, 2)):
        capacity = write_capacity(write, was, is_now, transactional=transactional, indexes=())
        assert capacity == Capacity(writes=units * factor)


def test_a_failed_condition_is_charged_for_the_larger_of_what_is_there_and_what_was_sent() -> None:
    there, sent = item_of(300 * 1024), item_of(310 * 1024)
    capacity = write_capacity(Write({}, put=sent), there, there, transactional=False, indexes=())
    assert capacity == Capacity(writes=310)


def test_an_index_is_charged_for_each_entry_that_changes() -> None:
    plain = item_of(1500)
    entry = {**plain, "GSIPK": {"S": "due"}, "GSISK": {"S": "1"}}
    changed = {**entry, "e": {"S": ""}}
    moved = {**entry, "GSISK": {"S": "2"}}

    def units(before: Item | None, after: Item | None) -> float:
        return write_capacity(Write({}), before, after, transactional=True, indexes=[GSI]).writes

    assert units(plain, changed) == 4 + 2  # added
    assert units(entry, entry) == 4  # nothing changed
    assert units(entry, changed) == 4 + 2  # changed in place
    assert units(entry, moved) == 4 + 4  # removed and added
    assert units(entry, plain) == 4 + 2  # removed


def test_a_request_is_taken_apart_into_its_writes() -> None:
    put, delete = item_of(500), {"PK": {"S": "p"}, "SK": {"S": "b"}}
    key = {name: put[name] for name in KEY}
    bodies: dict[str, tuple[dict[str, Any], list[Write]]] = {
        "PutItem": ({"Item": put}, [Write(key, put=put)]),
        "UpdateItem": ({"Key": delete}, [Write(delete)]),
        "DeleteItem": ({"Key": delete}, [Write(delete)]),
        "BatchWriteItem": (
            {"RequestItems": {"t": [{"PutRequest": {"Item": put}}, {"DeleteRequest": {"Key": delete}}]}},
            [Write(key, put=put), Write(delete)],
        ),
        "TransactWriteItems": (
            {"TransactItems": [{"Put": {"Item": put}}, {"Delete": {"Key": delete}}, {"Update": {"Key": delete}}]},
            [Write(key, put=put), Write(delete), Write(delete)],
        ),
        "GetItem": ({"Key": delete}, []),
    }
    for operation, (body, writes) in bodies.items():
        assert writes_of(operation, body, KEY) == writes


def test_a_transaction_costs_twice_its_writes() -> None:
    # The guide's example: three items of 500 bytes.
    items = [item_of(500, name) for name in "abc"]
    writes = writes_of("TransactWriteItems", {"TransactItems": [{"Put": {"Item": item}} for item in items]}, KEY)
    parts = [write_capacity(write, None, write.put, transactional=True, indexes=()) for write in writes]
    assert sum(parts, Capacity()) == Capacity(writes=6)

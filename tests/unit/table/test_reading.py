"""Reads of the table: in the order asked for, to the end, and what was left over is asked for again."""

from typing import Any

import pytest

from carebook.errors import Unavailable
from carebook.keys import Key
from carebook.table import Row, Table
from tests.fakes.examples import TABLE
from tests.unit.table.conftest import Dynamo


def raw(number: int) -> dict[str, Any]:
    return {"PK": {"S": "p"}, "SK": {"S": f"{number:03}"}, "doc": {"S": f'{{"n":{number}}}'}, "version": {"N": "7"}}


def test_items_read_together_come_in_the_order_asked_for_and_none_where_there_is_none(
    table: Table, dynamo: Dynamo
) -> None:
    dynamo.answers = [{"Responses": {TABLE: [raw(2), raw(1)]}, "UnprocessedKeys": {}}]
    found = table.get_together(Key("p", "001"), Key("p", "missing"), Key("p", "002"))
    assert [row and row.doc["n"] for row in found] == [1, None, 2]
    assert found[0] == Row(Key("p", "001"), 7, {"n": 1})


@pytest.mark.parametrize("latest", [True, False])
def test_keys_that_were_left_over_are_asked_for_again(table: Table, dynamo: Dynamo, latest: bool) -> None:
    left = {TABLE: {"Keys": [{"PK": {"S": "p"}, "SK": {"S": "002"}}], "ConsistentRead": latest}}
    dynamo.answers = [
        {"Responses": {TABLE: [raw(1)]}, "UnprocessedKeys": left},
        {"Responses": {}, "UnprocessedKeys": left},
        {"Responses": {TABLE: [raw(2)]}, "UnprocessedKeys": {}},
    ]
    found = table.get_together(Key("p", "001"), Key("p", "002"), latest=latest)
    assert [row and row.doc["n"] for row in found] == [1, 2]
    asked = [[key["SK"]["S"] for key in params["RequestItems"][TABLE]["Keys"]] for params in dynamo.bodies]
    assert asked == [["001", "002"], ["002"], ["002"]]
    assert [params["RequestItems"][TABLE]["ConsistentRead"] for params in dynamo.bodies] == [latest] * 3


def test_a_table_that_never_answers_in_full_is_unavailable(table: Table, dynamo: Dynamo) -> None:
    left = {TABLE: {"Keys": [{"PK": {"S": "p"}, "SK": {"S": "001"}}]}}
    dynamo.answers = [{"Responses": {}, "UnprocessedKeys": left}]
    with pytest.raises(Unavailable):
        table.get_together(Key("p", "001"))
    assert len(dynamo.made) > 3


def test_a_query_goes_on_over_pages_of_a_megabyte_until_it_has_enough(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [
        {"Items": [raw(1), raw(2)], "LastEvaluatedKey": {"PK": {"S": "p"}, "SK": {"S": "002"}}},
        {"Items": [], "LastEvaluatedKey": {"PK": {"S": "p"}, "SK": {"S": "004"}}},
        {"Items": [raw(5), raw(6)], "LastEvaluatedKey": {"PK": {"S": "p"}, "SK": {"S": "006"}}},
    ]
    rows = table.query("p", limit=4)
    assert [row.doc["n"] for row in rows] == [1, 2, 5, 6]
    assert [(body["Limit"], "ExclusiveStartKey" in body) for body in dynamo.bodies] == [
        (4, False),
        (2, True),
        (2, True),
    ]


def test_a_query_ends_where_the_partition_does(table: Table, dynamo: Dynamo) -> None:
    dynamo.answers = [{"Items": [raw(1)]}]
    assert len(table.query("p", limit=4)) == 1
    assert len(dynamo.made) == 1


def test_the_other_way_round_reads_whole_items_on_gsi1_until_the_limit(table: Table, dynamo: Dynamo) -> None:
    first, second = (
        {"PK": {"S": f"P{n}"}, "SK": {"S": "S"}, "GSI1PK": {"S": "G"}, "GSI1SK": {"S": f"{n}"}, "doc": {"S": "{}"}}
        for n in (1, 2)
    )
    dynamo.answers = [{"Items": [first], "LastEvaluatedKey": first}, {"Items": [second]}]
    rows = table.other_way("G", low="1", high="9", limit=5)
    assert rows == [("1", Row(Key("P1", "S"), 0, {})), ("2", Row(Key("P2", "S"), 0, {}))]
    assert [body["IndexName"] for body in dynamo.bodies] == ["GSI1", "GSI1"]
    assert [body["Limit"] for body in dynamo.bodies] == [5, 4]
    assert "ConsistentRead" not in dynamo.bodies[0]

"""A contact's life on the deployed stack."""

import json
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import boto3
import pytest
from botocore.config import Config

from tests.e2e.conftest import Stack


def all_ids(stack: Stack, path: str) -> list[str]:
    """The ids of a list, page after page."""
    found: list[str] = []
    cursor = ""
    while True:
        page = stack.call("GET", path + cursor).json()
        found += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            return found
        cursor = f"&cursor={page['next_cursor']}"


def everybody(stack: Stack, path: str) -> list[str]:
    """The ids of a list, page by page: other tests leave many behind."""
    ids: list[str] = []
    cursor = ""
    while True:
        page = stack.call("GET", f"{path}{cursor}").json()
        ids += [row["id"] for row in page["items"]]
        if page["next_cursor"] is None:
            return ids
        cursor = f"&cursor={page['next_cursor']}"


def test_the_session_of_the_readme(stack: Stack) -> None:
    new = {
        "type": "physician", "first_name": "Ana", "last_name": "Müller", "qualifications": "MD, FACP",
        "npi": "1234567893", "emails": [{"address": "ana@example.org"}],
        "phones": [{"number": "(310) 555-0123", "type": "cell"}],
    }  # fmt: skip
    key = {"Idempotency-Key": uuid4().hex}
    added = stack.call("POST", "/contacts", body=new, headers=key)
    assert added.status_code == 201
    assert stack.call("POST", "/contacts", body=new, headers=key).json() == added.json()
    path = added.headers["Location"]
    assert all_ids(stack, "/contacts?type=physician&limit=100").count(added.json()["id"]) == 1
    assert stack.call("PATCH", path, body={"notes": "a"}, headers={"If-Match": '"1"'}).status_code == 200
    stale = stack.call("PATCH", path, body={"notes": "b"}, headers={"If-Match": '"1"'})
    assert (stale.status_code, stale.json()["current"]) == (412, {"notes": "a"})
    fresh = stack.call("PATCH", path, body={"notes": "b"}, headers={"If-Match": '"2"'})
    assert (fresh.status_code, fresh.headers["ETag"]) == (200, '"3"')
    assert stack.call("DELETE", path).status_code == 204
    assert stack.call("GET", path).json()["archived_at"] is not None
    restored = stack.call("POST", f"{path}/restore")
    assert (restored.status_code, restored.json()["archived_at"]) == (200, None)
    actions = [entry["action"] for entry in stack.call("GET", f"{path}/history").json()["items"]]
    assert actions == ["restored", "archived", "updated", "viewed", "updated", "created"]


@pytest.mark.parametrize("name", ["محمد عبد الله", "שלום", "李小龍", "नरेन्द्र", "O’Brien-Ståhl", "👩‍⚕️ 🦷", "𠮷野家"])
def test_any_script_comes_back_unchanged(stack: Stack, name: str) -> None:
    body = {"type": "other", "last_name": name, "organization_name": name, "notes": f"{name}\n{name}"}
    added = stack.call("POST", "/contacts", body=body)
    read = stack.call("GET", added.headers["Location"]).json()
    assert {field: read[field] for field in body} == body


def test_pages_of_a_list_meet_without_gap(stack: Stack) -> None:
    made = {
        stack.call("POST", "/contacts", body={"type": "aged_care_facility", "organization_name": f"Page {n}"}).json()[
            "id"
        ]
        for n in range(5)
    }
    seen = all_ids(stack, "/contacts?type=aged_care_facility&limit=2")
    assert made <= set(seen)
    assert len(seen) == len(set(seen))


def test_the_sweep_deletes_what_is_due_with_its_own_role(stack: Stack, contact: dict[str, Any]) -> None:
    """The schedule's function, invoked by hand: its role reads the index and deletes; nothing else is touched."""
    session: Any = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=stack.description["region"]
    )
    config = Config(read_timeout=60, retries={"max_attempts": 0})
    aws = {"endpoint_url": stack.description["aws_endpoint"], "config": config}
    name = next(
        function["FunctionName"]
        for function in session.client("lambda", **aws).list_functions()["Functions"]
        if "Purge" in function["FunctionName"]
    )
    outputs = session.client("cloudformation", **aws).describe_stacks(StackName=stack.description["stack_name"])
    named = {output["OutputKey"]: output["OutputValue"] for output in outputs["Stacks"][0]["Outputs"]}
    table = session.resource("dynamodb", **aws).Table(named["TableName"])
    stack.call("DELETE", f"/contacts/{contact['id']}")
    found = table.query(
        IndexName="GSI2", KeyConditionExpression="GSI2PK = :p", ExpressionAttributeValues={":p": "PURGE"}
    )["Items"]
    place = next(place for place in found if contact["id"] in place["PK"])
    item = table.get_item(Key={"PK": place["PK"], "SK": place["SK"]})["Item"]
    past = datetime(2020, 1, 1, tzinfo=UTC)
    doc = item["doc"].replace('"archived_at":"20', '"archived_at":"19')
    table.put_item(Item=item | {"doc": doc, "GSI2SK": f"{past:%Y-%m-%dT%H:%M:%SZ}{item['GSI2SK'][20:]}"})
    answer = session.client("lambda", **aws).invoke(FunctionName=name, Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == {"purged": 1}
    assert stack.call("GET", f"/contacts/{contact['id']}").status_code == 404

"""A misspelt search on the deployed stack: asked for, built by the schedule's function with its own role, suggested."""

import json
from typing import Any

import boto3
from botocore.config import Config

from tests.e2e.conftest import ANOTHER, Stack


def run_schedule(stack: Stack) -> dict[str, int]:
    """What the schedule does every quarter of an hour."""
    session: Any = boto3.session.Session(
        aws_access_key_id="test", aws_secret_access_key="test", region_name=stack.description["region"]
    )
    config = Config(read_timeout=60, retries={"max_attempts": 0})
    aws = {"endpoint_url": stack.description["aws_endpoint"], "config": config}
    name = session.client("cloudformation", **aws).describe_stack_resource(
        StackName=stack.description["stack_name"], LogicalResourceId="BuildVocabulary"
    )["StackResourceDetail"]["PhysicalResourceId"]
    answer = session.client("lambda", **aws).invoke(FunctionName=name, Payload=b"{}")
    told: dict[str, int] = json.loads(answer["Payload"].read())
    return told


def test_a_misspelt_name_is_put_right_in_its_own_account_alone(stack: Stack) -> None:
    def meant(query: str, as_: str = "clinical") -> Any:
        answer = stack.call("GET", f"/contacts/search?q={query}", as_=as_)
        assert (answer.status_code, answer.json()["items"]) == (200, [])
        return answer.json()["did_you_mean"]

    new = {"type": "physician", "first_name": "Zofia", "last_name": "Wiśniewska"}
    assert stack.call("POST", "/contacts", body=new).status_code == 201
    for who in ("clinical", ANOTHER):
        meant("wisneiwska", who)  # asks for a vocabulary where there is none
    run_schedule(stack)
    assert meant("zofia%20wisneiwska") == "zofia wisniewska"
    assert meant("wisneiwska", ANOTHER) is None

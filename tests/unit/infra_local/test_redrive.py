"""What was given up goes back to where it came from."""

from typing import Any

import botocore.session
import pytest
from botocore.stub import Stubber

from infra.redrive import redrive

ARN = "arn:aws:sqs:us-east-1:123456789012:carebook-dead"


def stubbed(service: str) -> tuple[Any, Stubber]:
    client = botocore.session.get_session().create_client(
        service, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="x"
    )
    stubber = Stubber(client)
    stubber.activate()
    return client, stubber


def described(outputs: list[dict[str, str]]) -> dict[str, Any]:
    stack = {"StackName": "carebook", "CreationTime": "2026-11-25T00:00:00Z", "StackStatus": "CREATE_COMPLETE"}
    return {"Stacks": [stack | {"Outputs": outputs}]}


def test_everything_is_moved_to_its_own_source() -> None:
    cloudformation, described_by = stubbed("cloudformation")
    sqs, moved_by = stubbed("sqs")
    outputs = [{"OutputKey": "MessageDeadLetterQueueArn", "OutputValue": ARN}]
    described_by.add_response("describe_stacks", described(outputs), {"StackName": "carebook"})
    # No destination: each goes back to its own queue.
    expected = {"SourceArn": ARN, "MaxNumberOfMessagesPerSecond": 5}
    moved_by.add_response("start_message_move_task", {"TaskHandle": "handle"}, expected)
    assert redrive(cloudformation, sqs, stack="carebook", per_second=5) == "handle"


def test_a_stack_without_the_queue_is_told() -> None:
    cloudformation, described_by = stubbed("cloudformation")
    described_by.add_response("describe_stacks", described([]), {"StackName": "carebook"})
    with pytest.raises(LookupError, match="MessageDeadLetterQueueArn"):
        redrive(cloudformation, None, stack="carebook", per_second=5)

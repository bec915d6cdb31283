"""Whatever fails is noticed: an alarm for each way, and one dashboard."""

import json
import re
from typing import Any

import pytest

from carebook.messages.opt_outs import REFUSED
from tests.template.reading import Properties, events, functions, listed, nested, only, root, target

OPERATIONS = nested("Operations")
GIVEN: dict[str, Any] = root().resources["Operations"]["Properties"]["Parameters"]
ALARMS = OPERATIONS.of_type("AWS::CloudWatch::Alarm")
NOTIFIED = {"Fn::If": ["WithEmail", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}


def watched(namespace: str, metric: str, dimension: str) -> list[Any]:
    """What the root template hands over for the *dimension* of each alarm on this metric."""
    found = []
    for alarm in ALARMS.values():
        if (alarm["Namespace"], alarm["MetricName"]) == (namespace, metric):
            (value,) = [d["Value"] for d in alarm["Dimensions"] if d["Name"] == dimension]
            found.append(GIVEN[value["Ref"]])
    return found


def dead_letter_queues() -> set[str]:
    """Every queue in which something only arrives when it failed for good."""
    queues: list[Any] = []
    for name, function in functions().items():
        if "EventInvokeConfig" in function:
            queues.append(function["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"])
        if "DeadLetterQueue" in function:
            queues.append(function["DeadLetterQueue"]["TargetArn"])
        queues += [
            e["Properties"]["DeadLetterConfig"]["Arn"]
            for e in events(name).values()
            if "DeadLetterConfig" in e["Properties"]
        ]
    queues += [
        queue["RedrivePolicy"]["deadLetterTargetArn"]
        for queue in root().of_type("AWS::SQS::Queue").values()
        if "RedrivePolicy" in queue
    ]
    return {target(queue) or str(queue) for queue in queues}


@pytest.mark.parametrize("metric", ["Errors", "Throttles"])
@pytest.mark.parametrize("name", functions())
def test_a_function_that_fails_or_is_throttled_is_noticed(name: str, metric: str) -> None:
    assert {"Ref": name} in watched("AWS/Lambda", metric, "FunctionName")


@pytest.mark.parametrize("queue", sorted(dead_letter_queues()))
def test_a_dead_letter_is_noticed(queue: str) -> None:
    names = watched("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName")
    assert {"Fn::GetAtt": [queue, "QueueName"]} in names


@pytest.mark.parametrize(("metric", "function"), [("StuckScans", "ExpireUploads"), (REFUSED, "ReceiveReply")])
def test_what_fails_nowhere_and_is_in_no_queue_is_noticed(metric: str, function: str) -> None:
    """A scan that GuardDuty never reports; a number that may be written to again, and is not by its platform."""
    (alarm,) = [alarm for alarm in ALARMS.values() if alarm["MetricName"] == metric]
    service = functions()[function]["Environment"]["Variables"]["POWERTOOLS_SERVICE_NAME"]
    assert alarm["Namespace"] == {"Fn::Sub": "Carebook/${Application}"}
    assert alarm["Dimensions"] == [{"Name": "service", "Value": service}]


def test_a_failing_api_is_noticed() -> None:
    (alarm,) = [alarm for alarm in ALARMS.values() if alarm["Namespace"] == "AWS/ApiGateway"]
    assert alarm["MetricName"] == "5XXError"
    assert alarm["Dimensions"] == [
        {"Name": "ApiName", "Value": {"Ref": "Application"}},
        {"Name": "Stage", "Value": {"Ref": "StageName"}},
    ]
    assert only(root(), "AWS::Serverless::Api")["Name"] == GIVEN["Application"] == {"Ref": "AWS::StackName"}


@pytest.mark.parametrize("metric", ["ReadThrottleEvents", "WriteThrottleEvents", "SystemErrors"])
def test_a_failing_table_is_noticed(metric: str) -> None:
    tables = watched("AWS/DynamoDB", metric, "TableName")
    assert tables
    assert all(table == {"Fn::GetAtt": ["Table", "Outputs.TableName"]} for table in tables)


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_goes_off_at_the_first_and_is_silent_without_traffic(name: str) -> None:
    alarm = ALARMS[name]
    assert (alarm["Threshold"], alarm["ComparisonOperator"]) == (0, "GreaterThanThreshold")
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"] == alarm["OKActions"] == NOTIFIED


@pytest.mark.parametrize("name", ALARMS)
def test_an_alarm_has_a_name_of_its_own_that_the_key_and_the_topic_let_through(name: str) -> None:
    names = [alarm["AlarmName"]["Fn::Sub"] for alarm in ALARMS.values()]
    assert names.count(ALARMS[name]["AlarmName"]["Fn::Sub"]) == 1
    assert ALARMS[name]["AlarmName"]["Fn::Sub"].startswith("${Application}-")
    assert ALARMS[name]["AlarmDescription"]


def test_alarm_messages_are_encrypted_and_only_our_alarms_send_them() -> None:
    assert only(OPERATIONS, "AWS::SNS::Topic")["KmsMasterKeyId"] == {"Ref": "KeyArn"}
    (statement,) = only(OPERATIONS, "AWS::SNS::TopicPolicy")["PolicyDocument"]["Statement"]
    assert statement["Principal"] == {"Service": "cloudwatch.amazonaws.com"}
    assert listed(statement["Action"]) == ["sns:Publish"]
    assert "ArnLike" in statement["Condition"]


def dashboard() -> tuple[str, Properties]:
    text, variables = only(OPERATIONS, "AWS::CloudWatch::Dashboard")["DashboardBody"]["Fn::Sub"]
    return text, variables


def test_the_dashboard_is_valid_and_shows_every_function() -> None:
    text, variables = dashboard()
    filled = text
    for name, value in variables.items():
        separator, references = value["Fn::Join"]
        filled = filled.replace(f"${{{name}}}", separator.join(reference["Ref"] for reference in references))
    widgets = json.loads(re.sub(r"\${[\w:]+}", "x", filled))["widgets"]
    assert {widget["properties"]["title"].partition(":")[0] for widget in widgets} >= {"API", "Functions", "Table"}
    assert {GIVEN[reference["Ref"]]["Ref"] for reference in variables["Functions"]["Fn::Join"][1]} == set(functions())

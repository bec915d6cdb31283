"""What each role may do: what its function calls, and nothing more."""

from typing import Any

import pytest

from tests.template.reading import everywhere, functions, listed, role_of, root, statements, target

ROLES = dict(everywhere("AWS::IAM::Role"))
TABLE = {"Fn::GetAtt": ["Table", "Outputs.TableArn"]}
INDEX = {name: {"Fn::Sub": f"${{Table.Outputs.TableArn}}/index/{name}"} for name in ("GSI1", "GSI2")}

# What the code of each function calls, on the table and on its indexes. A transaction is authorised by its members:
# TransactWriteItems needs PutItem, UpdateItem, DeleteItem and ConditionCheckItem for those it holds, TransactGetItems
# needs GetItem. A new function states its calls here, none included.
CALLS: dict[str, dict[str, set[str]]] = {
    "ContactsApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
        },
        "GSI1": {"Query"},
    },
    "ClientsApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
            "ConditionCheckItem",
        },
        "GSI1": {"Query"},
    },
    "ReferralsApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
            "ConditionCheckItem",
        },
        "GSI1": {"Query"},
    },
    "PurgeArchived": {
        "table": {"Query", "GetItem", "BatchGetItem", "PutItem", "DeleteItem", "BatchWriteItem"},
        "GSI1": {"Query"},
        "GSI2": {"Query"},
    },
    "DuplicatesApi": {"table": {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}},
    "FinishMerges": {
        "table": {"GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem"},
        "GSI2": {"Query"},
    },
    "SearchApi": {"table": {"Query", "BatchGetItem", "GetItem", "PutItem"}},
    "BuildVocabulary": {"table": {"Query", "PutItem", "BatchWriteItem"}, "GSI2": {"Query"}},
    "MessagesApi": {
        "table": {"GetItem", "BatchGetItem", "Query", "PutItem", "UpdateItem", "DeleteItem", "ConditionCheckItem"}
    },
    "DeliverMessages": {"table": {"GetItem", "BatchGetItem", "Query", "PutItem"}},
    "RecordReceipt": {"table": {"GetItem", "BatchGetItem", "PutItem"}, "GSI1": {"Query"}},
    "ReceiveReply": {
        "table": {"GetItem", "BatchGetItem", "Query", "PutItem", "ConditionCheckItem"},
        "GSI1": {"Query"},
    },
    "ReleaseHeld": {"table": {"GetItem", "BatchGetItem", "PutItem"}, "GSI2": {"Query"}},
    "ScheduleApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
            "ConditionCheckItem",
        }
    },
    "SendDue": {
        "table": {"GetItem", "BatchGetItem", "Query", "PutItem", "BatchWriteItem", "ConditionCheckItem"},
        "GSI2": {"Query"},
    },
    "SettingsApi": {"table": {"GetItem", "PutItem"}},
    "MessageTemplatesApi": {"table": {"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}},
    "ContractApi": {},
}
# Holds what is due in every account.
READS_ACROSS_ACCOUNTS = {"BuildVocabulary", "FinishMerges", "PurgeArchived", "ReleaseHeld", "SendDue"}
SIGNS_CURSORS = {
    "ClientsApi",
    "ContactsApi",
    "DuplicatesApi",
    "MessagesApi",
    "ReferralsApi",
    "ScheduleApi",
    "SearchApi",
}

# What lies in a bucket has names that no template knows.
OBJECTS = {"${Messaging.Outputs.InboundBucketArn}/mail/*"}

# X-Ray's two actions know no narrower resource (Service Authorization Reference, AWS X-Ray).
TRACES = {"Effect": "Allow", "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"], "Resource": "*"}
# API Gateway's account-wide log role must carry this policy: the service checks for it. It is no function's role.
MANAGED = {"LogRole": ["arn:${AWS::Partition}:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs"]}


def resource_text(resource: Any) -> str:
    match resource:
        case str(text) | {"Fn::Sub": str(text)}:
            return text
        case {"Fn::GetAtt": [str(), str()]} | {"Ref": str()}:
            return ""  # the ARN of one resource
    raise AssertionError(f"a test must learn to read {resource}")


@pytest.mark.parametrize("name", ROLES)
def test_no_role_has_a_wildcard(name: str) -> None:
    for statement in statements(ROLES[name]):
        if statement == TRACES:
            continue
        assert "NotAction" not in statement
        assert "NotResource" not in statement
        assert not [action for action in listed(statement["Action"]) if "*" in action]
        texts = {resource_text(resource) for resource in listed(statement["Resource"])} - OBJECTS
        assert not [text for text in texts if "*" in text]


@pytest.mark.parametrize("name", ROLES)
def test_no_role_takes_on_a_policy_written_elsewhere(name: str) -> None:
    assert [arn["Fn::Sub"] for arn in ROLES[name].get("ManagedPolicyArns", [])] == MANAGED.get(name, [])


@pytest.mark.parametrize("name", ROLES)
def test_a_role_is_assumed_by_one_service(name: str) -> None:
    (statement,) = ROLES[name]["AssumeRolePolicyDocument"]["Statement"]
    assert statement["Action"] == "sts:AssumeRole"
    assert list(statement["Principal"]) == ["Service"]
    assert isinstance(statement["Principal"]["Service"], str)


@pytest.mark.parametrize("name", functions())
def test_a_function_may_do_with_the_table_what_it_calls(name: str) -> None:
    granted: dict[str, set[str]] = {}
    for statement in statements(ROLES[role_of(name)]):
        actions = {a.removeprefix("dynamodb:") for a in listed(statement["Action"]) if a.startswith("dynamodb:")}
        if not actions:
            continue
        for resource in listed(statement["Resource"]):
            places = {"table": TABLE, **INDEX}
            (place,) = [place for place, arn in places.items() if arn == resource]
            granted.setdefault(place, set()).update(actions)
    assert granted == CALLS[name]


def test_the_index_that_spans_accounts_is_read_by_no_function_that_serves_callers() -> None:
    granted = {
        name
        for name in functions()
        for statement in statements(ROLES[role_of(name)])
        for resource in listed(statement["Resource"])
        if "GSI2" in str(resource) or "index/*" in str(resource)
    }
    assert granted == READS_ACROSS_ACCOUNTS


def test_the_signing_secret_is_read_by_who_signs() -> None:
    may_read = {name for name in functions() if may(name, "secretsmanager:GetSecretValue", "SigningSecret")}
    told_of = {
        name
        for name in functions()
        if "CAREBOOK_SIGNING_SECRET" in root().resources[name]["Properties"]["Environment"]["Variables"]
    }
    assert may_read == told_of == SIGNS_CURSORS


@pytest.mark.parametrize("name", functions())
def test_a_function_may_write_to_its_own_log_group(name: str) -> None:
    (log,) = [s for s in statements(ROLES[role_of(name)]) if any("logs:" in a for a in listed(s["Action"]))]
    assert log["Action"] == ["logs:CreateLogStream", "logs:PutLogEvents"]  # the group itself is made by the template
    assert log["Resource"] == {"Fn::GetAtt": [f"{name}LogGroup", "Arn"]}


@pytest.mark.parametrize("name", functions())
def test_a_function_may_send_its_traces(name: str) -> None:
    assert TRACES in statements(ROLES[role_of(name)])


@pytest.mark.parametrize("name", [name for name in functions() if "EventInvokeConfig" in functions()[name]])
def test_a_function_may_send_to_its_failure_destination(name: str) -> None:
    queue = target(functions()[name]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]["Destination"])
    assert may(name, "sqs:SendMessage", queue or "")


def may(function: str, action: str, resource: str) -> bool:
    return any(
        action in listed(statement["Action"]) and resource in map(target, listed(statement["Resource"]))
        for statement in statements(ROLES[role_of(function)])
    )

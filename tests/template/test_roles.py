"""What each role may do: what its function calls, and nothing more."""

import re
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
        "table": {
            "Query",
            "GetItem",
            "BatchGetItem",
            "PutItem",
            "DeleteItem",
            "BatchWriteItem",
            "ConditionCheckItem",
        },
        "GSI1": {"Query"},
        "GSI2": {"Query"},
    },
    "DuplicatesApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "ConditionCheckItem",
        }
    },
    "FinishMerges": {
        "table": {"GetItem", "BatchGetItem", "Query", "PutItem", "DeleteItem", "ConditionCheckItem"},
        "GSI2": {"Query"},
    },
    "SearchApi": {"table": {"Query", "BatchGetItem", "GetItem", "PutItem"}},
    "BuildVocabulary": {"table": {"Query", "PutItem", "DeleteItem"}, "GSI2": {"Query"}},
    "FilesApi": {
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
    },
    "ScanUpload": {"table": {"BatchGetItem", "PutItem"}},
    "RecordVerdict": {"table": {"BatchGetItem", "PutItem"}},
    "ExpireUploads": {"table": {"BatchGetItem", "PutItem", "DeleteItem"}, "GSI2": {"Query"}},
    "RefreshDefinitions": {},
    "DocumentsApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "ConditionCheckItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
        },
    },
    "Typeset": {},
    "TasksApi": {
        "table": {
            "GetItem",
            "BatchGetItem",
            "Query",
            "ConditionCheckItem",
            "PutItem",
            "UpdateItem",
            "DeleteItem",
            "BatchWriteItem",
        },
        "GSI1": {"Query"},
    },
    "CoverApi": {"table": {"BatchGetItem", "Query", "PutItem", "BatchWriteItem"}, "GSI1": {"Query"}},
    "MessagesApi": {
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
    "DeliverMessages": {"table": {"GetItem", "BatchGetItem", "Query", "PutItem"}},
    "RecordReceipt": {"table": {"GetItem", "BatchGetItem", "PutItem"}, "GSI1": {"Query"}},
    "ReceiveReply": {
        "table": {"GetItem", "BatchGetItem", "Query", "PutItem", "ConditionCheckItem"},
        "GSI1": {"Query"},
    },
    "ReleaseHeld": {"table": {"GetItem", "BatchGetItem", "PutItem"}, "GSI2": {"Query"}},
    "SharesApi": {
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
    # Whoever calls it has no token.
    "SharesPublic": {"table": {"BatchGetItem", "PutItem"}, "GSI1": {"Query"}},
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
    "HandOver": {"table": {"GetItem", "BatchGetItem", "Query", "PutItem", "BatchWriteItem", "ConditionCheckItem"}},
    "SettingsApi": {"table": {"GetItem", "PutItem"}},
    "MessageTemplatesApi": {"table": {"GetItem", "Query", "PutItem", "UpdateItem", "DeleteItem"}},
    "ContractApi": {},
}
# The same for buckets, by what they are called in the code.
_PURGES = {bucket: {"ListBucketVersions", "DeleteObjectVersion"} for bucket in ("files", "quarantine")}
_PURGES_DOCUMENTS = {"documents": {"ListBucketVersions", "DeleteObjectVersion"}}
BUCKET_CALLS: dict[str, dict[str, set[str]]] = {
    "ContactsApi": _PURGES | _PURGES_DOCUMENTS,
    "PurgeArchived": _PURGES | _PURGES_DOCUMENTS,
    "FilesApi": {
        "files": _PURGES["files"] | {"GetObject", "GetObjectVersion", "PutObject", "ListBucket"},
        "quarantine": {"PutObject", "ListBucketVersions", "DeleteObjectVersion"},
    },
    "ScanUpload": {
        "files": {"GetObjectVersion", "PutObject", "ListBucketVersions", "DeleteObjectVersion"},
        "quarantine": {"GetObjectVersion", "PutObject", "ListBucketVersions", "DeleteObjectVersion"},
        "definitions": {"GetObject", "GetObjectVersion", "ListBucket"},
    },
    "RecordVerdict": {
        "files": {"PutObject", "PutObjectTagging", "ListBucketVersions", "DeleteObjectVersion"},
        "quarantine": {"GetObjectVersion", "GetObjectVersionTagging", "DeleteObjectVersion"},
    },
    "ExpireUploads": _PURGES,
    "RefreshDefinitions": {"definitions": {"GetObject", "GetObjectVersion", "PutObject", "ListBucket"}},
    "DocumentsApi": {
        "documents": {
            "GetObject",
            "GetObjectTagging",
            "PutObjectTagging",
            "ListBucketVersions",
            "DeleteObjectVersion",
        },
    },
    "Typeset": {"documents": {"PutObject", "PutObjectTagging"}},
    "SharesApi": {"documents": {"PutObjectTagging"}},
    "SharesPublic": {"files": {"GetObject"}, "documents": {"GetObject"}},
    "MessagesApi": {"documents": {"GetObject", "GetObjectTagging", "PutObjectTagging"}},
    "DeliverMessages": {"files": {"GetObjectVersion"}, "documents": {"GetObject"}},
    "ReceiveReply": {"inboundbucket": {"GetObject", "DeleteObject"}, "quarantine": {"PutObject"}},
}
# Holds what is due in every account.
READS_ACROSS_ACCOUNTS = {"BuildVocabulary", "ExpireUploads", "FinishMerges", "PurgeArchived", "ReleaseHeld", "SendDue"}
SIGNS_CURSORS = {
    "ClientsApi",
    "ContactsApi",
    "DocumentsApi",
    "DuplicatesApi",
    "FilesApi",
    "MessagesApi",
    "ReferralsApi",
    "ScheduleApi",
    "SearchApi",
    "SharesApi",
    "TasksApi",
}
# The same secret seals links and codes on their way, and is the pepper of codes.
SEALS = {"DeliverMessages", "SharesApi", "SharesPublic"}
ASKS_FOR_STAFF = {"TasksApi"}

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
        assert not [r for r in listed(statement["Resource"]) if "*" in resource_text(r) and not is_narrow(r)]


def is_narrow(resource: Any) -> bool:
    """The objects of one bucket, whose names are made as they come; and the rules that GuardDuty makes for its plan."""
    text = resource_text(resource)
    plan = "rule/DO-NOT-DELETE-AmazonGuardDutyMalwareProtectionS3*"
    return re.fullmatch(r"\$\{[\w.]+Arn\}/(mail/)?\*|\$\{Quarantine\.Arn\}/\*", text) is not None or text.endswith(plan)


@pytest.mark.parametrize("name", functions())
def test_a_function_may_do_with_buckets_what_it_calls(name: str) -> None:
    buckets = ("Files", "Quarantine", "Definitions", "Documents", "InboundBucket")
    granted: dict[str, set[str]] = {}
    for statement in statements(ROLES[role_of(name)]):
        actions = {a.removeprefix("s3:") for a in listed(statement["Action"]) if a.startswith("s3:")}
        for resource in listed(statement["Resource"]) if actions else ():
            (bucket,) = [one for one in buckets if f"Outputs.{one}Arn" in str(resource)]
            granted.setdefault(bucket.lower(), set()).update(actions)
    assert granted == BUCKET_CALLS.get(name, {})


def test_the_press_is_called_by_those_who_hand_out_documents() -> None:
    callers = {name for name in functions() if may(name, "lambda:InvokeFunction", "Typeset")}
    assert callers == {"DocumentsApi", "MessagesApi"}


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
    assert may_read == told_of == SIGNS_CURSORS | SEALS


def test_the_users_of_all_accounts_are_looked_up_by_who_gives_work_to_others() -> None:
    pool = {"Fn::GetAtt": ["Identity", "Outputs.UserPoolArn"]}
    granted = {
        name: listed(statement["Action"])
        for name in functions()
        for statement in statements(ROLES[role_of(name)])
        if pool in listed(statement["Resource"]) or any("cognito" in action for action in listed(statement["Action"]))
    }
    assert granted == {name: ["cognito-idp:AdminGetUser"] for name in ASKS_FOR_STAFF}
    told_of = {
        name
        for name in functions()
        if "CAREBOOK_USER_POOL" in root().resources[name]["Properties"]["Environment"]["Variables"]
    }
    assert told_of == ASKS_FOR_STAFF


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

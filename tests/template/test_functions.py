"""What every function must have, whoever adds it."""

from collections import Counter
from pathlib import Path

import pytest

from tests.template.reading import ROOT, events, functions, resource, role_of, root, target

FUNCTIONS = sorted(functions())
# Event sources that call and wait for the answer, so that the caller learns of a failure.
SYNCHRONOUS = {"Api", "SQS", "DynamoDB", "Kinesis"}
ASYNCHRONOUS = [name for name in FUNCTIONS if any(e["Type"] not in SYNCHRONOUS for e in events(name).values())]
WITHOUT_PYTHON = {"ClamavLayer"}  # programs and libraries
SCHEDULED = [name for name in FUNCTIONS if any(e["Type"].startswith("Schedule") for e in events(name).values())]


@pytest.mark.parametrize("name", FUNCTIONS)
def test_runs_on_the_runtime_that_its_byte_code_was_compiled_for(name: str) -> None:
    assert functions()[name]["Runtime"] == "python3.13"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_is_traced(name: str) -> None:
    assert functions()[name]["Tracing"] == "Active"


def test_no_two_functions_share_a_role() -> None:
    shared = {role: count for role, count in Counter(map(role_of, FUNCTIONS)).items() if count > 1}
    assert not shared


@pytest.mark.parametrize("name", FUNCTIONS)
def test_logs_to_its_own_group_which_forgets_and_is_encrypted(name: str) -> None:
    logging = functions()[name]["LoggingConfig"]
    group = root().resources[target(logging["LogGroup"]) or ""]
    assert target(logging["LogGroup"]) == f"{name}LogGroup"
    assert logging["LogFormat"] == "JSON"
    assert group["Type"] == "AWS::Logs::LogGroup"
    assert group["Properties"]["RetentionInDays"] == {"Ref": "LogRetentionDays"}
    assert target(group["Properties"]["KmsKeyId"]) == "Table"


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_log_group_is_one_that_the_key_may_encrypt(name: str) -> None:
    group = root().resources[f"{name}LogGroup"]["Properties"]["LogGroupName"]["Fn::Sub"]
    assert group.startswith("/aws/lambda/${AWS::StackName}-")  # as the policy of the key says, in infra/table.yaml


@pytest.mark.parametrize("name", FUNCTIONS)
def test_runs_on_the_processor_that_its_layers_were_built_for(name: str) -> None:
    function = functions()[name]
    assert function["Architectures"] == [{"Ref": "Architecture"}]
    for layer in function["Layers"]:
        properties = root().resources[target(layer) or ""]["Properties"]
        assert properties["CompatibleArchitectures"] == [{"Ref": "Architecture"}]


@pytest.mark.parametrize("name", root().of_type("AWS::Serverless::LayerVersion"))
def test_a_layer_is_compiled_when_it_is_built(name: str) -> None:
    layer = root().resources[name]
    makefile = (ROOT / layer["Properties"]["ContentUri"] / "Makefile").read_text()
    assert layer["Metadata"] == {"BuildMethod": "makefile", "BuildArchitecture": {"Ref": "Architecture"}}
    assert layer["Properties"]["CompatibleRuntimes"] == ["python3.13"]
    if name in WITHOUT_PYTHON:
        assert "compileall" not in makefile
        return
    recipe = makefile.partition(f"\nbuild-{name}:")[2]
    assert "-m compileall" in recipe
    assert "--invalidation-mode unchecked-hash" in recipe


@pytest.mark.parametrize("name", FUNCTIONS)
def test_its_handler_exists(name: str) -> None:
    function = functions()[name]
    module, _, attribute = function["Handler"].rpartition(".")
    source = ROOT / function["CodeUri"] / Path(*module.split(".")).with_suffix(".py")
    assert f"\ndef {attribute}(" in source.read_text()


@pytest.mark.parametrize("name", [name for name in FUNCTIONS if any(e["Type"] == "Api" for e in events(name).values())])
def test_answers_before_api_gateway_gives_up(name: str) -> None:
    assert functions()[name]["Timeout"] < 29


@pytest.mark.parametrize("name", FUNCTIONS)
def test_names_itself_in_logs_and_metrics(name: str) -> None:
    own = root().resources[name]["Properties"]["Environment"]["Variables"]
    shared = root().content["Globals"]["Function"]["Environment"]["Variables"]
    assert own["POWERTOOLS_SERVICE_NAME"]
    assert shared["POWERTOOLS_METRICS_NAMESPACE"] == {"Fn::Sub": "Carebook/${AWS::StackName}"}


@pytest.mark.parametrize("name", ASYNCHRONOUS)
def test_what_it_cannot_do_is_kept(name: str) -> None:
    failure = functions()[name]["EventInvokeConfig"]["DestinationConfig"]["OnFailure"]
    assert failure["Type"] == "SQS"
    assert root().resources[target(failure["Destination"]) or ""]["Type"] == "AWS::SQS::Queue"


@pytest.mark.parametrize("name", SCHEDULED)
def test_a_call_that_its_schedule_could_not_make_is_kept(name: str) -> None:
    for event in events(name).values():
        properties = event["Properties"]
        queue = target(properties["DeadLetterConfig"]["Arn"])
        assert root().resources[queue or ""]["Type"] == "AWS::SQS::Queue"
        assert properties["RetryPolicy"]["MaximumRetryAttempts"] > 0


def test_a_message_that_cannot_be_handled_is_kept() -> None:
    for name in FUNCTIONS:
        for event in events(name).values():
            if event["Type"] == "SQS":
                queue = resource(event["Properties"]["Queue"])["Properties"]
                assert queue["RedrivePolicy"]["maxReceiveCount"] > 1
                assert target(queue["RedrivePolicy"]["deadLetterTargetArn"])
                # Six times leaves room for batches that are throttled, which a limit of its own keeps from happening.
                factor = 1 if "ScalingConfig" in event["Properties"] else 6
                assert queue["VisibilityTimeout"] > factor * functions()[name]["Timeout"] - 1
                assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]


def test_there_are_functions_of_each_kind_to_hold_these_rules() -> None:
    assert set(SCHEDULED) <= set(ASYNCHRONOUS) < set(FUNCTIONS)
    assert SCHEDULED

"""Deploy the built template to the embedded AWS, and only when it is not what stands there."""

import hashlib
import json
import subprocess
from dataclasses import dataclass
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from infra.local.build import Build, error_line
from infra.local.environment import KEYS, endpoint, sam_command, sam_environment
from infra.local.gateway import set_gateway_responses
from infra.local.home import REGION, ROOT, STACK_NAME, Home, api_address, architecture, shown
from infra.local.progress import LaptopStackError, Step

DEPLOYED = "/carebook/laptop/deployed"
SEEDED = "/carebook/laptop/seeded"
STANDING = {"CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE"}
NEVER_STOOD = {"CREATE_FAILED", "ROLLBACK_COMPLETE", "ROLLBACK_FAILED", "ROLLBACK_IN_PROGRESS", "CREATE_IN_PROGRESS"}
STARTED = {"CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS"}


@dataclass(frozen=True)
class Outputs:
    """What the root template tells of itself."""

    api_id: str
    user_pool_id: str
    client_id: str
    table_name: str


def client(service: str, port: int) -> Any:
    """A boto3 client of the embedded AWS as its root; the caller's own AWS settings play no part."""
    session: Any = boto3.session.Session(
        aws_access_key_id=KEYS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=KEYS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )
    config = Config(retries={"max_attempts": 3}, proxies={}, connect_timeout=5, read_timeout=60)
    return session.client(service, endpoint_url=endpoint(port), config=config)


def parameters(port: int) -> dict[str, str]:
    """The template's parameters for a laptop: wheels for this processor, data that may be thrown away, no TLS."""
    return {
        "Architecture": architecture(),
        "DeletionProtection": "off",
        "EncryptedConnections": "off",
        "MessageSender": f"office@{SENDER_DOMAIN}",
        "ReplyDomain": f"reply.{SENDER_DOMAIN}",
        "FaxDomain": "fax.example",
        "ProviderSetup": "existing",
        "ShareAddress": api_address(port, "{api}"),
        "OriginationIdentity": f"arn:aws:sms-voice:{REGION}:000000000000:pool/laptop",
    }


def deploy(home: Home, port: int, build: Build, step: Step) -> Outputs:
    """The stack as built, standing on the embedded AWS; deployed anew when it differs.

    What stands there is written down beside it, in its own parameter store: the note is as new
    or as old as the stack, also after a crash that lost both.
    """
    wanted = digest(build.fingerprint, parameters(port))
    status = stack_status(port)
    if status in STANDING and read_note(port, DEPLOYED) == wanted:
        step.say("stack is up to date")
        return outputs(port)
    if status in NEVER_STOOD:
        step.say("removing a stack that was never finished")
        remove_stack(port)
    step.say("deploying the stack" if status is None else "updating the stack")
    # A deployment that fails half-way must not pass for the one that stood before.
    write_note(port, DEPLOYED, "under way")
    run_sam_deploy(home, port, build)
    deployed = outputs(port)
    verify_sender(port)
    set_gateway_responses(client("apigateway", port), deployed.api_id)
    write_note(port, DEPLOYED, wanted)
    step.say("stack deployed")
    return deployed


SENDER_DOMAIN = "lakeside.example"


def verify_sender(port: int) -> None:
    """On AWS the owner of a domain proves it by its DNS records; here it is said to be proven."""
    try:
        client("sesv2", port).create_email_identity(EmailIdentity=SENDER_DOMAIN)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise


def run_sam_deploy(home: Home, port: int, build: Build) -> None:
    """Run `sam deploy`; one line and the log's place when it fails."""
    log = home.logs / "deploy.log"
    command = sam_command(
        *("deploy", "--template-file", str(build.template), "--stack-name", STACK_NAME, "--resolve-s3"),
        *("--capabilities", "CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND", "--region", REGION),
        *("--no-confirm-changeset", "--no-fail-on-empty-changeset", "--no-progressbar"),
        *("--parameter-overrides", *(f"{name}={value}" for name, value in parameters(port).items())),
    )
    with log.open("wb") as output:
        finished = subprocess.run(
            command,
            cwd=ROOT,
            env=sam_environment(port=port),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            check=False,
        )
    if finished.returncode != 0:
        reason = error_line(log)
        if "create/update the stack" in reason:
            reason = failure_reason(port) or reason
            # It does not update a nested stack whose outputs read a resource that did not change.
            reason += " Mend it; if AWS could make this change and only the embedded one cannot: make run FRESH=1."
        raise LaptopStackError(f"sam deploy failed: {reason} Log: {shown(log)}")


def failure_reason(port: int) -> str | None:
    """What CloudFormation says of the first resource that failed in the last operation on the stack."""
    try:
        events = client("cloudformation", port).describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    except (ClientError, BotoCoreError):
        return None
    first = None
    for event in events:  # the newest comes first
        status, resource = event["ResourceStatus"], event["LogicalResourceId"]
        if status.endswith("_FAILED"):
            first = f"{resource}: {event.get('ResourceStatusReason', status)}"
        if resource == STACK_NAME and status in STARTED:
            break
    return first


def digest(*parts: object) -> str:
    """One short word for *parts*."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def stack_status(port: int) -> str | None:
    """CloudFormation's word for the state of the stack; None when there is none."""
    try:
        described = client("cloudformation", port).describe_stacks(StackName=STACK_NAME)
    except ClientError as error:
        if error.response["Error"]["Code"] != "ValidationError":
            raise
        return None
    status: str = described["Stacks"][0]["StackStatus"]
    return None if status.startswith("DELETE_COMPLETE") else status


def remove_stack(port: int) -> None:
    """Delete a stack that never stood; it holds no data."""
    cloudformation = client("cloudformation", port)
    cloudformation.delete_stack(StackName=STACK_NAME)
    cloudformation.get_waiter("stack_delete_complete").wait(
        StackName=STACK_NAME, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def outputs(port: int) -> Outputs:
    """The root template's outputs."""
    described = client("cloudformation", port).describe_stacks(StackName=STACK_NAME)
    values = {output["OutputKey"]: output["OutputValue"] for output in described["Stacks"][0].get("Outputs", [])}
    try:
        return Outputs(values["ApiId"], values["UserPoolId"], values["UserPoolClientId"], values["TableName"])
    except KeyError as missing:
        raise LaptopStackError(f"template.yaml has no output {missing}; add it: the laptop stack reads it.") from None


def read_note(port: int, name: str) -> str | None:
    """What an earlier start noted under *name* in the embedded AWS."""
    try:
        value: str = client("ssm", port).get_parameter(Name=name)["Parameter"]["Value"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "ParameterNotFound":
            raise
        return None
    return value


def write_note(port: int, name: str, value: str) -> None:
    """Note *value* under *name* in the embedded AWS."""
    client("ssm", port).put_parameter(Name=name, Value=value, Type="String", Overwrite=True)

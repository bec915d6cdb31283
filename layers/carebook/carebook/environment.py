"""The only reader of environment variables. Each is read when it is needed, never at import."""

import os


def _required(name: str) -> str:
    value = os.environ.get(name, "")
    if not value:
        raise RuntimeError(f"The environment variable {name} is not set.")
    return value


def table_name() -> str:
    """Name of the DynamoDB table."""
    return _required("CAREBOOK_TABLE")


def signing_secret_id() -> str:
    """Name or ARN of the Secrets Manager secret that signs list cursors."""
    return _required("CAREBOOK_SIGNING_SECRET")


def user_pool_id() -> str:
    """Id of the Cognito user pool in which all staff are."""
    return _required("CAREBOOK_USER_POOL")


def region() -> str:
    """The AWS region this function runs in."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"

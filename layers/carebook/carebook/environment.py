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


def bucket_name(name: str) -> str:
    """Name of the bucket that the project calls ``files``, ``quarantine``, ``documents`` or ``definitions``."""
    return _required(f"CAREBOOK_{name.upper()}_BUCKET")


def scan_queue_url() -> str:
    """Address of the queue of uploads to be scanned."""
    return _required("CAREBOOK_SCAN_QUEUE")


def scan_engine() -> str:
    """What scans: ``clamav`` or ``guardduty``."""
    return _required("CAREBOOK_SCAN_ENGINE")


def scan_attempts() -> int:
    """How often a scan is tried before it has failed."""
    return int(_required("CAREBOOK_SCAN_ATTEMPTS"))


def program_folders() -> str:
    """Folders in which programs are looked for, as in ``PATH``; a layer's and the system's are among them."""
    return os.pathsep.join([os.environ.get("PATH", ""), "/opt/bin", "/opt/sbin", "/usr/sbin", "/usr/local/sbin"])


def typesetting_function() -> str:
    """Name of the function that makes PDFs."""
    return _required("CAREBOOK_TYPESETTING_FUNCTION")


def user_pool_id() -> str:
    """Id of the Cognito user pool in which all staff are."""
    return _required("CAREBOOK_USER_POOL")


def region() -> str:
    """The AWS region this function runs in."""
    return os.environ.get("AWS_REGION") or os.environ.get("AWS_DEFAULT_REGION") or "us-east-1"

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


def ca_bundle() -> str | None:
    """Path of the certificates that are trusted in place of those that come along; None where it is not said."""
    return os.environ.get("REQUESTS_CA_BUNDLE")


def metrics_namespace() -> str:
    """Under what CloudWatch keeps our own counts: one name for each stack. Never missing: a count must stop nothing."""
    return os.environ.get("POWERTOOLS_METRICS_NAMESPACE", "Carebook")


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


def _optional(name: str) -> str | None:
    return os.environ.get(name) or None


def message_queue_url() -> str:
    """URL of the queue that carries messages to their delivery."""
    return _required("CAREBOOK_MESSAGE_QUEUE")


def due_queue_url() -> str:
    """URL of the queue that shares out reminders that are due."""
    return _required("CAREBOOK_DUE_QUEUE")


def message_sender() -> str | None:
    """The address that e-mails come from."""
    return _optional("CAREBOOK_SENDER")


def email_configuration_set() -> str | None:
    """SES's configuration set: TLS, and receipts."""
    return _optional("CAREBOOK_EMAIL_CONFIGURATION_SET")


def reply_domain() -> str | None:
    """The domain whose e-mail SES receives for us."""
    return _optional("CAREBOOK_REPLY_DOMAIN")


def fax_domain() -> str | None:
    """The domain of the e-mail-to-fax gateway."""
    return _optional("CAREBOOK_FAX_DOMAIN")


def origination_identity() -> str | None:
    """The number, pool or sender id that texts and calls come from."""
    return _optional("CAREBOOK_ORIGINATION_IDENTITY")


def opt_out_list() -> str:
    """The list on which End User Messaging keeps the numbers that want no texts from ours."""
    return _optional("CAREBOOK_OPT_OUT_LIST") or "Default"


def text_configuration_set() -> str | None:
    """End User Messaging's configuration set: receipts."""
    return _optional("CAREBOOK_TEXT_CONFIGURATION_SET")


def topics() -> frozenset[str]:
    """ARNs of the topics whose notifications this function takes."""
    return frozenset(_required("CAREBOOK_TOPICS").split(","))


def inbound_bucket() -> str:
    """The bucket in which SES lays received e-mail."""
    return _required("CAREBOOK_INBOUND_BUCKET")


def share_address() -> str | None:
    """Under which address recipients open shares; ``{api}`` in it stands for the API's id. None: the API's own."""
    return _optional("CAREBOOK_SHARE_ADDRESS")

"""Logs, with one line of context and never a person's data in them."""

import logging

from aws_lambda_powertools import Logger

from carebook.environment import metrics_namespace

logger = Logger(use_rfc3339=True, utc=True)

# At DEBUG these write requests and responses, and with them whole records, into the log.
for _library in ("aws_lambda_powertools", "boto3", "botocore", "pynamodb", "urllib3"):
    logging.getLogger(_library).setLevel(logging.WARNING)


def count(what: str) -> None:
    """Count something that happened, as a metric of CloudWatch."""
    from aws_lambda_powertools.metrics import MetricUnit, single_metric

    with single_metric(name=what, unit=MetricUnit.Count, value=1, namespace=metrics_namespace()):
        pass

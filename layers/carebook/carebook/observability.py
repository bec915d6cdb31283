"""Logs, with one line of context and never a person's data in them."""

from aws_lambda_powertools import Logger

logger = Logger(use_rfc3339=True, utc=True)

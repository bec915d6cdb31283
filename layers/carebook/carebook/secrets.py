"""Secrets from AWS Secrets Manager, fetched once per warm environment."""

from functools import lru_cache
from typing import Any

from carebook import environment
from carebook.table import open_table


@lru_cache(maxsize=1)
def signing_secret() -> bytes:
    """The secret that signs list cursors."""
    # The session that made the DynamoDB client has its service models loaded: a second client costs little.
    session = open_table().connection.session
    client: Any = session.create_client("secretsmanager", region_name=environment.region())
    answer = client.get_secret_value(SecretId=environment.signing_secret_id())
    text: str = answer["SecretString"]
    return text.encode()

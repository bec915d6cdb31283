"""The bucket in which SES lays e-mail that it has received."""

from functools import cached_property
from typing import Any

from botocore.exceptions import ClientError

from carebook import environment
from carebook.table import open_table


class InboundBucket:
    """Received e-mail, as it came."""

    def __init__(self, name: str) -> None:
        self._name = name

    @cached_property
    def _client(self) -> Any:
        return open_table().connection.session.create_client("s3", region_name=environment.region())

    def get(self, key: str) -> bytes | None:
        """An e-mail; None when it is not there any more."""
        try:
            content: bytes = self._client.get_object(Bucket=self._name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchKey", "404"}:
                return None
            raise
        return content

    def delete(self, key: str) -> None:
        """Forget an e-mail."""
        self._client.delete_object(Bucket=self._name, Key=key)

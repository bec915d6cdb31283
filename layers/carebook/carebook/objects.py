"""Objects in S3 that belong to an item: deleted with all their versions, before the item that names them goes."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from carebook import environment
from carebook.table import Table

_MEMBER: Final = "objects"  # of an item's document: {"files": [key, …], "quarantine": [key, …], "documents": [key, …]}


class StoredObjects:
    """The buckets that items name. The client is made when there is something to delete."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._made: Any = None

    def delete_named_in(self, documents: Iterable[Mapping[str, Any]]) -> None:
        """Delete every object that *documents* name, all versions; what is gone already is no error.

        An error of AWS flies: the items that name them must stay then.
        """
        for document in documents:
            for bucket, keys in document.get(_MEMBER, {}).items():
                for key in keys:
                    self.delete(bucket, key)

    def delete(self, bucket: str, key: str) -> None:
        """Delete all versions of one object of the bucket that the project calls *bucket*."""
        name = environment.bucket_name(bucket)
        pages = self._client.get_paginator("list_object_versions").paginate(Bucket=name, Prefix=key)
        for page in pages:
            found = [*page.get("Versions", ()), *page.get("DeleteMarkers", ())]
            # A prefix also finds longer keys.
            for version in (one["VersionId"] for one in found if one["Key"] == key):
                self._client.delete_object(Bucket=name, Key=key, VersionId=version)

    @property
    def _client(self) -> Any:
        if self._made is None:
            self._made = self._table.connection.session.create_client("s3", region_name=environment.region())
        return self._made

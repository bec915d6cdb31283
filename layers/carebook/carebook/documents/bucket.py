"""The bucket of PDFs: addresses for callers, and what is kept. boto3 stops here."""

from collections.abc import Mapping
from typing import Any, Final

from carebook import environment
from carebook.downloads import content_disposition

# Objects with this tag on "no" are deleted after a day by the bucket's own rule.
_TAG: Final = "kept"
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class DocumentBucket:
    """The documents bucket. The client is made at its first use.

    Args:
        session: the botocore session that other clients share; one of its own when left out.
    """

    def __init__(self, session: Any = None) -> None:
        self._session = session
        self._made: Any = None

    def put(self, key: str, pdf: bytes, *, file_name: str) -> None:
        """A PDF that is not kept yet: nobody may come back for it."""
        self._client.put_object(
            Bucket=environment.bucket_name("documents"),
            Key=key,
            Body=pdf,
            ContentType="application/pdf",
            # With the object and not with its address: the name of a document belongs in no URL.
            ContentDisposition=content_disposition(file_name),
            CacheControl="private, no-store",
            Tagging=f"{_TAG}=no",
        )

    def is_kept(self, key: str) -> bool | None:
        """Whether a PDF is there and stays; None when there is none."""
        try:
            answer = self._client.get_object_tagging(Bucket=environment.bucket_name("documents"), Key=key)
        except Exception as error:
            if _code(error) not in _GONE:
                raise
            return None
        return {"Key": _TAG, "Value": "yes"} in answer["TagSet"]

    def keep(self, key: str) -> bool:
        """Let a PDF stay; False when there is none."""
        tags = {"TagSet": [{"Key": _TAG, "Value": "yes"}]}
        try:
            self._client.put_object_tagging(Bucket=environment.bucket_name("documents"), Key=key, Tagging=tags)
        except Exception as error:
            if _code(error) not in _GONE:
                raise
            return False
        return True

    def size(self, key: str) -> int:
        """How many bytes a PDF has that is there."""
        answer = self._client.head_object(Bucket=environment.bucket_name("documents"), Key=key)
        return int(answer["ContentLength"])

    def read(self, key: str) -> bytes:
        """A PDF that is there."""
        answer = self._client.get_object(Bucket=environment.bucket_name("documents"), Key=key)
        pdf: bytes = answer["Body"].read()
        return pdf

    def url(self, key: str, *, seconds: int) -> str:
        """Where anybody who is told can fetch a PDF, for a while."""
        place = {"Bucket": environment.bucket_name("documents"), "Key": key}
        url: str = self._client.generate_presigned_url("get_object", Params=place, ExpiresIn=seconds)
        return url

    def remove(self, key: str) -> None:
        """Delete every version of a PDF, one by one: there are few; one that is gone already is no error."""
        name = environment.bucket_name("documents")
        for page in self._client.get_paginator("list_object_versions").paginate(Bucket=name, Prefix=key):
            for one in (*page.get("Versions", ()), *page.get("DeleteMarkers", ())):
                if one["Key"] == key:  # a prefix also finds longer names
                    self._client.delete_object(Bucket=name, Key=key, VersionId=one["VersionId"])

    @property
    def _client(self) -> Any:
        if self._made is None:
            from botocore.config import Config
            from botocore.session import get_session

            # The older signature, and a bucket's global address, would fail with our own key and be redirected.
            config = Config(signature_version="s3v4", s3={"us_east_1_regional_endpoint": "regional"})
            session = self._session or get_session()
            self._made = session.create_client("s3", region_name=environment.region(), config=config)
        return self._made


def _code(error: Exception) -> str:
    response: Mapping[str, Any] = getattr(error, "response", None) or {}
    return str(response.get("Error", {}).get("Code", ""))


def file_name_of(title: str) -> str:
    """The name under which a document is saved: its title without what file systems refuse."""
    plain = "".join("_" if char in '/\\:*?"<>|' else char for char in title).strip(" .")
    return f"{plain[:120].strip() or 'document'}.pdf"

"""The buckets of files: forms and addresses for callers, copies and streams for the scan. boto3 stops here."""

import base64
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, Final

from carebook import environment
from carebook.downloads import content_disposition
from carebook.files.model import File, Place
from carebook.files.ports import Form, Gone
from carebook.objects import StoredObjects
from carebook.table import Table

_CHUNK: Final = 256 * 1024
_GONE: Final = frozenset({"NoSuchKey", "NoSuchVersion", "404"})


class FileBuckets:
    """The quarantine bucket, where uploads arrive, and the files bucket, where what is clean lies."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self._made: Any = None

    def upload_form(self, file: File, *, expires_at: datetime, now: datetime) -> Form:
        """A form whose policy lets nothing through but a file of this size, type and, where known, this digest."""
        fields = {"Content-Type": file.content_type}
        if file.sha256 is not None:
            fields["x-amz-checksum-algorithm"] = "SHA256"
            fields["x-amz-checksum-sha256"] = base64.b64encode(bytes.fromhex(file.sha256)).decode()
        conditions: list[Any] = [{name: value} for name, value in fields.items()]
        conditions.append(["content-length-range", file.size, file.size])
        form = self.client.generate_presigned_post(
            environment.bucket_name("quarantine"),
            file.key,
            Fields=fields,
            Conditions=conditions,
            ExpiresIn=max(int((expires_at - now).total_seconds()), 1),
        )
        return Form(form["url"], form["fields"])

    def put_name(self, file: File) -> Place | None:
        """One request, unless what lies there has another name all the same: then one more, a copy within S3."""
        place = _readable(file)
        wanted = _saved_as(file)
        # Its newest version is the one that an address without a version leads to.
        found = self._asking(self.client.head_object, Bucket=environment.bucket_name("files"), Key=place.key)
        if all(found.get(name) == value for name, value in wanted.items()):
            return None
        return self._copy(place, wanted)

    def put_new_name(self, file: File) -> Place:
        """One request, a copy within S3."""
        if file.place is None or file.place.bucket != "files":
            raise ValueError("Only what was found clean has a name.")
        return self._copy(file.place, _saved_as(file))

    def download_url(self, file: File, *, seconds: int) -> str:
        """Every version of this key is a copy of what was found clean; its name is with it, in no address."""
        url: str = self.client.generate_presigned_url(
            "get_object",
            Params={"Bucket": environment.bucket_name("files"), "Key": _readable(file).key},
            ExpiresIn=seconds,
        )
        return url

    def read(self, place: Place) -> Iterator[bytes]:
        """The bytes of one version, piece by piece.

        Raises:
            Gone: when there is no such version.
        """
        name = environment.bucket_name(place.bucket)
        body = self._asking(self.client.get_object, Bucket=name, Key=place.key, VersionId=place.version_id)["Body"]
        try:
            yield from body.iter_chunks(_CHUNK)
        finally:
            body.close()

    def content(self, place: Place) -> bytes:
        """All bytes of one version.

        Raises:
            Gone: when there is no such version.
        """
        return b"".join(self.read(place))

    def put(self, file: File, content: bytes) -> None:
        """Lay a file's bytes into the quarantine, as its upload."""
        self.client.put_object(
            Bucket=environment.bucket_name("quarantine"), Key=file.key, Body=content, ContentType=file.content_type
        )

    def take_over(self, place: Place, file: File) -> Place:
        """Copy exactly this version of the quarantine to the files bucket; where it is now."""
        return self._copy(place, _saved_as(file))

    def put_back(self, place: Place) -> Place:
        """Copy exactly this version of the files bucket to the quarantine, without its name; where it is now."""
        return self._copy(place, {"ContentType": "application/octet-stream"}, bucket="quarantine")

    def _copy(self, place: Place, saved_as: Mapping[str, str], *, bucket: str = "files") -> Place:
        source = {
            "Bucket": environment.bucket_name(place.bucket),
            "Key": place.key,
            "VersionId": place.version_id,
        }
        answer = self._asking(
            self.client.copy_object,
            Bucket=environment.bucket_name(bucket),
            Key=place.key,
            CopySource=source,
            MetadataDirective="REPLACE",
            TaggingDirective="REPLACE",  # tags are the quarantine's; reading them would want a right of its own
            **saved_as,
        )
        return Place(bucket, place.key, answer["VersionId"])

    def remove(self, place: Place) -> None:
        """Delete one version; one that is gone already is no error."""
        name = environment.bucket_name(place.bucket)
        self.client.delete_object(Bucket=name, Key=place.key, VersionId=place.version_id)

    def remove_copies(self, key: str) -> None:
        """Delete every version of one object from the files bucket."""
        StoredObjects(self._table).delete("files", key)

    def arrived(self, key: str) -> Place | None:
        """The first version of an upload that lies in quarantine, if any does."""
        name = environment.bucket_name("quarantine")
        found = self.client.list_object_versions(Bucket=name, Prefix=key).get("Versions", ())
        versions = [one for one in found if one["Key"] == key]
        oldest = min(versions, key=lambda one: one["LastModified"], default=None)
        return None if oldest is None else Place("quarantine", key, oldest["VersionId"])

    def _asking(self, call: Any, **parameters: Any) -> Mapping[str, Any]:
        from botocore.exceptions import ClientError

        try:
            answer: Mapping[str, Any] = call(**parameters)
        except ClientError as error:
            if error.response["Error"]["Code"] not in _GONE:
                raise
            raise Gone from error
        return answer

    @property
    def client(self) -> Any:
        """The S3 client, made at its first use."""
        if self._made is None:
            from botocore.config import Config

            # The older signature, and a bucket's global address, would fail with our own key and be redirected.
            config = Config(signature_version="s3v4", s3={"us_east_1_regional_endpoint": "regional"})
            session = self._table.connection.session
            self._made = session.create_client("s3", region_name=environment.region(), config=config)
        return self._made


def _readable(file: File) -> Place:
    if file.place is None or not file.readable:
        raise ValueError("Only what is clean is handed out.")
    return file.place


def _saved_as(file: File) -> dict[str, str]:
    """What S3 answers with the bytes. A name in the address would be in the logs of whatever it passes."""
    return {
        "ContentDisposition": content_disposition(file.details.name),
        "ContentType": file.content_type,
        "CacheControl": "private, no-store",
    }

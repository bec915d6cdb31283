"""The virus definitions in their bucket: a manifest that names one version of each file, and how old they are."""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from carebook import environment
from carebook.instants import instant, parse_instant

MANIFEST: Final = "manifest.json"
_HEADER: Final = 512  # bytes at the beginning of ClamAV's containers
_CHUNK: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class DefinitionsFile:
    """One version of one file of a set."""

    name: str
    version_id: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """A set of definitions. ``built_at`` is when its makers made it, not when we fetched it."""

    version: str
    built_at: datetime
    files: tuple[DefinitionsFile, ...]


class DefinitionsBucket:
    """Where the definitions lie. The manifest is written last, so a reader never meets half of a set."""

    def __init__(self, client: Any, name: str | None = None) -> None:
        self._client = client
        self._name = name

    @property
    def _bucket(self) -> str:
        return self._name or environment.bucket_name("definitions")

    def manifest(self) -> Manifest | None:
        """What is there; None when nothing is."""
        from botocore.exceptions import ClientError

        try:
            body = self._client.get_object(Bucket=self._bucket, Key=MANIFEST)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] not in {"NoSuchKey", "404"}:
                raise
            return None
        read: Mapping[str, Any] = json.loads(body)
        files = tuple(DefinitionsFile(**one) for one in read["files"])
        return Manifest(read["version"], parse_instant(read["built_at"]), files)

    def fetch(self, manifest: Manifest, folder: Path) -> None:
        """Write the set's files into *folder*.

        Raises:
            ValueError: when a file is not what the manifest says.
        """
        for file in manifest.files:
            answer = self._client.get_object(Bucket=self._bucket, Key=file.name, VersionId=file.version_id)
            digest = hashlib.sha256()
            with (folder / Path(file.name).name).open("wb") as target:
                for chunk in answer["Body"].iter_chunks(_CHUNK):
                    digest.update(chunk)
                    target.write(chunk)
            if digest.hexdigest() != file.sha256:
                raise ValueError(f"{file.name} is not what the manifest says.")

    def publish(self, folder: Path, *, version: str, built_at: datetime, before: Manifest | None = None) -> Manifest:
        """Put the files of *folder* there as a set; those that *before* holds already are not sent again."""
        known = {(file.name, file.sha256): file for file in before.files} if before else {}
        files = []
        for path in sorted(folder.iterdir()):
            sha256 = _digest(path)
            kept = known.get((path.name, sha256))
            if kept is None:
                with path.open("rb") as content:
                    answer = self._client.put_object(Bucket=self._bucket, Key=path.name, Body=content)
                kept = DefinitionsFile(path.name, answer["VersionId"], sha256)
            files.append(kept)
        manifest = Manifest(version, built_at, tuple(files))
        document = {
            "version": version,
            "built_at": instant(built_at),
            "files": [asdict(file) for file in manifest.files],
        }
        self._client.put_object(
            Bucket=self._bucket, Key=MANIFEST, Body=json.dumps(document).encode(), ContentType="application/json"
        )
        return manifest


def version_and_age(paths: Iterable[Path]) -> tuple[str, datetime]:
    """Version and moment of the daily definitions among ClamAV's containers (``daily.cvd`` or ``daily.cld``).

    Their header is text with colons: ``ClamAV-VDB:``, a date, the version, …, and last the moment in seconds.

    Raises:
        ValueError: when there are none, or the header is another one.
    """
    for path in paths:
        if path.stem == "daily" and path.suffix in {".cvd", ".cld"}:
            with path.open("rb") as content:
                header = content.read(_HEADER).decode("ascii", errors="replace").strip().split(":")
            if header[0] != "ClamAV-VDB":
                raise ValueError(f"{path.name} has another header than ClamAV's.")
            return header[2], datetime.fromtimestamp(int(header[-1]), UTC)
    raise ValueError("There are no daily definitions.")


def _digest(path: Path) -> str:
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()

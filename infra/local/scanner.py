"""The virus scanner on a laptop: the system's ClamAV, and definitions for it in the local bucket."""

import os
import shutil
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "layers/carebook"))

from carebook.environment import program_folders
from carebook.errors import Unavailable
from carebook.files.definitions import DefinitionsBucket, Manifest
from carebook.files.freshclam import refresh
from infra.local.deploy import client
from infra.local.home import STACK_NAME
from infra.local.progress import LaptopStackError, Step

PACKAGE = "clamav-daemon"
HOW = "Debian and Ubuntu: apt-get install clamav-daemon; macOS: brew install clamav"
TEST_SET = "carebook-test-set"
PATIENCE_SECONDS = 5
FETCHED_WITHIN_SECONDS = 300


def install_clamav(step: Step) -> None:
    """Make sure that there is a clamd: the system's, else Debian's package where we may install it."""
    if clamd() is not None:
        return
    apt = shutil.which("apt-get")
    if apt is None or os.geteuid() != 0:
        raise LaptopStackError(
            f"ClamAV is missing: nothing uploaded could be scanned. Install it ({HOW}), then run again."
        )
    step.say(f"installing {PACKAGE}")
    # The services that the package would start are not ours: we run a clamd of our own.
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive", "RUNLEVEL": "1"}
    for arguments in (("update", "-q"), ("install", "-y", "-q", "--no-install-recommends", PACKAGE, "clamdscan")):
        done = subprocess.run([apt, *arguments], env=environment, capture_output=True, check=False)
    if done.returncode != 0 or clamd() is None:
        last = done.stderr.decode(errors="replace").strip().splitlines()[-1:]
        raise LaptopStackError(
            f"{PACKAGE} could not be installed ({''.join(last)[:160]}). Install it ({HOW}), then run again."
        )


def clamd() -> str | None:
    """Where clamd is, as the scan looks for it."""
    return shutil.which("clamd", path=program_folders())


def provide_definitions(port: int, step: Step, *, fetched: bool) -> None:
    """Put definitions into the local bucket: ClamAV's own when the network allows, else a test set; and say which."""
    bucket = DefinitionsBucket(client("s3", port), definitions_bucket(port))
    if fetched:
        try:
            step.say("asking for virus definitions")
            manifest = refresh(bucket, patience=PATIENCE_SECONDS, seconds=FETCHED_WITHIN_SECONDS)
        except Unavailable:
            pass
        else:
            step.say(f"ClamAV with its definitions {manifest.version} of {manifest.built_at:%Y-%m-%d}")
            return
        kept = bucket.manifest()
        if kept is not None and not is_test_set(kept):
            step.say(f"ClamAV with definitions of {kept.built_at:%Y-%m-%d}; newer ones cannot be reached")
            return
    publish_test_set(bucket)
    why = "ClamAV's own cannot be reached" if fetched else "as asked"
    step.say(f"ClamAV with a TEST SET that knows the EICAR test file and nothing else ({why})")


def is_test_set(manifest: Manifest) -> bool:
    """Whether these definitions know nothing but the test file."""
    return manifest.version == TEST_SET


def publish_test_set(bucket: DefinitionsBucket) -> Manifest:
    """Definitions made by hand that know the EICAR test file, also inside archives."""
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / f"{TEST_SET}.ndb"
        path.write_text(f"Carebook.Test.EICAR:0:*:{eicar().hex()}\n")
        return bucket.publish(Path(name), version=TEST_SET, built_at=datetime.now(UTC).replace(microsecond=0))


def eicar() -> bytes:
    """The EICAR test file, put together here so that no scanner takes this source for it."""
    halves = (r"X5O!P%@AP[4\PZX54(P^)7CC)7}", "$" + "EICAR-STANDARD-" + "ANTIVIRUS-TEST-FILE!$H+H*")
    return "".join(halves).encode()


def definitions_bucket(port: int) -> str:
    """The local bucket of definitions."""
    cloudformation = client("cloudformation", port)
    nested = cloudformation.describe_stack_resource(StackName=STACK_NAME, LogicalResourceId="Files")
    stack = cloudformation.describe_stacks(StackName=nested["StackResourceDetail"]["PhysicalResourceId"])["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    name: str = outputs["DefinitionsName"]
    return name

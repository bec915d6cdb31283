"""The built layers hold everything that a function needs beyond what Lambda's own runtime brings."""

import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from infra.local.home import BUILD_DIR
from tests.e2e.conftest import Stack
from tests.template.reading import ROOT

# What the python3.13 runtime has installed: boto3 and what it stands on.
RUNTIME = ("boto3", "botocore", "dateutil", "jmespath", "s3transfer", "six.py", "urllib3")
HANDLERS = sorted(path for path in (ROOT / "functions").glob("*/*.py"))

# A number, an address and an id: what is loaded only when something is written.
PROBE = """
import importlib, sys
from datetime import UTC, datetime
importlib.import_module(sys.argv[1])
from carebook.contacts.phones import read_phone_number
from carebook.contacts.schemas import EmailField
from carebook.ids import new_id
import carebook.http.idempotency
from aws_lambda_powertools.utilities.idempotency import DynamoDBPersistenceLayer
print(read_phone_number("(310) 555-0123", "US").e164, EmailField(address="A@Example.ORG").address,
      len(new_id("con", datetime.now(UTC))))
"""


@pytest.mark.parametrize("handler", HANDLERS, ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_function_loads_from_its_layers_alone(stack: Stack, tmp_path: Path, handler: Path) -> None:
    installed = Path(sysconfig.get_path("purelib"))
    for name in RUNTIME:
        (tmp_path / name).symlink_to(installed / name)
    found = {path.parent.name: path for path in BUILD_DIR.rglob("*Layer/python") if path.is_dir()}
    assert set(found) == {"DependenciesLayer", "CarebookLayer", "TypesettingLayer"}
    # Only the function that makes PDFs unpacks the typesetter.
    layers = [path for name, path in found.items() if name != "TypesettingLayer" or handler.stem == "typeset"]
    places = [str(handler.parents[1]), *map(str, layers), str(tmp_path)]
    code = f"import sys; sys.path[1:1] = {places!r}\n{PROBE}"
    run = subprocess.run(
        [sys.executable, "-I", "-S", "-B", "-c", code, f"{handler.parent.name}.{handler.stem}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == ["+13105550123", "A@example.org", "30"]


def test_the_function_that_makes_pdfs_fits_into_lambda(stack: Stack) -> None:
    """All layers and the code of a function may have 250 MB (Lambda quotas)."""
    folders = [path for path in BUILD_DIR.rglob("*Layer/python") if path.is_dir()]
    size = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    assert size < 200 * 1024 * 1024

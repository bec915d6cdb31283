"""A scratch copy of the functions, laid out and compiled as on Lambda: task, layers, and the runtime's boto3."""

import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.metadata import distribution
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).resolve().parents[1]
_RUNTIME: Final = ("boto3", "botocore", "s3transfer", "jmespath", "python-dateutil", "six", "urllib3")
# Neither the environment's variables nor its packages, and nothing compiled on the way: as in Lambda's read-only /opt.
_AS_ON_LAMBDA: Final = ("-I", "-S", "-B")
_BARE: Final = """import boto3

client = boto3.client("dynamodb")


def handler(event, context):
    client.get_item(**event)
    return {"statusCode": 200}
"""


@dataclass(frozen=True, slots=True)
class Layers:
    """Where the three parts lie."""

    task: Path
    layers: Path
    runtime: Path

    @property
    def path(self) -> list[str]:
        """The places in the order in which Lambda looks for modules."""
        return [str(self.task), str(self.layers), str(self.runtime)]

    @property
    def environment(self) -> dict[str, str]:
        """What Lambda tells a function about itself."""
        return {
            "AWS_EXECUTION_ENV": "AWS_Lambda_python3.13",
            "AWS_LAMBDA_FUNCTION_NAME": "carebook-benchmark",
            "LAMBDA_TASK_ROOT": str(self.task),
        }


def lay_out(scratch: Path) -> Layers:
    """Copy our code, the pinned dependencies and boto3 to *scratch*, and compile the layers as the build does."""
    laid = Layers(scratch / "task", scratch / "opt" / "python", scratch / "runtime")
    ignored = shutil.ignore_patterns("__pycache__", "tests")
    shutil.copytree(ROOT / "functions", laid.task, ignore=ignored)
    shutil.copytree(ROOT / "layers" / "carebook" / "carebook", laid.layers / "carebook", ignore=ignored)
    (laid.task / "bare").mkdir()
    (laid.task / "bare" / "api.py").write_text(_BARE, encoding="utf-8")
    for name in _pinned():
        _copy_distribution(name, laid.layers)
    for name in _RUNTIME:
        _copy_distribution(name, laid.runtime)
    shutil.rmtree(laid.layers / "dns", ignore_errors=True)  # the build leaves it out too
    # The functions themselves stay sources: SAM copies them as they are.
    compiled = [sys.executable, "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    subprocess.run([*compiled, str(laid.layers), str(laid.runtime)], check=True)
    return laid


def run_child(script: str, *arguments: str, environment: dict[str, str]) -> str:
    """What a script of ours prints last, run in a fresh process that finds modules as on Lambda."""
    command = [sys.executable, *_AS_ON_LAMBDA, str(ROOT / "benchmarks" / script), str(ROOT), *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"{script} {arguments} failed: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout.splitlines()[-1]


def _pinned() -> list[str]:
    text = (ROOT / "layers" / "dependencies" / "requirements.txt").read_text(encoding="utf-8")
    return re.findall(r"^([a-z0-9-]+)==", text, flags=re.MULTILINE)


def _copy_distribution(name: str, target: Path) -> None:
    for file in distribution(name).files or ():
        if ".." in file.parts or "__pycache__" in file.parts or file.suffix == ".pyi":
            continue
        destination = target / file
        destination.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(Path(str(file.locate())), destination)

"""The environments that subprocesses get: no real AWS account, no personal configuration."""

import json
import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from infra.local.home import DEFAULT_HOME, REGION, ROOT, Home

KEPT_FOR_THE_EMULATOR = ("PATH", "HOME", "LANG", "LC_ALL", "LC_CTYPE", "USER", "LOGNAME")
DROPPED_FOR_SAM = ("AWS_", "SAM_CLI_", "PYTHON", "MAKE", "MFLAGS")
"""Somebody's AWS account, another Python, and our make's variables, which the make of the layers would take up."""
KEYS = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
"""The emulator's root keys; IAM binds everyone else, the functions' roles above all."""

CARRIED = ("AWS_ENDPOINT_URL_PINPOINT_SMS_VOICE_V2", "AWS_ENDPOINT_URL_SESV2")
"""The services whose requests go to the carrier inbox: one that the emulator lacks, and one of which it keeps half."""

NO_PERSONAL_CONFIGURATION = {
    "AWS_CONFIG_FILE": os.devnull,
    "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    "AWS_EC2_METADATA_DISABLED": "true",
    "AWS_DEFAULT_REGION": REGION,
    "AWS_REGION": REGION,
    "NO_PROXY": "localhost,127.0.0.1",
    "no_proxy": "localhost,127.0.0.1",
}


def endpoint(port: int) -> str:
    """Where the embedded AWS answers."""
    return f"http://127.0.0.1:{port}"


def inbox_port(port: int) -> int:
    """Where the carrier inbox of the stack on *port* listens: the next port, or the one before the last of all."""
    return port + 1 if port < 65535 else port - 1


def inbox_environment(base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For the carrier inbox."""
    return {
        **{name: base[name] for name in KEPT_FOR_THE_EMULATOR if name in base},
        **NO_PERSONAL_CONFIGURATION,
        "PYTHONPATH": str(ROOT / "layers" / "carebook"),
        "PYTHONUTF8": "1",
    }


def emulator_environment(home: Home, port: int, base: Mapping[str, str] = os.environ) -> dict[str, str]:
    """For the emulator and the functions it runs: a short list of what they may see of this machine."""
    return {
        **{name: base[name] for name in KEPT_FOR_THE_EMULATOR if name in base},
        **NO_PERSONAL_CONFIGURATION,
        **KEYS,
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_REGION": REGION,
        "PERSIST_STATE": "1",
        "STATE_DIR": str(home.state),
        "S3_PERSIST": "1",
        "S3_DATA_DIR": str(home.objects),
        "TMPDIR": str(home.scratch),
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        # It would tidy up containers at start; none of them can be ours.
        "DOCKER_HOST": "unix:///nonexistent",
        "LOG_LEVEL": "INFO",
        "PYTHONUTF8": "1",
        # The functions get all of this environment beside their own. On AWS nothing names an endpoint: there the SDK
        # finds the services by itself, so the template says nothing of it.
        **{name: endpoint(inbox_port(port)) for name in CARRIED},
    }


def sam_environment(base: Mapping[str, str] = os.environ, *, port: int | None = None) -> dict[str, str]:
    """For the SAM CLI: the caller's environment, so installers find their settings, but no AWS account of theirs."""
    tools = [str(Path(sys.executable).parent), str(DEFAULT_HOME / "bootstrap" / "bin"), base.get("PATH", "")]
    return {
        **{name: value for name, value in base.items() if not name.startswith(DROPPED_FOR_SAM)},
        **NO_PERSONAL_CONFIGURATION,
        **KEYS,
        **({"AWS_ENDPOINT_URL": endpoint(port)} if port else {}),
        "PATH": os.pathsep.join(tools),
        "PYTHONUTF8": "1",
        "SAM_CLI_TELEMETRY": "0",
        "SAM_CLI_POLL_DELAY": "0.5",
        "__SAM_CLI_APP_DIR": str(sam_folder()),
    }


def sam_folder() -> Path:
    """The SAM CLI's own folder, told that it has just looked for a newer version: it then asks nobody."""
    folder = DEFAULT_HOME / "sam"
    folder.mkdir(parents=True, exist_ok=True)
    settings = {"telemetryEnabled": False, "lastVersionCheck": time.time()}
    (folder / "metadata.json").write_text(json.dumps(settings))
    # A samconfig.toml of the project is for real AWS; the laptop stack must not take it up.
    (folder / "samconfig.toml").write_text("version = 0.1\n")
    return folder


def sam_command(*arguments: str) -> list[str]:
    """The SAM CLI of this environment, without anyone's saved answers."""
    command, *rest = arguments
    sam = Path(sys.executable).parent / "sam"
    return [str(sam), command, "--config-file", str(DEFAULT_HOME / "sam" / "samconfig.toml"), *rest]


def template_file() -> Path:
    """The product's template."""
    return ROOT / "template.yaml"

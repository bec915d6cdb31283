"""The README's first session does what it says, on the deployed stack."""

import os
import re
import subprocess

from tests.e2e.conftest import ANOTHER, Stack
from tests.template.reading import ROOT


def test_the_first_session(stack: Stack) -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    block = re.search(r"### A first session\n\n```sh\n(.*?)```", readme, re.DOTALL)
    assert block is not None
    # The stack of the tests is there already, at an address and with a token of its own.
    lines = [line for line in block[1].splitlines() if not re.match(r"make run|API=|TOKEN=", line)]
    run = subprocess.run(
        ["bash", "-eu", "-c", "\n".join(lines)],
        env={"PATH": os.environ["PATH"], "API": stack.description["api_url"], "TOKEN": stack.tokens[ANOTHER]},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert run.returncode == 0, run.stderr
    statuses = re.findall(r"^-- ([0-9]{3})", run.stdout, re.MULTILINE)
    found, to_do, shared = ["200", "200", "200", "200"], ["201", "200", "200"], ["200", "201"]
    assert statuses == [*found, *to_do, *shared, "200", "412", "200", "204", "200", "200"]
    assert run.stdout.count('"matched"') >= 2
    assert run.stdout.count('"title":"Ask for the last lab report"') == 3
    for action in ("created", "viewed", "updated", "archived", "restored", "shared"):
        assert f'"action":"{action}"' in run.stdout

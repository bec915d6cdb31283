"""Scans: how long one takes beside ``clamdscan``, how much memory, and a hundred at once on the laptop stack."""

import json
import subprocess
import sys
import tempfile
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import httpx

from benchmarks.scanning_child import MEGABYTE, clamd_with_definitions, content_of
from infra.local.progress import Step
from infra.local.scanner import eicar, install_clamav
from infra.local.session import running_stack
from infra.local.users import id_token

ROOT: Final = Path(__file__).resolve().parents[1]
SIZES: Final = (1, 10, 100)
ROUNDS: Final = 30
AT_ONCE: Final = 100
_SETTLED: Final = {"clean", "infected", "refused", "scan_failed", "expired"}


@dataclass(frozen=True)
class Timed:
    """Milliseconds for one scan of a megabyte, least and median of the rounds: ours and ``clamdscan``'s."""

    ours: tuple[float, float]
    clamdscan: tuple[float, float]

    @property
    def ratio(self) -> float:
        return self.ours[0] / self.clamdscan[0]


@dataclass(frozen=True)
class Remembered:
    """Peak memory in MB of our process and of clamd after a scan of so many megabytes."""

    megabytes: int
    ours: float
    clamd: float


@dataclass(frozen=True)
class Crowd:
    """A hundred uploads at once: how they ended, and what must be none."""

    seconds: float
    statuses: Counter[str]
    verdicts_recorded: int
    readable_too_early: int


def measure_time() -> Timed:
    """Both scan the same file with the same warm clamd, in turns."""
    install_clamav(Step("clamav"))
    ours, theirs = [], []
    with tempfile.TemporaryDirectory() as name, clamd_with_definitions() as (scan, configuration, _):
        path = Path(name) / "file"
        path.write_bytes(b"".join(content_of(1)))
        for _ in range(ROUNDS):
            began = time.perf_counter()
            scan([path.read_bytes()[start : start + 262_144] for start in range(0, MEGABYTE, 262_144)])
            ours.append((time.perf_counter() - began) * 1000)
            began = time.perf_counter()
            command = ["clamdscan", f"--config-file={configuration}", "--no-summary", str(path)]
            done = subprocess.run(command, capture_output=True, check=False)
            theirs.append((time.perf_counter() - began) * 1000)
            if done.returncode != 0:
                raise RuntimeError(done.stdout.decode() + done.stderr.decode())
    return Timed(_least_and_median(ours), _least_and_median(theirs))


def measure_memory() -> list[Remembered]:
    """Each size in a process of its own, with a clamd of its own."""
    found = []
    for megabytes in SIZES:
        command = [sys.executable, "-m", "benchmarks.scanning_child", str(megabytes)]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        told = json.loads(done.stdout)
        found.append(Remembered(megabytes, told["ours"], told["clamd"]))
    return found


def measure_crowd() -> Crowd:
    """On a laptop stack of its own: announced, posted and scanned as by callers; every fifth is infected."""
    with (
        tempfile.TemporaryDirectory() as home,
        running_stack(Path(home)) as described,
        httpx.Client(timeout=60) as http,
    ):
        port = httpx.URL(described["aws_endpoint"]).port
        token = id_token(port or 0, described["client_id"], described["users"][0])
        http.headers["Authorization"] = f"Bearer {token}"
        return _crowd(http, described["api_url"])


def _crowd(http: httpx.Client, api: str) -> Crowd:
    contact = http.post(f"{api}/contacts", json={"type": "other", "last_name": "Crowd"}).json()["id"]
    contents = [eicar() if number % 5 == 0 else b"file %d" % number for number in range(AT_ONCE)]
    items: list[dict[str, Any]] = []
    for start in range(0, AT_ONCE, 20):
        files = [
            {"name": "a.txt", "content_type": "text/plain", "size": len(content)}
            for content in contents[start : start + 20]
        ]
        items += http.post(f"{api}/contacts/{contact}/uploads", json={"files": files}).json()["items"]
    files_url = f"{api}/contacts/{contact}/files"

    def post(item: dict[str, Any], content: bytes) -> None:
        form = item["upload"]
        httpx.post(form["url"], data=form["fields"], files={"file": ("x", content)}, timeout=60).raise_for_status()

    began = time.monotonic()
    with ThreadPoolExecutor(16) as posting:
        list(posting.map(post, items, contents))
    readable_too_early, statuses = 0, Counter[str]()
    while time.monotonic() - began < 300:
        now = http.get(f"{files_url}?limit=100").json()["items"]
        statuses = Counter(file["status"] for file in now)
        waiting = [file for file in now if file["status"] not in _SETTLED]
        for file in waiting[:3]:
            answer = http.get(f"{files_url}/{file['id']}/download")
            if answer.is_success and http.get(f"{files_url}/{file['id']}").json()["status"] != "clean":
                readable_too_early += 1
        if not waiting:
            break
        time.sleep(0.2)
    seconds = time.monotonic() - began
    for file in now:
        if file["status"] != "clean" and http.get(f"{files_url}/{file['id']}/download").is_success:
            readable_too_early += 1
    return Crowd(seconds, statuses, _verdicts(http, f"{api}/contacts/{contact}/history"), readable_too_early)


def _verdicts(http: httpx.Client, url: str) -> int:
    recorded: int = 0
    cursor = ""
    while True:
        page = http.get(f"{url}?limit=100{cursor}").json()
        recorded += sum(bool(entry["action"] == "file_scanned") for entry in page["items"])
        if page["next_cursor"] is None:
            return recorded
        cursor = f"&cursor={page['next_cursor']}"


def _least_and_median(times: list[float]) -> tuple[float, float]:
    ordered = sorted(times)
    return ordered[0], ordered[len(ordered) // 2]

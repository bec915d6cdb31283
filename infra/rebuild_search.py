"""Build the search index of an account anew, while people go on working. For operators, with AWS credentials.

    python infra/rebuild_search.py --table NAME --account ID            build the next version and use it
    python infra/rebuild_search.py --table NAME --account ID --remove 1 delete the entries of an old version

It can be stopped and started again at any point. Of two who start it for one account the second is told that it is
under way. Where a run was killed or its machine is gone, --take-over RUN goes on in its place.
On the laptop stack set AWS_ENDPOINT_URL, and test / test as keys.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers/carebook"))

from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.environment import region
from carebook.search.rebuilding import Book, OtherRun, rebuild_index, remove_version
from carebook.search.state import REMEMBERED_SECONDS, TableIndexStates
from carebook.table import Table

# As long as an environment remembers, and a request that began before may still run.
WAIT_SECONDS = REMEMBERED_SECONDS + 30


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _remove(table: Table, books: list[Book], account: str, version: int) -> int:
    state = TableIndexStates(table).now(account)
    try:
        count = remove_version(table, books, account, version, state=state)
    except ValueError as refused:
        sys.stderr.write(f"error: {refused} Only versions before {state.version} can be removed.\n")
        return 1
    _tell(f"{count} entries removed")
    return 0


def main() -> int:
    """Rebuild or remove."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--remove", type=int, metavar="VERSION")
    parser.add_argument("--take-over", metavar="RUN", help="go on in place of a run that was killed")
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, help="seconds after each change of state")
    asked = parser.parse_args()
    table = Table(asked.table, region=region())
    books: list[Book] = [TableContacts(table), TableClients(table)]
    if asked.remove is not None:
        return _remove(table, books, asked.account, asked.remove)
    try:
        version = rebuild_index(
            table,
            books,
            asked.account,
            wait=lambda: time.sleep(asked.wait),
            tell=_tell,
            take_over=asked.take_over,
        )
    except OtherRun as other:
        sys.stderr.write(f"error: {other}\n")
        if other.run:
            sys.stderr.write(f"While it works, wait for it. If it was killed, go on with --take-over {other.run}\n")
        return 1
    sys.stdout.write(
        f"done; remove version {version - 1} soon with --remove {version - 1}: names of who is purged stay in it\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())

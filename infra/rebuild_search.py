"""Build the search index of an account anew, while people go on working. For operators, with AWS credentials.

    python infra/rebuild_search.py --table NAME --account ID            build the next version and use it
    python infra/rebuild_search.py --table NAME --account ID --remove 1 delete the entries of an old version

It can be stopped and started again at any point. On the laptop stack set AWS_ENDPOINT_URL, and test / test as keys.
"""

import argparse
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "layers/carebook"))

from carebook.clients.store import TableClients
from carebook.contacts.store import TableContacts
from carebook.environment import region
from carebook.search.rebuilding import Book, rebuild_index, remove_version
from carebook.search.state import REMEMBERED_SECONDS, TableIndexStates
from carebook.table import Table

# As long as an environment remembers, and a request that began before may still run.
WAIT_SECONDS = REMEMBERED_SECONDS + 30


def _tell(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def main() -> int:
    """Rebuild or remove."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--table", required=True)
    parser.add_argument("--account", required=True)
    parser.add_argument("--remove", type=int, metavar="VERSION")
    parser.add_argument("--wait", type=float, default=WAIT_SECONDS, help="seconds after each change of state")
    asked = parser.parse_args()
    table = Table(asked.table, region=region())
    books: list[Book] = [TableContacts(table), TableClients(table)]
    if asked.remove is not None:
        state = TableIndexStates(table).now(asked.account)
        sys.stdout.write(f"{remove_version(table, books, asked.account, asked.remove, state=state)} entries removed\n")
        return 0
    version = rebuild_index(
        table,
        books,
        asked.account,
        wait=lambda: time.sleep(asked.wait),
        tell=_tell,
    )
    sys.stdout.write(f"done; version {version - 1} can be removed with --remove {version - 1}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())

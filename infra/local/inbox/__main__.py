"""The inbox as a process: `python -m infra.local.inbox --port 4567 --aws-port 4566 --data inbox.sqlite`."""

import argparse
import signal
import threading
from pathlib import Path
from types import FrameType

import httpx
from werkzeug.serving import WSGIRequestHandler, make_server

from infra.local.environment import endpoint
from infra.local.inbox.app import make_app
from infra.local.inbox.aws import NAMES, Aws
from infra.local.inbox.carrier import Carrier, Receipts
from infra.local.inbox.faults import Faults
from infra.local.inbox.store import Store


class Quiet(WSGIRequestHandler):
    """Keeps connections open, and keeps who wrote to whom out of the log."""

    protocol_version = "HTTP/1.1"

    def log_request(self, code: int | str = "-", size: int | str = "-") -> None:
        del code, size


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.inbox", description=__doc__)
    parser.add_argument("--port", type=int, required=True, help="where it listens, on loopback")
    parser.add_argument("--aws-port", type=int, required=True, help="where the embedded AWS listens")
    parser.add_argument("--data", type=Path, required=True, help="the file that keeps what was sent")
    parser.add_argument("--receipts-after", type=float, default=1.0, help="seconds until a message is delivered")
    parser.add_argument("--no-receipts", dest="automatic", action="store_false", help="report nothing by itself")
    for name in NAMES:
        parser.add_argument(f"--{name.replace('_', '-')}", help="instead of what the stack's outputs say")
    return parser.parse_args()


def main() -> None:
    """Serve until told to end."""
    asked = arguments()
    store = Store(asked.data)
    aws = Aws(asked.aws_port, {name: value for name in NAMES if (value := getattr(asked, name))})
    carrier = Carrier(store, aws, Receipts(automatic=asked.automatic, after_seconds=asked.receipts_after))
    client = httpx.Client(base_url=endpoint(asked.aws_port), timeout=60, trust_env=False)
    app = make_app(carrier, client, Faults(), choose=aws.choose)
    server = make_server("127.0.0.1", asked.port, app, threaded=True, request_handler=Quiet)
    worker = threading.Thread(target=carrier.work, name="receipts", daemon=True)

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        threading.Thread(target=server.shutdown).start()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)
    worker.start()
    server.serve_forever()
    carrier.end()
    worker.join(timeout=10)
    store.close()


if __name__ == "__main__":
    main()

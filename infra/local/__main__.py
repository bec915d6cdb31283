"""The command line: `python -m infra.local run|start|stop|token|logs`."""

import argparse
import errno
import signal
import sys
import time
from pathlib import Path
from types import FrameType
from typing import NoReturn

from botocore.exceptions import BotoCoreError, ClientError
from httpx import HTTPError

from infra.local import emulator, session, users
from infra.local.home import DEFAULT_HOME, DEFAULT_PORT, Home, shown
from infra.local.logs import function_lines
from infra.local.progress import LaptopStackError, show

INTERRUPTED = 130


class Parser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line, as every failure here."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"error: {message}\n")


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = Parser(prog="python -m infra.local", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, words in (("run", "start and stay until Ctrl-C"), ("start", "start and return when ready")):
        command = commands.add_parser(name, help=words)
        command.add_argument("--port", type=port_number, default=DEFAULT_PORT, help=f"default {DEFAULT_PORT}")
        command.add_argument("--fresh", action="store_true", help="forget earlier data first")
        command.add_argument("--no-seed", dest="seeded", action="store_false", help="no demo contacts")
        command.add_argument("--detach", action="store_true", help="return when ready")
    commands.add_parser("stop", help="stop and keep the data")
    commands.add_parser("logs", help="print what the functions logged")
    token = commands.add_parser("token", help="print an ID token for the API")
    token.add_argument("email", nargs="?", help="a demo user, by default the first director")
    for command in commands.choices.values():
        command.add_argument("--home", type=Path, default=DEFAULT_HOME, help="folder of data and logs")
    return parser.parse_args()


def port_number(text: str) -> int:
    """A TCP port that a user may listen on."""
    if not text.isdecimal() or not 1024 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"{text!r} is no port; choose a number from 1024 to 65535")
    return int(text)


def run(home: Home, options: session.Options, *, detach: bool) -> None:
    """Start, tell how to use it, and stay unless asked to return."""
    began = time.monotonic()
    show("Carebook on this laptop")
    started = session.start(home, options)
    tell(home, started, time.monotonic() - began)
    if detach or started.found_running:
        return
    show("\nCtrl-C stops it and keeps its data.")
    try:
        emulator.wait_for_end(started.emulator)
    except KeyboardInterrupt:
        show()
        session.stop(home)
        return
    # Somebody else ended it: `make stop`, or a failure.
    if home.run_file.exists():
        raise LaptopStackError(
            f"The embedded AWS ended by itself; what was written since its start is lost."
            f" Start it again with make run. Log: {shown(emulator.log_file(home))}"
        )
    show("Stopped.")


def tell(home: Home, started: session.Started, seconds: float) -> None:
    """Print addresses, logins and a first request."""
    described = started.description
    show(f"\nReady in {seconds:.0f} s" + (", already running" if started.found_running else ""))
    show(f"  API       {described['api_url']}")
    show(f"  contract  {described['api_url']}/docs")
    show(f"  inbox     {described['inbox_url']}  (every message that recipients would get)")
    show(f"  AWS       {described['aws_endpoint']} (region {described['region']}, keys test / test)")
    show(f"\nDemo logins (also in {shown(home.stack_file)})")
    for user in described["users"]:
        show(f"  {user['email']:<32} {user['password']}   {user['role']} of {user['account_id']}")
    place = "" if home.path == DEFAULT_HOME else f" --home {home.path}"
    show(
        "\nTry it\n"
        f"  TOKEN=$(.venv/bin/python -m infra.local token {described['users'][0]['email']}{place})\n"
        f"  curl -H \"Authorization: Bearer $TOKEN\" '{described['api_url']}/contacts?limit=3'"
    )


def stop(home: Home) -> None:
    """Stop the stack, or say that none runs."""
    if not session.stop(home):
        show("No laptop stack is running here.")


def token(home: Home, email: str | None) -> None:
    """Print an ID token of a demo user."""
    described, running = home.read_stack(), emulator.running_in(home)
    if not described or running is None:
        raise LaptopStackError("No laptop stack is running here; start it with make run.")
    known = {user["email"]: user for user in described["users"]}
    wanted = email or next(iter(known))
    if wanted not in known:
        raise LaptopStackError(f"No demo user {wanted}; there are {', '.join(known)}.")
    show(users.id_token(running.port, described["client_id"], known[wanted]))


def logs(home: Home) -> None:
    """Print all that the functions logged, oldest first."""
    running = emulator.running_in(home)
    if running is None:
        raise LaptopStackError("No laptop stack is running here; start it with make run.")
    for line in function_lines(running.port):
        show(f"{line.at:%H:%M:%S} {line.function}: {line.text}")


def interrupt(number: int, _: FrameType | None) -> None:
    """Treat a polite request to end as Ctrl-C, so that data is written."""
    del number
    raise KeyboardInterrupt


def main() -> int:
    """Run the command; every expected failure is one line on standard error."""
    asked = arguments()
    home = Home(asked.home.resolve())
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)
    try:
        if asked.command == "stop":
            stop(home)
        elif asked.command == "token":
            token(home, asked.email)
        elif asked.command == "logs":
            logs(home)
        else:
            options = session.Options(asked.port, fresh=asked.fresh, seeded=asked.seeded)
            run(home, options, detach=asked.detach or asked.command == "start")
    except LaptopStackError as error:
        return fail(str(error))
    except (BotoCoreError, ClientError, HTTPError) as error:
        return fail(f"The embedded AWS refused: {error} Log: {shown(emulator.log_file(home))}")
    except OSError as error:
        if error.errno != errno.ENOSPC and not isinstance(error, PermissionError):
            raise
        return fail(f"{error.strerror}: {error.filename or home.path}; free disk space or mend the permissions.")
    except KeyboardInterrupt:
        show()
        fail("Interrupted; run it again to go on.")
        return INTERRUPTED
    return 0


def fail(sentence: str) -> int:
    """Say why in one line."""
    print("error: " + " ".join(sentence.split()), file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())

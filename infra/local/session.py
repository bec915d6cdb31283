"""A laptop stack from nothing to ready, and back; the command line and the tests both come through here."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.local import deploy, emulator, inbox_process, users
from infra.local.build import Build, build
from infra.local.environment import inbox_port
from infra.local.home import DEFAULT_PORT, Home, describe
from infra.local.logs import function_lines, last_failure
from infra.local.process import free_ports, signal_and_wait
from infra.local.progress import LaptopStackError, step
from infra.local.seed import seed, warm_up


@dataclass(frozen=True)
class Options:
    """What a start may be asked for."""

    port: int = DEFAULT_PORT
    fresh: bool = False
    seeded: bool = True


@dataclass(frozen=True)
class Started:
    """A stack that is ready."""

    emulator: emulator.Running
    description: dict[str, Any]
    found_running: bool


def start(home: Home, options: Options) -> Started:
    """Bring the stack up with the current sources and say what is being done; safe to repeat."""
    with home.locked():
        running = emulator.running_in(home)
        if running and options.fresh:
            with step("AWS", "ending the stack that runs, without its data"):
                signal_and_wait(running.pid, running.mark, number=signal.SIGKILL, seconds=10)
                inbox_process.stop(home)
            running = None
        if running and running.port != options.port:
            raise LaptopStackError(
                f"This laptop stack is already running on port {running.port};"
                f" use it there, or make stop first to move it to {options.port}."
            )
        if running is None:
            inbox_process.stop(home)
        if options.fresh:
            home.forget()
        home.prepare()
        found_running = running is not None
        with step("build", "looking for changes") as current:
            built = build(current)
        with step("AWS", f"already running on 127.0.0.1:{options.port}") as current:
            if running is None:
                current.say(f"starting on 127.0.0.1:{options.port}")
                running = emulator.start(home, options.port)
                current.say(f"started on 127.0.0.1:{options.port}")
        try:
            with step("inbox", "starting") as current:
                inbox = inbox_process.ensure(home, options.port)
                current.say(f"on 127.0.0.1:{inbox.port}")
            description = fill(home, running, built, options)
        except BaseException:
            if not found_running:
                inbox_process.stop(home)
                emulator.stop(home, running)
            raise
        return Started(running, description, found_running)


def fill(home: Home, running: emulator.Running, built: Build, options: Options) -> dict[str, Any]:
    """Deploy, create users, write `stack.json`, seed."""
    port = running.port
    with step("deploy", "looking for changes") as current:
        stack = deploy.deploy(home, port, built, current)
    staff = users.staff(home.read_stack().get("users", []))
    # Written before the users exist: a password that is set must not be lost.
    description = describe(
        port=port, inbox_port=inbox_port(port), api_id=stack.api_id, client_id=stack.client_id, users=staff
    )
    home.write_stack(description)
    with step("users", "creating users") as current:
        created = users.create_users(port, stack, staff)
        current.say(f"{created} users created" if created else "users are there")
    directors = {user["account_id"]: user for user in staff if user["role"] == "director"}
    tokens = {account: users.id_token(port, stack.client_id, user) for account, user in directors.items()}
    try:
        with step("functions", "waking") as current:
            warm_up(description["api_url"], tokens[users.LAKESIDE], current)
            current.say("awake")
        if options.seeded:
            with step("contacts", "looking for the demo practices") as current:
                seed(port, stack, description["api_url"], tokens, current)
    except LaptopStackError as refused:
        cause = last_failure(function_lines(port))
        raise LaptopStackError(f"{refused} {cause or ''} Mend it and run it again.") from None
    return description


def stop(home: Home) -> bool:
    """Stop what runs in *home* and keep its data; whether anything ran."""
    running = emulator.running_in(home)
    if running is None:
        inbox_process.stop(home)
        home.run_file.unlink(missing_ok=True)
        return False
    with step("AWS", "stopping and writing its data") as current:
        try:
            emulator.stop(home, running)
        finally:
            # After the emulator: what its functions still send must find it.
            inbox_process.stop(home)
        current.say("stopped, data kept")
    return True


@contextmanager
def running_stack(
    home: Path, *, port: int | None = None, seeded: bool = False, fresh: bool = True
) -> Iterator[dict[str, Any]]:
    """A laptop stack for as long as the block runs; yields what `stack.json` holds.

    Args:
        home: Folder for its data and logs; the build is shared with every other stack of this checkout.
        port: Loopback port; any free one by default.
        seeded: Whether to write the demo contacts.
        fresh: Whether to forget what an earlier stack left in *home*.
    """
    place = Home(home.resolve())
    started = start(place, Options(port or free_ports(), fresh=fresh, seeded=seeded))
    try:
        yield started.description
    finally:
        if not started.found_running:
            stop(place)

"""The loader writes what the contact store writes, and keeps to the table's capacity."""

from dataclasses import replace
from math import ceil

from benchmarks.loading import SimulatedClock, Throttled, fill, load, made_contacts
from benchmarks.people import block_of, contacts_of
from benchmarks.searching import ACCOUNT, Engine
from benchmarks.standin import StandIn
from carebook.contacts.history import made
from carebook.contacts.store import TableContacts
from carebook.identity import Person


def test_people_are_the_same_at_every_run_and_in_any_order() -> None:
    second = block_of(ACCOUNT, 1)
    assert block_of(ACCOUNT, 0) != second == block_of(ACCOUNT, 1)
    assert list(contacts_of(ACCOUNT, 1_200)) == block_of(ACCOUNT, 0) + second[:200]


def test_what_is_loaded_is_what_the_store_writes() -> None:
    loaded, written = StandIn(), StandIn()
    told = fill(loaded, ACCOUNT, 1_000, processes=1)
    contacts = TableContacts(written)
    for contact in contacts_of(ACCOUNT, 1_000):
        contacts.add(contact, made("created", contact, by=Person("usr_loader", "Import")))
    without_history = [
        {key: stored for key, stored in table.scan() if not key.sk.startswith("HIST#")} for table in (loaded, written)
    ]
    assert without_history[0] == without_history[1]
    assert len(loaded) == len(written) == told.items
    assert written.taken.writes == sum(told.create_units)
    assert loaded.taken.writes == sum(told.create_units) / 2
    assert (told.contacts, min(told.entries) > 0, max(told.entries) <= 45) == (1_000, True, True)


def test_no_second_takes_more_than_the_table_does() -> None:
    clock = SimulatedClock()
    table = Throttled(StandIn(), clock, units_per_second=1_000)
    made_here = [replace(each, puts=each.puts[:3]) for each in made_contacts(ACCOUNT, range(1), processes=1)]
    told = load(made_here, table, clock)
    assert len(table.table) == told.items == 3_000
    assert told.seconds == clock.now() == ceil(table.table.taken.writes / 1_000) - 1  # the first second has begun
    assert table.refused > 0


def test_more_can_be_loaded_behind_what_is_there() -> None:
    table = StandIn()
    fill(table, ACCOUNT, 1_000, processes=1)
    before = {key for key, _ in table.scan(f"A#{ACCOUNT}#LIST#all")}
    fill(table, ACCOUNT, 2_000, first=1_000, processes=1)
    after = {key for key, _ in table.scan(f"A#{ACCOUNT}#LIST#all")}
    assert (len(before), len(after), before < after) == (1_000, 2_000, True)


def test_a_loaded_contact_is_found() -> None:
    table = StandIn()
    fill(table, ACCOUNT, 1_000, processes=1)
    contact = next(each for each in contacts_of(ACCOUNT, 1_000) if each.details.npi)
    results, reads, rounds = Engine.on(table).first_page(contact.details.npi or "")
    assert contact.id in {hit.entry.record.id for hit in results.hits}
    assert (reads, rounds) == (2.0, 1)

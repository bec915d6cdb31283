"""A misspelt search, the schedule that builds the account's vocabulary, and the suggestion."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from carebook.contacts.names import names_in_use
from carebook.events import PartlyFailed
from carebook.instants import utcnow
from carebook.search.vocabulary_store import TableVocabularies
from functions.search import api, build_vocabulary
from tests.builders import Caller, Context, physician
from tests.integration.conftest import handler_for


@pytest.fixture(autouse=True)
def environment(aws: None) -> Iterator[None]:
    """A search function that remembers nothing of other tests, and nothing that other tests' searches still want."""
    api.vocabularies.cache_clear()
    build()
    yield
    api.vocabularies.cache_clear()


def build(remaining_ms: int = 600_000) -> int:
    return build_vocabulary.handler({}, Context(remaining_ms=remaining_ms))["built"]


def meant(caller: Caller, query: str) -> str | None:
    answer = caller.get(f"/contacts/search?q={query}")
    assert answer.status == 200, answer.text
    suggested: str | None = answer.body["did_you_mean"]
    return suggested


def test_a_misspelt_search_is_put_right_once_the_vocabulary_is_built(director: Caller) -> None:
    director.post("/contacts", physician())
    assert meant(director, "lakseide") is None
    assert build() == 1
    assert meant(director, "lakseide") == "lakeside"
    assert meant(director, "Ana%20M%C3%BCeler") == "ana mueller"
    assert meant(director, "lakeside") is None
    assert build() == 0


def test_nobody_is_suggested_out_of_another_account_or_out_of_the_archive(director: Caller) -> None:
    contact = director.post("/contacts", physician(last_name="Wachowski")).body["id"]
    other = Caller(handler_for, account=f"{director.account}_other")
    other.post("/contacts", physician(last_name="Kieslowski"))
    director.delete(f"/contacts/{contact}")
    for caller in (director, other):
        assert meant(caller, "kieslowksi") is None
    assert build() == 2
    assert meant(other, "kieslowksi") == "kieslowski"
    assert meant(director, "kieslowksi") is None
    assert meant(director, "wachowksi") is None


def test_only_a_first_page_is_put_right(director: Caller) -> None:
    for _ in range(2):
        director.post("/contacts?allow_duplicate=true", physician(emails=[{"address": "lakseide@example.org"}]))
    meant(director, "nobody")
    build()
    first = director.get("/contacts/search?q=lakseide").body
    assert (len(first["items"]), first["did_you_mean"]) == (2, "lakeside")
    cut = director.get("/contacts/search?q=lakseide&limit=1").body
    assert (len(cut["items"]), cut["did_you_mean"]) == (1, None)
    last = director.get(f"/contacts/search?q=lakseide&limit=1&cursor={cut['next_cursor']}").body
    assert (len(last["items"]), last["did_you_mean"]) == (1, None)


@pytest.mark.parametrize("failing", ["_read", "_ask"])
def test_a_search_answers_when_its_vocabulary_is_not_to_be_had(
    director: Caller, monkeypatch: pytest.MonkeyPatch, failing: str
) -> None:
    monkeypatch.setattr(TableVocabularies, failing, lambda *_: 1 / 0)
    assert meant(director, "lakseide") is None


def test_a_run_cut_before_its_end_is_made_up_for(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    director.post("/contacts", physician())
    meant(director, "lakseide")
    for cut in ("keep", "done"):
        with monkeypatch.context() as patch:
            patch.setattr(TableVocabularies, cut, lambda *_: 1 / 0)
            with pytest.raises(PartlyFailed):
                build()
        assert build() == 0, "it is taken on for a quarter of an hour"
        later = utcnow() + timedelta(minutes=16 if cut == "keep" else 32)
        monkeypatch.setattr(build_vocabulary, "utcnow", lambda later=later: later)
    assert build() == 1
    assert meant(director, "lakseide") == "lakeside"
    assert build() == 0


def test_one_that_fails_does_not_keep_the_others_waiting(director: Caller, monkeypatch: pytest.MonkeyPatch) -> None:
    director.post("/contacts", physician())
    bad = Caller(handler_for, account=f"{director.account}_bad")
    for caller in (bad, director):
        meant(caller, "lakseide")

    def fail_for_one(contacts: Any, account: str) -> Any:
        if account == bad.account:
            raise RuntimeError("broken")
        return names_in_use(contacts, account)

    monkeypatch.setattr(build_vocabulary, "names_in_use", fail_for_one)
    with pytest.raises(PartlyFailed) as failure:
        build()
    assert (failure.value.failed, failure.value.handled) == (1, 1)
    assert meant(director, "lakseide") == "lakeside"
    later = utcnow() + timedelta(minutes=16)
    monkeypatch.setattr(build_vocabulary, "names_in_use", names_in_use)
    monkeypatch.setattr(build_vocabulary, "utcnow", lambda: later)
    assert build() == 1, "what failed comes again"


def test_a_run_does_not_begin_what_it_has_no_time_for(director: Caller) -> None:
    meant(director, "lakseide")
    assert build(remaining_ms=60_000) == 0
    assert build() == 1


def test_the_names_of_a_purged_contact_go_within_the_quarter_hour(director: Caller) -> None:
    director.post("/contacts", physician())
    purged = director.post("/contacts", physician(last_name="Wachowski", npi=None)).body["id"]
    meant(director, "wachowksi")
    assert build() == 1
    assert meant(director, "wachowksi") == "wachowski"
    director.delete(f"/contacts/{purged}?purge=true")
    assert build() == 1
    api.vocabularies.cache_clear()  # an environment remembers for five minutes
    assert meant(director, "wachowksi") is None
    assert meant(director, "lakseide") == "lakeside"


def test_a_purge_while_the_vocabulary_is_being_built_has_it_built_once_more(
    director: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    purged = director.post("/contacts", physician(last_name="Wachowski")).body["id"]
    meant(director, "wachowksi")

    def purged_meanwhile(contacts: Any, account: str) -> Any:
        names = list(names_in_use(contacts, account))
        director.delete(f"/contacts/{purged}?purge=true")
        return names

    with monkeypatch.context() as patch:
        patch.setattr(build_vocabulary, "names_in_use", purged_meanwhile)
        assert build() == 1
    assert build() == 1
    assert meant(director, "wachowksi") is None

"""Opening a share with a link and a code: what is told to whom, how often one may guess, and when there is nothing."""

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pytest
from pynamodb.expressions.condition import Condition

from carebook.files.model import Status
from carebook.items import Item
from carebook.shares import codes, opening
from carebook.shares.codes import new_code
from carebook.shares.open_store import TableOpenShares
from carebook.shares.opening import open_share
from carebook.shares.page import DISCREET
from carebook.shares.vault import SigningVault
from carebook.table import Table, open_table
from tests.builders import Answer
from tests.integration.conftest import BUCKETS, TABLE
from tests.integration.disturbing import Line
from tests.integration.merges import merge, unmerge
from tests.integration.shares.conftest import Clock, Recipient, Sharer
from tests.messaging import NOON

WRONG = "00000000"


def atomic(table: Table) -> Table:
    """*table* with conditional writes that are one step, as DynamoDB's are; moto's threads come between the two."""
    table.connect()
    lock, put_if = Lock(), table.put_if

    def locked(item: Item, condition: Condition) -> bool:
        with lock:
            return put_if(item, condition)

    table.put_if = locked  # type: ignore[method-assign]
    return table


def wrong_for(code: str) -> str:
    return WRONG if code != WRONG else "11111111"


def test_before_the_code_nothing_is_told(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared(message="As promised.")
    looked = recipient.look(sharer.post.token)
    assert (looked.status, looked.body) == (200, {"status": "code_required"})
    refused = recipient.open(sharer.post.token, wrong_for(sharer.post.code))
    assert (refused.status, refused.body["code"]) == (403, "wrong_code")
    page = recipient.look(sharer.post.token, Accept="text/html")
    for answer in (looked, refused, page):
        for secret in ("report", "Lakeside", "As promised", "Ana", "Müller", "fil_", "con_", "shr_"):
            assert secret not in answer.text


def test_with_the_code_everything_can_be_fetched_for_five_minutes(sharer: Sharer, recipient: Recipient) -> None:
    file_id, document_id = sharer.file(b"Hello", name="Müller.txt"), sharer.document()
    path = sharer.shared({"file_id": file_id}, {"document_id": document_id}, message="As promised.")
    code = sharer.post.code
    opened = recipient.open(sharer.post.token, f"{code[:4]}-{code[4:]}")
    assert opened.status == 200, opened.text
    body = opened.body
    assert (body["practice_name"], body["message"]) == ("Lakeside", "As promised.")
    assert (body["urls_expire_at"], body["expires_at"]) == ("2026-11-25T17:05:00Z", "2026-12-10T05:00:00Z")
    assert [(one["name"], one["content_type"], one["size"], one["available"]) for one in body["items"]] == [
        ("Müller.txt", "text/plain", 5, True),
        ("Plan.pdf", "application/pdf", None, True),
    ]
    for one, begins in zip(body["items"], (b"Hello", b"%PDF"), strict=True):
        query = parse_qs(urlsplit(one["url"]).query)
        assert query["X-Amz-Expires"] == ["300"]
        s3 = boto3.client("s3")
        bucket = urlsplit(one["url"]).netloc.partition(".")[0]
        key = urlsplit(one["url"]).path.lstrip("/")
        assert s3.get_object(Bucket=bucket, Key=key)["Body"].read().startswith(begins)
    share = sharer.caller.get(path).body
    assert share["opened"] == 1
    assert share["accesses"] == [{"at": "2026-11-25T17:00:00Z", "outcome": "opened", "items": [file_id, document_id]}]


def test_it_can_be_opened_again(sharer: Sharer, recipient: Recipient) -> None:
    path = sharer.shared()
    for _ in range(3):
        assert recipient.open(sharer.post.token, sharer.post.code).status == 200
    assert sharer.caller.get(path).body["opened"] == 3


def test_what_is_not_clean_at_this_moment_is_not_handed_out(sharer: Sharer, recipient: Recipient) -> None:
    fine, infected, deleted = (sharer.file(name=name) for name in ("fine.txt", "infected.txt", "deleted.txt"))
    document = sharer.document()
    items = [{"file_id": one} for one in (fine, infected, deleted)]
    path = sharer.shared(*items, {"document_id": document})
    sharer.judge(infected, Status.INFECTED)
    assert sharer.caller.delete(f"{sharer.path}/files/{deleted}").status == 204
    assert sharer.caller.delete(f"{sharer.path}/documents/{document}").status == 204
    opened = recipient.open(sharer.post.token, sharer.post.code).body
    assert [(one["name"], one["available"], one["url"] is None) for one in opened["items"]] == [
        ("fine.txt", True, False),
        ("infected.txt", False, True),
        ("deleted.txt", False, True),
        ("Plan", False, True),
    ]
    assert sharer.caller.get(path).body["accesses"][0]["items"] == [fine]


def test_five_wrong_codes_lock_it_for_an_hour_for_the_right_one_too(
    sharer: Sharer, recipient: Recipient, clock: Clock
) -> None:
    path = sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    answers = [recipient.open(token, wrong_for(code)) for _ in range(5)]
    assert [one.body["code"] for one in answers] == ["wrong_code"] * 4 + ["share_locked"]
    clock.forward(minutes=59)
    right, wrong = recipient.open(token, code), recipient.open(token, wrong_for(code))
    assert (right.status, right.headers["Retry-After"]) == (429, "61")
    assert (right.text, right.headers) == (wrong.text, wrong.headers)
    assert recipient.look(token).status == 200
    share = sharer.caller.get(path).body
    assert (share["status"], share["locked_until"]) == ("locked", "2026-11-25T18:00:00Z")
    clock.forward(minutes=1)
    assert recipient.open(token, code).status == 200
    outcomes = [one["outcome"] for one in sharer.caller.get(path).body["accesses"]]
    assert outcomes == ["wrong_code"] * 4 + ["locked", "opened"]


@pytest.mark.parametrize("right", [True, False], ids=["right", "wrong"])
def test_an_opening_whose_answer_is_lost_counts_once(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch, right: bool
) -> None:
    path = sharer.shared()
    code = sharer.post.code
    line = Line(monkeypatch)
    line.lose_the_answer("PutItem")
    answer = recipient.open(sharer.post.token, code if right else wrong_for(code))
    assert (answer.status, line.is_quiet) == (200 if right else 403, True)
    share = sharer.caller.get(path).body
    assert [one["outcome"] for one in share["accesses"]] == ["opened" if right else "wrong_code"]
    assert share["opened"] == int(right)


def test_no_two_wrong_guesses_of_one_moment_count_as_one(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both are written in the same words; whoever could let one pass for the other would guess more often."""
    path = sharer.shared()
    token, wrong = sharer.post.token, wrong_for(sharer.post.code)
    line = Line(monkeypatch)
    line.lose_the_request("PutItem", after=lambda: recipient.open(token, wrong))
    assert recipient.open(token, wrong).status == 403
    assert line.is_quiet
    assert [one["outcome"] for one in sharer.caller.get(path).body["accesses"]] == ["wrong_code"] * 2


def test_no_code_is_looked_at_while_it_is_locked(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharer.shared()
    for _ in range(5):
        recipient.open(sharer.post.token, wrong_for(sharer.post.code))
    monkeypatch.setattr(opening, "fits", lambda *_args, **_kwargs: 1 / 0)
    assert recipient.open(sharer.post.token, sharer.post.code).status == 429


@pytest.mark.parametrize("repeat", range(3))
def test_of_many_guesses_at_the_same_moment_five_are_heard(sharer: Sharer, repeat: int) -> None:
    path = sharer.shared()
    token, wrong = sharer.post.token, wrong_for(sharer.post.code)
    store = TableOpenShares(atomic(Table(TABLE, region="us-east-1")), None, None)  # type: ignore[arg-type]

    def guess(_: int) -> str:
        try:
            open_share(store, SigningVault(), token=token, code=wrong, now=NOON)
        except Exception as refused:  # noqa: BLE001 - what it is is counted
            return type(refused).__name__
        return "opened"

    with ThreadPoolExecutor(20) as threads:
        told = Counter(threads.map(guess, range(40)))
    assert told == {"WrongCode": 4, "ShareLocked": 36}
    share = sharer.caller.get(path).body
    assert [one["outcome"] for one in share["accesses"]] == ["wrong_code"] * 4 + ["locked"]


def test_the_right_code_among_many_guesses_helps_nobody_to_more(sharer: Sharer) -> None:
    """Whoever guesses in parallel with every code there is hears of five at most."""
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code

    class Urls:
        def download_url(self, file: Any, *, seconds: int) -> str:
            return "https://s3.example"

    store = TableOpenShares(atomic(Table(TABLE, region="us-east-1")), Urls(), None)  # type: ignore[arg-type]
    guesses = [new_code() for _ in range(30)]
    guesses[20:20] = [code]

    def guess(typed: str) -> str:
        try:
            open_share(store, SigningVault(), token=token, code=typed, now=NOON)
        except Exception as refused:  # noqa: BLE001 - what it is is counted
            return type(refused).__name__
        return "opened"

    with ThreadPoolExecutor(10) as threads:
        told = Counter(threads.map(guess, guesses))
    assert told["opened"] <= 1
    # A right code begins the count anew: at most four before it, and five after it, the last of which locks.
    assert told["WrongCode"] <= (8 if told["opened"] else 4)
    assert told["ShareLocked"] >= 20


def nothing(answer: Answer) -> tuple[int, str, str, dict[str, str]]:
    headers = {name: value for name, value in answer.headers.items() if name not in {"x", "y"}}
    return answer.status, answer.body["code"], answer.body["detail"], headers


def test_whatever_is_not_there_is_not_there_in_the_same_words(
    sharer: Sharer, recipient: Recipient, clock: Clock
) -> None:
    tokens: dict[str, tuple[str, str]] = {}
    sharer.caller.delete(sharer.shared())
    tokens["revoked"] = sharer.post.token, sharer.post.code
    sharer.shared(expires_in_days=1)
    tokens["expired"] = sharer.post.token, sharer.post.code
    clock.forward(days=2)
    sharer.shared()
    tokens["archived"] = sharer.post.token, sharer.post.code
    sharer.caller.delete(sharer.path)
    tokens["unknown"] = "q" * 27, "12345678"
    tokens["strange"] = "x'y", "12345678"
    looked = [nothing(recipient.look(token)) for token, _ in tokens.values()]
    looked += [nothing(recipient.look(f"{token}/open")) for token, _ in tokens.values()]
    opened = [nothing(recipient.open(token, code)) for token, code in tokens.values()]
    assert [one == looked[0] for one in (*looked, *opened)] == [True] * 15
    assert looked[0][:2] == (404, "not_found")
    pages = {recipient.look(token, Accept="text/html").text for token, _ in tokens.values()}
    assert len(pages) == 1


def test_what_is_not_there_takes_as_much_as_a_wrong_code(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    done: list[str] = []
    table = open_table()

    def spied(name: str, real: Any) -> Any:
        def call(*args: Any, **kwargs: Any) -> Any:
            done.append(name)
            return real(*args, **kwargs)

        return call

    monkeypatch.setattr(opening, "fits", spied("fits", codes.fits))
    for name in ("other_way", "get_together"):
        monkeypatch.setattr(table, name, spied(name, getattr(table, name)))
    recipient.open("q" * 27, code)
    unknown = list(done)
    done.clear()
    recipient.open(token, wrong_for(code))
    assert unknown == done == ["other_way", "get_together", "fits"]
    done.clear()
    sharer.caller.delete(sharer.path)
    done.clear()
    recipient.open(token, code)
    assert done == unknown


def test_a_restored_contact_brings_its_shares_back(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    sharer.caller.delete(sharer.path)
    assert recipient.open(token, code).status == 404
    sharer.caller.post(f"{sharer.path}/restore")
    assert recipient.open(token, code).status == 200


def test_a_purged_contact_takes_its_shares_along(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    assert sharer.caller.delete(f"{sharer.path}?purge=true").status == 204
    assert (recipient.look(token).status, recipient.open(token, code).status) == (404, 404)
    left = boto3.client("s3").list_object_versions(Bucket=BUCKETS["files"], Prefix=sharer.caller.account)
    assert left.get("Versions", []) == []


def test_a_share_goes_with_a_merge_and_comes_back(sharer: Sharer, recipient: Recipient) -> None:
    path = sharer.shared()
    sharer.share(methods=["email"])  # its link is not sent yet
    token, code = sharer.post.token, sharer.post.code
    survivor = sharer.caller.post("/contacts?allow_duplicate=true", {"type": "other", "last_name": "Müller"})
    survivor_id = survivor.body["id"]
    share_id = path.rpartition("/")[2]
    assert merge(sharer.caller, survivor_id, sharer.contact_id).status == 200
    assert recipient.open(token, code).status == 200
    moved = sharer.caller.get(f"/contacts/{survivor_id}/shares/{share_id}").body
    assert (moved["contact_id"], moved["opened"]) == (survivor_id, 1)
    assert sharer.caller.get(path).body["contact_id"] == survivor_id
    sharer.post.deliver()
    assert recipient.look(sharer.post.token).status == 200
    assert sharer.post.token != token
    assert unmerge(sharer.caller, survivor_id, sharer.contact_id).status == 200
    assert recipient.open(token, code).status == 200
    assert sharer.caller.get(path).body["opened"] == 2
    assert sharer.caller.get(f"/contacts/{survivor_id}/shares").body["items"] == []


def test_during_a_merge_it_is_for_a_moment_not_opened_and_no_guess_is_counted(
    sharer: Sharer, recipient: Recipient, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = sharer.shared()
    other = sharer.caller.post("/contacts?allow_duplicate=true", {"type": "other", "last_name": "Müller"}).body["id"]
    monkeypatch.setattr("carebook.retrying.time.sleep", lambda _: None)
    with monkeypatch.context() as patch:
        patch.setattr("carebook.merging.store.Mover.move", lambda *_: 1 / 0)
        assert merge(sharer.caller, other, sharer.contact_id).status == 500
    for code in (sharer.post.code, wrong_for(sharer.post.code)):
        answer = recipient.open(sharer.post.token, code)
        assert (answer.status, answer.body["code"]) == (503, "try_again")
    merge(sharer.caller, other, sharer.contact_id)
    assert recipient.open(sharer.post.token, sharer.post.code).status == 200
    assert [one["outcome"] for one in sharer.caller.get(path).body["accesses"]] == ["opened"]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"code": "1234567"}, 422, "not_valid"),
        ({"code": "1234567x"}, 422, "not_valid"),
        ({"code": 12345678}, 422, "not_valid"),
        ({"code": "1" * 51}, 422, "not_valid"),
        ({}, 422, "not_valid"),
        ({"code": "12345678", "more": 1}, 422, "not_valid"),
        (None, 400, "malformed_json"),
    ],
)
def test_what_has_not_the_form_of_a_code_is_refused_and_not_counted(
    sharer: Sharer, recipient: Recipient, body: Any, status: int, code: str
) -> None:
    path = sharer.shared()
    for token in (sharer.post.token, "q" * 27):
        refused = recipient.caller.post(f"/shares/{token}/open", body)
        assert (refused.status, refused.body["code"]) == (status, code)
    assert sharer.caller.get(path).body["accesses"] == []


def test_a_key_of_a_repeat_means_nothing_to_who_has_no_login(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared()
    for _ in range(2):
        answer = recipient.open(sharer.post.token, sharer.post.code, **{"Idempotency-Key": "k"})
        assert answer.status == 200


def test_a_browser_gets_pages_and_sends_a_form(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared()
    token, code = sharer.post.token, sharer.post.code
    browser = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
    form = browser | {"Content-Type": "application/x-www-form-urlencoded"}
    first = recipient.look(token, **browser)
    assert (first.status, first.headers["Content-Type"]) == (200, "text/html; charset=utf-8")
    assert f'action="{token}/open"' in first.text
    target = f"/shares/{token}/open"
    wrong = recipient.caller.call("POST", target, raw=f"code={wrong_for(code)}", headers=form)
    assert (wrong.status, 'role="alert"' in wrong.text) == (403, True)
    empty = recipient.caller.call("POST", target, raw="", headers=form)
    assert (empty.status, "Eight digits" in empty.text) == (422, True)
    opened = recipient.caller.call("POST", target, raw=f"code={code[:4]}+{code[4:]}", headers=form)
    assert (opened.status, "report.txt" in opened.text) == (200, True)
    again = recipient.look(f"{token}/open", **browser)  # reloaded, or opened from a history
    assert (again.status, 'action="open"' in again.text, "report.txt" in again.text) == (200, True, False)
    marked = recipient.look(f"{token}?utm_source=mail", **browser)
    assert marked.status == 200
    assert recipient.caller.get(f"/shares/{token}?utm_source=mail").status == 422


def test_every_answer_is_discreet(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared()
    token = sharer.post.token
    answers = [recipient.look(token), recipient.look("q" * 27), recipient.open(token, WRONG),
               recipient.open(token, "x"), recipient.open(token, sharer.post.code),
               recipient.look(token, Accept="text/html"), recipient.look("q", Accept="text/html")]  # fmt: skip
    for answer in answers:
        assert answer.headers.items() >= DISCREET.items()


def test_addresses_are_those_of_s3(sharer: Sharer, recipient: Recipient) -> None:
    sharer.shared()
    (item,) = recipient.open(sharer.post.token, sharer.post.code).body["items"]
    assert httpx.URL(item["url"]).host.endswith("amazonaws.com")

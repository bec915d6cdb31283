"""Opening a share with a link and a code: what is told to whom, how often one may guess, and when there is nothing."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import httpx
import pytest

from carebook.files.model import Status
from carebook.shares import codes, opening
from carebook.shares.page import DISCREET
from carebook.table import open_table
from tests.builders import Answer
from tests.integration.conftest import BUCKETS
from tests.integration.merges import merge, unmerge
from tests.integration.shares.conftest import WRONG, Clock, Recipient, Sharer, wrong_for


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

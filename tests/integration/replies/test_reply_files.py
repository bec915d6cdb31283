"""What comes with a reply: files of the contact, which nobody reads before their scan."""

import json
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage

import boto3
import pytest

from carebook.files.bucket import FileBuckets
from carebook.files.model import File
from carebook.files.queue import ScanRequests
from carebook.files.scanning import ScanRun
from carebook.files.store import TableFiles
from carebook.instants import utcnow
from carebook.table import open_table
from functions.messages import receive_reply
from tests.builders import Caller, child, physician
from tests.fakes.files import PlantedScanner
from tests.integration.conftest import BUCKETS
from tests.integration.replies.conftest import Practice, mail_to, mailed, objects, practice_of, token_of
from tests.messaging import NOON, Clock, FakeProvider

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n"


def with_files(token: str, *files: tuple[str, bytes], body: str = "See attached") -> EmailMessage:
    message = mail_to(token, body)
    for name, content in files:
        message.add_attachment(content, maintype="application", subtype="pdf", filename=name)
    return message


def quarantined() -> dict[str, list[bytes]]:
    """What lies in quarantine, every version, by the file's id."""
    s3, found = boto3.client("s3"), dict[str, list[bytes]]()
    for one in s3.list_object_versions(Bucket=BUCKETS["quarantine"]).get("Versions", []):
        body = s3.get_object(Bucket=BUCKETS["quarantine"], Key=one["Key"], VersionId=one["VersionId"])["Body"]
        found.setdefault(one["Key"].split("/")[2], []).append(body.read())
    return found


def scan_everything() -> None:
    """S3 tells of what lies in quarantine, and the scan looks at it."""
    table = open_table()
    run = ScanRun(TableFiles(table), FileBuckets(table), PlantedScanner(), ScanRequests(table), now=utcnow)
    s3 = boto3.client("s3")
    for one in s3.list_object_versions(Bucket=BUCKETS["quarantine"]).get("Versions", []):
        told = {
            "bucket": {"name": BUCKETS["quarantine"]},
            "object": {"key": one["Key"], "version-id": one["VersionId"]},
        }
        body = json.dumps({"detail-type": "Object Created", "detail": told})
        run.handle({"body": body, "attributes": {"ApproximateReceiveCount": "1"}})


def test_what_comes_with_a_reply_is_a_file_as_any_upload_and_read_by_nobody_before_its_scan(practice: Practice) -> None:
    practice.sent("email")
    files = ("result.pdf", PDF), ("../other.pdf", PDF + b"virus")
    assert mailed(with_files(token_of(practice), *files)) == []
    assert objects() == []
    (reply,) = practice.messages("?kind=reply")
    assert [(one["name"], one["size"], one["reason"]) for one in reply["attachments"]] == [
        ("result.pdf", len(PDF), None),
        ("other.pdf", len(PDF) + 5, None),
    ]
    paths = [f"/contacts/{practice.contact_id}/files/{one['file_id']}" for one in reply["attachments"]]
    for path in paths:
        waiting = practice.caller.get(path).body
        assert (waiting["status"], waiting["message_id"]) == ("awaiting_upload", reply["id"])
        assert waiting["created_by"] == {"id": "carebook", "name": "Carebook"}
        assert practice.caller.get(f"{path}/download").body["code"] == "file_not_clean"
    scan_everything()
    assert [practice.caller.get(path).body["status"] for path in paths] == ["clean", "infected"]
    assert practice.caller.get(f"{paths[0]}/download").status == 200
    assert practice.caller.get(f"{paths[1]}/download").body["code"] == "file_not_clean"
    actions = [one["action"] for one in practice.caller.get(f"/contacts/{practice.contact_id}/history").body["items"]]
    assert actions.count("file_added") == 2
    again = {"body": "Thanks", "methods": ["email"], "attachments": [{"file_id": reply["attachments"][0]["file_id"]}]}
    assert practice.caller.post(f"/contacts/{practice.contact_id}/messages", again).status == 202


def test_the_same_mail_twice_makes_nothing_twice(practice: Practice) -> None:
    practice.sent("email")
    message = with_files(token_of(practice), ("result.pdf", PDF))
    assert mailed(message) == []
    kept = quarantined()
    assert mailed(message) == []  # SES laid it there again, or the first run could not delete it
    assert len(practice.messages("?kind=reply")) == 1
    assert len(practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]) == 1
    scan_everything()
    assert mailed(message) == []
    assert quarantined() == {}
    assert [one["status"] for one in practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]] == [
        "clean"
    ]
    assert list(kept.values()) != []


def test_cut_short_after_the_record_the_next_run_lays_down_the_bytes(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.sent("email")
    message = with_files(token_of(practice), ("one.pdf", PDF), ("two.pdf", PDF))
    put, laid = FileBuckets.put, list[str]()

    def stumble(buckets: FileBuckets, file: File, content: bytes) -> None:
        if laid:
            raise RuntimeError("killed")
        laid.append(file.id)
        put(buckets, file, content)

    with monkeypatch.context() as patch:
        patch.setattr(FileBuckets, "put", stumble)
        assert len(mailed(message)) == 1
    assert len(quarantined()) == 1
    assert len(objects()) == 1  # the mail is still there
    assert mailed(message) == []
    assert sorted(quarantined()) == sorted(one["file_id"] for one in practice.messages("?kind=reply")[0]["attachments"])
    scan_everything()
    files = practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]
    assert [one["status"] for one in files] == ["clean", "clean"]


def test_what_is_too_much_too_large_or_infected_is_named_and_not_kept(
    practice: Practice, monkeypatch: pytest.MonkeyPatch
) -> None:
    practice.sent("email")
    token = token_of(practice)
    first, second, third = (NOON + timedelta(minutes=number) for number in range(3))
    assert mailed(with_files(token, *[(f"{number}.pdf", PDF) for number in range(22)]), 1, at=first) == []
    assert mailed(with_files(token, ("bad.pdf", PDF)), 2, at=second, virusVerdict="FAIL") == []
    inbox = receive_reply.inbox()
    strict = replace(inbox, keeping=replace(inbox.keeping, largest=len(PDF) - 1))
    monkeypatch.setattr(receive_reply, "inbox", lambda: strict)
    assert mailed(with_files(token, ("large.pdf", PDF)), 3, at=third) == []
    large, bad, many = practice.messages("?kind=reply")
    assert [(one["file_id"], one["name"], one["reason"]) for one in (*large["attachments"], *bad["attachments"])] == [
        (None, "large.pdf", "too_large"),
        (None, "bad.pdf", "infected"),
    ]
    assert [one["reason"] for one in many["attachments"]] == [None] * 20 + ["too_many"] * 2
    assert len(practice.caller.get(f"/contacts/{practice.contact_id}/files").body["items"]) == 20
    assert len(quarantined()) == 20
    assert objects() == []


def test_what_a_client_sends_along_is_named_in_their_history_with_why_it_was_not_kept(practice: Practice) -> None:
    """Files belong to contacts: the practice sees what there was, and can ask for it."""
    client = practice.caller.post("/clients", child(messaging_methods=["email"])).body["id"]
    starts, ends = (practice.clock() + timedelta(days=4, minutes=length) for length in (0, 50))
    about = {"starts_at": starts.isoformat(), "ends_at": ends.isoformat()}
    assert practice.caller.post(f"/clients/{client}/appointments", about).status == 201
    practice.deliver()
    practice.clock.forward(seconds=1)
    mail = with_files(token_of(practice), ("insurance card.pdf", PDF), body="Our new card")
    assert mailed(mail, at=practice.clock()) == []
    reply, notice = practice.caller.get(f"/clients/{client}/messages").body["items"]
    assert (reply["kind"], reply["client_id"], reply["body"]) == ("reply", client, "Our new card")
    assert reply["in_reply_to"] == notice["id"]
    (attached,) = reply["attachments"]
    assert (attached["file_id"], attached["name"], attached["size"], attached["reason"]) == (
        None,
        "insurance card.pdf",
        len(PDF),
        "no_files",
    )
    assert quarantined() == {}


def test_a_reply_is_kept_whatever_number_of_files_comes_with_it(practice: Practice) -> None:
    practice.sent("email")
    files = [(f"{number:04}{'n' * 200}.pdf", PDF) for number in range(2_000)]
    assert mailed(with_files(token_of(practice), *files)) == []
    (reply,) = practice.messages("?kind=reply")
    assert (reply["body"], len(reply["attachments"])) == ("See attached", 101)
    assert (reply["attachments"][-1]["name"], reply["attachments"][-1]["reason"]) == ("1900 more", "too_many")


def test_others_who_wrote_to_an_address_hear_the_word_and_nothing_else(
    practice: Practice, world: tuple[Clock, FakeProvider]
) -> None:
    neighbour = practice_of(Caller(practice.caller.handler, account="acc_next_door"), *world)
    neighbour.sent("email")
    practice.clock.forward(minutes=1)
    practice.sent("email")
    message = with_files(token_of(practice), ("result.pdf", PDF), body="STOP\n\nMy results are attached.")
    assert mailed(message) == []
    assert "My results" in practice.messages("?kind=reply")[0]["body"]
    (told,) = neighbour.messages("?kind=reply")
    assert (told["subject"], told["body"], told["attachments"]) == ("", "STOP", [])
    assert neighbour.caller.get(f"/contacts/{neighbour.contact_id}/files").body["items"] == []


def test_files_of_a_reply_follow_a_merge_and_go_with_a_purge(practice: Practice) -> None:
    practice.sent("email")
    assert mailed(with_files(token_of(practice), ("result.pdf", PDF))) == []
    survivor = practice.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    practice.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": practice.contact_id})
    scan_everything()
    (file,) = practice.caller.get(f"/contacts/{survivor}/files").body["items"]
    assert file["status"] == "clean"
    practice.caller.delete(f"/contacts/{survivor}?purge=true")
    for bucket in ("files", "quarantine"):
        assert boto3.client("s3").list_object_versions(Bucket=BUCKETS[bucket]).get("Versions", []) == []

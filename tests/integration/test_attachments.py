"""What goes along with messages: clean files and final documents, looked at when a message is taken and sent."""

from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from carebook.contacts.model import Contact
from carebook.contacts.store import TableContacts
from carebook.files.model import Status
from carebook.messages.channels import Attached
from functions.messages import api as messages_api
from functions.messages import deliver as deliver_function
from tests.builders import Answer, Caller, Context, physician
from tests.integration.conftest import BUCKETS
from tests.integration.press import call_in_process
from tests.messaging import NOON, FakeChannels, FakeProvider, planted_file, queued_records

CONTENT = b"%PDF-1.7 a report"
MEGABYTE = 1024 * 1024


@dataclass
class Desk:
    """Somebody who writes to one contact, and what the provider gets."""

    caller: Caller
    contact_id: str
    provider: FakeProvider

    def file(self, content: bytes = CONTENT, **changes: Any) -> dict[str, str]:
        return {"file_id": planted_file(self.caller.account, self.contact_id, content, **changes)}

    def document(self, **changes: Any) -> str:
        """The path of a document."""
        new = {"title": "Thank you", "body": "Dear colleague"} | changes
        path: str = self.caller.post(f"/contacts/{self.contact_id}/documents", new).headers["Location"]
        return path

    def letter(self) -> dict[str, str]:
        """A final document."""
        path = self.document()
        assert self.caller.patch(path, {"status": "final"}).status == 200
        return {"document_id": path.rpartition("/")[2]}

    def write(self, *attachments: dict[str, str], methods: tuple[str, ...] = ("email",), **fields: Any) -> Answer:
        body = {"body": "See attached.", "methods": list(methods), "attachments": list(attachments)} | fields
        return self.caller.post(f"/contacts/{self.contact_id}/messages", body)

    def deliver(self) -> list[str]:
        """What is in the queue, once; what comes back."""
        failed = []
        batch = queued_records()
        failed += deliver_function.handler({"Records": batch}, Context(remaining_ms=60_000))["batchItemFailures"]
        return [one["itemIdentifier"] for one in failed]

    def outcome(self) -> tuple[str, str | None]:
        message = self.caller.get(f"/contacts/{self.contact_id}/messages").body["items"][0]
        return message["status"], message["reason"]


@pytest.fixture
def desk(director: Caller, monkeypatch: pytest.MonkeyPatch) -> Desk:
    call_in_process(monkeypatch)
    phones = [{"number": "(310) 555-0123", "type": "cell"}, {"number": "(310) 555-0199", "type": "fax"}]
    contact_id = director.post("/contacts", physician(phones=phones)).body["id"]
    provider = FakeProvider()
    monkeypatch.setattr(messages_api, "utcnow", lambda: NOON)
    deliver_function.delivery.cache_clear()
    fake = replace(deliver_function.delivery(), channels=FakeChannels(provider), now=lambda: NOON)
    monkeypatch.setattr(deliver_function, "delivery", lambda: fake)
    return Desk(director, contact_id, provider)


def errors(answer: Answer) -> list[tuple[str, str]]:
    assert answer.status == 422, answer.text
    return [(error["field"], error["code"]) for error in answer.body["errors"]]


def test_a_file_and_a_final_document_go_along_byte_for_byte(desk: Desk) -> None:
    file, letter = desk.file(), desk.letter()
    answer = desk.write(file, letter, methods=("email", "fax", "sms"))
    assert answer.status == 202
    by_method = {one["method"]: one["attachments"] for one in answer.body["items"]}
    assert by_method["email"] == by_method["fax"]
    assert by_method["sms"] == []
    assert [(one["file_id"], one["document_id"], one["name"], one["content_type"]) for one in by_method["email"]] == [
        (file["file_id"], None, "report.pdf", "application/pdf"),
        (None, letter["document_id"], "Thank you.pdf", "application/pdf"),
    ]
    assert desk.deliver() == []
    pdf = _pdf_of(desk, letter)
    expected = (
        Attached("report.pdf", "application/pdf", CONTENT),
        Attached("Thank you.pdf", "application/pdf", pdf),
    )
    assert [outgoing.attachments for outgoing in desk.provider.sent] == [expected, expected, ()]
    assert by_method["email"][1]["size"] == len(pdf)


def _pdf_of(desk: Desk, letter: dict[str, str]) -> bytes:
    listed = boto3.client("s3").list_objects_v2(Bucket=BUCKETS["documents"], Prefix=letter["document_id"])
    (one,) = listed["Contents"]
    content: bytes = boto3.client("s3").get_object(Bucket=BUCKETS["documents"], Key=one["Key"])["Body"].read()
    assert content.startswith(b"%PDF-")
    return content


def test_the_history_tells_which_files_were_sent(desk: Desk) -> None:
    file = desk.file()
    desk.write(file)
    entries = desk.caller.get(f"/contacts/{desk.contact_id}/history").body["items"]
    (told,) = [entry for entry in entries if entry["action"] == "messaged"]
    assert told["changes"][0]["after"][0]["attachments"] == [file["file_id"]]


def test_each_that_cannot_go_along_is_named(desk: Desk) -> None:
    file = desk.file()
    neighbour = desk.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    stranger = Caller(desk.caller.handler, account="acc_other")
    strangers = stranger.post("/contacts", physician()).body["id"]
    refs = [
        file,
        desk.file(status=Status.SCANNING),
        desk.file(status=Status.INFECTED),
        {"file_id": planted_file(desk.caller.account, neighbour, CONTENT)},
        {"file_id": planted_file("acc_other", strangers, CONTENT)},
        {"document_id": desk.document().rpartition("/")[2]},
        {"document_id": "doc_01ARZ3NDEKTSV4RRFFQ69G5FAV"},
        {"document_id": file["file_id"]},
        file,
    ]
    assert errors(desk.write(*refs)) == [
        ("attachments[8]", "listed_twice"),
        ("attachments[1]", "file_not_clean"),
        ("attachments[2]", "file_not_clean"),
        ("attachments[3]", "attachment_not_found"),
        ("attachments[4]", "attachment_not_found"),
        ("attachments[5]", "document_not_final"),
        ("attachments[6]", "attachment_not_found"),
        ("attachments[7]", "attachment_not_found"),
    ]
    assert desk.caller.get(f"/contacts/{desk.contact_id}/messages").body["items"] == []


def test_forty_one_megabytes_are_refused_by_their_known_sizes(desk: Desk) -> None:
    halves = [desk.file(size=int(20.5 * MEGABYTE)) for _ in range(2)]
    assert errors(desk.write(*halves)) == [("attachments", "attachments_too_large")]
    assert desk.write(desk.file(size=29 * MEGABYTE)).status == 202
    assert errors(desk.write(desk.file(size=30 * MEGABYTE))) == [("attachments", "attachments_too_large")]


def test_what_turns_out_too_large_is_not_sent(desk: Desk) -> None:
    """The sizes that were known were wrong: the provider would refuse it, or cut it off."""
    desk.write(desk.file(bytes(31 * MEGABYTE), size=1000))
    assert desk.deliver() == []
    assert desk.provider.sent == []
    assert desk.outcome() == ("failed", "attachments_too_large")


def test_a_file_that_is_deleted_before_the_message_goes(desk: Desk) -> None:
    file = desk.file()
    desk.write(file)
    assert desk.caller.delete(f"/contacts/{desk.contact_id}/files/{file['file_id']}").status == 204
    assert desk.deliver() == []
    assert (desk.provider.sent, desk.outcome()) == ([], ("failed", "attachment_not_found"))


def test_a_file_that_is_scanned_once_more_waits_for_nobody(desk: Desk) -> None:
    file = desk.file()
    desk.write(file)
    assert desk.caller.post(f"/contacts/{desk.contact_id}/files/{file['file_id']}/rescan").status == 200
    desk.deliver()
    assert (desk.provider.sent, desk.outcome()) == ([], ("failed", "file_not_clean"))


def test_a_document_that_is_deleted_before_the_message_goes(desk: Desk) -> None:
    letter = desk.letter()
    desk.write(letter)
    assert desk.caller.delete(f"/contacts/{desk.contact_id}/documents/{letter['document_id']}").status == 204
    desk.deliver()
    assert (desk.provider.sent, desk.outcome()) == ([], ("failed", "attachment_not_found"))


def test_a_pdf_that_was_lost_is_made_anew_when_it_is_to_go_along(desk: Desk) -> None:
    """The step after a finalization was cut short, and the bucket's rule has removed what nobody marked as kept."""
    letter = desk.letter()
    before = _pdf_of(desk, letter)
    s3 = boto3.client("s3")
    for one in s3.list_object_versions(Bucket=BUCKETS["documents"], Prefix=letter["document_id"])["Versions"]:
        s3.delete_object(Bucket=BUCKETS["documents"], Key=one["Key"], VersionId=one["VersionId"])
    assert desk.write(letter).status == 202
    desk.deliver()
    assert [one.content for one in desk.provider.sent[0].attachments] == [before]


def test_a_fax_carries_pdf_alone(desk: Desk) -> None:
    picture = desk.file(b"\x89PNG\r\n\x1a\n", name="x.png", content_type="image/png")
    answer = desk.write(picture, methods=("fax", "email"))
    assert [(one["method"], one["status"], one["reason"]) for one in answer.body["items"]] == [
        ("fax", "skipped", "attachment_not_pdf"),
        ("email", "queued", None),
    ]
    refused = desk.write(picture, methods=("fax",))
    assert (refused.body["code"], errors(refused)) == ("not_reachable", [("methods.fax", "attachment_not_pdf")])


@pytest.mark.parametrize(
    ("content_type", "name"),
    [("application/x-pdf", "a.pdf"), ("application/octet-stream", "A.PDF"), ("application/pdf; q=1", "a")],
)
def test_a_pdf_by_another_name_is_one(desk: Desk, content_type: str, name: str) -> None:
    desk.write(desk.file(content_type=content_type, name=name), methods=("fax",))
    desk.deliver()
    assert [one.content_type for one in desk.provider.sent[0].attachments] == ["application/pdf"]


def test_what_only_says_that_it_is_a_pdf_is_not_faxed(desk: Desk) -> None:
    """Its name ends in .txt and its content is text, so the scan had nothing against it."""
    desk.write(desk.file(b"just words", name="a.txt"), methods=("fax",))
    desk.deliver()
    assert (desk.provider.sent, desk.outcome()) == ([], ("failed", "attachment_not_pdf"))


@pytest.mark.parametrize("methods", [("sms",), ("voice",), ("sms", "voice")])
def test_files_that_would_go_along_with_nothing_are_refused(desk: Desk, methods: tuple[str, ...]) -> None:
    """A text that says "see attached" and has nothing attached."""
    assert errors(desk.write(desk.file(), methods=methods)) == [("attachments", "not_carried")]
    assert desk.caller.get(f"/contacts/{desk.contact_id}/messages").body["items"] == []
    assert desk.write(methods=("sms",)).status == 202


def test_attachments_follow_a_merge(desk: Desk) -> None:
    file, letter = desk.file(), desk.letter()
    desk.write(file, letter)
    survivor = desk.caller.post("/contacts?allow_duplicate=true", physician()).body["id"]
    assert desk.caller.post(f"/contacts/{survivor}/merge", {"duplicate_id": desk.contact_id}).status == 200
    assert desk.deliver() == []
    assert [one.content for one in desk.provider.sent[0].attachments] == [CONTENT, _pdf_of(desk, letter)]
    assert desk.write(file).status == 202  # the old id leads there


def test_while_a_merge_is_moving_things_nothing_is_given_up(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    file = desk.file()
    desk.write(file)
    find, found_many = TableContacts.find, TableContacts.find_many

    def engaged(contact: Contact) -> Contact:
        return replace(contact, merging="con_01ARZ3NDEKTSV4RRFFQ69G5FAV")

    with monkeypatch.context() as patch:
        patch.setattr(TableContacts, "find", lambda *args: (engaged(find(*args)[0]), find(*args)[1]))
        patch.setattr(TableContacts, "find_many", lambda *args: list(map(engaged, found_many(*args))))
        assert desk.write(file).body["code"] == "merging"
        with monkeypatch.context() as elsewhere:
            elsewhere.setattr("carebook.files.store.TableFiles.find_together", lambda *_: {})
            assert len(desk.deliver()) == 1
    assert desk.outcome() == ("queued", None)


def test_a_bucket_that_does_not_answer_delays_a_message(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.write(desk.file())
    with monkeypatch.context() as patch:
        patch.setenv("CAREBOOK_FILES_BUCKET", "carebook-not-there")
        assert len(desk.deliver()) == 1
    assert desk.outcome() == ("queued", None)

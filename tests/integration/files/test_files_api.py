"""Files over HTTP: announced, listed, edited, downloaded, deleted, and who may not."""

import base64
import json
from datetime import timedelta
from typing import Any

import pytest

from carebook.files.store import TableFiles
from carebook.instants import instant, parse_instant, utcnow
from functions.files import expire_uploads
from tests.builders import Caller, Context, physician
from tests.integration.conftest import BUCKETS, handler_for
from tests.integration.files.conftest import Desk, deliver, sha256

UNKNOWN = "01ARZ3NDEKTSV4RRFFQ69G5FAV"
UPLOAD = {"name": "a.txt", "content_type": "text/plain", "size": 5}


@pytest.fixture
def files(director: Caller, contact_id: str) -> str:
    return f"/contacts/{contact_id}/files"


def announce(caller: Caller, files: str, *uploads: dict[str, Any], **body: Any) -> list[dict[str, Any]]:
    answer = caller.post(files.replace("/files", "/uploads"), {"files": list(uploads) or [UPLOAD]} | body)
    assert answer.status == 201, answer.text
    return [item["file"] for item in answer.body["items"]]


def test_files_are_announced_together_each_with_a_form_of_its_own(director: Caller, contact_id: str) -> None:
    uploads = [
        {"name": "scan.pdf", "content_type": "application/pdf", "size": 48213, "date": "2026-11-20",
         "description": "Left knee", "sha256": sha256(b"x")},
        UPLOAD,
    ]  # fmt: skip
    answer = director.post(f"/contacts/{contact_id}/uploads", {"category": "Lab", "files": uploads})
    assert (answer.status, answer.headers["Location"]) == (201, f"/contacts/{contact_id}/files")
    first, second = answer.body["items"]
    file = first["file"]
    assert {name: file[name] for name in uploads[0]} == uploads[0]
    assert (file["status"], file["category"], file["contact_id"]) == ("awaiting_upload", "Lab", contact_id)
    assert (file["version"], file["scan"], file["reason"]) == (1, None, None)
    assert file["created_by"] == {"id": "usr_director", "name": "usr_director@example.org"}
    left = parse_instant(first["expires_at"]) - utcnow()
    assert timedelta(minutes=59) < left <= timedelta(hours=1)
    policy = json.loads(base64.b64decode(first["upload"]["fields"]["policy"]))
    assert ["content-length-range", 48213, 48213] in policy["conditions"]
    keys = {item["upload"]["fields"]["key"] for item in (first, second)}
    assert len(keys) == 2
    assert not [key for key in keys if "scan" in key or "pdf" in key]


def test_a_repeat_gets_the_same_forms_and_makes_no_second_files(director: Caller, contact_id: str, files: str) -> None:
    key = {"Idempotency-Key": "once"}
    first = director.post(f"/contacts/{contact_id}/uploads", {"files": [UPLOAD]}, headers=key)
    assert director.post(f"/contacts/{contact_id}/uploads", {"files": [UPLOAD]}, headers=key).body == first.body
    assert len(director.get(files).body["items"]) == 1
    other = director.post(f"/contacts/{contact_id}/uploads", {"files": [UPLOAD, UPLOAD]}, headers=key)
    assert (other.status, other.body["code"]) == (422, "idempotency_mismatch")


def test_a_repeat_after_a_fall_between_write_and_answer_finds_the_first_files(
    director: Caller, contact_id: str, files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = {"Idempotency-Key": "fallen"}
    with monkeypatch.context() as patch:
        patch.setattr("functions.files.api.upload_view", lambda *_: 1 / 0)
        assert director.post(f"/contacts/{contact_id}/uploads", {"files": [UPLOAD]}, headers=key).status == 500
    again = director.post(f"/contacts/{contact_id}/uploads", {"files": [UPLOAD]}, headers=key)
    assert again.status == 201
    assert [file["id"] for file in director.get(files).body["items"]] == [again.body["items"][0]["file"]["id"]]


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({"files": []}, "files", "too_short"),
        ({"files": [UPLOAD] * 21}, "files", "too_many"),
        ({"files": [UPLOAD | {"size": 0}]}, "files[0].size", "out_of_range"),
        ({"files": [UPLOAD | {"size": 104_857_601}]}, "files[0].size", "out_of_range"),
        ({"files": [UPLOAD | {"name": "../a"}]}, "files[0].name", "file_name_not_valid"),
        ({"files": [UPLOAD | {"name": "a\nb"}]}, "files[0].name", "control_character"),
        ({"files": [UPLOAD | {"name": "x" * 300}]}, "files[0].name", "too_long"),
        ({"files": [UPLOAD | {"name": "\u202efdp.exe"}]}, "files[0].name", "file_name_not_valid"),
        ({"files": [UPLOAD | {"content_type": "pdf"}]}, "files[0].content_type", "wrong_form"),
        ({"files": [UPLOAD | {"sha256": "abc"}]}, "files[0].sha256", "wrong_form"),
        ({"files": [UPLOAD | {"date": "2026-02-30"}]}, "files[0].date", "date_not_valid"),
        ({"files": [UPLOAD | {"key": "k"}]}, "files[0].key", "unknown_field"),
        ({}, "files", "required"),
    ],
)  # fmt: skip
def test_what_cannot_be_uploaded_is_refused_by_field(
    director: Caller, contact_id: str, body: dict[str, Any], field: str, code: str
) -> None:
    answer = director.post(f"/contacts/{contact_id}/uploads", body)
    assert answer.status == 422
    assert [(error["field"], error["code"]) for error in answer.body["errors"]] == [(field, code)]


def test_a_category_is_one_of_the_settings(director: Caller, contact_id: str) -> None:
    director.patch("/settings", {"file_categories": ["Lab", "Letters"]})
    uploads = f"/contacts/{contact_id}/uploads"
    refused = director.post(uploads, {"category": "Pictures", "files": [UPLOAD]})
    assert (refused.status, refused.body["errors"][0]["code"]) == (422, "category_not_known")
    assert "Lab, Letters" in refused.body["errors"][0]["message"]
    (item,) = director.post(uploads, {"category": "lab", "files": [UPLOAD]}).body["items"]
    assert item["file"]["category"] == "Lab"


def test_files_are_listed_newest_first_by_page_and_by_category(director: Caller, files: str) -> None:
    made = [
        announce(director, files, UPLOAD | {"name": f"{n}.txt"}, category="Lab" if n % 3 else None)[0]["id"]
        for n in range(7)
    ]
    seen: list[str] = []
    cursor = ""
    while True:
        page = director.get(f"{files}?limit=3{cursor}").body
        seen += [file["id"] for file in page["items"]]
        if page["next_cursor"] is None:
            break
        assert len(page["items"]) == 3
        cursor = f"&cursor={page['next_cursor']}"
    assert seen == made[::-1]
    lab = director.get(f"{files}?category=Lab&limit=3").body
    assert [file["category"] for file in lab["items"]] == ["Lab"] * 3
    rest = director.get(f"{files}?category=Lab&limit=3&cursor={lab['next_cursor']}").body
    assert [file["category"] for file in rest["items"]] == ["Lab"]
    assert rest["next_cursor"] is None


def test_files_are_grouped_by_category_also_across_pages(director: Caller, files: str) -> None:
    for category in ("b", None, "A", "b", "A"):
        announce(director, files, category=category)
    groups = director.get(f"{files}?group_by=category").body
    assert [(group["category"], len(group["files"])) for group in groups["groups"]] == [("A", 2), ("b", 2), (None, 1)]
    assert "items" not in groups
    first = director.get(f"{files}?group_by=category&limit=3").body
    rest = director.get(f"{files}?group_by=category&limit=3&cursor={first['next_cursor']}").body
    together = [file["id"] for page in (first, rest) for group in page["groups"] for file in group["files"]]
    assert together == [file["id"] for group in groups["groups"] for file in group["files"]]
    assert rest["next_cursor"] is None


@pytest.mark.parametrize("query", ["limit=2", "group_by=category&limit=2"])
def test_a_page_goes_on_where_the_one_before_ended_also_when_its_last_file_was_deleted(
    director: Caller, files: str, query: str
) -> None:
    for category in ("a", "a", "b", None):
        announce(director, files, category=category)

    def page(cursor: str = "") -> tuple[list[str], str]:
        body = director.get(f"{files}?{query}{cursor}").body
        items = body.get("items") or [file for group in body["groups"] for file in group["files"]]
        return [file["id"] for file in items], f"&cursor={body['next_cursor']}"

    first, cursor = page()
    rest = page(cursor)[0]
    assert director.delete(f"{files}/{first[-1]}").status == 204
    assert len({*first, *rest}) == 4
    assert page(cursor)[0] == rest


def test_a_category_that_is_rare_is_looked_for_in_few_requests(
    director: Caller, files: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        announce(director, files, *[UPLOAD] * 20)
    asked: list[int] = []
    read = TableFiles.page

    def counted(self: TableFiles, *args: Any, **named: Any) -> Any:
        asked.append(named["limit"])
        return read(self, *args, **named)

    monkeypatch.setattr(TableFiles, "page", counted)
    assert director.get(f"{files}?category=Nothing&limit=1").body == {"items": [], "next_cursor": None}
    assert asked == [100]


def test_a_cursor_of_another_list_is_refused(director: Caller, files: str) -> None:
    announce(director, files, *[UPLOAD] * 3)
    cursor = director.get(f"{files}?limit=1").body["next_cursor"]
    for query in (f"group_by=category&cursor={cursor}", f"category=Lab&cursor={cursor}", "cursor=x"):
        assert director.get(f"{files}?{query}").body["code"] == "bad_cursor"
    assert director.get(f"{files}?group_by=size").status == 422


def test_a_file_is_edited_under_its_version(director: Caller, files: str) -> None:
    (file,) = announce(director, files, category="Lab")
    target = f"{files}/{file['id']}"
    patch = {"name": "b.txt", "date": "2026-11-01", "description": "Right knee", "category": "Letters"}
    changed = director.patch(target, patch, headers={"If-Match": '"1"'})
    assert (changed.status, changed.etag) == (200, '"2"')
    assert {name: changed.body[name] for name in patch} == patch
    stale = director.patch(target, {"name": "c.txt"}, headers={"If-Match": '"1"'})
    assert (stale.status, stale.body["code"]) == (412, "stale_version")
    assert stale.body["current"] == patch
    assert director.patch(target, {"description": None, "date": None}).body["description"] == ""
    read = director.get(target)
    assert (read.body["name"], read.body["date"], read.etag) == ("b.txt", None, '"3"')


@pytest.mark.parametrize(
    ("patch", "code"),
    [({"status": "clean"}, "unknown_field"), ({"size": 1}, "unknown_field"), ({"version": 9}, "read_only"),
     ({"name": None}, "required"), ({"name": "a/b"}, "file_name_not_valid"), ({"scan": None}, "unknown_field")],
)  # fmt: skip
def test_what_cannot_be_edited_is_refused(director: Caller, files: str, patch: dict[str, Any], code: str) -> None:
    (file,) = announce(director, files)
    answer = director.patch(f"{files}/{file['id']}", patch)
    assert (answer.status, answer.body["errors"][0]["code"]) == (422, code)
    assert director.get(f"{files}/{file['id']}").body == file | {}


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_another_accounts_file_is_not_there(director: Caller, files: str, method: str) -> None:
    (file,) = announce(director, files)
    stranger = Caller(handler_for, account="acc_other")
    target = f"{files}/{file['id']}"
    body = {"name": "mine"} if method == "PATCH" else None
    assert stranger.call(method, target, body=body).body["code"] == "not_found"
    for path in (f"{target}/download", files):
        assert stranger.get(path).status == 404
    assert stranger.post(f"{target}/rescan").status == 404
    assert stranger.post(files.replace("/files", "/uploads"), {"files": [UPLOAD]}).status == 404
    assert director.get(target).body["version"] == 1


@pytest.mark.parametrize("file_id", ["fil_none", f"con_{UNKNOWN}", f"fil_{UNKNOWN}", "x"])
def test_a_file_that_is_not_there_is_not_found(director: Caller, files: str, file_id: str) -> None:
    for path in (f"{files}/{file_id}", f"{files}/{file_id}/download"):
        assert (director.get(path).status, director.get(path).body["code"]) == (404, "not_found")
    assert director.post(f"{files}/{file_id}/rescan").status == 404
    assert director.delete(f"{files}/{file_id}").status == 404


def test_a_file_of_one_contact_is_not_another_ones(director: Caller, files: str) -> None:
    (file,) = announce(director, files)
    other = director.post("/contacts?allow_duplicate=true", physician()).body["id"]
    assert director.get(f"/contacts/{other}/files/{file['id']}").status == 404


def test_what_is_not_clean_cannot_be_downloaded(director: Caller, files: str) -> None:
    (file,) = announce(director, files)
    answer = director.get(f"{files}/{file['id']}/download")
    assert (answer.status, answer.body["code"]) == (409, "file_not_clean")
    again = director.post(f"{files}/{file['id']}/rescan")
    assert (again.status, again.body["code"]) == (409, "file_not_scannable")


def test_a_download_lasts_five_minutes_and_is_noted(desk: Desk) -> None:
    file_id = desk.upload(b"hello", name='Müller "final".txt')
    answer = desk.caller.get(f"{desk.path}/files/{file_id}/download")
    left = parse_instant(answer.body["expires_at"]) - utcnow()
    assert timedelta(minutes=4) < left <= timedelta(minutes=5)
    assert "X-Amz-Expires=300" in answer.body["url"]
    assert "disposition" not in answer.body["url"].lower()
    assert "ller" not in answer.body["url"]  # a name may be a patient's: it is in no address
    newest = desk.caller.get(f"{desk.path}/history").body["items"][0]
    assert (newest["action"], newest["by"]["id"]) == ("file_downloaded", "usr_director")
    assert newest["changes"][0]["after"]["id"] == file_id


def test_a_download_has_the_name_that_the_file_has_when_it_is_asked_for(desk: Desk) -> None:
    file_id = desk.upload(b"hello", name="draft.txt")
    target = f"{desk.path}/files/{file_id}"
    saved_as = []
    for name in ("Röntgen.txt", "Röntgen.txt", "draft.txt"):
        desk.caller.patch(target, {"name": name})
        assert desk.caller.get(f"{target}/download").status == 200
        place, *_ = desk.objects()
        found = desk.s3.get_object(Bucket=BUCKETS["files"], Key=place.removeprefix("files:"))
        assert (found["Body"].read(), found["ContentType"]) == (b"hello", "text/plain")
        saved_as.append((found["ContentDisposition"].partition("''")[2], found["VersionId"]))
    (one, first), (two, second), (three, third) = saved_as
    assert (one, two, three) == ("R%C3%B6ntgen.txt", "R%C3%B6ntgen.txt", "draft.txt")
    assert first == second != third  # it is copied only when it was renamed


def test_what_is_deleted_while_it_is_asked_for_is_not_there(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    (place,) = desk.objects()
    key = place.removeprefix("files:")
    for version in desk.s3.list_object_versions(Bucket=BUCKETS["files"], Prefix=key)["Versions"]:
        desk.s3.delete_object(Bucket=BUCKETS["files"], Key=key, VersionId=version["VersionId"])
    assert desk.caller.get(f"{desk.path}/files/{file_id}/download").status == 404


def test_the_history_tells_who_did_what_with_a_file(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    desk.caller.patch(f"{desk.path}/files/{file_id}", {"name": "new.txt"})
    desk.caller.delete(f"{desk.path}/files/{file_id}")
    entries = desk.caller.get(f"{desk.path}/history").body["items"]
    told = [(entry["action"], entry["by"]["id"]) for entry in entries if entry["action"].startswith("file_")]
    assert told == [
        ("file_deleted", "usr_director"),
        ("file_updated", "usr_director"),
        ("file_scanned", "carebook"),
        ("file_added", "usr_director"),
    ]
    renamed = next(entry for entry in entries if entry["action"] == "file_updated")["changes"][0]
    assert (renamed["before"]["name"], renamed["after"]["name"]) == ("letter.txt", "new.txt")


def test_looking_at_files_is_a_view_of_the_contact(director: Caller, files: str) -> None:
    announce(director, files)
    viewer = Caller(handler_for, account=director.account, user_id="usr_reader", groups="clinical")
    viewer.get(files)
    history = director.get(files.replace("/files", "/history")).body["items"]
    assert [entry["by"]["id"] for entry in history if entry["action"] == "viewed"] == ["usr_reader"]


def test_deleting_leaves_neither_record_nor_object(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    target = f"{desk.path}/files/{file_id}"
    assert desk.caller.delete(target, headers={"If-Match": '"1"'}).status == 412
    assert desk.objects() != []
    assert desk.caller.delete(target).status == 204
    assert desk.caller.get(target).status == 404
    assert desk.caller.delete(target).status == 404
    assert desk.objects() == []
    assert desk.caller.get(f"{desk.path}/files").body["items"] == []


def test_a_deletion_that_was_cut_short_is_out_of_sight_and_finished_later(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    file_id = desk.upload(b"hello")
    other = desk.upload(b"other")
    with monkeypatch.context() as patch:
        patch.setattr("carebook.objects.StoredObjects.delete", lambda *_: 1 / 0)
        assert desk.caller.delete(f"{desk.path}/files/{file_id}").status == 500
    assert desk.caller.get(f"{desk.path}/files/{file_id}").status == 404
    assert [file["id"] for file in desk.caller.get(f"{desk.path}/files").body["items"]] == [other]
    assert len(desk.objects()) == 2
    assert expire_uploads.handler({}, Context(remaining_ms=300_000)) == {"settled": 1}
    assert len(desk.objects()) == 1
    assert expire_uploads.handler({}, Context(remaining_ms=300_000)) == {"settled": 0}


def test_an_archived_contacts_files_can_be_read_but_not_changed(desk: Desk) -> None:
    file_id = desk.upload(b"hello")
    desk.caller.delete(desk.path)
    target = f"{desk.path}/files/{file_id}"
    assert desk.caller.get(target).status == 200
    assert desk.caller.get(f"{desk.path}/files").body["items"] != []
    assert desk.caller.get(f"{target}/download").status == 200
    for refused in (
        desk.caller.patch(target, {"name": "b.txt"}),
        desk.caller.delete(target),
        desk.caller.post(f"{target}/rescan"),
        desk.caller.post(f"{desk.path}/uploads", {"files": [UPLOAD]}),
    ):
        assert (refused.status, refused.body["code"]) == (409, "archived")
    desk.caller.post(f"{desk.path}/restore")
    assert desk.caller.get(target).body["status"] == "clean"
    assert desk.caller.patch(target, {"name": "b.txt"}).status == 200


def test_an_upload_that_arrives_after_archiving_is_scanned_all_the_same(desk: Desk) -> None:
    item = desk.announce(b"hello")
    event = desk.post(item, b"hello")
    desk.caller.delete(desk.path)
    assert deliver(event) == []
    assert desk.read(item["file"]["id"])["status"] == "clean"


def test_instants_are_written_as_everywhere(director: Caller, files: str) -> None:
    (file,) = announce(director, files)
    assert instant(parse_instant(file["created_at"])) == file["created_at"]

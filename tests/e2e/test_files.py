"""A file's life on the deployed stack: posted by a form, scanned by a real clamd, downloaded when it is clean."""

import hashlib
import os
import re
import subprocess
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import boto3
import httpx
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from infra.local.scanner import eicar
from tests.e2e.conftest import ANOTHER, Stack
from tests.template.reading import ROOT

PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
SETTLED = {"clean", "infected", "refused", "scan_failed", "expired"}


def announce(stack: Stack, contact: dict[str, Any], *files: dict[str, Any]) -> list[dict[str, Any]]:
    answer = stack.call("POST", f"/contacts/{contact['id']}/uploads", body={"category": "Lab", "files": list(files)})
    assert answer.status_code == 201, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def described(content: bytes, name: str = "a.txt", content_type: str = "text/plain") -> dict[str, Any]:
    return {
        "name": name,
        "content_type": content_type,
        "size": len(content),
        "sha256": hashlib.sha256(content).hexdigest(),
    }


def post(item: dict[str, Any], content: bytes, **changed: str) -> httpx.Response:
    form = item["upload"]
    return httpx.post(form["url"], data=form["fields"] | changed, files={"file": ("x", content)}, timeout=60)


def settled(stack: Stack, item: dict[str, Any], within: float = 90) -> dict[str, Any]:
    file = item["file"]
    until = time.monotonic() + within
    while time.monotonic() < until:
        read = stack.call("GET", f"/contacts/{file['contact_id']}/files/{file['id']}").json()
        if read["status"] in SETTLED:
            found: dict[str, Any] = read
            return found
        time.sleep(0.3)
    raise AssertionError(f"no verdict within {within} s: {read}")


def download(stack: Stack, item: dict[str, Any], as_: str = "director") -> httpx.Response:
    file = item["file"]
    return stack.call("GET", f"/contacts/{file['contact_id']}/files/{file['id']}/download", as_=as_)


def test_one_becomes_clean_and_the_other_infected_and_only_the_first_can_be_had(
    stack: Stack, contact: dict[str, Any]
) -> None:
    name = 'Müller "final".pdf'
    clean, infected = announce(stack, contact, described(PDF, name, "application/pdf"), described(eicar()))
    for item, content in ((clean, PDF), (infected, eicar())):
        assert download(stack, item).json()["code"] == "file_not_clean"
        assert post(item, content).status_code == 204
    file = settled(stack, clean)
    assert (file["status"], file["reason"], file["category"]) == ("clean", None, "Lab")
    assert file["scan"]["engine"].startswith("ClamAV ")
    answer = download(stack, clean)
    assert answer.status_code == 200
    fetched = httpx.get(answer.json()["url"])
    assert (fetched.status_code, fetched.content) == (200, PDF)
    assert "filename*=UTF-8''M%C3%BCller%20%22final%22.pdf" in fetched.headers["Content-Disposition"]
    assert fetched.headers["Content-Type"] == "application/pdf"
    assert "final" not in answer.json()["url"]
    target = f"/contacts/{contact['id']}/files/{file['id']}"
    assert stack.call("PATCH", target, body={"name": "診断.pdf"}).status_code == 200
    renamed = httpx.get(download(stack, clean).json()["url"])
    assert (renamed.content, renamed.headers["Content-Type"]) == (PDF, "application/pdf")
    assert "filename*=UTF-8''%E8%A8%BA%E6%96%AD.pdf" in renamed.headers["Content-Disposition"]
    file = settled(stack, infected)
    assert (file["status"], file["reason"]) == ("infected", "malware")
    assert "EICAR" in file["scan"]["signature"]
    assert (download(stack, infected).status_code, download(stack, infected).json()["code"]) == (409, "file_not_clean")
    assert download(stack, clean, ANOTHER).status_code == 404
    nobody_reads(infected["upload"])


def nobody_reads(upload: dict[str, Any]) -> None:
    """Not even who knows the key, without keys of AWS or with those that the form was signed with."""
    address = f"{upload['url'].rstrip('/')}/{upload['fields']['key']}"
    assert httpx.get(address).status_code == 403
    signed = {name: value for name, value in upload["fields"].items() if name.startswith("x-amz-")}
    assert httpx.get(address, params=signed).status_code in {400, 403}


def test_no_function_that_serves_callers_can_read_what_lies_in_quarantine(
    stack: Stack, contact: dict[str, Any]
) -> None:
    """With the role of the function that signs the forms: it may put there, not get."""
    (item,) = announce(stack, contact, described(eicar()))
    post(item, eicar())
    settled(stack, item)
    session: Any = boto3.session.Session("test", "test", region_name=stack.description["region"])
    aws = {"endpoint_url": stack.description["aws_endpoint"], "config": Config(retries={"max_attempts": 0})}
    resource = session.client("cloudformation", **aws).describe_stack_resource(
        StackName=stack.description["stack_name"], LogicalResourceId="FilesApi"
    )
    function = session.client("lambda", **aws).get_function_configuration(
        FunctionName=resource["StackResourceDetail"]["PhysicalResourceId"]
    )
    role = session.client("sts", **aws).assume_role(RoleArn=function["Role"], RoleSessionName="test")["Credentials"]
    as_function: Any = boto3.session.Session(
        role["AccessKeyId"], role["SecretAccessKey"], role["SessionToken"], region_name=stack.description["region"]
    )
    bucket = function["Environment"]["Variables"]["CAREBOOK_QUARANTINE_BUCKET"]
    with pytest.raises(ClientError) as refused:
        as_function.client("s3", **aws).get_object(Bucket=bucket, Key=item["upload"]["fields"]["key"])
    assert refused.value.response["Error"]["Code"] == "AccessDenied"


def test_a_program_named_pdf_is_refused(stack: Stack, contact: dict[str, Any]) -> None:
    program = b"MZ" + bytes(300)
    (item,) = announce(stack, contact, described(program, "invoice.pdf", "application/pdf"))
    assert post(item, program).status_code == 204
    file = settled(stack, item)
    assert (file["status"], file["reason"]) == ("refused", "type_mismatch")


OTHER_SIZES = {"none": b"", "less": b"hell", "more": b"hello!", "much more": bytes(2_000_000)}


@pytest.mark.parametrize("content", OTHER_SIZES.values(), ids=OTHER_SIZES)
def test_a_form_takes_no_other_size(stack: Stack, contact: dict[str, Any], content: bytes) -> None:
    (item,) = announce(stack, contact, described(b"hello"))
    assert post(item, content).status_code == 400
    assert post(item, b"hello").status_code == 204
    assert settled(stack, item)["status"] == "clean"


def test_a_form_takes_no_other_type_key_or_content(stack: Stack, contact: dict[str, Any]) -> None:
    (item,) = announce(stack, contact, described(b"hello"))
    assert post(item, b"hello", **{"Content-Type": "text/html"}).status_code == 403
    assert post(item, b"hello", key=item["upload"]["fields"]["key"] + "x").status_code == 403
    wrong = post(item, b"jello")  # S3 compares the checksum; where it is not compared, the scan does
    if wrong.status_code == 204:
        file = settled(stack, item)
        assert (file["status"], file["reason"]) == ("refused", "checksum_mismatch")
    else:
        assert wrong.status_code == 400
        assert post(item, b"hello").status_code == 204
        assert settled(stack, item)["status"] == "clean"


def test_a_rescan_gives_the_same_verdict(stack: Stack, contact: dict[str, Any]) -> None:
    clean, infected = announce(stack, contact, described(b"hello"), described(eicar()))
    for item, content, status in ((clean, b"hello", "clean"), (infected, eicar(), "infected")):
        post(item, content)
        assert settled(stack, item)["status"] == status
        file = item["file"]
        again = stack.call("POST", f"/contacts/{file['contact_id']}/files/{file['id']}/rescan")
        assert (again.status_code, again.json()["status"]) == (200, "scanning")
        assert settled(stack, item)["status"] == status


def test_twenty_at_once_each_get_their_verdict(stack: Stack, contact: dict[str, Any]) -> None:
    contents = [eicar() if number % 5 == 0 else b"file %d" % number for number in range(20)]
    items = announce(stack, contact, *map(described, contents))
    with ThreadPoolExecutor(8) as posting:
        assert {answer.status_code for answer in posting.map(post, items, contents)} == {204}
    statuses = [settled(stack, item)["status"] for item in items]
    assert statuses == ["infected" if number % 5 == 0 else "clean" for number in range(20)]
    history = stack.call("GET", f"/contacts/{contact['id']}/history?limit=100").json()["items"]
    assert [entry["action"] for entry in history].count("file_scanned") == 20


def test_a_purge_leaves_no_object_behind(stack: Stack, contact: dict[str, Any]) -> None:
    clean, infected = announce(stack, contact, described(b"hello"), described(eicar()))
    for item, content in ((clean, b"hello"), (infected, eicar())):
        post(item, content)
        settled(stack, item)
    url = download(stack, clean).json()["url"]
    assert stack.call("DELETE", f"/contacts/{contact['id']}?purge=true").status_code == 204
    assert httpx.get(url).status_code in {403, 404}
    session: Any = boto3.session.Session("test", "test", region_name=stack.description["region"])
    s3 = session.client("s3", endpoint_url=stack.description["aws_endpoint"])
    buckets = [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]
    left = [
        version["Key"]
        for bucket in buckets
        for version in s3.list_object_versions(Bucket=bucket).get("Versions", ())
        if contact["id"] in version["Key"]
    ]
    assert left == []


def test_the_session_of_the_page_on_files(stack: Stack, contact: dict[str, Any], tmp_path: Path) -> None:
    page = (ROOT / "docs/files.md").read_text(encoding="utf-8")
    block = re.search(r"```sh\n(.*?)```", page, re.DOTALL)
    assert block is not None
    known = {"API": stack.description["api_url"], "TOKEN": stack.tokens["director"], "ID": contact["id"]}
    run = subprocess.run(
        ["bash", "-eu", "-c", block[1]],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **known},
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("204\n"), run.stdout
    (file,) = stack.call("GET", f"/contacts/{contact['id']}/files").json()["items"]
    assert settled(stack, {"file": file})["status"] == "clean"

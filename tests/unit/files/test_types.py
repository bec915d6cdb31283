"""Content that contradicts what it is said to be is found; what systems merely name differently is not."""

import gzip
import io
import zipfile

import pytest

from carebook.files.types import contradiction, declared_type, true_type

PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n"
PROGRAM = b"MZ\x90\x00" + bytes(60)
ELF = b"\x7fELF\x02\x01\x01" + bytes(60)
SCRIPT = b"#!/bin/sh\nrm -rf ~\n"
BITMAP = b"BM" + (54).to_bytes(4, "little") + bytes(48)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500)
WORD = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"


def archive() -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("word/document.xml", "<w/>")
    return content.getvalue()


@pytest.mark.parametrize(
    ("head", "content_type", "name"),
    [
        (PDF, "application/pdf", "scan.pdf"),
        (b"\xef\xbb\xbf" + PDF, "application/pdf", "scan.pdf"),
        (PDF[:5], "application/pdf", "cut short.pdf"),
        (PDF, "application/octet-stream", "scan.pdf"),
        (PDF, "application/pdf", "no ending"),
        (b"name,age\n", "text/csv", "people.csv"),
        (b"name,age\n", "application/vnd.ms-excel", "people.csv"),
        ("Müller".encode("utf-16"), "text/plain", "a.txt"),
        ("Müller".encode("latin-1"), "text/plain", "a.txt"),
        (b'{"a": 1}', "application/json", "a.json"),
        (archive(), WORD, "letter.docx"),
        (archive(), "application/x-zip-compressed", "all.zip"),
        (OLE, "application/msword", "old.doc"),
        (b"<html><table><tr><td>Na</td>", "application/vnd.ms-excel", "labs.xls"),
        (b'<?xml version="1.0"?><Workbook>', "application/vnd.ms-excel", "labs.xls"),
        (b"Na\t140\r\n", "application/octet-stream", "labs.xls"),
        (b"<html><p>Dear Ana", "application/msword", "letter.doc"),
        (b"{\\rtf1\\ansi Dear Ana}", "application/msword", "old.doc"),
        (b"BMI,weight\n22,70\n", "text/csv", "people.csv"),
        (b"BMP: Na 140", "text/plain", "labs.txt"),
        (b"MZ, 1. Stock\r\n", "text/plain", "a.txt"),
        (gzip.compress(PDF, mtime=0), "application/octet-stream", "scan.pdf.gz"),
        (OLE, "application/vnd.ms-outlook", "mail.msg"),
        (PNG, "image/jpeg", "photo.jpg"),
        (JPEG, "image/jpg", "photo.jpg"),
        (PROGRAM, "application/x-msdownload", "setup.exe"),
        (PROGRAM, "application/octet-stream", "setup.exe"),
        (SCRIPT, "application/x-sh", "a.sh"),
        (b"\x00\x01\x02", "application/octet-stream", "data"),
        (b"\x00\x01\x02", "application/x-unheard-of", "data.unheard"),
    ],
)
def test_what_is_as_it_says_passes(head: bytes, content_type: str, name: str) -> None:
    assert contradiction(true_type(head), content_type=content_type, name=name) is None


@pytest.mark.parametrize(
    ("head", "content_type", "name"),
    [
        (PROGRAM, "application/pdf", "scan.pdf"),
        (PROGRAM, "application/octet-stream", "scan.pdf"),
        (PROGRAM, "application/x-msdownload", "scan.pdf"),
        (PROGRAM, "application/octet-stream", "re:lab#2.pdf"),
        (PROGRAM, "application/octet-stream", "re:lab?.pdf"),
        (PROGRAM, "application/octet-stream", "scan.pdf."),
        (BITMAP, "text/plain", "a.txt"),
        (PDF, "text/plain", "a.txt"),
        (PROGRAM, "application/pdf", "setup.exe"),
        (PROGRAM, "text/plain", "a.txt"),
        (PROGRAM, "image/png", "a"),
        (PROGRAM + PDF, "application/pdf", "scan.pdf"),
        (ELF, "application/pdf", "scan.pdf"),
        (SCRIPT, "text/plain", "readme.txt"),
        (SCRIPT, "application/pdf", "scan.pdf"),
        (b"hello", "application/pdf", "scan.pdf"),
        (b"<html>", "image/png", "a.png"),
        (archive(), "application/pdf", "scan.pdf"),
        (PDF, "image/png", "a.png"),
        (PDF, WORD, "letter.docx"),
        (b"\x00\x01", "text/plain", "a.txt"),
        (b"\x00\x01", "application/vnd.ms-excel", "labs.xls"),
        (PROGRAM, "application/vnd.ms-excel", "labs.xls"),
        (SCRIPT, "application/vnd.ms-excel", "labs.xls"),
        (b"<html>", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "labs.xlsx"),
    ],
)
def test_what_is_something_else_is_found(head: bytes, content_type: str, name: str) -> None:
    assert contradiction(true_type(head), content_type=content_type, name=name)


@pytest.mark.parametrize("content_type", ["", "application/octet-stream", "binary/octet-stream; x=y"])
def test_some_declared_types_say_nothing(content_type: str) -> None:
    assert declared_type(content_type) is None


@pytest.mark.parametrize(
    ("content_type", "name", "contradicts"),
    [
        ("application/x-msdownload", "tool.exe", False),
        ("application/x-msdownload", "lab.pdf", True),
        ("application/x-msdownload", "lab", False),
        ("text/x-python; charset=utf-8", "lab.txt", False),
        ("application/pdf", "lab.pdf", False),
        ("image/jpeg", "lab.png", False),
    ],
)
def test_of_what_was_accepted_before_types_were_kept_the_declared_one_counts(
    content_type: str, name: str, contradicts: bool
) -> None:
    declared = declared_type(content_type)
    assert declared is not None
    assert (contradiction(declared, content_type=content_type, name=name) is not None) == contradicts

"""Whether a file's first bytes are what it says it is.

The signatures are ``filetype``'s, a pure Python library without dependencies: python-magic would need libmagic and its
database in a layer, and puremagic's list of thousands gives several guesses for most files, sure of none. What the
signatures mean for a practice's files is decided here.
"""

import mimetypes
from typing import Final

from carebook.files.model import TrueType

HEAD: Final = 8192  # bytes of a file's beginning that are looked at

_PROGRAMS: Final = (
    (b"MZ", "application/x-msdownload"),
    (b"\x7fELF", "application/x-executable"),
    (b"\xfe\xed\xfa\xce", "application/x-mach-binary"),
    (b"\xfe\xed\xfa\xcf", "application/x-mach-binary"),
    (b"\xce\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xcf\xfa\xed\xfe", "application/x-mach-binary"),
    (b"\xca\xfe\xba\xbe", "application/java-vm"),
    (b"\x00asm", "application/wasm"),
    (b"dex\n", "application/vnd.android.dex"),
    (b"#!", "text/x-shellscript"),
    (b"\x4c\x00\x00\x00\x01\x14\x02\x00", "application/x-ms-shortcut"),
)
_PROGRAM_TYPES: Final = frozenset(
    {
        *(kind for _, kind in _PROGRAMS),
        "application/vnd.microsoft.portable-executable",
        "application/x-dosexec",
        "application/x-elf",
        "application/x-sharedlib",
        "application/x-sh",
        "text/x-python",
        "text/x-perl",
        "application/java-archive",
    }
)
# Types that share a beginning, or that systems take for one another. What is in a set is no contradiction to the rest.
_ALIKE: Final = (
    frozenset({"image/jpeg", "image/jpg", "image/pjpeg", "image/png", "image/x-png", "image/apng", "image/gif",
               "image/webp", "image/bmp", "image/x-ms-bmp", "image/tiff", "image/heic", "image/heif", "image/avif",
               "image/jpx", "image/jp2", "image/x-icon", "image/vnd.microsoft.icon"}),
    frozenset({"application/zip", "application/x-zip-compressed", "application/epub+zip",
               "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
               "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
               "application/vnd.openxmlformats-officedocument.presentationml.presentation",
               "application/vnd.oasis.opendocument.text", "application/vnd.oasis.opendocument.spreadsheet",
               "application/vnd.oasis.opendocument.presentation"}),
    frozenset({"application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint",
               "application/vnd.ms-outlook", "application/x-ole-storage"}),
    frozenset({"application/pdf", "application/x-pdf"}),
    frozenset({"application/rtf", "text/rtf", "application/msword"}),  # Word writes either under the name .doc
    frozenset({"application/gzip", "application/x-gzip"}),
    frozenset({"application/dicom", "image/dicom", "image/dcm"}),
    frozenset({"audio/mp4", "audio/x-m4a", "audio/m4a", "video/mp4", "video/x-m4v", "video/quicktime", "video/3gpp"}),
    frozenset({"audio/x-wav", "audio/wav", "audio/vnd.wave"}),
    frozenset({"audio/mpeg", "audio/mp3"}),
    frozenset({"audio/ogg", "video/ogg", "audio/opus"}),
    frozenset({"video/webm", "audio/webm", "video/x-matroska"}),
)  # fmt: skip
_OLE: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_TEXT: Final = frozenset({"application/json", "application/xml", "application/javascript", "image/svg+xml"})
# Under these names laboratories and browsers also export tables and letters as HTML, XML or plain text.
_ALSO_TEXT: Final = frozenset({"application/msword", "application/vnd.ms-excel"})
_SAYS_NOTHING: Final = frozenset({"application/octet-stream", "binary/octet-stream"})
_PACKED: Final = {"gzip": "application/gzip"}  # what an ending behind the ending says; of others nothing is known
# Told by two or three letters, with which a text may begin, too: a table of BMI, the results of a BMP. In a file of
# such a type bytes follow that are in no text.
_TOLD_BY_LETTERS: Final = frozenset(
    {"application/x-msdownload", "image/bmp", "application/x-shockwave-flash", "application/x-bzip2", "audio/mpeg"}
)
_IN_NO_TEXT: Final = frozenset(range(32)) - frozenset(b"\t\n\f\r")


def found_type(head: bytes) -> str | None:
    """The type that the first bytes tell; None when they tell none, as those of plain text do."""
    for beginning, kind in _PROGRAMS:
        if head.startswith(beginning):
            return kind
    if b"%PDF-" in head[:1024]:  # readers find the header anywhere in the first kilobyte (ISO 32000-1, annex H.3.4.1)
        return "application/pdf"
    if head.startswith(_OLE):
        return "application/x-ole-storage"
    import filetype

    guessed: str | None = filetype.guess_mime(head)
    return guessed


def true_type(head: bytes) -> TrueType:
    """What a file that begins so is."""
    found = found_type(head)
    text = _is_text(head) if found is None else found in _TOLD_BY_LETTERS and _IN_NO_TEXT.isdisjoint(head)
    return TrueType(found, text)


def declared_type(content_type: str) -> TrueType | None:
    """What a file is, going by its declared type alone; None when that says nothing."""
    declared = _declared(content_type)
    if not declared or declared in _SAYS_NOTHING:
        return None
    return TrueType(None, text=True) if _of_text(declared) else TrueType(declared, text=False)


def contradiction(true: TrueType, *, content_type: str, name: str) -> str | None:
    """The type that a file is of, when it is not what the file is said to be; None when all is well.

    A file is said to be what its declared type and the ending of its name say. A program must be what both say;
    anything else what one of them says, because browsers call a table in text a spreadsheet, and the like.
    """
    claims = _claims(content_type, name)
    if not claims:
        return None
    fitting = [_fits(true, claim) for claim in claims]
    if all(fitting) or (any(fitting) and true.found not in _PROGRAM_TYPES):
        return None
    return true.found or ("text/plain" if true.text else "application/octet-stream")


def _claims(content_type: str, name: str) -> list[str]:
    # Without the system's own tables, which differ from machine to machine. Some systems drop dots at the end.
    ending, packed = mimetypes.MimeTypes().guess_file_type(name.lower().rstrip(". "))
    if packed is not None:
        ending = _PACKED.get(packed)
    return [claim for claim in dict.fromkeys((_declared(content_type), ending)) if claim and claim not in _SAYS_NOTHING]


def _declared(content_type: str) -> str:
    return content_type.partition(";")[0].strip().lower()


def _of_text(claim: str) -> bool:
    return claim.startswith("text/") or claim in _TEXT


def _fits(true: TrueType, claim: str) -> bool:
    found = true.found
    if _of_text(claim):
        is_script = found == "text/x-shellscript" and claim in _PROGRAM_TYPES
        return is_script or true.text or _alike(found, claim)
    if found in _PROGRAM_TYPES:
        return claim in _PROGRAM_TYPES
    if claim in _PROGRAM_TYPES:
        return True  # less than it says
    if found is None:
        return claim not in _recognized() or (true.text and claim in _ALSO_TEXT)
    return _alike(found, claim) or claim not in _recognized()


def _is_text(head: bytes) -> bool:
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))  # UTF-16 says so itself


def _alike(one: str | None, other: str) -> bool:
    return one == other or any(one in kinds and other in kinds for kinds in _ALIKE)


def _recognized() -> frozenset[str]:
    """Types whose files always begin in a way that is known: without it a file is not of the type."""
    return frozenset().union(*_ALIKE)

"""What callers send about files, made into values or refused."""

from collections.abc import Sequence
from typing import Any

from carebook.errors import FieldError, Invalid
from carebook.files.model import FileDetails
from carebook.files.schemas import FileFields, NewUploads
from carebook.files.uploading import NewFile
from carebook.settings.model import AccountSettings
from carebook.validation import validated


def new_files(uploads: NewUploads, settings: AccountSettings) -> Sequence[NewFile]:
    """The files that a caller announces.

    Raises:
        Invalid: when the category is none of the account's.
    """
    category = read_category(uploads.category, settings)
    return [
        NewFile(
            FileDetails(file.name, category, file.date, file.description), file.content_type, file.size, file.sha256
        )
        for file in uploads.files
    ]


def read_details(document: Any, settings: AccountSettings, before: FileDetails) -> FileDetails:
    """The details in *document*. A category that a file has is kept even when the account uses it no more.

    Raises:
        Invalid: naming each field that breaks a rule.
    """
    fields = validated(FileFields, document)
    kept = fields.category == before.category
    category = fields.category if kept else read_category(fields.category, settings)
    return FileDetails(fields.name, category, fields.date, fields.description)


def read_category(category: str | None, settings: AccountSettings) -> str | None:
    """*category* as the account's settings write it. An account that has set none uses any; none is always right.

    Raises:
        Invalid: when it is none of them.
    """
    known = settings.file_categories
    if category is None or not known:
        return category
    found = next((name for name in known if name.casefold() == category.casefold()), None)
    if found is None:
        shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")
        raise Invalid([FieldError("category", "category_not_known", f"Use one of the practice's: {shown}.")])
    return found

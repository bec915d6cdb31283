"""What callers send about files, made into values or refused."""

from collections.abc import Sequence
from typing import Any

from carebook.errors import FieldError, Invalid
from carebook.files.model import File, FileDetails
from carebook.files.schemas import FileFields, NewUploads
from carebook.files.types import contradiction, declared_type
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


def read_details(document: Any, settings: AccountSettings, before: File) -> FileDetails:
    """The details in *document*, for *before*. A category that it has is kept even when the account uses it no more.

    Raises:
        Invalid: naming each field that breaks a rule.
    """
    fields = validated(FileFields, document)
    if fields.name != before.details.name:
        _refuse_false_ending(fields.name, before)
    kept = fields.category == before.details.category
    category = fields.category if kept else read_category(fields.category, settings)
    return FileDetails(fields.name, category, fields.date, fields.description)


def _refuse_false_ending(name: str, file: File) -> None:
    """A name is no way around the check of types: what would not be accepted under it does not get it."""
    true = file.true_type or declared_type(file.content_type)
    found = true and contradiction(true, content_type=file.content_type, name=name)
    if found:
        message = f"The file is of the type {found}. Give a name that ends as such files do, or has no ending."
        raise Invalid([FieldError("name", "ending_not_its_type", message)])


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

"""What pydantic finds, in words that say what would be right."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from carebook.errors import FieldError, Invalid

_MADE_BY_US: Final = frozenset(
    {
        "id",
        "version",
        "contact_id",
        "created_at",
        "created_by",
        "updated_at",
        "archived_at",
        "reachable",
        "assignee_name",
        "completed_at",
        "completed_by",
        "overdue",
        "finalized_at",
        "template_id",  # of a document: chosen when it is made
        "updated_by",
    }
)
_ERRORS_SHOWN: Final = 100
_LONGEST_NAME_SHOWN: Final = 120


def unknown_field(place: str, name: str) -> FieldError:
    """The refusal of a field that callers cannot write."""
    if name in _MADE_BY_US:
        return FieldError(place, "read_only", "This is made by us. Leave it out.")
    return FieldError(place, "unknown_field", "There is no such field. Check its spelling.")


def validated[Model: BaseModel](model: type[Model], document: Any) -> Model:
    """*document* as a *model*.

    Raises:
        Invalid: naming each field that cannot be accepted.
    """
    try:
        return model.model_validate(document)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        # Placed in the body, as the edge does: a field may be called "body" itself.
        raise invalid({**detail, "loc": ("body", *detail["loc"])} for detail in found) from error


def invalid(found: Iterable[Mapping[str, Any]]) -> Invalid:
    """What pydantic found, as our refusal; of very many the first hundred are shown."""
    details = list(found)
    return Invalid(
        [_field_error(detail) for detail in details[:_ERRORS_SHOWN]],
        detail=f"{len(details)} field{'s' * (len(details) != 1)} cannot be accepted.",
    )


_OF_A_KEY: Final = "[key]"  # what pydantic puts behind a name that may not be there


def field_path(location: Sequence[str | int]) -> str:
    """``("body", "phones", 0, "number")`` as ``phones[0].number``."""
    parts = location[1:] if location and location[0] in {"body", "query", "path", "header"} else location
    path = ""
    for part in parts:
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else part
    return path if len(path) <= _LONGEST_NAME_SHOWN else path[:_LONGEST_NAME_SHOWN] + "…"


def _field_error(detail: Mapping[str, Any]) -> FieldError:
    kind, context = str(detail["type"]), detail.get("ctx") or {}
    if kind == "extra_forbidden":
        return unknown_field(field_path(tuple(detail["loc"])), str(detail["loc"][-1]))
    code, message = _WORDS.get(kind, (kind, str(detail.get("msg", "This value cannot be accepted."))))
    location = tuple(detail["loc"])
    if location[-1:] == (_OF_A_KEY,):
        location = location[:-1]
    return FieldError(field_path(location), code, message.format_map(_Known(context)))


class _Known(dict[str, Any]):
    """What is known of a value's limits; the rest of a sentence stays readable without it."""

    def __missing__(self, key: str) -> str:
        return "…"


# pydantic's error types, in words that say what would be right. Types of our own carry their words with them.
_WORDS: Final[Mapping[str, tuple[str, str]]] = {
    "missing": ("required", "This field is required."),
    "string_type": ("wrong_type", "Give text."),
    "string_unicode": ("wrong_type", "Give text in Unicode; this holds half of a surrogate pair."),
    "string_too_long": ("too_long", "Use at most {max_length} characters."),
    "string_too_short": ("too_short", "Use at least {min_length} characters."),
    "string_pattern_mismatch": ("wrong_form", "The text must match {pattern}."),
    "literal_error": ("not_one_of", "Use one of {expected}."),
    "int_type": ("wrong_type", "Give a whole number."),
    "int_parsing": ("wrong_type", "Give a whole number."),
    "int_from_float": ("wrong_type", "Give a whole number."),
    "bool_type": ("wrong_type", "Give true or false."),
    "bool_parsing": ("wrong_type", "Give true or false."),
    "list_type": ("wrong_type", "Give a list."),
    "dict_type": ("wrong_type", "Give an object."),
    "model_type": ("wrong_type", "Give an object."),
    "model_attributes_type": ("wrong_type", "Give an object."),
    "too_long": ("too_many", "Give at most {max_length}."),
    "greater_than_equal": ("out_of_range", "Use at least {ge}."),
    "less_than_equal": ("out_of_range", "Use at most {le}."),
}

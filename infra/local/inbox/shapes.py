"""Whether a request keeps to a service's own model, as botocore brings it: names, types, lengths, patterns, choices."""

import base64
import binascii
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, NamedTuple

import botocore.session
from botocore.model import ServiceModel


class Problem(NamedTuple):
    """One member of a request that the service would refuse."""

    field: str
    message: str


@lru_cache
def service_model(service: str) -> ServiceModel:
    """The model of *service*, named as for boto3."""
    session = botocore.session.Session()
    model: ServiceModel = session.get_service_model(service)
    return model


def problems(shape: Any, value: Any, field: str = "") -> Iterator[Problem]:
    """What is wrong with *value*, parsed from JSON, as a *shape* of botocore. Unknown members are let through."""
    check = CHECKS.get(shape.type_name)
    if check is not None:
        yield from check(shape, value, field)


def _structure(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(field, "must be a structure")
        return
    for name in shape.required_members:
        if value.get(name) is None:
            yield Problem(_member(field, name), "must not be null")
    for name, member in shape.members.items():
        if value.get(name) is not None:
            yield from problems(member, value[name], _member(field, name))


def _list(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    if not isinstance(value, list):
        yield Problem(field, "must be a list")
        return
    yield from _length(shape, len(value), field)
    for position, member in enumerate(value):
        yield from problems(shape.member, member, f"{field}[{position}]")


def _map(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    if not isinstance(value, dict):
        yield Problem(field, "must be a map")
        return
    yield from _length(shape, len(value), field)
    for name, member in value.items():
        yield from problems(shape.key, name, f"{field}.key")
        yield from problems(shape.value, member, _member(field, name))


def _string(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    if not isinstance(value, str):
        yield Problem(field, "must be a string")
        return
    yield from _length(shape, len(value), field)
    pattern, choices = shape.metadata.get("pattern"), shape.metadata.get("enum")
    if pattern and not re.fullmatch(pattern, value):
        yield Problem(field, f"must satisfy regular expression pattern: {pattern}")
    if choices and value not in choices:
        yield Problem(field, f"must satisfy enum value set: [{', '.join(choices)}]")


def _number(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    if isinstance(value, bool) or not isinstance(value, int):
        yield Problem(field, "must be an integer")
        return
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and value < low:
        yield Problem(field, f"must have value greater than or equal to {low}")
    if high is not None and value > high:
        yield Problem(field, f"must have value less than or equal to {high}")


def _boolean(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    del shape
    if not isinstance(value, bool):
        yield Problem(field, "must be a boolean")


def _blob(shape: Any, value: Any, field: str) -> Iterator[Problem]:
    try:
        yield from _length(shape, len(base64.b64decode(value, validate=True)), field)
    except (binascii.Error, TypeError, ValueError):
        yield Problem(field, "must be base64")


def _length(shape: Any, length: int, field: str) -> Iterator[Problem]:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        yield Problem(field, f"must have length greater than or equal to {low}")
    if high is not None and length > high:
        yield Problem(field, f"must have length less than or equal to {high}")


def _member(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


CHECKS = {
    "structure": _structure,
    "list": _list,
    "map": _map,
    "string": _string,
    "integer": _number,
    "long": _number,
    "boolean": _boolean,
    "blob": _blob,
}

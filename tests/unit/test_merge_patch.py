"""JSON Merge Patch: the examples of RFC 7396, and the laws that hold for any documents."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.merge_patch import merge_patch

NAMES = st.sampled_from(["a", "b", "c", "é"])
SCALARS = st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "x", "null"])
JSON = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3))
OBJECTS = st.dictionaries(NAMES, JSON, max_size=4)

# The table of RFC 7396, appendix A: original, patch, result.
APPENDIX_A: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]),
    ({"a": "foo"}, None, None),
    ({"a": "foo"}, "bar", "bar"),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
    ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("original", "patch", "result"), APPENDIX_A)
def test_the_examples_of_the_rfc(original: Any, patch: Any, result: Any) -> None:
    assert merge_patch(original, patch) == result


def test_the_example_of_section_3() -> None:
    original = {
        "title": "Goodbye!",
        "author": {"givenName": "John", "familyName": "Doe"},
        "tags": ["example", "sample"],
        "content": "This will be unchanged",
    }
    patch = {
        "title": "Hello!",
        "phoneNumber": "+01-123-456-7890",
        "author": {"familyName": None},
        "tags": ["example"],
    }
    assert merge_patch(original, patch) == {
        "title": "Hello!",
        "author": {"givenName": "John"},
        "tags": ["example"],
        "content": "This will be unchanged",
        "phoneNumber": "+01-123-456-7890",
    }


@given(document=JSON, patch=JSON)
def test_a_patch_applied_twice_is_as_good_as_once(document: Any, patch: Any) -> None:
    once = merge_patch(document, patch)
    assert merge_patch(once, patch) == once


@given(document=OBJECTS)
def test_an_empty_patch_changes_nothing(document: dict[str, Any]) -> None:
    assert merge_patch(document, {}) == document


@given(document=OBJECTS, name=NAMES)
def test_null_removes_that_member_and_keeps_the_rest(document: dict[str, Any], name: str) -> None:
    assert merge_patch(document, {name: None}) == {key: value for key, value in document.items() if key != name}


@given(document=OBJECTS, patch=OBJECTS)
def test_members_that_the_patch_does_not_name_are_kept(document: dict[str, Any], patch: dict[str, Any]) -> None:
    merged = merge_patch(document, patch)
    assert {name: merged.get(name) for name in document.keys() - patch.keys()} == {
        name: document[name] for name in document.keys() - patch.keys()
    }


@given(document=OBJECTS, patches=st.tuples(OBJECTS, OBJECTS))
def test_patches_of_different_members_come_to_the_same_in_either_order(
    document: dict[str, Any], patches: tuple[dict[str, Any], dict[str, Any]]
) -> None:
    first = patches[0]
    second = {name: value for name, value in patches[1].items() if name not in first}
    assert merge_patch(merge_patch(document, first), second) == merge_patch(merge_patch(document, second), first)


@given(document=JSON, patch=JSON)
def test_neither_the_document_nor_the_patch_is_changed(document: Any, patch: Any) -> None:
    before = deepcopy((document, patch))
    merge_patch(document, patch)
    assert (document, patch) == before


@settings(max_examples=300)
@given(document=JSON, patch=JSON)
def test_the_outcome_is_that_of_another_implementation(document: Any, patch: Any) -> None:
    oracle = pytest.importorskip("json_merge_patch", reason="the second implementation is not installed")
    assert merge_patch(document, patch) == oracle.merge(deepcopy(document), deepcopy(patch))

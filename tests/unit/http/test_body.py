"""Request bodies: a JSON object, or a refusal that says why; nothing else."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carebook.errors import Invalid
from carebook.http.body import MalformedBody, PayloadTooLarge, UnsupportedMediaType, plain_event, strict_json

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=12,
).filter(lambda document: "\ufffd" not in json.dumps(document, ensure_ascii=False))
PIECES = st.lists(
    st.sampled_from(
        ['{"a":', "}", "[", "]", "1", "-", "1e999", "NaN", "Infinity", "-Infinity", '"', "\\ud800", "\\udc00", "\\u12",
         "null", "tru", ",", " ", "\n", "\x00", "\ufeff", "9" * 5000, "{}", "é", "\ud800", "/* */", "'"]
    ),
    max_size=8,
).map("".join)  # fmt: skip


@settings(max_examples=500)
@given(st.text(max_size=30) | PIECES)
def test_any_text_is_an_object_or_refused_as_malformed(text: str) -> None:
    try:
        document = strict_json(text)
    except MalformedBody:
        return
    assert isinstance(document, dict)
    json.dumps(document, ensure_ascii=False, allow_nan=False).encode()  # it can be kept and sent on


@given(st.dictionaries(st.sampled_from(["a", "é", "🎉", "", "\\u0041"]), JSON, max_size=4), st.booleans())
def test_an_object_is_read_as_it_was_written(document: dict[str, Any], escaped: bool) -> None:
    assert strict_json(json.dumps(document, ensure_ascii=escaped)) == document


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "null",
        "true",
        "1",
        '"text"',
        "[]",
        '[{"a": 1}]',
        '{"a": 1',
        "{'a': 1}",
        '{"a": 1,}',
        '{"a": 1} {"b": 2}',
        '{"a": NaN}',
        '{"a": Infinity}',
        '{"a": -Infinity}',
        '{"a": 1e999}',
        '{"a": -1e999}',
        '{"a": ' + "9" * 5000 + "}",
        '{"a": "\x00"}',
        '{"a": "line\nbreak"}',
        '{"a": "\\x41"}',
        "\ufeff{}",
        '{"a": "\\ud800"}',
        '{"\\udc00": 1}',
        '{"a": ["\\ud800\\ud800"]}',
        '{"a": "\ud800"}',
        '{"a": "damaged \ufffd"}',
        "[" * 100_000,
        '{"a":' * 100_000,
        '{"a":' * 30 + "1" + "}" * 30,
        '{"a":' + "[" * 25 + "]" * 25 + "}",
    ],
    ids=lambda text: f"{len(text)} characters: {text[:20]!r}",
)
def test_what_is_no_json_object_is_refused(text: str) -> None:
    with pytest.raises(MalformedBody):
        strict_json(text)


@pytest.mark.parametrize("text", ['{"a": "\\ud83c\\udf89"}', '{"a": "🎉"}', ' {"a": 1e5, "b": -0.0}\n', "{}"])
def test_what_only_looks_unusual_is_read(text: str) -> None:
    assert strict_json(text) == json.loads(text)


def test_a_refusal_says_where_the_text_stops_being_json() -> None:
    with pytest.raises(MalformedBody, match=r"line 2, column 7"):
        strict_json('{"a": 1,\n "b": x}')


def event(body: str | None, *, base64_encoded: bool = False, **headers: str) -> dict[str, Any]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return {
        "body": body,
        "isBase64Encoded": base64_encoded,
        "headers": named,
        "multiValueHeaders": {name: [value] for name, value in named.items()},
    }


@pytest.mark.parametrize(
    "declared",
    [
        "application/json",
        "application/json; charset=utf-8",
        'application/json;charset="UTF-8"',
        "APPLICATION/JSON",
        "application/merge-patch+json",
        "",
    ],
)
def test_json_and_merge_patches_are_taken(declared: str) -> None:
    plain = plain_event(event("{}", Content_Type=declared))
    assert plain["headers"] == {"content-type": "application/json"}
    assert plain["multiValueHeaders"] == {"content-type": ["application/json"]}


def test_a_body_that_is_declared_as_nothing_is_taken_as_json() -> None:
    assert plain_event({"body": "{}", "headers": None})["headers"] == {"content-type": "application/json"}


@pytest.mark.parametrize("declared", ["text/plain", "application/jsonx", "json", "application/json; charset=latin-1"])
def test_a_body_declared_as_anything_else_is_refused(declared: str) -> None:
    with pytest.raises(UnsupportedMediaType):
        plain_event(event("{}", content_type=declared))


def test_a_query_parameter_that_is_given_twice_is_refused() -> None:
    with pytest.raises(Invalid) as refusal:
        plain_event({"body": None, "multiValueQueryStringParameters": {"limit": ["1", "2"], "type": ["other"]}})
    assert [(error.field, error.code) for error in refusal.value.errors] == [("limit", "given_twice")]


def test_other_headers_are_kept() -> None:
    plain = plain_event(event("{}", Content_Type="application/json", If_Match='"3"'))
    assert plain["headers"]["If-Match"] == '"3"'


@pytest.mark.parametrize("body", [None, ""])
def test_a_request_without_a_body_is_left_as_it_is(body: str | None) -> None:
    bare = event(body, Content_Type="text/plain")
    assert plain_event(bare) == bare


@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40))
def test_a_body_in_base64_is_taken_out_of_it(text: str) -> None:
    plain = plain_event(event(base64.b64encode(text.encode()).decode(), base64_encoded=True))
    assert plain["body"] == text
    assert plain["isBase64Encoded"] is False


@pytest.mark.parametrize("body", ["not base64!", "é", "YQ", base64.b64encode(b"\xff\xfe").decode()])
def test_a_body_that_is_no_text_is_refused(body: str) -> None:
    with pytest.raises(MalformedBody):
        plain_event(event(body, base64_encoded=True))


def test_a_body_of_more_than_5_mb_is_refused_and_one_of_5_mb_is_not() -> None:
    largest = 5 * 1024 * 1024
    plain_event(event("x" * largest))
    plain_event(event(base64.b64encode(b"x" * (largest - 2)).decode(), base64_encoded=True))
    with pytest.raises(PayloadTooLarge):
        plain_event(event("x" * (largest + 1)))
    with pytest.raises(PayloadTooLarge):
        plain_event(event(base64.b64encode(b"x" * (largest + 3)).decode(), base64_encoded=True))


def test_the_event_itself_is_not_changed() -> None:
    original = event("e30=", base64_encoded=True, Content_Type="application/json")
    before = json.dumps(original)
    plain_event(original)
    assert json.dumps(original) == before

"""Merge fields in the text of templates: ``{{ contact.last_name }}``, written as Jinja writes them.

Of Jinja's language there is what a letter needs and nothing else: names out of a list that the caller gives,
``{% if name %} … {% elif not name %} … {% else %} … {% endif %}``, ``{# remarks #}``, and quoted text such as
``{{ "{{" }}``. There are no attributes, calls, filters, loops or sums, so a template can neither reach for anything nor
run away.
"""

import difflib
import re
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final, NoReturn

from carebook.errors import FieldError, Invalid

DEEPEST: Final = 20  # conditions within conditions
_ERRORS_SHOWN: Final = 20
_LONGEST_SHOWN: Final = 60

_MARK: Final = re.compile(r"\{\{|\{%|\{#")
_CLOSING: Final = {"{{": "}}", "{%": "%}", "{#": "#}"}
_NAME: Final = re.compile(r"[A-Za-z_]\w*(?:\.\w+)*")
_QUOTED: Final = re.compile(r"\"[^\"\n]*\"|'[^'\n]*'")
_CONDITION: Final = re.compile(r"(if|elif)\s+(not\s+)?(.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class _Text:
    text: str


@dataclass(frozen=True, slots=True)
class _Field:
    name: str


@dataclass(slots=True)
class _Branch:
    """What is shown when a field has a value (or, with *negated*, has none); without a *name* always."""

    name: str | None
    negated: bool = False
    inside: list["_Node"] = field(default_factory=list)


@dataclass(slots=True)
class _Choice:
    branches: list[_Branch]


_Node = _Text | _Field | _Choice


class _Refused(Exception):
    def __init__(self, at: int, code: str, message: str) -> None:
        super().__init__(message)
        self.at, self.code, self.message = at, code, message


class MergeText:
    """A text whose merge fields are all known, ready to be filled."""

    def __init__(self, nodes: list[_Node], names: frozenset[str]) -> None:
        self._nodes = nodes
        self.names = names

    def fill(
        self,
        values: Mapping[str, str | None],
        *,
        limit: int,
        field: str = "body",
        write: Callable[[str], str] = str,
    ) -> str:
        """The text with its fields filled in.

        A field without a value prints nothing, and does not leave two spaces or a space before a comma; a line that
        holds nothing but fields without a value goes.

        Args:
            values: the text of each field; absent, None and empty are the same.
            limit: how many characters the outcome may have.
            field: where the text came from, for the refusal.
            write: how a value is written, for example with its Markdown signs escaped.

        Raises:
            Invalid: when the outcome is longer than *limit*.
        """
        pieces: list[str] = []
        length = 0
        for node in _shown(self._nodes, values):
            value = node.text if isinstance(node, _Text) else write(values.get(node.name) or "") or _NOTHING
            length += len(value)
            if length > limit:
                raise Invalid(
                    [FieldError(field, "too_long", f"With its fields filled in it has more than {limit:,} characters.")]
                )
            pieces.append(value)
        return _without_gaps("".join(pieces))


# Stands for a field that has no value until the text is complete: then the gap it leaves is closed. No text that
# callers send holds this character, for they may send no control characters.
_NOTHING: Final = "\x00"
_EMPTY_LINE: Final = re.compile(r"^[ \t]*\x00[ \t\x00]*(?:\n|\Z)", re.MULTILINE)
_GAP_AT_START: Final = re.compile(r"^\x00+[ \t]+", re.MULTILINE)
_GAP: Final = re.compile(r"[ \t]+\x00+(?=[ \t\n,.;:!?)]|\Z)")


def _without_gaps(text: str) -> str:
    if _NOTHING not in text:
        return text
    text = _GAP_AT_START.sub("", _EMPTY_LINE.sub("", text))
    return _GAP.sub("", text).replace(_NOTHING, "")


def parse(text: str, known: Collection[str], *, field: str = "body") -> MergeText:
    """*text* as a template.

    Args:
        known: the names of the fields that may be used, such as ``contact.last_name``.
        field: where the text stands in the request, for the refusal.

    Raises:
        Invalid: naming each thing that cannot stand there, with line and column, and the known field nearest to it.
    """
    parser = _Parser(text.replace(_NOTHING, ""), known)
    nodes = parser.nodes()
    if parser.refused:
        raise Invalid([_error(field, text, refused) for refused in parser.refused[:_ERRORS_SHOWN]])
    return MergeText(nodes, frozenset(parser.names))


def _error(field: str, text: str, refused: _Refused) -> FieldError:
    line = text.count("\n", 0, refused.at) + 1
    column = refused.at - text.rfind("\n", 0, refused.at)
    return FieldError(field, refused.code, f"Line {line}, column {column}: {refused.message}")


class _Parser:
    """One walk over a text. It goes on behind a mistake, so that all are told at once."""

    def __init__(self, text: str, known: Collection[str]) -> None:
        self._text = text
        self._known = frozenset(known)
        self.names: set[str] = set()
        self.refused: list[_Refused] = []

    def nodes(self) -> list[_Node]:
        root = _Branch(None)
        open_branches = [root]
        begun: list[tuple[_Choice, int]] = []
        for at, mark, inner in self._parts():
            try:
                if mark == "":
                    open_branches[-1].inside.append(_Text(inner))
                elif mark == "{{":
                    open_branches[-1].inside.append(self._printed(at, inner))
                elif mark == "{%":
                    self._tag(at, inner, open_branches, begun)
            except _Refused as refused:
                self.refused.append(refused)
        for _, at in begun:
            self.refused.append(_Refused(at, "condition_not_closed", "Close this condition with {% endif %}."))
        return root.inside

    def _parts(self) -> Iterator[tuple[int, str, str]]:
        """Position, opening mark (empty for plain text) and what is between the marks."""
        text, at = self._text, 0
        while found := _MARK.search(text, at):
            mark, start = found.group(), found.start()
            end = text.find(_CLOSING[mark], start + 2)
            if end < 0:
                message = f'Close "{mark}" with "{_CLOSING[mark]}". To print it as it is, write {{{{ "{mark}" }}}}.'
                self.refused.append(_Refused(start, "merge_field_not_closed", message))
                break
            quoted = _QUOTED.match(text, _skip_space(text, start + 2)) if mark == "{{" else None
            if quoted and text.startswith("}}", _skip_space(text, quoted.end())):
                end = _skip_space(text, quoted.end())  # the braces may stand inside the quotes
            inner, behind = text[start + 2 : end], end + 2
            before, behind = self._around(text, at, start, behind, mark)
            if before:
                yield at, "", before
            yield start, mark, inner
            at = behind
        if at < len(text):
            yield at, "", text[at:]

    @staticmethod
    def _around(text: str, at: int, start: int, behind: int, mark: str) -> tuple[str, int]:
        """The text before a mark, and where that behind it begins: a tag alone on its line takes the line with it."""
        before = text[at:start]
        if mark == "{{":
            return before, behind
        line_start = text.rfind("\n", 0, start) + 1
        next_line = _skip_space(text, behind, " \t")
        alone = not text[line_start:start].strip(" \t") and (next_line == len(text) or text[next_line] == "\n")
        if not alone:
            return before, behind
        return text[at : max(at, line_start)], min(next_line + 1, len(text))

    def _printed(self, at: int, inner: str) -> _Node:
        what = _without_trim_signs(inner)
        if _QUOTED.fullmatch(what):
            return _Text(what[1:-1])
        return _Field(self._name(at, what))

    def _tag(self, at: int, inner: str, open_branches: list[_Branch], begun: list[tuple[_Choice, int]]) -> None:
        what = _without_trim_signs(inner)
        condition = _CONDITION.fullmatch(what)
        if condition and condition.group(1) == "if":
            if len(begun) >= DEEPEST:
                raise _Refused(at, "nested_too_deeply", f"Use at most {DEEPEST} conditions within each other.")
            branch = self._branch(at, condition)
            choice = _Choice([branch])
            open_branches[-1].inside.append(choice)
            open_branches.append(branch)
            begun.append((choice, at))
        elif condition or what in {"else", "endif"}:
            if not begun:
                raise _Refused(
                    at, "condition_not_open", f'There is no open {{% if … %}} for "{what[:_LONGEST_SHOWN]}".'
                )
            choice = begun[-1][0]
            open_branches.pop()
            if what == "endif":
                begun.pop()
                return
            branch = self._branch(at, condition) if condition else _Branch(None)
            if choice.branches[-1].name is None:
                open_branches.append(branch)
                raise _Refused(at, "condition_closed", "After {% else %} there can only be {% endif %}.")
            choice.branches.append(branch)
            open_branches.append(branch)
        else:
            _refuse_tag(at, what)

    def _branch(self, at: int, condition: re.Match[str]) -> _Branch:
        try:
            name = self._name(at, condition.group(3).strip())
        except _Refused as refused:
            self.refused.append(refused)  # the condition is open all the same
            name = "?"
        return _Branch(name, negated=bool(condition.group(2)))

    def _name(self, at: int, what: str) -> str:
        if what in self._known:
            self.names.add(what)
            return what
        shown = what if len(what) <= _LONGEST_SHOWN else what[:_LONGEST_SHOWN] + "…"
        if _NAME.fullmatch(what):
            near = nearest(what, self._known)
            hint = f'Did you mean "{near}"?' if near else f"Use one of {', '.join(sorted(self._known))}."
            raise _Refused(at, "unknown_merge_field", f'There is no field "{shown}". {hint}')
        example = min(self._known, default="contact.last_name")
        raise _Refused(
            at,
            "merge_field_not_valid",
            f'"{shown}" is no field. Only the name of a field can stand here, such as {example}: '
            "no filters, calls, indexes or sums.",
        )


def nearest(name: str, known: Collection[str]) -> str | None:
    """The known field that *name* most likely means; None when none is near."""
    lowered = name.lower()[:200]
    close = difflib.get_close_matches(lowered, sorted(known), n=1, cutoff=0.75)
    if close:
        return close[0]
    last = lowered.rpartition(".")[2].replace("_", "")
    return next((one for one in sorted(known) if one.rpartition(".")[2].replace("_", "") == last), None)


def _shown(nodes: list[_Node], values: Mapping[str, str | None]) -> Iterator[_Text | _Field]:
    for node in nodes:
        if isinstance(node, _Choice):
            for branch in node.branches:
                if branch.name is None or bool(values.get(branch.name)) is not branch.negated:
                    yield from _shown(branch.inside, values)
                    break
        else:
            yield node


def _skip_space(text: str, at: int, space: str = " \t\n") -> int:
    while at < len(text) and text[at] in space:
        at += 1
    return at


def _without_trim_signs(inner: str) -> str:
    """Jinja's ``{{-`` and ``-}}`` are let through: gaps are closed here anyway."""
    return inner.removeprefix("-").removesuffix("-").strip()


def _refuse_tag(at: int, what: str) -> NoReturn:
    word = what.split(maxsplit=1)[0][:_LONGEST_SHOWN] if what else ""
    raise _Refused(
        at,
        "merge_tag_not_known",
        f'"{word}" is not known here. There are if, elif, else and endif; no loops and no rest.',
    )

"""The documents under docs/ say what the code says."""

import ast
import importlib
import json
import re
from collections.abc import Iterator

import pytest

from tests.template.reading import ROOT, root

PACKAGE = ROOT / "layers/carebook/carebook"
DOCUMENTED = re.compile(r"`([A-Za-z_.]+)`")


def sources() -> Iterator[ast.AST]:
    for path in sorted(PACKAGE.rglob("*.py")):
        yield ast.parse(path.read_text(encoding="utf-8"))


def codes_in_source() -> set[str]:
    """Every code that a refusal or a field error can carry."""
    found: set[str] = set()
    for node in (node for tree in sources() for node in ast.walk(tree)):
        match node:
            case ast.Assign(targets=[ast.Name(id="code")], value=ast.Constant(value=str(code))):
                found.add(code)
            case ast.keyword(arg="code", value=ast.Constant(value=str(code))):
                found.add(code)
            case ast.Call(func=ast.Name(id="FieldError"), args=[_, ast.Constant(value=str(code)), *_]):
                found.add(code)
            case ast.Call(func=ast.Name(id="_Refused"), args=[_, ast.Constant(value=str(code)), *_]):
                found.add(code)
            case ast.Call(func=ast.Name(id="PydanticCustomError"), args=[ast.Constant(value=str(code)), *_]):
                found.add(code)
            case ast.Tuple(elts=[ast.Constant(value=str(code)), ast.Constant(value=str(words))]) if words.endswith("."):
                found.add(code)
    responses = root().resources["Api"]["Properties"]["GatewayResponses"].values()
    found |= {json.loads(response["ResponseTemplates"]["application/json"])["code"] for response in responses}
    return found - {"error"}


def test_every_code_is_documented() -> None:
    documented = set(DOCUMENTED.findall((ROOT / "docs/errors.md").read_text(encoding="utf-8")))
    codes = codes_in_source()
    assert {"malformed_json", "phone_not_valid", "wrong_type", "archived"} <= codes
    assert codes - documented == set()


def test_every_key_shape_is_documented() -> None:
    documented = set(DOCUMENTED.findall((ROOT / "docs/table.md").read_text(encoding="utf-8")))
    tree = ast.parse((PACKAGE / "keys.py").read_text(encoding="utf-8"))
    built = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    assert built
    assert built - documented == set()


def test_every_finding_is_documented() -> None:
    documented = set(DOCUMENTED.findall((ROOT / "docs/errors.md").read_text(encoding="utf-8")))
    found: set[str] = set()
    for path in [*(PACKAGE / "claims").glob("*.py"), PACKAGE / "referrals/claiming.py"]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            match node:
                case ast.Call(func=ast.Attribute(attr="warn" | "error"), args=[ast.Constant(value=str(code)), *_]):
                    found.add(code)
                case ast.Call(func=ast.Name(id="Finding"), args=[ast.Constant(value=str(code)), *_]):
                    found.add(code)
    assert {"npi_missing", "referral_expired", "primary_care_without_referring"} <= found
    assert found - documented == set()


@pytest.mark.parametrize(
    "dotted",
    re.findall(
        r"`((?:contacts|files|cover|duplicates|merging|search|settings|shares|tasks)\.\w*store\.[A-Za-z_.]+)`",
        (ROOT / "docs/table.md").read_text("utf-8"),
    ),
)
def test_every_access_pattern_names_code_that_exists(dotted: str) -> None:
    module, owner, method = dotted.rsplit(".", 2)
    assert callable(getattr(getattr(importlib.import_module(f"carebook.{module}"), owner), method))


def test_the_readme_leads_to_each_page_once_and_under_its_name() -> None:
    links = re.findall(r"\[`(docs/[^]]*)`\]\(([^)]*)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    map_of_the_code = [(name, path) for name, path in links if name != "docs/openapi.json"]
    assert all(name.rstrip("/") == path for name, path in map_of_the_code)
    paths = [path for _, path in map_of_the_code]
    assert len(paths) == len(set(paths))
    assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").glob("*.md")} <= set(paths)

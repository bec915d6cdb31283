"""The templates as the tests read them: plain dictionaries, short tags (!Ref) written out as CloudFormation does."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).resolve().parents[2]
NO_PREFIX: Final = {"Ref", "Condition"}
FUNCTION: Final = "AWS::Serverless::Function"
NESTED: Final = "AWS::Serverless::Application"

type Properties = dict[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _tag(loader: yaml.Loader, suffix: str, node: yaml.Node) -> dict[str, Any]:
    name = suffix if suffix in NO_PREFIX else f"Fn::{suffix}"
    value: Any
    match node:
        case yaml.ScalarNode():
            value = loader.construct_scalar(node)
            if name == "Fn::GetAtt":
                value = value.split(".", 1)
        case yaml.SequenceNode():
            value = loader.construct_sequence(node, deep=True)
        case _:
            assert isinstance(node, yaml.MappingNode)
            value = loader.construct_mapping(node, deep=True)
    return {name: value}


_Loader.add_multi_constructor("!", _tag)


@dataclass(frozen=True)
class Template:
    """One template file."""

    path: Path
    content: dict[str, Any]

    @property
    def resources(self) -> dict[str, dict[str, Any]]:
        """Logical id to resource."""
        found: dict[str, dict[str, Any]] = self.content["Resources"]
        return found

    def of_type(self, kind: str) -> dict[str, Properties]:
        """Logical id to properties of every resource of *kind*."""
        return {name: body.get("Properties", {}) for name, body in self.resources.items() if body["Type"] == kind}


@cache
def read(path: Path) -> Template:
    """The template at *path*."""
    return Template(path, yaml.load(path.read_text(), Loader=_Loader))


def root() -> Template:
    """The template that is deployed."""
    return read(ROOT / "template.yaml")


def nested(name: str) -> Template:
    """The template that the nested stack *name* of the root is made from."""
    return read(ROOT / root().resources[name]["Properties"]["Location"])


def all_templates() -> list[Template]:
    """The root and every nested template."""
    return [root(), *(nested(name) for name in root().of_type(NESTED))]


def everywhere(kind: str) -> Iterator[tuple[str, Properties]]:
    """Logical id and properties of every resource of *kind*, in whatever template."""
    for template in all_templates():
        yield from template.of_type(kind).items()


def only(template: Template, kind: str) -> Properties:
    """The properties of the one resource of *kind* in *template*."""
    (properties,) = template.of_type(kind).values()
    return properties


def functions() -> dict[str, Properties]:
    """Logical id to properties of every function, with what it takes over from Globals."""
    shared = root().content["Globals"]["Function"]
    return {name: {**shared, **own} for name, own in root().of_type(FUNCTION).items()}


def events(name: str) -> dict[str, dict[str, Any]]:
    """What invokes the function *name*."""
    found: dict[str, dict[str, Any]] = functions()[name].get("Events", {})
    return found


def target(value: Any) -> str | None:
    """The logical id that a Ref or GetAtt points at, else None."""
    match value:
        case {"Ref": str(name)}:
            return name
        case {"Fn::GetAtt": [str(name), str()]}:
            return name
    return None


def listed(value: Any) -> list[Any]:
    """*value* as a list, as policies allow one thing or several."""
    return value if isinstance(value, list) else [value]


def given(value: Any) -> Any:
    """What a resource-wide condition (!If) gives when it holds."""
    match value:
        case {"Fn::If": [str(), then, _]}:
            return then
    return value


def resource(value: Any) -> dict[str, Any]:
    """The resource that a Ref or GetAtt points at: of the root, or through an output of one of its nested stacks."""
    match value:
        case {"Fn::GetAtt": [str(stack), str(output)]} if output.startswith("Outputs."):
            inner = nested(stack)
            behind = inner.content["Outputs"][output.removeprefix("Outputs.")]["Value"]
            return inner.resources[target(behind) or ""]
    return root().resources[target(value) or ""]


def statements(role: Properties) -> list[dict[str, Any]]:
    """Every statement of the role's own policies."""
    return [
        statement for policy in role.get("Policies", []) for statement in listed(policy["PolicyDocument"]["Statement"])
    ]


def role_of(name: str) -> str:
    """The logical id of the role of the function *name*."""
    found = target(functions()[name].get("Role"))
    assert found, f"{name} has no role of its own in the template"
    return found

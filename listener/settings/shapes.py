"""
JSON schemas of pydantic models, read for two purposes: to say in words what a key allows, and to find secrets.

Used by `faults`, `secrets` and `editor`. Works for the core's models and for those of adapters alike. `x-allowed` in
a schema is the core's own way to say what no keyword of JSON Schema says.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from listener.settings.shown import shown

Schema = Mapping[str, Any]


def resolved(node: Schema, root: Schema) -> Schema:
    """
    The node itself, references and the wrapping of optional values taken away.
    """
    while True:
        if "$ref" in node:
            node = root["$defs"][node["$ref"].rsplit("/", 1)[1]]
            continue
        choices = [each for each in node.get("anyOf", ()) if each.get("type") != "null"]
        if len(choices) != 1:
            return node
        node = {**choices[0], **{key: value for key, value in node.items() if key.startswith("x-")}}


def properties(schema: Schema) -> Mapping[str, Schema]:
    """
    Key to schema of a table.
    """
    found: Mapping[str, Schema] = schema.get("properties", {})
    return found


def secret_keys(schema: Schema) -> tuple[str, ...]:
    """
    The keys of a table that hold secrets (pydantic marks them as write-only).
    """
    return tuple(
        key for key, node in properties(schema).items() if resolved(node, schema).get("writeOnly") is True
    )


def describe(node: Schema, root: Schema) -> str | None:
    """
    What a value may be, in words; None where the schema does not say.
    """
    node = resolved(node, root)
    if "x-allowed" in node:
        return str(node["x-allowed"])
    if "const" in node:
        return shown(node["const"])
    if "enum" in node:
        return ", ".join(shown(value) for value in node["enum"])
    if "anyOf" in node:
        said = [describe(choice, root) for choice in node["anyOf"] if choice.get("type") != "null"]
        return " or ".join(dict.fromkeys(text for text in said if text)) or None
    return _describe_type(node, root)


def _describe_type(node: Schema, root: Schema) -> str | None:
    match node.get("type"):
        case "integer":
            return "a whole number" + _range(node)
        case "number":
            return "a number" + _range(node)
        case "boolean":
            return "true or false"
        case "array":
            item = describe(node["items"], root) if "items" in node else None
            return f"a list, each item {item}" if item else "a list"
        case "object":
            return "a table"
        case "string":
            return _FORMATS.get(str(node.get("format")), "text")
    return None


_FORMATS: Final = {
    "date": "a date such as 2027-01-31",
    "date-time": "an instant such as 2027-01-31T12:00:00Z",
    "path": "a path",
    "file-path": "a path",
    "uri": "an address",
    "password": "a secret",
}


def _range(node: Schema) -> str:
    low, high = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if low is not None and high is not None:
        return f", {shown(low)} to {shown(high)}"
    said = [f"at least {shown(low)}"] if low is not None else []
    said += [f"more than {shown(above)}"] if above is not None else []
    said += [f"at most {shown(high)}"] if high is not None else []
    said += [f"less than {shown(below)}"] if below is not None else []
    return f", {' and '.join(said)}" if said else ""

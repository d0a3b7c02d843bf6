"""
JSON Schema of `listener.toml` for editors, the keys of every registered adapter included.

Draft 7, because that is what the TOML extensions of editors read. Each adapter is one closed shape of a `[[source]]`,
told apart by `adapter`.
"""

from __future__ import annotations

import json
from typing import Any, Final

from pydantic import BaseModel

from listener import registry
from listener.settings.schema import Document, HttpToken, SourceTable
from listener.settings.secrets import file_key
from listener.settings.shapes import secret_keys

_REF: Final = "#/definitions/{prefix}{{model}}"


def editor_schema() -> dict[str, Any]:
    """
    The schema. Imports every registered adapter.

    Raises:
        ConfigError: an installed adapter cannot be imported.
    """
    schema, definitions = _schema(Document)
    definitions["HttpToken"] = _with_files(definitions["HttpToken"], HttpToken)
    shapes = []
    for name in registry.names():
        shape, more = _source_shape(name)
        definitions |= more
        definitions[f"source.{name}"] = shape
        shapes.append({"$ref": f"#/definitions/source.{name}"})
    definitions.pop("SourceTable")
    schema["properties"]["source"]["items"] = {"anyOf": shapes} if shapes else False
    plain: dict[str, Any] = json.loads(
        json.dumps(
            {
                "$schema": "http://json-schema.org/draft-07/schema#",
                **schema,
                "title": "listener.toml",
                "definitions": definitions,
            }
        )
    )
    return plain


def _schema(model: type[BaseModel], prefix: str = "") -> tuple[dict[str, Any], dict[str, Any]]:
    schema = model.model_json_schema(ref_template=_REF.format(prefix=prefix))
    definitions = {f"{prefix}{name}": each for name, each in schema.pop("$defs", {}).items()}
    return schema, definitions


def _source_shape(name: str) -> tuple[dict[str, Any], dict[str, Any]]:
    spec = registry.spec(name)
    core, _ = _schema(SourceTable)
    own, definitions = _schema(spec.config, f"source.{name}.")
    own = _with_files(own, spec.config)
    return {
        "title": f"source: {name}",
        "description": spec.summary,
        "type": "object",
        "additionalProperties": False,
        "required": [*core.get("required", []), *own.get("required", [])],
        "properties": {**own.get("properties", {}), **core["properties"], "adapter": {"const": name}},
    }, definitions


def _with_files(schema: dict[str, Any], model: type[BaseModel]) -> dict[str, Any]:
    """
    A secret's key replaced by the one that names its file.
    """
    secrets = secret_keys(model.model_json_schema())
    kept = {key: node for key, node in schema.get("properties", {}).items() if key not in secrets}
    for key in secrets:
        meaning = f"File that holds `{key}`; it can also come from the environment."
        kept.setdefault(file_key(key), {"type": "string", "format": "path", "description": meaning})
    required = [key for key in schema.get("required", []) if key not in secrets]
    return {**schema, "properties": kept, "required": required}

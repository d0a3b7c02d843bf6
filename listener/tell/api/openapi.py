"""
The OpenAPI 3.1 document, made of the table of operations and of the types that answers are encoded from.

Source: https://spec.openapis.org/oas/v3.1.1.html.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec

from listener.tell.api.operations import Answer, Operation
from listener.tell.api.problems import MEDIA_TYPE, TITLES, Problem
from listener.tell.api.query import Parameter

OPENAPI_VERSION: Final = "3.1.1"
_REF: Final = "#/components/schemas/{name}"
_DESCRIPTION: Final = (
    "What the public says to us and about us; never who said it.\n\n"
    "Numbers and classes: the terms of some networks allow counts, shares, trends, moods or topics to be made of their posts"
    " only under an agreement. `GET /v1/sources` says of each source where it stands (`derived_metrics`). Posts of a source that"
    " says `not_agreed` may be shown one by one and in lists, and are left out of every number and every classification;"
    " leaving them out is told beside the number."
)


def document(operations: Sequence[Operation], *, version: str) -> dict[str, Any]:
    """
    The whole document.

    Args:
        operations: Every row of the table.
        version: Of this program.
    """
    shapes = _shapes(operations)
    schemas, components = msgspec.json.schema_components(shapes, ref_template=_REF)
    by_shape = dict(zip(map(id, shapes), schemas, strict=True))
    paths: dict[str, Any] = {}
    for operation in operations:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation, by_shape)
    components["Problem"]["properties"]["type"]["enum"] = [
        f"urn:civic-listener:problem:{slug}" for slug in TITLES
    ]
    return {
        "openapi": OPENAPI_VERSION,
        "info": {
            "title": "civic-listener",
            "version": version,
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "paths": paths,
        "components": {
            "schemas": components,
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }


def _shapes(operations: Sequence[Operation]) -> list[Any]:
    """
    Every type that has a schema, each once.
    """
    shapes: list[Any] = [Problem]
    for operation in operations:
        shapes += [answer.shape for answer in operation.answers.values() if answer.shape is not None]
        if operation.body is not None:
            shapes.append(operation.body)
    return list({id(shape): shape for shape in shapes}.values())


def _operation(operation: Operation, schemas: dict[int, Any]) -> dict[str, Any]:
    described: dict[str, Any] = {
        "operationId": operation.name,
        "summary": operation.summary,
        "responses": {str(status): _answer(answer, schemas) for status, answer in operation.answers.items()}
        | {"default": _answer(_PROBLEM, schemas)},
        # An empty requirement: on a loopback address, reading needs no token; elsewhere it does.
        "security": _security(operation),
    }
    parameters = list(map(_parameter, operation.parameters))
    if operation.path.endswith("/{token}"):
        parameters.append(_TOKEN)
    if parameters:
        described["parameters"] = parameters
    if operation.form:
        described["requestBody"] = {
            "required": False,
            "content": {"application/x-www-form-urlencoded": {"schema": _FORM}},
        }
    if operation.body is not None:
        content = {"application/json": {"schema": schemas[id(operation.body)]}}
        described["requestBody"] = {"required": True, "content": content}
    return described


_PROBLEM: Final = Answer(meaning="What went wrong and what to do.", media_type=MEDIA_TYPE, shape=Problem)


_FORM: Final = {
    "type": "object",
    "properties": {
        "token": {
            "type": "string",
            "format": "password",
            "description": "A bearer token, for whoever has no header to send it in.",
        }
    },
    "additionalProperties": False,
}


_TOKEN: Final = {
    "name": "token",
    "in": "path",
    "required": True,
    "description": "Opaque; as it was given out.",
    "schema": {"type": "string"},
}


def _security(operation: Operation) -> list[dict[str, list[str]]]:
    if operation.scope is None:
        return []
    needed: dict[str, list[str]] = {"token": [operation.scope]}
    return [needed] if operation.scope == "operate" else [{}, needed]


def _answer(answer: Answer, schemas: dict[int, Any]) -> dict[str, Any]:
    content = {} if answer.shape is None else {"schema": schemas[id(answer.shape)]}
    return {"description": answer.meaning, "content": {answer.media_type: content}}


def _parameter(parameter: Parameter) -> dict[str, Any]:
    schema = dict(parameter.schema)
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.meaning,
        "schema": {"type": "array", "items": schema} if parameter.repeats else schema,
    }

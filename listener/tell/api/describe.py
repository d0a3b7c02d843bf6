"""
Handlers of the operations that describe the API itself.
"""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from starlette.requests import Request
from starlette.responses import Response

from listener.events import event_schema
from listener.tell.api.openapi import document
from listener.tell.api.query import read_query
from listener.tell.api.table import OPERATIONS, SCHEMA_TYPE


@dataclass(frozen=True, slots=True)
class Describer:
    """
    Args:
        version: Of this program.
    """

    version: str

    async def openapi(self, request: Request) -> Response:
        """
        The OpenAPI document.
        """
        read_query(request, ())
        described = document(OPERATIONS, version=self.version)
        return Response(orjson.dumps(described), media_type="application/json")

    async def event_shape(self, request: Request) -> Response:
        """
        JSON Schema of every event.
        """
        read_query(request, ())
        return Response(orjson.dumps(event_schema()), media_type=SCHEMA_TYPE)

"""
What an operation of the API is: one row of the table that routes, the door and the OpenAPI document all read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from listener.tell.api.access import Scope
from listener.tell.api.query import Parameter


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    One way an operation answers.

    Args:
        meaning: One sentence.
        media_type: Of the body.
        shape: Type of the body, from which its schema is made; None where it is no JSON of ours.
    """

    meaning: str
    media_type: str = "application/json"
    shape: Any = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """
    One row.

    Args:
        name: Its `operationId`; `app.py` knows what answers it.
        method: `GET` also answers HEAD.
        path: Exact, or with `{token}` as its last part, which varies and is never written down.
        scope: What a token must open; None for what anybody may ask.
        summary: One line.
        answers: By status; every operation also answers with problems.
        parameters: Of the query.
        body: Type of the JSON body; None where there is none.
        form: The body is a form of a browser, whose field `token` may stand for the header: what answers asks
            `access.admitted` itself.
    """

    name: str
    method: Literal["GET", "POST"]
    path: str
    scope: Scope | None
    summary: str
    answers: dict[int, Answer]
    parameters: tuple[Parameter, ...] = ()
    body: type | None = None
    form: bool = False

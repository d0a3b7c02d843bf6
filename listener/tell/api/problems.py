"""
What is told when a request cannot be answered: problem details (RFC 9457) that say what to do.

A problem never repeats a value that was sent, because addresses and bodies may name people; it names the parameter
at most, cut short.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from msgspec import Meta
from starlette.responses import Response

MEDIA_TYPE: Final = "application/problem+json"
_NAME_SHOWN: Final = 40
"""Chosen: the longest parameter name is 9 letters; a longer one is a mistake and may be a secret."""


class Problem(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """
    RFC 9457 problem details; the last four members are extensions.
    """

    type: Annotated[str, Meta(description="urn:civic-listener:problem:<slug>; slugs are a closed set.")]
    title: str
    status: int
    detail: str
    parameter: Annotated[str | None, Meta(description="The parameter or member at fault.")] = None
    allowed: Annotated[tuple[str, ...], Meta(description="What would be accepted.")] = ()
    nearest: Annotated[str | None, Meta(description="What was probably meant.")] = None
    faults: Annotated[
        tuple[str, ...], Meta(description="Each fault of a configuration, with file and key.")
    ] = ()


TITLES: Final = {
    "unknown-parameter": "Unknown parameter",
    "bad-value": "Value not accepted",
    "bad-body": "Body not accepted",
    "body-too-large": "Body too large",
    "body-too-slow": "Body did not arrive in time",
    "not-json": "Body is not JSON",
    "wrong-host": "Wrong host name",
    "foreign-origin": "Foreign origin",
    "token-needed": "Token needed",
    "token-unknown": "Token not known",
    "scope-missing": "Scope missing",
    "no-such-route": "No such route",
    "wrong-method": "Method not allowed",
    "too-many-streams": "Too many streams",
    "file-refused": "File refused",
    "configuration-refused": "Configuration refused",
    "statement-not-accepted": "Privacy statement not accepted",
    "queue-unavailable": "Queue unavailable",
    "queue-full": "Queue full",
    "fault": "Internal fault",
}
"""Every problem there is, by slug; the OpenAPI document lists them."""


class Refusal(Exception):
    """
    Raised anywhere below the door, caught by it, and answered as a problem.
    """

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        *,
        parameter: str | None = None,
        allowed: Sequence[str] = (),
        nearest: str | None = None,
        faults: Sequence[str] = (),
        headers: dict[str, str] | None = None,
    ) -> None:
        super().__init__(slug)
        self.headers = headers or {}
        self.problem = Problem(
            type=f"urn:civic-listener:problem:{slug}",
            title=TITLES[slug],
            status=status,
            detail=detail,
            parameter=None if parameter is None else parameter[:_NAME_SHOWN],
            allowed=tuple(allowed),
            nearest=nearest,
            faults=tuple(faults),
        )


def answer(refusal: Refusal) -> Response:
    """
    The problem as a response.
    """
    return Response(
        msgspec.json.encode(refusal.problem),
        status_code=refusal.problem.status,
        media_type=MEDIA_TYPE,
        headers=refusal.headers,
    )


def unknown_parameter(name: str, allowed: Sequence[str], *, where: str = "parameter") -> Refusal:
    """
    400: nothing of that name is understood here.
    """
    import difflib

    near = difflib.get_close_matches(name[:_NAME_SHOWN], allowed, n=1)
    return Refusal(
        400,
        "unknown-parameter",
        f"This {where} does not exist here; allowed: {', '.join(allowed) or 'none'}.",
        parameter=name,
        allowed=allowed,
        nearest=near[0] if near else None,
    )


def bad_value(name: str, wanted: str, *, found: str = "", allowed: Sequence[str] = ()) -> Refusal:
    """
    400: the parameter exists, its value is not one that is understood.

    Args:
        name: Of the parameter.
        wanted: What would be accepted, as the end of a sentence.
        found: What was sent; used to find the nearest allowed value, never repeated.
        allowed: The closed set, where there is one.
    """
    import difflib

    near = difflib.get_close_matches(found[:_NAME_SHOWN], allowed, n=1)
    return Refusal(
        400,
        "bad-value",
        f"{name} takes {wanted}.",
        parameter=name,
        allowed=allowed,
        nearest=near[0] if near else None,
    )

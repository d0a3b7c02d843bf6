"""
Errors as the API tells them: an envelope with a code, a message that may hold HTML, and reasons; newer ones with details.

Raised by `simulated_query` and `simulated_lists`, answered by `simulated_site`.

Sources: recorded errors (commentsDisabled, quotaExceeded, keyInvalid); developers.google.com, youtube/v3/docs/errors; error
messages quoted in public threads: missingRequiredParameter (Agent-Hellboy/pyytdata#23, 2022), unknownPart
(Spencer-Easton/Apps-Script-GoogleApis-Libraries#4), playlistNotFound (JuanBindez/pytubefix#494, 2025), API_KEY_INVALID
(gabe565/CastSponsorSkip#66, 2024), a day's quota told as 429 (googleapis/google-api-python-client#2753, 2026-05), a field
that does not exist (googleapis/google-api-dotnet-client#1444, 2019), processingFailure (youtube/api-samples#294). What those
do not show is as remembered, 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

Envelope = Literal["newer", "older"]
"""Whether errors of the service in front of the API have `status` and `details`."""

DOCS: Final = "/youtube/v3/docs"
QUOTA_MESSAGE: Final = 'The request cannot be completed because you have exceeded your <a href="/youtube/v3/getting-started#quota">quota</a>.'


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """
    An error in one of the API's own words.

    Args:
        code: HTTP status.
        reason: As `errors[].reason`.
        message: May hold HTML.
        domain: As `errors[].domain`.
        location: What is wrong; with `location_type`.
        status: Of the newer envelope.
        detail: Reason of the newer envelope's `google.rpc.ErrorInfo`.
        limit: Which quota that ErrorInfo says is spent.
    """

    code: int
    reason: str
    message: str
    domain: str = "global"
    location: str | None = None
    location_type: str = "parameter"
    status: str | None = None
    detail: str | None = None
    limit: str | None = None

    def body(self, envelope: Envelope, *, also: str = "") -> dict[str, Any]:
        """
        The envelope.

        Args:
            envelope: Which.
            also: Text that slipped into the message.
        """
        message = f"{self.message} {also}".strip()
        first: dict[str, Any] = {"message": message, "domain": self.domain, "reason": self.reason}
        if self.location is not None:
            first |= {"location": self.location, "locationType": self.location_type}
        error: dict[str, Any] = {"code": self.code, "message": message, "errors": [first]}
        if envelope == "newer" and self.status is not None:
            error["status"] = self.status
        if envelope == "newer" and self.detail is not None:
            limit = {"quota_limit": self.limit} if self.limit is not None else {}
            error["details"] = [
                {
                    "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                    "reason": self.detail,
                    "domain": "googleapis.com",
                    "metadata": {"service": "youtube.googleapis.com", **limit},
                }
            ]
        return {"error": error}


class Refused(Exception):
    """
    A request that is answered with an error.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.reason)
        self.fault = fault


# -------------------------------------------------------------------------------------------------------- keys


def key_invalid(envelope: Envelope) -> Fault:
    """
    The two shapes of a key that is none.
    """
    if envelope == "older":
        return Fault(code=400, reason="keyInvalid", message="Bad Request", domain="usageLimits")
    return Fault(
        code=400,
        reason="badRequest",
        message="API key not valid. Please pass a valid API key.",
        status="INVALID_ARGUMENT",
        detail="API_KEY_INVALID",
    )


KEY_EXPIRED: Final = Fault(
    code=400,
    reason="badRequest",
    message="API key expired. Please renew the API key.",
    status="INVALID_ARGUMENT",
    detail="API_KEY_INVALID",
)
KEY_MISSING: Final = Fault(
    code=403,
    reason="forbidden",
    message="The request is missing a valid API key.",
    status="PERMISSION_DENIED",
)
ADDRESS_BLOCKED: Final = Fault(
    code=403,
    reason="forbidden",
    message="The provided API key has an IP address restriction. The originating IP address of the call violates this restriction.",
    status="PERMISSION_DENIED",
    detail="API_KEY_IP_ADDRESS_BLOCKED",
)
SERVICE_DISABLED: Final = Fault(
    code=403,
    reason="accessNotConfigured",
    message="YouTube Data API v3 has not been used in this project before or it is disabled.",
    domain="usageLimits",
    status="PERMISSION_DENIED",
    detail="SERVICE_DISABLED",
)
LOGIN: Final = Fault(
    code=401,
    reason="required",
    message="Login Required.",
    location="Authorization",
    location_type="header",
    status="UNAUTHENTICATED",
)

# ------------------------------------------------------------------------------------------------------ limits

QUOTA_EXCEEDED: Final = Fault(code=403, reason="quotaExceeded", message=QUOTA_MESSAGE, domain="youtube.quota")
SEARCHES_EXCEEDED: Final = Fault(
    code=429,
    reason="rateLimitExceeded",
    message="Quota exceeded for quota metric 'Search Queries' and limit 'Search Queries per day' of service "
    "'youtube.googleapis.com' for consumer 'project_number:000000000000'.",
    status="RESOURCE_EXHAUSTED",
    detail="RATE_LIMIT_EXCEEDED",
    limit="SearchQueriesPerDayPerProject",
)
"""
What the bucket of uploads was seen to say in 2026-05, without details, as the older envelope has it here; whether that of
searches says so, too, nobody told.
"""

IN_HASTE: Final = Fault(
    code=429,
    reason="rateLimitExceeded",
    message="Quota exceeded for quota metric 'Queries' and limit 'Queries per minute' of service "
    "'youtube.googleapis.com' for consumer 'project_number:000000000000'.",
    status="RESOURCE_EXHAUSTED",
    detail="RATE_LIMIT_EXCEEDED",
    limit="defaultPerMinutePerProject",
)
RATE_403: Final = Fault(
    code=403, reason="rateLimitExceeded", message="Rate Limit Exceeded", domain="usageLimits"
)
USER_RATE: Final = Fault(
    code=403, reason="userRateLimitExceeded", message="User Rate Limit Exceeded", domain="usageLimits"
)
FORBIDDEN: Final = Fault(code=403, reason="forbidden", message="Access forbidden.", domain="youtube.common")
UNAVAILABLE: Final = Fault(
    code=503,
    reason="backendError",
    message="The service is currently unavailable.",
    status="UNAVAILABLE",
)
INTERNAL: Final = Fault(
    code=500, reason="internalError", message="Internal error encountered.", status="INTERNAL"
)
NOT_FOUND: Final = Fault(code=404, reason="notFound", message="Not Found")


# -------------------------------------------------------------------------------------------------- parameters


def parameter(reason: str, message: str, location: str | None = None) -> Fault:
    """
    A request that the API understands and does not take.
    """
    if location is None:
        return Fault(
            code=400,
            reason=reason,
            message=message,
            domain="youtube.parameter",
            location="parameters.",
            location_type="other",
        )
    return Fault(code=400, reason=reason, message=message, domain="youtube.parameter", location=location)


def value(name: str, message: str) -> Fault:
    """
    A value that the service in front of the API does not take.
    """
    return Fault(
        code=400, reason="invalidParameter", message=message, location=name, status="INVALID_ARGUMENT"
    )


def unknown_part(part: str) -> Fault:
    """
    A part that no such resource has.
    """
    return Fault(code=400, reason="unknownPart", message=part, domain="youtube.part", location="part")


def processing(route: str) -> Fault:
    """
    A 400 that says nothing about the request.
    """
    singular = route.removesuffix("s")
    return Fault(
        code=400,
        reason="processingFailure",
        message="The API server failed to successfully process the request. While this can be a transient error, it usually "
        "indicates that the request's input is invalid. Check the structure of the "
        f"<code>{singular}</code> resource in the request body to ensure that it is valid.",
        domain=f"youtube.{singular}",
        location="body",
        location_type="other",
    )


def comments_disabled() -> Fault:
    """
    A video under which nobody may write.
    """
    link = f'<code><a href="{DOCS}/commentThreads/list#videoId">videoId</a></code>'
    return Fault(
        code=403,
        reason="commentsDisabled",
        message=f"The video identified by the {link} parameter has disabled comments.",
        domain="youtube.commentThread",
        location="videoId",
    )


def missing(route: str, what: str, name: str) -> Fault:
    """
    Something that is not there, or no longer.

    Args:
        route: Such as `commentThreads`.
        what: Such as `video`.
        name: Of the parameter.
    """
    link = f'<code><a href="{DOCS}/{route}/list#{name}">{name}</a></code>'
    return Fault(
        code=404,
        reason=f"{what}NotFound",
        message=f"The {what} identified by the {link} parameter could not be found.",
        domain=f"youtube.{route.removesuffix('s')}",
        location=name,
    )

"""
How a simulated X says no: every shape of error that its API has.

Raised by the other modules as `Refused`, written by `simulated_site`.

Sources: docs.x.com, fundamentals/response-codes-and-errors and rate-limits, and the published schema (problems, legacy errors);
recorded 400, 401, 403 and 429 bodies; the two bodies of 402 as their readers reported them in public trackers (2026); the
bodies of a spent cap and of an unsupported authentication as remembered. All 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

ProblemHost = Literal["https://api.x.com", "https://api.twitter.com"]
TooMany = Literal["problem", "legacy", "text"]
Broke = Literal["title", "status"]

Json = dict[str, Any]

ACCOUNT_ID: Final = 1_900_000_000_000_000_001
"""Of the developer's account, as some errors tell it."""


@dataclass(frozen=True, slots=True)
class Answer:
    """
    The status and body of an error.

    Args:
        status: HTTP.
        body: JSON, or a text.
        problem: Whether it calls itself `application/problem+json`.
    """

    status: int
    body: Json | str
    problem: bool = True


class Refused(Exception):
    """
    A request that is answered with an error.
    """

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


@dataclass(slots=True)
class Manners:
    """
    How the server words its errors; may be changed at any time.

    Args:
        host: Of the `type` of problems.
        too_many: Shape of a 429 for the rate.
        broke: Shape of a 402: by its title, or by its status.
        suspended_as: Last part of the `type` under which a look-up tells of posts of suspended accounts; no source says which.
    """

    host: ProblemHost = "https://api.x.com"
    too_many: TooMany = "problem"
    broke: Broke = "status"
    suspended_as: Literal["resource-not-found", "not-authorized-for-resource", "resource-unavailable"] = (
        "not-authorized-for-resource"
    )

    def type(self, name: str) -> str:
        """
        Such as `https://api.x.com/2/problems/invalid-request`.
        """
        return f"{self.host}/2/problems/{name}"

    def invalid(self, parameters: Mapping[str, Sequence[str]], message: str) -> Refused:
        """
        A request that is not as it should be: 400.
        """
        return Refused(
            Answer(
                400,
                {
                    "errors": [
                        {
                            "parameters": {name: list(said) for name, said in parameters.items()},
                            "message": message,
                        }
                    ],
                    "title": "Invalid Request",
                    "detail": "One or more parameters to your request was invalid.",
                    "type": self.type("invalid-request"),
                },
            )
        )

    def unauthorized(self) -> Refused:
        """
        No credential, or none that is good: 401.
        """
        body = {"title": "Unauthorized", "type": "about:blank", "status": 401, "detail": "Unauthorized"}
        return Refused(Answer(401, body))

    def unsupported(self, used: str, allowed: Sequence[str]) -> Refused:
        """
        A good credential of the wrong kind: 403.
        """
        body = {
            "title": "Unsupported Authentication",
            "detail": f"Authenticating with {used} is forbidden for this endpoint.  Supported authentication types are "
            f"[{', '.join(allowed)}].",
            "type": self.type("unsupported-authentication"),
            "status": 403,
        }
        return Refused(Answer(403, body))

    def not_enrolled(self) -> Refused:
        """
        An app that may not: 403.
        """
        body = {
            "client_id": "16340226",
            "required_enrollment": "Appropriate Level of API Access",
            "registration_url": "https://developer.twitter.com/en/docs/projects/overview",
            "title": "Client Forbidden",
            "detail": "When authenticating requests to the Twitter API v2 endpoints, you must use keys and tokens from a "
            "developer App that is attached to a Project.",
            "reason": "client-not-enrolled",
            "type": self.type("client-forbidden"),
        }
        return Refused(Answer(403, body))

    def too_many_requests(self) -> Refused:
        """
        The rate: 429.
        """
        if self.too_many == "text":
            return Refused(Answer(429, "Rate limit exceeded", problem=False))
        if self.too_many == "legacy":
            body: Json = {"errors": [{"code": 88, "message": "Rate limit exceeded"}]}
            return Refused(Answer(429, body, problem=False))
        body = {
            "title": "Too Many Requests",
            "detail": "Too Many Requests",
            "type": "about:blank",
            "status": 429,
        }
        return Refused(Answer(429, body))

    def capped(self) -> Refused:
        """
        The posts of a month: 429, too, and no header tells when it ends.
        """
        body = {
            "account_id": ACCOUNT_ID,
            "product_name": "pay-per-use",
            "title": "UsageCapExceeded",
            "period": "Monthly",
            "scope": "Product",
            "detail": "Usage cap exceeded: Monthly product cap",
            "type": self.type("usage-capped"),
        }
        return Refused(Answer(429, body))

    def payment_required(self) -> Refused:
        """
        Nothing left to pay with: 402.
        """
        if self.broke == "title":
            body: Json = {
                "account_id": ACCOUNT_ID,
                "title": "CreditsDepleted",
                "detail": f"Your enrolled account [{ACCOUNT_ID}] does not have any credits to fulfill this request.",
                "type": self.type("credits"),
            }
            return Refused(Answer(402, body))
        body = {
            "status": 402,
            "title": "Payment Required",
            "detail": "credits depleted",
            "type": self.type("credits-depleted"),
        }
        return Refused(Answer(402, body))

    def unavailable(self, identity: str, reason: str) -> Json:
        """
        What a look-up tells of a post it cannot show, within a 200.

        Args:
            identity: Of the post.
            reason: Last part of the `type`.
        """
        told = {
            "resource-not-found": ("Not Found Error", f"Could not find tweet with ids: [{identity}]."),
            "not-authorized-for-resource": (
                "Authorization Error",
                f"Sorry, you are not authorized to see the Tweet with ids: [{identity}].",
            ),
            "resource-unavailable": (
                "Resource Unavailable",
                f"The Tweet with ids: [{identity}] is not available.",
            ),
        }
        title, detail = told[reason]
        return {
            "value": identity,
            "detail": detail,
            "title": title,
            "resource_type": "tweet",
            "parameter": "ids",
            "resource_id": identity,
            "type": self.type(reason),
        }

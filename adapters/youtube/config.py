"""
The adapter's own keys of a `[[source]]` table, checked before anything is read.

Takes the table from `listener.settings`; gives a frozen model to `adapters.youtube.build`.
"""

from __future__ import annotations

import hashlib
import re
from ipaddress import ip_address
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

GOOGLE: Final = "https://www.googleapis.com"

OWN_INTERVAL_S: Final = 60.0
"""
What is said to us is seen within two minutes (design, section 7). Each reading costs a unit for the newest comments and at
most one more for a recent video: 2,880 of the 10,000 units of a day.
"""

PUBLIC_INTERVAL_S: Final = 900.0
PUBLIC_FLOOR_S: Final = 300.0
UPLOADS_INTERVAL_S: Final = 600.0
"""Chosen: nobody waits for an answer to a video; 144 units a day."""

SEARCH_PART: Final = 0.9
"""Chosen: of the day's searches, what is planned for; the rest is for restarts and for readings by hand."""

_CHANNEL: Final = re.compile(r"UC[A-Za-z0-9_-]{22}")
_KEY: Final = re.compile(r"[!-~]{10,200}")
_RESERVED: Final = (".example", ".test", ".localhost", ".invalid")
"""Names that lead nowhere on the open network (RFC 2606, RFC 6761)."""


def _endpoint(text: str) -> str:
    """
    Where the API is: Google, or a simulator at a place where a key cannot get lost.

    Raises:
        ValueError: with a message that never shows the address.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("no address that can be read") from None
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"must be scheme and host only, as in {GOOGLE}")
    google = parts.scheme == "https" and parts.port is None and host.endswith(".googleapis.com")
    local = parts.scheme in ("http", "https") and _is_local(host)
    if not google and not local:
        raise ValueError(
            f"must be {GOOGLE}, or a simulator on loopback: the key is sent there with every request"
        )
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _is_local(host: str) -> bool:
    if host == "localhost" or host.endswith(_RESERVED):
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def _channel(text: str) -> str:
    if not _CHANNEL.fullmatch(text):
        raise ValueError("must be the id of a channel: UC and 22 characters (a handle would name somebody)")
    return text


def _key(secret: SecretStr) -> SecretStr:
    if not _KEY.fullmatch(secret.get_secret_value()):
        raise ValueError("must be an API key, as the console shows it")
    return secret


class YouTubeConfig(BaseModel):
    """
    One channel, or the titles of videos anywhere.

    Args:
        listen: What is read: comments and replies on a channel, its new videos, or videos whose title a watch asks for.
        channel: Whose comments or videos; not for titles.
        channel_of: Whose it is, where it is not our own. A channel of anybody else is a person's, and cannot be said (design,
            promise 6: nobody is watched by their channel). Stands in the statement, so that somebody signs for it.
        key: Of a project of the organisation's; sent in a header, never in an address.
        endpoint: Where the API is.
        relation: As the core has it: what is said on our own channel is said to us, what it shows is by us.
        units_a_day: Of the project, for everything but searches.
        searches_a_day: Of the project.
        share: Of both, what this service may use; other programs of the organisation may need the rest.
        interval_s: Seconds between two readings; None takes the default of what is read.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    listen: Literal["comments", "uploads", "titles"] = Field(
        default="comments",
        description="Comments on a channel, its new videos, or videos whose title a watch asks for.",
    )
    channel: Annotated[str, AfterValidator(_channel)] | None = Field(
        default=None,
        description="Id of the channel (UC…): the organisation's own; another one only where it belongs to a public "
        "body or a publication.",
    )
    channel_of: Literal["public body", "publication"] | None = Field(
        default=None,
        description="Whose channel it is, where it is not the organisation's own; there is no other choice.",
    )
    key: Annotated[SecretStr, AfterValidator(_key)] = Field(
        description="API key of a project for which the YouTube Data API is switched on."
    )
    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        default=GOOGLE, description="Address of the API; another one only for simulators."
    )
    relation: Literal["own", "public"] = Field(
        default="public", description="As for every source: own for the organisation's own channel."
    )
    units_a_day: float = Field(
        default=10_000.0, ge=100, le=1e9, description="Quota units of the project in a day, without searches."
    )
    searches_a_day: float = Field(
        default=100.0,
        ge=1,
        le=1e6,
        description="Searches of the project in a day, which have a quota of their own.",
    )
    share: float = Field(
        default=1.0, gt=0, le=1, description="Part of both quotas that this service may use."
    )
    interval_s: float | None = Field(
        default=None, ge=OWN_INTERVAL_S, le=86400, description="Seconds between two readings."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.listen == "titles" and self.channel is not None:
            raise ValueError("titles are looked for everywhere: leave out channel")
        if self.listen != "titles" and self.channel is None:
            raise ValueError("comments and uploads are read on a channel: give its id")
        another = self.channel is not None and self.relation == "public"
        if another and self.channel_of is None:
            raise ValueError(
                "another's channel is read where it belongs to a public body or a publication: say which with channel_of"
            )
        if not another and self.channel_of is not None:
            raise ValueError("channel_of is for a channel that is not the organisation's own: leave it out")
        return self

    @property
    def host(self) -> str:
        """
        Host of the API, without port.
        """
        return urlsplit(self.endpoint).hostname or ""

    @property
    def credential(self) -> str:
        """
        Says which key without saying the key.
        """
        return f"youtube-{hashlib.sha256(self.key.get_secret_value().encode()).hexdigest()[:12]}"

    @property
    def uploads(self) -> str:
        """
        The playlist of what the channel published: its id with another beginning, so that no profile is read for it.
        """
        return f"UU{(self.channel or '')[2:]}"

    @property
    def search_every_s(self) -> float:
        """
        Least seconds between two searches, so that they last a day.
        """
        return 86_400.0 / max(self.searches_a_day * self.share * SEARCH_PART, 1.0)

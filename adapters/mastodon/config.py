"""
The adapter's own keys of a `[[source]]` table, checked before anything is read.

Takes the table from `listener.settings`; gives a frozen model to `adapters.mastodon.build`.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

OWN_INTERVAL_S: Final = 60.0
"""What is said to us is seen within two minutes. Source: design, section 7."""

PUBLIC_INTERVAL_S: Final = 300.0
"""Between two readings of all hashtags. Chosen: a fifth of what the limits allow for one source of four tags."""

PUBLIC_FLOOR_S: Final = 120.0
"""No setting goes below it on an instance that is not ours. Chosen; the limits are kept by the spacing of requests."""

TAGS_MAX: Final = 200
"""Tags that a source names beside the watches. Chosen: fifty requests, three minutes at the least spacing."""

_HASHTAG: Final = re.compile(r"#?[\w·・\u200c]+")
_HOST: Final = re.compile(r"[0-9a-z](?:[0-9a-z.-]*[0-9a-z])?")
_ACCOUNT: Final = re.compile(r"(?:@|acct:)?[\w.-]+(?:@[0-9A-Za-z.-]+(?::[0-9]+)?)?")


def _instance(text: str) -> str:
    """
    The address of an instance: scheme and host, nothing behind them.

    Raises:
        ValueError: with a message that never shows the address.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("no address that can be read") from None
    if parts.scheme not in ("http", "https") or not host or not text.isprintable() or " " in text:
        raise ValueError("must be the http or https address of an instance")
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be scheme and host only, as in https://social.example")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _hashtag(text: str) -> str:
    if not _HASHTAG.fullmatch(text):
        raise ValueError("must be a hashtag: letters, digits and underscores")
    return text.lstrip("#")


def _host_name(text: str) -> str:
    if not _HOST.fullmatch(text):
        raise ValueError("must be a host name in lower case, without port")
    return text


def _account(text: str) -> str:
    """
    An account of the organisation's, as `normalise` compares it: folded, without signs.
    """
    if not _ACCOUNT.fullmatch(text):
        raise ValueError("must be a handle, as in @city@social.example")
    return text.casefold().removeprefix("acct:").removeprefix("@")


class MastodonConfig(BaseModel):
    """
    One instance, asked for hashtags or for what mentions us.

    Args:
        endpoint: The instance.
        listen: What is read: posts with hashtags, or posts that mention the account the token belongs to.
        hashtags: Asked for beside those of the watches; what comes is still chosen by the watches.
        token: A user's token with `read:statuses` (and `read:notifications` for mentions). Use an account of the
            organisation's that follows, mutes and blocks nobody and filters no language: the instance leaves out what
            its owner does not want to see.
        streaming: How hashtags are heard between two readings; `auto` takes server-sent events where there is a token.
        streaming_host: Host of the streaming server, where the instance has it elsewhere.
        own_accounts: Handles of the organisation; what they write is by us, what mentions them is said to us.
        interval_s: Seconds between two readings; None takes the default of the relation.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    endpoint: Annotated[str, AfterValidator(_instance)] = Field(
        description="Address of the instance, such as https://social.example."
    )
    listen: Literal["hashtags", "mentions"] = Field(
        default="hashtags",
        description="Posts with hashtags, or posts that mention the account the token belongs to.",
    )
    hashtags: tuple[Annotated[str, AfterValidator(_hashtag)], ...] = Field(
        default=(), max_length=TAGS_MAX, description="Hashtags to ask for beside those of the watches."
    )
    token: SecretStr | None = Field(
        default=None, description="A user's token with read:statuses, and read:notifications for mentions."
    )
    streaming: Literal["auto", "sse", "websocket", "off"] = Field(
        default="auto",
        description="How hashtags are heard between two readings; auto: by server-sent events where there is a token.",
    )
    streaming_host: Annotated[str, AfterValidator(_host_name)] | None = Field(
        default=None, description="Host of the streaming server, where the instance has it elsewhere."
    )
    own_accounts: tuple[Annotated[str, AfterValidator(_account)], ...] = Field(
        default=(), description="Handles of the organisation, such as @city@social.example."
    )
    interval_s: float | None = Field(
        default=None, ge=OWN_INTERVAL_S, le=86400, description="Seconds between two readings."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.token is None and self.listen == "mentions":
            raise ValueError("mentions are read with a token of the account that is mentioned")
        if self.token is None and self.streaming in ("sse", "websocket"):
            raise ValueError("streaming needs a token (since Mastodon 4.2)")
        if self.listen == "mentions" and self.streaming in ("sse", "websocket"):
            raise ValueError("streaming is for hashtags; mentions are read every minute")
        return self

    @property
    def host(self) -> str:
        """
        Host of the instance, lower case, without port.
        """
        return urlsplit(self.endpoint).hostname or ""

    @property
    def place(self) -> str:
        """
        Host with port, where it has one: what the ids of the instance are scoped by.
        """
        return urlsplit(self.endpoint).netloc

    @property
    def way(self) -> Literal["poll", "sse", "websocket"]:
        """
        How the source is built.
        """
        if self.token is None or self.listen == "mentions" or self.streaming == "off":
            return "poll"
        return "sse" if self.streaming == "auto" else self.streaming

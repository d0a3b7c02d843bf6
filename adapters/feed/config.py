"""
The adapter's own keys of a `[[source]]` table, checked before anything is read.

Takes the table from `listener.settings`; gives a frozen model to `adapters.feed.build`.
"""

from __future__ import annotations

from typing import Annotated, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

OWN_INTERVAL_S: Final = 60.0
"""Own hosts may be asked every minute. Source: politeness P8."""

PUBLIC_INTERVAL_S: Final = 3600.0
"""Conditional reads of anybody else's host. Source: politeness P8; rachelbythebay.com/w/feed."""


def _web_address(text: str) -> str:
    """
    The address byte for byte, where it is one that can be asked for.

    Raises:
        ValueError: with a message that never shows the address, because it may hold a secret.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("no address that can be read") from None
    if parts.scheme not in ("http", "https") or not host:
        raise ValueError("must be an absolute http or https address")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name or password")
    if parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must have no fragment, blanks or control characters")
    return text


WebAddress = Annotated[str, AfterValidator(_web_address)]


class FeedConfig(BaseModel):
    """
    One feed.

    Args:
        address: Where the feed is read; sent byte for byte.
        first_address: Where it was read when it was first configured. Identities are scoped by it, so keep it when
            `address` has to change, or everything the feed shows comes back as news.
        interval_s: Seconds between two reads; None takes the default of the relation.
        kind: What the feed carries; `auto` decides by the shape of each entry.
        own_authors: Names under which the organisation itself writes comments on its own site.
        relation: Filled in from the source table: whose site it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    address: WebAddress = Field(description="Absolute http or https address of the feed.")
    first_address: WebAddress | None = Field(
        default=None,
        description="First configured address, where it has changed since; keeps identities.",
    )
    interval_s: float | None = Field(
        default=None, ge=OWN_INTERVAL_S, le=31 * 86400, description="Seconds between two reads."
    )
    kind: Literal["auto", "articles", "comments"] = Field(
        default="auto", description="What the feed carries."
    )
    own_authors: tuple[str, ...] = Field(
        default=(),
        description="Names under which the organisation comments on its own site (relation own only).",
    )
    relation: Literal["own", "public"] = Field(
        default="public", description="Taken from the source; not set here."
    )

    @property
    def scope(self) -> str:
        """
        What identities are scoped by.
        """
        return self.first_address or self.address

    @property
    def host(self) -> str:
        """
        Host of the address, lower case, without port.
        """
        return urlsplit(self.address).hostname or ""

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

FOLLOWED_MAX: Final = 512
"""Bytes of an address that the feed names and that is asked. Chosen; they stand in the cursor until they were."""

HISTORY_MAX: Final = 200
"""Pages of history that are read at most; each is remembered for ever. Chosen: 2,000 posts of a WordPress blog."""


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


def is_web_address(text: str) -> bool:
    """
    Whether a feed may be configured at this address.
    """
    try:
        _web_address(text)
    except ValueError:
        return False
    return True


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
        follow_comments: Whether the feeds of comments that single entries point to are read, too: `own` where the
            site is the organisation's own, because what is said there is said to us; `all` on anybody's; `no`.
        history_pages: How many older pages or archives of the feed are read, each once for ever.
        probe_after_days: Days of nothing but "unchanged" after which a feed that was alive is read without conditions.
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
    follow_comments: Literal["no", "own", "all"] = Field(
        default="own",
        description="On whose sites the comment feeds of single entries are read, when their count goes up.",
    )
    history_pages: int = Field(
        default=0,
        ge=0,
        le=HISTORY_MAX,
        description="Older pages or archives to read, each once (RFC 5005, JSON Feed next_url).",
    )
    probe_after_days: int = Field(
        default=8,
        ge=1,
        le=365,
        description="Days of nothing but 304 after which a feed that was alive is asked without conditions, once.",
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
    def follows_comments(self) -> bool:
        """
        Whether the comment feeds of single entries are read.
        """
        return self.follow_comments == "all" or (self.follow_comments == "own" and self.relation == "own")

    @property
    def wants(self) -> int:
        """
        What is looked for in a document beside its entries, as a set of bits: history 1, comments 2.
        """
        return (self.history_pages > 0) + 2 * self.follows_comments

    @property
    def host(self) -> str:
        """
        Host of the address, lower case, without port.
        """
        return urlsplit(self.address).hostname or ""

    def reaches(self, address: str) -> bool:
        """
        Whether an address that the feed names may be asked: a plain one, on the feed's own host and port, and not
        less secure.
        """
        if not is_web_address(address) or len(address.encode()) > FOLLOWED_MAX:
            return False
        ours, parts = urlsplit(self.address), urlsplit(address)
        same_place = (parts.hostname, parts.port) == (ours.hostname, ours.port)
        return same_place and (parts.scheme == "https" or ours.scheme == "http")

"""
What an instance says of itself, as far as reading depends on it. Pure.

Takes a `WireInstance` from `api`, tells `plan` how its ids sort and how many tags a request may name, `client` whether its
hashtags may be read at all, `stream` where to listen, `recheck` whether it answers for many statuses at once.

Source: docs.joinmastodon.org/entities/Instance, methods/instance; read 2026-11-24.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import urlsplit

from adapters.mastodon.wire import WireInstance

TAGS_A_REQUEST: Final = 4
"""The tag of the path and three of `any[]`. Source: methods/timelines; `LIMIT_PER_MODE` in app/models/tag_feed.rb."""

_VERSION: Final = re.compile(r"\s*v?([0-9]{1,4})\.([0-9]{1,4})")
_MANY_SINCE: Final = (4, 3)
"""`GET /api/v1/statuses?id[]=`. Source: docs.joinmastodon.org/methods/statuses, read 2026-11-24."""

Access = Literal["open", "local_only", "remote_only", "needs_token", "disabled"]


@dataclass(frozen=True, slots=True)
class Instance:
    """
    One instance.

    Args:
        genuine: Mastodon itself or a fork that keeps its ids: numbers that sort by time of writing.
        version: Of the API it speaks; (0, 0) where it does not say readably.
        domain: What its handles end with; None where it does not say.
        streaming: Host and port of its streaming server; None where it does not say.
        local: Who may read posts of its own people by hashtag; None where it does not say.
        remote: Likewise, of everybody else.
    """

    genuine: bool
    version: tuple[int, int]
    domain: str | None
    streaming: str | None
    local: str | None
    remote: str | None

    @property
    def tags_a_request(self) -> int:
        """
        GoToSocial takes no `any[]` and would leave the other tags out without a word.
        """
        return TAGS_A_REQUEST if self.genuine else 1

    @property
    def answers_for_many(self) -> bool:
        """
        Whether several statuses can be asked for at once.
        """
        return self.genuine and self.version >= _MANY_SINCE

    def access(self, *, token: bool) -> Access:
        """
        What of its hashtag timelines can be read. Where a feed is switched off, the instance answers with an empty list
        like one without posts, so that this alone tells the two apart.
        """
        local, remote = (
            level not in ("disabled", "authenticated") or (level == "authenticated" and token)
            for level in (self.local, self.remote)
        )
        if local and remote:
            return "open"
        if local or remote:
            return "local_only" if local else "remote_only"
        return "needs_token" if "authenticated" in (self.local, self.remote) else "disabled"


def instance_from(said: WireInstance) -> Instance:
    """
    The instance behind its document. Others than Mastodon say so: in brackets behind the version they imitate
    (`2.7.2 (compatible; Akkoma 3.10)`), or by the address of their source (GoToSocial, whose own version stands there).
    """
    found = _VERSION.match(said.version)
    version = (int(found[1]), int(found[2])) if found else (0, 0)
    other = "compatible" in said.version.lower() or "gotosocial" in (said.source_url or "").lower()
    configuration = said.configuration
    feeds = configuration.timelines_access if configuration is not None else None
    access = feeds.hashtag_feeds if feeds is not None else None
    return Instance(
        genuine=not other and version >= (1, 0),
        version=version,
        domain=_domain(said.domain or said.uri),
        streaming=_streaming(said),
        local=None if access is None else access.local,
        remote=None if access is None else access.remote,
    )


def _domain(stated: str | None) -> str | None:
    """
    A host name; Pleroma writes an address into `uri`.
    """
    text = (stated or "").strip().lower()
    if "//" in text:
        text = _netloc(text) or ""
    return text.strip("/") or None


def _streaming(said: WireInstance) -> str | None:
    stated = said.configuration.urls if said.configuration is not None else None
    for urls in (stated, said.urls):
        address = None if urls is None else (urls.streaming or urls.streaming_api)
        if address:
            return _netloc(address)
    return None


def _netloc(address: str) -> str | None:
    """
    Host and port of an address; None where it names a user or cannot be read.
    """
    try:
        parts = urlsplit(address.strip())
        host, port = parts.hostname, parts.port
    except ValueError:
        return None
    if not host or "@" in parts.netloc:
        return None
    return host if port is None else f"{host}:{port}"

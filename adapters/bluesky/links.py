"""
Which post an address of Bluesky means. Pure; asks nobody.

Used by `SPEC.names`. Known to us are the at-uri, and the address with the author's DID or with the handle they had when the
post was read; an address with a handle that was changed since then, or that was never seen, would have to be asked for.

Source: `identity`; the hosts and endings are what the web app and its embeds share, from memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import unquote

from adapters.bluesky.identity import COLLECTION, is_did, is_handle, post_uri, web_address
from listener.text import same_address
from listener.text.pasted import web_address as parts_of_address

_WEB: Final = {"bsky.app", "www.bsky.app", "main.bsky.dev", "staging.bsky.app"}
_PATH: Final = re.compile(r"/profile/([^/]+)/post/([^/]+)(?:/(?:liked-by|reposted-by|quotes))?/?")
_EMBED_HOST: Final = "embed.bsky.app"
_EMBED: Final = re.compile(rf"/(?:embed|static)/([^/]+)/{re.escape(COLLECTION)}/([^/]+)/?")
_URI: Final = re.compile(rf"at://@?([^/]+)/{re.escape(COLLECTION)}/([^/?#]+)/?(?:[?#].*)?", re.IGNORECASE)


def names(_configs: Sequence[Any], link: str) -> tuple[str, ...]:
    """
    See `AdapterSpec.names`.
    """
    found = _URI.fullmatch(link)
    if found is None:
        address = parts_of_address(link)
        if address is None:
            return ()
        pattern = _PATH if address.host in _WEB else _EMBED if address.host == _EMBED_HOST else None
        found = None if pattern is None else pattern.fullmatch(address.path)
    return () if found is None else _of(unquote(found[1]), unquote(found[2]))


def _of(account: str, rkey: str) -> tuple[str, ...]:
    """
    Handles are told in any case, the methods of a DID in lower case only; record keys are as they are.
    """
    account = account.removeprefix("@")
    if is_did(account):
        uri = post_uri(account, rkey)
        return () if uri is None else (uri, *_web(account, rkey))
    handle = account.lower()
    if not is_handle(handle) or post_uri("did:web:a", rkey) is None:
        return ()
    return _web(handle, rkey)


def _web(account: str, rkey: str) -> tuple[str, ...]:
    link = web_address(account, rkey)
    return (link, same_address(link))

"""
Which post an address of X means. Pure; asks nobody.

Used by `SPEC.names`. The number in an address is all that counts: X shows the post under any account's name. What an address
of `t.co` leads to is known to X alone.

Source: docs.x.com, fundamentals/account-activity/introduction (the address), read 2026-11 (platform facts, 1.6); the other
hosts and endings are what its own pages and apps share, from memory.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from adapters.x.ids import is_id, link_to
from listener.text import same_address
from listener.text.pasted import web_address

_HOST: Final = re.compile(r"(?:(?:www|mobile|m)\.)?(?:x|twitter)\.com")
_PATH: Final = re.compile(
    r"/(?:i(?:/web)?|@?\w{1,50})/status(?:es)?/([0-9]{1,19})"
    r"(?:/(?:photo|video)/[0-9]{1,2}|/(?:analytics|history|likes|quotes|retweets(?:/with_comments)?))?/?",
    re.IGNORECASE | re.ASCII,
)


def names(_configs: Sequence[Any], link: str) -> tuple[str, ...]:
    """
    See `AdapterSpec.names`.
    """
    if is_id(link):
        return _of(link)
    address = web_address(link)
    if address is None or not _HOST.fullmatch(address.host):
        return ()
    found = _PATH.fullmatch(address.path)
    return () if found is None else _of(found[1])


def _of(name: str) -> tuple[str, ...]:
    link = link_to(name)
    return (name, link, same_address(link))

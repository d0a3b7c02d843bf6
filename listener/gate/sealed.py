"""
Sealed links: where an address names an account, staff are given a token in its place, which this deployment opens for
whoever may, while the post is here.

Made by clear.py, read by `listener.opening`. Pure. A token holds the post's key and the address, sealed with the day's
key for the purpose `open`, in front of it a keyed digest of the rest. The digest tells what we gave out from everything
else even after the day's key was destroyed, so that a token which was altered, or comes from elsewhere, is always answered
alike. Two tokens of one address have nothing in common; their length grows in steps, so that it says little of a name.
"""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final, Literal

from listener.errors import SealBroken
from listener.events import PostKey
from listener.keys import NAME_BYTES, KeyRing, Sealer, open_sealed, sealed_day

PURPOSE: Final = "open"
"""What is sealed for it opens for nothing else."""

TARGET_MOST_BYTES: Final = 1024
"""Chosen: the sealed link then stays under the 2,048 characters that `listener forget` and browsers take."""

_STEP: Final = 64
"""Chosen: bytes; the addresses of one network, which differ by a name, mostly end up equally long."""

_KEY_CHARS: Final = 2 * NAME_BYTES
_MARK_CHARS: Final = 22
"""Of 16 bytes in base 64 without padding (RFC 4648, section 5)."""

_TOKEN: Final = re.compile(r"[A-Za-z0-9_-]{150,1516}")
"""The mark, then day, nonce, one to seventeen steps, and the seal's own tag."""

_SEALED_LINK: Final = re.compile(rf"https?://[^?#\s]*/open/({_TOKEN.pattern})(?:\?lang=[a-z]{{2}})?")


@dataclass(frozen=True, slots=True, repr=False)
class SealedLink:
    """
    What a token holds. Prints nothing of itself.

    Args:
        key: Of the post.
        target: Its address, http or https.
    """

    key: PostKey
    target: str


def token_for(target: str, *, key: PostKey, sealer: Sealer, keys: KeyRing) -> str | None:
    """
    The token by which a post's address can be opened; None where it is too long for one.

    Args:
        target: Without white space, which pads it.
        sealer: Of the day on which the post was read.
    """
    plain = f"{key}{target}"
    size = len(plain.encode())
    if size > _KEY_CHARS + TARGET_MOST_BYTES:
        return None
    body = _written(sealer.seal(plain + " " * (-size % _STEP), purpose=PURPOSE))
    return _written(keys.digest(PURPOSE, body)) + body


def read_token(
    token: str, *, keys: KeyRing, days: Mapping[date, bytes]
) -> SealedLink | Literal["ended", "unknown"]:
    """
    What a token of ours holds; `ended` once its day's key is gone, `unknown` for every other string.

    Args:
        days: Every living key.
    """
    if not _TOKEN.fullmatch(token):
        return "unknown"
    mark, body = token[:_MARK_CHARS], token[_MARK_CHARS:]
    marks = [_written(digest) for digest in keys.digests(PURPOSE, body)]
    if True not in [hmac.compare_digest(mark, each) for each in marks]:  # with each: timing tells nothing
        return "unknown"
    try:
        sealed = urlsafe_b64decode(body + "=" * (-len(body) % 4))
        if sealed_day(sealed) not in days:
            return "ended"
        plain = open_sealed(sealed, purpose=PURPOSE, keys=days)
    except (SealBroken, ValueError):
        return "unknown"
    return SealedLink(PostKey(plain[:_KEY_CHARS]), plain[_KEY_CHARS:].rstrip(" "))


def token_in(link: str) -> str | None:
    """
    The token of what looks like a sealed link, under whatever address this service is or was reached; None for any other.
    """
    found = _SEALED_LINK.fullmatch(link.strip())
    return None if found is None else found[1]


def _written(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()

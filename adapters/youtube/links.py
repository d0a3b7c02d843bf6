"""
Which comment or video an address of YouTube means. Pure; asks nobody.

Used by `SPEC.names`. An address with `lc` means that comment and never the video it stands under, also where the comment's
name in it is spoilt.

Source: the addresses that YouTube's own pages and apps share, from memory; ids as in `normalise`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Final

from listener.text import same_address
from listener.text.pasted import WebAddress, web_address

_HOST: Final = re.compile(r"(?:(?:www|m|music|gaming)\.)?youtube\.com|(?:www\.)?youtube-nocookie\.com")
_SHORT_HOST: Final = "youtu.be"
_VIDEO: Final = re.compile(r"[A-Za-z0-9_-]{11}")
"""Stricter than what `normalise` takes, because words of a path (`/shorts/about`) are no video."""

_COMMENT: Final = re.compile(r"[A-Za-z0-9_.-]{1,100}")
_PATH: Final = re.compile(r"/(?:shorts|live|embed|v|e)/([A-Za-z0-9_-]{11})/?")
_WATCH: Final = "https://www.youtube.com/watch?v="


def names(_configs: Sequence[Any], link: str) -> tuple[str, ...]:
    """
    See `AdapterSpec.names`.
    """
    address = web_address(link)
    if address is None:
        return ()
    short = address.host == _SHORT_HOST
    if not short and not _HOST.fullmatch(address.host):
        return ()
    video = _of_path(address, short=short)
    comments = address.values("lc")
    if not comments:
        return () if video is None else (video, same_address(f"{_WATCH}{video}"))
    if len(set(comments)) > 1 or not _COMMENT.fullmatch(comments[0]):
        return ()
    under = () if video is None else (same_address(f"{_WATCH}{video}&lc={comments[0]}"),)
    return (comments[0], *under)


def _of_path(address: WebAddress, *, short: bool) -> str | None:
    """
    The one video that is named.
    """
    if short:
        said = {address.path.strip("/")}
    elif address.path.rstrip("/") == "/watch":
        said = set(address.values("v"))
    else:
        found = _PATH.fullmatch(address.path)
        said = set() if found is None else {found[1]}
    return next(iter(said)) if len(said) == 1 and _VIDEO.fullmatch(next(iter(said))) else None

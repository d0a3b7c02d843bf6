"""
Which version of which post was dealt with, so that two hosts and an overlap cost nothing, and nothing old comes back.

Used by `pages` and `jetstream`. Holds digests under a key that is drawn anew in every process and never leaves it, and
revisions (which order the versions of one account's records): no address, no account, no word. Bounded.

This is what keeps a deletion that came before its creation (out of order at the seam between replay and live, or from the
faster of two hosts) from being undone, for as long as it is remembered; deletions of posts that nobody asked for leave
no trace in the queue (decisions, 2026-11-24).
"""

from __future__ import annotations

import hashlib
import secrets
from collections import OrderedDict
from collections.abc import Iterable
from typing import Final

REMEMBERED: Final = 32_768
"""Chosen: an hour of deletions at eight a second; about 8 MB (counted, not measured)."""

_KEY: Final = secrets.token_bytes(32)


def digest_of(uri: str) -> bytes:
    """
    What stands for a post in memory.
    """
    return hashlib.blake2b(uri.encode(errors="surrogatepass"), digest_size=16, key=_KEY).digest()


class Revisions:
    """
    The newest revision known of each of the last posts.
    """

    __slots__ = ("_gone", "_known", "_most")

    def __init__(self, most: int = REMEMBERED) -> None:
        self._known: OrderedDict[bytes, str] = OrderedDict()
        self._gone: OrderedDict[bytes, None] = OrderedDict()
        self._most = most

    def __repr__(self) -> str:
        return f"Revisions({len(self._known)})"

    def add(self, post: bytes, rev: str, *, gone: bool = False) -> None:
        """
        This version was dealt with; an older one does not take its place.
        """
        if rev < self._known.get(post, ""):
            return
        self._known[post] = rev
        self._known.move_to_end(post)
        if gone:
            self._gone[post] = None
        else:
            self._gone.pop(post, None)
        while len(self._known) > self._most:
            oldest, _ = self._known.popitem(last=False)
            self._gone.pop(oldest, None)

    def has(self, post: bytes, rev: str) -> bool:
        """
        This version, or a newer one, was dealt with.
        """
        known = self._known.get(post)
        return known is not None and rev <= known

    def is_there(self, post: bytes) -> bool:
        """
        A version that was not a deletion was dealt with last.
        """
        return post in self._known and post not in self._gone

    def add_all(self, others: Iterable[tuple[bytes, str, bool]]) -> None:
        """
        `add` for each.
        """
        for post, rev, gone in others:
            self.add(post, rev, gone=gone)

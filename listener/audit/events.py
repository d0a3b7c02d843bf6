"""
Whether a stored event has a place for a person, or a person in one of its places.

Takes lines as they are stored. The shape is that of `listener.events`; texts and links are asked of the gate again, which
changes nothing of what it let through under the same configuration.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import msgspec
import orjson

from listener.audit.findings import Check, Tally
from listener.events import PostCreated, PostData, PostUpdated, decode_event
from listener.gate.links import public_link
from listener.gate.redact import folded_handles, mask
from listener.gate.sealed import read_token, token_in
from listener.keys import KeyRing
from listener.settings import Settings

_ERASE: Final = "erase the post with `listener forget KEY`, and report it as a fault of this program"
_AGAIN: Final = "erase the post with `listener forget KEY`; it was let through under other own_handles or an older version"
_PERSON_WORDS: Final = (
    "author",
    "actor",
    "user",
    "account",
    "handle",
    "avatar",
    "screen_name",
    "nickname",
    "display_name",
    "email",
    "phone",
    "profile",
    "creator",
    "person",
    "follower",
    "following",
    "owner",
    "did",
    "acct",
    "username",
)


class EventAudit:
    """
    Every line of the store, one after the other.

    Args:
        settings: Whose own handles and country the masker knows.
        keys: Tell a sealed link of ours.
    """

    __slots__ = ("_country", "_keys", "_own", "_shape", "_words")

    def __init__(self, settings: Settings, keys: KeyRing) -> None:
        self._own = folded_handles(settings.organisation.own_handles)
        self._country, self._keys = settings.organisation.country, keys
        self._shape = Tally("events have only the fields that are allowed")
        self._words = Tally("stored texts, titles and links name nobody")

    def look(self, line: bytes) -> None:
        """
        One event as JSON.
        """
        self._shape.looked_at += 1
        try:
            event = decode_event(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._misshapen(line)
            return
        if isinstance(event, PostCreated | PostUpdated):
            self._read(event.data, event.subject)

    def checks(self) -> tuple[Check, ...]:
        """
        What came of it.
        """
        return self._shape.check(), self._words.check()

    def _misshapen(self, line: bytes) -> None:
        try:
            document = orjson.loads(line)
        except orjson.JSONDecodeError:
            self._shape.found("an event", "no JSON", todo=_ERASE)
            return
        key = document.get("subject") if isinstance(document, dict) else None
        named = any(_names_person(member) for member in _members(document))
        kind = "a field for a person" if named else "not the shape of an event"
        self._shape.found("an event", kind, todo=_ERASE, key=key)

    def _read(self, data: PostData, key: str) -> None:
        for field, text in (("text", data.text), ("title", data.title)):
            if text is not None:
                self._words.looked_at += 1
                again = mask(text, author=None, own_handles=self._own, country=self._country)
                changed = again.text != text
                for trace in (again.counts or ("an address that tracks",)) if changed else ():
                    self._words.found(f"{field} of a post", trace, todo=_AGAIN, key=key)
        if data.link is not None:
            self._words.looked_at += 1
            if not self._fit(data.link):
                self._words.found("link of a post", "an address that may name a person", todo=_AGAIN, key=key)

    def _fit(self, link: str) -> bool:
        token = token_in(link)
        if token is not None and read_token(token, keys=self._keys, days={}) == "ended":
            return True
        return public_link(link, author=None, own_handles=self._own) == link


def _members(document: Any) -> Iterator[str]:
    """
    Names of members at any depth, but for the counts of what was masked.
    """
    waiting = [document]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield from one
            waiting += [value for name, value in one.items() if name != "masked"]
        elif isinstance(one, list):
            waiting += one


def _names_person(member: str) -> bool:
    parts = member.lower().replace("-", "_")
    return any(word in parts.split("_") or (len(word) > 3 and word in parts) for word in _PERSON_WORDS)

"""
What comes in on a stream, as items. Pure.

Takes parts of a body (server-sent events) or whole WebSocket messages from `stream`, gives `Post`, `Removal` and
`Rejected`. The payload of an event is JSON within JSON, but for `delete`, where it is the bare id on this instance, and
for what has none. Events that are not about posts are passed over, and so is what nobody knows yet.

Source: docs.joinmastodon.org/methods/streaming; the HTML Standard, section 9.2.6 (event stream interpretation); read
2026-11-24.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from adapters.mastodon import wire
from adapters.mastodon.normalise import Place, alias_of, item_from
from adapters.mastodon.wire import WireFrame
from listener.adapter import Item
from listener.errors import AccessDenied, DocumentRefused, SourceUnavailable
from listener.events import Rejected, Removal

EVENT_MAX: Final = 1024 * 1024
"""Bytes of one event. Chosen: a status of 5,000 characters with its account has 30 KB."""

_LINE_END: Final = re.compile(rb"\r\n|\n|\r")
_ID: Final = re.compile(r"\"?([0-9A-Za-z_-]{1,64})\"?")
_UNREADABLE: Final = Rejected("unreadable_item")


class EventStream:
    """
    Cuts a body into events. Comments (`:)` at the beginning, `:thump` every fifteen seconds) say only that somebody
    is there.
    """

    def __init__(self) -> None:
        self._left = b""
        self._name = ""
        self._data: list[bytes] = []
        self._held = 0

    def feed(self, part: bytes) -> Iterator[tuple[str, bytes]]:
        """
        Name and data of each event that is whole now.

        Raises:
            DocumentRefused: `too_large`, an event that does not end.
        """
        *lines, self._left = _lines(self._left + part)
        for line in lines:
            if line:
                self._take(line)
            elif self._data or self._name:
                yield self._name, b"\n".join(self._data)
                self._name, self._data, self._held = "", [], 0
        if self._held + len(self._left) > EVENT_MAX:
            raise DocumentRefused("the stream sent an event that does not end", reason="too_large")

    def _take(self, line: bytes) -> None:
        field, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if field == b"event":
            self._name = value.decode(errors="replace")
        elif field == b"data":
            self._data.append(value)
            self._held += len(value)


def _lines(text: bytes) -> list[bytes]:
    """
    Lines, the last of them unfinished. A carriage return at the very end may be half of a line's end.
    """
    if text.endswith(b"\r"):
        *lines, last = _LINE_END.split(text[:-1])
        return [*lines, last + b"\r"]
    return _LINE_END.split(text)


def items_of_event(name: str, payload: bytes, place: Place) -> tuple[Item, ...]:
    """
    What a server-sent event says.
    """
    if name == "delete":
        return _removal(payload.decode("ascii", "replace"), place)
    if name in ("update", "status.update"):
        return _said(payload, place)
    return ()


def items_of_message(message: bytes, place: Place) -> tuple[Item, ...]:
    """
    What a message of the WebSocket says.

    Raises:
        AccessDenied, SourceUnavailable: the server refuses the subscription.
    """
    try:
        frame = wire.decode_frame(message)
        payload = _payload(frame)
    except wire.UNREADABLE:
        return (_UNREADABLE,)
    if frame.error is not None:
        _refuse(frame)
    if frame.event is None:
        return (_UNREADABLE,)
    return items_of_event(frame.event, payload, place)


def _payload(frame: WireFrame) -> bytes:
    """
    JSON in a string; in relays of old, as it is.
    """
    payload = bytes(frame.payload)
    return wire.decode_text(payload).encode() if payload.startswith(b'"') else payload


def _refuse(frame: WireFrame) -> None:
    if frame.status in (401, 403):
        raise AccessDenied("the streaming server refuses the token", code="token_refused")
    raise SourceUnavailable("the streaming server refused the subscription; tried again later")


def _removal(local: str, place: Place) -> tuple[Item, ...]:
    """
    The id is that of this instance: the post is known by it as an alias.
    """
    found = _ID.fullmatch(local.strip())
    return (_UNREADABLE if found is None else Removal(alias_of(found[1], place)),)


def _said(payload: bytes, place: Place) -> tuple[Item, ...]:
    try:
        item = item_from(wire.decode_status(payload), place)
    except wire.UNREADABLE:
        return (_UNREADABLE,)
    return () if item is None else (item,)

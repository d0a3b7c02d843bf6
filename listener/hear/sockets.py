"""
A WebSocket that only receives: what the server says is kept in order until it is taken; nothing of ours can be said.

Made by `listener.hear.handshake`; the adapter takes from `SocketPieces`, which have no method that sends. What leaves
after the handshake is pong (an answer to ping is the protocol, not speech) and one close frame.

Invariants: no message is lost, doubled or reordered between wire and `next`; above `BUFFER_BYTES` that nobody has taken
the socket is not read, so that the server waits and nothing grows; what is not a frame of RFC 6455, unmasked and
unextended, ends the connection; no error holds a byte of what came. picows does the framing: `websockets` does it a
seventh as fast (measured 2026-11-24).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, Literal

import anyio
from picows import (
    WSCloseCode,
    WSFrame,
    WSListener,
    WSMsgType,
    WSProtocolError,
    WSTransport,
)

from listener.errors import DocumentRefused, SourceError, SourceUnavailable
from listener.hear.reads import Meter

BUFFER_BYTES: Final = 4 * 2**20
"""Chosen: what may wait to be taken before the socket is no longer read; six thousand frames of a firehose."""

_MESSAGE_BYTES: Final = 64
"""What a message costs beside its bytes: an object and a place in a list."""

CLOSING_S: Final = 1.0
"""Chosen: longest wait for the socket to be gone; it is only ever the loop that has to come round."""

Fault = Literal["closed", "broken", "invalid", "too_large", "silent"]

_SAID: Final[Mapping[Fault, str]] = {
    "closed": "closed the connection",
    "broken": "broke the connection",
    "invalid": "broke the WebSocket protocol",
    "silent": "said nothing for too long",
}

_CODES: Final[Mapping[Fault, WSCloseCode]] = {
    "invalid": WSCloseCode.PROTOCOL_ERROR,
    "too_large": WSCloseCode.MESSAGE_TOO_BIG,
}

_CONTROL_BYTES: Final = 125
"""Most that a control frame may carry; picows refuses a longer one. Source: RFC 6455, section 5.5."""

_HEADER_BYTES: Final = 2
"""Of the shortest frame."""


class Ear(WSListener):
    """
    What picows calls for each frame. Everything happens in the loop; nothing waits here.

    Args:
        most_bytes: Of one message.
    """

    __slots__ = (
        "_add",
        "_batch",
        "_choked",
        "_owed",
        "_parts",
        "_paused",
        "_transport",
        "_usual",
        "_waiter",
        "_waiting_bytes",
        "bytes",
        "fault",
        "messages",
        "most_bytes",
    )

    def __init__(self, most_bytes: int) -> None:
        self.messages: list[bytes] = []
        self.bytes = 0  # on the wire so far, but for the longest frame headers
        self.fault: Fault | None = None
        self.most_bytes = most_bytes
        self._batch: list[bytes] = []  # of the present read
        self._add = self._batch.append
        self._waiting_bytes = 0
        self._parts: bytearray | None = None  # of a message that comes in fragments
        self._usual = True  # no fragments are open and nothing has ended
        self._paused = False
        self._choked = False
        self._owed: bytes | None = None
        self._transport: WSTransport | None = None
        self._waiter: asyncio.Future[None] | None = None

    # ------------------------------------------------------------------------------------------------- picows

    def on_ws_connected(self, transport: WSTransport) -> None:
        self._transport = transport

    def on_ws_frame(self, transport: WSTransport, frame: WSFrame) -> None:
        # Asking for the kind would cost a third of all this (measured 2026-11-24), and a long frame can only be a
        # message: picows has refused long control frames. A server that continues nothing could have begun as well.
        message = frame.get_payload_as_bytes()
        if len(message) > _CONTROL_BYTES and self._usual and frame.fin and not frame.rsv1:
            self._add(message)
        elif self.fault is None:
            self._unusual(transport, frame, message)
        if frame.last_in_buffer:
            self._batch_over(transport)

    def on_ws_disconnected(self, transport: WSTransport) -> None:
        self._over("broken")

    def pause_writing(self) -> None:
        self._choked = True

    def resume_writing(self) -> None:
        self._choked = False
        if self._owed is not None and self._transport is not None:
            owed, self._owed = self._owed, None
            self._transport.send_pong(owed)

    # ------------------------------------------------------------------------------------------------- frames

    def _unusual(self, transport: WSTransport, frame: WSFrame, payload: bytes) -> None:
        """
        A frame that is short, a part, or not a message. Source: RFC 6455, sections 5.2, 5.4 and 5.5.
        """
        kind = frame.msg_type
        self.bytes += len(payload) + _HEADER_BYTES
        if frame.rsv1 or frame.rsv2 or frame.rsv3:  # of extensions, and none was offered
            self._hang_up(transport, "invalid")
        elif kind is WSMsgType.PING:
            self._answer(transport, payload)
        elif kind is WSMsgType.CLOSE:
            self._hang_up(transport, "closed")
        elif kind is not WSMsgType.PONG:
            self._join(transport, payload, opens=kind is not WSMsgType.CONTINUATION, ends=frame.fin)

    def _answer(self, transport: WSTransport, ping: bytes) -> None:
        """
        Pong. To a server that does not take what we send, only the latest is owed (RFC 6455, section 5.5.3), or a flood
        of pings would fill our memory.
        """
        if self._choked:
            self._owed = ping
        else:
            transport.send_pong(ping)

    def _join(self, transport: WSTransport, payload: bytes, *, opens: bool, ends: bool) -> None:
        if opens != (self._parts is None):  # a message within another, or the rest of none
            self._hang_up(transport, "invalid")
            return
        parts = self._parts = bytearray() if self._parts is None else self._parts
        self._usual = False
        if len(parts) + len(payload) > self.most_bytes:
            self._hang_up(transport, "too_large")
            return
        parts += payload
        if ends:
            self._add(bytes(parts))
            self.bytes -= len(parts) + _HEADER_BYTES  # the batch counts it again
            self._parts, self._usual = None, True

    def _hang_up(self, transport: WSTransport, fault: Fault) -> None:
        self._over(fault)
        transport.send_close(_CODES.get(fault, WSCloseCode.OK))
        transport.disconnect()

    def _over(self, fault: Fault) -> None:
        """
        Nothing that comes from now on counts.
        """
        self._usual, self._parts = False, None
        self.fault = self.fault or fault
        self._wake()

    # ---------------------------------------------------------------------------------------------- hand-over

    def _batch_over(self, transport: WSTransport) -> None:
        """
        All of what was read is parsed: whoever waits may have it, and more is read only while there is room.
        """
        batch = self._batch
        size = sum(map(len, batch))
        if size > self.most_bytes and max(map(len, batch)) > self.most_bytes:
            # picows has objected to it already, but reads on until its close frame is away.
            self._hang_up(transport, "too_large")
            batch[:] = [message for message in batch if len(message) <= self.most_bytes]
        self.messages += batch
        self.bytes += size + _HEADER_BYTES * len(batch)
        self._waiting_bytes += size + _MESSAGE_BYTES * len(batch)
        batch.clear()
        if self._waiting_bytes > BUFFER_BYTES and not self._paused:
            self._paused = True
            transport.underlying_transport.pause_reading()
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    async def wait(self, most_s: float) -> None:
        """
        Until something came, be it a ping, or so long.
        """
        loop = asyncio.get_running_loop()
        self._waiter = loop.create_future()
        alarm = loop.call_later(most_s, self._over, "silent")
        try:
            await self._waiter
        finally:
            alarm.cancel()
            self._waiter = None

    def take(self) -> list[bytes]:
        """
        All that waits; there is room again.
        """
        messages, self.messages = self.messages, []
        self._waiting_bytes = 0
        if self._paused and self._transport is not None:
            self._paused = False
            self._transport.underlying_transport.resume_reading()
        return messages


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """
    Of one WebSocket.

    Args:
        whose: Source and host, for messages.
        idle_s: Longest silence.
        most_bytes: Of one message.
    """

    whose: str
    idle_s: float
    most_bytes: int


class SocketPieces:
    """
    `listener.adapter.Pieces` of a WebSocket: whole messages.
    """

    def __init__(self, ear: Ear, transport: WSTransport, options: Options, *, meter: Meter) -> None:
        self._ear, self._transport, self._options, self._meter = ear, transport, options, meter
        self._counted = 0

    def __repr__(self) -> str:
        return "SocketPieces()"

    @property
    def headers(self) -> Mapping[str, str]:
        """
        Of the answer to the handshake; names in lower case.
        """
        said = self._transport.response.headers
        return {name.lower(): ", ".join(said.getall(name)) for name in said}

    async def next(self) -> Sequence[bytes]:
        """
        See `listener.adapter.Pieces.next`. What came before the end is given before the end is told.
        """
        ear = self._ear
        while not ear.messages:
            if ear.fault is not None:
                raise await self._ended(ear.fault)
            await ear.wait(self._options.idle_s)
        self._meter.bytes += ear.bytes - self._counted
        self._counted = ear.bytes
        return ear.take()

    async def _ended(self, fault: Fault) -> SourceError:
        """
        What the end means. What picows itself objected to, it tells only here.
        """
        if fault == "broken":
            try:
                await self._transport.wait_disconnected()
            except WSProtocolError as error:
                fault = "too_large" if error.code == WSCloseCode.MESSAGE_TOO_BIG else "invalid"
        whose, most_bytes = self._options.whose, self._options.most_bytes
        if fault == "too_large":
            return DocumentRefused(
                f"{whose} sent a message larger than {most_bytes} bytes", reason="too_large"
            )
        return SourceUnavailable(f"{whose} {_SAID[fault]}")

    async def aclose(self) -> None:
        """
        The connection ends, at once and with a close frame.
        """
        self._transport.send_close(WSCloseCode.OK)
        self._transport.disconnect(graceful=False)
        await gone(self._transport)


async def gone(transport: WSTransport) -> None:
    """
    The socket is closed; what picows has to say of that is heard and dropped, or asyncio would log it.
    """
    with anyio.move_on_after(CLOSING_S, shield=True), suppress(Exception):
        await transport.wait_disconnected()

"""
The body of an answer that does not end, piece by piece as it comes; `listener.hear.reader` opens it, the adapter takes.

Not taking it is the back-pressure: the connection underneath keeps 128 KiB and then stops reading its socket. Invariant:
silence is measured on the wire and only while somebody waits, so a slow consumer is no dead server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import anyio

from listener.errors import SourceError, SourceUnavailable
from listener.hear.judging import FOREIGN
from listener.hear.reads import Meter
from listener.hear.transport import Answer


class BodyPieces:
    """
    `listener.adapter.Pieces` of a body.

    Args:
        answer: Its head has come.
        meter: Told of what comes.
        whose: Source and host, for messages.
        idle_s: Longest silence.
        failed: What a failure of the wire means.
    """

    __slots__ = ("_answer", "_failed", "_idle_s", "_meter", "_whose")

    def __init__(
        self,
        answer: Answer,
        *,
        meter: Meter,
        whose: str,
        idle_s: float,
        failed: Callable[[Exception], SourceError],
    ) -> None:
        self._answer, self._meter, self._whose, self._idle_s = answer, meter, whose, idle_s
        self._failed = failed

    async def next(self) -> Sequence[bytes]:
        """
        See `listener.adapter.Pieces.next`.
        """
        piece: bytes | None = None
        try:
            with anyio.move_on_after(self._idle_s):
                piece = await self._answer.piece()
        except FOREIGN as error:
            raise self._failed(error) from error
        if piece is None:
            raise SourceUnavailable(f"{self._whose} said nothing for too long")
        if not piece:
            raise SourceUnavailable(f"{self._whose} ended the stream")
        self._meter.bytes += len(piece)
        return (piece,)

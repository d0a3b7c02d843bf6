"""
A `Reader` without a network: it gives scripted answers in order and remembers what it was asked.

For tests of adapters, ours and those of third parties. It refuses what the real reader would refuse, so that an
adapter that leaves its declared reach fails here too.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

import anyio

from listener.adapter import Reach, Reply, Terms, Validators
from listener.errors import RequestRefused, SourceError


class Silence:
    """
    A server that takes the request and never answers; the read ends when it is cancelled.
    """


SILENCE: Final = Silence()

Answer = Reply | SourceError | Silence


@dataclass(frozen=True, slots=True)
class Asked:
    """
    One request as an adapter made it.

    Args:
        address: Byte for byte.
        headers: As given.
        behind: What would make a hop conditional, as given.
    """

    address: str
    headers: Mapping[str, str]
    behind: Validators | None = field(default=None, compare=False, repr=False)


@dataclass(slots=True)
class CannedReader:
    """
    Gives each answer once, in order.

    Args:
        answers: A reply to hand over, an error to raise, or `SILENCE`.
        reaches: Where the adapter may read; None takes every address.
        asked: What it was asked so far.
    """

    answers: Sequence[Answer]
    reaches: tuple[Reach, ...] | None = None
    asked: list[Asked] = field(default_factory=list)

    async def read(
        self,
        address: str,
        *,
        headers: Mapping[str, str] | None = None,
        validators: Validators | None = None,
    ) -> Reply:
        """
        The next answer.

        Raises:
            RequestRefused: the address is outside `reaches`.
            SourceError: where the script says so.
            AssertionError: asked more often than the script has answers.
        """
        if self.reaches is not None and not any(_is_within(reach, address) for reach in self.reaches):
            raise RequestRefused("the address is outside the declared reach")
        self.asked.append(Asked(address, dict(headers or {}), validators))
        if len(self.asked) > len(self.answers):
            raise AssertionError(f"asked {len(self.asked)} times, {len(self.answers)} answers were scripted")
        answer = self.answers[len(self.asked) - 1]
        if isinstance(answer, Silence):
            await anyio.sleep_forever()
        if isinstance(answer, SourceError):
            raise answer
        assert isinstance(answer, Reply)
        return answer


class EverythingInteresting:
    """
    An `Interest` without terms that takes every frame.
    """

    @property
    def terms(self) -> Terms:
        return Terms()

    def maybe(self, frame: bytes) -> bool:
        return True


def reply(
    body: bytes = b"",
    *,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
    address: str = "https://source.example/",
) -> Reply:
    """
    A `Reply` in one line.
    """
    return Reply(status=status, headers=dict(headers or {}), body=body, address=address)


def _is_within(reach: Reach, address: str) -> bool:
    parts = urlsplit(address)
    return parts.hostname == reach.host and re.fullmatch(reach.path, parts.path) is not None

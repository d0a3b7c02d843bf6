"""
Which machine is behind a name, so that many names on one machine can share its pace (politeness P13, FRB 035).

Used by `listener.hear.reader` where the operator wants it. Only spacing goes by it: connections are checked where they
are made (`listener.hear.guard`), and a pause that a server asks for is its name's.
"""

from __future__ import annotations

import socket
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

import anyio


class Resolver(Protocol):
    """
    As aiohttp has it.
    """

    async def resolve(self, host: str, port: int = 0) -> Sequence[Mapping[str, Any]]: ...


class Machines:
    """
    Args:
        resolver: Of names; None: the system's.
        most_s: Longest look-up, in real seconds; what takes longer is not known.
    """

    __slots__ = ("_most_s", "_resolver")

    def __init__(self, resolver: Resolver | None, *, most_s: float) -> None:
        self._resolver = resolver
        self._most_s = most_s

    async def place(self, host: str) -> str | None:
        """
        Under which name the machine is paced; of several addresses the least stands for all. None where the name does
        not resolve: the request itself will say so.
        """
        found: list[str] = []
        with anyio.move_on_after(self._most_s):
            try:
                found = await self._addresses(host)
            except (OSError, UnicodeError):
                return None
        return f"@{min(found)}" if found else None

    async def _addresses(self, host: str) -> list[str]:
        if self._resolver is not None:
            return [str(one["host"]) for one in await self._resolver.resolve(host)]
        return [str(one[4][0]) for one in await anyio.getaddrinfo(host, None, type=socket.SOCK_STREAM)]

"""
A connected socket to a host, for connections that stay open: the same names, the same guard on the very address that is
connected to, as `listener.hear.transport` hands to its own connector.

Made by `listener.hear.transport`, used by `listener.hear.sockets`, which speaks on what it is given.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterable
from typing import Final

import aiohappyeyeballs
from aiohttp.abc import AbstractResolver

from listener.hear.guard import IPNetwork, socket_factory

STAGGER_S: Final = 0.25
"""Between two addresses of one name, as browsers do (RFC 8305, section 5) and as aiohttp does."""


class Dialer:
    """
    Args:
        allow: Networks that may be connected to although they are not global.
        names: Asked for a host that is a name.
    """

    __slots__ = ("_make", "_names")

    def __init__(self, allow: Iterable[IPNetwork], names: AbstractResolver) -> None:
        self._make = socket_factory(allow)
        self._names = names

    async def connected(self, host: str, port: int) -> socket.socket:
        """
        A socket that is connected to one of the host's addresses; it is the caller's to close.

        Args:
            host: A name or an IP address, as `listener.hear.guard.parse` made it.

        Raises:
            AddressRefused: the guard let none be connected to.
            OSError: none could be found or reached.
        """
        if _is_literal(host):
            places = [(host, port)]
        else:
            found = await self._names.resolve(host, port, socket.AF_UNSPEC)
            places = [(one["host"], one["port"]) for one in found]
        infos = [_info(address, at) for address, at in places]
        if not infos:
            raise OSError("the name has no address")
        return await aiohappyeyeballs.start_connection(
            infos,
            happy_eyeballs_delay=STAGGER_S,
            interleave=1,
            loop=asyncio.get_running_loop(),
            socket_factory=self._make,
        )


def _is_literal(host: str) -> bool:
    return (
        ":" in host or host.replace(".", "").isdigit()
    )  # the guard has made sure that such a host is an address


def _info(address: str, port: int) -> tuple[int, int, int, str, tuple[str, int] | tuple[str, int, int, int]]:
    if ":" in address:
        return socket.AF_INET6, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port, 0, 0)
    return socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", (address, port)

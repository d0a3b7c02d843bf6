"""
Under which names the post may be stored that somebody means by what they pasted. For `find` and `forget`, in the daemon and
without one.

Used by `in_force` and `control`, which hand in what each network knows of its own addresses (`AdapterSpec.names`). Pure; asks
nobody, and forgets what was pasted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Final

from listener.events import Name
from listener.keys import KeyRing
from listener.text import same_address
from listener.text.pasted import meant

_KEY: Final = re.compile(r"([0-9a-fA-F]{32})(?:\.[0-9]{1,9})?")
"""A post's key as it is printed, or an event's id, which is the key with its revision."""

Naming = tuple[str, Callable[[str], tuple[str, ...]]]
"""A network, and what it may call the post that an address means."""


def names_for(pasted: str, *, keys: KeyRing, networks: Iterable[Naming]) -> tuple[Name, ...]:
    """
    Every name, under every secret, the likeliest first: the key itself, where it is one; the address as it is and in its
    common spelling, on every network, because an engine may hold it by either; what the networks make of it.

    Args:
        pasted: A public address, a native identity, or a key.
    """
    link = meant(pasted)
    key = _KEY.fullmatch(link)
    first = () if key is None else (Name(bytes.fromhex(key[1])),)
    called = dict.fromkeys(_called(link, tuple(networks)))
    return tuple(
        dict.fromkeys((*first, *(name for network, native in called for name in keys.names(network, native))))
    )


def _called(link: str, networks: tuple[Naming, ...]) -> Iterator[tuple[str, str]]:
    for network, _ in networks:
        yield network, link
        yield network, same_address(link)
    for network, named in networks:
        for native in named(link):
            yield network, native

"""
Which status an address means: where it comes from, or as one of our instances shows it. Pure; asks nobody.

Used by `SPEC.names`. A status has its identity at its origin, an address there, and an id on each instance that we read.
What an instance that we do not read calls it is known to that instance alone: such an address means nothing here.

Source: Mastodon's config/routes.rb and ActivityPub::TagManager (`/users/U/statuses/ID`, `/@U/ID`), GoToSocial's
`/@U/statuses/ID`, Akkoma's `/notice/ID` and `/objects/UUID`; read 2026-11-24, what is shared beside them from memory.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Final
from urllib.parse import unquote

from adapters.mastodon.config import MastodonConfig
from listener.text import same_address
from listener.text.pasted import WebAddress, web_address

_ID: Final = r"([0-9]{1,20}|[0-9A-Za-z]{16,32})"
_TAIL: Final = r"(?:/(?:activity|embed|favourites|quotes|reblogs|replies))?/?"
_OF_ACCOUNT: Final = re.compile(rf"/(?:web/|deck/)?@([^/@]+)(?:@([^/@]+))?/(?:statuses/)?{_ID}{_TAIL}")
_OF_USER: Final = re.compile(rf"/users/([^/@]+)/statuses/{_ID}{_TAIL}")
_BY_ID: Final = re.compile(
    rf"/(?:(?:web/|deck/|redirect/)?statuses|notice|ap/users/[0-9]+/statuses)/{_ID}{_TAIL}"
)
_OBJECT: Final = re.compile(r"/objects/[0-9A-Fa-f-]{36}/?")
_ASKS_FOR: Final = re.compile(r"/(?:authorize_interaction|share|search|remote_interaction_helper)/?")


def names(configs: Sequence[MastodonConfig], link: str) -> tuple[str, ...]:
    """
    See `AdapterSpec.names`.
    """
    address = web_address(link)
    if address is not None and _ASKS_FOR.fullmatch(address.path):
        said = address.values("uri") or address.values("q")
        address = web_address(said[0]) if len(said) == 1 else None
    return () if address is None else tuple(dict.fromkeys(_names(configs, address)))


def _names(configs: Sequence[MastodonConfig], address: WebAddress) -> Iterator[str]:
    host, path = address.host, unquote(address.path)
    if (shown := _OF_ACCOUNT.fullmatch(path)) is not None:
        user, domain, local = shown.groups()
        at_home = domain is None or domain.lower() == host
    elif (shown := _OF_USER.fullmatch(path)) is not None:
        (user, local), at_home = shown.groups(), True
    elif (shown := _BY_ID.fullmatch(path)) is not None:
        user, local, at_home = None, shown[1], False
    elif _OBJECT.fullmatch(path):
        yield from _spelled(f"{host}{path.rstrip('/')}")
        return
    else:
        return
    if any(config.place == host for config in configs):
        yield f"{host}/{local}"
    if at_home:
        for known in (f"users/{user}/statuses/{local}", f"@{user}/{local}", f"@{user}/statuses/{local}"):
            yield from _spelled(f"{host}/{known}")
    elif user is None:
        yield from _spelled(f"{host}{shown[0].rstrip('/')}")


def _spelled(rest: str) -> Iterator[str]:
    """
    As an origin states it, which is kept as it is, and as an address is looked for.
    """
    yield f"https://{rest}"
    yield same_address(f"https://{rest}")

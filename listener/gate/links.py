"""
The address under which staff can join a conversation, where that address names nobody.

Used by clear.py. An address is kept when neither its path nor its query names an account: an article, a comment by
number, a video, a status by id. It is not repaired when it does: what is left of a profile's address still leads there.
clear.py seals it (sealed.py) where somebody could open it, or drops it.
"""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import unquote

from listener.events import Author
from listener.gate.folding import fold_for_masking
from listener.gate.handles import identity_spans
from listener.gate.mail import mail_spans
from listener.gate.names import Readings, any_in, names_in, readings_of
from listener.gate.profiles import Address, OwnHandles, names_account, parse_address, without_surplus

_UNFIT: Final = re.compile(r"[\x00-\x20\x7f\ud800-\udfff]")
LINK_MAX: Final = 2048
"""Chosen: what browsers and servers commonly accept; a longer address carries a document."""


def public_link(link: str | None, *, author: Author | None, own_handles: OwnHandles) -> str | None:
    """
    The address without tracking parameters and user information, or None where it would name a person.

    Args:
        link: As the source gave it; anything but http and https is None.
        own_handles: Folded; their accounts are nobody's.
    """
    return public_link_read(link, readings=readings_of(author), own_handles=own_handles)


def public_link_read(link: str | None, *, readings: Readings, own_handles: OwnHandles) -> str | None:
    """
    `public_link`, with the author's names read already.
    """
    address = _fit(link)
    if link is None or address is None:
        return None
    if names_account(address, own=own_handles) or _holds_person(address, own_handles):
        return None
    stated = address.stated
    if any_in(stated, names_in("/".join(stated), readings)):
        return None
    return without_surplus(link)


def openable_link(link: str | None) -> str | None:
    """
    The same whoever it names: what may be sealed. None where it is no address that a browser could be sent to.
    """
    return None if link is None or _fit(link) is None else without_surplus(link)


def _fit(link: str | None) -> Address | None:
    """
    The parts of a plain address, http or https, on some host; None for anything else.
    """
    if not link or len(link) > LINK_MAX or _UNFIT.search(link):
        return None
    address = parse_address(link)
    fit = address.scheme.lower() in ("http", "https") and address.host_name
    return address if fit else None


def _holds_person(address: Address, own: OwnHandles) -> bool:
    """
    Whether path, query or fragment hold an account's identity or an e-mail address.
    """
    behind = f"{address.path}{address.query}{address.fragment}"
    plain = fold_for_masking(unquote(behind) if "%" in behind else behind)
    spans = [*identity_spans(plain), *(mail_spans(plain, own=own) if "@" in plain else ())]
    return bool(spans)

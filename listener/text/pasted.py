"""
What people paste when they mean a post: an address with all that browsers, apps and share buttons hang on to it.

Used by the adapters (which addresses of their network mean which post) and by `gate.aliases`. Pure and linear. Invariant:
nothing here is logged or stored, and nothing raises, whatever was pasted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qsl, urlsplit

PASTED_MAX: Final = 4096
"""Chosen: twice what an address may have; a longer text is no address."""

_WRAPPED: Final = " \t\r\n<>\"'`“”‘’«»„‚\u200b\u200c\u200d\u200e\u200f\u2060\ufeff"
_IN_TEXT: Final = re.compile(r"(?:https?|at)://[^\s<>\"“”«»]+", re.IGNORECASE)
_DEFAULT_PORTS: Final = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True, repr=False)
class WebAddress:
    """
    An http or https address in parts. Prints nothing of itself.

    Args:
        host: Lower case, with its port where that is not the usual one; neither user nor a dot at the end.
        path: As pasted.
        query: Likewise, without the question mark.
        fragment: Likewise, without the number sign.
    """

    host: str
    path: str
    query: str
    fragment: str

    def values(self, name: str) -> tuple[str, ...]:
        """
        What a parameter is said to be, each time it is said; empty values count.
        """
        try:
            pairs = parse_qsl(self.query, keep_blank_values=True, max_num_fields=100)
        except ValueError:
            return ()
        return tuple(value for said, value in pairs if said == name)


def meant(pasted: str) -> str:
    """
    The address or identity in what was pasted: without the brackets, quotes and blanks around it, and, of a whole sentence
    (`RT @city: snow … https://…`), the one address in it. A text with two addresses stays as it is: it means neither.
    """
    plain = pasted.strip(_WRAPPED)
    if len(plain) > PASTED_MAX or not re.search(r"\s", plain):
        return plain
    found = dict.fromkeys(_IN_TEXT.findall(plain))
    return next(iter(found)).rstrip(".,;:!?…)]}") if len(found) == 1 else plain


def web_address(link: str) -> WebAddress | None:
    """
    The parts of an http or https address; None for anything else.
    """
    if len(link) > PASTED_MAX:
        return None
    try:
        parts = urlsplit(link)
        host, port = (parts.hostname or "").rstrip("."), parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not host:
        return None
    place = host if port in (None, _DEFAULT_PORTS[parts.scheme]) else f"{host}:{port}"
    return WebAddress(place, parts.path, parts.query, parts.fragment)

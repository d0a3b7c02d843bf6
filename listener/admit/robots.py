"""
What a site asks of those who look around on it: robots.txt, read and obeyed as RFC 9309 says. Pure.

`listener.admit.ask` fetches the file once for each host and run, and asks `Rules.allows` before it reads a page. Python's
own urllib.robotparser takes the first rule that fits and knows no wildcards, so it is no help.

Invariants: linear in the length of the file; matching costs at most the rules' length times the address's, whatever the
wildcards; a file that makes no sense forbids nothing.

Source: RFC 9309 (https://www.rfc-editor.org/rfc/rfc9309).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

PRODUCT: Final = "civic-listener"
"""Our product token, the one in the User-Agent (section 2.2.1)."""

READ_BYTES: Final = 500 * 1024
"""Parsed of a file; the least that may be a limit (section 2.5)."""

PLACE: Final = "/robots.txt"

_TOKEN: Final = re.compile(r"[A-Za-z_-]+")
_ESCAPED: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_UNRESERVED: Final = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
"""Mean the same escaped or not (RFC 3986, section 2.3)."""
_SAME_IN_PATH: Final = _UNRESERVED | frozenset(b":@!'(),;")
_SAME_IN_QUERY: Final = _SAME_IN_PATH | frozenset(b"/?")
"""Compared without an escape, so that either spelling is the other; `*` and `$` are not among them, because they mean
something in a rule."""
_PLAIN: Final = _SAME_IN_QUERY | frozenset(b"%=&+*")
"""Octets that may stand as they are."""


@dataclass(frozen=True, slots=True)
class Rule:
    """
    One line of a group.

    Args:
        allow: Or disallow.
        pieces: What stands between the wildcards, escaped as `_escaped` does.
        ends: The rule ended in `$`: it has to reach the end of the address.
        length: Octets of the rule; of several that fit, the longest counts.
    """

    allow: bool
    pieces: tuple[str, ...]
    ends: bool
    length: int

    def fits(self, target: str) -> bool:
        """
        Whether the rule speaks about a path with its query, escaped as `_escaped` does.
        """
        first, *rest = self.pieces
        if not target.startswith(first):
            return False
        if not rest:
            return not self.ends or len(target) == len(first)
        position = len(first)
        *middle, last = rest
        for piece in middle:
            position = target.find(piece, position)
            if position < 0:
                return False
            position += len(piece)
        if self.ends:
            return len(target) - len(last) >= position and target.endswith(last)
        return target.find(last, position) >= 0


@dataclass(frozen=True, slots=True)
class Rules:
    """
    The rules a site has for us.
    """

    rules: tuple[Rule, ...] = ()

    def allows(self, address: str) -> bool:
        """
        Whether a page of the site may be read: the longest rule that fits decides, of equal ones the one that allows;
        where none fits it may. robots.txt itself always may (section 2.2.2).

        Args:
            address: Absolute http or https address.
        """
        path, mark, query = address.partition("#")[0].partition("?")
        target = _escaped(f"{urlsplit(path).path or '/'}{mark}{query}".replace("*", "%2A"))
        if target == PLACE:
            return True
        fitting = [(rule.length, rule.allow) for rule in self.rules if rule.fits(target)]
        return max(fitting, default=(0, True))[1]


ALL: Final = Rules()
"""Nothing is forbidden: the file is not there (section 2.3.1.3)."""


def parse(body: bytes, *, product: str = PRODUCT) -> Rules:
    """
    The rules that hold for us: of every group that names us, together; of those for everybody, where none does.

    Args:
        body: Of robots.txt, after content encoding.
        product: Product token to look for.
    """
    for_us: list[Rule] = []
    for_all: list[Rule] = []
    named = False
    current: list[list[Rule]] = []
    begun = True  # a rule has been met since the last User-agent line, so the next one begins another group
    for key, value in _lines(body):
        if key == "user-agent":
            current = [] if begun else current
            begun = False
            token = _TOKEN.match(value)
            if value.startswith("*"):
                current.append(for_all)
            elif token is not None and token[0].lower() == product:
                named = True
                current.append(for_us)
        elif key in ("allow", "disallow"):
            begun = True
            if value and current:
                rule = _rule(key == "allow", value)
                for group in {id(group): group for group in current}.values():
                    group.append(rule)
    return Rules(tuple(for_us if named else for_all))


def _lines(body: bytes) -> Iterator[tuple[str, str]]:
    """
    Key, in lower case, and value of each line that has both; comments are gone. A last line that the limit cuts is left
    out, because half a rule is another rule.
    """
    text = body[:READ_BYTES].removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
    lines = re.split(r"\r\n?|\n", text)
    for line in lines[:-1] if len(body) > READ_BYTES else lines:
        key, colon, value = line.partition("#")[0].partition(":")
        if colon:
            yield key.strip().lower(), value.strip()


def _rule(allow: bool, value: str) -> Rule:
    ends = value.endswith("$")
    written = _escaped(value.removesuffix("$"))
    first, *rest = written.split("*")
    # A run of wildcards is one; the pieces between two of them are empty.
    pieces = (first, *(piece for piece in rest[:-1] if piece), *rest[-1:])
    return Rule(allow, pieces, ends, len(written) + ends)


def _escaped(text: str) -> str:
    """
    A path with its query in the one spelling in which both sides are compared (section 2.2.2).
    """
    path, mark, query = text.partition("?")
    return _spelled(path, _SAME_IN_PATH) + mark + _spelled(query, _SAME_IN_QUERY)


def _spelled(text: str, same: frozenset[int]) -> str:
    def settled(escape: re.Match[str]) -> str:
        octet = int(escape[1], 16)
        return chr(octet) if octet in same else escape[0].upper()

    octets = _ESCAPED.sub(settled, text).encode("utf-8", "surrogateescape")
    return "".join(chr(octet) if octet in _PLAIN else f"%{octet:02X}" for octet in octets)

"""
The tags of a page, one after the other, without a tree. Shared by `markup`, which reads what stands between them, and by
whoever needs the attributes of a few elements of a page or a list.

Follows the tokenizer of the HTML Standard, section 13.2.5 (https://html.spec.whatwg.org/). Pure; linear in the length of
its input; raises on no text whatever.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from listener.text.vocabulary import ATTRIBUTE, RAW, dereferenced

# Every alternative ends at the end of input too, as the standard has it, so none is ever tried again from a later `<`.
TAG: Final = re.compile(
    r"""<(?:
        !--(?:-?>|.*?(?:--!?>|\Z))
      | [!?][^>]*+(?:>|\Z)
      | /(?![a-zA-Z])[^>]*+(?:>|\Z)
      | (?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)
        (?P<attributes>(?:=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))|[^>])*+)(?:>|\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True, repr=False)
class Tag:
    """
    One start or end tag.

    Args:
        name: Lower case.
        closing: An end tag.
        written: Its attributes as they stand; `attributes` reads them.
    """

    name: str
    closing: bool
    written: str


def tags(page: str) -> Iterator[Tag]:
    """
    Every tag of a page in order; comments, declarations and what stands inside scripts and their like are passed over.
    """
    position = 0
    while found := TAG.search(page, position):
        position = found.end()
        if not found["name"]:
            continue
        name = found["name"].lower()
        yield Tag(name, bool(found["end"]), found["attributes"])
        if name in RAW and not found["end"]:
            position = behind_raw(name, page, position)


def attributes(written: str) -> Mapping[str, str]:
    """
    Attributes by name in lower case; of a name that stands twice, the first counts.

    References are decoded as in attributes: `?a=1&copy=2` is an address and no sign of a copyright.
    """
    found: dict[str, str] = {}
    for name, double, single, bare in ATTRIBUTE.findall(written):
        found.setdefault(name.lower(), dereferenced(double or single or bare))
    return found


def behind_raw(name: str, page: str, position: int) -> int:
    """
    Where to read on behind an element of `RAW` whose content begins at `position`.
    """
    end = re.compile(f"</{name}(?=[\\s/>])[^>]*>?", re.IGNORECASE).search(page, position)
    return end.end() if end else len(page)

"""
A document as Markdown (CommonMark, and what GitHub adds to it), for whoever wants it in a file or under version control.

Takes a `Document`; gives text. Invariant: words from outside stay words. What would make a heading, a list, a link, code or
markup of them is escaped, addresses that are found without being marked as such included, and right-to-left text is
isolated, so that it turns nothing around itself.

Source: https://spec.commonmark.org/0.31.2/, sections 2.4, 4 to 6; https://github.github.com/gfm/, section 6.9.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

from listener.tell.pages.document import (
    Block,
    Bullets,
    Document,
    Drawing,
    Entry,
    Facts,
    Link,
    Paragraph,
    Said,
    Table,
    Words,
)

_ALWAYS: Final = re.compile(r"([\\`*_\[\]<>~|&])")
_AT_THE_START: Final = re.compile(r"^([+=-]|#(?=#{0,5}(?:\s|$))|[0-9]{1,9}(?=[.)]))")
_FOUND_LINK: Final = re.compile(
    r"(?<=[A-Za-z])(?=://)|(?<=mailto)(?=:)|(?<=xmpp)(?=:)|(?<=[A-Za-z0-9._+-])(?=@)|(?<=www)(?=\.)",
    re.IGNORECASE,
)
_ISOLATE: Final = "\u2068"
_END_OF_IT: Final = "\u2069"
"""First-strong isolate, and its end (UAX 9, section 2.4)."""


def as_markdown(document: Document) -> str:
    """
    The whole document, a blank line between its blocks.
    """
    blocks = [f"# {_line(document.title)}", *_blocks(document.lead), f"## {document.contents}"]
    blocks += ["\n".join(f"- [{section.title}](#{section.name})" for section in document.sections)]
    for section in document.sections:
        blocks += [f'<a id="{section.name}"></a>', f"## {section.title}", *_blocks(section.blocks)]
    return "\n\n".join(blocks) + "\n"


def _blocks(blocks: tuple[Block, ...]) -> Iterator[str]:
    for block in blocks:
        match block:
            case Paragraph(words):
                yield _line(words)
            case Bullets(items):
                yield "\n".join(f"- {_line(item)}" for item in items)
            case Facts(rows):
                yield "\n".join(f"- **{term}:** {_line(words)}" for term, words in rows)
            case Table(caption, head, lines):
                yield f"**{caption}**"
                yield "\n".join(
                    _row(cells)
                    for cells in (
                        head,
                        ["---"] * len(head),
                        *([_line(cell) for cell in line] for line in lines),
                    )
                )
            case Drawing(_, says):
                yield "\n".join(f"{number}. {_line(step)}" for number, step in enumerate(says, start=1))
            case Entry(title, within):
                yield f"### {_line(title)}"
                yield from _blocks(within)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _line(words: Words) -> str:
    return "".join(_inline(each) for each in words)


def _inline(word: str | Said | Link) -> str:
    match word:
        case str():
            return word
        case Said():
            return _isolated(escaped(word.shown))
        case Link():
            target = word.target
            if target is None:
                return escaped(word.shown)
            return f"[{_marked(word.shown)}](<{_target(target)}>)"


def escaped(text: str) -> str:
    """
    A text on one line that CommonMark and GitHub show as it is.
    """
    text = _FOUND_LINK.sub("\\\\", _marked(text))
    return _AT_THE_START.sub(lambda sign: sign[0] + "\\" if sign[0].isdigit() else "\\" + sign[0], text)


def _marked(text: str) -> str:
    return _ALWAYS.sub(r"\\\1", text)


def _target(address: str) -> str:
    """
    An address between angle brackets: what would end it is written by number (RFC 3986, section 2.1).
    """
    return re.sub(r"[<>\\|\s]", lambda sign: f"%{ord(sign[0]):02X}", address)


def _isolated(text: str) -> str:
    right_to_left = any(unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text)
    return f"{_ISOLATE}{text}{_END_OF_IT}" if right_to_left else text

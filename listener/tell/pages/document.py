"""
What a page says, before anybody decides how it looks: sections of paragraphs, lists and facts, made of our words and of
words that somebody else wrote.

Made by whoever has something to say (`listener.notice`); shown by `document.html` and by `markdown`, so that both say the
same. Pure. A text from outside is a `Said` and stays one until it is escaped: nothing it holds becomes a heading, a link
or markup.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from string import Formatter
from typing import Final

_STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]"
)
"""Control characters, and those that turn the direction of what follows (UAX 9): they steer whoever shows a text."""


@dataclass(frozen=True, slots=True)
class Said:
    """
    Words from outside: the configuration, or what follows from it.

    Args:
        text: As it was written.
        language: In which it is written, where that is known and another than the page's; marks it.
    """

    text: str
    language: str | None = None

    @property
    def shown(self) -> str:
        """
        On one line, without characters that steer.
        """
        return " ".join(_STEERING.sub("", self.text).split())


@dataclass(frozen=True, slots=True)
class Link:
    """
    Somewhere to go.

    Args:
        address: Of a web page or a mailbox; anything else is shown and leads nowhere.
        words: In place of the address.
    """

    address: str
    words: str | None = None

    @property
    def target(self) -> str | None:
        """
        What a link may lead to.
        """
        address = Said(self.address).shown
        if re.match(r"(?:https?://|mailto:)", address, re.IGNORECASE):
            return address
        return f"mailto:{address}" if re.fullmatch(r"[^\s@/:]+@[^\s@/:]+", address) else None

    @property
    def shown(self) -> str:
        """
        What stands on the page.
        """
        return self.words or re.sub(r"^mailto:", "", Said(self.address).shown)


Inline = str | Said | Link
Words = tuple[Inline, ...]


@dataclass(frozen=True, slots=True)
class Paragraph:
    """
    Sentences that belong together.
    """

    words: Words


@dataclass(frozen=True, slots=True)
class Bullets:
    """
    A list.
    """

    items: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Facts:
    """
    What something is, line by line: a term, and what holds of it.
    """

    rows: tuple[tuple[str, Words], ...]


@dataclass(frozen=True, slots=True)
class Table:
    """
    Many things of a kind beside each other.

    Args:
        caption: What it shows; names it for whoever hears it.
        head: Heading of each column.
        lines: Each as long as the head; its first cell says what the line is about.
    """

    caption: str
    head: tuple[str, ...]
    lines: tuple[tuple[Words, ...], ...]


@dataclass(frozen=True, slots=True)
class Drawing:
    """
    A picture in the page itself.

    Args:
        svg: Whole, with title and description; whoever makes it has escaped every word in it.
        says: The same in words, for whoever does not see it: it stands below the picture, and in place of it in Markdown.
    """

    svg: str
    says: tuple[Words, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """
    One of many things of a kind, under a heading of its own.
    """

    title: Words
    blocks: tuple[Paragraph | Bullets | Facts | Table, ...]


Block = Paragraph | Bullets | Facts | Table | Drawing | Entry


@dataclass(frozen=True, slots=True)
class Section:
    """
    Args:
        name: In the address, behind `#`; the same in every language.
        title: Heading, and line of the table of contents.
    """

    name: str
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """
    A whole page.

    Args:
        title: Heading of the page.
        lead: Before the table of contents.
        contents: Heading of the table of contents.
        sections: In order.
    """

    title: Words
    lead: tuple[Block, ...]
    contents: str
    sections: tuple[Section, ...]


def fill(sentence: str, **values: Inline | Words) -> Words:
    """
    A sentence of ours with something in the place of each `{name}`.

    Raises:
        KeyError: a name has no value.
    """
    words: list[Inline] = []
    for before, name, _, _ in Formatter().parse(sentence):
        words += [before] if before else []
        if name is not None:
            value = values[name]
            words += value if isinstance(value, tuple) else (value,)
    return tuple(words)


def listed(items: Sequence[Inline | Words], between: str = ", ") -> Words:
    """
    One behind the other.
    """
    words: list[Inline] = []
    for index, item in enumerate(items):
        words += [between] if index else []
        words += item if isinstance(item, tuple) else (item,)
    return tuple(words)


def in_language(texts: Mapping[str, str], language: str, otherwise: str) -> Said:
    """
    Of a text that is there in several languages, the one that is asked for; another one, marked as such, where it is missing.

    Args:
        texts: By language.
        otherwise: Where there is none at all.
    """
    if language in texts:
        return Said(texts[language])
    return next((Said(text, other) for other, text in sorted(texts.items())), Said(otherwise))

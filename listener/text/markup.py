"""
HTML to the plain text a reader would see. Takes what adapters find on the wire, gives what `Post.text` holds.

One pass of a tokenizer that follows the HTML Standard, section 13.2.5 (https://html.spec.whatwg.org/),
where the words depend on it, and builds no tree: a tree builder is quadratic by specification. Selectolax's lexbor
took 24 s for 84 KB of `<p><font id=…>` and 24 s for 100,000 nested `<div>` (measured 2026-11-24, selectolax 1.0.2), and
a blog that can stop the ear for minutes breaks promise 9. Lexbor is the oracle of this module's tests instead.
"""

from __future__ import annotations

import re
import unicodedata

from listener.text import tame
from listener.text.letters import clean, is_plain
from listener.text.page import TAG, behind_raw
from listener.text.vocabulary import (
    HIDDEN,
    LINES,
    PARAGRAPHS,
    RAW,
    attribute,
    http_address,
    says,
    shown_image,
    unescaped,
)


def html_to_text(html: str, *, base: str | None = None) -> str:
    """
    The text of an HTML fragment or page as a reader would see it, cleaned as `clean` does. Never raises; linear.

    - Scripts, styles, templates, frames, form controls, drawings and the fallbacks of media are left out.
    - White space folds to one space; `<br>` and blocks break the line, paragraphs leave one blank line.
      `<pre>` keeps its own lines and indents. No line ends with a space.
    - List items start with `- `; the cells of a row are parted by ` | `.
    - A link is its text and then its address: `the plan <https://city.example/plan>`. The address is left out where
      the text shows it already, where the text is a hashtag or a handle (the address is then the network's own page
      about it), where it shows no text, and where it is not http(s).
    - An image is its alternative text: bare where it is an emoji (`🙂`, `:blobcat:`), otherwise in brackets (`[a bridge]`)
      so that it joins no word beside it.

    Args:
        html: A fragment or a page.
        base: Address that relative links are resolved against; without one they count as no address, and so does one
            that only leads elsewhere in the same text (`#note`).
    """
    if is_plain(html):
        composed = html if html.isascii() else unicodedata.normalize("NFC", html)
        text = tame.read(composed, resolves_links=base is not None)
        if text is not None:
            return text
    return read_carefully(html, base=base)


def read_carefully(html: str, *, base: str | None = None) -> str:
    """
    The same for any markup whatever, token by token; what `html_to_text` means is defined here.
    """
    return clean(_Page(base).read(clean(html)))


class _Page:
    """
    What has been written so far, and the break that the next word will find before it.
    """

    __slots__ = ("_address", "_anchor", "_base", "_bullet", "_lines", "_lists", "_parts", "_pre", "_space")

    def __init__(self, base: str | None) -> None:
        self._base = base
        self._parts: list[str] = []
        self._space = ""
        self._lines = 0
        self._lists = 0
        self._pre = 0
        self._bullet = False
        self._address: str | None = None
        self._anchor = 0

    def read(self, source: str) -> str:
        position = 0
        while found := TAG.search(source, position):
            self._text(source[position : found.start()])
            position = found.end()
            if name := found["name"]:
                name = name.lower()
                if found["end"]:
                    self._close(name)
                else:
                    position = self._open(name, found["attributes"], source, position)
        self._text(source[position:])
        self._leave_link()
        return "\n".join(map(str.rstrip, "".join(self._parts).split("\n")))

    def _open(self, name: str, attributes: str, source: str, position: int) -> int:
        """
        Returns:
            Where to read on: behind the element, where nothing of it is to be seen.
        """
        if name in RAW:
            return behind_raw(name, source, position)
        if name in HIDDEN:
            # Drawings may close themselves, as in XML; the others may not.
            return position if attributes.endswith("/") else _behind(name, source, position)
        if name == "a":
            self._leave_link()
            self._address = http_address(attribute(attributes, "href"), self._base)
            self._anchor = len(self._parts)
        elif name == "img":
            self._write_words(shown_image(attribute(attributes, "alt")))
        elif name == "br":
            self._lines = min(self._lines + 1, 2)
        elif name in ("td", "th"):
            self._space = " | "
        else:
            self._break_at(name)
            self._enter(name)
        return position

    def _enter(self, name: str) -> None:
        if name in ("ul", "ol"):
            self._lists += 1
        elif name == "li":
            self._bullet = True
        elif name == "pre":
            self._pre += 1

    def _close(self, name: str) -> None:
        if name == "a":
            self._leave_link()
            return
        if name in ("ul", "ol"):
            self._lists = max(self._lists - 1, 0)
            self._bullet = False
        elif name == "li":
            self._bullet = False
        elif name == "pre":
            self._pre = max(self._pre - 1, 0)
        self._break_at(name)

    def _break_at(self, name: str) -> None:
        if name in PARAGRAPHS:
            self._lines = max(self._lines, 1 if self._lists else 2)
        elif name in LINES:
            self._lines = max(self._lines, 1)

    def _text(self, raw: str) -> None:
        if not raw:
            return
        text = unescaped(raw)
        if self._pre:
            self._write_lines(text)
        else:
            self._write_words(text)

    def _write_lines(self, text: str) -> None:
        for number, line in enumerate(text.split("\n")):
            if number:
                self._lines = min(self._lines + 1, 2)
            if line.strip():
                self._write(line)
            else:
                self._space = self._space or line

    def _write_words(self, text: str) -> None:
        words = " ".join(text.split())
        if not words:
            self._space = self._space or (" " if text else "")
            return
        if text[0].isspace():
            self._space = self._space or " "
        self._write(words)
        if text[-1].isspace():
            self._space = " "

    def _write(self, words: str) -> None:
        begins_link = self._anchor == len(self._parts)
        if self._parts:
            self._parts.append("\n" * self._lines or self._space)
        if self._bullet:
            self._parts.append("- ")
        if begins_link:  # what parts it from the text before is no part of what the link shows
            self._anchor = len(self._parts)
        self._parts.append(words)
        self._lines, self._space, self._bullet = 0, "", False

    def _leave_link(self) -> None:
        address, self._address = self._address, None
        if address is None:
            return
        shown = "".join(self._parts[self._anchor :]).strip()
        if shown and not says(shown, address):
            self._parts.append(f" <{address}>")


def _behind(name: str, source: str, position: int) -> int:
    depth = 1
    for found in re.compile(f"<(/?){name}(?=[\\s/>])([^>]*)>?", re.IGNORECASE).finditer(source, position):
        if found[1]:
            depth -= 1
        elif not found[2].endswith("/"):
            depth += 1
        if not depth:
            return found.end()
    return len(source)

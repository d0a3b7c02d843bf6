"""
HTML to the plain text a reader would see. Takes what adapters find on the wire, gives what `Post.text` holds.

One pass of a tokenizer that follows the HTML Standard, section 13.2.5 (https://html.spec.whatwg.org/),
where the words depend on it, and builds no tree: a tree builder is quadratic by specification. Selectolax's lexbor
took 24 s for 84 KB of `<p><font id=…>` and 24 s for 100,000 nested `<div>` (measured 2026-11-24, selectolax 1.0.2), and
a blog that can stop the ear for minutes breaks promise 9. Lexbor is the oracle of this module's tests instead.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final
from urllib.parse import urljoin

from listener.text.letters import clean

# Every alternative ends at the end of input too, as the standard has it, so none is ever tried again from a later `<`.
_TAG: Final = re.compile(
    r"""<(?:
        !--(?:-?>|.*?(?:--!?>|\Z))
      | [!?][^>]*+(?:>|\Z)
      | /(?![a-zA-Z])[^>]*+(?:>|\Z)
      | (?P<end>/?)(?P<name>[a-zA-Z][^\s/>]*+)
        (?P<attributes>(?:=\s*+(?:"[^"]*+(?:"|\Z)|'[^']*+(?:'|\Z))|[^>])*+)(?:>|\Z)
    )""",
    re.VERBOSE | re.DOTALL,
)
_ATTRIBUTE: Final = re.compile(
    r"""([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s>]*+)))?""", re.VERBOSE
)
# Source: HTML Standard, section 13.2.5.73: in an attribute a name without its semicolon is none before `=` or a letter.
_IN_ATTRIBUTE: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]*+)([;=]?+)")
# `unescape` hands decimal references of any length to `int`, which refuses more than 4,300 digits.
_ENDLESS_REFERENCE: Final = re.compile(r"&#[0-9]{10,};?")
_UNSAFE_IN_ADDRESS: Final = re.compile(r"[\s<>\"\x00-\x20]")
_NOT_RELATIVE: Final = re.compile(r"#|[a-z][a-z0-9+.-]*:|\Z", re.IGNORECASE)
_WORD: Final = re.compile(r"\w")

_RAW: Final = frozenset(["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title"])
"""Their content is not markup; it ends at the first end tag of the same name."""
_HIDDEN: Final = frozenset(
    ["annotation", "annotation-xml", "audio", "canvas", "datalist", "select", "svg", "template", "video"]
)
"""Their content is markup that a reader does not see, or sees only as a control or a fallback."""
_PARAGRAPHS: Final = frozenset(
    [
        "blockquote",
        "dl",
        "fieldset",
        "figure",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "ol",
        "p",
        "pre",
        "table",
        "ul",
    ]
)
"""A blank line around each (inside a list: a line break)."""
_LINES: Final = frozenset(
    [
        "address",
        "article",
        "aside",
        "body",
        "caption",
        "center",
        "dd",
        "details",
        "dialog",
        "dir",
        "div",
        "dt",
        "figcaption",
        "footer",
        "form",
        "head",
        "header",
        "hgroup",
        "html",
        "legend",
        "li",
        "main",
        "menu",
        "nav",
        "optgroup",
        "option",
        "search",
        "section",
        "summary",
        "tbody",
        "tfoot",
        "thead",
        "tr",
    ]
)
"""A line of their own."""


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
    if "<" not in html and "&" not in html:
        return clean(" ".join(html.split()))
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
        while found := _TAG.search(source, position):
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
        if name in _RAW:
            return _behind_raw(name, source, position)
        if name in _HIDDEN:
            # Drawings may close themselves, as in XML; the others may not.
            return position if attributes.endswith("/") else _behind(name, source, position)
        if name == "a":
            self._leave_link()
            self._address = _http_address(_attribute(attributes, "href"), self._base)
            self._anchor = len(self._parts)
        elif name == "img":
            self._write_words(_shown_image(_attribute(attributes, "alt")))
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
        if name in _PARAGRAPHS:
            self._lines = max(self._lines, 1 if self._lists else 2)
        elif name in _LINES:
            self._lines = max(self._lines, 1)

    def _text(self, raw: str) -> None:
        if not raw:
            return
        text = _unescaped(raw)
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
        if self._parts:
            self._parts.append("\n" * self._lines or self._space)
        if self._bullet:
            self._parts.append("- ")
        self._parts.append(words)
        self._lines, self._space, self._bullet = 0, "", False

    def _leave_link(self) -> None:
        address, self._address = self._address, None
        if address is None:
            return
        shown = "".join(self._parts[self._anchor :]).strip()
        if shown and not _says(shown, address):
            self._parts.append(f" <{address}>")


def _says(shown: str, address: str) -> bool:
    """
    Whether a link's text makes its address superfluous.
    """
    if shown[0] in "#＃﹟@＠﹫" and not any(char.isspace() for char in shown):
        return True
    bare = address.partition("://")[2].removeprefix("www.").rstrip("/")
    return bare in shown


def _behind_raw(name: str, source: str, position: int) -> int:
    end = re.compile(f"</{name}(?=[\\s/>])[^>]*>?", re.IGNORECASE).search(source, position)
    return end.end() if end else len(source)


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


def _attribute(attributes: str, wanted: str) -> str:
    for name, double, single, bare in _ATTRIBUTE.findall(attributes):
        if name.lower() == wanted:
            value = double or single or bare
            return _unescaped(_IN_ATTRIBUTE.sub(_kept, value) if "&" in value else value)
    return ""


def _kept(reference: re.Match[str]) -> str:
    """
    The name of a character with its ampersand escaped, where an attribute means the letters: `?a=1&copy=2`.
    """
    name, end = reference.groups()
    known = f"{name};" in html5 if end == ";" else not end and name in html5
    return reference[0] if known else f"&amp;{name}{end}"


def _http_address(address: str, base: str | None) -> str | None:
    address = address.strip()
    if address.startswith("//"):
        address = f"https:{address}"
    elif base and not _NOT_RELATIVE.match(address):
        address = _joined(base, address)
    if not address[:8].lower().startswith(("http://", "https://")):
        return None
    return _UNSAFE_IN_ADDRESS.sub(
        lambda found: "".join(f"%{byte:02X}" for byte in found[0].encode()), address
    )


def _joined(base: str, address: str) -> str:
    try:
        return urljoin(base, address)
    except ValueError:  # brackets that are no IPv6 address
        return ""


def _shown_image(alt: str) -> str:
    alt = alt.strip()
    if not _WORD.search(alt) or (len(alt) > 2 and alt[0] == alt[-1] == ":"):
        return alt
    return f"[{alt}]"


def _unescaped(raw: str) -> str:
    if "&" not in raw:
        return raw
    return unescape(_ENDLESS_REFERENCE.sub("\ufffd", raw))

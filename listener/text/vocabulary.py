"""
What `markup` and `tame` agree on: which HTML elements break a line or are not seen, and what links and images say.
"""

from __future__ import annotations

import re
from html import unescape
from html.entities import html5
from typing import Final
from urllib.parse import urljoin

ATTRIBUTE: Final = re.compile(
    r"""([^\s/>=]++)(?:\s*+=\s*+(?:"([^"]*+)"?|'([^']*+)'?|([^\s>]*+)))?""", re.VERBOSE
)
# Source: HTML Standard, section 13.2.5.73: in an attribute a name without its semicolon is none before `=` or a letter.
_IN_ATTRIBUTE: Final = re.compile(r"&([A-Za-z][A-Za-z0-9]*+)([;=]?+)")
# `unescape` hands decimal references of any length to `int`, which refuses more than 4,300 digits.
_ENDLESS_REFERENCE: Final = re.compile(r"&#[0-9]{10,};?")
_UNSAFE_IN_ADDRESS: Final = re.compile(r"[\s<>\"\x00-\x20]")
_NOT_RELATIVE: Final = re.compile(r"#|[a-z][a-z0-9+.-]*:|\Z", re.IGNORECASE)
_WORD: Final = re.compile(r"\w")

RAW: Final = frozenset(["iframe", "noembed", "noframes", "noscript", "script", "style", "textarea", "title"])
"""Their content is not markup; it ends at the first end tag of the same name."""
HIDDEN: Final = frozenset(
    ["annotation", "annotation-xml", "audio", "canvas", "datalist", "select", "svg", "template", "video"]
)
"""Their content is markup that a reader does not see, or sees only as a control or a fallback."""
PARAGRAPHS: Final = frozenset(
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
LINES: Final = frozenset(
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


def says(shown: str, address: str) -> bool:
    """
    Whether a link's text makes its address superfluous.
    """
    if shown[0] in "#＃﹟@＠﹫" and not any(char.isspace() for char in shown):
        return True
    bare = address.partition("://")[2].removeprefix("www.").rstrip("/")
    return bare in shown


def attribute(attributes: str, wanted: str) -> str:
    """
    The value of an attribute; empty where there is none.
    """
    for name, double, single, bare in ATTRIBUTE.findall(attributes):
        if name.lower() == wanted:
            return dereferenced(double or single or bare)
    return ""


def dereferenced(value: str) -> str:
    """
    The value of an attribute, its references decoded as HTML has it in attributes.
    """
    return unescaped(_IN_ATTRIBUTE.sub(_kept, value)) if "&" in value else value


def _kept(reference: re.Match[str]) -> str:
    """
    The name of a character with its ampersand escaped, where an attribute means the letters: `?a=1&copy=2`.
    """
    name, end = reference.groups()
    known = f"{name};" in html5 if end == ";" else not end and name in html5
    return reference[0] if known else f"&amp;{name}{end}"


def is_relative(address: str) -> bool:
    """
    Whether it takes a base to say where a link leads; false of one that leads elsewhere in the same text.
    """
    return not address.startswith("//") and not _NOT_RELATIVE.match(address)


def http_address(address: str, base: str | None) -> str | None:
    """
    Where a link leads, fit to stand between `<` and `>`; None where that is nowhere on the web.
    """
    address = address.strip()
    if base and is_relative(address):
        address = _joined(base, address)
    elif address.startswith("//"):
        address = f"https:{address}"
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


def shown_image(alt: str) -> str:
    alt = alt.strip()
    if not _WORD.search(alt) or (len(alt) > 2 and alt[0] == alt[-1] == ":"):
        return alt
    return f"[{alt}]"


def unescaped(raw: str) -> str:
    if "&" not in raw:
        return raw
    return unescape(_ENDLESS_REFERENCE.sub("\ufffd", raw))

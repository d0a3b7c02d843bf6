"""
What the XML dialects share: names of elements by namespace and not by prefix, their text, and addresses.

Used by `rss`, `rdf` and `atom`. Everything here is iterative, so that no depth of nesting can exhaust the stack.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import urljoin, urlsplit

from lxml import etree

from adapters.feed.wire import Text

_PREFIXES: Final = {
    "purl.org/dc/elements/1.1": "dc",
    "purl.org/dc/elements/1.0": "dc",
    "purl.org/dc/terms": "dcterms",
    "purl.org/rss/1.0/modules/content": "content",
    "purl.org/rss/1.0/modules/slash": "slash",
    "purl.org/rss/1.0/modules/syndication": "sy",
    "purl.org/rss/1.0/modules/annotate": "annotate",
    "wellformedweb.org/commentapi": "wfw",
    "purl.org/syndication/thread/1.0": "thr",
    "purl.org/syndication/history/1.0": "fh",
    "purl.org/atompub/tombstones/1.0": "at",
    "www.w3.org/2005/atom": "atom",
    "purl.org/atom/ns": "atom",
    "www.itunes.com/dtds/podcast-1.0.dtd": "itunes",
    "search.yahoo.com/mrss": "media",
    "www.w3.org/1999/xhtml": "xhtml",
    "www.w3.org/1999/02/22-rdf-syntax-ns": "rdf",
}
"""Namespace, without scheme and trailing sign and in lower case, to the prefix this project writes for it."""

_CORE: Final = frozenset(
    {
        "",
        "purl.org/rss/1.0",
        "purl.org/rss/0.9",
        "my.netscape.com/rdf/simple/0.9",
        "channel.netscape.com/rdf/simple/0.9",
        "backend.userland.com/rss",
        "backend.userland.com/rss2",
        "backend.userland.com/rss091",
        "blogs.law.harvard.edu/tech/rss",
        "cyber.law.harvard.edu/rss",
        "cyber.harvard.edu/rss/rss.html",
        "purl.org/net/rss1.1",
    }
)
"""Namespaces under which RSS's own elements have been seen."""

NAMESPACES: Final = {
    "atom": "http://www.w3.org/2005/Atom",
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
    "xhtml": "http://www.w3.org/1999/xhtml",
    "content": "http://purl.org/rss/1.0/modules/content/",
    "slash": "http://purl.org/rss/1.0/modules/slash/",
    "sy": "http://purl.org/rss/1.0/modules/syndication/",
    "dc": "http://purl.org/dc/elements/1.1/",
    "dcterms": "http://purl.org/dc/terms/",
    "wfw": "http://wellformedweb.org/CommentAPI/",
    "thr": "http://purl.org/syndication/thread/1.0",
    "fh": "http://purl.org/syndication/history/1.0",
    "at": "http://purl.org/atompub/tombstones/1.0",
    "media": "http://search.yahoo.com/mrss/",
}
"""Our prefixes to the namespaces as their specifications write them."""

_ORDINARY: Final = re.compile(r"https?://[A-Za-z0-9][A-Za-z0-9.-]*+(?::\d{1,5})?(?:[/?#][^\x00-\x20]*+)?\Z")
"""Nearly every address; the others are taken apart by the standard library, which takes six times as long."""

_BLANKS: Final = re.compile(r"[\x00-\x20]+")
_VALUE: Final = r"\s*+[\"']?+\s*+(?![\s\"'#]|[a-z][a-z0-9+.-]*+:)"
_RELATIVE: Final = re.compile(rf"href\s*+={_VALUE}", re.IGNORECASE)
_PERHAPS_RELATIVE: Final = re.compile(
    rf"=(?:(?<=\s=)|(?<=[hH][rR][eE][fF]=){_VALUE.replace('a-z', 'A-Za-z')})"
)
"""True wherever that is; begins with one certain letter, which makes it ten times as fast."""

LANG: Final = "{http://www.w3.org/XML/1998/namespace}lang"


class Names(dict[str, str]):
    """
    lxml's tag to ours, each worked out once per document: `title`, `dc:creator`, `content:encoded`. Lower case.
    Elements of a namespace nobody needs are called `?`.

    Args:
        core: Our prefix of the document's own namespace; its elements go without one.
    """

    def __init__(self, core: str = "") -> None:
        super().__init__()
        self._core = core

    def __missing__(self, tag: str) -> str:
        uri, _, local = tag.rpartition("}")
        prefix = prefix_of(uri[1:])
        if not uri and ":" in local:  # a prefix nobody declared
            prefix, _, local = local.rpartition(":")
            prefix = "" if prefix.lower() == "rss" else prefix
        if prefix == "?":
            name = "?"
        else:
            name = local.lower() if prefix in ("", self._core) else f"{prefix}:{local}".lower()
        self[tag] = name
        return name

    def children(self, element: etree._Element) -> list[tuple[str, etree._Element]]:
        """
        Every child element with our name for it.
        """
        return [(self[tag], child) for child in element if type(tag := child.tag) is str]


def prefix_of(namespace: str) -> str:
    """
    Our prefix of a namespace: empty for those of RSS itself, `?` for one that nobody needs.
    """
    space = _plain_uri(namespace)
    return "" if space in _CORE else _PREFIXES.get(space, "?")


def local_name(element: etree._Element) -> str:
    """
    Without namespace or prefix, lower case.
    """
    return str(element.tag).rpartition("}")[2].rpartition(":")[2].lower()


def text_of(element: etree._Element) -> str | None:
    """
    The characters of an element and of all inside it, stripped; None where there are none.
    """
    found = (element.text if not len(element) else "".join(_pieces(element))) or ""
    return found.strip() or None


def inner_html(element: etree._Element) -> str | None:
    """
    What stands inside an element as HTML, whether it was escaped once or written in plain tags; None where empty.
    """
    if not len(element):
        text = element.text  # decoded anew at every look
        return text if text and not text.isspace() else None
    for child in element.iterdescendants(etree.Element):
        child.tag = local_name(child)
    etree.cleanup_namespaces(element)
    pieces = [_escaped(element.text)]
    pieces.extend(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return "".join(pieces).strip() or None


def html(element: etree._Element) -> Text | None:
    """
    The element as HTML.
    """
    inner = inner_html(element)
    return Text(inner, "html", _base(inner, element)) if inner else None


def guess(element: etree._Element) -> Text | None:
    """
    The element as RSS leaves it: perhaps HTML, perhaps not; certainly where it holds tags.
    """
    inner = inner_html(element)
    if not inner:
        return None
    return Text(inner, "html" if len(element) else "guess", _base(inner, element))


def base_of(html: str, base: str | None) -> str | None:
    """
    The base, where a link in the HTML needs one.
    """
    return base if _needs_base(html) else None


def _base(html: str, element: etree._Element) -> str | None:
    return element.base if _needs_base(html) else None  # looked for through all holders, so only then


def _needs_base(html: str) -> bool:
    return "<" in html and _PERHAPS_RELATIVE.search(html) is not None and _RELATIVE.search(html) is not None


def plain(element: etree._Element) -> Text | None:
    """
    The element as plain text.
    """
    found = text_of(element)
    return Text(found, "plain") if found else None


def media_element(found: Mapping[str, etree._Element], wanted: str, names: Names) -> etree._Element | None:
    """
    What Media RSS says of an entry: beside its other elements, in a group, or with the one thing it shows.
    """
    if wanted in found:
        return found[wanted]
    if "media:group" not in found and "media:content" not in found:
        return None
    places = (found[place] for place in ("media:group", "media:content") if place in found)
    inside = (child for place in places for name, child in names.children(place) if name == wanted)
    return next((child for child in inside if text_of(child)), None)


def absolute(address: str | None, element: etree._Element) -> str | None:
    """
    The address resolved against `xml:base` and the document's own address; None where it is none of the web.
    """
    address = "".join((address or "").split())
    if not address:
        return None
    if not address.startswith(("http://", "https://")):
        address = resolve(address, element.base)
    return web_address(address)


def resolve(address: str, base: str | None) -> str:
    """
    `urljoin` that never raises.
    """
    try:
        return urljoin(base or "", address)
    except ValueError:
        return ""


def web_address(address: str | None) -> str | None:
    """
    An absolute http or https address with a host, its scheme in lower case and without blanks, or None.
    """
    if address and _ORDINARY.match(address):
        return address
    address = _BLANKS.sub("", address or "")
    scheme, colon, rest = address.partition(":")
    try:
        is_web = scheme.lower() in ("http", "https") and bool(urlsplit(address).hostname)
    except ValueError:
        return None
    return f"{scheme.lower()}{colon}{rest}" if is_web else None


def distinct(values: Iterable[str | None]) -> tuple[str, ...]:
    """
    Each value once, in order, without the empty ones.
    """
    kept = [value for value in values if value]
    return tuple(kept) if len(kept) < 2 else tuple(dict.fromkeys(kept))


def _pieces(element: etree._Element) -> Iterator[str]:
    return (str(piece) for piece in element.itertext())


def _escaped(text: str | None) -> str:
    return (text or "").replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def _plain_uri(uri: str) -> str:
    return "".join(uri.split()).lower().partition("://")[2].rstrip("/#") if uri else ""

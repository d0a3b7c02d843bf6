"""
The feeds that an answer offers: itself, or what its `Link` header and its head announce. Pure; called through
`SPEC.discover` by whoever adds sources.

Invariants: no address is made up, only resolved; linear in the length of the answer, and at most `MOST` candidates,
whatever a page holds; a page never offers itself.

Sources: HTML Standard, section 4.6.7.1 (`alternate`) and RSS Advisory Board, rss-autodiscovery, for links; RFC 8288,
section 3, for the header; jsonfeed.org/version/1.1, "Discovery" (all as remembered or quoted, 2026-11-24).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal
from urllib.parse import urljoin, urlsplit

from adapters.feed.documents import read_document
from adapters.feed.encoding import to_utf8
from listener.adapter import Candidate, Reply
from listener.errors import DocumentRefused
from listener.text.page import attributes, tags

Kind = Literal["feed", "comments"]
_Offer = tuple[str, str, str, Kind]
"""Address, title, form and kind."""

MOST: Final = 100
"""Chosen: no honest page announces as many feeds; a page of a million links is not walked through one by one."""

_ADDRESS_MOST: Final = 2048
_TITLE_MOST: Final = 200

_CERTAIN: Final = {
    "application/atom+xml": "atom",
    "application/rss+xml": "rss",
    "application/feed+json": "json",
}
_JSON: Final = "application/json"
"""Mostly the address of an API; a feed only where its title or address says so."""
_XML: Final = frozenset({"application/rdf+xml", "text/xml", "application/xml", "application/x.atom+xml"})
_SAYS_JSON: Final = re.compile(r"json\s?feed|feed\.json\b", re.IGNORECASE)
_SAYS_XML: Final = re.compile(r"\b(?:rss|atom|rdf)\b", re.IGNORECASE)
_PREFERENCE: Final = ("atom", "rss", "json")
"""Between forms of the same feed: Atom has identities, dates and threads by its standard (RFC 4287, RFC 4685)."""

_HEAD: Final = frozenset(
    [
        "html",
        "head",
        "title",
        "base",
        "link",
        "meta",
        "style",
        "script",
        "noscript",
        "template",
        "bgsound",
        "basefont",
        "noframes",
    ]
)
"""What a head may hold; anything else ends it. Source: HTML Standard, section 13.2.6.4.4 ("in head")."""

_COMMENTS: Final = re.compile(
    r"\bcomments?\b|commentaires?\b|comentarios?\b|comentários?\b|\bcommenti\b|kommentar|reacties\b|komentarz|"
    r"коментар|комментари|コメント|评论|評論|留言|댓글|تعليق",
    re.IGNORECASE,
)
_COMMENTS_ADDRESS: Final = re.compile(r"(?:^|[/=._-])comments?(?:[/=._-]|$)", re.IGNORECASE)
_PART: Final = re.compile(
    r"/(?:category|categories|tags?|labels?|topics?|authors?|search|archives?)/|/-/|[?&](?:cat|tag|author|s|q)=",
    re.IGNORECASE,
)
_FORMAT_WORDS: Final = re.compile(
    r"\b(?:rss|atom|rdf|json|xml|feeds?|full|v?[0-9](?:\.[0-9]+)?)\b|\.[0-9]+", re.IGNORECASE
)
_LINK_VALUE: Final = re.compile(
    r"<([^<>]*+)>((?:\s*+;\s*+[^\s=;,<>\"]++\s*+(?:=\s*+(?:\"(?:\\.|[^\"\\])*+\"|[^\s;,\"]*+))?)*+)"
)
_PARAMETER: Final = re.compile(
    r";\s*+([^\s=;,<>\"]++)\s*+(?:=\s*+(?:\"((?:\\.|[^\"\\])*+)\"|([^\s;,\"]*+)))?"
)
_CHARSET: Final = re.compile(
    rb"<meta\s[^>]{0,200}?charset\s{0,9}=\s{0,9}[\"']?([A-Za-z0-9._:-]{1,40})", re.IGNORECASE
)
_CHARSET_WITHIN: Final = 1024
"""Source: HTML Standard, section 13.2.3.2."""


@dataclass(frozen=True, slots=True, repr=False)
class _Link:
    """
    What a page says of one of its alternates, as it stands.
    """

    href: str
    rel: str
    type: str
    title: str


def discover(reply: Reply) -> tuple[Candidate, ...]:
    """
    The feeds an answer offers, best first: posts before comments, a whole site before its parts, Atom before other
    forms of the same, else in the order of the page. Empty for anything but a 2xx.
    """
    if not 200 <= reply.status < 300:
        return ()
    if _is_feed(reply):
        return (Candidate(address=reply.address, title=None, kind=_kind("", reply.address)),)
    links = [*_in_header(reply.headers.get("link", "")), *_in_page(_text(reply), reply.address)]
    return _ranked(dict.fromkeys(_candidates(links, reply.address)))


def _is_feed(reply: Reply) -> bool:
    try:
        read_document(reply.body, address=reply.address, content_type=reply.headers.get("content-type"))
    except DocumentRefused:
        return False
    return True


# ------------------------------------------------------------------------------------------------------ what is said


def _text(reply: Reply) -> str:
    """
    The page as text; a byte order mark and the header say in which encoding, then the page itself.
    """
    said = reply.headers.get("content-type", "")
    meta = _CHARSET.search(reply.body[:_CHARSET_WITHIN])
    if meta is not None and "charset" not in said.lower():
        said = f"text/html; charset={meta[1].decode('ascii')}"
    return to_utf8(reply.body, said).decode("utf-8", "replace")


def _in_page(page: str, address: str) -> list[_Link]:
    """
    The feeds of the head, or those of the body where the head has none: a stray element ends many a head early, and a
    comment in the body must not be able to add to a head that is whole. Addresses are resolved against `<base>`.
    """
    head: list[_Link] = []
    body: list[_Link] = []
    base: str | None = None
    found = head
    for tag in tags(page):
        if (tag.name == "head" and tag.closing) or (tag.name not in _HEAD and not tag.closing):
            found = body
        if tag.closing or tag.name not in ("base", "link") or len(found) >= MOST:
            continue
        said = attributes(tag.written)
        link = _link(said.get("href", ""), said)
        if tag.name == "base":
            base = base or ("href" in said and _joined(address, link.href)) or None
        elif _form(link) is not None:
            found.append(link)
    return [replace(link, href=_joined(base or address, link.href) or "") for link in head or body]


def _link(href: str, said: Mapping[str, str]) -> _Link:
    return _Link(href, said.get("rel", ""), said.get("type", ""), said.get("title", ""))


def _in_header(header: str) -> Iterator[_Link]:
    """
    The links of a `Link` header. Source: RFC 8288, section 3.
    """
    for number, found in enumerate(_LINK_VALUE.finditer(header)):
        if number == MOST:
            return
        said: dict[str, str] = {}
        for name, quoted, bare in _PARAMETER.findall(found[2]):
            said.setdefault(name.lower(), re.sub(r"\\(.)", r"\1", quoted) or bare)
        if "anchor" not in said:  # a link of some other document
            yield _link(found[1], said)


# -------------------------------------------------------------------------------------------------- what is offered


def _candidates(links: list[_Link], address: str) -> Iterator[_Offer]:
    """
    Address, title, form and kind of each link that is one to a feed; each address once, and never the page itself.
    """
    seen = {address}
    for link in links:
        form, target = _form(link), _joined(address, link.href)
        if form is None or target is None or target in seen:
            continue
        seen.add(target)
        title = " ".join(link.title.split())[:_TITLE_MOST]
        yield target, title, form, _kind(title, target)


def _form(link: _Link) -> str | None:
    """
    `atom`, `rss` or `json`; None where the link is none to a feed.
    """
    rel = link.rel.lower().split()
    if "alternate" not in rel or "stylesheet" in rel or not link.href.strip():
        return None
    kind = link.type.partition(";")[0].strip().lower()
    said = f"{link.title} {link.href}"
    if kind in _CERTAIN:
        return _CERTAIN[kind]
    if kind == _JSON:
        return "json" if _SAYS_JSON.search(said) else None
    return "rss" if kind in _XML and _SAYS_XML.search(said) else None


def _kind(title: str, address: str) -> Kind:
    parts = urlsplit(address)
    said = _COMMENTS.search(title) or _COMMENTS_ADDRESS.search(f"{parts.path}?{parts.query}")
    return "comments" if said else "feed"


def _joined(base: str, href: str) -> str | None:
    """
    The absolute http(s) address of a link, as browsers read it; None where it is none that could be asked for.
    """
    href = re.sub(r"[\t\n\r]", "", href.strip())
    href = re.sub(r"^feed:(?://)?(?=https?:)", "", href, flags=re.IGNORECASE)
    href = re.sub(r"^feed:(?=//)", "http:", href, flags=re.IGNORECASE).replace(" ", "%20")
    if len(href) > _ADDRESS_MOST or not href.isprintable():
        return None
    try:
        address = urljoin(base, href).partition("#")[0]
        parts = urlsplit(address)
        host, _ = parts.hostname, parts.port
    except ValueError:
        return None
    if (
        parts.scheme not in ("http", "https")
        or not host
        or "@" in parts.netloc
        or len(address) > _ADDRESS_MOST
    ):
        return None
    return address


def _ranked(found: dict[_Offer, None]) -> tuple[Candidate, ...]:
    groups: dict[tuple[str, str], int] = {}
    ranked = []
    for position, (address, title, form, kind) in enumerate(found):
        group = groups.setdefault((kind, _without_form(title)), position)
        narrow = _PART.search(address) is not None
        rank = (kind == "comments", narrow, group, _PREFERENCE.index(form), position)
        ranked.append((rank, address, title, kind))
    return tuple(
        Candidate(address=address, title=title or None, kind=kind)
        for _, address, title, kind in sorted(ranked)
    )


def _without_form(title: str) -> str:
    """
    What is left of a title without the words for its format, so that "News (RSS)" and "News (Atom)" are one feed.
    """
    return " ".join(re.findall(r"\w+", _FORMAT_WORDS.sub(" ", title).casefold()))

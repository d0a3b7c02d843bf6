"""
Which entry an address or an identity means, in whatever spelling it is pasted. Pure; asks nobody.

Used by `SPEC.names`. An entry goes by its address, and inside its feed by what the feed calls it (`naming`). Nothing is cut
off that may tell one post from another: the anchor of a comment stays, and so does every parameter that is not known to
mark a visit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import islice, product
from typing import Final
from urllib.parse import quote, unquote

from adapters.feed.comments import is_comment_address
from adapters.feed.config import FeedConfig
from listener.text import same_address
from listener.text.pasted import WebAddress, web_address

SPELLINGS_MOST: Final = 64
"""Chosen: more than any real address has; an address is made of a few parts that are each spelled in two or three ways."""

_MARKS_A_VISIT: Final = re.compile(
    r"(?:utm_|mtm_|pk_|hsa_)\w*|_(?:ga|gl)|[a-z]?gclid|gclsrc|[gw]braid|[dy]clid|fbclid|msclkid|igshid|mkt_tok|mc_[ce]id|oly_\w+"
    r"|vero_\w+|_hs(?:enc|mi)|ref_(?:src|url)|share|nb|m|amp|replytocom|phpsessid|jsessionid",
    re.IGNORECASE,
)
"""Beside those of `same_address`, which are left out when an entry is stored: of share buttons, newsletters, and the forms of a
page for telephones. What is called `m` or `share` may mean a post after all, so the address counts with it, too."""

_PLACE_ON_PAGE: Final = re.compile(
    r"|comments|respond|disqus_thread|top|main|content|primary|more(?:-\d+)?|:~:.*", re.DOTALL
)
"""Fragments that scroll a page and are no post."""

_AMP: Final = re.compile(r"/amp/?$")
_COMMENT_PAGE: Final = re.compile(r"/comment-page-\d+/?$")
_OWN: Final = re.compile(
    r"[A-Za-z][A-Za-z0-9+.-]*:\S{8,}|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}|[0-9a-f]{32,}", re.IGNORECASE
)
"""Identities that no two feeds share: a URI, a UUID, a digest. `7` is an entry of many feeds."""


def names(configs: Sequence[FeedConfig], link: str) -> tuple[str, ...]:
    """
    See `AdapterSpec.names`.
    """
    address = web_address(link)
    if address is not None:
        if not (address.path.strip("/") or address.query or address.fragment):
            return ()  # a site is no entry
        every = tuple(islice(dict.fromkeys(_spellings(address)), SPELLINGS_MOST))
    elif _OWN.fullmatch(link):
        every = (link,)
    else:
        return ()
    scopes = dict.fromkeys(same_address(config.scope) for config in configs)
    sites = {*scopes, *(same_address(config.address) for config in configs)}
    said = [each for each in every if each not in sites]
    scoped = (f"{scope}\n{each}" for each in said for scope in scopes)
    return (*(said if address is not None else ()), *scoped)


def _spellings(address: WebAddress) -> Iterator[str]:
    """
    As `same_address` writes them, the one nearest to what was pasted first.
    """
    for query, fragment, path, host in product(
        _queries(address.query), _fragments(address.fragment), _paths(address), _hosts(address.host)
    ):
        yield same_address(
            f"http://{host}{path}{f'?{query}' if query else ''}{f'#{fragment}' if fragment else ''}"
        )


def _hosts(host: str) -> Iterator[str]:
    for each in (host, *_idna(host)):
        yield each
        yield each.removeprefix("www.") if each.startswith("www.") else f"www.{each}"


def _idna(host: str) -> tuple[str, ...]:
    """
    A name that is not ASCII, as it goes over the wire or as people write it.
    """
    try:
        other = host.encode("ascii").decode("idna") if host.isascii() else host.encode("idna").decode("ascii")
    except (UnicodeError, ValueError):
        return ()
    return () if other == host else (other,)


def _paths(address: WebAddress) -> Iterator[str]:
    bases = [address.path, _AMP.sub("", address.path)]
    if is_comment_address(f"#{address.fragment}"):
        page = _COMMENT_PAGE.sub("", address.path).rstrip("/")
        bases += [page, f"{page}/comment-page-1"]
    for base in dict.fromkeys(bases):
        plain = unquote(base, errors="surrogatepass") if "%" in base else base
        yield base
        if plain != base or not base.isascii():
            encoded = quote(plain, safe="/:@!$&'()*+,;=~-._", errors="surrogatepass")
            yield encoded
            yield re.sub(r"%[0-9A-F]{2}", lambda found: found[0].lower(), encoded)
            yield plain


def _queries(query: str) -> Iterator[str]:
    yield query
    kept = [pair for pair in query.split("&") if not _MARKS_A_VISIT.fullmatch(pair.partition("=")[0])]
    yield "&".join(kept)


def _fragments(fragment: str) -> Iterator[str]:
    yield fragment
    if _PLACE_ON_PAGE.fullmatch(fragment):
        yield ""

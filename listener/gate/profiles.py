"""
Which addresses name a person's account, and which parameters only tell who passed an address on.

Used by links.py (may this address be shown?) and redact.py (addresses inside text). The knowledge is data:
profile_patterns.toml, dated, with examples that the tests walk.
"""

from __future__ import annotations

import functools
import itertools
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final
from urllib.parse import unquote_plus

from listener.gate.folding import WORD, fold_for_masking

OwnHandles = frozenset[str]
"""The organisation's own accounts and mailboxes, folded, without a leading sign."""

_PARTS: Final = re.compile(
    r"(?:(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):)?(?://(?:(?P<userinfo>[^/?#]*)@)?(?P<host>[^/?#@]*))?"
    r"(?P<path>[^?#]*)(?P<query>\?[^#]*)?(?P<fragment>#.*)?",
    re.DOTALL,
)
"""RFC 3986, appendix B, with the user information apart."""

_LABELS_MAX: Final = 6
"""Chosen: no host in the list has more labels."""

_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:(?!\d)", re.IGNORECASE)
_AT_SEGMENT: Final = re.compile(rf"@[{WORD}.-]+(?:[@:][{WORD}.:-]+)?")
"""`@name`, `@name@host`, and Matrix's `@name:host`."""

_INNER: Final = re.compile(r"https?:/{1,2}[^/\s].*", re.IGNORECASE | re.DOTALL)
_NESTED_MAX: Final = 3
"""Chosen: addresses inside addresses that are looked at."""

_PORT: Final = re.compile(r":\d*$")
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_MONTH: Final = re.compile(r"0?[1-9]|1[0-2]")
"""`/contributors/2015/09/01/…` and `/author/2026/11/…` are dates: a newspaper's section, no account."""

_PAGE: Final = re.compile(r".+\.(?:html?|php|aspx?|xml|rss|pdf|json|md)")


class Address:
    """
    An address in its parts, as written; `""` where a part is missing. Beside them what is asked of it:

    host_name: Folded, without port, `www.` and the root's dot.
    parents: The host name, then every host above it.
    segments: Of path and fragment, decoded and folded; empty ones left out.
    parameters: Keys and values of the query, decoded and folded.
    """

    __slots__ = (
        "fragment",
        "host",
        "host_name",
        "parameters",
        "parents",
        "path",
        "query",
        "scheme",
        "segments",
        "userinfo",
    )

    def __init__(self, scheme: str, userinfo: str, host: str, path: str, query: str, fragment: str) -> None:
        self.scheme, self.userinfo, self.host = scheme, userinfo, host
        self.path, self.query, self.fragment = path, query, fragment
        self.host_name = _PORT.sub("", fold_for_masking(host)).rstrip(".").removeprefix("www.")
        labels = self.host_name.split(".")[-_LABELS_MAX:]
        self.parents = [".".join(labels[at:]) for at in range(len(labels) - 1)]
        whole = f"{path}/{fragment[1:]}" if fragment else path
        self.segments = [part for part in _decoded(whole).split("/") if part]
        self.parameters = _parameters(query) if query else []

    @property
    def stated(self) -> list[str]:
        """
        Everything that may name somebody: segments and values.
        """
        return self.segments + [value for _, value in self.parameters]


def _parameters(query: str) -> list[tuple[str, str]]:
    pairs = [part.partition("=") for part in re.split("[&;]", query[1:])]
    return [(_decoded(key), _decoded(value)) for key, _, value in pairs if key]


def parse_address(address: str) -> Address:
    """
    The parts of any string; never raises.
    """
    found = _PARTS.fullmatch(address)
    return Address(*found.groups("")) if found else Address("", "", "", address, "", "")


def parse_written(address: str) -> Address:
    """
    The parts of an address as people write them: without a scheme the host comes first.
    """
    return parse_address(address if _SCHEME.match(address) else f"//{address}")


@dataclass(frozen=True, slots=True)
class _Network:
    paths: tuple[re.Pattern[str], ...]
    query: frozenset[str]
    reserved: frozenset[str]
    account_in_host: bool
    this_host_only: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class _Patterns:
    by_host: Mapping[str, tuple[_Network, ...]]
    segments: frozenset[str]
    before_pages: frozenset[str]
    pages: frozenset[str]
    reserved: frozenset[str]
    query: frozenset[str]
    scope_hosts: frozenset[str]
    tracking_prefixes: tuple[str, ...]
    tracking_names: frozenset[str]
    tracking_by_host: Mapping[str, frozenset[str]] = field(default_factory=dict)


def pattern_file() -> Mapping[str, Any]:
    """
    The dated list as it stands in the file.
    """
    return tomllib.loads(files(__package__).joinpath("profile_patterns.toml").read_text(encoding="utf-8"))


@functools.cache
def _patterns() -> _Patterns:
    table = pattern_file()
    by_host: dict[str, list[_Network]] = {}
    for entry in table["network"]:
        for host in entry["hosts"]:
            network = _Network(
                tuple(re.compile(path) for path in entry.get("paths", ())),
                frozenset(entry.get("query", ())),
                frozenset(entry.get("reserved", ())),
                host.startswith("*."),
                host.startswith("="),
            )
            by_host.setdefault(host.lstrip("*.="), []).append(network)
    tracking, anywhere = table["tracking"], table["anywhere"]
    return _Patterns(
        by_host={host: tuple(networks) for host, networks in by_host.items()},
        segments=frozenset(anywhere["segments"]),
        before_pages=frozenset(anywhere["before_pages"]),
        pages=frozenset(anywhere["pages"]),
        reserved=frozenset(anywhere["reserved"]),
        query=frozenset(anywhere["query"]),
        scope_hosts=frozenset(anywhere["scope_hosts"]),
        tracking_prefixes=tuple(tracking["prefixes"]),
        tracking_names=frozenset(tracking["names"]),
        tracking_by_host={host: frozenset(names) for host, names in tracking["by_host"].items()},
    )


@functools.cache
def account_hosts() -> tuple[str, ...]:
    """
    Ends of hosts that are accounts themselves, with the dot in front.
    """
    networks = pattern_file()["network"]
    return tuple(host[1:] for entry in networks for host in entry["hosts"] if host.startswith("*."))


def names_account(address: Address, *, own: OwnHandles, nested: int = _NESTED_MAX) -> bool:
    """
    Whether the path, the query or (on hosts that are accounts) the host names somebody's account; the
    organisation's own are nobody's. An address inside the address (an archive, a redirect) is asked, too.
    """
    if _holds_account(address, own, nested):
        return True
    accounts = [account.removeprefix("@") for account in _accounts(address)]
    return any(account not in own and f"{account}@{address.host_name}" not in own for account in accounts)


def _holds_account(address: Address, own: OwnHandles, nested: int) -> bool:
    """
    Whether an address inside this one names an account.
    """
    behind = f"{address.path}{address.query}{address.fragment}"
    if ":" not in behind and "%" not in behind:
        return False
    inner = _INNER.search(unquote_plus(behind))
    return (
        inner is not None
        and nested > 0
        and names_account(parse_address(inner[0]), own=own, nested=nested - 1)
    )


def _accounts(address: Address) -> list[str]:
    """
    Every account that the address names, by the network's own rules and by those that hold anywhere.
    """
    patterns = _patterns()
    found: list[str] = []
    scoped = False
    for parent in address.parents:
        scoped = scoped or parent in patterns.scope_hosts
        for network in patterns.by_host.get(parent, ()):
            if not network.this_host_only or parent == address.host_name:
                found += _accounts_on(network, address, parent)
    if not scoped:
        found += [part for part in address.stated if part[0:1] == "@" and _AT_SEGMENT.fullmatch(part)]
        found += [value for key, value in address.parameters if key in patterns.query and value]
    return found + _accounts_anywhere(address.segments, patterns)


def _accounts_anywhere(segments: list[str], patterns: _Patterns) -> list[str]:
    """
    Accounts behind a word that announces one on any host.
    """
    found: list[str] = []
    for word, account, page in itertools.zip_longest(segments, segments[1:], segments[2:], fillvalue=""):
        if word in patterns.before_pages and page in patterns.pages:
            found.append(account)
        elif word not in patterns.segments or not account or account in patterns.reserved:
            continue
        elif not _PAGE.fullmatch(account) and not (_YEAR.fullmatch(account) and _MONTH.fullmatch(page)):
            found.append(account)
    return found


def _accounts_on(network: _Network, address: Address, parent: str) -> Iterator[str]:
    """
    Accounts by one network's own rules; of its path patterns the first that fits decides.
    """
    label = address.host_name.removesuffix(parent).rstrip(".").rpartition(".")[2]
    if network.account_in_host and label and label not in network.reserved:
        yield address.host_name
    yield from (value for key, value in address.parameters if key in network.query and value)
    path = re.sub("/+", "/", _decoded(address.path))
    for pattern in network.paths:
        found = pattern.fullmatch(path)
        if found and found["account"] not in network.reserved:
            yield found["account"]
            return


def _decoded(text: str) -> str:
    return fold_for_masking(unquote_plus(text) if "%" in text or "+" in text else text)


def login_span(text: str, start: int, end: int) -> tuple[int, int] | None:
    """
    User information of the address between `start` and `end`, with its at sign; None where there is none.
    """
    if "@" not in text[start:end]:
        return None
    address = parse_written(text[start:end])
    if not address.userinfo:
        return None
    host = end - len(f"{address.host}{address.path}{address.query}{address.fragment}")
    return host - len(address.userinfo) - 1, host


def surplus_spans(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """
    Which characters of the address between `start` and `end` say nothing of where it leads: parameters that tell
    who shared it, each with a separator, and a fragment that quotes the page.
    """
    written = text[start:end]
    if "?" not in written and ":~:" not in written:
        return []
    address = parse_written(written)
    spans = list(_surplus_parameters(address, end - len(address.query) - len(address.fragment)))
    quoted = address.fragment.find(":~:")
    if quoted >= 0:
        spans.append((end - len(address.fragment) + (0 if quoted == 1 else quoted), end))
    return spans


def _surplus_parameters(address: Address, at: int) -> Iterable[tuple[int, int]]:
    """
    Spans of tracking parameters, adjoining ones as one; `at` is where the question mark stands.
    """
    patterns, local = _patterns(), _tracking_of(address)
    pairs = address.query[1:].split("&") if address.query else []
    surplus = [_tracks(_decoded(pair.partition("=")[0]), patterns, local) for pair in pairs]
    if pairs and all(surplus):
        return [(at, at + len(address.query))]
    spans: list[tuple[int, int]] = []
    at, kept_any = at + 1, False
    for pair, drop in zip(pairs, surplus, strict=True):
        if drop:
            # With the separator in front, or, before anything that stays, the one behind.
            spans.append((at - 1, at + len(pair)) if kept_any else (at, at + len(pair) + 1))
        kept_any = kept_any or not drop
        at += len(pair) + 1
    return spans


def _tracking_of(address: Address) -> frozenset[str]:
    by_host = _patterns().tracking_by_host
    return frozenset().union(*(by_host.get(parent, frozenset()) for parent in address.parents))


def without_surplus(link: str) -> str:
    """
    The same address without user information and `surplus_spans`; every other byte stays as it was.
    """
    if "?" not in link and "@" not in link and ":~:" not in link:
        return link
    login = login_span(link, 0, len(link))
    pieces, done = [], 0
    for start, end in ([login] if login else []) + surplus_spans(link, 0, len(link)):
        pieces.append(link[done:start])
        done = end
    return "".join([*pieces, link[done:]])


def _tracks(key: str, patterns: _Patterns, local: frozenset[str]) -> bool:
    return key in patterns.tracking_names or key in local or key.startswith(patterns.tracking_prefixes)

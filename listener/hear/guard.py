"""
What may be asked, and where a connection may lead. Pure but for `socket_factory`, which makes the one socket it allows.

`listener.hear.reader` parses every address here, first one and hops alike, and sends exactly what was parsed;
`listener.hear.transport` hands `socket_factory` to the connector, which calls it with the very address it is about to
connect to: literals, resolved names, every attempt, every hop. A resolver would not see literals.

Invariants: what is checked is what is sent (one parser: yarl's, without its normalising); nothing that is refused
causes a byte to leave; no message holds more of an address than a declared host.
"""

from __future__ import annotations

import re
import socket
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Any, Final
from urllib.parse import quote, unquote, urljoin

from yarl import URL

from listener.adapter import Reach
from listener.errors import RequestRefused

IPNetwork = IPv4Network | IPv6Network

REFUSED_NETWORKS: Final[tuple[IPNetwork, ...]] = tuple(
    ip_network(text)
    for text in (
        "0.0.0.0/8",  # this network, unspecified
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # shared by carriers
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local; cloud metadata lives here
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/3",  # multicast, reserved, broadcast
        "::/3",  # unspecified, loopback, mapped and compatible IPv4, NAT64 (64:ff9b::/96, 64:ff9b:1::/48)
        "2001::/23",  # protocol assignments, Teredo
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: an IPv4 address in disguise
        "3fff::/20",  # documentation
        "4000::/2",  # not assigned
        "8000::/1",  # not assigned, unique local, link-local, site-local, multicast
    )
)
"""
Special-purpose address space, and whatever IPv6 is outside 2000::/3. A list of our own, because `ipaddress.is_global`
changed its mind between patch versions of Python.

Source: IANA IPv4 and IPv6 Special-Purpose Address Registries, as of RFC 6890 with its updates up to RFC 9637.
"""

_UNSENDABLE: Final = re.compile(r"[\x00-\x1f\x7f]")
_SENT_AS_IS: Final = "".join(map(chr, range(0x21, 0x7F)))
_HOST: Final = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]*:[0-9a-f:.]*")  # a name (IDNA-encoded), or an IP address
_NUMERIC: Final = re.compile(r"[0-9]+\.[0-9]+\.[0-9]+\.[0-9]+|.*:.*")
_DOTTED: Final = re.compile(r"(?:[/\\]|%2f|%5c)(?:\.|%2e)", re.IGNORECASE)  # a path begins with a slash
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*:", re.IGNORECASE)


class AddressRefused(OSError):
    """
    The address about to be connected to is not one a public source may have. Raised by the socket factory inside
    the connector, which takes it for an address that cannot be reached and goes on to the next one; caught by
    transport where none was left.
    """

    def __init__(self) -> None:
        super().__init__("the address is private, reserved, or an IPv4 address in disguise")


@dataclass(frozen=True, slots=True, repr=False)
class Target:
    """
    One parsed address: what the guard checks and what the transport sends.

    Args:
        url: As sent: not normalised, no fragment.
        scheme: `http` or `https`; `ws` or `wss` where it is listened to.
        host: Lower case, without port or trailing dot, in ASCII.
        path: As sent, without the query.
    """

    url: URL
    scheme: str
    host: str
    path: str

    def __repr__(self) -> str:
        return f"Target(host={self.host!r})"

    @property
    def origin(self) -> tuple[str, str, int | None]:
        """
        Scheme, host and port: where credentials may go together.
        """
        return self.scheme, self.host, self.url.port


READ: Final = frozenset({"http", "https"})
LISTENED: Final = frozenset({"ws", "wss"})


def parse(address: str, *, source: str, schemes: frozenset[str] = READ) -> Target:
    """
    The address, ready to be checked and sent byte for byte; only what no request line can carry (spaces,
    non-ASCII) is percent-encoded, as browsers do.

    Args:
        schemes: `READ` or `LISTENED`.

    Raises:
        RequestRefused: not absolute, of another scheme, user-info, control characters, `.` or `..` segments
            (a server would read another path than the one that was checked), no host or a broken one.
    """
    if _UNSENDABLE.search(address):
        raise RequestRefused(f"{source}: the address holds a control character; mend the address")
    try:
        url = _url(address.partition("#")[0])
        host = (url.raw_host or "").removesuffix(".").lower()  # yarl looks at host and port only now
    except ValueError:  # its message would repeat the address
        raise RequestRefused(f"{source}: the address cannot be parsed; mend the address") from None
    if url.scheme not in schemes:
        raise RequestRefused(
            f"{source}: only {' and '.join(sorted(schemes))} addresses are read; mend the address"
        )
    if "@" in url.raw_authority:
        raise RequestRefused(f"{source}: an address with user name or password is not read; remove them")
    if not _HOST.fullmatch(host):
        raise RequestRefused(f"{source}: the address names no host that could exist; mend the address")
    if not _could_be_connected_to(host):
        raise RequestRefused(f"{source}: the host is neither a name nor a plain IP address")
    path = url.raw_path.partition("?")[0]
    if _DOTTED.search(path) and {".", ".."} & set(re.split(r"[/\\]", unquote(path))):
        raise RequestRefused(f"{source}: the path of the address holds dot segments; write it out")
    return Target(url, url.scheme, host, path)


def _could_be_connected_to(host: str) -> bool:
    """
    False for what looks like an IP address and is none.
    """
    if not _NUMERIC.fullmatch(host):
        return True
    try:
        socket.inet_pton(socket.AF_INET6 if ":" in host else socket.AF_INET, host)
    except OSError:
        return False
    return True


def _url(text: str) -> URL:
    """
    Raises:
        ValueError: yarl cannot read it.
    """
    if not text.isascii() or " " in text:
        host = URL(text).raw_host  # IDNA-encoded by yarl
        url = URL(quote(text.encode(errors="surrogateescape"), safe=_SENT_AS_IS), encoded=True)
        return url.with_host(host) if host else url
    url = URL(text, encoded=True)
    if text.endswith("?") and not url.raw_query_string and url.raw_host:  # yarl would drop the empty query
        target = url.raw_path + "?"
        return URL.build(scheme=url.scheme, authority=url.raw_authority, path=target, encoded=True)
    return url


class Guard:
    """
    The reach of one source.

    Args:
        source: Name of the source, for messages.
        reaches: What its adapter declared; nothing else is asked.
    """

    __slots__ = ("_reaches", "_source")

    def __init__(self, source: str, reaches: Sequence[Reach]) -> None:
        self._source = source
        self._reaches = tuple((re.compile(reach.path), reach) for reach in reaches)

    def first(self, address: str, *, schemes: frozenset[str] = READ) -> tuple[Target, Reach]:
        """
        The parsed address and the reach it lies in.

        Args:
            schemes: As for `parse`.

        Raises:
            RequestRefused: it lies in none, or `parse` refuses it.
        """
        target = parse(address, source=self._source, schemes=schemes)
        reach = self._reach_of(target)
        if reach is None:
            raise RequestRefused(f"{self._source}: the address is outside what the source declared")
        return target, reach

    def hop(self, came_from: Target, location: str, reach: Reach) -> Target:
        """
        Where a redirect leads.

        Args:
            came_from: What answered with the redirect.
            location: Its `Location` header, absolute or relative.
            reach: Of the first address; says whether hops may leave what was declared.

        Raises:
            RequestRefused: a downgrade from https to http, outside what the reach allows, or `parse` refuses it.
        """
        absolute = location if _SCHEME.match(location) else urljoin(str(came_from.url), location)
        target = parse(absolute, source=f"{self._source}: redirect of {reach.host}")
        if came_from.scheme == "https" and target.scheme == "http":
            raise RequestRefused(f"{self._source}: {reach.host} redirects from https to http; not followed")
        if reach.redirects != "public" and self._reach_of(target) is None:
            raise RequestRefused(f"{self._source}: {reach.host} redirects outside what the source declared")
        return target

    def _reach_of(self, target: Target) -> Reach | None:
        for pattern, reach in self._reaches:
            if reach.host == target.host and pattern.fullmatch(target.path):
                return reach
        return None


def may_connect(address: str, allow: Iterable[IPNetwork]) -> bool:
    """
    Whether a connection may lead to this IP address: global, or within what the operator allowed by name.

    Args:
        address: Textual IPv4 or IPv6 address, a zone allowed.
        allow: Networks the operator declared, such as an intranet's. A mapped address is not within an IPv4 one.
    """
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return any(found in network for network in allow) or not any(
        found in network for network in REFUSED_NETWORKS
    )


def socket_factory(
    allow: Iterable[IPNetwork],
) -> Callable[[tuple[Any, Any, int, str, tuple[Any, ...]]], socket.socket]:
    """
    What a connector calls with each address it is about to connect to.

    Raises:
        AddressRefused: by the returned function, instead of a socket.
    """
    allowed = tuple(allow)

    def make(info: tuple[Any, Any, int, str, tuple[Any, ...]]) -> socket.socket:
        family, kind, protocol, _, address = info
        if family not in {socket.AF_INET, socket.AF_INET6} or not may_connect(str(address[0]), allowed):
            raise AddressRefused
        return socket.socket(family=family, type=kind, proto=protocol)

    return make

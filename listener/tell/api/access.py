"""
Who may ask for what. Pure: takes a request's headers and the scope its operation needs, gives a verdict.

Takes what a request shows of itself; a browser shows a token in a form, where it has no header (`admitted`).

Three doors. The Unix socket is guarded by its file mode and may do everything. A loopback address is guarded by the
machine: reading is free for a request that names a loopback host and was not forwarded, so that neither a page in a
browser (DNS rebinding) nor a proxy opens it to the world. Any other address needs a bearer token for everything but
`/healthz`. What changes something needs a token on every door but the socket.

Tokens are known by their SHA-256 only; no verdict repeats one.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Scope = Literal["read", "operate", "metrics", "open"]
Door = Literal["loopback", "network", "socket"]

SCOPES: Final[tuple[Scope, ...]] = ("read", "operate", "metrics", "open")

FORWARDED: Final = ("forwarded", "via", "x-forwarded-for", "x-forwarded-host", "x-real-ip")
"""Headers a proxy adds: RFC 7239, RFC 9110 section 7.6.3, and what nginx and Traefik guides tell people to set."""


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """
    A credential of one consumer. Prints as its name.

    Args:
        name: From the configuration.
        sha256: Lower-case hex digest of the token; the token itself is never kept.
        scopes: What it opens.
    """

    name: str
    sha256: str
    scopes: frozenset[Scope]

    def __repr__(self) -> str:
        return f"Token({self.name!r})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """
    The rules of one door.

    Args:
        door: Which one.
        tokens: Every credential that is known.
        hosts: Names under which requests may come besides loopback's own, with or without a port. On a loopback
            door a request under such a name was forwarded and needs a token; on a network door an empty set
            accepts any name, because the token already keeps a rebinding page out.
    """

    door: Door
    tokens: tuple[Token, ...] = ()
    hosts: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Refused:
    """
    Why not, as an HTTP answer.

    Args:
        status: 401, 403 or 421.
        slug: Of the problem type.
        detail: What to do; nothing of what was sent.
    """

    status: int
    slug: str
    detail: str


WRONG_HOST: Final = Refused(
    421,
    "wrong-host",
    "This service does not answer under that host name: ask under a loopback name, or add the name to [http] allowed_hosts.",
)
FOREIGN_PAGE: Final = Refused(403, "foreign-origin", "A page of another origin may not do this.")
NEEDS_TOKEN: Final = Refused(401, "token-needed", "Send a token: Authorization: Bearer …")
UNKNOWN_TOKEN: Final = Refused(401, "token-unknown", "This token is not known here.")


def bind_door(host: str) -> Door:
    """
    The door that a bind address opens: `network` unless nothing but this machine reaches it.
    """
    return "loopback" if is_loopback(host.strip("[]")) else "network"


def is_loopback(name: str) -> bool:
    """
    Whether a host name or address, without brackets and port, is loopback's (RFC 6761 6.3, RFC 1122 3.2.1.3).
    """
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost" or name.endswith(".localhost")


def refusal(
    access: Access, headers: Mapping[str, str], *, scope: Scope | None, changes: bool
) -> Refused | None:
    """
    None where the request may go on.

    Args:
        access: Rules of the door it came through.
        headers: Lower-case names.
        scope: What the operation needs; None for what everybody may ask: `/healthz`, and the public notice.
        changes: The method is one that may change something.
    """
    if access.door == "socket":
        return None
    host = headers.get("host", "")
    if not _answers_under(access, host):
        return WRONG_HOST
    if changes and _is_foreign(headers):
        return FOREIGN_PAGE
    admission = None if scope is None else admitted(access, headers, scope=scope)
    return admission if isinstance(admission, Refused) else None


def admitted(
    access: Access, headers: Mapping[str, str], *, scope: Scope, secret: str = ""
) -> Token | Refused | None:
    """
    The token under which the request goes on; None where it needs none here. The one place where a credential is judged.

    Args:
        headers: Lower-case names.
        secret: A token from a form; looked at where there is no Authorization header.
    """
    if access.door == "socket":
        return None
    if scope != "operate" and _is_at_home(access, headers.get("host", ""), headers):
        return None
    shown = headers.get("authorization")
    return _by_token(access, f"Bearer {secret}" if shown is None and secret else shown, scope)


def _host(header: str) -> str:
    """
    The name in a Host header, without port and brackets; empty where it is malformed.
    """
    if header.startswith("["):
        name, closed, port = header[1:].partition("]")
        return name.lower() if closed and (not port or port.startswith(":")) else ""
    name, _, port = header.partition(":")
    return name.lower().rstrip(".") if not port or port.isdigit() else ""


def _answers_under(access: Access, header: str) -> bool:
    host = _host(header)
    if host and (is_loopback(host) or {host, header.lower()} & set(map(str.lower, access.hosts))):
        return True
    return access.door == "network" and not access.hosts


def _is_foreign(headers: Mapping[str, str]) -> bool:
    """
    Whether a browser says that another site's page sent this (Origin, RFC 6454; Sec-Fetch-Site).
    """
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = headers.get("origin")
    return origin is not None and origin.partition("://")[2].lower() != headers.get("host", "").lower()


def _is_at_home(access: Access, host: str, headers: Mapping[str, str]) -> bool:
    return (
        access.door == "loopback"
        and is_loopback(_host(host))
        and not any(header in headers for header in FORWARDED)
    )


def _by_token(access: Access, authorization: str | None, scope: Scope) -> Token | Refused:
    if authorization is None:
        return NEEDS_TOKEN
    kind, _, secret = authorization.partition(" ")
    if kind.lower() != "bearer":
        return NEEDS_TOKEN
    token = _known(access, secret.strip())
    if token is None:
        return UNKNOWN_TOKEN
    if scope not in token.scopes:
        return Refused(403, "scope-missing", f"This token does not have the scope {scope}.")
    return token


def _known(access: Access, secret: str) -> Token | None:
    """
    The token, found by comparing with every one in constant time, so that timing tells nothing.
    """
    digest = hashlib.sha256(secret.encode(errors="surrogateescape")).hexdigest()
    found = None
    for token in access.tokens:
        if hmac.compare_digest(token.sha256.lower().encode(), digest.encode()):
            found = token
    return found

"""
A personal data server as far as a reader needs one: sessions, and reading through it as somebody.

What it does not know it hands to `simulated_appview`, signed in. Tokens look like JWTs and are signed with nothing
worth keeping.

Sources: lexicons com.atproto.server.createSession, .refreshSession, .getSession of bluesky-social/atproto, read
2026-11-24; limits https://docs.bsky.app/docs/advanced-guides/rate-limits; life of tokens and names of errors as
remembered, 2026-11.
"""

from __future__ import annotations

import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any, Final, Literal

import orjson

from adapters.bluesky.simulated_appview import AppView
from adapters.bluesky.simulated_network import Account, Network
from adapters.bluesky.simulated_xrpc import (
    PREFIX,
    Budget,
    XrpcError,
    exhausted,
    failed,
    invalid,
    told,
    with_headers,
)
from listener.simulation.exchange import Request, Response

ACCESS_S: Final = 7200.0
REFRESH_S: Final = 90 * 86_400.0
_LOGINS: Final = ((30, 300.0), (300, 86_400.0))
_IP_LIMIT: Final = (3000, 300.0)

Scope = Literal["com.atproto.access", "com.atproto.refresh"]


@dataclass(frozen=True, slots=True, repr=False)
class Token:
    """
    What a token stands for; never printed.
    """

    did: str
    scope: Scope
    expires_s: float


@dataclass(slots=True)
class Pds:
    """
    Sessions for accounts of the network.

    Args:
        appview: Where reading goes.
        passwords: App password of each DID that may sign in.
        logins: How many sessions were made.
        issued: Every token there was, in order.
    """

    appview: AppView
    passwords: dict[str, str] = field(default_factory=dict)
    logins: int = 0
    issued: list[str] = field(default_factory=list)
    _tokens: dict[str, Token] = field(default_factory=dict)
    _by_ip: Budget = field(init=False)
    _by_account: tuple[Budget, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._by_ip = Budget(self.network.clock, *_IP_LIMIT)
        self._by_account = tuple(Budget(self.network.clock, *each) for each in _LOGINS)

    @property
    def network(self) -> Network:
        """
        Whose accounts these are.
        """
        return self.appview.network

    async def answer(self, request: Request) -> Response:
        """
        Every request of a client.
        """
        if not self._by_ip.spend("ip"):
            return with_headers(exhausted(), self._by_ip.headers("ip"))
        headers = self._by_ip.headers("ip")
        try:
            if request.path == f"{PREFIX}com.atproto.server.createSession":
                response, headers = self._create(request)
            else:
                response = self._performed(request)
        except XrpcError as error:
            response = failed(error)
        return with_headers(response, headers)

    def revoke(self) -> None:
        """
        Every token is worth nothing any more, as after a change of the password.
        """
        self._tokens.clear()

    def _performed(self, request: Request) -> Response:
        method = request.path.removeprefix(PREFIX)
        if method == "com.atproto.server.refreshSession":
            return told(self._refresh(request))
        if method == "com.atproto.server.getSession":
            account = self._signed_in(request, "com.atproto.access")
            return told({"did": account.did, "handle": account.handle, "active": True})
        if method != "com.atproto.identity.resolveHandle":
            self._signed_in(request, "com.atproto.access")
        return self.appview.perform(request)

    def _create(self, request: Request) -> tuple[Response, tuple[tuple[str, str], ...]]:
        """
        A session, and what is told of the limit on making them.
        """
        if request.method != "POST":
            raise invalid("Incorrect HTTP method (GET) expected POST")
        try:
            asked = orjson.loads(request.body)
            identifier, password = asked["identifier"], asked["password"]
        except (orjson.JSONDecodeError, KeyError, TypeError):
            raise invalid('Error: Input must have the property "identifier"') from None
        for budget in self._by_account:
            if not budget.spend(identifier):
                return exhausted(), budget.headers(identifier)
        account = self.network.accounts.get(identifier) or self.network.by_handle(identifier)
        if account is None or self.passwords.get(account.did) != password:
            raise XrpcError(401, "AuthenticationRequired", "Invalid identifier or password")
        if account.status in ("takendown", "suspended"):
            raise XrpcError(401, "AccountTakedown", "Account has been taken down")
        self.logins += 1
        return told(self._session(account)), self._by_account[0].headers(identifier)

    def _refresh(self, request: Request) -> dict[str, Any]:
        account = self._signed_in(request, "com.atproto.refresh")
        self._tokens.pop(_bearer(request) or "", None)
        return self._session(account)

    def _session(self, account: Account) -> dict[str, Any]:
        return {
            "accessJwt": self._token(account, "com.atproto.access", ACCESS_S),
            "refreshJwt": self._token(account, "com.atproto.refresh", REFRESH_S),
            "handle": account.handle,
            "did": account.did,
            "active": True,
        }

    def _token(self, account: Account, scope: Scope, life_s: float) -> str:
        """
        Three parts in base 64, the middle one readable by anybody.
        """
        issued = self.network.clock.now().timestamp()
        claims = {
            "scope": scope,
            "sub": account.did,
            "iat": int(issued),
            "exp": int(issued + life_s),
            "aud": "did:web:pds.example",
            "jti": str(len(self._tokens)),
        }
        parts = [_part({"typ": "at+jwt", "alg": "ES256K"}), _part(claims)]
        signature = hashlib.sha256(".".join(parts).encode()).digest()
        token = ".".join([*parts, base64.urlsafe_b64encode(signature).decode().rstrip("=")])
        self.issued.append(token)
        self._tokens[token] = Token(account.did, scope, self.network.clock.monotonic() + life_s)
        return token

    def _signed_in(self, request: Request, scope: Scope) -> Account:
        """
        Raises:
            XrpcError: no token, one that is not ours or of the other kind, one that has expired.
        """
        bearer = _bearer(request)
        if bearer is None:
            raise XrpcError(401, "AuthMissing", "Authentication Required")
        token = self._tokens.get(bearer)
        if token is None or token.scope != scope:
            raise XrpcError(400, "InvalidToken", "Token could not be verified")
        if token.expires_s <= self.network.clock.monotonic():
            raise XrpcError(400, "ExpiredToken", "Token has expired")
        return self.network.accounts[token.did]


def _bearer(request: Request) -> str | None:
    kind, _, token = (request.header("authorization") or "").partition(" ")
    return token if kind.lower() == "bearer" and token else None


def _part(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(value)).decode().rstrip("=")

"""
Who asks a simulated X: an app by its bearer token, a user by theirs, or a user by an OAuth 1.0a signature.

Used by `simulated_site`. What is signed is put together by oauthlib, as RFC 5849 tells it, and compared here.

Sources: RFC 5849; docs.x.com, fundamentals/authentication and the published schema's `security` of each endpoint, 2026-11 (OAuth 1.0a is
not taken for counts; usage takes the app's token only); that timestamps may be five minutes off as remembered, 2026-11.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from urllib.parse import parse_qsl, unquote

from oauthlib.oauth1.rfc5849 import signature
from oauthlib.oauth1.rfc5849.utils import escape, parse_authorization_header

from adapters.x.simulated_problems import Manners
from listener.simulation.exchange import Request

APP: Final = "OAuth 2.0 Application-Only"
USER: Final = "OAuth 2.0 User Context"
SIGNED: Final = "OAuth 1.0a User Context"

TAKEN: Final = {
    "search": (APP, SIGNED, USER),
    "counts": (APP, USER),
    "lookup": (APP, SIGNED, USER),
    "mentions": (APP, SIGNED, USER),
    "usage": (APP,),
    "credits": (APP,),
}
"""What each route takes."""

_LEEWAY_S: Final = 300
_NEEDED: Final = frozenset(
    {
        "oauth_consumer_key",
        "oauth_token",
        "oauth_signature",
        "oauth_signature_method",
        "oauth_timestamp",
        "oauth_nonce",
    }
)


@dataclass(frozen=True, slots=True)
class Caller:
    """
    Who asks.

    Args:
        kind: One of `APP`, `USER`, `SIGNED`.
        account: Id of the user; None for the app.
    """

    kind: str
    account: str | None = None


@dataclass(frozen=True, slots=True, repr=False)
class UserKeys:
    """
    The four keys of OAuth 1.0a. Prints none of them.

    Args:
        account: Id of the user whose token it is.
        consumer_key: Of the app.
        consumer_secret: Of the app.
        token: Of the user.
        token_secret: Of the user.
    """

    account: str
    consumer_key: str = "consumer-key"
    consumer_secret: str = "consumer-secret"  # noqa: S105  a simulation
    token: str = "user-token"  # noqa: S105
    token_secret: str = "user-token-secret"  # noqa: S105


@dataclass(slots=True, repr=False)
class Keys:
    """
    Every credential that is good; may be changed at any time.

    Args:
        app: Bearer tokens of the app.
        users: Bearer tokens of users (OAuth 2.0) with the id of the account.
        signed: Keys of OAuth 1.0a, by the user's token.
    """

    app: set[str] = field(default_factory=lambda: {"app-token"})
    users: dict[str, str] = field(default_factory=dict)
    signed: dict[str, UserKeys] = field(default_factory=dict)
    _nonces: set[tuple[str, str, str]] = field(default_factory=set)

    def caller(self, request: Request, now: datetime, manners: Manners) -> Caller:
        """
        Raises:
            Refused: 401.
        """
        scheme, _, rest = (request.header("authorization") or "").partition(" ")
        if scheme.lower() == "bearer" and rest in self.app:
            return Caller(APP)
        if scheme.lower() == "bearer" and rest in self.users:
            return Caller(USER, self.users[rest])
        if scheme.lower() == "oauth":
            account = self._signer(request, now)
            if account is not None:
                return Caller(SIGNED, account)
        raise manners.unauthorized()

    def _signer(self, request: Request, now: datetime) -> str | None:
        """
        The account whose signature it is; None where it is nobody's, too old, or was used before.
        """
        try:
            sent = parse_authorization_header(request.header("authorization") or "")
        except ValueError:
            return None
        said = {name: unquote(value) for name, value in sent}
        keys = self.signed.get(said.get("oauth_token", ""))
        if keys is None or not said.keys() >= _NEEDED or said["oauth_consumer_key"] != keys.consumer_key:
            return None
        stamp, nonce = said["oauth_timestamp"], said["oauth_nonce"]
        if not stamp.isdigit() or abs(int(stamp) - now.timestamp()) > _LEEWAY_S:
            return None
        if (keys.token, stamp, nonce) in self._nonces or not _verified(request, said, keys):
            return None
        self._nonces.add((keys.token, stamp, nonce))
        return keys.account


def _verified(request: Request, said: dict[str, str], keys: UserKeys) -> bool:
    """
    Whether the signature is of this request, at the host it was sent to, by whichever scheme: TLS may end before us.
    """
    if said["oauth_signature_method"] != "HMAC-SHA1":
        return False
    signed = [(name, value) for name, value in said.items() if name not in ("realm", "oauth_signature")]
    asked = parse_qsl(request.query, keep_blank_values=True)
    # The stubs want a dict, which could not hold a name twice.
    parameters = signature.normalize_parameters([*asked, *signed])  # type: ignore[arg-type]
    key = f"{escape(keys.consumer_secret)}&{escape(keys.token_secret)}".encode()
    for scheme in ("http", "https"):
        uri = signature.base_string_uri(f"{scheme}://{request.header('host') or ''}{request.path}")
        text = signature.signature_base_string("GET", uri, parameters)
        made = base64.b64encode(hmac.digest(key, text.encode(), "sha1")).decode()
        if hmac.compare_digest(made, said["oauth_signature"]):
            return True
    return False

"""
Signs a request with the token of our own account, as OAuth 1.0a asks for (RFC 5849), through oauthlib.

Used by `api` for mentions, where such a token makes a post five times cheaper. Nonce and timestamp come from the injected
clock; the nonce is a keyed digest of a count, the time and the address, so that it repeats neither within a process nor after a
restart.

Source: docs.x.com, fundamentals/authentication/oauth-1-0a; HMAC-SHA1 is the one method that X takes. Read 2026-11.
"""

from __future__ import annotations

import hashlib
from itertools import count

from adapters.x.config import XConfig
from listener.clock import Clock


class Signer:
    """
    The four parts of the credential, and a count.
    """

    def __init__(self, config: XConfig, clock: Clock) -> None:
        parts = (config.consumer_key, config.consumer_secret, config.access_token, config.access_token_secret)
        self._parts = tuple(part.get_secret_value() if part is not None else "" for part in parts)
        self._clock = clock
        self._count = count()

    def __repr__(self) -> str:
        return "Signer(…)"

    def authorization(self, address: str) -> str:
        """
        The header for one GET of an address whose query is percent-encoded.
        """
        from oauthlib.oauth1 import Client

        moment = self._clock.now().timestamp()
        key, secret, token, token_secret = self._parts
        client = Client(
            key,
            client_secret=secret,
            resource_owner_key=token,
            resource_owner_secret=token_secret,
            nonce=self._nonce(moment, address, token_secret),
            timestamp=str(int(moment)),
        )
        _, headers, _ = client.sign(address)
        return str(headers["Authorization"])

    def _nonce(self, moment: float, address: str, secret: str) -> str:
        once = f"{moment:.6f} {next(self._count)} {address}".encode()
        return hashlib.blake2b(once, key=secret.encode()[:64], digest_size=16).hexdigest()

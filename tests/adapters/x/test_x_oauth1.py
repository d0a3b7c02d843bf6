"""A signed request, as the other side verifies it."""

from __future__ import annotations

import re
from typing import Any, ClassVar
from urllib.parse import unquote

import pytest
from oauthlib.oauth1 import RequestValidator, ResourceEndpoint

from adapters.x.client import XSource
from adapters.x.config import XConfig
from adapters.x.oauth1 import Signer
from listener.testing.canned import CannedReader, EverythingInteresting
from tests.adapters.x.world import ENDPOINT, OURS, Clock, World

pytestmark = pytest.mark.anyio

SIGNED = {
    "endpoint": ENDPOINT,
    "listen": "mentions",
    "own_user_id": OURS,
    "consumer_key": "xvz1evFS4wEEPTGEFPHBog",
    "consumer_secret": "kAcSOqF21Fu85e7zjz7ZN2U4ZRhfV3WpwPAoE3Z7kBw",
    "access_token": "370773112-GmHxMAgYyLbNEtIKZeRNFsMKPR9EyMZeS9weJAEb",
    "access_token_secret": "LswwdoUaIvS8ltyTt5jkRh4J50vUPVVHtR2YPi5kE",
}
"""The keys of X's own example of a signature, which are nobody's."""


class Verifier(RequestValidator):
    """
    A server that knows the two secrets, and each nonce once.
    """

    enforce_ssl = False
    client_key_length = (1, 99)
    access_token_length = (1, 99)
    nonce_length = (20, 64)
    safe_characters: ClassVar = set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
    dummy_client = dummy_access_token = "nobody"

    def __init__(self) -> None:
        super().__init__()
        self.nonces: set[str] = set()

    def check_access_token(self, request_token: str) -> bool:
        return set(request_token) <= self.safe_characters

    def validate_client_key(self, client_key: str, request: Any) -> bool:
        return client_key == SIGNED["consumer_key"]

    def validate_access_token(self, client_key: str, token: str, request: Any) -> bool:
        return token == SIGNED["access_token"]

    def validate_timestamp_and_nonce(
        self,
        client_key: str,
        timestamp: Any,
        nonce: str,
        request: Any,
        request_token: str | None = None,
        access_token: str | None = None,
    ) -> bool:
        fresh = nonce not in self.nonces
        self.nonces.add(nonce)
        return fresh

    def validate_realms(self, *_: Any, **__: Any) -> bool:
        return True

    def get_client_secret(self, client_key: str, request: Any) -> str:
        return SIGNED["consumer_secret"]

    def get_access_token_secret(self, client_key: str, token: str, request: Any) -> str:
        return SIGNED["access_token_secret"]


def verified(address: str, authorization: str, verifier: Verifier) -> bool:
    """Whether a server takes it."""
    endpoint = ResourceEndpoint(verifier)
    is_valid, _ = endpoint.validate_protected_resource_request(
        address, "GET", headers={"Authorization": authorization}, realms=[]
    )
    return bool(is_valid)


async def test_every_request_is_signed_so_that_the_other_side_verifies_it(monkeypatch: Any) -> None:
    """By oauthlib's own verifier, over the very address that was asked for; and an address that was changed fails."""
    monkeypatch.setattr("oauthlib.oauth1.rfc5849.endpoints.base.time.time", lambda: Clock().at.timestamp())
    clock, verifier = Clock(), Verifier()
    config = XConfig.model_validate(SIGNED)
    reader = CannedReader(World(clock))
    source = XSource(config, reader, clock, EverythingInteresting())
    cursor = (await source.fetch(None)).cursor
    await source.fetch(cursor)

    for asked in reader.asked:
        assert verified(asked.address, asked.headers["authorization"], verifier)
        assert not verified(f"{asked.address}0", asked.headers["authorization"], Verifier())
    assert len(verifier.nonces) == 2


def test_a_nonce_is_never_used_twice() -> None:
    """Neither in one process at one instant, nor by the next process a moment later."""
    clock = Clock()
    first = Signer(XConfig.model_validate(SIGNED), clock)
    said = [first.authorization(ENDPOINT), first.authorization(ENDPOINT)]
    clock.step(milliseconds=1)
    said.append(Signer(XConfig.model_validate(SIGNED), clock).authorization(ENDPOINT))

    assert len({re.findall(r'oauth_nonce="([^"]+)"', one)[0] for one in said}) == 3


def test_no_secret_is_said() -> None:
    """Neither in the header, nor by anything that prints."""
    signer = Signer(XConfig.model_validate(SIGNED), Clock())
    shown = unquote(signer.authorization(ENDPOINT)) + repr(signer) + repr(XConfig.model_validate(SIGNED))

    assert SIGNED["consumer_secret"] not in shown
    assert SIGNED["access_token_secret"] not in shown

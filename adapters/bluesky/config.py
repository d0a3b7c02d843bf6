"""
The adapter's own keys of a `[[source]]` table, checked before anything is read.

Takes the table from `listener.settings`; gives a frozen model to `adapters.bluesky.build`.
"""

from __future__ import annotations

from typing import Annotated, Final, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

from adapters.bluesky.identity import is_did, is_handle

HOSTS: Final = ("wss://jetstream1.us-east.bsky.network", "wss://jetstream2.us-west.bsky.network")
"""Two of the four public ones, on either coast. Source: bluesky-social/bsky-docs, blog/2024-10-16-jetstream.md; what one
alone may miss: `crosscheck`."""

APPVIEW: Final = "https://public.api.bsky.app"
SERVICE: Final = "https://bsky.social"
HOSTS_MAX: Final = 4
"""Chosen: as many public hosts as there are; each carries the whole stream."""

SILENCE_S: Final = 300.0
"""Chosen: about 25 posts a second are usual (2026), so that five minutes without one are no coincidence."""


def _origin(text: str, schemes: tuple[str, ...]) -> str:
    """
    Scheme, host and port, and nothing behind them.

    Raises:
        ValueError: with a message that never shows the address, because it may hold a secret.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("no address that can be read") from None
    if parts.scheme not in schemes or not host:
        raise ValueError(f"must be an absolute {' or '.join(schemes)} address")
    if "@" in parts.netloc:
        raise ValueError("must not carry a user name or password")
    if parts.path.strip("/") or parts.query or parts.fragment or not text.isprintable() or " " in text:
        raise ValueError("must end with the host: the paths are the protocol's")
    return f"{parts.scheme}://{parts.netloc}"


def _socket(text: str) -> str:
    return _origin(text, ("wss", "ws"))


def _web(text: str) -> str:
    return _origin(text, ("https", "http"))


def _account(text: str) -> str:
    plain = text.strip().removeprefix("@")
    if is_did(plain):
        return plain
    if is_handle(plain):
        return plain.lower()
    raise ValueError("must be a DID (did:plc:…) or a handle (name.example)")


Socket = Annotated[str, AfterValidator(_socket)]
Web = Annotated[str, AfterValidator(_web)]
Account = Annotated[str, AfterValidator(_account)]


class BlueskyConfig(BaseModel):
    """
    The public posts of the network.

    Args:
        hosts: Jetstream servers, read beside each other: what one of them misses the other brings.
        own_accounts: The organisation's own accounts. Who mentions or answers them speaks to us, whatever the handle
            in the text; what they write is ours. Handles are asked for their DID when the source starts.
        appview: Where matched posts are asked about before they are kept, and again while they are.
        silence_s: Seconds without a single post on a host that is connected, after which it is left and what was missed
            is told.
        zstd_dictionary: File of the dictionary with which hosts compress frames (`compress=true`), for lines that are
            paid by the byte. Not shipped: it is `legacy_subscribe.zdict` of the repository bluesky-social/jetstream.
        service: Where the account below lives, for the one thing that needs an account.
        identifier: An account of the organisation, for searching what was missed during a gap; without one the gap
            is told and stands.
        app_password: Made for this purpose in the account's settings.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    hosts: tuple[Socket, ...] = Field(
        default=HOSTS, min_length=1, max_length=HOSTS_MAX, description="Jetstream servers, as wss addresses."
    )
    own_accounts: tuple[Account, ...] = Field(
        default=(), max_length=50, description="The organisation's own accounts: DIDs, or handles."
    )
    appview: Web = Field(default=APPVIEW, description="Where posts are asked about; no account is used.")
    silence_s: float = Field(
        default=SILENCE_S,
        ge=60,
        le=86_400,
        description="Seconds without any post after which a connected host counts as dead.",
    )
    zstd_dictionary: str | None = Field(
        default=None,
        min_length=1,
        description="File of Jetstream's zstd dictionary; frames then come compressed.",
    )
    service: Web = Field(default=SERVICE, description="Server of the account that searches.")
    identifier: Account | None = Field(
        default=None, description="Own account that searches for what was missed during a gap."
    )
    app_password: SecretStr | None = Field(default=None, description="App password of that account.")

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if len({urlsplit(host).netloc.lower() for host in self.hosts}) < len(self.hosts):
            raise ValueError("hosts: each server once")
        if (self.identifier is None) != (self.app_password is None):
            raise ValueError("identifier and app_password belong together")
        if self.app_password is not None and not self.service.startswith("https://"):
            raise ValueError("service: a password travels over https only")
        return self

    @property
    def may_search(self) -> bool:
        """
        Whether gaps are searched.
        """
        return self.app_password is not None

    @property
    def handles(self) -> tuple[str, ...]:
        """
        Own accounts whose DID has to be asked for.
        """
        return tuple(account for account in self.own_accounts if not is_did(account))


def host_of(address: str) -> str:
    """
    Host name of an address, lower case, without port.
    """
    return urlsplit(address).hostname or ""

"""
The adapter's own keys of a `[[source]]` table, checked before anything is read.

Takes the table from `listener.settings`; gives a frozen model to `adapters.x.build`.

Prices, caps and limits are settings with dated defaults, because X changes them several times a year.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Final, Literal, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, model_validator

OWN_INTERVAL_S: Final = 60.0
"""What is said to us is seen within two minutes. Source: design, section 7."""

PUBLIC_INTERVAL_S: Final = 300.0
"""Between two searches of all watches. Chosen: an empty answer costs nothing, and 100 queries take 200 seconds."""

PUBLIC_FLOOR_S: Final = 120.0
"""No setting goes below it where we only listen. Chosen."""

MONTHLY_USD: Final = 10.0
"""
Chosen: two queries counted every hour of the longest month cost 7.44, and leave 500 posts. Small enough that nobody is
surprised by a bill; whoever wants posts of a busy hashtag has to say what it may cost.
"""

_HANDLE: Final = re.compile(r"@?[A-Za-z0-9_]{1,15}", re.ASCII)
_HOST: Final = re.compile(r"[0-9a-z](?:[0-9a-z.-]*[0-9a-z])?")


def _endpoint(text: str) -> str:
    """
    Scheme and host of the API, nothing behind them.

    Raises:
        ValueError: with a message that never shows the address.
    """
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise ValueError("no address that can be read") from None
    if parts.scheme not in ("http", "https") or not host or not _HOST.fullmatch(host):
        raise ValueError("must be the http or https address of the API")
    if "@" in parts.netloc or parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("must be scheme and host only, as in https://api.x.com")
    return f"{parts.scheme}://{parts.netloc.lower()}"


def _handle(text: str) -> str:
    if not _HANDLE.fullmatch(text):
        raise ValueError("must be a handle of X: at most 15 letters, digits and underscores")
    return text.removeprefix("@").casefold()


class XConfig(BaseModel):
    """
    One credential of X, asked for what the watches name or for what mentions our own account.

    Args:
        endpoint: The API; another one than X's own is a simulator.
        listen: `search`: posts, or numbers of posts, with the terms of the watches; which of the two, `keep` says.
            `mentions`: posts that mention the account `own_user_id`.
        token: App-only bearer token.
        consumer_key: With the three below, an OAuth 1.0a token of our own account, so that its mentions are owned reads.
        own_user_id: Number of the organisation's own account; the only account that can be asked about.
        own_accounts: Handles of the organisation on X. Those are searched for, where a watch asks for mentions; what
            mentions them is said to us. Where none is named, every handle of the organisation that could be one of X.
        query_length: Characters of one query: 512 self-serve, 4096 enterprise (docs.x.com, search/integrate/operators).
        fields: Which name of the parameter for fields the server takes; `auto` finds out.
        counts_every_h: Hours between two questions for numbers; each of them tells every hour since the last.
        recheck: Ask each day for every post that is kept whether it is still there. X asks for the deletion of what was
            deleted there; switch it off only where compliance is seen to otherwise.
        monthly_usd: What all sources of this credential may spend together in a cycle. Credentials are told apart by what they
            are, not by whose app they are of.
        cycle_day: Of the month, on which X renews caps and counts spending.
        posts_a_month: Posts that X lets an app read in a cycle (docs.x.com, getting-started/post-cap, 2026-11).
        post_usd: Price of a post; `owned_post_usd` of one that mentions the account whose token is used, `counts_usd` of a
            request for numbers (docs.x.com, getting-started/pricing, 2026-11).
        interval_s: Seconds between two readings; None takes the default.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    endpoint: Annotated[str, AfterValidator(_endpoint)] = Field(
        default="https://api.x.com",
        description="Address of the API; another one than X's own is a simulator.",
    )
    listen: Literal["search", "mentions"] = Field(
        default="search", description="What the watches name, or posts that mention our own account."
    )
    token: SecretStr | None = Field(default=None, description="App-only bearer token.")
    consumer_key: SecretStr | None = Field(
        default=None, description="OAuth 1.0a: key of the app, for a token of our own account."
    )
    consumer_secret: SecretStr | None = Field(default=None, description="OAuth 1.0a: secret of the app.")
    access_token: SecretStr | None = Field(
        default=None, description="OAuth 1.0a: token of our own account, read only."
    )
    access_token_secret: SecretStr | None = Field(
        default=None, description="OAuth 1.0a: secret of that token."
    )
    own_user_id: Annotated[str, Field(pattern=r"^[0-9]{1,19}$")] | None = Field(
        default=None, description="Number of the organisation's own account, for mentions of it."
    )
    own_accounts: tuple[Annotated[str, AfterValidator(_handle)], ...] = Field(
        default=(), max_length=20, description="Handles of the organisation on X, such as @cityofexample."
    )
    query_length: int = Field(
        default=512, ge=64, le=4096, description="Characters of one query: 512 self-serve, 4096 enterprise."
    )
    fields: Literal["auto", "tweet", "post"] = Field(
        default="auto",
        description="Name of the parameter for fields: tweet.fields or post.fields; auto finds out.",
    )
    counts_every_h: int = Field(
        default=1,
        ge=1,
        le=24,
        description="Hours between two questions for numbers; every hour is told all the same.",
    )
    recheck: bool = Field(
        default=True,
        description="Ask every day whether posts that are kept are still there; each costs a post.",
    )
    monthly_usd: float = Field(
        default=MONTHLY_USD,
        gt=0,
        description="What this credential may spend in a cycle, in US dollars. A bearer token and an OAuth 1.0a token of one "
        "app are two credentials with a budget each, although X charges one account: split the sum.",
    )
    cycle_day: int = Field(default=1, ge=1, le=28, description="Day of the month on which X renews its caps.")
    posts_a_month: int = Field(
        default=3_000_000,
        ge=1,
        description="Posts this credential may read in a cycle; X caps the app, so split it as monthly_usd.",
    )
    post_usd: float = Field(default=0.005, ge=0, description="Price of a post that is read, in US dollars.")
    owned_post_usd: float = Field(
        default=0.001, ge=0, description="Price of a post that mentions the account whose token is used."
    )
    counts_usd: float = Field(default=0.005, ge=0, description="Price of one question for numbers.")
    interval_s: float | None = Field(
        default=None, ge=OWN_INTERVAL_S, le=86400, description="Seconds between two readings."
    )

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        signing = self._signing
        if any(signing) and not all(signing):
            raise ValueError(
                "consumer_key, consumer_secret, access_token and access_token_secret belong together"
            )
        if self.listen == "search":
            if self.token is None:
                raise ValueError("a search, and a question for numbers, take the app's bearer token")
            if any(signing) or self.own_user_id is not None:
                raise ValueError("a token of our own account and own_user_id are for mentions")
        elif self.own_user_id is None:
            raise ValueError("mentions are read of one account, our own: own_user_id is missing")
        elif not any(signing) and self.token is None:
            raise ValueError("mentions take the app's bearer token, or the four parts of an OAuth 1.0a token")
        return self

    @property
    def _signing(self) -> tuple[SecretStr | None, ...]:
        return (self.consumer_key, self.consumer_secret, self.access_token, self.access_token_secret)

    @property
    def host(self) -> str:
        """
        Host of the API, without port.
        """
        return urlsplit(self.endpoint).hostname or ""

    @property
    def signs(self) -> bool:
        """
        Requests are signed with the token of our own account.
        """
        return self.access_token is not None

    @property
    def credential(self) -> str:
        """
        Who is charged, as a digest that says nothing of the credential.
        """
        secret = self.consumer_key if self.signs else self.token
        shown = secret.get_secret_value() if secret is not None else ""
        return f"x-{hashlib.sha256(shown.encode()).hexdigest()[:12]}"

    @property
    def mention_usd(self) -> float:
        """
        Price of a post that mentions us.
        """
        return self.owned_post_usd if self.signs else self.post_usd

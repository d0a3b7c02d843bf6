"""
The kinds of values that keys have: each with its check and with words for what is allowed.

Used by `schema` to spell its tables. A value from a file has to have its type: `port = "8080"` is a fault. A value
from the environment is text by nature (`EnvText`) and is read as what the key needs.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, Strict, ValidationInfo, WithJsonSchema
from pydantic_core import PydanticCustomError

from listener.settings import linter
from listener.settings.countries import ALPHA_2
from listener.settings.faults import EnvText, nearest
from listener.text import fold, hashtags

Scope = Literal["read", "operate", "metrics", "open"]
Take = Literal["matching", "all"]
ConsentMode = Literal["objection", "opt-in"]
SpacingBy = Literal["host", "address"]
Language = Literal["en", "fr"]

MIN_TOKEN_CHARS: Final = 16
"""Chosen: 64 bits if the token is written in hex."""


_PLACEHOLDER: Final = re.compile(
    "todo|fixme|tb[dac]|na|none|null|nil|testing|test|foo|bar|foobar|asdf|qwerty|unknown|placeholder|changeme|yes"
    "|purpose|owner|criterion|reason|because|authority|legalauthority|pia|piaref|permission|permissionref|plan|term|name|who|why"
    "|what|text|example|inconnu|objet|but|raison|propriétaire|responsable|critère|àcompléter|sansobjet"
)
"""Chosen: letters and digits alone of what people write where they mean to write something later."""
_PLACEHOLDER_STARTS: Final = (
    "todo",
    "fixme",
    "tbd",
    "tba",
    "to be ",
    "lorem ipsum",
    "à définir",
    "à déterminer",
    "change me",
)


def refused(problem: str, **more: str | None) -> PydanticCustomError:
    """
    What a validator raises; `more` is `allowed` and `nearest` of the fault.
    """
    return PydanticCustomError("listener", "refused", {"problem": problem, **more})


# ------------------------------------------------------------------------------------------ values from variables


def _read(read: Callable[[str], Any]) -> BeforeValidator:
    def from_variable(value: Any) -> Any:
        if not isinstance(value, EnvText):
            return value
        try:
            return read(value.strip())
        except ValueError:
            return value

    return BeforeValidator(from_variable)


def _whole(text: str) -> int:
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise ValueError(text)
    return int(text)


def _truth(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(text)
    return text.lower() == "true"


def whole(low: int, high: int) -> tuple[Any, ...]:
    """
    For `Annotated[int, …]`: a whole number within bounds.
    """
    return Strict(), Field(ge=low, le=high), _read(_whole)


def number(low: float, high: float) -> tuple[Any, ...]:
    """
    For `Annotated[float, …]`: a number within bounds.
    """
    return Strict(), Field(ge=low, le=high), _read(float)


Whole = Annotated[int, Strict(), _read(_whole)]
Truth = Annotated[bool, Strict(), _read(_truth)]
Day = Annotated[date, Strict(), _read(date.fromisoformat)]


# --------------------------------------------------------------------------------------------------- kinds of text


def _form(pattern: str, allowed: str, *, problem: str = "has the wrong form") -> tuple[Any, ...]:
    """
    Text that matches `pattern` as a whole.
    """

    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise refused(problem)
        return value

    return AfterValidator(check), WithJsonSchema({"type": "string", "x-allowed": allowed})


def _said(text: str) -> str:
    if not text.strip():
        raise refused("is empty")
    if len(text) > 2000 or not all(character.isprintable() or character == "\n" for character in text):
        raise refused("is too long or holds control characters")
    return text.strip()


def _stated(text: str) -> str:
    """
    As `_said`, and something is said: no word that holds the place of an answer.
    """
    said = _said(text)
    plain = " ".join(fold(said).split())
    letters = [character for character in plain if character.isalnum()]
    bare = _PLACEHOLDER.fullmatch("".join(letters)) or plain.startswith(_PLACEHOLDER_STARTS)
    if len(set(letters)) < 2 or bare or re.fullmatch(r"[<({\[].*[>)}\]]", plain, re.DOTALL):
        raise refused(
            "is a placeholder, and somebody answers for it with words",
            allowed="what is so, in a sentence or by name",
        )
    return said


def _hashtag(value: str) -> str:
    tag = value.strip().removeprefix("#").removeprefix("＃")
    if (reason := linter.fault_in_term(tag, own=frozenset())) is not None:
        raise refused(reason.problem, allowed=reason.allowed)
    if len(tag) > 100 or hashtags(f"#{tag}") != (fold(tag),):
        raise refused("is no hashtag that could be found in a text")
    return tag


def _phrase(value: str, info: ValidationInfo) -> str:
    phrase = " ".join(value.split())
    own = (info.context or {}).get("own_handles", frozenset())
    if (reason := linter.fault_in_term(phrase, own=own)) is not None:
        raise refused(reason.problem, allowed=reason.allowed)
    if not 2 <= len(phrase) <= 200 or not any(map(str.isalnum, phrase)):
        raise refused("is too short, too long or has no letters")
    return phrase


def _country(value: str) -> str:
    if value not in ALPHA_2:
        raise refused("is no country code", nearest=nearest(value, ALPHA_2, cutoff=0.9))
    return value


def _contact(value: str) -> str:
    mail = r"(?:mailto:)?[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"
    if not (re.fullmatch(mail, value) or (_is_web(value) and re.fullmatch(r"[!-~]+", value))):
        raise refused("is neither a web address nor an e-mail address")
    if re.search(r"[()\\\"<>]", value):
        raise refused("holds a sign that does not go into a User-Agent")
    return value


def _web(value: str) -> str:
    if not _is_web(value):
        raise refused("is no web address")
    if urlsplit(value).query or urlsplit(value).fragment:
        raise refused("has a query or fragment")
    return value.rstrip("/")


def _is_web(value: str) -> bool:
    try:
        parts = urlsplit(value)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.username is None
    except ValueError:
        return False


def _network(value: Any) -> IPv4Network | IPv6Network:
    try:
        return ip_network(value if isinstance(value, str) else "")
    except ValueError:
        raise refused("is no network") from None


def _queue(value: str) -> str:
    scheme = value.split(":", 1)[0]
    if scheme != "sqlite":
        raise refused(
            "names an engine that is not there",
            nearest="sqlite:///…" if nearest(scheme, ["sqlite"]) else None,
        )
    if not value.startswith("sqlite:///") or len(value) == len("sqlite:///") or re.search(r"[?#\0]", value):
        raise refused("names no file")
    return value


def _token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value()
    if len(text) < MIN_TOKEN_CHARS or not re.fullmatch(r"[!-~]+", text):
        raise refused("is no usable token", allowed=f"at least {MIN_TOKEN_CHARS} printable ASCII characters")
    return value


def _text(check: Callable[..., str], allowed: str) -> Any:
    return AfterValidator(check), WithJsonSchema({"type": "string", "x-allowed": allowed})


Slug = Annotated[
    str, *_form(r"[a-z0-9](?:[a-z0-9_-]{0,61}[a-z0-9])?", "lower-case letters, digits, - and _, at most 63")
]
Said = Annotated[str, *_text(_said, "text of at most 2000 characters")]
Stated = Annotated[str, *_text(_stated, "text of at most 2000 characters")]
Handle = Annotated[
    str,
    *_form(
        r"@?\w(?:[\w.-]{0,252}\w)?(?:@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+)?",
        'one account, such as "@name" or "name@server.example"',
        problem="is not one account",
    ),
]
Hashtag = Annotated[str, *_text(_hashtag, 'one hashtag such as "#yyc": letters, digits and _')]
Phrase = Annotated[str, *_text(_phrase, "2 to 200 characters with at least one letter or digit")]
Country = Annotated[str, *_text(_country, 'an ISO 3166 code of two letters such as "CA"')]
Contact = Annotated[str, *_text(_contact, "https://… or name@server.example, in ASCII, for the User-Agent")]
WebAddress = Annotated[str, *_text(_web, "http://… or https://… without query")]
QueueUrl = Annotated[
    str, *_text(_queue, "sqlite:///<file, relative to this one> or sqlite:////<absolute file>")
]
Host = Annotated[str, *_form(r"[A-Za-z0-9.:_-]{1,253}", "an IP address or a host name")]
HostPort = Annotated[
    str, *_form(r"[A-Za-z0-9._\[\]:*-]{1,260}", "a host name, with :port if it is not 80 or 443")
]
NoBotTag = Annotated[str, *_form(r"#?\w+", 'a profile hashtag such as "#nobot"')]
Network = Annotated[
    IPv4Network | IPv6Network,
    BeforeValidator(_network),
    WithJsonSchema({"type": "string", "x-allowed": 'a network such as "10.1.0.0/16", host bits zero'}),
]
Token = Annotated[SecretStr, AfterValidator(_token)]


def is_loopback(host: str) -> bool:
    """
    Whether only this machine reaches what listens on `host`. A name other than localhost may resolve to anything.
    """
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"

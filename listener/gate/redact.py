"""
Masking: a text without the traces of people.

Used by clear.py. Each trace is replaced by a mark that belongs to no language and looks like no name:

    ‹@›  a person: a handle, or a name of the author
    ‹✉›  an e-mail address
    ‹☎›  a telephone number
    ‹#›  a number that stands for a person or their money: identity, bank account, payment card
    ‹↗›  the address of a profile

Other addresses stay, without tracking parameters and user information. The organisation's own handles, mailboxes and
profiles stay. A name in free text that is not the author's stays, too: no rule finds it.

Order matters, because each step blanks what it found for the next: addresses, e-mail, handles, names, numbers of
people, telephone numbers. The round is repeated until it finds nothing, so that masking a masked text changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from listener import text as grammar
from listener.events import Author
from listener.gate.cuts import Cuts, Masked, Trace, blanked, carried_out
from listener.gate.folding import WORD, fold_for_masking, folded
from listener.gate.handles import handle_spans, identity_spans, may_hold_handle
from listener.gate.mail import mail_spans, may_hold_mail
from listener.gate.names import (
    NOBODY,
    AuthorNames,
    Readings,
    any_in,
    in_tag,
    names_in,
    occurrences,
    readings_of,
)
from listener.gate.numbers import may_hold_number, number_spans
from listener.gate.phones import may_hold_phone, phone_spans
from listener.gate.profiles import (
    OwnHandles,
    account_hosts,
    login_span,
    names_account,
    parse_written,
    surplus_spans,
)

MARKS: Final[Mapping[Trace, str]] = {
    "handle": "‹@›",
    "author": "‹@›",
    "email": "‹✉›",
    "phone": "‹☎›",
    "number": "‹#›",
    "profile": "‹↗›",
}

_ROUNDS_MAX: Final = 8
"""Chosen: two are usual; the rest is for texts made to need them, and bounds their cost."""


def folded_handles(handles: Iterable[str]) -> OwnHandles:
    """
    The organisation's own names in the form everything here compares with.
    """
    return frozenset(fold_for_masking(handle).strip().removeprefix("@") for handle in handles) - {""}


def mask(text: str, *, author: Author | None, own_handles: OwnHandles, country: str) -> Masked:
    """
    The text without people.

    Args:
        text: Plain text or a title; never HTML.
        author: Whose own names are masked wherever they stand as names; None where nobody is known.
        own_handles: From `folded_handles`; they stay.
        country: ISO 3166 code in capitals, for telephone numbers written without a country.

    Returns:
        The very text where nothing was found. Masking the result again changes nothing.
    """
    return mask_read(text, readings=readings_of(author), own_handles=own_handles, country=country)


def mask_read(text: str, *, readings: Readings, own_handles: OwnHandles, country: str) -> Masked:
    """
    `mask`, with the author's names read already.
    """
    plain = fold_for_masking(text)
    names = names_in(plain, readings)
    if not may_hold_people(plain, names):
        return Masked(text)
    cuts = Cuts(plain)
    for _ in range(_ROUNDS_MAX):
        if not _round(cuts, names, own_handles, country):
            break
    return carried_out(folded(text), cuts.made) if cuts.made else Masked(text)


def may_hold_people(plain: str, names: AuthorNames) -> bool:
    """
    False only where masking changes nothing of a folded text. What it says of several texts joined by line feeds
    holds for each of them: a joint takes away nothing that it looks for.
    """
    return (
        names is not NOBODY
        or may_hold_handle(plain)
        or may_hold_mail(plain)
        or _may_hold_address(plain)
        or may_hold_number(plain)  # wherever a telephone number may be
    )


def _round(cuts: Cuts, names: AuthorNames, own: OwnHandles, country: str) -> bool:
    """
    Every step once; True when one of them found something.
    """
    found = False
    kept: list[tuple[int, int]] = []
    if _may_hold_address(cuts.text):
        addresses = _addresses(cuts.text, names, own)
        kept = addresses.kept
        found |= cuts.cut(addresses.profiles, "profile", MARKS["profile"])
        found |= cuts.cut(addresses.logins, "profile", "")
        found |= cuts.cut(addresses.surplus, None, "")
    if may_hold_mail(cuts.text):
        quiet = blanked(cuts.text, kept)
        found |= cuts.cut(mail_spans(cuts.text, quiet=quiet, own=own), "email", MARKS["email"])
    if may_hold_handle(cuts.text):
        found |= cuts.cut(identity_spans(cuts.text), "handle", MARKS["handle"])
        quiet = blanked(cuts.text, kept)
        found |= cuts.cut(handle_spans(quiet, own=own), "handle", MARKS["handle"])
    if names is not NOBODY:
        spans = [*occurrences(cuts.text, names), *_named_tags(cuts.text, names)]
        found |= cuts.cut(spans, "author", MARKS["author"])
    if may_hold_number(cuts.text):
        quiet = blanked(cuts.text, kept)
        found |= cuts.cut(number_spans(quiet), "number", MARKS["number"])
    if may_hold_phone(cuts.text):
        quiet = blanked(cuts.text, kept)
        found |= cuts.cut(phone_spans(quiet, country=country), "phone", MARKS["phone"])
    return found


_HOST: Final = re.compile(r"(?<![\w@./:-])(?:[a-z0-9-]{1,63}\.){2,5}[a-z]{2,24}(?![\w/:-]|\.\w)")
"""A host without scheme and path, as people write accounts that are hosts; the rest is `listener.text.urls`."""


def _may_hold_address(text: str) -> bool:
    return "/" in text or "www." in text or _may_hold_account_host(text)


def _may_hold_account_host(text: str) -> bool:
    return any(host in text for host in account_hosts())


@dataclass(slots=True, repr=False)
class _Addresses:
    """
    The addresses of a text: those of profiles, those that stay, and in these what is taken away.
    """

    profiles: list[tuple[int, int]] = field(default_factory=list)
    kept: list[tuple[int, int]] = field(default_factory=list)
    logins: list[tuple[int, int]] = field(default_factory=list)
    surplus: list[tuple[int, int]] = field(default_factory=list)


def _addresses(text: str, names: AuthorNames, own: OwnHandles) -> _Addresses:
    found = _Addresses()
    for start, end in _address_spans(text):
        address = parse_written(text[start:end])
        if names_account(address, own=own) or any_in(address.stated, names):
            found.profiles.append((start, end))
            continue
        found.kept.append((start, end))
        found.surplus += surplus_spans(text, start, end)
        if login := login_span(text, start, end):
            found.logins.append(login)
    return found


_EDGE: Final = re.compile("[‹›|\u2190-\u2bff\U0001f000-\U0001faff]")
"""An address ends where a mark begins (the at sign in `‹@›` parts no login from a host), an arrow, an emoji, or a column."""


def _address_spans(text: str) -> Iterator[tuple[int, int]]:
    """
    Whatever leads somewhere: with a scheme, without, or an account that is a host.
    """
    for span in grammar.urls(text):
        end = _EDGE.search(text, span.start, span.end)
        yield span.start, end.start() if end else span.end
    for found in _HOST.finditer(text) if _may_hold_account_host(text) else ():
        if found[0].endswith(account_hosts()):
            yield found.span()


_TAG: Final = re.compile(rf"#[{WORD}]+")


def _named_tags(text: str, names: AuthorNames) -> Iterator[tuple[int, int]]:
    """
    Hashtags that hold the author's name, without their sign.
    """
    for found in _TAG.finditer(text):
        if in_tag(found[0][1:], names):
            yield found.start() + 1, found.end()

"""
The privacy statement: what a configuration collects, in values and on a page that an officer can read and sign.

Filled in by `declaring`, compared by `growth`, kept by `lock`. Pure. What is in here is what a signature covers;
whatever changes what is collected, how long it is kept or where it goes has to show in here, or nobody can see it grow.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Final, Literal

import msgspec
from msgspec import UNSET, UnsetType

from listener.events import Keep, Relation
from listener.settings.kinds import ConsentMode, Take

_KEPT: Final = {
    "counts": "volumes only, no post",
    "links": "time, language, hashtags and link, no text",
    "text": "the text, with people masked",
}
_TAKEN: Final = {"matching": "posts that a watch below asks for", "all": "every post"}
_CONSENT: Final = {
    "objection": "posts of everybody who did not object",
    "opt-in": "only posts of people who invited being indexed",
}


class Record(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What the parts of a statement share: no unknown keys when read back, nothing mutable.
    """


class ApprovalRecord(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    What looks like a person's name, who says that it is none, and what it is.
    """

    term: str
    by: str
    because: str


class WatchRecord(Record, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    What is listened for, why, and until when. For defaults see `SourceRecord`.
    """

    name: str
    hashtags: tuple[str, ...]
    phrases: tuple[str, ...]
    mentions: bool
    purpose: str
    owner: str
    legal_authority: str
    review_by: str
    pia_ref: str | None
    retention_days: int
    approved: tuple[ApprovalRecord, ...] = ()


class AttestationRecord(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who may see what is read, under which plan of the network, and who made sure of it.
    """

    plan: str
    end_users: tuple[str, ...]
    attested_on: str
    by: str


class SourceRecord(Record, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """
    Where it is read, and by which right.

    What came after the first statements were signed has a default that says what was so when it was missing, and is left
    out where it holds: so an old lock keeps its digest, and is compared with what it meant.

    Args:
        listens_to: In the adapter's own words.
        places: Addresses and hosts it reads.
        options: What else its adapter was told, numbers and secrets left out: `key = value`.
        watches: Those that are looked for here; None: every watch.
        retention_days: How long its posts are kept at most; None: as long as the deployment keeps anything.
        retention_by: What makes that shorter, in words.
        oldest_days: How old its posts may be when they are first seen; None: as the deployment's retention and backfill say.
        attestation, permission_ref: What was shown because the network's terms ask for it.
        derived_metrics_agreed: Since when numbers and classes may be made of it, where its terms ask for an agreement.
        approved: Own accounts and words it searches for that look like a person's name and are none.
    """

    name: str
    network: str
    listens_to: str
    relation: Relation
    criterion: str | None
    keep: Keep
    take: Take
    places: tuple[str, ...]
    options: tuple[str, ...]
    watches: tuple[str, ...] | None = None
    retention_days: int | None = None
    retention_by: str | None = None
    oldest_days: int | None = None
    attestation: AttestationRecord | None = None
    permission_ref: str | None = None
    derived_metrics_agreed: str | None = None
    approved: tuple[ApprovalRecord, ...] = ()


class TokenRecord(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    Who may ask the API for what.
    """

    name: str
    scopes: tuple[str, ...]


class Statement(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """
    The whole. Lists are sorted, so that the order of the file does not matter.

    Args:
        approved: Own accounts that look like a person's name and are none; left out where there are none, see `SourceRecord`.
        objections: Whether a list of people who objected is honoured.
        queue: Where events are kept: the engine, with its host where it is not this machine.
        http_host: Where the API listens; None on loopback.
        sealed_links: Addresses that name an account are kept, sealed, and opened at `public_url`. Missing in what was signed
            before there were any, so that its digest stays.
    """

    version: Literal[1] = 1
    organisation: str
    contact: str
    own_handles: tuple[str, ...]
    sources: tuple[SourceRecord, ...]
    watches: tuple[WatchRecord, ...]
    retention_days: int
    backfill_days: int
    consent: ConsentMode
    nobot_tags: tuple[str, ...]
    objections: bool
    queue: str
    http_host: str | None
    public_url: str | None
    tokens: tuple[TokenRecord, ...]
    approved: tuple[ApprovalRecord, ...] | UnsetType = UNSET
    sealed_links: Literal[True] | UnsetType = UNSET

    @property
    def digest(self) -> str:
        """
        SHA-256 in hex over the statement as JSON with sorted keys.
        """
        return hashlib.sha256(msgspec.json.encode(self, order="deterministic")).hexdigest()

    def as_text(self) -> str:
        """
        One page for the person who answers for it.
        """
        return (
            "\n".join([*_head(self), *_where(self), *_what(self), *_how_long(self), *_whither(self)]) + "\n"
        )


# ------------------------------------------------------------------------------------------------------ the page


def _head(said: Statement) -> list[str]:
    return [
        f"PRIVACY STATEMENT of {said.organisation}",
        f"Contact: {said.contact}",
        "",
        "Nothing is kept about who wrote a post. Names, handles, e-mail addresses, phone numbers, numbers of",
        "identity, bank accounts and cards, and links to profiles are masked in its text; there are no pseudonyms.",
        "No account is followed.",
        "",
    ]


def _where(said: Statement) -> list[str]:
    lines = ["WHERE WE READ"]
    for source in said.sources:
        own = "our own" if source.relation == "own" else "public"
        lines += [f"- {source.name} ({source.network}, {own}): {source.listens_to}"]
        lines += [f"    at: {place}" for place in source.places]
        lines += [f"    set: {option}" for option in source.options]
        lines += [f"    because: {source.criterion}"] if source.criterion else []
        lines += [f"    we take {_TAKEN[source.take]}, and keep {_KEPT[source.keep]}"]
        lines += _approved(source.approved)
        lines += _limits(said, source)
        lines += _shown(source)
    return [*lines, ""]


def _limits(said: Statement, source: SourceRecord) -> list[str]:
    lines = []
    if source.watches is not None:
        lines += [f"    of the watches below only: {', '.join(source.watches) or 'none'}"]
    by = f", by {source.retention_by}" if source.retention_by else ""
    lines += [f"    kept for: {_days(source.retention_days or said.retention_days)}{by}"]
    if source.oldest_days is not None:
        lines += [f"    taken if at most {_days(source.oldest_days)} old when we first see it"]
    return lines


def _shown(source: SourceRecord) -> list[str]:
    lines = []
    if source.attestation is not None:
        attested = source.attestation
        lines += [
            f"    plan: {attested.plan}; seen by: {', '.join(attested.end_users)}",
            f"    attested on {attested.attested_on} by {attested.by}",
        ]
    if source.permission_ref is not None:
        lines += [f"    permission: {source.permission_ref}"]
    if source.derived_metrics_agreed is not None:
        lines += [f"    numbers and classes may be made of it: agreed on {source.derived_metrics_agreed}"]
    return lines


def _what(said: Statement) -> list[str]:
    lines = ["WHAT WE LISTEN FOR"]
    if not said.watches:
        lines += ["- no words of our own"]
    for watch in said.watches:
        terms = [f"#{tag}" for tag in watch.hashtags] + [f'"{phrase}"' for phrase in watch.phrases]
        terms += ["mentions of our own accounts"] if watch.mentions else []
        lines += [
            f"- {watch.name}: {', '.join(terms)}",
            f"    for: {watch.purpose}",
            f"    answered for by: {watch.owner}",
            f"    under: {watch.legal_authority}",
            f"    reviewed by: {watch.review_by}; without a review it stops",
            f"    kept for: {_days(watch.retention_days)}",
        ]
        lines += [f"    assessment: {watch.pia_ref}"] if watch.pia_ref else []
        lines += _approved(watch.approved)
    lines += [
        f"Our own accounts: {', '.join(said.own_handles) or 'none'}. Only these stay readable in texts."
    ]
    lines += _approved(said.approved or ())
    return [*lines, ""]


def _approved(approved: Iterable[ApprovalRecord]) -> list[str]:
    return [
        f'    "{each.term}" looks like a person\'s name and is none: {each.because} (says {each.by})'
        for each in approved
    ]


def _how_long(said: Statement) -> list[str]:
    oldest = _days(max(said.retention_days, said.backfill_days))
    tags = ", ".join(said.nobot_tags) or "no profile tag"
    return [
        "HOW LONG, AND WHOSE POSTS",
        f"- kept for {_days(said.retention_days)}, then erased; earlier where a source above says so, and where the network says"
        " it is gone",
        f"- posts are taken if they are at most {oldest} old when we first see them, or what a source above says",
        f"- we take {_CONSENT[said.consent]}; {tags} in a profile counts as an objection",
        f"- a list of people who objected is {'honoured' if said.objections else 'not set'}",
        "",
    ]


def _whither(said: Statement) -> list[str]:
    lines = [
        "WHERE IT GOES",
        f"- kept in: {said.queue}",
        f"- served to: {f'other machines, at {said.http_host}' if said.http_host else 'this machine only'}",
    ]
    lines += [f"- reached at: {said.public_url}"] if said.public_url else []
    lines += [f"- token {token.name} may: {', '.join(token.scopes)}" for token in said.tokens]
    lines += _sealed(said)
    lines += _exported(said)
    return [*lines, "", f"Digest: {said.digest}"]


def _sealed(said: Statement) -> list[str]:
    """
    What becomes of addresses that name an account, and who may see one.
    """
    if said.sealed_links is msgspec.UNSET:
        return ["- links that name an account are not kept"]
    openers = [f"token {token.name}" for token in said.tokens if "open" in token.scopes]
    openers += [] if said.http_host else ["who is at this machine"]
    return [
        f"- links that name an account are kept sealed, and shown one at a time at {said.public_url}/open",
        f"    to: {', '.join(openers) or 'nobody: no token may open'}; each time is noted, without the link",
        "    for as long as the post is held; once it is removed the link is not opened any more, and what could open it is",
        f"    destroyed after {_days(said.retention_days)}, wherever copies of it are",
    ]


def _exported(said: Statement) -> list[str]:
    """
    Who may write what is held into a file, and for how long it can be read.
    """
    officers = ", ".join(
        f"token {token.name}" for token in said.tokens if {"operate", "read"} <= set(token.scopes)
    )
    return [
        "- exported, with a reason that is noted, by who runs commands as the service's user"
        + (f", and by: {officers}" if officers else ""),
        "    into files that are sealed with daily keys of the queue; words are read back only of posts that are still held",
    ]


def _days(count: int) -> str:
    return "1 day" if count == 1 else f"{count} days"

"""
What people chose, asked before anything is kept: visibility, objections, and the signals of their network.

The order is fixed, and the first answer counts:

1. Not public: never, whoever is addressed.
2. On the objection list: never.
3. A signal that could not be read: not now; intake holds the page or reports a gap.
4. A signal that says no. `nobot` (and any profile tag the configuration lists) objects to programs like this one;
   `limited` and `no_unauthenticated` are visibility: the network or the author shows the post to fewer people. None
   of these is ever overridden. `noindex` and, in `opt-in` mode, `not_indexable` ask search engines to stay away;
   who speaks to us, or for us, wants to be found by us, so a post that is `addressed` or `by_us` overrides these two
   alone (privacy.md D18).

The objection list holds HMACs in a space of their own, so that nobody can be looked up by a post's name.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final, Literal

from listener.events import Author, Name, Post, WithheldReason
from listener.gate.folding import fold_for_masking
from listener.keys import KeyRing

ConsentMode = Literal["objection", "opt-in"]

INDEX_FLAGS: Final = frozenset({"noindex", "not_indexable"})
"""Ask not to be found; overridden where the post speaks to us."""

FIRM_FLAGS: Final = frozenset({"nobot", "limited", "no_unauthenticated"})
"""An objection to programs, or visibility; overridden by nothing."""


def refusing_flags(mode: ConsentMode, nobot_tags: Iterable[str]) -> frozenset[str]:
    """
    The signals that end a post at the gate.

    Args:
        nobot_tags: Profile tags with which people refuse programs, as configured; an adapter passes the tags of a
            profile on as flags.
    """
    index = INDEX_FLAGS if mode == "opt-in" else INDEX_FLAGS - {"not_indexable"}
    return FIRM_FLAGS | index | {_tag(tag) for tag in nobot_tags}


def other_mode(mode: ConsentMode) -> ConsentMode:
    """
    The one that is not in force, which is asked too, so that an operator sees in numbers what choosing it would mean.
    """
    return "opt-in" if mode == "objection" else "objection"


def objection_names(keys: KeyRing, network: str, person: str) -> tuple[Name, ...]:
    """
    What the objection list holds for one way of naming a person (handle, address of the profile, account id), under
    every secret, current first. Spellings that mean the same have the same name.
    """
    plain = fold_for_masking(person).strip().removeprefix("acct:")
    plain = plain.removeprefix("https://").removeprefix("http://").removeprefix("www.")
    return keys.names(f"{network}/objection", plain.removeprefix("@").rstrip("/"))


def refusal(
    post: Post, *, network: str, keys: KeyRing, objections: frozenset[Name], refusing: frozenset[str]
) -> WithheldReason | None:
    """
    Why the post may not be read by us; None where it may.
    """
    consent = post.consent
    if not consent.public:
        return "not_public"
    if objections and objected(post.author, network=network, keys=keys, objections=objections):
        return "objection"
    if not consent.readable:
        return "consent_unreadable"
    if not consent.flags:
        return None
    seen = refusing.intersection(map(_tag, consent.flags))
    if post.addressed or post.by_us:
        seen -= INDEX_FLAGS
    return "consent" if seen else None


def objected(author: Author | None, *, network: str, keys: KeyRing, objections: frozenset[Name]) -> bool:
    """
    Whether any of the author's names is on the list, under any secret.
    """
    return author is not None and any(
        not objections.isdisjoint(objection_names(keys, network, name)) for name in author.names
    )


def _tag(flag: str) -> str:
    return fold_for_masking(flag).strip().removeprefix("#")

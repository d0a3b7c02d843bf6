"""
What there is to say in public, in values. In no language: a text of the configuration carries its translations.

Made by `compose`; put into words by `page`; as JSON by `listener notice --json`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from listener.events import Keep, Relation

ConsentMode = Literal["objection", "opt-in"]


@dataclass(frozen=True, slots=True)
class Text:
    """
    Words that somebody wrote into the configuration.

    Args:
        said: As written.
        language: In which; None where nobody said.
        translations: By language.
    """

    said: str
    language: str | None = None
    translations: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """
    What is listened for, and why.

    Args:
        paused: Past its review: it asks for nothing.
        kept_days: At most.
        since: Accepted without a break since then; None where nobody accepted it yet.
    """

    name: str
    hashtags: tuple[str, ...]
    phrases: tuple[str, ...]
    mentions: bool
    purpose: Text
    owner: Text
    legal_authority: Text
    review_by: date
    paused: bool
    kept_days: int
    since: date | None


@dataclass(frozen=True, slots=True)
class Where:
    """
    One source.

    Args:
        name: From the configuration.
        address: Where people see what is read; None where there is not one.
        since: See `Watched`.
    """

    name: str
    address: str | None
    since: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Sources of which everything but name, address and day is the same, so that four hundred blogs are one paragraph.

    Args:
        network: Adapter name.
        network_names, reads: By language; see `listener.adapter.ForThePublic`.
        take_all: Every post is taken, not only what a watch asks for.
        watches: That are looked for; None for all of them.
        kept_days: At most.
        shortened_by: What makes that shorter than the deployment: the network's terms, or this source; None where nothing does.
        terms: Page of the network's terms.
        authors, removals: See `listener.adapter.ForThePublic`.
        asked_within_h: Each stored post is asked about again within so many hours; None where it is not.
        delete_within_h: In which the terms want a deletion honoured; None where they set none.
        seen_by: Offices that the network was told may see it.
        where: The sources.
    """

    network: str
    network_names: Mapping[str, str]
    reads: Mapping[str, str]
    relation: Relation
    criterion: Text | None
    keep: Keep
    take_all: bool
    watches: tuple[str, ...] | None
    kept_days: int
    shortened_by: Literal["terms", "source"] | None
    terms: str | None
    authors: bool
    removals: Literal["told", "asked", "shown"]
    asked_within_h: int | None
    delete_within_h: int | None
    seen_by: tuple[Text, ...]
    where: tuple[Where, ...]


@dataclass(frozen=True, slots=True)
class Removals:
    """
    Posts that were erased before their time, each number rounded down to a multiple of five; None: fewer than five.

    Args:
        deleted: The network or the site says that it is gone.
        withdrawn: Its author's choice changed.
        forgotten: Somebody asked us.
        not_wanted: We stopped listening for it.
    """

    deleted: int | None
    withdrawn: int | None
    forgotten: int | None
    not_wanted: int | None


@dataclass(frozen=True, slots=True)
class Figures:
    """
    What the daemon counted.

    Args:
        since: Day on which it started to count.
        removals: See there.
    """

    since: date
    removals: Removals


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    The whole.

    Args:
        contact: Web or e-mail address.
        objections: Where people object.
        objection_list: Whether there is a list of people who objected.
        oldest_days: How old a post may be when it is first seen.
        engine, engine_host: Where posts are kept: scheme, and host where it is not this machine.
        receivers: How many programs of the organisation have a token, by what it opens.
        links: Whether links that name an account are given out sealed.
        accepted_on: Day of the last acceptance; None where nobody accepted anything.
        accepted: Nothing here goes beyond what was accepted.
        digest: Of the privacy statement.
        figures: None where no daemon could be asked.
        automated: What decides, generates, recommends or predicts by itself (privacy D26); there is nothing, and this is empty.
        written_on: Today.
    """

    organisation: Text
    contact: str
    objections: str
    complaints: Text | None
    more: Text | None
    own_handles: tuple[str, ...]
    watches: tuple[Watched, ...]
    places: tuple[Place, ...]
    retention_days: int
    oldest_days: int
    consent: ConsentMode
    nobot_tags: tuple[str, ...]
    objection_list: bool
    engine: str
    engine_host: str | None
    receivers: Mapping[str, int]
    links: bool
    accepted_on: date | None
    accepted: bool
    digest: str
    figures: Figures | None
    written_on: date
    automated: tuple[str, ...] = ()

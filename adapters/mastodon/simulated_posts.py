"""
What a simulated fediverse is made of: accounts, posts with their words, and what one instance knows of them.

Held by `simulated_instance` and `simulated_fediverse`, turned into JSON by `simulated_entities`. Nothing here prints a
name or a word: a test that fails must not show what the daemon would hide.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from adapters.mastodon.simulated_ids import folded
from listener.simulation.people import Person

Visibility = Literal["public", "unlisted", "private", "direct", "local"]
"""`local` is Pleroma's: for the accounts of one instance (differences_in_mastoapi_responses.md, "Statuses")."""

HASHTAG: Final = re.compile(r"(?<![\w/&#])#(\w*[^\W\d_]\w*)")
"""A hashtag in a text: not a number alone, not inside of an address."""


@dataclass(slots=True, repr=False, eq=False)
class Account:
    """
    Somebody on one instance. Prints without a name.

    Args:
        person: Synthetic.
        home: Domain of the instance.
        number: Within the fediverse, from 1.
        created_at: Its day is shown.
        note: Of the profile, plain.
        fields: Name and value of the profile's rows.
        bot: Says it is no person.
        locked: Approves followers by hand.
        discoverable: May be recommended; None where the owner never chose.
        indexable: Consents to search engines.
        noindex: Objects to search engines; shown for the instance's own accounts only, as Mastodon does.
        limited: Silenced by every instance: shown to followers only.
        suspended: By every instance.
        memorial: Of somebody who died.
    """

    person: Person
    home: str
    number: int
    created_at: datetime
    note: str = ""
    fields: tuple[tuple[str, str], ...] = ()
    bot: bool = False
    locked: bool = False
    discoverable: bool | None = True
    indexable: bool = True
    noindex: bool = False
    limited: bool = False
    suspended: bool = False
    memorial: bool = False

    def __repr__(self) -> str:
        return f"Account(number={self.number}, home={self.home!r})"

    @property
    def username(self) -> str:
        """
        Without the domain.
        """
        return self.person.handle


@dataclass(frozen=True, slots=True)
class Poll:
    """
    Options with their votes, and the end.
    """

    options: tuple[tuple[str, int], ...]
    expires_at: datetime
    multiple: bool = False


@dataclass(frozen=True, slots=True)
class Picture:
    """
    An attached picture.
    """

    description: str | None
    width: int = 1200
    height: int = 800


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class Words:
    """
    What an edit can change. Prints without content.
    """

    text: str
    spoiler_text: str = ""
    sensitive: bool = False
    language: str | None = "en"
    tags: tuple[str, ...] = ()
    mentions: tuple[Account, ...] = ()
    poll: Poll | None = None
    media: tuple[Picture, ...] = ()
    link: str | None = None
    edited_at: datetime | None = None
    revision: int = 1

    def __repr__(self) -> str:
        return f"Words(revision={self.revision})"

    @property
    def tag_names(self) -> tuple[str, ...]:
        """
        As servers compare them.
        """
        return tuple(dict.fromkeys(folded(tag) for tag in self.tags))


@dataclass(slots=True, repr=False, eq=False)
class Toot:
    """
    One post, wherever it is seen. Prints without content.

    Args:
        post: Identity within the ledger.
        account: Who.
        visibility: For whom.
        created_at: As it says itself.
        words: As they stand at its origin.
        home_id: Its id on its own instance.
        uri: The same everywhere; that id is part of it, where ids are made by the time of writing.
        reply_to: What it answers.
        boost_of: What it boosts; then it has no words of its own.
        quote_of: What it quotes.
        application: What it was written with; shown on its own instance only.
    """

    post: str
    account: Account
    visibility: Visibility
    created_at: datetime
    words: Words
    home_id: str = ""
    uri: str = ""
    reply_to: Toot | None = None
    boost_of: Toot | None = None
    quote_of: Toot | None = None
    application: str = "Web"
    deleted_at: datetime | None = None

    def __repr__(self) -> str:
        return f"Toot(post={self.post!r}, home={self.account.home!r}, visibility={self.visibility!r})"


@dataclass(slots=True, eq=False)
class Copy:
    """
    A post as one instance knows it.

    Args:
        toot: Of which.
        local_id: Here.
        arrived_at: Since when it is here.
        words: As they are known here.
    """

    toot: Toot
    local_id: str
    arrived_at: datetime
    words: Words


@dataclass(frozen=True, slots=True, eq=False)
class Notice:
    """
    A notification of an account.
    """

    local_id: str
    kind: str
    at: datetime
    whom: Account
    by: Account
    copy: Copy | None
    emoji: str | None = None

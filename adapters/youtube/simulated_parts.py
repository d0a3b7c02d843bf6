"""
What a simulated YouTube is made of: channels, videos, comments, keys, and troubles.

Held by `simulated_tube`, turned into JSON by `simulated_resources`. Nothing here prints a name or a word: a test that fails
must not show what the daemon would hide.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from listener.simulation.people import Person

Manner = Literal[
    "503",  # JSON, backendError
    "500",  # JSON, internalError
    "502-html",  # what stands before the servers, when nothing is behind it
    "html",  # 200 and a page
    "wrong_type",  # the right answer, called text/html
    "garbage",  # 200, called JSON, and none
    "empty",  # 200 and an object with nothing in it
    "slow",  # the answer drips
    "cut",  # the answer ends in the middle
    "reset",  # the connection is reset
    "silent",  # no answer at all
    "429",  # rateLimitExceeded, as a quota of the whole service tells it
    "403-rate",  # rateLimitExceeded, as the service itself told it
    "user-rate",  # userRateLimitExceeded
    "quota",  # quotaExceeded, although this listener spent little: others share the project
    "forbidden",
    "processing",  # processingFailure, a 400 that may pass
    "stale_tokens",  # no page token is good any more
]


@dataclass(slots=True, repr=False, eq=False)
class Channel:
    """
    Somebody who uploads or comments; on YouTube they are the same. Prints without a name.

    Args:
        person: Synthetic; None for a body, which has a title of its own.
        number: From 1.
        id: Begins with `UC`.
        handle: Without the sign.
        title: As shown.
        created_at: Since when.
        own: The organisation's.
        description: Plain.
    """

    person: Person | None
    number: int
    id: str
    handle: str
    title: str
    created_at: datetime
    own: bool = False
    description: str = ""
    country: str = "CA"
    closed: bool = False

    def __repr__(self) -> str:
        return f"Channel(number={self.number}, own={self.own})"


@dataclass(slots=True, repr=False, eq=False)
class Video:
    """
    One upload. Prints without content.

    Args:
        post: Identity within the ledger.
        id: Eleven characters.
        channel: Whose.
        title: Plain.
        description: Plain.
        published_at: Since when the public sees it.
        tags: Of the uploader.
        lang: BCP 47; None where not stated.
        comments_enabled: False where its owner switched them off.
        likes: Shown in the statistics.
        deleted_at: Gone, or private.
        revision: From 1.
    """

    post: str
    id: str
    channel: Channel
    title: str
    description: str
    published_at: datetime
    tags: tuple[str, ...] = ()
    lang: str | None = "en"
    comments_enabled: bool = True
    likes: int = 0
    deleted_at: datetime | None = None
    revision: int = 1

    def __repr__(self) -> str:
        return f"Video(post={self.post!r})"

    @property
    def link(self) -> str:
        """
        Its address without the origin.
        """
        return f"/watch?v={self.id}"


@dataclass(slots=True, repr=False, eq=False)
class Comment:
    """
    A comment or an answer to one; answers are one level deep. Prints without content.

    Args:
        post: Identity within the ledger.
        id: Names no person.
        video: Under what.
        author: Whose.
        text: Plain, as written; empty where there is a picture only.
        published_at: As it says itself: when it was written, however late it is shown.
        public_at: When it is shown; later where it was held.
        updated_at: Of the last edit; else as published.
        parent: None at the top.
        picture: Address of an image or GIF.
        likes: Decides the order by relevance.
        deleted_at: Gone.
        revision: From 1.
    """

    post: str
    id: str
    video: Video
    author: Channel
    text: str
    published_at: datetime
    public_at: datetime
    updated_at: datetime
    parent: Comment | None = None
    picture: str | None = None
    likes: int = 0
    deleted_at: datetime | None = None
    revision: int = 1

    def __repr__(self) -> str:
        return f"Comment(post={self.post!r}, reply={self.parent is not None})"

    @property
    def link(self) -> str:
        """
        Its address without the origin; it names a video and a comment, nobody else.
        """
        return f"/watch?v={self.video.id}&lc={self.id}"


@dataclass(slots=True, repr=False)
class Key:
    """
    An API key. Never printed.

    Args:
        project: Whose quota it spends; keys of one project share it.
        state: What is wrong with it.
    """

    project: str = "listener"
    state: Literal["good", "expired", "address_blocked", "service_disabled"] = "good"

    def __repr__(self) -> str:
        return f"Key(state={self.state!r})"


@dataclass(frozen=True, slots=True)
class Trouble:
    """
    A service that misbehaves for a while.

    Args:
        manner: How.
        start_at: From this instant.
        end_at: Until before this one.
        route: Of what only, such as `commentThreads`; None for everything.
    """

    manner: Manner
    start_at: datetime
    end_at: datetime
    route: str | None = None

"""
What a simulator did, so that somebody outside the daemon can say what became of every post.

Written by `listener.simulation.world` and by simulators; read by the demo, the endurance runs and tests. Holds
identities and times, never a word of a post nor anything about a person.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Literal

Fate = Literal[
    "queued",
    "counted",
    "not_ours",
    "withheld",
    "rejected",
    "removed_before_reading",
    "in_gap",
    "never_shown",  # still waiting in its source when everything ended, or pushed out of a window unread
    "missing",  # shown, ours, and nobody knows where it went: the defect this book is kept to find
    "unexpected",  # queued although it is nobody's business
]


@dataclass(slots=True, kw_only=True)
class PostRow:
    """
    The life of one post.

    Args:
        post: Identity within the world.
        place: Where.
        kind: `article` or `comment`.
        link: Its public address, without the origin; names nobody.
        expected: What should become of it when it is read; `counted`: only how many of them there are is told.
        reason: Of an expected `withheld` or `rejected`.
        published_at: When the public could first see it.
        edited_at: Last edit.
        deleted_at: When it was taken away.
        revision: From 1; each edit adds one.
        first_shown_at: When an answer that holds it first left whole.
        last_shown_at: When one last did.
        shown: In how many answers; all but the first are repeats.
        shown_revision: Latest revision that was shown.
    """

    post: str
    place: str
    kind: str
    link: str
    expected: Literal["queued", "counted", "not_ours", "withheld", "rejected"]
    reason: str | None = None
    published_at: datetime
    edited_at: datetime | None = None
    deleted_at: datetime | None = None
    revision: int = 1
    first_shown_at: datetime | None = None
    last_shown_at: datetime | None = None
    shown: int = 0
    shown_revision: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestRow:
    """
    One request that was served.

    Args:
        at: When it came.
        place: Of which place; empty where none.
        route: What was asked for, such as `feed`, `comments`, `page`; never the address.
        status: As answered; 0 where no answer was given.
        posts: How many posts the answer showed.
        conditional: The request carried a validator.
        disturbance: What went wrong on purpose; empty where nothing.
    """

    at: datetime
    place: str
    route: str
    status: int
    posts: int = 0
    conditional: bool = False
    disturbance: str = ""


@dataclass(frozen=True, slots=True)
class Window:
    """
    A stretch of time in which a place's posts may have been missed, as the daemon reported it.
    """

    place: str
    start_at: datetime | None
    end_at: datetime


@dataclass(slots=True)
class Ledger:
    """
    The book. Posts by their identity within the world, requests in order.
    """

    posts: dict[str, PostRow] = field(default_factory=dict)
    requests: list[RequestRow] = field(default_factory=list)

    def published(self, row: PostRow) -> None:
        """
        Raises:
            ValueError: there is a post of that identity.
        """
        if row.post in self.posts:
            raise ValueError(f"post {row.post!r} is in the book already")
        self.posts[row.post] = row

    def edited(self, post: str, at: datetime) -> None:
        """
        One revision more.
        """
        row = self.posts[post]
        row.edited_at = at
        row.revision += 1

    def deleted(self, post: str, at: datetime) -> None:
        """
        Gone for good.
        """
        self.posts[post].deleted_at = at

    def shown(self, revisions: Mapping[str, int], at: datetime) -> None:
        """
        An answer left whole.

        Args:
            revisions: The posts in it, each with the revision that was shown.
            at: When.
        """
        for post, revision in revisions.items():
            row = self.posts[post]
            row.first_shown_at = row.first_shown_at or at
            row.last_shown_at = at
            row.shown += 1
            row.shown_revision = max(row.shown_revision, revision)

    def served(self, row: RequestRow) -> None:
        """
        One request more.
        """
        self.requests.append(row)

    def partition(
        self,
        queued: Collection[str],
        *,
        gaps: Sequence[Window] = (),
        read_by: Callable[[PostRow], bool] = lambda _: True,
    ) -> dict[str, Fate]:
        """
        Exactly one fate for every post.

        Args:
            queued: Links of the posts an outside consumer was given, origins cut off; removals do not take a link
                back out.
            gaps: As the daemon reported them.
            read_by: Whether a post's place and kind are among what the daemon was told to read.
        """
        return {
            row.post: _fate(row, queued=row.link in queued, gaps=gaps)
            for row in self.posts.values()
            if read_by(row)
        }

    def as_json(self) -> bytes:
        """
        Everything, as one JSON object.
        """
        book = {
            "posts": [asdict(row) for row in self.posts.values()],
            "requests": [asdict(row) for row in self.requests],
        }
        return json.dumps(book, default=datetime.isoformat, indent=1).encode()


def tally(fates: Iterable[Fate]) -> dict[Fate, int]:
    """
    How many of each, most frequent first.
    """
    counted: dict[Fate, int] = {}
    for fate in fates:
        counted[fate] = counted.get(fate, 0) + 1
    return dict(sorted(counted.items(), key=lambda pair: (-pair[1], pair[0])))


def _fate(row: PostRow, *, queued: bool, gaps: Sequence[Window]) -> Fate:
    if queued:
        return "queued" if row.expected == "queued" else "unexpected"
    if not row.shown:
        if row.deleted_at is not None:
            return "removed_before_reading"
        return "in_gap" if _in_gap(row, gaps) else "never_shown"
    if row.expected != "queued":
        return row.expected
    return "in_gap" if _in_gap(row, gaps) else "missing"


def _in_gap(row: PostRow, gaps: Sequence[Window]) -> bool:
    return any(
        gap.place == row.place
        and (gap.start_at is None or gap.start_at <= row.published_at)
        and row.published_at <= gap.end_at
        for gap in gaps
    )

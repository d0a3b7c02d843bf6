"""
The state of a simulated YouTube: who uploads, who comments, what is held, edited, deleted, and when.

Asked by `simulated_lists`; writes the ledger. Everything happens on one clock: what is planned has happened as soon as that
clock has passed it and anybody asks.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Literal
from urllib.parse import urlsplit

from adapters.youtube.simulated_errors import Envelope
from adapters.youtube.simulated_ids import channel_id, comment_id, reply_id, video_id
from adapters.youtube.simulated_parts import Channel, Comment, Key, Manner, Trouble, Video
from adapters.youtube.simulated_quota import Meter
from listener.clock import Clock
from listener.simulation.ledger import Fate, Ledger, PostRow, Window
from listener.simulation.people import Person, people
from listener.simulation.world import Expected, Noise


@dataclass(slots=True, repr=False)
class Tube:
    """
    Everything there is. What it is like may be changed at any time.

    Args:
        clock: Whose time it is.
        hashtags: Of the watch, for the expectations in the ledger.
        expect: What should become of a video or a comment; None for `expected`.
        ledger: The book.
        meter: What was spent.
        keys: By what is sent.
        envelope: How the service in front of the API tells errors.
        searches_told_as: What an empty bucket of searches answers; nobody has told it yet.
        etag_header: Whether answers have an ETag header besides the `etag` in them.
        search_lag_s: How old a video is before a search finds it.
        search_misses: Of ten searches, so many do not see a given video: results are neither complete nor stable.
        troubles: See there.
        noise: What it lets slip in headers and errors.
        adorn: Changes an item (`commentThread`, `comment`, `video` …) before it is shown: fields nobody told of, or garbage.
    """

    clock: Clock
    hashtags: Collection[str] = ()
    expect: Callable[[Video | Comment], Expected] | None = None
    ledger: Ledger = field(default_factory=Ledger)
    meter: Meter = field(default_factory=Meter)
    keys: dict[str, Key] = field(default_factory=lambda: {"a-good-key": Key()})
    envelope: Envelope = "newer"
    searches_told_as: Literal["quotaExceeded", "rateLimitExceeded"] = "quotaExceeded"
    etag_header: bool = True
    search_lag_s: float = 0.0
    search_misses: int = 0
    troubles: list[Trouble] = field(default_factory=list)
    noise: Noise | None = None
    adorn: Callable[[str, dict[str, Any]], dict[str, Any]] | None = None
    channels: dict[str, Channel] = field(default_factory=dict)
    videos: dict[str, Video] = field(default_factory=dict)
    comments: dict[str, Comment] = field(default_factory=dict)
    _due: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)
    _order: Iterator[int] = field(default_factory=lambda: count())
    _at: datetime | None = None
    _links: dict[str, str] = field(default_factory=dict)
    _under: dict[str, list[Comment]] = field(default_factory=dict)

    def now(self) -> datetime:
        """
        The time of what is happening; of the clock, between happenings.
        """
        return self._at or self.clock.now()

    def plan(self, at: datetime, happening: Callable[[], object]) -> None:
        """
        This will happen then.
        """
        heapq.heappush(self._due, (at, next(self._order), happening))

    def turn(self) -> None:
        """
        Everything that is due by now has happened, each at its own time.
        """
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            self._at, _, happening = heapq.heappop(self._due)
            try:
                happening()
            finally:
                self._at = None

    def trouble(self, route: str, now: datetime) -> Trouble | None:
        """
        What is wrong with a route now.
        """
        for each in self.troubles:
            if each.start_at <= now < each.end_at and each.route in (None, route):
                return each
        return None

    def disturb(self, manner: Manner, lasts_s: float, *, route: str | None = None) -> None:
        """
        Trouble from now on, for a while.
        """
        now = self.now()
        self.troubles.append(Trouble(manner, now, now + timedelta(seconds=lasts_s), route))

    # ------------------------------------------------------------------------------------------- what happens

    def channel(self, person: Person | None = None, **how: Any) -> Channel:
        """
        A new channel, of a new person where neither a person nor a title is given; see `Channel` for how it may be.
        """
        number = len(self.channels) + 1
        if person is None and "title" not in how:
            person = people(number, number)[-1]
        handle = how.pop("handle", person.handle if person else f"channel{number}")
        title = how.pop("title", f"@{handle}")
        created = self.now() - timedelta(days=900 + number)
        made = Channel(person, number, channel_id(number), handle, title, created, **how)
        self.channels[made.id] = made
        return made

    def video(self, channel: Channel, title: str, description: str = "", **how: Any) -> Video:
        """
        An upload, public at once; see `Video` for how it may be.
        """
        number = len(self.videos) + 1
        made = Video(f"video-{number}", video_id(number), channel, title, description, self.now(), **how)
        self.videos[made.id] = made
        self._book(made, "video", channel, made.published_at)
        return made

    def comment(
        self,
        video: Video,
        author: Channel,
        text: str,
        *,
        to: Comment | None = None,
        held_s: float = 0.0,
        picture: bool = False,
        likes: int = 0,
    ) -> Comment:
        """
        Somebody comments, or answers.

        Args:
            text: An answer begins with the handle of whom it answers; that is put before it.
            to: A comment or an answer; the answer belongs to the comment at the top.
            held_s: Until a moderator lets it through; it keeps the date of its writing.
            picture: An image comes with it.

        Raises:
            ValueError: what is answered stands under another video.
        """
        if to is not None and to.video is not video:
            raise ValueError("an answer stands under the video of its comment")
        number, now = len(self.comments) + 1, self.now()
        parent = to.parent or to if to is not None else None
        written = f"@{to.author.handle} {text}" if to is not None else text
        made = Comment(
            f"comment-{number}",
            reply_id(parent.id, number) if parent else comment_id(number),
            video,
            author,
            written,
            now,
            now + timedelta(seconds=held_s),
            now,
            parent=parent,
            picture=f"https://pictures.example/comments/{number}.gif" if picture else None,
            likes=likes,
        )
        self.comments[made.id] = made
        self._under.setdefault(parent.id if parent else video.id, []).append(made)
        self._book(made, "reply" if parent else "comment", video.channel, made.public_at)
        return made

    def edit(self, what: Comment | Video, text: str) -> None:
        """
        Other words: of a comment its text, of a video its title. A comment says since when.
        """
        what.revision += 1
        if isinstance(what, Comment):
            what.text, what.updated_at = text, self.now()
        else:
            what.title = text
        self.ledger.edited(what.post, self.now())

    def delete(self, what: Comment | Video) -> None:
        """
        Gone, with everything under it.
        """
        if what.deleted_at is not None:
            return
        what.deleted_at = self.now()
        self.ledger.deleted(what.post, self.now())
        for each in self.under(what):
            self.delete(each)

    def close(self, channel: Channel) -> None:
        """
        A channel is no more, nor what it uploaded or wrote.
        """
        channel.closed = True
        for video in self.videos.values():
            if video.channel is channel:
                self.delete(video)
        for comment in self.comments.values():
            if comment.author is channel:
                self.delete(comment)

    # ---------------------------------------------------------------------------------------------- who sees what

    def public(self, what: Comment | Video) -> bool:
        """
        Whether anybody may see it now: an answer only while what it answers can be seen, a comment only while its video
        takes comments.
        """
        if what.deleted_at is not None:
            return False
        if isinstance(what, Video):
            return True
        if not what.video.comments_enabled:
            return False
        return what.public_at <= self.clock.now() and (what.parent is None or self.public(what.parent))

    def uploads(self, channel: Channel) -> list[Video]:
        """
        The newest first.
        """
        found = [each for each in self.videos.values() if each.channel is channel and self.public(each)]
        return sorted(found, key=lambda each: (each.published_at, each.id), reverse=True)

    def under(self, what: Comment | Video) -> list[Comment]:
        """
        The comments at the top of a video, or the answers to a comment, whoever may see them; as they were written.
        """
        return list(self._under.get(what.id, ()))

    def replies(self, comment: Comment) -> list[Comment]:
        """
        Those that can be seen, the newest first.
        """
        found = [each for each in self.under(comment) if self.public(each)]
        return sorted(found, key=lambda each: (each.published_at, each.id), reverse=True)

    @property
    def handles(self) -> Mapping[str, str]:
        """
        Ids of channels by their handle.
        """
        return {each.handle: each.id for each in self.channels.values()}

    @property
    def titles(self) -> Mapping[str, str]:
        """
        Of videos by their id.
        """
        return {each.id: each.title for each in self.videos.values() if self.public(each)}

    # ------------------------------------------------------------------------------------------- for observers

    def shown(self, revisions: Mapping[str, int]) -> None:
        """
        These posts have left in an answer, each in the revision that was shown.
        """
        self.ledger.shown(revisions, self.clock.now())

    def post_at(self, link: str) -> str | None:
        """
        The identity in the ledger of what stands at that address, with or without an origin, even after its deletion.
        """
        parts = urlsplit(link)
        return self._links.get(f"{parts.path}?{parts.query}")

    def fates(
        self,
        queued: Iterable[str],
        *,
        gaps: Collection[Window] = (),
        kinds: Collection[str] = ("video", "comment", "reply"),
    ) -> dict[str, Fate]:
        """
        What became of every post, for an observer who was given these addresses.

        Args:
            queued: With or without their origin; unknown ones are ignored.
            gaps: As the daemon reported them.
            kinds: What the daemon was told to read: who hears comments looks at the list of videos, too.
        """
        posts = {post for link in queued if (post := self.post_at(link))}
        return self.ledger.partition(
            {self.ledger.posts[post].link for post in posts},
            gaps=tuple(gaps),
            read_by=lambda row: row.kind in kinds,
        )

    # -------------------------------------------------------------------------------------------------- inside

    def _book(self, what: Video | Comment, kind: str, where: Channel, at: datetime) -> None:
        wanted = self.expect(what) if self.expect is not None else expected(what, self.hashtags)
        self._links[what.link] = what.post
        self.ledger.published(
            PostRow(
                post=what.post,
                place=where.handle,
                kind=kind,
                link=what.link,
                expected=wanted.fate,
                reason=wanted.reason,
                published_at=at,
            )
        )


def expected(what: Video | Comment, hashtags: Collection[str]) -> Expected:
    """
    What should become of a post that is read: what stands on the organisation's channel is heard, be it a picture without a
    word; elsewhere what carries one of the hashtags. Whether a listener reads videos, comments or
    both is for the `read_by` of whoever counts.
    """
    words = f"{what.title} {what.description}" if isinstance(what, Video) else what.text
    own = what.channel.own if isinstance(what, Video) else what.video.channel.own
    said = {word.strip(".,;:!?()").casefold() for word in words.split() if word.startswith("#")}
    watched = {f"#{tag.lstrip('#')}".casefold() for tag in hashtags}
    return Expected("queued") if own or said & watched else Expected("not_ours")

"""One page through watch and gate."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from msgspec.structs import replace

from listener.adapter import Page
from listener.events import (
    Change,
    Cleared,
    Consent,
    Count,
    Gap,
    GapData,
    Name,
    Noted,
    Post,
    PostCreated,
    PostData,
    Provenance,
    Rejected,
    Removal,
    RemovalReason,
    Retraction,
    SourceGap,
    WatchName,
    Withheld,
    WithheldReason,
)
from listener.hear.walk import Asking, Judged, judge, walk
from listener.keys import Sealer

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)
REFUSED: dict[str, WithheldReason] = {
    f"hello {reason}": reason
    for reason in ("not_public", "objection", "consent", "consent_unreadable", "counts_only")
}
"""What the gate below says of posts by these names."""
SEALER = Sealer(date(2026, 1, 1), b"k" * 32)


@dataclass
class Door:
    """A gate that lets everything pass, remembers what it was asked, and breaks on one text."""

    asked: list[tuple[str, tuple[WatchName, ...], timedelta | None]]

    def clear(
        self,
        post: Post,
        *,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: datetime,
    ) -> Cleared | Withheld:
        if post.text == "breaks the gate":
            raise ZeroDivisionError
        self.asked.append((post.native, watches, shortest))
        if post.native in REFUSED:
            return Withheld(REFUSED[post.native])
        data = PostData(
            network="feed",
            kind=post.kind,
            text=post.text,
            title=None,
            lang=None,
            watches=watches,
            hashtags=(),
            link=None,
            in_reply_to=None,
            by_us=False,
            addressed=False,
            open_to_reply="unknown",
            observed_at=now,
            masked={},
        )
        event = PostCreated(id="k.1", source="/feed/x", subject="k", time=now, data=data)
        return Cleared(event, Provenance((Name(post.native.encode().ljust(16)),)), b"d")

    def retract(self, removal: Removal, *, now: datetime) -> Retraction:
        names = (Name(removal.name.encode()),)
        return Retraction(names, removal.reason, "/feed/x", "feed", now, removal.held_only)

    def otherwise(self, post: Post) -> WithheldReason | None:
        return "consent" if "noindex" in post.consent.flags else None

    def withdraw(self, post: Post, *, reason: RemovalReason, now: datetime) -> Retraction:
        names = (Name(post.native.encode()), *(Name(alias.encode()) for alias in post.aliases))
        return Retraction(names, reason, "/feed/x", "feed", now, held_only=True)

    def note(self, item: Count | Gap | Change, *, now: datetime) -> Noted:
        assert isinstance(item, Gap)
        data = GapData(network="feed", start_at=None, end_at=now, cause=item.cause, suspected=True)
        return Noted(SourceGap(id="gap", source="/feed/x", subject="x", time=now, data=data))


def post(text: str, *, addressed: bool = False) -> Post:
    return Post(native=text, kind="article", text=text, addressed=addressed)


def asks(item: Post) -> tuple[WatchName, ...]:
    return tuple(WatchName(name) for name in ("roads", "snow", "old") if name in item.text)


ASKING = Asking(
    asks,
    paused=frozenset({WatchName("old")}),
    retention={WatchName("snow"): timedelta(days=3), WatchName("roads"): timedelta(days=9)},
)


def test_every_item_of_a_page_is_exactly_one_of_passed_withheld_or_rejected() -> None:
    """Received equals the sum, and each withheld or rejected item has its reason."""
    door, faults = Door([]), list[Exception]()
    page = Page(
        (
            post("about roads and snow"),
            post("about nothing"),
            post("an old matter"),
            post("hello city", addressed=True),
            post("breaks the gate", addressed=True),
            Rejected("no_identity"),
            Removal("gone"),
            Gap(None, NOW, "window_overrun"),
        )
    )

    walked = walk(
        page, asking=ASKING, door=door, take_all=False, sealer=SEALER, now=NOW, report=faults.append
    )

    assert walked.received == 8
    assert [type(item) for item in walked.items] == [Cleared, Cleared, Retraction, Noted]
    assert [type(item) for item in walked.commits] == [Cleared, Retraction, Cleared, Retraction, Noted]
    assert walked.withheld == Counter({"not_ours": 1, "watch_paused": 1})
    assert walked.rejected == Counter({"unreadable_item": 1, "no_identity": 1})
    assert walked.received == len(walked.items) + walked.withheld.total() + walked.rejected.total()
    assert [type(fault) for fault in faults] == [ZeroDivisionError]
    assert door.asked == [
        ("about roads and snow", ("roads", "snow"), timedelta(days=3)),
        ("hello city", (), None),
    ]


def test_what_only_watches_ask_for_that_are_not_looked_for_is_not_ours() -> None:
    """In a source that looks for some watches, the others name nothing, shorten nothing and pause nothing."""
    door = Door([])
    page = Page((post("about roads and snow"), post("about snow"), post("an old matter"), post("old roads")))

    def walked(*watches: str) -> dict[str, int]:
        asking = ASKING.within(frozenset(map(WatchName, watches)))
        return dict(
            walk(
                page, asking=asking, door=door, take_all=False, sealer=SEALER, now=NOW, report=print
            ).withheld
        )

    assert walked("roads") == {"not_ours": 2}
    assert door.asked == [
        ("about roads and snow", ("roads",), timedelta(days=9)),
        ("old roads", ("roads",), timedelta(days=9)),
    ]
    assert walked("old") == {"not_ours": 2, "watch_paused": 2}
    assert walked() == {"not_ours": 4}
    assert ASKING.within(None) is ASKING


def test_a_removal_of_what_may_be_held_is_no_item() -> None:
    """Deletions of strangers' posts go to the queue, which knows whether they concern it, and are counted by what they end."""
    page = Page(items=(Removal("stranger", held_only=True), Removal("ours")))
    walked = walk(
        page,
        asking=Asking(lambda post: ()),
        door=Door([]),
        take_all=False,
        sealer=SEALER,
        now=NOW,
        report=print,
    )

    assert (walked.received, len(walked.items), len(walked.commits)) == (1, 1, 2)


def test_a_source_that_is_taken_whole_needs_no_watch() -> None:
    """With take = all, a post that no watch asks for passes without a watch's name."""
    door = Door([])

    walked = walk(
        Page((post("about nothing"), post("an old matter"))),
        asking=ASKING,
        door=door,
        take_all=True,
        sealer=SEALER,
        now=NOW,
        report=lambda error: None,
    )

    assert (walked.withheld, len(walked.items)) == (Counter(), 2)
    assert door.asked == [("about nothing", (), None), ("an old matter", (), None)]


def judged(item: Post) -> Judged:
    return judge(item, asking=ASKING, door=Door([]), take_all=False, sealer=SEALER, now=NOW)


def test_a_post_that_would_not_pass_today_is_taken_back_by_all_its_names() -> None:
    """An edit out of every watch, a refusal and an objection end what is held; a pause or an unread signal does not."""
    natives = ["about nothing", "an old matter", *REFUSED]
    posts = [replace(post(native, addressed=native in REFUSED), aliases=("other",)) for native in natives]

    ends = {one.native: judged(one) for one in posts}

    assert {native: (end.withheld, end.item) for native, end in ends.items()} == {
        "about nothing": ("not_ours", gone("about nothing", "watch_removed")),
        "an old matter": ("watch_paused", None),
        "hello not_public": ("not_public", gone("hello not_public", "withdrawn")),
        "hello objection": ("objection", gone("hello objection", "withdrawn")),
        "hello consent": ("consent", gone("hello consent", "withdrawn")),
        "hello consent_unreadable": ("consent_unreadable", None),
        "hello counts_only": ("counts_only", None),
    }


def gone(native: str, reason: RemovalReason) -> Retraction:
    names = (Name(native.encode()), Name(b"other"))
    return Retraction(names, reason, "/feed/x", "feed", NOW, held_only=True)


def test_a_post_that_passes_is_judged_once() -> None:
    """What re-check asks of a single post is what a page gets: the post for the queue, and no reason."""
    one = judged(post("about roads"))

    assert isinstance(one.item, Cleared)
    assert (one.item.event.data.text, one.withheld) == ("about roads", None)


def test_what_becomes_of_a_post_within_a_page_is_told_in_its_order() -> None:
    """Withheld and let through again, or the other way round: what comes last in the page counts."""
    hidden = replace(post("hello not_public", addressed=True), native="hello not_public")
    page = Page((hidden, post("about roads"), hidden))

    walked = walk(
        page, asking=ASKING, door=Door([]), take_all=False, sealer=SEALER, now=NOW, report=lambda error: None
    )

    assert [type(item) for item in walked.commits] == [Retraction, Cleared, Retraction]
    assert (walked.received, len(walked.items), walked.withheld) == (3, 1, Counter({"not_public": 2}))


def test_the_other_mode_is_asked_only_where_this_one_was() -> None:
    """A mode that differs is told with what it would do; a post that ends before consent is asked tells nothing."""
    flagged = {
        "about roads": Consent(flags=frozenset({"noindex"})),
        "about snow": Consent(flags=frozenset({"else"})),
        "about nothing": Consent(flags=frozenset({"noindex"})),
        "hello consent": Consent(flags=frozenset({"else"})),
        "hello counts_only": Consent(flags=frozenset({"noindex"})),
        "hello not_public": Consent(public=False, flags=frozenset({"noindex"})),
    }

    told = {
        native: judged(replace(post(native, addressed=native in REFUSED), consent=consent)).otherwise
        for native, consent in flagged.items()
    }

    assert told == {
        "about roads": "withheld",
        "about snow": None,
        "about nothing": None,
        "hello consent": "let_through",
        "hello counts_only": "withheld",
        "hello not_public": None,
    }

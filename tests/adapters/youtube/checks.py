"""
What has to hold when the shipped adapter reads a channel, one trap of the network to each check.

Run by `test_youtube_traps`, where each is green, and by `test_youtube_trap_mutations`, where each is red as soon as the
adapter forgets what the trap was. Every check is a function without arguments that raises AssertionError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import pytest

from adapters.youtube import SPEC, cursor
from adapters.youtube.cursor import SEEN_MOST, Seen, decode_cursor, digest, encode_cursor
from adapters.youtube.quota import budgets, charges
from listener.adapter import Ask, Cursor, Reply, Terms
from listener.errors import (
    AccessDenied,
    BudgetSpent,
    DocumentRefused,
    RateLimited,
    SourceError,
    SourceUnavailable,
)
from listener.events import Gap, Post, WatchName
from listener.testing.canned import Watching
from tests.adapters.youtube.channel import (
    CHANNEL,
    KEY,
    NOW,
    PEOPLE,
    Comment,
    Hearing,
    Video,
    World,
    error,
    natives,
    new_error,
    post,
)

Check = Callable[[], Awaitable[None]]
CHECKS: Final[dict[str, Check]] = {}


def check(holds: Check) -> Check:
    """One more, under its own name."""
    CHECKS[holds.__name__] = holds
    return holds


def heard(**keys: Any) -> tuple[World, Video, Hearing]:
    """A channel with one video, and somebody who listens."""
    world = World()
    return world, world.video(), Hearing(world, keys)


# ---------------------------------------------------------------------------------------------- what is asked


@check
async def no_author_is_asked_for() -> None:
    """Every request names its fields, and none of them tells of a person or a picture."""
    for keys in ({}, {"listen": "uploads"}, {"listen": "titles", "channel": None}):
        world, video, hearing = heard(**keys)
        hearing.interest = Watching({WatchName("city"): Terms(phrases=frozenset({"riverton"}))})
        hearing.start()
        (top,) = world.say(video)
        world.answer_to(top, 7)
        await hearing.turns(3)
        await hearing.verdicts(top.id if not keys else video.id)
        for _, query in world.calls:
            asked = query["fields"].lower()

            assert "items(" in asked
            assert not [word for word in ("author", "channel", "image", "thumb", "*") if word in asked]


@check
async def the_key_is_in_no_address() -> None:
    """It stands in its header, with every request."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    world.answer_to(top, 7)
    await hearing.turns(2)
    await hearing.verdicts(top.id)

    assert {asked.headers["x-goog-api-key"] for asked in hearing.reader.asked} == {KEY}
    assert not [asked for asked in hearing.reader.asked if KEY in asked.address or "key=" in asked.address]


@check
async def threads_are_asked_for_as_plain_text_by_channel() -> None:
    """The parameters that the documents name, a hundred at once."""
    world, video, hearing = heard()
    world.say(video)
    await hearing.turn()
    _, query = world.calls[0]
    query.pop("fields")

    assert query == {
        "part": "snippet,replies",
        "allThreadsRelatedToChannelId": CHANNEL,
        "order": "time",
        "textFormat": "plainText",
        "maxResults": "100",
    }


# ------------------------------------------------------------------------------------------------------ paging


@check
async def a_burst_between_two_turns_is_read_to_the_last() -> None:
    """Page by page, until a page holds nothing that was not seen."""
    world, video, hearing = heard()
    world.say(video, 3)
    await hearing.turn()
    said = world.say(video, 250)

    assert {one.id for one in said} <= set(natives(await hearing.turn()))


@check
async def paging_ends_at_what_is_known() -> None:
    """A turn in which nothing happened takes one request, beside that of the round over the videos."""
    world, video, hearing = heard()
    world.say(video, 350)
    await hearing.turns(6)  # the round is through
    world.calls.clear()
    await hearing.turn()

    assert hearing.calls == ["commentThreads"]


@check
async def a_walk_that_was_broken_off_is_gone_through_again() -> None:
    """The first page of a burst was kept, the second failed: what is on it is no known ground."""
    world, video, hearing = heard()
    world.say(video, 3)
    await hearing.turn()
    said = world.say(video, 250)
    await hearing.page()
    world.disturb = lambda asked, query: SourceUnavailable("down") if "pageToken" in query else None
    with pytest.raises(SourceUnavailable):
        await hearing.page()
    world.disturb = None
    hearing.start()
    await hearing.turn()

    assert {one.id for one in said} <= set(natives(hearing.items))


@check
async def what_the_round_met_first_hides_nothing() -> None:
    """The round over the videos saw the newest page of a burst before the walk did: the walk goes behind it."""
    world, video, hearing = heard()
    world.say(video, 3)
    await hearing.turn()  # and the list of videos
    said: list[Comment] = []
    await hearing.page()
    said += world.say(video, 250)
    while await hearing.page():
        pass
    hearing.world.disturb = lambda asked, query: SourceUnavailable("down") if "videoId" in query else None
    with suppress(SourceError):
        await hearing.turn()

    assert {one.id for one in said} <= set(natives(hearing.items))


@check
async def more_than_is_shown_is_told_as_a_gap() -> None:
    """A thousand comments are read; what lies behind them and after the last turn is a gap with its bounds."""
    world, video, hearing = heard()
    world.say(video, 3)
    await hearing.turn()
    read_at = world.at
    world.walk(minutes=1)
    world.say(video, 1200)
    gaps = [item for item in await hearing.turn() if isinstance(item, Gap)]

    assert gaps == [Gap(read_at, video.threads[-1000].at, "window_overrun")]


@check
async def the_first_reading_goes_back_a_month_and_no_further() -> None:
    """Older ones are kept by nobody; whoever starts anew needs no years."""
    world, video, hearing = heard()
    for days in range(400, 0, -1):
        world.say(video, at=NOW - timedelta(days=days))
    await hearing.turn()

    assert hearing.calls.count("commentThreads") == 1
    assert len(natives(hearing.items)) == 60


@check
async def a_comment_approved_late_is_read() -> None:
    """It appears where it would have stood, pages behind the newest."""
    world, video, hearing = heard()
    (waiting,) = world.say(video)
    waiting.hidden = True
    world.say(video, 300)
    await hearing.turns(6)
    waiting.hidden = False
    await hearing.turns(12, minutes=10)

    assert waiting.id in natives(hearing.items)


@check
async def only_what_changed_is_told_again() -> None:
    """A page is read every minute; of two hundred threads the one that was edited and the one that was answered are told."""
    world, video, hearing = heard()
    said = world.say(video, 60)
    await hearing.turns(4)
    quiet = await hearing.turn()
    said[7].text, said[7].updated = "Corrected", world.at
    (reply,) = world.answer_to(said[9])

    assert natives(quiet) == []
    assert sorted(natives(await hearing.turn())) == sorted([said[7].id, said[9].id, reply.id])


# ----------------------------------------------------------------------------------------------------- replies


@check
async def all_replies_are_read_where_some_are_shown() -> None:
    """A thread shows five of them; the rest is asked for, page by page, each under its parent and its video."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    said = world.answer_to(top, 130)
    items = await hearing.turn()
    first = post(items, said[0].id)

    assert {one.id for one in said} <= set(natives(items))
    assert hearing.calls.count("comments") == 2
    assert (first.kind, first.reply_to, first.link) == (
        "reply",
        top.id,
        f"https://www.youtube.com/watch?v={video.id}&lc={said[0].id}",
    )


@check
async def replies_are_asked_for_once() -> None:
    """As long as their number stays the same."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    world.answer_to(top, 9)
    await hearing.turns(5)

    assert hearing.calls.count("comments") == 1


@check
async def a_late_reply_to_an_old_thread_is_read() -> None:
    """It moves nothing up: three hundred newer comments stand before its thread."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    world.answer_to(top, 7)
    world.say(video, 300)
    await hearing.turns(6)
    late = [*world.answer_to(top, 7)]
    await hearing.turns(12, minutes=10)

    assert {one.id for one in late} <= set(natives(hearing.items))


@check
async def replies_that_could_not_be_read_are_read_later() -> None:
    """The number is noted with the replies, not before them; a restart in between loses none."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    said = world.answer_to(top, 9)
    world.disturb = lambda asked, query: SourceUnavailable("down") if "parentId" in query else None
    with pytest.raises(SourceUnavailable):
        await hearing.turn()
    world.disturb = None
    hearing.start()
    await hearing.turn()

    assert {one.id for one in said} <= set(natives(hearing.items))


@check
async def a_thread_that_went_while_its_replies_were_due_holds_nobody_up() -> None:
    """Its replies are not there any more, and the walk does not look for it for ever."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    world.say(video, 250)
    world.answer_to(top, 9)
    world.disturb = lambda asked, query: SourceUnavailable("down") if "parentId" in query else None
    with pytest.raises(SourceUnavailable):
        await hearing.turn()
    world.disturb = None
    video.threads.remove(top)
    await hearing.turns(8)
    world.calls.clear()
    await hearing.turn()

    assert hearing.calls == ["commentThreads"]


@check
async def a_thread_whose_replies_are_refused_holds_up_nobody() -> None:
    """However that is said: the rest is read in the same turn, it is asked for again in an hour, and no walk looks for it."""
    for refusal, before in (
        (error(403, "somethingNew"), 110),
        (error(403, "forbidden"), 110),
        (error(400, "invalidValue"), 0),
    ):
        world, video, hearing = heard()
        poison, after = world.say(video, 2)
        world.answer_to(poison, 9)
        world.say(video, before)
        said = world.answer_to(after, 9)

        def refused(asked: Any, query: dict[str, str], said: Reply = refusal, one: str = poison.id) -> Any:
            return said if query.get("parentId") == one else None

        world.disturb = refused
        await hearing.turn()
        told = hearing.notes[-1]
        await hearing.turns(3)
        world.calls.clear()
        await hearing.turns(9, minutes=5)
        tried = [query for _, query in world.calls if query.get("parentId") == poison.id]
        walked = [query for call, query in world.calls if call == "commentThreads" and "videoId" not in query]
        world.disturb = None
        await hearing.turns(8, minutes=10)

        assert {one.id for one in said} <= set(natives(hearing.items))
        assert told == "replies_refused"
        assert tried == []
        assert len(walked) == 9
        assert {one.id for one in poison.replies} <= set(natives(hearing.items))


@check
async def where_all_replies_are_refused_the_operator_is_told() -> None:
    """After three in a row; those are left alone for an hour, so that it takes no unit for each of a hundred threads."""
    world, video, hearing = heard()
    for top in world.say(video, 20):
        world.answer_to(top, 9)
    world.disturb = lambda asked, query: error(400, "invalidParameter") if "parentId" in query else None
    with pytest.raises(DocumentRefused):
        await hearing.turn()

    assert hearing.calls == ["commentThreads", "comments", "comments", "comments"]


@check
async def a_further_page_that_is_refused_ends_the_walk() -> None:
    """After three turns, and what lies behind it is a gap: the newest, the replies and the round go on."""
    world, video, hearing = heard()
    world.say(video, 3)
    await hearing.turn()
    read_at = world.at
    said = world.say(video, 150)
    world.answer_to(said[-1], 9)
    world.disturb = lambda asked, query: error(400, "processingFailure") if "pageToken" in query else None
    for _ in range(2):
        with pytest.raises(SourceUnavailable):
            await hearing.turn()
    await hearing.turn()
    gaps = [item for item in hearing.items if isinstance(item, Gap)]

    assert gaps == [Gap(read_at, said[50].at, "unknown")]
    assert hearing.notes[-1] == "page_refused"
    assert {one.id for one in said[-1].replies} <= set(natives(hearing.items))


@check
async def an_empty_page_is_not_the_last() -> None:
    """A page whose threads all went may have another behind it."""
    world, video, hearing = heard()
    world.say(video, 3)
    await hearing.turn()
    said = world.say(video, 2)
    emptied = b'{"kind":"youtube#commentThreadListResponse","items":[],"nextPageToken":"0"}'
    world.disturb = lambda asked, query: (
        error(403, "commentsDisabled")  # of the round, which would find them
        if "videoId" in query
        else None
        if "pageToken" in query
        else Reply(200, {}, emptied, asked.address)
    )

    assert {one.id for one in said} <= set(natives(await hearing.turn()))


@check
async def a_channel_with_more_threads_than_a_cursor_holds_costs_no_unit_twice() -> None:
    """What was met long ago is known all the same: a round tells nothing again and asks for no replies again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cursor, "SEEN_MOST", 50)
        world, first, hearing = heard()
        for video in (first, world.video("vid00000002"), world.video("vid00000003")):
            for top in world.say(video, 60)[::6]:
                world.answer_to(top, 7)
        await hearing.turns(5)
        (late,) = world.answer_to(first.threads[0])
        world.walk(hours=1)
        world.calls.clear()
        told = natives(await hearing.turns(5))

        assert hearing.calls.count("comments") == 1
        assert set(told) <= {first.threads[0].id, *(one.id for one in first.threads[0].replies)}
        assert late.id in told
        assert len(hearing.cursor or b"") <= 2 * 50 * 12 + 50
        hearing.cursor = SPEC.unconditional(Cursor(hearing.cursor or b"")) if SPEC.unconditional else None

        assert len(set(natives(await hearing.turns(5, minutes=20)))) == 180 + 30 * 7 + 1


# ---------------------------------------------------------------------------------------------- comments off


@check
async def a_video_with_comments_off_does_not_fail_the_channel() -> None:
    """Whether a reason says it, only a message, or nobody knows why: the others are gone through."""
    for manner in ("commentsDisabled", "message", "processingFailure", "somethingNew"):
        world, video, hearing = heard()
        (top,) = world.say(video)
        world.answer_to(top, 7)
        world.say(video, 120)
        world.video("vid00000002", comments_off=manner)
        await hearing.turns(6)
        late = world.answer_to(top, 7)
        await hearing.turns(12, minutes=10)

        assert {one.id for one in late} <= set(natives(hearing.items))


@check
async def a_channel_with_comments_off_says_so() -> None:
    """Nothing fails; the operator is told."""
    world, _, hearing = heard()
    world.disturb = lambda asked, query: error(403, "commentsDisabled") if "order" in query else None
    await hearing.turn()

    assert hearing.notes == ["comments_off", "comments_off"]  # of the turn, which is what is shown
    assert natives(hearing.items) == []


# ------------------------------------------------------------------------------------------- what a comment is


@check
async def a_picture_without_words_is_a_comment() -> None:
    """What is said to us is seen with its link, even where it is no word."""
    world, video, hearing = heard()
    (picture,) = world.say(video, text="")
    said = post(await hearing.turn(), picture.id)

    assert (said.text, said.addressed, said.link) == (
        "",
        True,
        f"https://www.youtube.com/watch?v={video.id}&lc={picture.id}",
    )


@check
async def the_displayed_text_is_what_was_said() -> None:
    """The original is shown to its author only."""
    world, video, hearing = heard()
    (one,) = world.say(video, text="Ice &amp; <b>snow</b> <3 it's #yyc")

    assert post(await hearing.turn(), one.id).text == "Ice &amp; <b>snow</b> <3 it's #yyc"


@check
async def an_edit_is_one_and_an_unedited_comment_is_none() -> None:
    """Edited ones keep their date and change another; that other date is there from the start."""
    world, video, hearing = heard()
    plain, edited = world.say(video, 2)
    edited.updated = world.at + timedelta(minutes=3)
    items = await hearing.turn()

    assert post(items, plain.id).edited_at is None
    assert (post(items, edited.id).published_at, post(items, edited.id).edited_at) == (
        edited.at,
        edited.updated,
    )


@check
async def nobody_is_in_what_is_read() -> None:
    """Although everything about them came: no author, no name, no picture; and no cursor holds anything said."""
    world, video, hearing = heard()
    (top,) = world.say(video)
    world.answer_to(top, 7, text="Thanks")
    items = await hearing.turn()
    posts = [item for item in items if isinstance(item, Post)]
    shown = [
        str([getattr(item, name) for name in Post.__struct_fields__]) for item in posts
    ]  # whole, unlike what prints

    assert [item.author for item in posts] == [None] * len(posts)
    assert not [person for person in PEOPLE if any(person in text for text in shown)]
    assert hearing.cursor is not None
    for word in (*PEOPLE, "Ice", top.id, video.id, CHANNEL):
        assert word.encode() not in bytes(hearing.cursor)


@check
async def another_channel_says_nothing_to_us() -> None:
    """Its comments are public talk; its videos are not ours."""
    world, video, hearing = heard(relation="public", channel_of="publication")
    (one,) = world.say(video)
    uploads = Hearing(world, {"relation": "public", "channel_of": "public body", "listen": "uploads"})

    assert not post(await hearing.turn(), one.id).addressed
    assert not post(await uploads.turn(), video.id).by_us


# -------------------------------------------------------------------------------------------------------- cursor


@check
async def a_cursor_is_bounded() -> None:
    """However much is said, it remembers so many threads and not one more: those that were met last."""
    seen = Seen()
    for number in range(SEEN_MOST * 2):
        seen.note(digest(str(number)), number, number + 1)
    seen.settle(1)
    for number in range(SEEN_MOST * 2, SEEN_MOST * 4):
        seen.note(digest(str(number)), number, number + 1)
    stored = encode_cursor(seen, place=CHANNEL)
    kept = decode_cursor(stored, place=CHANNEL)

    assert len(stored) <= 2 * 12 * SEEN_MOST + 50
    assert list(kept.settled.values()) == [(each, each + 1) for each in range(SEEN_MOST, SEEN_MOST * 2)]
    assert list(kept.met.values()) == [(each, each + 1) for each in range(SEEN_MOST * 3, SEEN_MOST * 4)]
    assert decode_cursor(stored, place="UCanother") == Seen()


# ----------------------------------------------------------------------------------------------------- uploads


@check
async def uploads_are_read_without_a_search_or_a_profile() -> None:
    """From the list whose id follows from the channel's, as far as a page holds something new."""
    world, _, hearing = heard(listen="uploads")
    for number in range(2, 130):
        world.walk(minutes=1)
        world.video(f"vid{number:08}")
    items = await hearing.turn()
    world.calls.clear()
    world.video("vid00000999")
    again = await hearing.turn()
    newest = post(again, "vid00000999")

    assert len(set(natives(items))) == 129
    assert hearing.calls == ["playlistItems", "playlistItems"]
    assert (newest.kind, newest.title, newest.text, newest.by_us, newest.link) == (
        "video",
        "Title of vid00000999",
        "About it",
        True,
        "https://www.youtube.com/watch?v=vid00000999",
    )


@check
async def more_videos_than_are_read_are_told_as_a_gap() -> None:
    """Two hundred are read between two turns."""
    world, _, hearing = heard(listen="uploads")
    await hearing.turn()
    read_at = world.at
    for number in range(2, 232):
        world.walk(seconds=1)
        world.video(f"vid{number:08}")
    gaps = [item for item in await hearing.turn() if isinstance(item, Gap)]

    assert gaps == [Gap(read_at, world.videos[-200].at, "window_overrun")]
    assert [item for item in await hearing.turn() if isinstance(item, Gap)] == []


@check
async def a_video_that_is_not_public_says_nothing() -> None:
    """Unlisted, private or lost: no word of it is taken."""
    world, _, hearing = heard(listen="uploads")
    world.video("vid00000002", privacy="unlisted")
    hidden = post(await hearing.turn(), "vid00000002")

    assert (hidden.consent.public, hidden.title, hidden.text) == (False, None, "")


@check
async def a_channel_without_uploads_has_none() -> None:
    """The list does not exist before there is a video."""
    world, _, hearing = heard(listen="uploads")
    world.disturb = lambda asked, query: error(404, "playlistNotFound")

    assert await hearing.turn() == []
    assert hearing.notes == ["no_uploads"]


# ------------------------------------------------------------------------------------------------------ titles


def three_watches() -> Watching:
    """Who ask for different things."""
    return Watching(
        {
            WatchName("a"): Terms(phrases=frozenset({"river town", 'the "old" bridge'})),
            WatchName("b"): Terms(hashtags=frozenset({"yyc"})),
            WatchName("c"): Terms(handles=frozenset({"@city"})),
            WatchName("d"): Terms(phrases=frozenset({"snow"})),
        }
    )


@check
async def watches_take_turns_in_searching() -> None:
    """One search a turn, each on the account of its watch; the bucket lasts a day, across restarts."""
    world = World()
    hearing = Hearing(world, {"listen": "titles", "channel": None}, three_watches())
    asked: list[tuple[str, str]] = []
    for _ in range(6):
        await hearing.turn()
        asked += [
            (one.account, parse_qs(urlsplit(one.address).query)["q"][0]) for one in hearing.reader.asked
        ]
        world.walk(minutes=16)
        hearing.start()
    everyone = [("a", '"river town"|"the  old  bridge"'), ("b", "#yyc"), ("d", '"snow"')]

    assert sorted(asked[:3]) == everyone
    assert asked[3:] == asked[:3]


@check
async def a_watch_without_means_starves_no_other() -> None:
    """Whose part is spent is passed over; who may still ask is asked for."""
    world = World()
    hearing = Hearing(world, {"listen": "titles", "channel": None}, three_watches())
    world.disturb = lambda asked, query: (
        BudgetSpent("spent", budget="searches", wait_s=None) if asked.account == "a" else None
    )
    for _ in range(4):
        await hearing.turn()
        world.walk(minutes=16)
    answered = [asked.account for asked in hearing.reader.asked if asked.account != "a"]

    assert sorted(answered) == ["b", "b", "d", "d"]


@check
async def a_search_that_is_refused_starves_no_other() -> None:
    """It is told, and the next turn belongs to another watch."""
    world = World()
    hearing = Hearing(world, {"listen": "titles", "channel": None}, three_watches())
    world.disturb = lambda asked, query: (
        error(400, "invalidParameter", location="q") if asked.account == "a" else None
    )
    refused = 0
    for _ in range(6):
        try:
            await hearing.turn()
        except DocumentRefused:
            refused += 1
        world.walk(minutes=16)

    assert sorted(asked.account for asked in hearing.reader.asked) == ["a", "a", "b", "b", "d", "d"]
    assert refused == 2


@check
async def a_search_goes_back_behind_the_last_one() -> None:
    """What is found late was published before it."""
    world = World()
    watching = Watching({WatchName("a"): Terms(phrases=frozenset({"snow"}))})
    hearing = Hearing(world, {"listen": "titles", "channel": None}, watching)
    await hearing.turn()
    world.walk(hours=2)
    late = Video("vid00000002", "Rock &amp; snow", world.at - timedelta(hours=20))
    world.found.append(late)
    found = post(await hearing.turn(), late.id)

    assert (found.title, found.text, found.kind, found.by_us) == ("Rock & snow", "", "video", False)


# ------------------------------------------------------------------------------------------------ asked again


@check
async def what_is_gone_and_what_was_edited_is_known_when_asked_again() -> None:
    """Fifty at once; what the answer leaves out is gone, what it shows is what it is now, under its video."""
    world, video, hearing = heard()
    said = world.say(video, 60)
    (reply,) = world.answer_to(said[3])
    items = await hearing.turn()
    asks = [str(post(items, one.id).ask) for one in (*said, reply)]
    video.threads.remove(said[7])
    said[5].text, said[5].updated = "Corrected", world.at
    before = post(items, said[6].id)
    world.calls.clear()
    verdicts = await hearing.verdicts(*asks)
    by_ask = {str(ask): verdict for ask, verdict in verdicts.items()}
    corrected = by_ask[asks[5]].post

    assert hearing.calls == ["comments", "comments"]
    assert by_ask.keys() == set(asks)
    assert [ask for ask in asks if by_ask[ask].state == "gone"] == [asks[7]]
    assert corrected is not None
    assert (corrected.text, corrected.edited_at) == ("Corrected", said[5].updated)
    assert by_ask[asks[6]].post == before
    assert by_ask[asks[60]].post == post(items, reply.id)


@check
async def one_comment_that_is_not_found_hides_no_other() -> None:
    """Where the whole list is refused because of it, each is asked for alone."""
    world, video, hearing = heard()
    said = world.say(video, 4)
    items = await hearing.turn()
    asks = [str(post(items, one.id).ask) for one in said]
    video.threads.remove(said[1])
    world.disturb = lambda asked, query: (
        error(404, "commentNotFound") if said[1].id in query.get("id", "") else None
    )
    verdicts = await hearing.verdicts(*asks)

    assert [verdict.state for verdict in verdicts.values()] == ["changed", "gone", "changed", "changed"]


@check
async def a_comment_that_is_gone_is_known_by_one_request() -> None:
    """Asked about by itself: something that is there is asked for with it, so that the silence is about the comment."""
    world, video, hearing = heard()
    said = world.say(video, 5)
    items = await hearing.turn()
    calls = []
    for one in said[1:4]:
        video.threads.remove(one)
        world.calls.clear()
        verdicts = await hearing.verdicts(str(post(items, one.id).ask))
        calls.append(hearing.calls)

        assert [verdict.state for verdict in verdicts.values()] == ["gone"]
    assert calls == [["comments", "commentThreads", "comments"], ["comments"], ["comments"]]


@check
async def an_answer_that_is_empty_by_mistake_takes_nothing_away() -> None:
    """For a day every list is empty: nothing is said of anything, for three units a look; then all are there."""
    for count in (3, 140):
        world, video, hearing = heard()
        said = world.say(video, count)
        items = await hearing.turn()
        asks = [str(post(items, one.id).ask) for one in said[:40]]
        world.disturb = lambda asked, query: (
            Reply(200, {}, b'{"kind":"youtube#commentListResponse"}', asked.address)
            if "id" in query
            else None
        )
        world.calls.clear()
        for _ in range(24):
            assert await hearing.verdicts(*asks) == {}
            assert await hearing.verdicts(asks[2]) == {}
            world.walk(hours=1)
        world.disturb = None
        assert len(hearing.calls) <= 24 * 2 * 3
        verdicts = await hearing.verdicts(*asks)

        assert [verdict.state for verdict in verdicts.values()] == ["changed"] * len(asks)


@check
async def of_a_channel_that_was_emptied_silence_is_believed_after_hours() -> None:
    """Nothing is left that could be asked for with it; once anything is shown, it counts from the start."""
    world, video, hearing = heard()
    said = world.say(video, 3)
    items = await hearing.turn()
    asks = [str(post(items, one.id).ask) for one in said]
    video.threads.clear()
    looks = []
    for hours in (0, 1, 3, 7):
        world.at = NOW + timedelta(hours=hours)
        await hearing.turn()
        looks.append({verdict.state for verdict in (await hearing.verdicts(*asks)).values()})

    assert looks == [set(), set(), set(), {"gone"}]


@check
async def of_a_channel_that_was_closed_silence_is_believed() -> None:
    """Lists are silent, and the channel is not found: two answers that agree. Where a list shows something, it counts."""
    world, video, hearing = heard()
    said = world.say(video, 3)
    items = await hearing.turn()
    asks = [str(post(items, one.id).ask) for one in said]
    world.disturb = lambda asked, query: error(404, "channelNotFound") if "id" not in query else None
    there = await hearing.verdicts(*asks)
    video.threads.clear()
    closed = await hearing.verdicts(*asks)

    assert [verdict.state for verdict in there.values()] == ["changed"] * 3
    assert [verdict.state for verdict in closed.values()] == ["gone"] * 3


@check
async def one_comment_that_is_forbidden_hides_no_other() -> None:
    """A 403 for the list because of it: the others are answered for, and nothing is said of it."""
    world, video, hearing = heard()
    said = world.say(video, 40)
    items = await hearing.turn()
    asks = [str(post(items, one.id).ask) for one in said[:30]]
    video.threads.remove(said[3])
    world.disturb = lambda asked, query: (
        error(403, "forbidden") if said[1].id in query.get("id", "").split(",") else None
    )
    world.calls.clear()
    verdicts = await hearing.verdicts(*asks)
    answered = [verdicts[ask].state if ask in verdicts else None for ask in map(Ask, asks)]

    assert answered == ["changed", None, "changed", "gone", *["changed"] * 26]
    assert hearing.calls.count("comments") <= 14


@check
async def where_every_list_is_refused_nothing_is_said_of_anything() -> None:
    """It is about the key, then: told as such, for two units, and nothing is taken away."""
    world, video, hearing = heard()
    said = world.say(video, 70)
    items = await hearing.turn()
    asks = [str(post(items, one.id).ask) for one in said[:40]]
    await hearing.verdicts(str(post(items, said[50].id).ask))
    world.disturb = lambda asked, query: error(403, "forbidden") if "id" in query else None
    world.calls.clear()
    with pytest.raises(AccessDenied) as caught:
        await hearing.verdicts(*asks)

    assert caught.value.code == "not_permitted"
    assert hearing.calls == ["comments", "comments"]


# ------------------------------------------------------------------------------------------------------ errors

PACIFIC_NOON: Final = datetime(2026, 11, 24, 20, 0, tzinfo=UTC)

ERRORS: Final[tuple[tuple[Reply, type[SourceError], str | None], ...]] = (
    (error(403, "quotaExceeded"), BudgetSpent, "units"),
    (error(403, "dailyLimitExceeded"), BudgetSpent, "units"),
    (
        new_error(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", quota_limit="defaultPerDayPerProject"),
        BudgetSpent,
        "units",
    ),
    (
        new_error(429, "RESOURCE_EXHAUSTED", "RATE_LIMIT_EXCEEDED", quota_limit="PerMinutePerUser"),
        RateLimited,
        None,
    ),
    (error(403, "rateLimitExceeded"), RateLimited, None),
    (error(403, "userRateLimitExceeded"), RateLimited, None),
    (error(429, "rateLimitExceeded"), RateLimited, None),
    (error(429), RateLimited, None),
    (error(400, "keyInvalid"), AccessDenied, "key_refused"),
    (new_error(400, "INVALID_ARGUMENT", "API_KEY_INVALID"), AccessDenied, "key_refused"),
    (error(401, "authError"), AccessDenied, "key_refused"),
    (error(401), AccessDenied, "key_refused"),
    (error(403, "accessNotConfigured"), AccessDenied, "api_not_enabled"),
    (new_error(403, "PERMISSION_DENIED", "SERVICE_DISABLED"), AccessDenied, "api_not_enabled"),
    (error(403, "ipRefererBlocked"), AccessDenied, "key_restricted"),
    (new_error(403, "PERMISSION_DENIED", "API_KEY_IP_ADDRESS_BLOCKED"), AccessDenied, "key_restricted"),
    (new_error(403, "PERMISSION_DENIED", "CONSUMER_SUSPENDED"), AccessDenied, "project_suspended"),
    (error(403, "forbidden"), AccessDenied, "not_permitted"),
    (error(404, "channelNotFound"), DocumentRefused, "channel_not_found"),
    (error(400, "invalidParameter", location="fields"), DocumentRefused, "fields_refused"),
    (error(400, "unexpectedParameter", location="order"), DocumentRefused, "request_refused"),
    (error(400, "processingFailure"), SourceUnavailable, None),
    (error(400, "invalidPageToken"), SourceUnavailable, None),
    (error(403, "somethingNew"), SourceUnavailable, None),
    (error(404, "somethingNew"), SourceUnavailable, None),
    (error(400), SourceUnavailable, None),
    (Reply(403, {}, b"<html>Brook Secret", ""), SourceUnavailable, None),
    (Reply(400, {}, b'{"error": "Brook Secret"}', ""), SourceUnavailable, None),
    (Reply(404, {}, b"", ""), SourceUnavailable, None),
    (Reply(410, {}, b"", ""), SourceUnavailable, None),
    (Reply(304, {}, b"", ""), SourceUnavailable, None),
)
"""What comes, what it means, and the word for it."""


@check
async def every_error_is_what_it_means() -> None:
    """By its reason, in either envelope; exactly that class, and no message shows what the server wrote."""
    for said, kind, word in ERRORS:
        world, _, hearing = heard()
        world.at = PACIFIC_NOON
        world.disturb = lambda asked, query, said=said: said
        with pytest.raises(SourceError) as caught:
            await hearing.turn()
        found = caught.value
        told = [getattr(found, name, None) for name in ("budget", "code", "reason")]

        assert next(cls for cls in type(found).__mro__ if cls.__module__ == "listener.errors") is kind, (
            said.body
        )
        assert next((each for each in told if each is not None), None) == word
        assert "Brook" not in str(found)


@check
async def a_spent_quota_comes_back_at_midnight_in_california() -> None:
    """Also on the days on which the clocks are set there; and each bucket is its own."""
    for at, hours in (
        (datetime(2026, 11, 24, 20, 0, tzinfo=UTC), 12.0),  # noon in winter
        (datetime(2026, 7, 1, 19, 0, tzinfo=UTC), 12.0),  # noon in summer
        (datetime(2026, 11, 1, 7, 0, tzinfo=UTC), 25.0),  # midnight before the clocks are set back
        (datetime(2027, 3, 14, 8, 0, tzinfo=UTC), 23.0),  # and before they are set forward
    ):
        world, _, hearing = heard()
        world.at = at
        world.disturb = lambda asked, query: error(403, "quotaExceeded")
        with pytest.raises(BudgetSpent) as caught:
            await hearing.turn()

        assert caught.value.wait_s == hours * 3600
    titles = Hearing(World(), {"listen": "titles", "channel": None}, three_watches())
    titles.world.disturb = lambda asked, query: error(403, "quotaExceeded")
    with pytest.raises(BudgetSpent) as spent:
        await titles.turn()

    assert spent.value.budget == "searches"
    assert len(titles.world.calls) == 1  # no other watch tries it too


@check
async def searches_and_units_are_two_buckets() -> None:
    """Each request is charged to its own, once; both turn in California, and a share of them may be left to others."""
    world, video, hearing = heard(share=0.5)
    (top,) = world.say(video)
    world.answer_to(top, 7)
    await hearing.turns(2)
    await hearing.verdicts(top.id)
    charged = [charges(hearing.config, asked.address) for asked in hearing.reader.asked]
    titles = Hearing(World(), {"listen": "titles", "channel": None, "share": 0.5}, three_watches())
    await titles.turn()
    (search,) = [charges(titles.config, asked.address) for asked in titles.reader.asked]

    assert [(charge.budget, charge.most) for (charge,) in charged] == [("units", 1.0)] * len(charged)
    assert [charge.share for (charge,) in charged] == [1.0, 1.0, 0.8, 1.0, 0.8, 0.95]
    assert [(charge.budget, charge.most) for charge in search] == [("searches", 1.0)]
    assert [(one.name, one.limit, one.window, one.zone) for one in budgets(titles.config)] == [
        ("units", 5000.0, "day", "America/Los_Angeles"),
        ("searches", 50.0, "day", "America/Los_Angeles"),
    ]
    assert budgets(hearing.config) == budgets(titles.config)[:1]


@check
async def what_is_said_to_us_is_read_while_the_round_may_not_spend() -> None:
    """The round over the videos is dear and stops first; the newest are read on, and nothing fails."""
    world, video, hearing = heard()
    world.disturb = lambda asked, query: (
        BudgetSpent("kept for the newest", budget="units", wait_s=None)
        if "videoId" in query or "playlistId" in query
        else None
    )
    said = [one.id for _ in range(3) for one in world.say(video)]
    await hearing.turns(3)

    assert set(said) <= set(natives(hearing.items))

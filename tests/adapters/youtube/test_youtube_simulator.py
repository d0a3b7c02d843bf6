"""
The YouTube simulator speaks the real protocol: threads, pages, parts, errors, budgets and faults, each as documented.
"""

from __future__ import annotations

import asyncio
import json
import tomllib
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from http.client import IncompleteRead, RemoteDisconnected
from pathlib import Path
from typing import Any

import pytest

from adapters.youtube.simulated_city import BROADCASTER, CITY, city
from adapters.youtube.simulated_fields import InvalidFields, check, cut, parse
from adapters.youtube.simulated_parts import Comment, Key, Manner
from adapters.youtube.simulated_quota import Meter, Spent, reset_after
from adapters.youtube.simulated_tube import Tube
from adapters.youtube.simulator import configuration, serve, site_of
from listener.simulation.server import Request
from listener.simulation.world import Noise
from tests.adapters.youtube.simulated_youtube import KEY, Page, get, small_tube
from tests.fakes.plain_client import Walker

pytestmark = pytest.mark.anyio


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


def burst(tube: Tube, clock: Walker, count: int) -> list[Comment]:
    """So many comments, a second apart."""
    video, who = next(iter(tube.videos.values())), list(tube.channels.values())[1]
    found = []
    for number in range(count):
        clock.walk(seconds=1)
        found.append(tube.comment(video, who, f"Ice, number {number}."))
    return found


def words(answer: Page) -> list[str]:
    """Of the comments at the top of a page's threads."""
    return [each["snippet"]["topLevelComment"]["snippet"]["textDisplay"] for each in answer.json["items"]]


# ----------------------------------------------------------------------------------------------------- threads


async def test_threads_come_by_the_time_of_their_first_comment() -> None:
    """The newest first; an answer or an edit lifts none; a page goes on after what it showed, whatever came above."""
    tube, clock, who, video = small_tube()
    said = burst(tube, clock, 45)
    async with serve(tube) as served:
        first = await get(served, "commentThreads", part="id,snippet", videoId=video.id)
        clock.walk(seconds=1)
        tube.comment(video, who, "An answer", to=said[0])
        tube.edit(said[1], "Edited")
        tube.comment(video, who, "News above")
        token = first.json["nextPageToken"]
        second = await get(
            served, "commentThreads", part="id", videoId=video.id, pageToken=token, maxResults=100
        )

    ids = [each.id for each in said][::-1]
    assert (first.ids, second.ids) == (ids[:20], ids[20:])
    assert (first.json["pageInfo"], "nextPageToken" in second.json) == (
        {"totalResults": 20, "resultsPerPage": 20},
        False,
    )


async def test_a_page_may_be_short() -> None:
    """What a moderator holds has its place on a page and is not on it; it appears later under its own date."""
    tube, clock, who, video = small_tube()
    burst(tube, clock, 1)
    clock.walk(seconds=1)
    held = tube.comment(video, who, "Held", held_s=3600)
    burst(tube, clock, 2)
    async with serve(tube) as served:
        page = await get(served, "commentThreads", part="id,snippet", videoId=video.id, maxResults=3)
        clock.walk(hours=2)
        later = await get(served, "commentThreads", part="id,snippet", videoId=video.id, maxResults=3)

    assert (len(page.ids), page.json["pageInfo"], "nextPageToken" in page.json) == (
        2,
        {"totalResults": 2, "resultsPerPage": 3},
        True,
    )
    assert later.ids[2] == held.id
    assert (
        later.json["items"][2]["snippet"]["topLevelComment"]["snippet"]["publishedAt"]
        == "2026-01-05T12:00:02Z"
    )
    assert tube.ledger.posts[held.post].published_at == held.published_at + timedelta(hours=1)


async def test_a_thread_shows_five_answers_at_most() -> None:
    """The latest five; the rest is at comments.list, the newest first; each begins with the handle it answers."""
    tube, clock, who, video = small_tube()
    (top,) = burst(tube, clock, 1)
    answers: list[Comment] = []
    for number in range(7):
        clock.walk(seconds=1)
        answers.append(tube.comment(video, who, f"Page {number}", to=(answers or [top])[-1]))
    ids = [each.id for each in answers]
    async with serve(tube) as served:
        page = await get(
            served, "commentThreads", part="snippet,replies", videoId=video.id, textFormat="plainText"
        )
        without = await get(served, "commentThreads", part="snippet", videoId=video.id)
        some = await get(served, "comments", part="snippet", parentId=top.id, maxResults=5)
        token = some.json["nextPageToken"]
        rest = await get(served, "comments", part="snippet", parentId=top.id, maxResults=5, pageToken=token)

    (thread,) = page.json["items"]
    shown = thread["replies"]["comments"]
    assert (thread["snippet"]["totalReplyCount"], [each["id"] for each in shown]) == (7, ids[2:])
    assert shown[0]["snippet"]["textDisplay"] == f"@{who.handle} Page 2"
    assert "replies" not in without.json["items"][0]
    assert some.ids + rest.ids == ids[::-1]
    assert {each["snippet"]["parentId"] for each in some.json["items"]} == {top.id}
    assert (some.json["pageInfo"], "videoId" in some.json["items"][0]["snippet"]) == (
        {"resultsPerPage": 5},
        False,
    )


async def test_a_comment_names_its_author_five_times() -> None:
    """Whoever asks without `fields` is given all of it, and never the original text."""
    tube, clock, who, video = small_tube()
    (top,) = burst(tube, clock, 1)
    tube.edit(top, "Ice & 'snow'")
    async with serve(tube) as served:
        page = await get(served, "comments", part="snippet", id=top.id)

    assert page.json["items"][0]["snippet"] == {
        "authorDisplayName": f"@{who.handle}",
        "authorProfileImageUrl": f"https://pictures.example/avatars/{who.handle}.png",
        "authorChannelUrl": f"http://www.youtube.com/@{who.handle}",
        "authorChannelId": {"value": who.id},
        "channelId": video.channel.id,
        "textDisplay": "Ice &amp; &#39;snow&#39;",
        "canRate": True,
        "viewerRating": "none",
        "likeCount": 0,
        "publishedAt": "2026-01-05T12:00:01Z",
        "updatedAt": "2026-01-05T12:00:01Z",
    }


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ('a <b> & "c"\nd', "a &lt;b&gt; &amp; &quot;c&quot;<br>d"),
        (
            "Snow #yyc!",
            'Snow <a href="http://www.youtube.com/results?search_query=%23yyc">#yyc</a>!',
        ),
        (
            "See https://a.example/?b=1&c=2",
            'See <a href="https://a.example/?b=1&amp;c=2">https://a.example/?b=1&amp;c=2</a>',
        ),
        ("At 1:03", 'At <a href="https://www.youtube.com/watch?v={video}&amp;t=63">1:03</a>'),
        ("@cityofexample hello", '<a href="https://www.youtube.com/channel/{city}">@cityofexample</a> hello'),
        ("@nobody *loud*", "@nobody <b>loud</b>"),
    ],
)
async def test_text_is_html_unless_told(text: str, shown: str) -> None:
    """Escaped, with tags, addresses, times and handles as links; as plain text nothing of that."""
    tube, _, who, video = small_tube()
    comment = tube.comment(video, who, text)
    async with serve(tube) as served:
        usual = await get(served, "comments", part="snippet", id=comment.id)
        plain = await get(served, "comments", part="snippet", id=comment.id, textFormat="plainText")

    found = [each.json["items"][0]["snippet"]["textDisplay"] for each in (usual, plain)]
    assert found == [shown.format(video=video.id, city=video.channel.id), text]


async def test_plain_text_replaces_links_to_videos_by_their_titles() -> None:
    """Of a video that is there; any other link stays."""
    tube, _, who, video = small_tube()
    told = tube.comment(
        video, who, f"See https://www.youtube.com/watch?v={video.id} https://youtu.be/xxxxxxxxxxx"
    )
    async with serve(tube) as served:
        plain = await get(served, "comments", part="snippet", id=told.id, textFormat="plainText")

    assert plain.json["items"][0]["snippet"]["textDisplay"] == "See Snow routes https://youtu.be/xxxxxxxxxxx"


async def test_a_picture_may_come_without_a_word() -> None:
    """An empty text, and the address of the picture."""
    tube, _, who, video = small_tube()
    tube.comment(video, who, "", picture=True)
    async with serve(tube) as served:
        page = await get(served, "commentThreads", part="snippet", videoId=video.id)

    snippet = page.json["items"][0]["snippet"]["topLevelComment"]["snippet"]
    assert (snippet["textDisplay"], snippet["imageUrl"]) == ("", "https://pictures.example/comments/1.gif")


async def test_a_channel_tells_every_thread_of_its_videos_but_those_that_take_none() -> None:
    """The disabled video is left out there, and refuses when it is asked for by itself."""
    tube, clock, who, video = small_tube()
    other = tube.video(video.channel, "Another")
    closed = tube.video(video.channel, "Closed")
    first, second = tube.comment(video, who, "One"), tube.comment(other, who, "Two")
    tube.comment(closed, who, "Before it was closed")
    closed.comments_enabled = False
    clock.walk(seconds=1)
    async with serve(tube) as served:
        page = await get(
            served, "commentThreads", part="id", allThreadsRelatedToChannelId=video.channel.id, maxResults=100
        )
        refused = await get(served, "commentThreads", part="id", videoId=closed.id)

    assert sorted(page.ids) == sorted([first.id, second.id])
    assert refused.fault == (403, "commentsDisabled", "youtube.commentThread", "videoId")
    assert "<code><a href=" in refused.json["error"]["message"]


async def test_searching_terms_and_relevance_narrow_and_order() -> None:
    """`searchTerms` keeps what holds every word; `relevance` puts the liked first."""
    tube, _, who, video = small_tube()
    tube.comment(video, who, "Ice on Maple", likes=1)
    tube.comment(video, who, "Snow on Maple", likes=9)
    tube.comment(video, who, "Ice elsewhere", likes=5)
    async with serve(tube) as served:
        icy = await get(served, "commentThreads", part="snippet", videoId=video.id, searchTerms="ICE maple")
        liked = await get(served, "commentThreads", part="snippet", videoId=video.id, order="relevance")

    assert (words(icy), words(liked)) == (
        ["Ice on Maple"],
        ["Snow on Maple", "Ice elsewhere", "Ice on Maple"],
    )


async def test_what_is_deleted_is_gone_with_what_stood_under_it() -> None:
    """By id it is left out without a word; edits keep the date of writing."""
    tube, clock, who, video = small_tube()
    kept, gone = burst(tube, clock, 2)
    answer = tube.comment(video, who, "To what goes", to=gone)
    clock.walk(seconds=60)
    tube.edit(kept, "Better words")
    tube.delete(gone)
    async with serve(tube) as served:
        asked = await get(served, "comments", part="snippet", id=f"{gone.id},{kept.id},{answer.id},{kept.id}")
        under = await get(served, "comments", part="id", parentId=gone.id)
        threads = await get(served, "commentThreads", part="id", id=f"{gone.id},{kept.id}")
        none = await get(served, "commentThreads", part="id", id=gone.id)

    assert (asked.ids, threads.ids, "pageInfo" in asked.json) == ([kept.id], [kept.id], False)
    snippet = asked.json["items"][0]["snippet"]
    assert (snippet["publishedAt"], snippet["updatedAt"]) == ("2026-01-05T12:00:01Z", "2026-01-05T12:01:02Z")
    assert (under.fault[:2], none.fault[:2]) == ((404, "commentNotFound"), (404, "commentThreadNotFound"))
    assert tube.ledger.posts[answer.post].deleted_at is not None


async def test_an_answer_stands_under_the_video_of_its_comment() -> None:
    """Nowhere else can it be written."""
    tube, _, who, video = small_tube()
    said = tube.comment(video, who, "Said")
    with pytest.raises(ValueError, match="under the video of its comment"):
        tube.comment(tube.video(video.channel, "Another"), who, "Answered", to=said)


async def test_whoever_closes_their_channel_leaves_nothing() -> None:
    """Uploads and comments go with it, and the channel."""
    tube, clock, who, video = small_tube()
    burst(tube, clock, 1)
    tube.close(who)
    async with serve(tube) as served:
        page = await get(served, "commentThreads", part="id", videoId=video.id)
        channel = await get(served, "channels", part="id", id=who.id)

    assert (page.ids, "items" in channel.json) == ([], False)


# --------------------------------------------------------------------------------------------- the other lists


async def test_a_channel_is_found_by_its_handle() -> None:
    """With or without the sign, in any case; it names its uploads. An unknown one has no items at all."""
    tube, *_, video = small_tube()
    async with serve(tube) as served:
        found = [
            await get(served, "channels", part="id,contentDetails", forHandle=handle)
            for handle in ("@CityOfExample", "cityofexample", "@nobody")
        ]

    own = video.channel.id
    details = {"relatedPlaylists": {"likes": "", "uploads": f"UU{own[2:]}"}}
    assert [each["contentDetails"] for answer in found[:2] for each in answer.json["items"]] == [
        details,
        details,
    ]
    assert found[2].json == {
        "kind": "youtube#channelListResponse",
        "etag": found[2].json["etag"],
        "pageInfo": {"totalResults": 0, "resultsPerPage": 5},
    }


async def test_pages_of_uploads_move_when_something_is_uploaded() -> None:
    """They go on at a number: what stood last on the first page stands first on the second."""
    tube, clock, _, video = small_tube()
    for number in range(7):
        clock.walk(minutes=1)
        tube.video(video.channel, f"Number {number}")
    playlist = f"UU{video.channel.id[2:]}"

    def numbers(answer: Page) -> list[str]:
        return [each["snippet"]["title"].removeprefix("Number ") for each in answer.json["items"]]

    async with serve(tube) as served:
        first = await get(served, "playlistItems", part="snippet", playlistId=playlist, maxResults=3)
        clock.walk(minutes=1)
        tube.video(video.channel, "Number 7")
        token = first.json["nextPageToken"]
        second = await get(
            served, "playlistItems", part="snippet", playlistId=playlist, maxResults=3, pageToken=token
        )
        missing = await get(served, "playlistItems", part="snippet", playlistId="UUnone")

    assert (numbers(first), numbers(second)) == (["6", "5", "4"], ["4", "3", "2"])
    assert first.json["pageInfo"] == {"totalResults": 8, "resultsPerPage": 3}
    assert first.json["items"][0]["snippet"]["resourceId"]["kind"] == "youtube#video"
    assert missing.fault == (404, "playlistNotFound", "youtube.playlistItem", "playlistId")


async def test_videos_are_told_by_id() -> None:
    """Those that are there; how many comments only where there may be any."""
    tube, _, who, video = small_tube()
    closed = tube.video(video.channel, "Closed", comments_enabled=False)
    tube.comment(video, who, "One more", to=tube.comment(video, who, "One"))
    async with serve(tube) as served:
        page = await get(served, "videos", part="snippet,statistics", id=f"{video.id},nothing,{closed.id}")
        many = await get(served, "videos", part="id", id=",".join(f"v{number}" for number in range(51)))

    shown = [
        (each["snippet"]["title"], each["statistics"].get("commentCount")) for each in page.json["items"]
    ]
    assert shown == [("Snow routes", "2"), ("Closed", None)]
    assert many.fault[:2] == (400, "invalidFilters")


async def test_a_search_finds_by_words_and_escapes_them() -> None:
    """Alternatives, quotes and minus; the newest first; between two instants; not before its lag."""
    tube, clock, _, video = small_tube()
    clock.walk(hours=1)
    tube.video(video.channel, "Snow & ice", "city of example")
    clock.walk(hours=1)
    tube.search_lag_s = 1800
    tube.video(video.channel, "Snow, too new to be found")

    async def titles(**query: Any) -> list[str]:
        page = await get(served, "search", part="snippet", type="video", order="date", **query)
        return [each["snippet"]["title"] for each in page.json["items"]]

    async with serve(tube) as served:
        found = [
            await titles(q="snow"),
            await titles(q='"of example"|routes'),
            await titles(q="snow -ice"),
            await titles(q="snow", publishedAfter="2026-01-05T12:30:00Z"),
            await titles(q="snow", publishedBefore="2026-01-05T12:30:00Z"),
        ]
        nothing = await get(served, "search", part="snippet", type="channel", q="snow")
        wrong = await get(served, "search", part="snippet", publishedAfter="yesterday")

    both = ["Snow &amp; ice", "Snow routes"]
    assert found == [both, both, ["Snow routes"], ["Snow &amp; ice"], ["Snow routes"]]
    assert nothing.json["items"] == []
    assert wrong.fault[:2] == (400, "invalidParameter")


async def test_searches_miss_some() -> None:
    """Neither complete nor stable: the same search a minute later finds others."""
    tube, clock, _, video = small_tube()
    for number in range(40):
        tube.video(video.channel, f"Snow {number}")
    tube.search_misses = 3
    async with serve(tube) as served:
        pages = []
        for _ in range(2):
            pages.append(await get(served, "search", part="id", type="video", q="snow", maxResults=50))
            clock.walk(minutes=1)

    one, other = ({each["id"]["videoId"] for each in page.json["items"]} for page in pages)
    assert 20 < len(one) < 40
    assert one != other


# ------------------------------------------------------------------------------------------------------- rules


@pytest.mark.parametrize(
    ("route", "query", "told"),
    [
        (
            "commentThreads",
            {"part": "id"},
            (400, "missingRequiredParameter", "youtube.parameter", "parameters."),
        ),
        ("commentThreads", {"videoId": "x"}, (400, "missingRequiredParameter", "youtube.parameter", "part")),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "id": "y"},
            (400, "incompatibleParameters", "youtube.parameter", "parameters."),
        ),
        *(
            (
                "commentThreads",
                {"part": "id", "id": "x", name: value},
                (400, "incompatibleParameters", "youtube.parameter", "parameters."),
            )
            for name, value in (
                ("maxResults", "5"),
                ("order", "time"),
                ("pageToken", "x"),
                ("searchTerms", "x"),
            )
        ),
        (
            "comments",
            {"part": "id", "id": "x", "maxResults": "5"},
            (400, "incompatibleParameters", "youtube.parameter", "parameters."),
        ),
        (
            "commentThreads",
            {"part": "id,author", "videoId": "x"},
            (400, "unknownPart", "youtube.part", "part"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x"},
            (404, "videoNotFound", "youtube.commentThread", "videoId"),
        ),
        (
            "commentThreads",
            {"part": "id", "allThreadsRelatedToChannelId": "x"},
            (404, "channelNotFound", "youtube.commentThread", "allThreadsRelatedToChannelId"),
        ),
        (
            "commentThreads",
            {"part": "id", "channelId": "x"},
            (400, "processingFailure", "youtube.commentThread", "body"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "sort": "new"},
            (400, "unexpectedParameter", "youtube.parameter", "sort"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "maxResults": "0"},
            (400, "invalidParameter", "global", "maxResults"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "maxResults": "101"},
            (400, "invalidParameter", "global", "maxResults"),
        ),
        (
            "playlistItems",
            {"part": "id", "playlistId": "x", "maxResults": "51"},
            (400, "invalidParameter", "global", "maxResults"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "order": "newest"},
            (400, "invalidParameter", "global", "order"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "pageToken": "made up"},
            (400, "invalidPageToken", "youtube.parameter", "pageToken"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "fields": "items(id"},
            (400, "invalidParameter", "global", "fields"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "fields": "items/author"},
            (400, "invalidParameter", "global", "fields"),
        ),
        (
            "commentThreads",
            {"part": "id", "videoId": "x", "moderationStatus": "published"},
            (401, "required", "global", "Authorization"),
        ),
        ("channels", {"part": "id", "mine": "true"}, (401, "required", "global", "Authorization")),
    ],
)
async def test_a_broken_rule_is_told_and_paid_for(
    route: str, query: dict[str, Any], told: tuple[int, str, str, str]
) -> None:
    """Each with its reason, and one unit gone."""
    tube, clock, *_ = small_tube()
    async with serve(tube) as served:
        answer = await get(served, route, **query)

    assert answer.fault == told
    assert tube.meter.left("units", clock.now()) == 9_999


async def test_a_page_token_is_good_for_its_own_request_only() -> None:
    """Not for another video, nor once they have gone stale; the size of a page may change."""
    tube, clock, _, video = small_tube()
    burst(tube, clock, 3)
    other = tube.video(video.channel, "Another")
    async with serve(tube) as served:
        first = await get(served, "commentThreads", part="id", videoId=video.id, maxResults=1)
        token = first.json["nextPageToken"]
        answers = [
            await get(
                served, "commentThreads", part="id,snippet", videoId=each, maxResults=2, pageToken=token
            )
            for each in (video.id, other.id)
        ]
        tube.disturb("stale_tokens", 60)
        stale = await get(served, "commentThreads", part="id", videoId=video.id, pageToken=token)

    assert (len(answers[0].ids), answers[1].fault[:2]) == (2, (400, "invalidPageToken"))
    assert stale.fault[:2] == (400, "invalidPageToken")


# ---------------------------------------------------------------------------------------------- partial answers

DOCUMENT = {"a": 1, "b": [{"c": 2, "d": {"e": 3, "f": 4}}, {"c": 5}], "g": {"h": {"i": 6}, "j": {"i": 7}}}


@pytest.mark.parametrize(
    ("fields", "left"),
    [
        ("a", {"a": 1}),
        ("a,b/c", {"a": 1, "b": [{"c": 2}, {"c": 5}]}),
        ("b(c,d/e)", {"b": [{"c": 2, "d": {"e": 3}}, {"c": 5}]}),
        ("b/d", {"b": [{"d": {"e": 3, "f": 4}}, {}]}),
        ("b(d(e,f))", {"b": [{"d": {"e": 3, "f": 4}}, {}]}),
        ("b/d/e,b/d/f", {"b": [{"d": {"e": 3, "f": 4}}, {}]}),
        ("b/c,b", {"b": DOCUMENT["b"]}),
        ("g/*/i", {"g": {"h": {"i": 6}, "j": {"i": 7}}}),
        ("g(*(i))", {"g": {"h": {"i": 6}, "j": {"i": 7}}}),
        ("*", DOCUMENT),
    ],
)
def test_the_grammar_of_fields(fields: str, left: dict[str, Any]) -> None:
    """Commas, slashes, brackets and stars, through lists."""
    assert cut(DOCUMENT, parse(fields)) == left


@pytest.mark.parametrize(
    "fields", ["a,", ",a", "a//b", "a(b", "a)b", "a(b))", "a(", "a b", "()", "/a", "a()", "a/"]
)
def test_what_the_grammar_does_not_take(fields: str) -> None:
    """Anything unfinished."""
    with pytest.raises(InvalidFields):
        parse(fields)


@pytest.mark.parametrize(
    ("fields", "wrong"), [("a/c", "c"), ("x", "x"), ("a/b/c", "c"), ("*/z", "z"), ("a(b,y)", "y")]
)
def test_a_field_that_no_answer_has(fields: str, wrong: str) -> None:
    """The first that does not exist is named."""
    with pytest.raises(InvalidFields, match=f"^{wrong}$"):
        check(parse(fields), parse("a/b,d"))


async def test_a_partial_answer_names_nobody() -> None:
    """The selection a listener would ask for, whole; the posts whose words were left out count as not shown."""
    tube, clock, who, video = small_tube()
    (top,) = burst(tube, clock, 1)
    answer = tube.comment(video, who, "An answer", to=top)
    wanted = (
        "nextPageToken,pageInfo,items(id,snippet(videoId,totalReplyCount,topLevelComment(id,snippet(textDisplay,publishedAt,"
        "updatedAt,likeCount))),replies/comments(id,snippet(parentId,textDisplay,publishedAt,updatedAt,likeCount)))"
    )
    thin = "items(id,snippet/totalReplyCount)"
    query: dict[str, Any] = {"part": "snippet,replies", "videoId": video.id, "textFormat": "plainText"}
    async with serve(tube) as served:
        counted = await get(served, "commentThreads", **query, fields=thin)
        before = (tube.ledger.posts[top.post].shown, tube.ledger.posts[answer.post].shown)
        full = await get(served, "commentThreads", **query, fields=wanted)

    assert counted.json == {"items": [{"id": top.id, "snippet": {"totalReplyCount": 1}}]}
    times = {"publishedAt": "2026-01-05T12:00:01Z", "updatedAt": "2026-01-05T12:00:01Z"}
    said = {"textDisplay": "Ice, number 0.", "likeCount": 0, **times}
    replied = {"textDisplay": f"@{who.handle} An answer", "parentId": top.id, "likeCount": 0, **times}
    assert full.json == {
        "pageInfo": {"totalResults": 1, "resultsPerPage": 20},
        "items": [
            {
                "id": top.id,
                "snippet": {
                    "videoId": video.id,
                    "topLevelComment": {"id": top.id, "snippet": said},
                    "totalReplyCount": 1,
                },
                "replies": {"comments": [{"id": answer.id, "snippet": replied}]},
            }
        ],
    }
    assert before == (0, 0)
    assert (tube.ledger.posts[top.post].shown, tube.ledger.posts[answer.post].shown) == (1, 1)


# ------------------------------------------------------------------------------------------- keys and budgets


@pytest.mark.parametrize(
    ("key", "envelope", "told", "detail"),
    [
        ("wrong", "newer", (400, "badRequest", "global", None), "API_KEY_INVALID"),
        ("wrong", "older", (400, "keyInvalid", "usageLimits", None), None),
        (None, "newer", (403, "forbidden", "global", None), None),
        ("expired", "newer", (400, "badRequest", "global", None), "API_KEY_INVALID"),
        ("address_blocked", "newer", (403, "forbidden", "global", None), "API_KEY_IP_ADDRESS_BLOCKED"),
        ("service_disabled", "newer", (403, "accessNotConfigured", "usageLimits", None), "SERVICE_DISABLED"),
    ],
)
async def test_a_key_that_is_no_good(
    key: str | None, envelope: Any, told: tuple[int, str, str, str | None], detail: str | None
) -> None:
    """In both envelopes; nobody pays for it."""
    tube, _, _, video = small_tube()
    tube.envelope = envelope
    tube.keys |= {
        "expired": Key(state="expired"),
        "address_blocked": Key(state="address_blocked"),
        "service_disabled": Key(state="service_disabled"),
    }
    async with serve(tube) as served:
        answer = await get(served, "videos", key=key, part="id", id=video.id)

    assert answer.fault == told
    assert [each["reason"] for each in answer.json["error"].get("details", [])] == (
        [detail] if detail else []
    )
    assert tube.meter.spent() == ()


async def test_a_key_in_the_query_is_as_good_as_one_in_a_header() -> None:
    """`key=`, or x-goog-api-key."""
    tube, _, _, video = small_tube()
    async with serve(tube) as served:
        neither = await get(served, "videos", key=None, part="id", id=video.id)
        by_query = await get(served, f"videos?key={KEY}&part=id&id={video.id}", key=None)

    assert (neither.status, by_query.ids) == (403, [video.id])


def test_midnight_is_california_s() -> None:
    """A day of 23 hours in March and one of 25 in November, each in its own bucket."""
    spring = datetime(2026, 3, 8, 9, tzinfo=UTC)
    autumn = datetime(2026, 11, 1, 8, tzinfo=UTC)

    assert reset_after(spring) == datetime(2026, 3, 9, 7, tzinfo=UTC)
    assert reset_after(autumn) == datetime(2026, 11, 2, 8, tzinfo=UTC)
    meter = Meter({"units": 2, "searches": 1})
    moments = [
        datetime(2026, 3, 8, 7, 59, tzinfo=UTC),
        datetime(2026, 3, 8, 8, 0, tzinfo=UTC),
        datetime(2026, 3, 9, 6, 59, tzinfo=UTC),
        datetime(2026, 3, 9, 7, 0, tzinfo=UTC),
    ]
    assert [meter.take("listener", "searches", each) for each in moments] == [True, True, False, True]
    assert meter.spent() == (
        Spent("listener", "searches", date(2026, 3, 7), 1, 1, 0),
        Spent("listener", "searches", date(2026, 3, 8), 1, 1, 1),
        Spent("listener", "searches", date(2026, 3, 9), 1, 1, 0),
    )


@pytest.mark.parametrize(
    ("told_as", "told"),
    [
        ("quotaExceeded", (403, "quotaExceeded", "youtube.quota", None)),
        ("rateLimitExceeded", (429, "rateLimitExceeded", "global", None)),
    ],
)
async def test_searches_have_a_bucket_of_their_own(
    told_as: Any, told: tuple[int, str, str, str | None]
) -> None:
    """The hundred and first is refused, in either shape; everything else goes on until midnight in California."""
    tube, clock, _, video = small_tube()
    tube.searches_told_as = told_as
    site = site_of(tube).site
    for _ in range(100):
        await site.answer(request(clock, "search?part=id&type=video&q=snow"))
    async with serve(tube) as served:
        refused = await get(served, "search", part="id", type="video", q="snow")
        still = await get(served, "videos", part="id", id=video.id)
        clock.walk(hours=20)
        renewed = await get(served, "search", part="id", type="video", q="snow")

    assert (refused.fault, still.status, renewed.status) == (told, 200, 200)
    assert tube.meter.spent() == (
        Spent("listener", "searches", date(2026, 1, 5), 100, 100, 1),
        Spent("listener", "units", date(2026, 1, 5), 1, 1, 0),
        Spent("listener", "searches", date(2026, 1, 6), 1, 1, 0),
    )


def request(clock: Walker, target: str) -> Request:
    """As it would come from a client with a good key."""
    return Request(
        "GET", f"/youtube/v3/{target}".encode(), ((b"x-goog-api-key", KEY.encode()),), b"", clock.now(), 0
    )


async def test_a_spent_day_refuses_everything_else() -> None:
    """403 quotaExceeded, with HTML in its message; keys of one project share it, another's does not."""
    tube, clock, _, video = small_tube()
    tube.meter.limits["units"] = 2
    tube.keys |= {"same": Key(), "other": Key(project="another")}
    async with serve(tube) as served:
        found = [
            await get(served, "videos", key=key, part="id", id=video.id)
            for key in (KEY, "same", KEY, "other")
        ]

    assert [each.status for each in found] == [200, 200, 403, 200]
    assert found[2].fault == (403, "quotaExceeded", "youtube.quota", None)
    assert '<a href="/youtube/v3/getting-started#quota">' in found[2].json["error"]["message"]
    assert tube.meter.left("units", clock.now()) == 0


async def test_too_many_in_a_minute() -> None:
    """429 with RATE_LIMIT_EXCEEDED, until the next minute; nothing is paid."""
    tube, clock, _, video = small_tube()
    tube.meter.per_minute = 1
    async with serve(tube) as served:
        first = await get(served, "videos", part="id", id=video.id)
        second = await get(served, "videos", part="id", id=video.id)
        clock.walk(minutes=1)
        third = await get(served, "videos", part="id", id=video.id)

    detail = second.json["error"]["details"][0]
    assert [each.status for each in (first, second, third)] == [200, 429, 200]
    assert (detail["reason"], detail["metadata"]["quota_limit"]) == (
        "RATE_LIMIT_EXCEEDED",
        "defaultPerMinutePerProject",
    )
    assert tube.meter.left("units", clock.now()) == 9_998


async def test_what_has_not_changed_is_paid_for_all_the_same() -> None:
    """304 to the etag in the answer, quoted or weak; another one once something is said."""
    tube, clock, _, video = small_tube()
    query: dict[str, Any] = {"part": "snippet", "videoId": video.id, "fields": "items/id"}
    async with serve(tube) as served:
        first = await get(served, "commentThreads", **query)
        tag = first.headers["etag"]
        same = await get(served, "commentThreads", **query, headers={"If-None-Match": f"W/{tag}"})
        burst(tube, clock, 1)
        other = await get(served, "commentThreads", **query, headers={"If-None-Match": tag})
        tube.etag_header = False
        without = await get(served, "commentThreads", **query)

    assert (same.status, same.body, other.status, "etag" in without.headers) == (304, b"", 200, False)
    assert tube.meter.left("units", clock.now()) == 9_996
    assert [each.conditional for each in tube.ledger.requests] == [False, True, True, False]


# ------------------------------------------------------------------------------------------------------ troubles


@pytest.mark.parametrize(
    ("manner", "status", "reason"),
    [
        ("503", 503, "backendError"),
        ("500", 500, "internalError"),
        ("429", 429, "rateLimitExceeded"),
        ("403-rate", 403, "rateLimitExceeded"),
        ("user-rate", 403, "userRateLimitExceeded"),
        ("quota", 403, "quotaExceeded"),
        ("forbidden", 403, "forbidden"),
        ("processing", 400, "processingFailure"),
    ],
)
async def test_troubles_that_are_told(manner: Manner, status: int, reason: str) -> None:
    """For a while, on one route; entered into the book."""
    tube, clock, _, video = small_tube()
    async with serve(tube) as served:
        tube.disturb(manner, 60, route="videos")
        during = await get(served, "videos", part="id", id=video.id)
        elsewhere = await get(served, "channels", part="id", id=video.channel.id)
        clock.walk(seconds=61)
        after = await get(served, "videos", part="id", id=video.id)

    assert (during.fault[:2], elsewhere.status, after.status) == ((status, reason), 200, 200)
    booked = [(each.route, each.status, each.disturbance) for each in tube.ledger.requests]
    assert booked == [("videos", status, manner), ("channels", 200, ""), ("videos", 200, "")]


@pytest.mark.parametrize(
    ("manner", "status", "kind", "start"),
    [
        ("html", 200, "text/html", b"<!DOCTYPE"),
        ("502-html", 502, "text/html", b"<!DOCTYPE"),
        ("wrong_type", 200, "text/html", b"{"),
        ("garbage", 200, "application/json", b'{"items": [\x00'),
        ("empty", 200, "application/json", b"{}"),
    ],
)
async def test_answers_that_are_none(manner: Manner, status: int, kind: str, start: bytes) -> None:
    """Pages, garbage, nothing."""
    tube, _, _, video = small_tube()
    tube.disturb(manner, 60)
    async with serve(tube) as served:
        answer = await get(served, "videos", part="id", id=video.id)

    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (status, kind)
    assert answer.body.startswith(start)


async def test_connections_that_break() -> None:
    """Cut in the middle, the posts in it not shown; reset; silent until the client gives up."""
    tube, clock, _, video = small_tube()
    (top,) = burst(tube, clock, 1)
    async with serve(tube) as served:
        tube.disturb("cut", 60)
        with pytest.raises(IncompleteRead):
            await get(served, "commentThreads", part="snippet", videoId=video.id)
        clock.walk(minutes=2)
        tube.disturb("reset", 60)
        with pytest.raises((ConnectionResetError, RemoteDisconnected)):
            await get(served, "commentThreads", part="snippet", videoId=video.id)
        clock.walk(minutes=2)
        tube.disturb("silent", 60)
        address = served.address.removeprefix("http://").split(":")
        reader, writer = await asyncio.open_connection(address[0], int(address[1]))
        writer.write(b"GET /youtube/v3/videos?part=id HTTP/1.1\r\nHost: a\r\n\r\n")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(reader.read(1), 0.05)
        writer.close()

    assert [each.status for each in tube.ledger.requests] == [200, 0, 0]
    assert tube.ledger.posts[top.post].shown == 0


async def test_what_servers_let_slip() -> None:
    """Headers on every answer, words in every error, the reason as it was."""
    tube, _, _, video = small_tube()
    tube.noise = Noise(headers=(("X-Who", "somebody"),), error_text="somebody")
    async with serve(tube) as served:
        fine = await get(served, "videos", part="id", id=video.id)
        error = await get(served, "videos", part="id")

    assert (fine.headers["x-who"], b"somebody" in fine.body) == ("somebody", False)
    assert error.fault[:2] == (400, "missingRequiredParameter")
    assert error.json["error"]["message"].endswith("id somebody")


async def test_bodies_are_packed_for_who_can_unpack_them() -> None:
    """gzip where it was offered."""
    tube, _, _, video = small_tube()
    async with serve(tube) as served:
        packed = await get(served, "videos", part="snippet", id=video.id, headers={"Accept-Encoding": "gzip"})
        plain = await get(served, "videos", part="snippet", id=video.id)

    assert (packed.headers.get("content-encoding"), "content-encoding" in plain.headers) == ("gzip", False)
    assert packed.json == plain.json


# ---------------------------------------------------------------------------------------------------- the city


async def test_a_day_in_the_city_has_everything_in_it() -> None:
    """Two channels that upload, answers to old threads, edits, deletions, what was held, pictures; equal seeds, equal days."""
    clock = Walker()
    tube, twin, other = (
        city(clock, seed=seed, hashtags=("#yyc",), start_at=clock.now()) for seed in (7, 7, 8)
    )
    clock.walk(hours=36)
    for each in (tube, twin, other):
        each.turn()

    said = list(tube.comments.values())
    late = [
        each
        for each in said
        if each.parent and each.published_at - each.parent.published_at > timedelta(hours=6)
    ]
    assert {each.channel.handle for each in tube.videos.values()} == {CITY, BROADCASTER}
    assert len(said) == 220
    counted = Counter(
        {
            "answers": sum(each.parent is not None for each in said),
            "late": len(late),
            "edited": sum(each.revision > 1 for each in said),
            "deleted": sum(each.deleted_at is not None for each in said),
            "held": sum(each.public_at > each.published_at for each in said),
            "pictures": sum(not each.text for each in said),
            "disabled": sum(not each.comments_enabled for each in tube.videos.values()),
        }
    )
    assert min(counted.values()) > 0
    assert (counted["disabled"], counted["answers"] > 40, counted["late"] > 5) == (1, True, True)
    assert {each.lang for each in tube.videos.values()} == {"en", "fr", "es"}
    assert tube.ledger.as_json() == twin.ledger.as_json() != other.ledger.as_json()
    assert [each.text for each in said] == [each.text for each in twin.comments.values()]


async def test_every_post_has_a_fate() -> None:
    """By the address of its event, with or without an origin; what was never asked for was never shown."""
    tube, clock, who, video = small_tube()
    news = tube.video(tube.channel(title="News", handle="news"), "About")
    told = {
        "heard": tube.comment(video, who, "Heard"),
        "missed": tube.comment(video, who, "Missed"),
        "tagged": tube.comment(news, who, "Said #YYC."),
        "untagged": tube.comment(news, who, "Said"),
        "picture": tube.comment(video, who, "", picture=True),
    }
    clock.walk(seconds=1)
    async with serve(tube) as served:
        for each in (video, news):
            await get(served, "commentThreads", part="snippet", videoId=each.id)
    fates = tube.fates([f"https://www.youtube.com{told[name].link}" for name in ("heard", "tagged")])

    assert {name: fates[each.post] for name, each in told.items()} == {
        "heard": "queued",
        "missed": "missing",
        "tagged": "queued",
        "untagged": "not_ours",
        "picture": "missing",
    }
    assert fates[video.post] == "never_shown"
    assert video.post not in tube.fates([], kinds=("comment", "reply"))
    assert told["heard"].link == f"/watch?v={video.id}&lc={told['heard'].id}"


async def test_a_configuration_names_every_channel(tmp_path: Path) -> None:
    """By its id; the city's as its own, the broadcaster's as public; the key stands in a file."""
    clock = Walker()
    async with serve(clock=clock) as served:
        usual = configuration(served, tmp_path, key_file=tmp_path / "key")
        told = configuration(served, tmp_path, key_file=tmp_path / "key", uploads=True, titles=True)
        address = served.address
    ids = {each.handle: each.id for each in served.tube.channels.values()}
    common = {"adapter": "youtube", "endpoint": address, "key_file": str(tmp_path / "key")}
    public = {
        "relation": "public",
        "channel_of": "publication",
        "criterion": "Broadcasters of the valley whose uploads are mostly about the town",
    }
    expected = [
        common
        | {"name": f"youtube-{handle}-{listen}", "listen": listen, "channel": ids[handle]}
        | ({"relation": "own"} if handle == CITY else public)
        for listen in ("comments", "uploads")
        for handle in (CITY, BROADCASTER)
    ]

    assert tomllib.loads(usual)["source"] == expected[:2]
    assert tomllib.loads(told)["source"] == [
        *expected,
        common
        | {
            "name": "youtube-titles",
            "listen": "titles",
            "relation": "public",
            "criterion": "Videos of anybody whose title carries a hashtag of the town",
        },
    ]


def test_nothing_prints_a_name_or_a_word() -> None:
    """Neither people nor what they said, nor keys."""
    tube, _, who, video = small_tube()
    comment = tube.comment(video, who, "Secret words")
    shown = repr([tube, who, video, comment, *tube.keys.values()])

    assert [each for each in (who.handle, "Secret", "Snow", KEY) if each in shown] == []
    assert json.loads(tube.ledger.as_json())["posts"][1]["link"] == comment.link

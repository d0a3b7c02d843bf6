"""Hashtags and mentions by polling: nothing left out, nothing asked for ever. Section numbers: platforms.md."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from adapters.mastodon import SPEC
from adapters.mastodon.client import MastodonSource
from adapters.mastodon.config import MastodonConfig
from adapters.mastodon.cursor import decode_cursor, digest
from adapters.mastodon.plan import OVERLAP_S, SWEEP_S, id_at
from listener.adapter import Cursor, Page, Reply
from listener.errors import AccessDenied, DocumentRefused, SourceError, SourceUnavailable
from listener.events import Post
from listener.testing.canned import CannedReader
from tests.adapters.mastodon.statuses import (
    HOST,
    MASTODON,
    NOW,
    Clock,
    Watching,
    World,
    config,
    id_of,
    notification,
    reply,
    status,
)

pytestmark = pytest.mark.anyio


class Reading:
    """One source over one world, read turn after turn from the cursor that became durable."""

    def __init__(
        self, world: World, watching: Watching | None = None, settings: MastodonConfig | None = None
    ) -> None:
        self.clock = Clock()
        self.watching = watching or Watching(frozenset({"rivertown"}))
        self.settings = settings or config(hashtags=[])
        self.reader = CannedReader(world, reaches=SPEC.reaches(self.settings))
        self.cursor: Cursor | None = None
        self.pages: list[Page] = []
        self.restart()

    def restart(self) -> None:
        """The process dies; what is left is the cursor."""
        self.source = MastodonSource(self.settings, self.reader, self.clock, self.watching)

    async def page(self) -> Page:
        page = await self.source.fetch(self.cursor)
        self.cursor = page.cursor or self.cursor
        self.pages.append(page)
        return page

    async def turn(self) -> list[str]:
        """The ids that one whole turn brought."""
        asks: list[str] = []
        while True:
            page = await self.page()
            asks += [item.ask or "" for item in page.items if isinstance(item, Post)]
            if not page.more:
                return asks

    def queries(self) -> list[dict[str, list[str]]]:
        """Of all requests but those for the instance."""
        return [
            parse_qs(urlsplit(asked.address).query)
            for asked in self.reader.asked
            if "/instance" not in asked.address
        ]

    def asked(self) -> list[str]:
        return [asked.address for asked in self.reader.asked if "/instance" not in asked.address]


def said(*minutes: float, **more: Any) -> list[dict[str, Any]]:
    """Statuses written so many minutes before noon."""
    moments = [NOW - timedelta(minutes=each) for each in minutes]
    return [status(id_of(at), at=at, **more) for at in moments]


def ids(statuses: list[dict[str, Any]]) -> set[str]:
    return {one["id"] for one in statuses}


async def test_s2_1_pages_are_read_forward_by_min_id_without_a_gap() -> None:
    """More news than a page holds is read to its end, page behind page; `since_id` would leave out the middle."""
    statuses = said(*(each / 10 for each in range(1000)))
    reading = Reading(World(said=statuses))

    assert set(await reading.turn()) == ids(statuses)
    assert len(reading.pages) == 26  # twenty-five full pages, and the empty one that says so
    assert all("min_id" in query and not query.keys() & {"since_id", "max_id"} for query in reading.queries())
    assert {query["limit"][0] for query in reading.queries()} == {"40"}


async def test_a_server_that_shows_less_than_it_is_asked_for_is_read_to_its_end() -> None:
    """A page of twenty is not taken for the last one."""
    statuses = said(*range(70))
    reading = Reading(World(said=statuses, cap=20))

    assert set(await reading.turn()) == ids(statuses)


async def test_s2_1_the_query_of_a_link_header_is_not_trusted() -> None:
    """Mastodon's Link forgets the other tags; only its id is used, and every request names all tags again."""
    statuses = [
        *said(*range(30)),
        *said(*range(40, 70), tags=[{"name": "weir"}]),
    ]
    reading = Reading(World(said=statuses), Watching(frozenset({"rivertown", "weir"})))

    assert set(await reading.turn()) == ids(statuses)
    assert len(reading.asked()) == 3
    for address in reading.asked():
        assert address.startswith(
            f"https://{HOST}/api/v1/timelines/tag/rivertown?any[]=weir&limit=40&min_id="
        )


async def test_the_id_of_the_link_leads_past_statuses_that_cannot_be_read() -> None:
    """The newest entry of a page may be one that is refused; the page after it begins behind it all the same."""
    statuses = said(*range(50))
    newest_of_first_page = sorted(statuses, key=lambda one: int(one["id"]))[39]
    newest_of_first_page["content"] = 5
    reading = Reading(World(said=statuses))
    await reading.turn()

    assert reading.queries()[1]["min_id"] == [newest_of_first_page["id"]]


async def test_s2_1_no_more_than_four_tags_a_request() -> None:
    """The server takes the first four and says nothing of the rest; so there are more requests."""
    tags = frozenset({"a", "b", "c", "d", "e", "f", "g", "ünïted", "東京", "a/b?c"})
    reading = Reading(World(), Watching(tags))
    await reading.turn()
    named = [
        {unquote(parts.path.rpartition("/")[2]), *parse_qs(parts.query).get("any[]", ())}
        for parts in map(urlsplit, reading.asked())
    ]

    assert [len(group) for group in named] == [4, 4, 2]
    assert set().union(*named) == tags
    assert all(address.isascii() for address in reading.asked())


async def test_s0_1_posts_that_arrive_late_are_read() -> None:
    """A post federated late has an id of the time it was written, behind the newest one; the time before is read again."""
    world = World(said=said(5))
    reading = Reading(world)
    await reading.turn()
    late = said(100)
    world.said += late
    reading.clock.step(minutes=5)

    assert ids(late) <= set(await reading.turn())


async def test_a_post_is_read_however_late_it_comes_within_the_overlap() -> None:
    """Whatever arrives between two readings, an outage between them included, and is at most two hours late, is read."""
    world = World(said=said(5))
    reading = Reading(world)
    await reading.turn()
    reading.clock.step(hours=30)
    arrived_at_once_after_the_reading = said(OVERLAP_S / 60 - 1)
    world.said += arrived_at_once_after_the_reading
    reading.restart()

    assert ids(arrived_at_once_after_the_reading) <= set(await reading.turn())


async def test_a_quiet_tag_costs_one_request_a_turn() -> None:
    """Where two hours fit into one page, every reading looks back, and none costs a second request."""
    reading = Reading(World(said=said(1, 30, 60)))
    for _ in range(5):
        await reading.turn()
        reading.clock.step(minutes=5)

    assert len(reading.asked()) == 5


async def test_a_busy_tag_is_read_again_four_times_an_hour() -> None:
    """Where two hours fill pages, a reading goes on from the newest post, and looks back only every quarter of an hour."""
    world = World(said=said(*range(95)))
    reading = Reading(world)
    await reading.turn()
    before = len(reading.asked())
    reading.clock.step(minutes=5)
    fresh = said(-5)
    world.said += fresh
    quick = await reading.turn()
    reading.clock.step(seconds=SWEEP_S)
    whole = await reading.turn()

    assert before == 3
    assert quick == [fresh[0]["id"]]
    assert set(whole) == ids(world.said)


async def test_a_turn_cut_short_is_taken_up_where_the_cursor_stands() -> None:
    """Killed after any page: what was durable, and what is read from its cursor on, is everything."""
    statuses = said(*range(110))
    for cut in range(1, 4):
        reading = Reading(World(said=statuses))
        durable = set()
        for _ in range(cut):
            durable |= {item.ask for item in (await reading.page()).items if isinstance(item, Post)}
        reading.restart()
        reading.clock.step(days=2)

        assert durable | set(await reading.turn()) == ids(statuses)


async def test_a_new_tag_begins_at_the_overlap_and_the_others_go_on() -> None:
    """A watch is changed while the daemon runs: its tag is read from two hours back, and nothing of the others is lost."""
    world = World(said=[*said(10), *said(20, 300, tags=[{"name": "weir"}])])
    watching = Watching(frozenset({"rivertown"}))
    reading = Reading(world, watching)
    first = await reading.turn()
    watching.hashtags = frozenset({"rivertown", "weir"})
    reading.clock.step(minutes=5)
    second = await reading.turn()
    watching.hashtags = frozenset({"weir"})
    await reading.turn()

    assert first == [said(10)[0]["id"]]
    assert set(second) == ids([*said(10), *said(20)])
    assert set(decode_cursor(reading.cursor, place=HOST)) == {digest("weir")}


async def test_tags_that_change_in_the_middle_of_a_turn_begin_a_new_one() -> None:
    """No page is asked for with tags that nobody watches any more."""
    watching = Watching(frozenset({"rivertown"}))
    reading = Reading(World(said=said(*range(60))), watching)
    await reading.page()
    watching.hashtags = frozenset({"weir"})
    await reading.turn()

    assert "/tag/rivertown" in reading.asked()[0]
    assert all("/tag/weir" in address for address in reading.asked()[1:])


async def test_nothing_is_asked_where_no_tag_is_wanted() -> None:
    """A source without tags says so."""
    reading = Reading(World(), Watching())

    assert (await reading.page()) == Page(note="no_hashtags")
    assert reading.asked() == []


async def test_tags_are_asked_for_as_everybody_folds_them() -> None:
    """A tag of the source and the same one of a watch are one."""
    reading = Reading(World(), Watching(frozenset({"rivertown"})), config(hashtags=["RiverTown", "#WEIR"]))
    await reading.turn()

    assert reading.asked()[0].startswith(f"https://{HOST}/api/v1/timelines/tag/rivertown?any[]=weir&")


# --------------------------------------------------------------------------------------------- other servers


GOTOSOCIAL = {"domain": HOST, "version": "0.20.1", "source_url": "https://codeberg.org/x/gotosocial"}


def opaque(*names: str, **more: Any) -> list[dict[str, Any]]:
    return [status(name, **more) for name in names]


async def test_s2_1_ids_that_are_no_numbers_are_followed_by_the_order_they_come_in() -> None:
    """ULIDs and flake ids are never computed or compared; one tag a request, because `any[]` is not known everywhere."""
    world = World(instance=GOTOSOCIAL, said=opaque("01JZ", "01JA", "01JM"), opaque=True)
    reading = Reading(world, Watching(frozenset({"rivertown", "weir"})))
    first = await reading.turn()
    world.said += opaque(*(f"01B{each:02}" for each in range(50)))
    reading.clock.step(minutes=5)
    second = await reading.turn()

    assert first == ["01JM", "01JA", "01JZ"]
    assert ids(world.said) - set(first) <= set(second)
    assert all("any[]" not in query for query in reading.queries())
    assert reading.queries()[0].get("min_id") is None
    assert next(query["min_id"] for query in reading.queries() if "min_id" in query) == ["01JM"]


async def test_other_servers_are_read_again_from_an_id_that_is_two_hours_old() -> None:
    """There is no computing an id; so one is remembered that was the newest that long ago, and never many."""
    world = World(instance=GOTOSOCIAL, said=opaque("X0"), opaque=True)
    reading = Reading(world)
    for hour in range(1, 30):
        await reading.turn()
        reading.clock.step(minutes=20)
        world.said += opaque(f"X{hour}")
    await reading.turn()
    (mark,) = decode_cursor(reading.cursor, place=HOST).values()
    starts = [query["min_id"][0] for query in reading.queries() if "min_id" in query]

    assert len(mark.trail) <= 8
    assert mark.newest == "X29"
    assert starts[-1] in {"X20", "X21", "X22"}


async def test_other_servers_are_read_back_to_the_last_look_where_no_id_is_known() -> None:
    """Nothing was there, then more than a page came: without an id to go forward from, the walk goes backward until it has all."""
    world = World(instance=GOTOSOCIAL, said=[], opaque=True)
    reading = Reading(world)
    await reading.turn()
    old = opaque(*(f"OLD{each}" for each in range(100)), at=NOW - timedelta(hours=3))
    new = opaque(*(f"NEW{each}" for each in range(90)), at=NOW + timedelta(minutes=1))
    world.said += [*old, *new]
    reading.clock.step(minutes=5)
    page = await reading.page()
    reading.restart()  # in the middle of it: nothing of the walk was taken for read
    found = await reading.turn()

    assert page.more
    assert ids(new) <= set(found)
    assert len(found) < 90 + 40
    (mark,) = decode_cursor(reading.cursor, place=HOST).values()
    assert mark.newest == "NEW89"


async def test_a_first_reading_of_another_server_goes_back_as_far_as_any() -> None:
    """Two hours, page by page; what is older is left to whoever was there then."""
    said_hours_ago = [
        one
        for hours in range(10, -1, -1)
        for one in opaque(*(f"H{hours}N{n}" for n in range(30)), at=NOW - timedelta(hours=hours))
    ]
    reading = Reading(World(instance=GOTOSOCIAL, said=said_hours_ago, opaque=True))
    found = await reading.turn()

    assert {name.partition("N")[0] for name in found} == {"H0", "H1", "H2", "H3"}


async def test_a_server_that_does_not_understand_min_id_is_not_asked_for_ever() -> None:
    """It gives the newest page again and again; the turn ends when nothing new comes."""
    full = reply([*reversed(said(*range(40)))], headers={})
    for instance in (MASTODON, GOTOSOCIAL):
        world = World(instance=instance, faults={"/timelines/": full})
        reading = Reading(world)
        await reading.turn()
        reading.clock.step(minutes=5)
        await reading.turn()

        assert len(reading.asked()) <= 4


# ------------------------------------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("access", "token", "outcome"),
    [
        ("disabled", None, AccessDenied),
        ("authenticated", None, AccessDenied),
        ("authenticated", "t0ken-t0ken", None),
        ("public", None, None),
    ],
)
async def test_s2_2_a_feed_that_is_switched_off_is_told_from_an_empty_one(
    access: str, token: str | None, outcome: type[SourceError] | None
) -> None:
    """Both answer 200 and `[]`; the instance tells the difference, and the operator is told before the feed is asked."""
    feeds = {"local": access, "remote": access}
    instance = {**MASTODON, "configuration": {"timelines_access": {"hashtag_feeds": feeds}}}
    reading = Reading(World(instance=instance), settings=config(token=token, streaming="off"))
    if outcome is None:
        assert (await reading.page()).note is None
        return

    with pytest.raises(outcome):
        await reading.page()
    assert reading.asked() == []


async def test_s2_2_half_a_feed_is_told_to_the_operator() -> None:
    """Where the instance shows only what its own people say, the page says so."""
    feeds = {"local": "public", "remote": "disabled"}
    instance = {**MASTODON, "configuration": {"timelines_access": {"hashtag_feeds": feeds}}}

    assert (await Reading(World(instance=instance)).page()).note == "local_only"


async def test_s2_1_a_tag_that_the_instance_never_saw_is_an_empty_one() -> None:
    """The documentation says 404, the code says `[]`; neither is an error, and the first is noted."""
    unknown = World(faults={"/timelines/": reply({"error": "Record not found"}, status=404)})

    assert (await Reading(unknown).page()).note == "not_found"
    assert (await Reading(World()).page()).note is None


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        (reply({"error": "The access token is invalid"}), DocumentRefused),
        (Reply(200, {}, b"<html>maintenance</html>", "https://x.example"), DocumentRefused),
        (reply([], status=206), SourceUnavailable),
        (reply([], status=304), SourceUnavailable),
        (AccessDenied("401"), AccessDenied),
    ],
)
async def test_what_is_no_list_is_an_error_of_ours(
    fault: Reply | SourceError, error: type[SourceError]
) -> None:
    """Nothing is taken for an empty page that is not one."""
    with pytest.raises(error):
        await Reading(World(faults={"/timelines/": fault})).page()


async def test_s2_2_the_instance_is_asked_at_the_start_and_once_a_day() -> None:
    """What it allows changes with its updates, not by the minute."""
    reading = Reading(World())
    for _ in range(30):
        await reading.turn()
        reading.clock.step(hours=1)

    assert len([asked for asked in reading.reader.asked if "/instance" in asked.address]) == 2


async def test_an_instance_without_the_new_document_is_asked_for_the_old_one() -> None:
    """Mastodon before 4.0, and others, know only `/api/v1/instance`."""
    world = World(faults={"/api/v2/instance": reply({"error": "Not found"}, status=404)})
    reading = Reading(world)
    await reading.turn()

    assert [urlsplit(asked.address).path for asked in reading.reader.asked][:2] == [
        "/api/v2/instance",
        "/api/v1/instance",
    ]


async def test_a_cursor_of_another_instance_is_none() -> None:
    """Ids mean something on one instance alone."""
    reading = Reading(World(said=said(10)))
    await reading.turn()

    assert decode_cursor(reading.cursor, place=HOST)
    assert decode_cursor(reading.cursor, place="other.example") == {}


def test_an_id_tells_the_time_as_mastodon_makes_it() -> None:
    """Milliseconds since 1970, shifted by sixteen bits; beside an id of the documentation's, written within that second."""
    written = datetime.fromisoformat("2022-08-30T21:38:22Z").timestamp()

    assert int(id_at(written)) <= 108913983692647032 < int(id_at(written + 2))
    assert id_at(-5) == "0"


# -------------------------------------------------------------------------------------------------- mentions


def mentions(**more: Any) -> MastodonConfig:
    return config(listen="mentions", token="t0ken-t0ken", hashtags=[], **more)


async def test_s2_4_mentions_of_our_own_account_are_said_to_us() -> None:
    """Notifications of one type, with the token in a header and nowhere else; each post is addressed, each once."""
    world = World(
        noticed=[
            notification(7, status("1")),
            notification(8, status("1")),
            notification(9, status("2", visibility="direct")),
            notification(10, None),
            notification(11, status("3"), type="favourite"),
        ]
    )
    reading = Reading(world, settings=mentions())
    page = await reading.page()
    posts = [item for item in page.items if isinstance(item, Post)]

    assert [(post.ask, post.addressed, post.consent.public) for post in posts] == [
        ("2", True, False),
        ("1", True, True),
    ]
    assert reading.asked() == [f"https://{HOST}/api/v1/notifications?types[]=mention&limit=40"]
    assert reading.reader.asked[-1].headers["authorization"] == "Bearer t0ken-t0ken"
    assert "t0ken" not in repr(reading.settings)


async def test_mentions_are_followed_by_the_ids_of_notifications() -> None:
    """They are numbered by themselves: what is asked for next is behind the newest of those, not of the posts."""
    world = World(noticed=[notification(7, status("99"))])
    reading = Reading(world, settings=mentions())
    await reading.turn()
    world.noticed += [notification(each, status(str(each))) for each in range(8, 60)]
    reading.clock.step(minutes=1)
    asks = await reading.turn()

    assert set(asks) == {str(each) for each in range(8, 60)}
    assert reading.queries()[1]["min_id"] == ["7"]


async def test_notifications_whose_posts_are_gone_still_fill_a_page() -> None:
    """A page of forty may hold two posts; what comes behind it is read all the same."""
    world = World(noticed=[notification(7, status("99"))])
    reading = Reading(world, settings=mentions())
    await reading.turn()
    world.noticed += [notification(each, None) for each in range(8, 60)] + [notification(60, status("60"))]
    reading.clock.step(minutes=1)

    assert await reading.turn() == ["60"]


async def test_an_account_that_was_removed_loses_no_mention() -> None:
    """The server does not know `/api/v1/notifications`: that is no empty list of mentions, and no crash."""
    world = World(faults={"/notifications": reply({"error": "no"}, status=404)})

    assert (await Reading(world, settings=mentions()).page()).note == "not_found"


# -------------------------------------------------------------------------------------------------- limits


async def test_s2_5_a_week_stays_within_both_limits() -> None:
    """Every request may page; at the spacing that the reach declares no window of any length holds more than is allowed."""
    spacings = {reach.spacing_s for reach in SPEC.reaches(config(token="t0ken-t0ken"))}

    assert len(spacings) == 1
    assert all(int(window_s / spacings.copy().pop()) + 1 <= 300 for window_s in (300, 900))
    assert SPEC.recheck is not None
    assert SPEC.recheck.spacing_s >= 2 * max(spacings)

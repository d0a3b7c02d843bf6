"""
What the daemon owes whoever listens to Bluesky, each as a check that fails by assertion. Run as they are by
`test_bluesky_through_the_simulator`, and against a broken adapter by `test_bluesky_mutations`.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from adapters.bluesky.simulated_jetstream import Blindness
from adapters.bluesky.simulated_names import POST
from adapters.bluesky.simulated_network import NO_UNAUTHENTICATED
from adapters.bluesky.simulated_records import facet
from adapters.bluesky.simulator import APPVIEW, JETSTREAMS, PDS, Manner, Trouble
from tests.adapters.bluesky.bluesky_rig import HOSTS, Town, name_in, town
from tests.fakes.thorough import WEEK_DAYS

HOUR = 3600.0
ONE = JETSTREAMS[:1]
MANNERS: tuple[Manner, ...] = ("429", "503", "502", "500", "silent", "half_open", "cut")


async def assert_whole(here: Town) -> None:
    """Each post that may be held is held once, and nothing else is."""
    heard, expected = dict(await here.heard()), here.expected()
    assert heard == dict.fromkeys(expected, 1)


def cut_all(here: Town) -> None:
    """Every stream is reset."""
    for host in here.served.jetstreams.values():
        host.cut()


async def an_afternoon_is_heard_whole() -> None:
    """An hour of posts, answers, edits and deletions on two hosts; nobody sends a frame of data."""
    async with town(every_s=10.0) as here:
        await here.live(HOUR)
        await assert_whole(here)
        assert len(here.expected()) > 30
        assert here.served.data_frames() == 0


async def nothing_is_lost_or_doubled_by_reconnects() -> None:
    """Streams are cut every few minutes, now one, now all; a host is down for a while; afterwards all is there once."""
    async with town(every_s=10.0) as here:
        for number in range(6):
            await here.live(4 * 60)
            if number % 2:
                cut_all(here)
            else:
                here.served.jetstreams[HOSTS[number % 4 // 2]].cut()
        await assert_whole(here)
        assert len(here.expected()) > 30


async def what_is_said_while_the_daemon_is_down_is_heard_afterwards() -> None:
    """An orderly end and a crash, people talking meanwhile: each post once."""
    async with town() as here:
        await here.say("before")
        await here.house.stop()
        for number in range(5):
            await here.say(f"while it was down {number}")
        await here.house.start()
        await here.house.pass_s(60)
        await here.house.crash()
        await here.say("afterwards")
        await here.house.pass_s(120)
        await assert_whole(here)
        assert len(await here.heard()) == 7
        assert await here.gaps() == []


async def an_expired_cursor_is_told_as_a_gap() -> None:
    """After forty hours the hosts begin 36 hours back without a word: what is older is lost, and told with its bounds."""
    async with town() as here:
        await here.say("before")
        before_at = here.house.clock.now()
        await here.house.stop()
        await here.house.pass_s(HOUR)
        lost = await here.say("lost")
        for hour in range(39):
            await here.house.pass_s(HOUR)
            await here.say(f"kept or not {hour}")
        back_at = here.house.clock.now()
        await here.house.start()
        await here.house.pass_s(120)
        heard = await here.heard()
        names = here.network.ledger.posts
        within = {name for name, row in names.items() if row.published_at >= back_at - timedelta(hours=35.9)}
        gaps = await here.gaps()

        assert len(gaps) == 1
        gap = gaps[0]
        assert here.network.records[lost].post not in heard
        assert within <= set(heard)
        assert set(heard.values()) == {1}
        assert gap["cause"] == "cursor_expired"
        start_at, end_at = (here.instant(gap[key]) for key in ("start_at", "end_at"))
        assert before_at - timedelta(minutes=1) <= start_at <= before_at
        assert back_at - timedelta(hours=36.1) <= end_at <= back_at - timedelta(hours=34.9)


async def a_blind_host_is_found_and_costs_nothing() -> None:
    """One host lacks every third post for ever: the other brings them, and the operator is told within minutes."""
    async with town() as here:
        here.served.jetstreams[HOSTS[1]].blindness.append(Blindness(collection=POST, every=3))
        for number in range(40):
            await here.say(f"post {number}", facets=None)
        await here.house.pass_s(120)
        await here.say("one more")
        await here.say("and one")
        assert (await here.view())["note"] == "blind_host"
        await assert_whole(here)


async def silence_of_one_collection_is_found_within_minutes() -> None:
    """Both hosts go on pinging and telling of accounts, and of no post: they are left, a gap is told, nothing is lost."""
    async with town() as here:
        await here.say("before")
        for host in here.served.jetstreams.values():
            host.stalled.add(POST)
        for number in range(6):
            here.network.rename(here.someone(), f"renamed-{number}.bsky.example")
            await here.say(f"unheard {number}")
            await here.house.pass_s(40)
        await here.house.pass_s(60)
        gaps = await here.gaps()
        heard_before = len(await here.heard())
        for host in here.served.jetstreams.values():
            host.stalled.clear()
        await here.house.pass_s(15 * 60)

        assert heard_before == 1
        assert [gap["cause"] for gap in gaps] == ["outage"]
        await assert_whole(here)
        assert len(await here.heard()) == 7


async def a_half_open_stream_is_left_within_minutes() -> None:
    """Nothing comes any more, not even pings, and the line stays open: the source is connected anew, nothing is lost."""
    async with town(hosts=ONE) as here:
        await here.say("before")
        here.served.jetstreams[ONE[0]].fall_silent()
        await here.say("unheard")
        await here.house.pass_s(12 * 60)
        await assert_whole(here)
        assert len(await here.heard()) == 2


async def losses_where_replay_becomes_live_are_made_up_by_the_other_host() -> None:
    """One host loses the last three posts of every replay and swaps the three before; the other does not."""
    async with town() as here:
        await here.say("before")
        careless = here.served.jetstreams[HOSTS[0]]
        careless.cutover_drops = careless.cutover_swaps = 3
        for _ in range(3):
            cut_all(here)
            for number in range(6):
                here.network.post(here.someone(), f"{number} #yyc ({here.network.next_name})")
            await here.house.pass_s(8 * 60)
        await assert_whole(here)
        assert len(await here.heard()) == 19


async def losses_of_both_hosts_do_not_meet() -> None:
    """Both lose the last two posts of every replay, and both are connected anew: not at one moment, so that nothing is lost."""
    async with town() as here:
        await here.say("before")
        for host in here.served.jetstreams.values():
            host.cutover_drops = 2
        cut_all(here)
        await here.house.pass_s(5)
        due_at = here.instant((await here.view())["next_due_at"])
        await here.house.pass_s((due_at - here.house.clock.now()).total_seconds() - 2)
        for number in range(8):
            here.network.post(here.someone(), f"{number} #yyc ({here.network.next_name})")
            await here.house.pass_s(1)
        await here.house.pass_s(4 * 60)  # before silence has both connected anew, which goes back a minute
        await assert_whole(here)
        assert len(await here.heard()) == 9


async def what_a_careless_host_lost_comes_with_the_next_connection() -> None:
    """A single host loses the last post of a replay; it is heard after the next reconnect, which goes back a minute."""
    async with town(hosts=ONE) as here:
        careless = here.served.jetstreams[ONE[0]]
        await here.say("before")
        careless.cut()
        await here.house.pass_s(5)
        due_at = here.instant((await here.view())["next_due_at"])
        await here.house.pass_s((due_at - here.house.clock.now()).total_seconds() - 5)
        careless.cutover_drops = 1
        here.network.post(here.someone(), f"lost #yyc ({here.network.next_name})")
        await here.house.pass_s(10)
        careless.cutover_drops = 0
        await here.say("heard")
        assert len(await here.heard()) == 2
        careless.cut()
        await here.house.pass_s(8 * 60)
        await assert_whole(here)
        assert len(await here.heard()) == 3


async def a_deletion_that_comes_before_its_post_keeps_it_out() -> None:
    """A host swaps what happened at the end of a replay, and the AppView is late: the post that was deleted is not held."""
    async with town(hosts=ONE) as here:
        await here.say("before")
        cut_all(here)
        uri = here.network.post(here.someone(), f"taken back #yyc ({here.network.next_name})").uri
        here.network.delete(uri)
        here.served.jetstreams[ONE[0]].cutover_swaps = 2
        here.served.appview.forgets_after_s = HOUR
        await here.house.pass_s(8 * 60)
        assert len(await here.heard()) == 1
        await assert_whole(here)


async def a_deletion_takes_the_words_away_within_seconds() -> None:
    """The queue tells a removal, and no word of the post is left."""
    async with town() as here:
        uri = await here.say("soon gone")
        await here.say("stays")
        assert len(await here.heard()) == 2
        here.network.delete(uri)
        await here.house.pass_s(5)
        events = await here.house.events()
        assert [event["type"] for event in events if event["type"] != "listener.post.created"] == [
            "listener.post.removed"
        ]
        await assert_whole(here)


async def a_change_replaces_the_words() -> None:
    """An update of the record is an update of the event, even before a re-check, which still shows the first words."""
    async with town(silence_s=86_400) as here:
        uri = await here.say("first words")
        (before,) = await here.posts()
        here.network.edit(uri, f"second words #yyc ({here.network.records[uri].post})")
        await here.house.pass_s(20)
        (after,) = await here.posts()
        await here.a_day_later()
        (later,) = await here.posts()

        assert (after["type"], after["subject"]) == ("listener.post.updated", before["subject"])
        assert after["data"]["text"].startswith("second words")
        assert later["data"]["text"].startswith("second words")


async def the_wish_not_to_be_shown_is_kept() -> None:
    """An account's `!no-unauthenticated` stands in no event of the stream: it is looked up, and its posts are not held."""
    async with town() as here:
        shy = here.network.join(labels=(NO_UNAUTHENTICATED,)).did
        await here.say("not for everybody", author=shy)
        await here.say("for everybody")
        await assert_whole(here)
        assert len(await here.heard()) == 1


async def a_wish_that_comes_later_is_kept_within_a_day() -> None:
    """An account labels itself, another is deactivated, a third deleted: a day later none of their posts is held."""
    async with town(silence_s=86_400) as here:
        accounts = [here.network.join().did for _ in range(3)]
        for did in (*accounts, here.someone()):
            await here.say("held at first", author=did)
        assert len(await here.heard()) == 4
        here.network.label_account(accounts[0], (NO_UNAUTHENTICATED,))
        here.network.set_status(accounts[1], "deactivated")
        here.network.set_status(accounts[2], "deleted")
        await here.a_day_later()
        await assert_whole(here)
        assert len(await here.heard()) == 1


async def accounts_and_identities_pass_by() -> None:
    """Events of accounts and identities come whatever was asked for, and disturb nothing."""
    async with town() as here:
        here.network.rename(here.someone(), "somebody-else.bsky.example")
        for status in ("deactivated", "suspended", "takendown", "active"):
            here.network.set_status(here.someone(), status)
            await here.house.pass_s(5)
        await here.say("goes on")
        await assert_whole(here)
        assert len(await here.heard()) == 1
        assert (await here.view())["failures"] == 0


async def bytes_are_not_characters() -> None:
    """A link's shortened address is spelt out in the right place behind letters of two, three and four bytes."""
    async with town() as here:
        for before in ("é", "雪", "👨‍👩‍👧"):
            shown = "city.example/a…"
            text = f"{before} see {shown} now #yyc ({here.network.next_name})"
            at = text.index(shown)
            link = {"$type": "app.bsky.richtext.facet#link", "uri": "https://city.example/a/long/way"}
            tag_at = text.index("#yyc")
            tag = {"$type": "app.bsky.richtext.facet#tag", "tag": "yyc"}
            facets = [facet(text, at, at + len(shown), link), facet(text, tag_at, tag_at + 4, tag)]
            here.network.post(here.someone(), text, facets=facets)
            await here.house.pass_s(20)
        texts = [event["data"]["text"] for event in await here.posts()]
        for before, text in zip(("é", "雪", "👨‍👩‍👧"), texts, strict=True):
            assert text.startswith(f"{before} see https://city.example/a/long/way now #yyc (p")


async def hashtags_count_wherever_they_stand() -> None:
    """In a facet, beside the text, typed by a client that makes no facets; in another case and script of the sign."""
    async with town() as here:
        someone = here.someone()
        for text, how in (
            ("a facet #yyc", {}),
            ("beside the text", {"tags": ("YYC",)}),
            ("typed #YYC", {"facets": ()}),
            ("full width ＃yyc", {"facets": ()}),
            ("no tag at all", {}),
        ):
            arguments: dict[str, Any] = dict(how)
            here.network.post(someone, f"{text} ({here.network.next_name})", **arguments)
        await here.house.pass_s(20)
        texts = sorted(event["data"]["text"].split(" (")[0] for event in await here.posts())
        assert texts == ["a facet #yyc", "beside the text", "full width ＃yyc", "typed #YYC"]


async def who_speaks_to_the_city_is_heard() -> None:
    """A mention by DID, whatever the handle is now, and an answer to the city's own post; both are addressed."""
    async with town() as here:
        own = here.network.post(here.city, f"Hello from the city ({here.network.next_name})")
        here.network.post(here.someone(), f"@city.bsky.example why? ({here.network.next_name})")
        here.network.post(here.someone(), f"Thanks! ({here.network.next_name})", reply_to=own.uri)
        await here.house.pass_s(20)
        told = {
            name_in(e["data"]["text"]): (e["data"]["by_us"], e["data"]["addressed"])
            for e in await here.posts()
        }
        assert told == {"p00002": (False, True), "p00003": (False, True)}


async def a_late_appview_is_waited_for() -> None:
    """The AppView learns of posts half a minute after the stream: they are not taken for deleted."""
    async with town() as here:
        here.served.appview.behind_s = 30.0
        for number in range(4):
            await here.say(f"not there yet {number}")
        await here.house.pass_s(5 * 60)
        await assert_whole(here)
        assert len(await here.heard()) == 4


async def a_lost_appview_is_waited_for() -> None:
    """For a quarter of an hour look-ups are answered by a page of HTML: nothing is shown unread, nothing is lost."""
    async with town() as here:
        now = here.house.clock.now()
        here.served.troubles.append(Trouble(APPVIEW, "502", now, now + timedelta(minutes=15)))
        shy = here.network.join(labels=(NO_UNAUTHENTICATED,)).did
        await here.say("not for everybody", author=shy)
        await here.say("for everybody")
        assert await here.heard() == {}
        await here.house.pass_s(2 * HOUR)
        await assert_whole(here)
        assert len(await here.heard()) == 1


async def a_gap_is_filled_by_search() -> None:
    """With an account, what the hosts no longer have is searched for: by hashtag, by mention, page by page."""
    async with town(search=True) as here:
        await here.say("before")
        await here.house.stop()
        for number in range(130):
            here.network.post(here.someone(), f"early {number} #yyc ({here.network.next_name})")
        here.network.post(here.someone(), f"@city.bsky.example early ({here.network.next_name})")
        await here.house.pass_s(HOUR)
        for _ in range(41):
            await here.house.pass_s(HOUR)
            await here.say("later")
        await here.house.start()
        for _ in range(5):
            await here.say("now")
            await here.house.pass_s(100)
        await assert_whole(here)
        gaps = [(gap["cause"], gap["suspected"]) for gap in await here.gaps()]
        assert gaps == [("cursor_expired", True)]
        assert here.served.pds.logins == 1


async def a_host_that_is_down_is_not_hammered() -> None:
    """One host answers 503 for an hour: it is tried less and less often, the other is heard meanwhile, nothing is lost."""
    async with town() as here:
        await here.say("before")
        now = here.house.clock.now()
        before = len(here.house.net.at(HOSTS[0]))
        here.served.troubles.append(Trouble(HOSTS[0], "503", now, now + timedelta(hours=1)))
        here.served.jetstreams[HOSTS[0]].cut()
        for number in range(14):
            await here.say(f"heard from the other {number}")
            await here.house.pass_s(4 * 60)
        tries = len(here.house.net.at(HOSTS[0])) - before
        await here.house.pass_s(HOUR)
        await assert_whole(here)
        assert len(await here.heard()) == 15
        assert 3 <= tries <= 8
        assert here.served.jetstreams[HOSTS[0]].open_sockets()


async def a_week_stays_within_every_limit() -> None:
    """A week with bursts, cuts, refusals and outages: no host is asked more than it allows, and all is heard in the end."""
    async with town(search=True, every_s=1800.0) as here:
        for host in here.served.jetstreams.values():
            host.ping_s = 90.0
        await here.say("before")
        for day in range(WEEK_DAYS):
            now = here.house.clock.now()
            trouble = MANNERS[day % len(MANNERS)]
            here.served.troubles.append(
                Trouble("*", trouble, now, now + timedelta(minutes=20), path="/subscribe")
            )
            for _ in range(60):
                here.network.post(here.someone(), f"a burst #yyc ({here.network.next_name})")
            cut_all(here)
            await here.house.pass_s(HOUR)
            await here.live(2 * HOUR)
            await here.house.stop()
            await here.house.pass_s(21 * HOUR)
            await here.house.start()
            await here.house.pass_s(600)
        await assert_whole(here)
        assert len(await here.heard()) > 60 * WEEK_DAYS
        limits_kept(here)


def limits_kept(here: Town) -> None:
    """No host was asked more than its limits, ever: requests, sessions, connections."""
    starts = here.house.net.by_host()
    assert most_within(starts.get(APPVIEW, []), 300.0) <= 1500
    assert most_within(starts.get(PDS, []), 300.0) <= 150
    signed_in = [
        asked.at_s for asked in here.house.net.at(PDS) if "com.atproto.server.createSession" in asked.line
    ]
    assert most_within(signed_in, 300.0) <= 30 / 10
    assert most_within(signed_in, 86_400.0) <= 300 / 10
    for host in HOSTS:
        assert most_within(starts.get(host, []), 60.0) <= 2
    assert here.served.data_frames() == 0


def most_within(starts_s: list[float], window_s: float) -> int:
    """The largest number of starts in any window of so many seconds."""
    most = first = 0
    for last, at_s in enumerate(starts_s):
        while starts_s[first] <= at_s - window_s:
            first += 1
        most = max(most, last - first + 1)
    return most

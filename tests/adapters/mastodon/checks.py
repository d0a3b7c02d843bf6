"""
What has to hold when the shipped adapter hears simulated instances, one trap of the network to each check.

Run by `test_mastodon_traps`, where each is green, and by `test_mastodon_trap_mutations`, where each is red as
soon as the adapter forgets what the trap was. Every check is a function without arguments that raises AssertionError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

import pytest

from adapters.mastodon.normalise import alias_of, place_of
from adapters.mastodon.simulated_fediverse import Fediverse
from adapters.mastodon.simulated_instance import Manner
from adapters.mastodon.simulated_posts import Toot
from adapters.mastodon.simulator import serve
from listener.errors import AccessDenied, SourceError, SourceUnavailable
from listener.events import Post
from tests.adapters.mastodon.fediverse import ONE, TWO, two_instances
from tests.adapters.mastodon.hearing import Hearing
from tests.fakes.plain_client import Walker

Check = Callable[[], Awaitable[None]]
CHECKS: Final[dict[str, Check]] = {}


def check(holds: Check) -> Check:
    """One more, under its own name."""
    CHECKS[holds.__name__] = holds
    return holds


def local(world: Fediverse, toot: Toot, at: str = ONE) -> str:
    """Its id on an instance."""
    copy = world.instances[at].copy_of(toot)
    assert copy is not None
    return copy.local_id


def burst(world: Fediverse, clock: Walker, count: int, text: str = "Ice #yyc") -> set[str]:
    """So many posts within so many seconds; their identities."""
    found = set()
    for _ in range(count):
        clock.walk(seconds=1)
        found.add(world.post(world.accounts[0], text).uri)
    return found


def one_post(hearing: Hearing) -> Post:
    """The one post that came."""
    assert len(hearing.natives) == 1
    return hearing.posts[-1]


# ------------------------------------------------------------------------------------------------------ paging


@check
async def a_burst_between_two_turns_is_read_to_the_last_post() -> None:
    """A hundred posts, two and a half pages."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served)
        before = burst(world, clock, 3)
        await hearing.turn()
        said = burst(world, clock, 100)
        await hearing.turn()

    assert hearing.natives == before | said


@check
async def every_tag_of_a_request_is_followed_through_its_pages() -> None:
    """The burst is of the tag that stands in `any[]`, which the Link header has lost."""
    world, clock, *_ = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served, tags=frozenset({"calgary", "yyc", "zoo"}))
        await hearing.turn()
        said = burst(world, clock, 90, "Bears #zoo") | burst(world, clock, 2, "Ice #calgary")
        await hearing.turn()

    assert hearing.natives == said


@check
async def the_fifth_tag_is_asked_for_too() -> None:
    """Four at once; more take another request."""
    world, clock, *_ = two_instances()
    tags = [f"tag{letter}" for letter in "abcdef"]
    async with serve(world) as served:
        hearing = Hearing(served, tags=frozenset(tags))
        await hearing.turn()
        said = {uri for tag in tags for uri in burst(world, clock, 1, f"Ice #{tag}")}
        await hearing.turn()

    assert hearing.natives == said


@check
async def a_post_that_arrives_late_is_read() -> None:
    """An hour, under an id that lies an hour back, while others have long been read."""
    world, clock, _, boris = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()
        late = world.post(boris, "Late #yyc", lag_s=3600)
        said = burst(world, clock, 3)
        for _ in range(13):
            await hearing.turn()
            clock.walk(minutes=5)

    assert hearing.natives == {*said, late.uri}


@check
async def a_post_that_arrives_late_in_a_busy_feed_is_read() -> None:
    """Twenty minutes late and thirty posts a minute: a sweep of many pages finds it."""
    world, clock, _, boris = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()
        late = world.post(boris, "Late #yyc", lag_s=1200)
        said = {late.uri}
        for _ in range(10):
            for _ in range(6):
                said |= burst(world, clock, 15)
                clock.walk(seconds=15)
            await hearing.turn()
        await hearing.turn()
        clock.walk(minutes=16)
        await hearing.turn()

    assert hearing.natives == said


@check
async def dialects_are_paged_without_gaps() -> None:
    """Ids that are no numbers: two bursts, one after the other, and one that comes late."""
    for software in ("gotosocial", "akkoma", "pleroma"):
        clock = Walker()
        world = Fediverse(clock, hashtags=("#yyc",))
        world.instance(ONE, software)
        world.instance(TWO)
        anna, boris = world.account(ONE), world.account(TWO)
        world.token(ONE, anna)
        async with serve(world) as served:
            hearing = Hearing(
                served, token="user-token", streaming="off", tags=frozenset({"yyc", "ice", "snow"})
            )
            said = burst(world, clock, 30)
            await hearing.turn()
            late = world.post(boris, "Late #yyc", lag_s=1200)
            said |= burst(world, clock, 100, "Snow #snow") | burst(world, clock, 50)
            await hearing.turn()
            clock.walk(minutes=25)
            await hearing.turn()

        assert hearing.natives == {*said, late.uri}, software


# ------------------------------------------------------------------------------------------- what a post is


@check
async def two_instances_show_one_post() -> None:
    """Its identity and its link are the same on both, its local ids are not."""
    world, _, _, boris = two_instances()
    toot = world.post(boris, "Ice #yyc")
    async with serve(world) as served:
        here, there = Hearing(served), Hearing(served, at=TWO)
        await here.turn()
        await there.turn()

    seen = [one_post(hearing) for hearing in (here, there)]
    assert {post.native for post in seen} == {toot.uri}
    assert {post.link for post in seen} == {f"https://{TWO}/statuses/{local(world, toot, TWO)}"}
    assert seen[0].ask != seen[1].ask


@check
async def a_content_warning_stays_with_the_text() -> None:
    """Before it."""
    world, _, anna, _ = two_instances()
    world.post(anna, "It burns #yyc", spoiler_text="Fire on 9th")
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()

    assert one_post(hearing).text == "Fire on 9th\n\nIt burns #yyc"


@check
async def what_is_not_public_says_nothing() -> None:
    """A direct message that mentions us: no word of it, and a sign for the gate."""
    world, _, anna, boris = two_instances()
    world.post(boris, f"@{anna.username}@{ONE} Between us", mentions=(anna,), visibility="direct")
    async with serve(world) as served:
        hearing = Hearing(served, listen="mentions", token="user-token")
        await hearing.turn()

    post = one_post(hearing)
    assert (post.text, post.consent.public) == ("", False)


@check
async def a_mention_of_our_own_account_is_addressed_to_us() -> None:
    """In a hashtag feed of our own instance, where our handle has no domain."""
    world, _, anna, boris = two_instances()
    world.post(boris, f"@{anna.username} Ice #yyc", mentions=(anna,))
    async with serve(world) as served:
        hearing = Hearing(served, own_accounts=(f"@{anna.username}@{ONE}",))
        await hearing.turn()

    assert (one_post(hearing).addressed, one_post(hearing).by_us) == (True, False)


@check
async def the_same_handle_elsewhere_is_not_ours() -> None:
    """A handle without a domain belongs to the instance it is read at."""
    world, _, anna, _ = two_instances()
    other = world.account(TWO, anna.person)
    world.post(other, "Ice #yyc")
    async with serve(world) as served:
        hearing = Hearing(served, at=TWO, own_accounts=(f"@{anna.username}@{ONE}",))
        await hearing.turn()

    assert not one_post(hearing).by_us


@check
async def what_an_author_chose_comes_along() -> None:
    """`noindex`, `indexable`, `#nobot` in a profile."""
    world, _, anna, boris = two_instances()
    anna.noindex = True
    boris.indexable = False
    boris.note = "Teacher. #NoBot"
    world.post(anna, "Ice #yyc")
    world.post(boris, "Snow #yyc")
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()

    flags = {post.native.split("/")[2]: post.consent.flags for post in hearing.posts}
    assert "noindex" in flags[ONE]
    assert flags[TWO] >= {"not_indexable", "nobot"}


@check
async def replies_and_quotes_are_linked_to_what_they_are_about() -> None:
    """By a name that the other post has."""
    world, clock, anna, boris = two_instances()
    first = world.post(anna, "Ice #yyc")
    clock.walk(seconds=5)
    world.post(boris, "Where? #yyc", reply_to=first)
    world.post(boris, "Look #yyc", quote_of=first)
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()

    parent = next(post for post in hearing.posts if post.native == first.uri)
    others = [post for post in hearing.posts if post is not parent]
    assert [post.reply_to in (parent.native, *parent.aliases) for post in others] == [True, True]
    assert {(post.kind, post.text) for post in others} == {("reply", "Where? #yyc"), ("post", "Look #yyc")}


@check
async def a_boost_is_nobody_s_post() -> None:
    """Asked for by its id, there is nothing to be told of it."""
    world, _, anna, boris = two_instances()
    boost = local(world, world.boost(boris, world.post(anna, "Ice #yyc")))
    async with serve(world) as served:
        verdicts = await Hearing(served).ask(boost)

    assert [verdict.post for verdict in verdicts.values() if verdict.state == "changed"] == []


# ------------------------------------------------------------------------------------------ feeds that are shut


@check
async def a_disabled_feed_is_not_an_empty_one() -> None:
    """Both answer 200 and `[]`; only the instance says which."""
    world, *_ = two_instances()
    here = world.instances[ONE]
    async with serve(world) as served:
        await Hearing(served).turn()
        here.local_access = here.remote_access = "disabled"
        with pytest.raises(AccessDenied):
            await Hearing(served).turn()
        here.local_access = here.remote_access = "authenticated"
        with pytest.raises(AccessDenied):
            await Hearing(served).turn()
        await Hearing(served, token="user-token", streaming="off").turn()


@check
async def half_a_feed_is_told_of() -> None:
    """Posts of others are switched off: what is left is read, and the operator hears of it."""
    world, _, anna, boris = two_instances()
    world.instances[ONE].remote_access = "disabled"
    toot = world.post(anna, "Ice #yyc")
    world.post(boris, "Snow #yyc")
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()

    assert (hearing.natives, hearing.notes) == ({toot.uri}, {"local_only"})


@check
async def an_unknown_tag_is_no_failure() -> None:
    """404, as documented; the post is read when it comes."""
    world, clock, *_ = two_instances()
    world.instances[ONE].unknown_tag = "404"
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()
        said = burst(world, clock, 2)
        await hearing.turn()

    assert hearing.natives == said


# ---------------------------------------------------------------------------------------------------- streams


async def _streamed(way: str) -> None:
    world, _, anna, boris = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served, token="user-token", streaming=way)
        async with hearing.streaming() as ends:
            toot = world.post(boris, "Ice #yyc", spoiler_text="careful")
            other = world.post(anna, "Snow #yyc")
            name = local(world, toot)
            await hearing.pass_s(1)
            first = list(hearing.posts)
            world.edit(toot, "Black ice #yyc")
            world.instances[ONE].say("filters_changed")
            await hearing.pass_s(1)
            edited = hearing.posts[len(first) :]
            world.delete(toot)
            await hearing.pass_s(40)

    assert ends == []
    assert [post.native for post in first] == [toot.uri, other.uri]
    assert [(post.native, post.text) for post in edited] == [(toot.uri, "careful\n\nBlack ice #yyc")]
    assert edited[0].edited_at is not None
    assert hearing.removals == [alias_of(name, place_of(host=hearing.config.place, domain=ONE))]
    assert hearing.removals[0] in first[0].aliases
    assert len(world.ledger.posts) == len(hearing.natives)


@check
async def a_stream_brings_posts_edits_and_deletions() -> None:
    """Server-sent; a deletion names the post as this instance numbers it."""
    await _streamed("sse")


@check
async def a_websocket_brings_posts_edits_and_deletions() -> None:
    """The payload is JSON within JSON, but for a deletion's."""
    await _streamed("websocket")


@check
async def what_was_said_while_nobody_listened_is_read() -> None:
    """The stream is cut; there is no replay, so it is read at the timeline."""
    world, clock, anna, _ = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served, token="user-token", streaming="sse")
        async with hearing.streaming() as ends:
            world.instances[ONE].disturb("outage", start_at=clock.now(), seconds=30)
            await hearing.pass_s(5)
            missed = [world.post(anna, f"Missed {number} #yyc").uri for number in range(60)]
            await hearing.pass_s(60)

    assert len(ends) >= 1
    assert hearing.natives == set(missed)


@check
async def a_half_open_stream_is_noticed() -> None:
    """Within a minute of the last heartbeat, and opened anew."""
    world, clock, anna, _ = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served, token="user-token", streaming="sse")
        async with hearing.streaming() as ends:
            await hearing.pass_s(60)
            world.instances[ONE].disturb("half_open", start_at=clock.now(), seconds=1)
            toot = world.post(anna, "Ice #yyc")
            await hearing.pass_s(75)

    assert [type(end) for end in ends] == [SourceUnavailable]
    assert hearing.natives == {toot.uri}


@check
async def a_stream_that_only_beats_is_read_around() -> None:
    """It looks alive for an hour; what is said meanwhile is read within twenty minutes all the same."""
    world, clock, anna, _ = two_instances()
    async with serve(world) as served:
        hearing = Hearing(served, token="user-token", streaming="sse")
        async with hearing.streaming() as ends:
            world.instances[ONE].disturb("mute", start_at=clock.now(), seconds=3600)
            toot = world.post(anna, "Ice #yyc")
            await hearing.pass_s(1200)

    assert (ends, hearing.natives) == ([], {toot.uri})


# ------------------------------------------------------------------------------------------------ asking again


@check
async def posts_are_asked_about_again() -> None:
    """Deleted, suspended, made private by no longer being there: gone; edited: as it is now; with the tag taken out, too."""
    world, clock, anna, boris = two_instances()
    kept, edited, untagged, deleted = (world.post(anna, f"Number {number} #yyc") for number in range(4))
    suspended = world.post(boris, "Number 4 #yyc")
    asks = [local(world, each) for each in (kept, edited, untagged, deleted, suspended)]
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.turn()
        clock.walk(hours=1)
        world.edit(edited, "Edited #yyc")
        world.edit(untagged, "No tag")
        world.delete(deleted)
        boris.suspended = True
        verdicts = await hearing.ask(*asks)

    assert {ask: verdict.state for ask, verdict in verdicts.items()} == dict(
        zip(asks, ["changed", "changed", "changed", "gone", "gone"], strict=True)
    )
    told = [verdict.post for verdict in verdicts.values() if verdict.post is not None]
    assert [(post.text, bool(post.edited_at), post.tags) for post in told] == [
        ("Number 0 #yyc", False, ("yyc",)),
        ("Edited #yyc", True, ("yyc",)),
        ("No tag", True, ()),
    ]


@check
async def what_is_left_out_is_not_gone_yet() -> None:
    """The list of many answers `[]` though each is there: none of them is erased."""
    world, clock, anna, _ = two_instances()
    asks = [local(world, world.post(anna, f"Number {number} #yyc")) for number in range(3)]
    async with serve(world) as served:
        world.instances[ONE].disturb("disabled", start_at=clock.now(), seconds=60, route="statuses")
        verdicts = await Hearing(served).ask(*asks)

    assert [verdict.state for verdict in verdicts.values()] == ["changed"] * 3


@check
async def nothing_is_gone_because_an_instance_is_ill() -> None:
    """Server errors, pages that say sorry, refusals, for posts alone or all over; even 404 for everything."""
    world, clock, anna, _ = two_instances()
    asks = [local(world, world.post(anna, f"Number {number} #yyc")) for number in range(2)]
    manners: tuple[Manner, ...] = (
        "500",
        "503",
        "502-html",
        "html",
        "401",
        "403",
        "429",
        "cut",
        "reset",
        "404",
    )
    states: set[str] = set()
    async with serve(world) as served:
        hearing = Hearing(served)
        await hearing.ask(*asks)
        for manner in manners:
            for routes in ((None,), ("status", "statuses")):
                for route in routes if manner != "404" else (None,):
                    world.instances[ONE].disturb(manner, start_at=clock.now(), seconds=30, route=route)
                with suppress(SourceError):
                    states |= {verdict.state for verdict in (await hearing.ask(*asks)).values()}
                clock.walk(minutes=1)

    assert states <= {"changed"}


@check
async def a_dialect_is_asked_about_one_by_one() -> None:
    """Where there is no list of many, or one with another name."""
    for software in ("gotosocial", "akkoma", "pleroma"):
        clock = Walker()
        world = Fediverse(clock, hashtags=("#yyc",))
        world.instance(ONE, software)
        anna = world.account(ONE)
        world.token(ONE, anna)
        toots = [world.post(anna, f"Number {number} #yyc") for number in range(3)]
        asks = [local(world, toot) for toot in toots]
        world.delete(toots[1])
        async with serve(world) as served:
            verdicts = await Hearing(served, token="user-token", streaming="off").ask(*asks)

        states = {ask: verdict.state for ask, verdict in verdicts.items()}
        assert states == dict(zip(asks, ["changed", "gone", "changed"], strict=True)), software

"""
What has to hold when the adapter reads X, one trap of the network to each check (platform facts, 1.1 to 1.8).

Run by `test_x_traps`, where each is green, and by `test_x_trap_mutations`, where each is red as soon as the adapter
forgets what the trap was. Every check is a function without arguments that raises AssertionError.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final

import pytest

from adapters.x.ids import id_at, instant_of
from listener.adapter import Reply, Terms
from listener.errors import AccessDenied, BudgetSpent, RateLimited, SourceUnavailable
from listener.events import Count, Gap, Post, Removal, WatchName
from listener.testing.canned import Asked, Watching
from tests.adapters.x.hearing import Hearing, asked_for
from tests.adapters.x.world import (
    NOW,
    PROBLEM,
    ROADS,
    config,
    id_of,
    invalid,
    mentions,
    missing,
    page,
    post,
    reply,
    watching,
)

Check = Callable[[], Awaitable[None]]
CHECKS: Final[dict[str, Check]] = {}

HOUR: Final = timedelta(hours=1)


def check(holds: Check) -> Check:
    """One more, under its own name."""
    CHECKS[holds.__name__] = holds
    return holds


def burst(hearing: Hearing, count: int, **more: Any) -> set[str]:
    """So many posts, one a second; their ids."""
    said = set()
    for _ in range(count):
        hearing.clock.step(seconds=1)
        one = post(hearing.clock.at, **more)
        hearing.world.said.append(one)
        said.add(one["id"])
    return said


def only(hearing: Hearing) -> Post:
    """The one post that came."""
    (found,) = hearing.posts
    return found


async def read_one(said: dict[str, Any], **settings: Any) -> Hearing:
    """A source that was shown one post."""
    hearing = Hearing(config(own_accounts=["city"], **settings))
    hearing.clock.step(minutes=1)
    hearing.world.said.append(said)
    await hearing.turn()
    return hearing


# ------------------------------------------------------------------------------------------------- 1.1 searching


@check
async def a_burst_is_read_to_the_last_post() -> None:
    """Three hundred posts between two turns, newest first, in pages."""
    hearing = Hearing()
    before = burst(hearing, 3)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    said = burst(hearing, 300)
    hearing.clock.step(minutes=1)
    await hearing.turn()

    assert hearing.natives == before | said


@check
async def the_newest_id_is_that_of_the_first_page() -> None:
    """Not of the last one, whose posts are older: the next turn would read everything again, and pay for it."""
    hearing = Hearing()
    burst(hearing, 250)
    hearing.clock.step(minutes=20)
    await hearing.turn()
    hearing.clock.step(minutes=20)
    asked = len(hearing.reader.asked)
    await hearing.turn()
    newest = max(hearing.natives, key=int)

    assert int(hearing.queries[-1]["since_id"]) >= int(
        id_at((instant_of(newest) or NOW) - timedelta(minutes=3))
    )
    assert len(hearing.reader.asked) == asked + 1


@check
async def a_crash_between_two_pages_loses_nothing() -> None:
    """
    Wherever the process dies, the walk is taken up below the oldest post that was read, with the since_id it began with;
    no token is stored, whatever X has put into it.
    """
    for pages in range(1, 4):
        hearing = Hearing()
        before = burst(hearing, 1)
        hearing.clock.step(minutes=1)
        await hearing.turn()
        said = burst(hearing, 230)
        hearing.clock.step(minutes=1)
        for _ in range(pages):
            await hearing.page()
        stored = hearing.cursor or b""
        hearing.restart()
        await hearing.turn()
        walked = [one for one in hearing.queries if "next_token" in one or "until_id" in one]
        tokens = {one["next_token"] for one in walked if "next_token" in one}
        assert [token for token in tokens if token.encode() in stored] == []
        assert len({one["until_id"] for one in walked if "until_id" in one}) == 1
        read = [post.native for post in hearing.posts if post.native in said]
        assert len(read) == len(said)
        hearing.clock.step(minutes=5)
        await hearing.turn()

        assert hearing.natives == before | said
        assert len({one["since_id"] for one in walked}) == 1


@check
async def an_id_older_than_seven_days_is_not_sent() -> None:
    """A quiet query that was read all the time has missed nothing; a time takes the place of the id."""
    hearing = Hearing()
    burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    for _ in range(8):
        hearing.clock.step(days=1)
        await hearing.turn()
    said = burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()

    assert said < hearing.natives
    assert hearing.gaps == []


@check
async def an_id_that_is_refused_is_replaced_by_a_time() -> None:
    """Whatever the reason: the search goes on by time, and never with both."""
    hearing = Hearing()
    burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    hearing.world.faults["since_id="] = invalid("since_id")
    said = burst(hearing, 2)
    hearing.clock.step(minutes=1)
    await hearing.turn()

    assert said < hearing.natives
    assert hearing.gaps == []


@check
async def an_outage_of_more_than_seven_days_is_a_gap() -> None:
    """From where reading ended to where searching begins again."""
    hearing = Hearing()
    burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    read_at = hearing.clock.at - timedelta(seconds=30)
    hearing.clock.step(days=9)
    await hearing.turn()
    now = hearing.clock.at

    assert hearing.gaps == [
        Gap(read_at, now - timedelta(days=7) + timedelta(minutes=10), "cursor_expired", suspected=True)
    ]


@check
async def a_post_that_is_indexed_late_is_read() -> None:
    """Found a minute and a half after it was written, when a younger one has long been read."""
    hearing = Hearing()
    hearing.clock.step(seconds=10)
    late = post(hearing.clock.at, 7)
    hearing.world.said.append(late)
    hearing.world.lag[late["id"]] = timedelta(seconds=90)
    said = burst(hearing, 1)
    hearing.clock.step(seconds=50)
    await hearing.turn()
    assert hearing.natives == said
    hearing.clock.step(minutes=5)
    await hearing.turn()

    assert hearing.natives == {*said, late["id"]}


@check
async def a_quiet_query_pays_for_no_post_twice() -> None:
    """A day of turns after one post: X charges one post, and so do we."""
    hearing = Hearing()
    burst(hearing, 1)
    hearing.clock.step(minutes=1)
    for _ in range(100):
        await hearing.turn()
        hearing.clock.step(minutes=5)

    assert hearing.spent() == 0.005
    assert len(hearing.world.billed) == 1


@check
async def an_empty_page_has_no_data() -> None:
    """And is no error."""
    hearing = Hearing()
    await hearing.turn()

    assert hearing.items == []
    assert hearing.spent() == 0.0


@check
async def an_edit_is_the_same_post() -> None:
    """It has an id of its own; the first of its history is what they share."""
    first, second = id_of(NOW), id_of(NOW + timedelta(minutes=3))
    hearing = await read_one(post(id=first))
    edited = post(
        NOW + timedelta(minutes=3), id=second, text="It is falling #rivertown", conversation_id=first
    )
    edited["edit_history_tweet_ids"] = [first, second]
    hearing.world.said = [edited]
    hearing.clock.step(minutes=5)
    await hearing.turn()
    old, new = hearing.posts

    assert (old.native, new.native, new.kind) == (first, first, "post")
    assert second in new.aliases
    assert (new.published_at, new.edited_at) == (NOW, NOW + timedelta(minutes=3))


@check
async def a_long_post_is_read_whole() -> None:
    """`text` ends after 280 characters; the whole stands in the note, under either name."""
    for note in ("note_tweet", "note_post"):
        whole = "The river is high. " * 40 + "#rivertown"
        said = post(text=f"{whole[:270]}…")
        hearing = await read_one({**said, note: {"text": whole}})

        assert only(hearing).text == whole


@check
async def handles_are_found_wherever_x_finds_them() -> None:
    """`RT@jo_fenn` mentions somebody on X; the sign is parted from what stands before it."""
    entities = {"hashtags": [{"tag": "rivertown"}], "mentions": [{"username": "jo_fenn"}]}
    hearing = await read_one(post(text="MT@Jo_Fenn high #rivertown", entities=entities))

    assert only(hearing).text == "MT @Jo_Fenn high #rivertown"


@check
async def the_escapes_of_three_signs_are_undone() -> None:
    """And of no other, and once."""
    hearing = await read_one(post(text="ice &lt; 3 &amp; snow &amp;lt; #rivertown"))

    assert only(hearing).text == "ice < 3 & snow &lt; #rivertown"


@check
async def short_addresses_are_written_out_by_name() -> None:
    """Not by index, whose unit nobody documents: an emoji before them would shift it."""
    entities = {
        "hashtags": [{"tag": "rivertown"}],
        "urls": [
            {"start": 0, "end": 5, "url": "https://t.co/aB1", "expanded_url": "https://map.example/level"}
        ],
    }
    hearing = await read_one(post(text="🌊🌊 https://t.co/aB1 #rivertown", entities=entities))

    assert only(hearing).text == "🌊🌊 https://map.example/level #rivertown"


@check
async def no_address_of_a_post_names_its_author() -> None:
    """Pictures and quoted posts are linked with a handle in the address."""
    other = id_of(NOW, 99)
    urls = [
        {"url": "https://t.co/pic", "expanded_url": f"https://x.com/jo_fenn/status/{id_of(NOW)}/photo/1"},
        {"url": "https://t.co/quo", "expanded_url": f"https://twitter.com/sam_weir/status/{other}?s=20"},
    ]
    said = post(text="See https://t.co/quo #rivertown https://t.co/pic")
    said["entities"]["urls"] = urls
    hearing = await read_one(said)

    assert only(hearing).text == f"See https://x.com/i/web/status/{other} #rivertown"
    assert only(hearing).link == f"https://x.com/i/web/status/{id_of(NOW)}"


@check
async def a_retweet_is_no_item_and_one_by_hand_is() -> None:
    """The references tell the two apart; where they are not told, the words do, and only among mentions."""
    retweet = post(NOW, 1, text="RT @jo_fenn: high #rivertown")
    retweet["referenced_tweets"] = [{"type": "retweeted", "id": id_of(NOW, 50)}]
    by_hand = post(NOW, 2, text="RT @jo_fenn: high #rivertown I say so too")
    hearing = Hearing()
    hearing.clock.step(minutes=1)
    hearing.world.said += [retweet, by_hand]
    await hearing.turn()

    assert hearing.natives == {by_hand["id"]}


@check
async def what_is_withheld_is_not_public() -> None:
    """Its words are not taken, and what was held of it goes."""
    hearing = await read_one(post(withheld={"copyright": False, "country_codes": ["DE"], "scope": "tweet"}))

    assert (only(hearing).text, only(hearing).consent.public) == ("", False)


@check
async def ids_are_texts() -> None:
    """2^53 + 1 is a number that half of all programs cannot hold."""
    hearing = Hearing()
    hearing.clock.step(minutes=1)
    hearing.world.said += [post(NOW, number) for number in range(1, 4)]
    await hearing.turn()

    assert hearing.natives == {id_of(NOW, number) for number in range(1, 4)}


@check
async def nobody_is_asked_for() -> None:
    """No author, no place, no expansion: what does not cross the wire cannot be lost."""
    for words in ("tweet", "post"):
        hearing = Hearing()
        hearing.world.words = words
        burst(hearing, 1)
        hearing.clock.step(minutes=1)
        await hearing.turn()
        await hearing.recheck(*hearing.natives)

        for asked in hearing.queries:
            assert not [name for name in asked if name.startswith(("expansions", "user.", "place."))]
            fields = asked.get("tweet.fields", asked.get("post.fields", "")).split(",")
            assert not {"author_id", "in_reply_to_user_id", "geo", "source", "username"} & set(fields)


@check
async def the_name_of_the_parameter_is_found_out() -> None:
    """A 400 that names it is the signal; it is remembered across restarts."""
    hearing = Hearing()
    hearing.world.words = "post"
    said = burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    asked = len(hearing.reader.asked)
    hearing.restart()
    await hearing.turn()

    assert (asked, hearing.natives) == (2, said)
    assert "post.fields" in hearing.queries[2]


@check
async def a_parameter_of_which_no_notice_is_taken_is_found_out() -> None:
    """A server may ignore a name that it does not know: the posts come bare."""
    hearing = Hearing()
    bare = {"id": id_of(NOW), "text": "high #rivertown", "edit_history_post_ids": [id_of(NOW)]}
    hearing.world.words = "post"
    hearing.world.faults["tweet.fields"] = page(bare)
    await hearing.turn()
    await hearing.turn()

    assert only(hearing).published_at == NOW
    assert "post.fields" in hearing.queries[1]


@check
async def a_query_is_parenthesised_and_never_too_long() -> None:
    """AND binds before OR, so that the operator would hang on the last term alone; 512 characters are the most."""
    tags = [f"tag{number:03}" for number in range(120)]
    hearing = Hearing(interest=watching(*tags))
    await hearing.turn()
    queries = [one["query"] for one in hearing.queries]

    assert all(one.startswith("(") and one.endswith(") -is:retweet") for one in queries)
    assert max(map(len, queries)) <= 512
    assert {tag for one in queries for tag in one[1:].split(")")[0].replace("#", "").split(" OR ")} == set(
        tags
    )


@check
async def terms_that_no_query_can_hold_are_told() -> None:
    """An emoji is no hashtag of X, and a cashtag is an operator."""
    hearing = Hearing(interest=watching("rivertown", "🔥", phrases=("$abc up", 'say "hello"')))
    await hearing.turn()

    assert hearing.queries[0]["query"] == '("abc up" OR "say hello" OR #rivertown) -is:retweet'
    assert hearing.pages[0].note == "terms_not_asked"


@check
async def a_refused_query_stops_no_other() -> None:
    """It is told, and tried again after hours."""
    either = Watching(
        {ROADS: Terms(hashtags=frozenset({"bad"})), WatchName("snow"): Terms(frozenset({"ok"}))}
    )
    hearing = Hearing(interest=either)
    hearing.world.faults["%23bad"] = invalid("query")
    hearing.world.said.append(post(entities={"hashtags": [{"tag": "ok"}]}))
    hearing.clock.step(minutes=1)
    await hearing.turn()
    hearing.clock.step(minutes=5)
    await hearing.turn()

    assert len(hearing.natives) == 1
    assert [one["query"] for one in hearing.queries].count("(#bad) -is:retweet") == 1
    assert hearing.pages[-1].note == "query_refused"


# -------------------------------------------------------------------------------------------------- 1.3 numbers


@check
async def every_hour_is_told_once_and_only_when_it_is_over() -> None:
    """Whatever the rhythm of reading; numbers ask for no post."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    for _ in range(12 * 6):
        await hearing.turn()
        hearing.clock.step(minutes=5)
    hours = [count.start_at for count in hearing.counts]

    assert hours == [NOW - HOUR * 2 + HOUR * number for number in range(7)]
    assert {one["path"] for one in hearing.queries} == {"/2/tweets/counts/recent"}
    assert len(hearing.queries) == 7


@check
async def an_outage_is_caught_up_with_one_request() -> None:
    """Seven days are told for the price of an hour; what lies before is a gap."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    hearing.clock.step(minutes=10)
    await hearing.turn()
    hearing.clock.step(days=9)
    hearing.restart()
    await hearing.turn()
    end = hearing.clock.at.replace(minute=0)

    assert [count.start_at for count in hearing.counts[1:]] == [
        end - HOUR * each for each in range(167, 0, -1)
    ]
    assert hearing.gaps == [Gap(NOW, end - HOUR * 167, "outage", suspected=False)]
    assert len(hearing.queries) == 2


@check
async def numbers_are_read_in_either_vocabulary() -> None:
    """`tweet_count` until 2026-08-07, `post_count` since."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    hearing.clock.step(minutes=10)
    hour = {"start": "2026-11-24T11:00:00.000Z", "end": "2026-11-24T12:00:00.000Z", "post_count": 7}
    hearing.world.faults["counts"] = reply({"data": [hour], "meta": {"total_post_count": 7}})
    await hearing.turn()

    assert hearing.counts == [Count(ROADS, NOW - HOUR, NOW, 7)]


@check
async def a_watch_of_several_queries_is_their_sum() -> None:
    """One number for each hour; a part of it would be a wrong one."""
    hearing = Hearing(config(query_length=64), watching(*"abcdefghijkl", keep="counts"))
    hearing.clock.step(minutes=10)
    await hearing.turn()

    assert len(hearing.queries) == 2
    assert hearing.counts == [Count(ROADS, NOW - HOUR, NOW, 2)]


# ------------------------------------------------------------------------------------------ 1.4, 1.5 errors, money


@check
async def a_rate_limit_is_over_at_its_reset() -> None:
    """The old shape of the body, and the new one."""
    for body in (
        {"errors": [{"code": 88, "message": "Rate limit exceeded"}]},
        {"title": "Too Many Requests"},
    ):
        hearing = Hearing()
        reset = str(int(hearing.clock.at.timestamp()) + 321)
        hearing.world.faults["/"] = reply(
            body, status=429, headers={"x-rate-limit-remaining": "0", "x-rate-limit-reset": reset}
        )
        with pytest.raises(RateLimited) as caught:
            await hearing.turn()

        assert (type(caught.value), caught.value.wait_s) == (RateLimited, 321.0)


def capped(_: Asked) -> Reply:
    """The cap of the cycle, with headers that say a quarter of an hour."""
    return reply(
        {
            "title": "UsageCapExceeded",
            "period": "Monthly",
            "type": "https://api.twitter.com/2/problems/usage-capped",
        },
        status=429,
        headers={"x-rate-limit-remaining": "449", "x-rate-limit-reset": str(int(NOW.timestamp()) + 900)},
    )


@check
async def a_cap_is_not_over_at_the_reset_of_the_rate() -> None:
    """The watches are counted until the cycle turns, and a search is tried once a day: nobody is told when it does."""
    hearing = Hearing(config(cycle_day=26))
    hearing.world.faults["search"] = capped
    for _ in range(30):
        await hearing.turn()
        hearing.clock.step(hours=1)
    searches = [one for one in hearing.queries if "search" in one["path"]]
    del hearing.world.faults["search"]
    hearing.clock.step(hours=7)  # past midnight of the 26th
    said = burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()

    assert len(searches) == 2
    assert len(hearing.counts) == 30
    assert hearing.pages[0].note == "posts_capped"
    assert hearing.natives == said


@check
async def a_cap_on_mentions_waits_for_the_cycle() -> None:
    """There is no cheaper question; it is asked once a day, for nobody is told when the cycle turns."""
    for day, hours in ((25, 12.0), (26, 24.0)):
        hearing = Hearing(mentions(cycle_day=day))
        hearing.world.faults["mentions"] = capped
        with pytest.raises(BudgetSpent) as caught:
            await hearing.turn()

        assert (caught.value.budget, caught.value.wait_s) == ("posts", hours * 3600.0)


@check
async def a_cap_that_turns_sooner_than_configured_loses_nothing() -> None:
    """`cycle_day` is wrong by three weeks: searching goes on the day after X counts anew, from where it was."""
    hearing = Hearing(config(cycle_day=20))
    before = burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    hearing.world.faults["search"] = capped
    await hearing.turn()
    said = burst(hearing, 3)
    del hearing.world.faults["search"]
    hearing.clock.step(days=1, minutes=1)
    await hearing.turn()

    assert hearing.natives == before | said
    assert hearing.gaps == []


@check
async def an_empty_balance_is_no_cap() -> None:
    """Whatever it looks like beside it: no search is left out once the account is topped up."""
    for body in (
        {"title": "CreditsDepleted", "type": f"{PROBLEM}usage-capped"},
        {"type": f"{PROBLEM}credits", "errors": [{"type": f"{PROBLEM}usage-capped"}]},
    ):
        hearing = Hearing()
        hearing.world.faults["search"] = reply(body, status=429)
        with pytest.raises(BudgetSpent) as caught:
            await hearing.turn()
        del hearing.world.faults["search"]
        said = burst(hearing, 1)
        hearing.clock.step(minutes=1)
        await hearing.turn()

        assert caught.value.budget == "usd"
        assert hearing.natives == said


@check
async def a_query_that_x_cannot_answer_stops_no_other() -> None:
    """Wherever it stands: the others are read each turn, it is tried later each time, and goes on from where it was."""
    either = Watching({WatchName(one): Terms(frozenset({one})) for one in ("ann", "bad", "cod", "dot")})
    for name in ("ann", "bad", "dot"):
        for keep in ("text", "counts"):
            hearing = Hearing(interest=Watching(either.watches, keep))
            hearing.world.faults[f"%23{name}"] = SourceUnavailable("down", status=503)
            failed = 0
            for _ in range(100):
                hearing.clock.step(minutes=5)
                if hearing.clock.at.minute < 10:
                    hearing.world.said.append(post(hearing.clock.at, entities={"hashtags": [{"tag": "cod"}]}))
                try:
                    await hearing.turn()
                except SourceUnavailable:
                    failed += 1
            tried = [one for one in hearing.queries if f"#{name}" in one["query"]]
            told = {count.watch for count in hearing.counts}

            assert len(tried) <= 12
            assert failed == 0
            assert keep == "text" or told == {*either.watches} - {name}
            assert keep == "counts" or len(hearing.natives) >= 15


@check
async def two_queries_that_x_cannot_answer_stop_no_third() -> None:
    """Two in a row end a turn, because X may be down; the next one begins with the second, so that the third is read."""
    either = Watching({WatchName(one): Terms(frozenset({one})) for one in ("ann", "bad", "cod", "dot")})
    hearing = Hearing(interest=either)
    hearing.world.faults["%23(bad|cod)"] = SourceUnavailable("down", status=503)
    hearing.world.said.append(post(entities={"hashtags": [{"tag": "dot"}]}))
    hearing.clock.step(minutes=1)
    with pytest.raises(SourceUnavailable):
        await hearing.turn()
    hearing.clock.step(minutes=5)
    await hearing.turn()

    assert hearing.natives == {id_of(NOW)}


@check
async def a_page_that_x_cannot_answer_is_reached_without_its_token() -> None:
    """The other queries are read meanwhile; the walk goes on below what it has read, and nothing is lost."""
    either = Watching({WatchName(one): Terms(frozenset({one})) for one in ("ann", "bad")})
    hearing = Hearing(interest=either)
    said = burst(hearing, 30, entities={"hashtags": [{"tag": "ann"}]})
    said |= burst(hearing, 1, entities={"hashtags": [{"tag": "bad"}]})
    hearing.world.faults["next_token"] = SourceUnavailable("down", status=500)
    for _ in range(4):
        hearing.clock.step(minutes=6)
        await hearing.turn()

    assert hearing.natives == said


@check
async def where_x_is_down_no_query_is_left_out() -> None:
    """Two questions a turn, and when it is back all are asked at once."""
    either = Watching({WatchName(one): Terms(frozenset({one})) for one in ("ann", "bad", "cod", "dot")})
    hearing = Hearing(interest=either)
    hearing.world.faults["/"] = SourceUnavailable("down", status=503)
    for _ in range(20):
        with pytest.raises(SourceUnavailable):
            await hearing.turn()
        hearing.clock.step(hours=1)
    asked = len(hearing.queries)
    del hearing.world.faults["/"]
    await hearing.turn()

    assert asked == 40
    assert len(hearing.queries) == 44


@check
async def a_query_that_numbers_refuse_is_not_repeated_each_turn() -> None:
    """It is refused again until somebody changes it."""
    hearing = Hearing(interest=watching("rivertown", keep="counts"))
    hearing.world.faults["counts"] = invalid("query")
    for _ in range(72):
        await hearing.turn()
        hearing.clock.step(minutes=5)
    del hearing.world.faults["counts"]
    hearing.clock.step(minutes=5)
    await hearing.turn()

    assert len(hearing.queries) == 2
    assert len(hearing.counts) == 1


@check
async def a_walk_by_time_that_outlives_the_window_begins_anew() -> None:
    """Its start lies more than seven days back when its next page is asked for; what nobody shows any more is a gap."""
    hearing = Hearing()
    burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    hearing.clock.step(days=8)
    said = burst(hearing, 150)
    hearing.clock.step(minutes=1)
    hearing.world.said.append(late := post(hearing.clock.at - timedelta(days=6, hours=23)))
    await hearing.page()
    hearing.clock.step(minutes=30)
    hearing.restart()
    await hearing.turn()
    starts = [one["start_time"] for one in hearing.queries[1:]]
    await hearing.turn()

    assert hearing.natives >= {*said, late["id"]}
    assert len(set(starts)) == 2
    assert [(gap.cause, gap.suspected) for gap in hearing.gaps] == [("cursor_expired", True)] * 2
    assert hearing.gaps[-1].end_at == hearing.clock.at - timedelta(days=7) + timedelta(minutes=10)


@check
async def an_empty_balance_is_money_that_is_spent() -> None:
    """Both bodies; no wait of minutes, whatever the headers say is left."""
    bodies = [
        {"account_id": 7, "title": "CreditsDepleted", "type": "https://api.twitter.com/2/problems/credits"},
        {"status": 402, "title": "Payment Required", "type": f"{PROBLEM}credits-depleted"},
    ]
    for body in bodies:
        hearing = Hearing()
        hearing.world.faults["/"] = reply(body, status=402, headers={"x-rate-limit-remaining": "440"})
        with pytest.raises(BudgetSpent) as caught:
            await hearing.turn()

        assert (caught.value.budget, caught.value.wait_s, caught.value.code) == ("usd", 21600.0, "no_credit")


@check
async def each_refusal_says_what_to_do() -> None:
    """By its code, from either host."""
    bodies = {
        "not_enrolled": {
            "reason": "client-not-enrolled",
            "type": "https://api.twitter.com/2/problems/client-forbidden",
        },
        "wrong_kind_of_credential": {"type": f"{PROBLEM}unsupported-authentication"},
        "forbidden": {"title": "Forbidden"},
    }
    for code, body in bodies.items():
        hearing = Hearing()
        hearing.world.faults["/"] = reply(body, status=403)
        with pytest.raises(AccessDenied) as caught:
            await hearing.turn()

        assert caught.value.code == code


@check
async def errors_beside_data_leave_the_data() -> None:
    """A 200 may carry both."""
    hearing = Hearing()
    lost = id_of(NOW, 9)
    hearing.world.faults["search"] = page(post(), errors=[missing(lost)])
    await hearing.turn()

    assert hearing.natives == {id_of(NOW)}
    assert [item for item in hearing.items if not isinstance(item, Post)] == [Removal(lost, held_only=True)]


def spent(_: Asked) -> BudgetSpent:
    """What the reader raises before a request leaves."""
    return BudgetSpent("spent", budget="usd", wait_s=60.0)


@check
async def where_searches_are_spent_the_watches_are_counted() -> None:
    """And are searched from where they were, when there is something to spend again; nothing is lost."""
    hearing = Hearing()
    before = burst(hearing, 1)
    hearing.clock.step(minutes=1)
    await hearing.turn()
    hearing.world.faults["search"] = spent
    said = burst(hearing, 3)
    for _ in range(5):
        hearing.clock.step(hours=1)
        await hearing.turn()
    note = hearing.pages[-1].note
    del hearing.world.faults["search"]
    await hearing.turn()

    assert note == "counting_instead"
    assert [count.start_at for count in hearing.counts] == [NOW + HOUR * each for each in range(4)]
    assert hearing.natives == before | said
    assert hearing.gaps == []


@check
async def a_smaller_page_is_asked_for_before_none() -> None:
    """A hundred posts cost half a dollar, ten a tenth of that."""
    hearing = Hearing()

    def dear(asked: Asked) -> Any:
        if int(asked_for(asked)["max_results"]) > 10:
            return BudgetSpent("spent", budget="usd", wait_s=60.0)
        return hearing.world._search(asked_for(asked))

    hearing.world.faults["search"] = dear
    said = burst(hearing, 35)
    hearing.clock.step(minutes=1)
    await hearing.turn()

    assert hearing.natives == said
    assert hearing.counts == []


@check
async def a_request_that_failed_cost_nothing() -> None:
    """What was set aside for it is given back, of each budget; not where no answer came: it may have been charged."""
    given_back = [("usd", 0.0), ("posts", 0.0)]
    for fault, payments in (
        (reply({"title": "Forbidden"}, status=403), given_back),
        (SourceUnavailable("down", status=503), given_back),
        (SourceUnavailable("broken"), []),
    ):
        hearing = Hearing()
        hearing.world.faults["/"] = fault
        with pytest.raises((AccessDenied, SourceUnavailable)):
            await hearing.turn()

        assert hearing.reader.payments == payments


@check
async def every_watch_has_its_own_account() -> None:
    """So that of one budget no watch takes the part of another."""
    either = Watching({ROADS: Terms(frozenset({"a"})), WatchName("snow"): Terms(frozenset({"b"}))})
    hearing = Hearing(interest=either)
    await hearing.turn()

    assert [asked.account for asked in hearing.reader.asked] == ["roads", "snow"]


# ----------------------------------------------------------------------------------------------- 1.8 asked again


@check
async def what_is_gone_and_what_is_hidden_are_told_apart() -> None:
    """Both stand among the errors of a good answer; of one that is not named there nothing is known."""
    hearing = Hearing()
    there, gone, hidden, unknown = (id_of(NOW, number) for number in range(1, 5))
    hearing.world.said += [post(id=name) for name in (there, gone, hidden)]
    hearing.world.gone, hearing.world.hidden = {gone}, {hidden}
    verdicts = await hearing.recheck(there, gone, hidden, unknown)

    assert {name: verdict.state for name, verdict in verdicts.items()} == {
        there: "changed",
        gone: "gone",
        hidden: "withheld",
    }
    assert hearing.spent() == 0.005


@check
async def an_edit_is_asked_for_by_its_newest_id() -> None:
    """An old id goes on showing old words."""
    hearing = Hearing()
    first, second = id_of(NOW, 1), id_of(NOW, 2)
    history = [first, second]
    hearing.world.said += [
        post(id=first, text="old #rivertown", edit_history_tweet_ids=history),
        post(id=second, text="new #rivertown", edit_history_tweet_ids=history),
    ]
    verdicts = await hearing.recheck(first)
    ((_, verdict),) = verdicts.items()

    assert verdict.post is not None
    assert (verdict.post.native, verdict.post.text) == (first, "new #rivertown")


@check
async def a_post_that_is_withheld_now_goes() -> None:
    """It is there, and not for us."""
    hearing = Hearing()
    hearing.world.said.append(post(withheld={"copyright": True, "country_codes": ["XY"]}))
    verdicts = await hearing.recheck(id_of(NOW))

    assert [verdict.state for verdict in verdicts.values()] == ["withheld"]


@check
async def asking_again_can_be_switched_off() -> None:
    """It costs a post a day for each that is kept."""
    hearing = Hearing(config(recheck=False))

    assert await hearing.recheck(id_of(NOW)) == {}
    assert hearing.reader.asked == []

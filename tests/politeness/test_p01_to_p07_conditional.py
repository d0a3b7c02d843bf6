"""Politeness P1 to P7: what is asked is asked conditionally, verbatim, and for as long as the server lives."""

from __future__ import annotations

import re

import pytest

from listener import __version__
from listener.testing.politeness import conditional
from listener.testing.politeness.site import DAY_S, HOUR_S, MODIFIED, VALID, gaps, notes, told
from tests.politeness.once import once

pytestmark = pytest.mark.anyio

BLOG = "blog.city.example"
AGENT = f"civic-listener/{__version__} (+https://city.example/listener; City of Example)"
ETAG = dict(VALID)["ETag"]
STORED = {"if-none-match": ETAG, "if-modified-since": MODIFIED}


async def test_p01_validators_go_back_byte_for_byte_and_none_is_invented() -> None:
    """The second request is the first one with exactly the validators of the first answer, whatever they look like."""
    seen = await conditional.verbatim()

    for host, headers in {**conditional.ODD, "none.city.example": ()}.items():
        first, second = seen.at(host)[:2]
        given = {name.lower(): value.encode() for name, value in headers}
        expected = {
            b"if-none-match": given.get("etag"),
            b"if-modified-since": given.get("last-modified"),
        }
        plain = {b"host": host.encode(), b"user-agent": AGENT.encode(), b"accept-encoding": b"gzip"}
        heads = [{key.lower(): value for key, value in asked.request.headers} for asked in (first, second)]

        assert first.line == second.line == "GET /feed"
        accept = heads[0][b"accept"]
        assert heads[0] == {**plain, b"accept": accept}
        assert heads[1] == {
            **plain,
            b"accept": accept,
            **{name: value for name, value in expected.items() if value is not None},
        }


async def test_p01_a_feed_behind_a_temporary_redirect_costs_at_most_one_whole_answer_a_day() -> None:
    """Validators belong to the address that gave them: they go there, or that address counts as one without (P8)."""
    seen = await conditional.behind_a_redirect()
    whole = seen.unconditional_s("store.city.example")

    assert len(seen.at("store.city.example")) >= 2
    assert all(gap >= DAY_S for gap in gaps(whole))
    assert all(not told(asked) for asked in seen.at("front.city.example"))


async def test_p02_the_two_validators_are_one_set() -> None:
    """What the latest 200 or 304 did not give is not sent, though an earlier answer gave it."""
    seen = await conditional.one_set()

    assert [told(asked) for asked in seen.at(BLOG)] == [
        {},
        {"if-none-match": '"e1"', "if-modified-since": "Mon, 05 Jan 2026 10:00:00 GMT"},
        {"if-none-match": '"e2"'},
        {"if-modified-since": "Mon, 05 Jan 2026 13:00:00 GMT"},
        {"if-none-match": '"e3"'},
        {"if-none-match": '"e3"'},
    ]


async def test_p03_new_validators_are_stored_though_date_or_body_stayed() -> None:
    """A new tag with the old date, and both anew with the body that is known already."""
    seen = await conditional.renewed()

    later = {"if-none-match": '"e3"', "if-modified-since": "Mon, 05 Jan 2026 13:00:00 GMT"}
    assert [told(asked) for asked in seen.at(BLOG)] == [
        {},
        {"if-none-match": '"e1"', "if-modified-since": MODIFIED},
        {"if-none-match": '"e2"', "if-modified-since": MODIFIED},
        later,
        later,
    ]
    assert notes(seen.events) == {"n1", "n2"}


async def test_p04_a_304_freshens_what_is_stored() -> None:
    """Its tag, its date and its six hours count from then on."""
    seen = await conditional.freshened()

    fresh = {"if-none-match": 'W/"e2"', "if-modified-since": "Mon, 05 Jan 2026 13:00:00 GMT"}
    assert [told(asked) for asked in seen.at(BLOG)][:4] == [
        {},
        {"if-none-match": '"e1"', "if-modified-since": MODIFIED},
        fresh,
        fresh,
    ]
    assert 6 * HOUR_S <= seen.gaps_s(BLOG)[1] <= 6.6 * HOUR_S


async def test_p05_validators_survive_every_trouble() -> None:
    """429, 503, 500, 404, a page, a broken feed and an empty body take nothing away and give nothing."""
    seen = await conditional.through_trouble()

    for name in conditional.TROUBLES:
        asked = seen.at(f"t-{name}.city.example")
        assert len(asked) >= 3, name
        assert [told(one) for one in asked[1:]] == [STORED] * (len(asked) - 1), name


async def test_p05_validators_survive_restart_kill_and_upgrade() -> None:
    """Stopped, killed, and started over what version 0.1.0 had stored: only the very first request was unconditional."""
    seen = await conditional.through_ends()

    asked = seen.at(BLOG)
    assert len(asked) >= 4
    assert [told(one) for one in asked] == [{}] + [STORED] * (len(asked) - 1)


async def test_p06_a_server_that_lies_is_found_out_by_one_unconditional_read() -> None:
    """After eight days of nothing but 304 a feed that was active is asked once without validators; it shows what was hidden."""
    seen = await once(conditional.lied_to)
    bare = seen.unconditional_s("active.city.example")[1:]

    assert bare
    assert seen.extra["lie_from_s"] + 8 * DAY_S <= bare[0] <= seen.extra["lie_from_s"] + 9.5 * DAY_S
    assert all(gap >= DAY_S for gap in gaps(bare))
    assert "hidden" in notes(seen.events)
    assert seen.shows("validators_untrusted")


async def test_p06_a_quiet_feed_is_never_probed() -> None:
    """Nothing new for a year is no sign of a lie: weeks of 304 stay conditional."""
    seen = await once(conditional.lied_to)

    assert len(seen.unconditional_s("quiet.city.example")) == 1
    assert len(seen.at("quiet.city.example")) > 60


async def test_p06_comments_are_read_unconditionally_once_a_day() -> None:
    """A comment that is approved late moves no validator, and is met within a day; nothing else is asked whole."""
    seen = await conditional.late_comment()
    bare = seen.unconditional_s("talk.city.example")

    assert len(bare) == 3
    assert all(DAY_S <= gap <= 1.2 * DAY_S for gap in gaps(bare))
    assert "late" in notes(seen.events)


async def test_p06_own_comments_are_read_unconditionally_once_an_hour() -> None:
    """On the organisation's own site, between conditional reads every minute."""
    seen = await conditional.own_comments()
    bare = seen.unconditional_s("ours.city.example")

    assert len(bare) == 3
    assert all(HOUR_S <= gap <= 1.1 * HOUR_S for gap in gaps(bare))
    assert len(seen.at("ours.city.example")) > 150


async def test_p07_an_unconditional_read_by_hand_needs_a_flag_and_is_counted() -> None:
    """Without the flag reads by hand are conditional; with it one is not, once, and the metrics say so."""
    seen = await once(conditional.by_hand)

    assert seen.extra["statuses"] == [200] * 8
    assert len(seen.unconditional_s(BLOG)) == 2
    assert seen.unconditional_s(BLOG)[1] > 0.9 * HOUR_S
    assert re.search(r'^listener_\w*unconditional\w*\{[^}]*"blog"[^}]*\} [1-9]', seen.metrics, re.MULTILINE)


async def test_p07_reads_by_hand_are_limited() -> None:
    """Five within a minute cost the site one conditional request (FRB 070)."""
    seen = await once(conditional.by_hand)

    assert seen.extra["plain"] == 2
    assert told(seen.at(BLOG)[1]) == STORED

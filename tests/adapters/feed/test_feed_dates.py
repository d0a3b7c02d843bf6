"""
Dates as feeds write them.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta, timezone
from email.utils import format_datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.feed.dates import parse_date


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Mon, 05 Jan 2026 09:30:00 +0100", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("Xyz, 05 Jan 2026 09:30:00 GMT", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon 5 January 2026, 09:30 Z", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("05 Jan 26 09:30 EST", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("05 Jan 99 09:30:00 UT", datetime(1999, 1, 5, 9, 30, tzinfo=UTC)),
        ("05-Jan-2026 09:30:00 PDT", datetime(2026, 1, 5, 16, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 GMT+2", datetime(2026, 1, 5, 7, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 +0200 (CEST)", datetime(2026, 1, 5, 7, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 CEST", datetime(2026, 1, 5, 7, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 NOWHERE", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026", datetime(2026, 1, 5, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 24:00:00 GMT", datetime(2026, 1, 6, tzinfo=UTC)),
        ("Sat, 31 Dec 2016 23:59:60 GMT", datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)),
        ("Mon Jan  5 09:30:00 2026", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("January 5, 2026", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026-01-05T09:30:00Z", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05T09:30:00.25-03:30", datetime(2026, 1, 5, 13, 0, 0, 250_000, tzinfo=UTC)),
        ("2026-01-05T09:30+0100", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("2026-01-05 09:30:00 EST", datetime(2026, 1, 5, 14, 30, tzinfo=UTC)),
        ("2026-01-05T09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05", datetime(2026, 1, 5, tzinfo=UTC)),
        ("2026/1/5 09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05T09:30:7+01:00", datetime(2026, 1, 5, 8, 30, 7, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 +3000", None),
        ("2026-01", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026", datetime(2026, 1, 1, tzinfo=UTC)),
        ("2026/01/05 09:30:00", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("2026-01-05T24:00:00Z", datetime(2026, 1, 6, tzinfo=UTC)),
        ("2026-01-05T23:59:60Z", datetime(2026, 1, 5, 23, 59, 59, tzinfo=UTC)),
        ("20260105T093000Z", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("05.01.2026 09:30", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 GMT", datetime(2026, 1, 5, 9, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00 -0330", datetime(2026, 1, 5, 13, 0, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:00+0100", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 9:30:00 +01:00", datetime(2026, 1, 5, 8, 30, tzinfo=UTC)),
        ("Mon, 05 Jan 2026 09:30:61 +0100", None),
        ("Mon, 05 Jan 2026 09:30:00 +2500", None),
        ("Mon, 05 Jan 0001 00:00:00 +0000", None),
        ("05/01/2026 09:30", None),
        ("  2041-01-05T09:30:00Z ", datetime(2041, 1, 5, 9, 30, tzinfo=UTC)),
        ("0001-01-01T00:00:00Z", None),
        ("Thu, 01 Jan 1970 00:00:00 GMT", None),
        ("9999-12-31T23:59:59-12:00", None),
        ("Mon, 31 Feb 2026 09:30:00 GMT", None),
        ("Mon, 05 Foo 2026 09:30:00 GMT", None),
        ("Mon, 05 Jan 2026 25:30:00 GMT", None),
        ("2026-01-05T09:30:00+99:99", None),
        ("yesterday", None),
        ("", None),
        (None, None),
    ],
)
def test_date(text: str | None, expected: datetime | None) -> None:
    """Each form is read as what it says; what says nothing is None."""
    assert parse_date(text) == expected


@pytest.mark.parametrize(
    ("text", "month"),
    [
        ("Donnerstag, 5. März 2026 um 09:30", 3),
        ("Do, 05 Mär 2026 09:30:00 +0000", 3),
        ("Mo, 05 Mrz 2026 09:30 GMT", 3),
        ("5. Jänner 2026, 09:30", 1),
        ("jeudi 5 février 2026 à 09:30", 2),
        ("jeu., 05 févr. 2026 09:30:00 +0000", 2),
        ("05 aout 2026 09:30", 8),
        ("lunes, 5 de enero de 2026 09:30:00", 1),
        ("segunda-feira, 5 de dezembro de 2026 às 09:30", 12),
        ("Seg, 05 Mar 2026 06:30:00 -0300", 3),
        ("giovedì 5 dicembre 2026 alle 09:30", 12),
        ("lun, 05 mag 2026 09:30:00 +0000", 5),
        ("ma, 05 mei 2026 09:30:00 +0000", 5),
        ("donderdag 5 maart 2026 - 09:30", 3),
        ("poniedziałek, 5 października 2026 09:30", 10),
        ("pon, 05 sty 2026 09:30:00 +0000", 1),
        ("5 января 2026 г. в 09:30", 1),
        ("Пн, 05 май 2026 09:30:00 +0000", 5),
        ("mån, 05 maj 2026 09:30:00 +0000", 5),
        ("den 5 oktober 2026 kl. 09:30", 10),
        ("ti, 05 des 2026 09:30:00 +0000", 12),
        ("5. marraskuuta 2026 klo 09:30", 11),
        ("5. září 2026 09:30", 9),
        ("Po, 05 Čvc 2026 09:30:00 +0000", 7),
        ("Pzt, 05 Ağu 2026 12:30:00 +0300", 8),
        ("5 Kasım 2026 09:30", 11),
    ],
)
def test_date_in_other_languages(text: str, month: int) -> None:
    """Blogs that print their dates in their own language are read, accents and full stops or not."""
    assert parse_date(text) == datetime(2026, month, 5, 9, 30, tzinfo=UTC)


def test_every_english_month_is_itself() -> None:
    """No other language's name of a month has taken an English one's place."""
    named = [parse_date(f"5 {datetime(2026, number, 1, tzinfo=UTC):%B} 2026") for number in range(1, 13)]
    short = [parse_date(f"5 {datetime(2026, number, 1, tzinfo=UTC):%b} 2026") for number in range(1, 13)]

    assert named == short == [datetime(2026, number, 5, tzinfo=UTC) for number in range(1, 13)]


@given(
    st.datetimes(datetime(1971, 1, 2), datetime(2100, 1, 1)),  # noqa: DTZ001 - a zone is added below
    st.integers(-14 * 60, 14 * 60),
)
def test_both_standards_say_the_same(moment: datetime, minutes: int) -> None:
    """An instant written by RFC 822 and by RFC 3339 is the same instant, and the one that was meant."""
    moment = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))

    assert parse_date(format_datetime(moment)) == parse_date(moment.isoformat()) == moment


@pytest.mark.parametrize(
    "text",
    [
        "1" * 80,
        "a" * 80,
        ("Mon, " * 20)[:80],
        ("5 " * 40),
        "Mon, 05 Jan 2026 " + " " * 63,
        "5 de " * 16,
        "1.1." * 20,
        "a-feira" * 11,
    ],
    ids=lambda text: text[:8],
)
def test_no_date_takes_long(text: str) -> None:
    """The longest text that is looked at is answered at once, however it is built."""
    began = time.process_time()
    for _ in range(1000):
        parse_date(text)

    assert time.process_time() - began < 2


@given(
    st.text(max_size=100)
    | st.from_regex(r"[A-Z][a-z]{2},? \d{1,2} [A-Z][a-z]{2} \d{2,4} \d+:\d+.*", fullmatch=True)
)
def test_any_text_is_answered(text: str) -> None:
    """No text raises; an answer is aware and in UTC."""
    found = parse_date(text)

    assert found is None or found.tzinfo is UTC

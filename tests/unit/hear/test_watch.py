"""
Is it ours? Hashtags, own handles, phrases; and the sieve for raw frames, which never says no wrongly.
"""

from __future__ import annotations

import itertools
import json
import random
import re
import unicodedata
from collections.abc import Callable

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.adapter import Terms
from listener.events import Post, WatchName
from listener.hear.watch import Watcher, WatchTerms
from listener.text import html_to_text
from tests.fakes.thorough import examples

CITY = WatchName("city")


def post(text: str, *, title: str | None = None, tags: tuple[str, ...] = ()) -> Post:
    return Post(native="1", kind="post", text=text, title=title, tags=tags)


def heard(watcher: Watcher, text: str) -> bool:
    return watcher.match(post(text)) != ()


def hearing(
    *, hashtags: tuple[str, ...] = (), phrases: tuple[str, ...] = (), own: tuple[str, ...] = ()
) -> Watcher:
    return Watcher([WatchTerms(CITY, hashtags, phrases, mentions=bool(own))], own)


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("yyc", "so #yyc", True),
        ("#YYC", "so #yyc", True),
        ("＃ｙｙｃ", "so #Yyc", True),
        ("yyc", "so ＃ｙｙｃ", True),
        ("yyc", "so #yycc", False),
        ("yyc", "foo#yyc", False),
        ("yyc", "https://x.example/a#yyc", False),
        ("yyc", "so yyc", False),
        ("yyc", "#yyc🔥", True),
        ("🔥", "so #🔥", True),
        ("café", "so #cafe\u0301", True),
        ("cafe", "so #café", False),
        ("istanbul", "#İSTANBUL", True),
        ("strasse", "#Straße", True),
        ("東京", "祭り #東京", True),
        ("כלגרי", "שלום #כלגרי", True),
        ("می\u200cخواهم", "#میخواهم", True),
        ("yyc", "#y\u200byc", True),
    ],
)
def test_hashtags(term: str, text: str, expected: bool) -> None:
    """A watch hears its hashtag in every spelling, and nothing that only contains it."""
    assert heard(hearing(hashtags=(term,)), text) is expected


@pytest.mark.parametrize(
    ("term", "text", "expected"),
    [
        ("city hall", "the City Hall is open", True),
        ("City  Hall", "city\n\thall", True),
        ("city hall", "city\u00a0hall", True),
        ("city hall", "City Hall's roof", True),
        ("city hall", "#city hall", True),
        ("city hall", "city halls", False),
        ("city hall", "capacity hall", False),
        ("city hall", "city, hall", False),
        ("city hall", "hall city", False),
        ("city hall", "city city hall", True),
        ("city's plan", "the city’s plan", True),
        ("AT&T", "at&t", True),
        ("AT&T", "at t", False),
        ("c++", "C++ night", True),
        ("c++", "c+ night", False),
        ("🔥 season", "🔥season", True),
        ("市役所", "新しい市役所です", True),
        ("市役所", "市 役 所", True),
        ("市役所", "市役", False),
        ("東京 marathon", "東京marathonの", True),
        ("เทศบาล", "ที่เทศบาลนคร", True),
        ("시청", "서울시청에서", True),
        ("नगर निगम", "नगर निगम ने", True),
        ("नगर", "नगरी", False),
        ("Київ", "у КИЇВ!", True),
        ("Київ", "у КИІ\u0308В!", True),
        ("Київ", "у КИІВ!", False),
    ],
)
def test_phrases(term: str, text: str, expected: bool) -> None:
    """A watch hears whole words in order, whatever the white space, and anywhere in scripts without spaces."""
    assert heard(hearing(phrases=(term,)), text) is expected


@pytest.mark.parametrize(
    ("own", "text", "expected"),
    [
        ("city", "dear @city", True),
        ("@City", ".@CITY why", True),
        ("city", "＠ｃｉｔｙ", True),
        ("city", "@city's plan", True),
        ("city", "詳細は@cityさん", True),
        ("city", "@citycouncil", False),
        ("city", "@city@elsewhere.example", False),
        ("city", "me@city", False),
        ("city", "the city", False),
        ("city", "https://social.example/@city", False),
        ("city@gov.example", "@city@gov.example hi", True),
        ("@city@gov.example", "@City@GOV.example hi", True),
        ("city@gov.example", "@city hi", True),
        ("city@gov.example", "@city@elsewhere.example", False),
        ("city.bsky.social", "@city.bsky.social.", True),
        ("city.bsky.social", "@city", False),
    ],
)
def test_mentions(own: str, text: str, expected: bool) -> None:
    """A mention names one of our own handles, in any form the networks show it in, and nobody else's."""
    assert heard(hearing(own=(own,)), text) is expected


def test_every_watch_that_asks_is_named_once_and_in_order() -> None:
    """Text, title and stated tags count alike; names come sorted, each once."""
    watcher = Watcher(
        [
            WatchTerms(WatchName("d"), phrases=("river",)),
            WatchTerms(WatchName("c"), hashtags=("#yyc",), phrases=("city hall", "city hall roof")),
            WatchTerms(WatchName("b"), mentions=True),
            WatchTerms(WatchName("a"), hashtags=("YYC", "yycplan")),
            WatchTerms(WatchName("nothing")),
        ],
        ["@city"],
    )

    found = [
        watcher.match(post("#yyc and #YYC, says @city of city hall roof")),
        watcher.match(post("", title="River")),
        watcher.match(post("", tags=("#YycPlan", "News"))),
        watcher.match(post("city", title="hall")),
        watcher.match(post("")),
    ]

    assert found == [("a", "b", "c"), ("d",), ("a",), (), ()]


def test_own_handles_are_not_heard_where_no_watch_asks_for_mentions() -> None:
    """Being named is no reason to collect unless a watch says so."""
    watcher = Watcher([WatchTerms(CITY, hashtags=("yyc",))], ["@city"])

    assert watcher.match(post("@city")) == ()
    assert watcher.interest.terms == Terms(hashtags=frozenset({"yyc"}))
    assert not watcher.interest.maybe(b'{"text":"@city"}')


@pytest.mark.parametrize("terms", [((), ()), (("", " ", "#"), ("", " \n", "\u200b"))])
def test_a_watch_without_terms_hears_nothing(terms: tuple[tuple[str, ...], tuple[str, ...]]) -> None:
    """Empty terms are no terms: they match no post and let no frame pass."""
    watcher = Watcher([WatchTerms(CITY, *terms)], [])

    assert watcher.match(post("#yyc # anything", tags=("", "#"))) == ()
    assert watcher.interest.terms == Terms()
    assert not watcher.interest.maybe('{"text":"é # <b>x</b>"}'.encode())


def test_interest_tells_adapters_the_terms_folded() -> None:
    """What an adapter puts into a query is folded, without signs, and holds both forms of a handle."""
    interest = hearing(
        hashtags=("#YYC", "＃ｙｙｃ"), phrases=("City  Hall",), own=("@City@Gov.example",)
    ).interest

    assert interest.terms == Terms(
        hashtags=frozenset({"yyc"}),
        handles=frozenset({"city", "city@gov.example"}),
        phrases=frozenset({"city hall"}),
    )


FRAMES, SIEVED = (
    hearing(
        hashtags=("yyc", "café", "東京"), phrases=("city hall", "AT&T", "kelvin"), own=("city@gov.example",)
    ).interest
    for _ in range(2)
)
SIEVED.prepare()


def passes_both(watcher: Watcher, frame: bytes) -> bool:
    """Before the sieve is drawn up, and once it is."""
    before = watcher.interest.maybe(frame)
    watcher.interest.prepare()
    return before and watcher.interest.maybe(frame)


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (rb'{"text":"hello world"}', False),
        (rb'{"text":"so #yyc"}', True),
        (rb'{"text":"so #YYC"}', True),
        (rb'{"text":"so #yycc"}', False),
        (rb'{"tags":["yyc"]}', True),
        (rb'{"text":"hi\nyyc"}', True),
        (rb'{"text":"hi\tyyc"}', True),
        (rb'{"text":"\"yyc\""}', True),
        (rb'{"text":"a\/yyc"}', True),
        (rb'{"text":"C:\\nyyc"}', False),
        (rb'{"text":"C:\\yyc"}', True),
        (rb'{"text":"y\byc"}', True),
        (rb'{"text":"y\u0079c"}', True),
        (rb'{"text":"\uFF59\uff59\uFf43"}', True),
        (rb'{"text":"caf\u00e9"}', True),
        (rb'{"text":"cafe\u0301"}', True),
        (rb'{"text":"CAF\u00C9"}', True),
        (rb'{"text":"cafe"}', False),
        ('{"text":"東京"}'.encode(), True),
        (rb'{"text":"\u6771\u4eac"}', True),
        (rb'{"text":"\u6771"}', False),
        (rb'{"text":"\u212Aelvin"}', True),
        (rb'{"html":"<p>#<span>yyc<\/span><\/p>"}', True),
        (rb'{"html":"\u003cp\u003e#\u003cspan\u003eyyc\u003c/span\u003e"}', True),
        (rb'{"html":"y<b>y</b>c"}', True),
        (rb'{"html":"y&#121;c"}', True),
        (rb'{"html":"&lt;p&gt;y&lt;b&gt;yc"}', True),
        (rb'{"text":"yy<c"}', False),
        (rb'{"name":"<!--","text":"yyc"}', True),
        (rb'{"payload":"{\"text\":\"hi\\nyyc\"}"}', True),
        (rb'{"payload":"{\"text\":\"y\\u0079c\"}"}', True),
        (rb'{"payload":"{\"text\":\"nobody\\u0020here\"}"}', False),
        (rb'{"text":"hall","cw":"city"}', True),
        (rb'{"text":"hall"}', False),
        (rb'{"text":"AT&T"}', True),
        (rb'{"text":"@city"}', True),
        (rb'{"text":"city"}', False),
        ('{"text":"é ＠city"}'.encode(), True),
        (rb'{"text":"\ud83d alone"}', True),
        (rb"not JSON \u0000", True),
        (b"[" * 900 + rb'"y\u0079c"' + b"]" * 900, True),
        (b"", False),
    ],
)
def test_raw_frames(frame: bytes, expected: bool) -> None:
    """Escapes, markup, entities, widths and JSON in JSON are seen through; a plain frame without a term is sieved out, with and without
    the sieve."""
    assert (FRAMES.maybe(frame), SIEVED.maybe(frame)) == (expected, expected)


def test_a_term_of_signs_lets_everything_pass() -> None:
    """Where words cannot decide, the sieve says yes and leaves the word to the core."""
    watcher = hearing(phrases=("!!!",))

    assert watcher.interest.maybe(b'{"text":"hm"}')
    assert [heard(watcher, "hm!"), heard(watcher, "hm!!!")] == [False, True]


def test_many_terms_on_one_word_cost_one_word() -> None:
    """Past a crowd, a shared word alone lets a frame pass; below it, the whole phrase must occur."""
    few, crowd = (
        hearing(
            phrases=tuple(map(" ".join, itertools.combinations(map("w{}".format, range(count)), 3)))
        ).interest
        for count in (12, 40)
    )

    assert [few.maybe(b'{"t":"w1 w2"}'), few.maybe(b'{"t":"w3 w1 w2"}')] == [False, True]
    assert [
        crowd.maybe(b'{"t":"hm"}'),
        any(crowd.maybe(f'{{"t":"w{number}"}}'.encode()) for number in range(40)),
    ] == [
        False,
        True,
    ]


# ------------------------------------------------------------------------------------ never no where match says yes

WORDS = [
    "yyc",
    "city",
    "hall",
    "café",
    "straße",
    "İstanbul",
    "ısparta",
    "東京",
    "市役所",
    "ไทย",
    "한국",
    "Київ",
    "ΕΛΛΆΣ",
    "हिन्दी",
    "كالغاري",
    "می\u200cخواهم",
    "🔥",
    "👩\u200d🚒",
    "C++",
    "AT&T",
    "city's",
    "col·legi",
    "K",
    "a_b",
    "<b>",
    "x\\n",
]

term = st.lists(st.sampled_from(WORDS) | st.text(min_size=1, max_size=4), min_size=1, max_size=3).map(
    " ".join
)
seeds = st.integers(0, 2**32 - 1).map(random.Random)


def in_other_letters(text: str, dice: random.Random) -> str:
    """
    The same words in another case, width or composition.
    """
    spellings: list[Callable[[str], str]] = [str, str.upper, str.title, str.swapcase]
    text = dice.choice(spellings)(text)
    if dice.random() < 0.3:
        text = "".join(
            chr(ord(char) + 0xFEE0) if "!" <= char <= "~" and dice.random() < 0.5 else char for char in text
        )
    return unicodedata.normalize(dice.choice(["NFC", "NFD"]), text)


def in_markup(text: str, dice: random.Random) -> str:
    """
    The same words in HTML, tags and entities inside them.
    """
    out = []
    for char in text:
        if char in "<&" or dice.random() < 0.2:
            char = dice.choice([f"&#{ord(char)};", f"&#x{ord(char):x};"]) if char != "\r" else char
        out.append(char + dice.choice(["", "", "", "<b>", "</b>", "<span class='x'>", "<!-- > -->"]))
    return f"<p>{''.join(out)}</p><p>next</p>"


def in_json(document: object, dice: random.Random) -> bytes:
    """
    The document as one of the many frames that say the same.
    """
    ascii_only = dice.random() < 0.5
    frame = json.dumps(document, ensure_ascii=ascii_only)
    if dice.random() < 0.5:
        frame = re.sub(r"\\u[0-9a-f]{4}", lambda found: "\\u" + found[0][2:].upper(), frame)
    if dice.random() < 0.3:
        frame = frame.replace("/", "\\/").replace("<", "\\u003c").replace("&", "\\u0026")
    return frame.encode("utf-8", "replace")


@given(
    st.lists(term, min_size=1, max_size=4),
    st.sampled_from(["hashtags", "phrases", "own"]),
    st.text(max_size=8),
    seeds,
)
@settings(max_examples=examples(600), deadline=None)
def test_the_sieve_never_says_no_wrongly(
    terms: list[str], kind: str, around: str, dice: random.Random
) -> None:
    """Whatever spelling, markup or escape hides a term: where the decoded post matches, the raw frame passes."""
    given_terms = tuple(one.replace(" ", "") if kind == "own" else one for one in terms)
    watcher = Watcher(
        [
            WatchTerms(
                CITY,
                hashtags=given_terms if kind == "hashtags" else (),
                phrases=given_terms if kind == "phrases" else (),
                mentions=kind == "own",
            )
        ],
        given_terms,
    )
    sign = {"hashtags": "#", "phrases": "", "own": "@"}[kind]
    said = in_other_letters(
        f"{around} {sign}{dice.choice(given_terms)}{dice.choice(['', ' ', '.', 'さん'])} {around}", dice
    )
    markup = dice.random() < 0.5
    wire = in_markup(said, dice) if markup else said
    document: object = {
        "id": "1",
        "cw": "x",
        "content": wire,
        "tags": [in_other_letters(dice.choice(given_terms), dice)],
    }
    frame = in_json({"payload": json.dumps(document)} if dice.random() < 0.2 else document, dice)

    shown = html_to_text(wire) if markup else wire
    tags: tuple[str, ...] = tuple(document["tags"]) if dice.random() < 0.3 else ()  # type: ignore[index]  # a dict, built above
    if watcher.match(post(shown, tags=tags)):
        assert passes_both(watcher, frame)


@given(st.sampled_from(["yyc", "café", "東京", "हिन्दी", "Київ", "straße"]), seeds)
@settings(max_examples=examples(200), deadline=None)
def test_a_hidden_hashtag_is_heard(tag: str, dice: random.Random) -> None:
    """The property above is not empty: a hashtag in any spelling and markup is matched, and its frame passes."""
    watcher = hearing(hashtags=(tag,))
    wire = in_markup(in_other_letters(f"so #{tag} it is", dice), dice)

    assert watcher.match(post(html_to_text(wire))) == (CITY,)
    assert passes_both(watcher, in_json({"content": wire}, dice))


@given(st.text(max_size=40), st.lists(term, max_size=3), st.binary(max_size=60))
@settings(max_examples=examples(200), deadline=None)
def test_no_input_raises(text: str, terms: list[str], frame: bytes) -> None:
    """Whatever a stranger writes, matching and sieving give an answer."""
    watcher = hearing(hashtags=tuple(terms), phrases=tuple(terms), own=tuple(terms))

    assert isinstance(watcher.match(post(text, title=text, tags=(text,))), tuple)
    assert isinstance(passes_both(watcher, frame), bool)
    assert isinstance(watcher.interest.maybe(orjson.dumps(text.encode("utf-8", "ignore").decode())), bool)

"""
Facets: what they add to a text, whom they hide, and that nothing they say about bytes is believed.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import Raw

from adapters.bluesky.facets import SOMEBODY, Told, told
from listener.gate.redact import folded_handles, mask
from tests.adapters.bluesky.frames import CITY, JO, KIM

OWN = frozenset({CITY})


def facet(start: Any, end: Any, **feature: Any) -> dict[str, Any]:
    kind = next(iter(feature))
    name = {"did": "mention", "tag": "tag", "uri": "link"}[kind]
    return {
        "index": {"byteStart": start, "byteEnd": end},
        "features": [{"$type": f"app.bsky.richtext.facet#{name}", **feature}],
    }


def on(text: str, shown: str, **feature: Any) -> dict[str, Any]:
    """A facet over these words, counted in bytes as the protocol wants it."""
    start = len(text.partition(shown)[0].encode())
    return facet(start, start + len(shown.encode()), **feature)


def read(text: str, *facets: Any) -> Told:
    return told(text, Raw(json.dumps(facets).encode()), own=OWN)


def masked(text: str) -> str:
    return mask(text, author=None, own_handles=folded_handles(["city.example"]), country="CA").text


def test_offsets_count_bytes() -> None:
    """Behind two umlauts and an emoji a mention still covers its own words."""
    text = "Grüße 🌉 an Jane Doe, schön"

    assert read(text, on(text, "Jane Doe", did=JO)) == Told(
        f"Grüße 🌉 an {SOMEBODY}, schön", (), frozenset({JO})
    )


def test_a_mention_that_shows_no_handle_is_masked_all_the_same() -> None:
    """A display name in the place of a handle passes no gate."""
    text = "Thanks @Jane Doe and Kim for the bridge"
    found = read(text, on(text, "@Jane Doe", did=JO), on(text, "Kim", did=KIM))

    assert masked(found.text) == "Thanks ‹@› and ‹@› for the bridge"


def test_a_handle_is_left_for_the_gate() -> None:
    """What the grammar finds by itself stays as it stands, and so do our own."""
    text = "@jo-fenn.example asks @city.example"
    found = read(text, on(text, "@jo-fenn.example", did=JO), on(text, "@city.example", did=CITY))

    assert found == Told(text, (), frozenset({JO, CITY}))
    assert masked(found.text) == "‹@› asks @city.example"


def test_our_own_account_is_known_by_did_whatever_the_text_calls_it() -> None:
    """The name of our account may be anything in the text; it stays, and we are mentioned."""
    text = "Well done, City Hall!"

    assert read(text, on(text, "City Hall", did=CITY)) == Told(text, (), frozenset({CITY}))


@pytest.mark.parametrize("beside", ["xJane Doey", "äJane Doeä"])
def test_the_placeholder_stands_free(beside: str) -> None:
    """Letters beside a mention neither join it nor are masked with it."""
    found = read(beside, on(beside, "Jane Doe", did=JO))

    assert masked(found.text) == f"{beside[0]} ‹@› {beside[-1]}"


def test_a_range_inside_a_letter_takes_the_whole_letter() -> None:
    """Cut in the middle of a character, a mention is widened and the text stays text."""
    assert read("ééé", facet(1, 3, did=JO)).text == f"{SOMEBODY} é"


@pytest.mark.parametrize(
    ("start", "end"), [(-1, 3), (3, 3), (5, 2), (0, 10**30), (90, 99), ("0", 3), (None, None), (0.5, 2)]
)
def test_a_range_that_is_none_changes_nothing(start: Any, end: Any) -> None:
    """Outside the text, backwards or no number: the words stay, the mention is heard."""
    assert read("Jane Doe", facet(start, end, did=CITY)) == Told("Jane Doe", (), frozenset({CITY}))


def test_overlapping_mentions_hide_all_they_cover() -> None:
    """Two ranges that overlap leave nothing of either readable, and a link gives way to a person."""
    text = "Jane Marie Doe"
    twice = read(text, on(text, "Jane Marie", did=JO), on(text, "Marie Doe", did=KIM))
    linked = read(text, on(text, text, uri="https://x.example/"), on(text, "Marie", did=KIM))

    assert twice.text == SOMEBODY
    assert linked.text == f"Jane {SOMEBODY} Doe"


def test_tags_come_without_their_sign() -> None:
    """A tag is what the facet states, whatever the text shows there."""
    text = "やっつけた。　＃ポケモンSV"

    assert read(text, on(text, "＃ポケモンSV", tag="ポケモンSV"), facet(0, 3, tag="#yyc")).tags == (
        "ポケモンSV",
        "yyc",
    )


@pytest.mark.parametrize(
    ("text", "shown", "uri", "expected"),
    [
        ("See city.example/pla... now", "city.example/pla...", "https://city.example/plan/2026", "See https://city.example/plan/2026 now"),
        ("See www.city.example/p… now", "www.city.example/p…", "https://www.city.example/plan", "See https://www.city.example/plan now"),
        ("See the plan now", "the plan", "https://city.example/plan", "See the plan <https://city.example/plan> now"),
        ("See city.example/plan now", "city.example/plan", "https://city.example/plan", "See city.example/plan now"),
        ("See this", "this", "javascript:alert(1)", "See this"),
        ("See this", "this", "https://a.example/ b", "See this"),
        ("See ...", "...", "https://a.example/b", "See ... <https://a.example/b>"),
    ],
)  # fmt: skip
def test_links_are_spelt_out(text: str, shown: str, uri: str, expected: str) -> None:
    """A shortened address gives way to the whole one; words get it behind them; what is no address is left out."""
    assert read(text, on(text, shown, uri=uri)).text == expected


@pytest.mark.parametrize(
    "facets", [None, "x", 5, {}, [None, 1, "x", []], [{"features": None}], [{"features": [1]}]]
)
def test_nonsense_is_no_facet(facets: Any) -> None:
    """Facets of any other shape say nothing, and cost the text nothing."""
    assert told("Jane", Raw(json.dumps(facets).encode()), own=OWN) == Told("Jane", (), frozenset())


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FACET = st.fixed_dictionaries(
    {
        "index": st.fixed_dictionaries({"byteStart": st.integers(-3, 60) | JSON, "byteEnd": st.integers(-3, 60) | JSON}) | JSON,
        "features": st.lists(
            st.fixed_dictionaries(
                {
                    "$type": st.sampled_from([f"app.bsky.richtext.facet#{kind}" for kind in ("mention", "tag", "link")]),
                    "did": st.sampled_from([JO, CITY]) | JSON,
                    "tag": st.text(max_size=5) | JSON,
                    "uri": st.just("https://a.example/b") | JSON,
                }
            )
            | JSON,
            max_size=3,
        )
        | JSON,
    }
)  # fmt: skip


@given(st.text(max_size=30), st.lists(FACET | JSON, max_size=5))
def test_facets_never_raise(text: str, facets: list[Any]) -> None:
    """Whatever facets say of whatever text, a text comes back that UTF-8 can hold as well as the first."""
    found = told(text, Raw(json.dumps(facets).encode()), own=OWN)

    assert found.text.encode(errors="surrogatepass").decode(errors="surrogatepass") == found.text


@given(st.text(alphabet="aé漢🌉 ", max_size=12), st.text(alphabet="aé漢🌉 ", max_size=12))
def test_no_letter_of_a_mention_survives(before: str, after: str) -> None:
    """Wherever a mention stands, its words are gone and everything else is there."""
    start = len(before.encode())
    found = told(
        f"{before}Quill{after}", Raw(json.dumps([facet(start, start + 5, did=JO)]).encode()), own=OWN
    )

    assert "Quill" not in found.text
    assert found.text.replace(SOMEBODY, "").replace(" ", "") == f"{before}{after}".replace(" ", "")

"""
The first sieve of a firehose: whatever a term's letters may be written as, its frame passes, and ordinary frames do not.
"""

from __future__ import annotations

import itertools
import json
import random
import sys
import unicodedata
from collections.abc import Callable, Iterator

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.events import Post, WatchName
from listener.hear import sieve
from listener.hear.sieve import RawSieve
from listener.hear.watch import Watcher, WatchTerms
from listener.text import clean, fold, words
from listener.text.spellings import spellings
from tests.benchmarks.firehose import Firehose, terms
from tests.fakes.former_interest import FormerInterest
from tests.fakes.thorough import examples, sample

PLAIN = " \n\t.,'#@/\"ab1_cdeikſsS"
LETTERS = PLAIN + "éßﬁİıçñœЙйïΐςΣάاﷲبمی市役東京がカｶﾞ각각한ᅡไทยหนगरनि्क़०" + "ＡａＹ＃＠１…ª™½²𝐚㍿Å≮"
ALPHABET = (
    LETTERS
    + "\u0301\u0307\u0308\u0323\u0338\u0345\u0344\u3099\u200b\u200c\u200d\ufe0f\u00ad\u2060\ufeff❤🔥👩🏴\U000e0067\u0e38\u0e48\u2028\u00a0\u3000\x85\x7f\x9f"
)


def go_json(document: object) -> bytes:
    """
    As Go's encoder writes it: UTF-8 as it is, three signs and two line breaks escaped.
    """
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text.encode()


ENCODERS: dict[str, Callable[[object], bytes]] = {
    "go": go_json,
    "raw": lambda document: json.dumps(document, ensure_ascii=False).encode(),
    "escaped": lambda document: json.dumps(document).encode(),
    "slashes": lambda document: json.dumps(document, ensure_ascii=False).replace("/", "\\/").encode(),
}


def watcher_of(*, phrases: tuple[str, ...] = (), hashtags: tuple[str, ...] = ()) -> Watcher:
    watcher = Watcher([WatchTerms(WatchName("w"), hashtags, phrases)], [])
    watcher.interest.prepare()
    return watcher


def matches(watcher: Watcher, text: str) -> bool:
    return watcher.match(Post(native="1", kind="post", text=text)) != ()


def assert_heard(watcher: Watcher, text: str) -> None:
    for name, encode in ENCODERS.items():
        frame = encode({"t": 1, "record": {"text": text, "langs": ["en"]}})
        assert watcher.interest.maybe(frame), (name, frame)


@given(st.text(ALPHABET, min_size=1, max_size=12), st.data())
@settings(max_examples=examples(300), deadline=None)
def test_a_phrase_taken_from_a_text_is_heard_in_it(text: str, data: st.DataObject) -> None:
    """Some words of a text, as they are read, made a phrase: the frame of that text passes, however it is encoded."""
    read = words(fold(clean(text)))
    start = data.draw(st.integers(0, max(0, len(read) - 1)))
    phrase = " ".join(read[start : start + data.draw(st.integers(1, 3))])
    watcher = watcher_of(phrases=(phrase,))
    if matches(watcher, text):
        assert_heard(watcher, text)


@given(st.text(ALPHABET, max_size=6), st.text(LETTERS, min_size=1, max_size=6), st.text(ALPHABET, max_size=6))
@settings(max_examples=examples(300), deadline=None)
def test_a_hashtag_taken_from_a_text_is_heard_in_it(before: str, tag: str, after: str) -> None:
    """The same of hashtags, whatever stands around them, and in the other compositions and cases."""
    watcher = watcher_of(hashtags=(tag,))
    for form in ("NFC", "NFD", "NFKD"):
        for said in (tag, tag.upper(), tag.title()):
            text = unicodedata.normalize(form, f"{before} #{said}{after}")
            if matches(watcher, text):
                assert_heard(watcher, text)


def changing() -> Iterator[str]:
    for code in range(0x80, sys.maxunicode + 1):
        char = chr(code)
        if not 0xD800 <= code <= 0xDFFF and (
            fold(clean(char)) != char or unicodedata.normalize("NFD", char) != char
        ):
            yield char


def own_letters() -> Iterator[str]:
    """Five letters, 161,051 times never the same; none that composes with another."""
    return map("".join, itertools.product("bdfgkpqvwxz", repeat=5))


def test_every_character_that_is_read_as_another_is_seen_through() -> None:
    """Each code point of Unicode that folds, decomposes or vanishes, within a word and at its ends, is heard as what it is read."""
    chars = [char for char in changing() if not "\uac00" <= char <= "\ud7a3"]
    chars += random.Random(1).sample([chr(code) for code in range(0xAC00, 0xD7A4)], 200)
    random.Random(2).shuffle(chars)  # so that what makes one doubtful does not hide its neighbours
    chars = list(sample(chars))
    forms = itertools.product(chars, ("z{1}{0}x{1}", "{0}z{1}", "z{1}{0}", "{0}{0}{0}"))
    # Letters of its own in each, or what is looked for of one would let another pass.
    said = [form.format(char, own) for (char, form), own in zip(forms, own_letters(), strict=False)]
    assert len(said) == 4 * len(chars)
    missed = []
    for start in range(0, len(said), 480):
        some = said[start : start + 480]
        watcher = watcher_of(phrases=tuple(some))
        for text in some:
            for form in ("NFC", "NFD"):
                wire = unicodedata.normalize(form, text)
                if matches(watcher, wire) and not watcher.interest.maybe(go_json([wire])):
                    missed.append(wire)

    assert missed == []


@pytest.mark.parametrize(("before", "after"), [("zq", "xj"), ("ки", "їв"), ("zü", "xj"), ("市役", "所前")])
def test_whatever_vanishes_within_a_word_is_seen_through(before: str, after: str) -> None:
    """
    Each code point of Unicode that is nothing between these letters. A watch of their own, without a term that one half is
    enough for: among others the frame would pass for their sake.
    """
    every = [chr(code) for code in sample(range(0x80, sys.maxunicode + 1)) if not 0xD800 <= code <= 0xDFFF]
    read = fold(clean("\t".join(f"{before}{char}{after}" for char in every))).split("\t")
    vanishing = [char for char, word in zip(every, read, strict=True) if word == before + after]
    watcher = watcher_of(phrases=(before + after,))

    assert len(vanishing) > 4000 * len(every) / (sys.maxunicode + 1 - 0x80 - 0x800)
    assert all(matches(watcher, f"so {before}{char}{after} ok") for char in vanishing)
    assert [
        char for char in vanishing if not watcher.interest.maybe(go_json([f"so {before}{char}{after} ok"]))
    ] == []


def test_what_is_taken_for_unchanging_is() -> None:
    """Outside the blocks that are looked through, and inside, the table says what `clean` and `fold` do, for all of Unicode."""
    wrong = [
        char
        for char in map(chr, sample(range(0x80, sys.maxunicode + 1)))
        if not "\ud800" <= char <= "\udfff"
        and (
            fold(clean(char)) != spellings().folded.get(char, char)
            or (fold(clean(f"a{char}a")) == "aa") > (char in spellings().vanishing)
            or (unicodedata.combining(char) != 0) > (char in spellings().joining)
        )
    ]

    assert wrong == []


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (b'{"text":"the capacity of halls"}', False),
        (b'{"cid":"bafyyycrei","did":"did:plc:cityyyc"}', False),
        (b'{"text":"hi\\nyyc"}', True),
        (b'{"text":"\\u003eyyc\\u003c"}', True),
        (b'{"text":"I \\u003c3 Q\\u0026A \\u0026 more -\\u003e"}', True),
        (b'{"text":"I \\u003c3 you \\u0026 more -\\u003e"}', False),
        (b'{"text":"y\\u003cb\\u003eyc"}', True),
        ('{"text":"❤️ love 👩\u200d🚒, “quotes” it’s…！"}'.encode(), False),
        ("{'text':'straße grün être Київ'}".encode(), True),
        ("{'text':'grün être КИЇВ'}".encode(), True),
        ("{'text':'grün être Киі\u0308в'}".encode(), True),
        ("{'text':'grün être Кия'}".encode(), False),
        ("{'text':'新しい市 役\u3000所'}".encode(), True),
        ("{'text':'新しい市場'}".encode(), False),
        ("{'text':'CAFÉ'}".encode(), True),
        ("{'text':'decafé'}".encode(), False),
        ("{'text':'ｙｙｃ'}".encode(), True),
        ("{'text':'＃ポケモン'}".encode(), False),
        (b"\xff not UTF-8", False),
    ],
)
def test_what_one_pass_over_the_bytes_tells(frame: bytes, expected: bool) -> None:
    """Ordinary frames are stopped without being decoded; what might hide a term is left to the careful reading."""
    sieve = RawSieve(
        [["yyc"], ["city", "hall"], ["market", "straße"], ["київ"], ["市", "役", "所"], ["café"]]
    )

    assert sieve.passes(frame) is expected


def test_more_terms_than_one_expression_holds(monkeypatch: pytest.MonkeyPatch) -> None:
    """Terms beyond what fits one expression are heard as the first are."""
    monkeypatch.setattr(sieve, "_AT_ONCE", 3)
    terms = ["yyc", "yyctransit", "café", "caf", "市役所", "київ", "zebra"]
    made = RawSieve(map(words, terms))

    assert [made.passes(term.encode()) for term in terms] == [True] * len(terms)
    assert not made.passes("cab київ市役zeb".replace("київ", "киї").encode())


@pytest.mark.parametrize("term", ["y" * 2000, "é" * 2000, "市" * 2000, "🔥" * 2000])
def test_a_term_of_any_length(term: str) -> None:
    """The longest term is heard, and takes nothing down."""
    watcher = watcher_of(phrases=(term, "other"))

    assert_heard(watcher, f"so {term} ok")


def text_of(frame: bytes) -> str:
    """What a post says; nothing where there is none."""
    commit = orjson.loads(frame).get("commit") or {}
    return str((commit.get("record") or {}).get("text", ""))


@pytest.mark.parametrize("count", [2, 10, 300, 2500])
def test_a_firehose_is_sieved_as_it_was_read_before(count: int) -> None:
    """
    Of frames of many languages, all that match pass, and of the others no more than passed when each was read. Where there
    are too many terms, those of ASCII alone, as well.
    """
    said = terms(count)
    watcher = watcher_of(hashtags=said, phrases=said[::7])
    former = FormerInterest(watcher.interest.terms)
    firehose = Firehose(said, 0.1)
    frames = [firehose.frame() for _ in range(4000)]

    matching = [frame for frame in frames if matches(watcher, text_of(frame))]
    assert len(matching) >= 400
    assert all(map(former.maybe, matching))
    assert [frame for frame in matching if not watcher.interest.maybe(frame)] == []
    assert [frame for frame in frames if watcher.interest.maybe(frame) > former.maybe(frame)] == []


@pytest.mark.parametrize(("limit", "expected"), [("_MOST_WORDS", (True, False)), ("_MOST", (False, True))])
def test_too_many_terms_are_left_to_the_next_reading(
    monkeypatch: pytest.MonkeyPatch, limit: str, expected: tuple[bool, bool]
) -> None:
    """Each limit opens the sieve for its kind of frames, and what is asked in the end does not change."""
    monkeypatch.setattr(sieve, limit, 1)
    many = RawSieve(map(words, ("yyc", "city", "café")))
    watcher = watcher_of(phrases=("yyc", "city", "café"))

    assert (many.passes(b"nothing"), many.passes("être".encode())) == expected
    assert not watcher.interest.maybe(b'{"t":"nothing"}')
    assert not watcher.interest.maybe('{"t":"être"}'.encode())
    assert_heard(watcher, "so CAFE\u0301")

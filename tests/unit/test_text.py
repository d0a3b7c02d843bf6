"""
Words as people write them: markup, characters, hashtags, handles, addresses.
"""

from __future__ import annotations

import time
import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from selectolax.lexbor import LexborHTMLParser

from listener.text import Span, clean, fold, handles, hashtags, html_to_text, urls, words

HASHTAGS: list[tuple[str, tuple[str, ...]]] = [
    # Latin, and what may stand around a tag
    ("#yyc", ("yyc",)),
    ("so #yyc it is", ("yyc",)),
    ("#YYC", ("yyc",)),
    ("#yycc", ("yycc",)),
    ("foo#yyc", ()),
    ("1#yyc", ()),
    ("_#yyc", ()),
    ("&#yyc", ()),
    ("/#yyc", ()),
    ("##yyc", ("yyc",)),
    ("(#yyc)", ("yyc",)),
    ('"#yyc"', ("yyc",)),
    ("#yyc, #yeg. #yvr!", ("yyc", "yeg", "yvr")),
    ("#yyc #YYC #Yyc", ("yyc",)),
    ("#b #a #b", ("b", "a")),
    ("#yyc's", ("yyc",)),
    ("#yyc-news", ("yyc",)),
    ("#yyc_news", ("yyc_news",)),
    ("#yyc#yeg", ("yyc",)),
    ("line\n#yyc\nline", ("yyc",)),
    ("# yyc", ()),
    ("#", ()),
    ("", ()),
    # numbers
    ("#1", ()),
    ("#2024", ()),
    ("#_", ()),
    ("#1_2", ()),
    ("#²", ()),
    ("#½", ()),
    ("#a1", ("a1",)),
    ("#2024yyc", ("2024yyc",)),
    ("#१२", ()),
    # signs
    ("＃yyc", ("yyc",)),
    ("＃ｙｙｃ", ("yyc",)),
    ("﹟yyc", ("yyc",)),
    ("a＃yyc", ()),
    # addresses
    ("https://x.example/a#yyc", ()),
    ("https://x.example/#yyc", ()),
    ("https://x.example/?q=#yyc", ()),
    ("www.x.example/a-#yyc", ()),
    ("x.example/a-#yyc", ()),
    ("https://x.example/a #yyc", ("yyc",)),
    # accents, composed or not
    ("#café", ("café",)),
    ("#cafe\u0301", ("café",)),
    ("#cafe", ("cafe",)),
    ("#Montréal", ("montréal",)),
    ("#STRASSE #straße", ("strasse",)),
    ("#İstanbul #istanbul", ("istanbul",)),
    ("#ISPARTA #ısparta", ("isparta",)),
    ("#Việt_Nam", ("việt_nam",)),
    ("#col·legi", ("col·legi",)),
    ("#legi·", ("legi",)),
    # other scripts
    ("#Ελλάς #ΕΛΛΆΣ", ("ελλάσ",)),
    ("#Київ", ("київ",)),
    ("#Հայաստան", ("հայաստան",)),
    ("#თბილისი", ("თბილისი",)),
    ("#العربية", ("العربية",)),
    ("مرحبا #كالغاري يا", ("كالغاري",)),
    ("#می\u200cخواهم", ("میخواهم",)),
    ("#עברית", ("עברית",)),
    ("#צה״ל", ("צה״ל",)),
    ("#हिन्दी", ("हिन्दी",)),
    ("#বাংলা", ("বাংলা",)),
    ("#தமிழ்", ("தமிழ்",)),
    ("#සිංහල", ("සිංහල",)),
    ("#ไทยแลนด์", ("ไทยแลนด์",)),
    ("#ລາວ", ("ລາວ",)),
    ("#မြန်မာ", ("မြန်မာ",)),
    ("#ភ្នំពេញ", ("ភ្នំពេញ",)),
    ("#አማርኛ", ("አማርኛ",)),
    ("#东京", ("东京",)),
    ("、#東京。", ("東京",)),
    ("東#京", ()),
    ("#スター・ウォーズ", ("スター・ウォーズ",)),
    ("#ｶﾙｶﾞﾘｰ", ("カルガリー",)),
    ("#서울", ("서울",)),
    ("#ᏣᎳᎩ", ("ᏣᎳᎩ",)),
    (
        "#\U0001110c\U0001110b\U00011134\U0001111f\U00011133\U00011126",
        ("\U0001110c\U0001110b\U00011134\U0001111f\U00011133\U00011126",),
    ),
    # emoji
    ("#yyc🔥", ("yyc",)),
    ("🔥#yyc", ("yyc",)),
    ("#🔥", ("🔥",)),
    ("#🔥yyc", ("🔥yyc",)),
    ("#❤️yyc", ("❤yyc",)),
    ("#👩‍🚒 x", ("👩🚒",)),
    ("#️⃣", ()),
    ("#️⃣yyc", ()),
]


@pytest.mark.parametrize(("text", "expected"), HASHTAGS)
def test_hashtags_of_a_text(text: str, expected: tuple[str, ...]) -> None:
    """Exactly the hashtags that the networks' own grammars would link, folded, in order, each once."""
    assert hashtags(text) == expected


def test_the_table_of_hashtags_is_as_wide_as_it_says() -> None:
    """At least sixty rows over at least twelve scripts keep the grammar honest."""
    letters = [char for text, _ in HASHTAGS for char in text if char.isalpha()]
    scripts = {unicodedata.name(char).split()[0] for char in letters}

    assert (len(HASHTAGS) >= 60, len(scripts) >= 12) == (True, True)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("@user", ["@user"]),
        ("hi @user, and @other!", ["@user", "@other"]),
        (".@user", ["@user"]),
        ("(@user)", ["@user"]),
        ("@user's", ["@user"]),
        ("RT @user: hi", ["@user"]),
        ("@a_b-c.d", ["@a_b-c.d"]),
        ("@user.", ["@user"]),
        ("@user@host.example", ["@user@host.example"]),
        ("@user@host.example.", ["@user@host.example"]),
        ("@name.bsky.social", ["@name.bsky.social"]),
        ("＠ｕｓｅｒ", ["＠ｕｓｅｒ"]),
        ("﹫user", ["﹫user"]),
        ("@josé_2", ["@josé_2"]),
        ("詳細は@userさん", ["@user"]),
        ("@市役所です", ["@市役所です"]),
        ("@서울", ["@서울"]),
        ("someone@mail.example", []),
        ("some.one+tag@mail.example", []),
        ("é@mail.example", []),
        ("@ user", []),
        ("@", []),
        ("5 @ 3", []),
        ("https://social.example/@user", []),
        ("social.example/@user", []),
        ("https://social.example/@user @other", ["@other"]),
    ],
)
def test_handles_of_a_text(text: str, expected: list[str]) -> None:
    """Every account named, with its host, and neither e-mail addresses nor parts of addresses."""
    assert [text[start:end] for start, end, _ in handles(text)] == expected


def test_a_handle_is_folded_and_bare() -> None:
    """A span gives the place in the text as it stands and the name as it is compared."""
    assert handles("go ＠ＣＩＴＹ＠Host.Example!") == (Span(3, 21, "city@host.example"),)


def test_a_span_prints_nobody() -> None:
    """A span that ends up in a log line shows where, never whom."""
    assert repr(handles("@alice")[0]) == "Span(0, 6)"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://a.example", ["https://a.example"]),
        ("see http://a.example/b.", ["http://a.example/b"]),
        ("(see https://a.example/b).", ["https://a.example/b"]),
        ("https://a.example/b_(c)", ["https://a.example/b_(c)"]),
        ("<https://a.example/b>", ["https://a.example/b"]),
        ('"https://a.example/?q=a&b=c#d"', ["https://a.example/?q=a&b=c#d"]),
        ("HTTPS://A.EXAMPLE/B", ["HTTPS://A.EXAMPLE/B"]),
        ("https://例え.example/パス、次", ["https://例え.example/パス"]),
        ("at://did:plc:abc/app.bsky.feed.post/1", ["at://did:plc:abc/app.bsky.feed.post/1"]),
        ("www.a.example, really", ["www.a.example"]),
        ("WWW.A.EXAMPLE", ["WWW.A.EXAMPLE"]),
        ("social.example/alice", ["social.example/alice"]),
        ("on t.example/alice!", ["t.example/alice"]),
        ("calgary.example", []),
        ("and/or", []),
        ("1.5/2.0", []),
        ("me@mail.example/x", []),
        ("xhttps://a.example", []),
        ("http://", []),
        ("a https://a.example\nhttps://b.example", ["https://a.example", "https://b.example"]),
    ],
)
def test_addresses_of_a_text(text: str, expected: list[str]) -> None:
    """Addresses with a scheme, with www., or bare with a path, without the punctuation of the sentence."""
    found = urls(text)

    assert [span.value for span in found] == expected
    assert [text[start:end] for start, end, _ in found] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("City  Hall", ["City", "Hall"]),
        ("AT&T", ["AT", "&", "T"]),
        ("city-hall's", ["city", "-", "hall", "'", "s"]),
        ("हिन्दी में", ["हिन्दी", "में"]),
        ("東京 marathonです", ["東", "京", "marathon", "で", "す"]),
        ("ไทย", ["ไ", "ท", "ย"]),
        ("a🔥b", ["a", "🔥", "b"]),
        ("\U0001110c\U00011134\U0001111f x", ["\U0001110c\U00011134\U0001111f", "x"]),
        (" \n ", []),
    ],
)
def test_words_of_a_text(text: str, expected: list[str]) -> None:
    """Words whole, signs alone, and scripts without spaces one character at a time."""
    assert words(text) == expected


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("plain", "plain"),
        ("  two   words\n here ", "two words here"),
        ("<p>a</p><p>b</p>", "a\n\nb"),
        ("a<br>b<br/>c", "a\nb\nc"),
        ("a<br><br><br>b", "a\n\nb"),
        ("<div>a</div><div>b</div>", "a\nb"),
        ("<div><div><div>a</div></div></div>b", "a\nb"),
        ("<h1>Title</h1>text", "Title\n\ntext"),
        ("a<b>b</b>c <i> d </i>e", "abc d e"),
        ("<p>#<span>yyc</span></p><p>next</p>", "#yyc\n\nnext"),
        ("<ul><li>a</li><li>b</li></ul>c", "- a\n- b\n\nc"),
        ("<ul><li>a<li><p>b</p><p>c</p></ul>", "- a\n- b\nc"),
        ("x<ol><li>a<ul><li>b</ul><li></ol>y", "x\n\n- a\n- b\n\ny"),
        ("<table><tr><th>a<th>b<tr><td>1</td> <td>2</td></tr></table>", "a | b\n1 | 2"),
        ("<table><tr><td></td><td>b</td><td></td><td>d</td></tr></table>", "b | d"),
        ("<pre>\ndef f():\n    return 1\n</pre>x", "def f():\n    return 1\n\nx"),
        ("<pre>a <b>b</b> c</pre>", "a b c"),
        ("a<hr>b", "a\n\nb"),
        ("a<!-- <p>no</p> -->b", "ab"),
        ("a<!-->b<!--->c<!--d--!>e<?php x?>f</ g>h", "abcefh"),
        ("a<script>if (a < b) alert('</p>')</script>b", "ab"),
        ("a<STYLE>p{}</Style >b<noscript><p>n</p></noscript>c", "abc"),
        ("a<template><p>t<template>u</template></p></template>b", "ab"),
        ("a<svg><title>t</title><svg/><text>u</text></svg>b", "ab"),
        ("<html><head><title>t</title></head><body>b</body></html>", "b"),
        ("<video src=v><p>no video</p></video>a<select><option>o</select>", "a"),
        ("&lt;p&gt; &amp; &eacute;&nbsp;&#x1F600;&#128512; &unknown; &copy", "<p> & é 😀😀 &unknown; ©"),
        ("a &lt;b&gt; c", "a <b> c"),
        ("&amp;lt;", "&lt;"),
        ("1 < 2 <3 <", "1 < 2 <3 <"),
        ("<p title=\"a > b\" data-x='<br>'>t</p>", "t"),
        ("a<p", "a"),
        ('a<p title="b>c', "a"),
        ("a<script>b", "a"),
        ('<a href="https://e.example/x">plan</a>', "plan <https://e.example/x>"),
        ("<p>see <a href=https://e.example/x>plan</a>.</p>", "see plan <https://e.example/x>."),
        ('<a href="https://e.example/x/">e.example/x</a>', "e.example/x"),
        ('<a href="https://www.e.example">e.example</a>', "e.example"),
        (
            '<a href="https://e.example/abcd"><span>https://</span><span>e.example/ab</span><span>cd</span></a>',
            "https://e.example/abcd",
        ),
        ('<a href="https://e.example/?a=1&amp;b=2">q</a>', "q <https://e.example/?a=1&b=2>"),
        (
            '<a href="https://e.example/?a=1&copy=2&b&quot;&notit;&eacute">q</a>',
            "q <https://e.example/?a=1&copy=2&b%22&notit;é>",
        ),
        ('<a href="//e.example/x">q</a>', "q <https://e.example/x>"),
        ('<a href=" https://e.example/a b&gt;">q</a>', "q <https://e.example/a%20b%3E>"),
        ("<a title=\"href=no\" HREF='https://e.example/'>q</a>", "q <https://e.example/>"),
        ('<a href="mailto:someone@mail.example">write</a>', "write"),
        ('<a href="javascript:alert(1)">x</a><a href="/y">y</a>', "xy"),
        ('<a href="https://e.example/"></a>b', "b"),
        (
            '<a href="https://a.example/">a<a href="https://b.example/">b',
            "a <https://a.example/>b <https://b.example/>",
        ),
        ('<a href="https://m.example/tags/yyc">#<span>yyc</span></a>', "#yyc"),
        ('<ul><li><a href="https://m.example/tags/yyc">#<span>yyc</span></a></li></ul>', "- #yyc"),
        ('<table><tr><td>1<td><a href="https://m.example/@city">@city</a></table>', "1 | @city"),
        ('<a href="https://m.example/@city">@<span>city</span></a> hi', "@city hi"),
        ('<a href="https://e.example/"><h2>T</h2><p>p</p></a>q', "T\n\np <https://e.example/>\n\nq"),
        ('a<img src=x alt="🙂">b <img alt=":blob:"> <img src=y>', "a🙂b :blob:"),
        ('#yyc<img alt="A bridge &amp; river">x', "#yyc[A bridge & river]x"),
        ("e\u0301<b>\u202ex</b>", "éx"),
        ("a&#8203;b &#xD800; &#0; &#99999999999999999999;", "ab \ufffd \ufffd \ufffd"),
    ],
)
def test_html_as_a_reader_sees_it(html: str, expected: str) -> None:
    """Words, lines, lists, tables, addresses and images as documented."""
    assert html_to_text(html) == expected


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("/y", "x <https://e.example/y>"),
        ("y/../z", "x <https://e.example/a/z>"),
        ("?b=1", "x <https://e.example/a/?b=1>"),
        ("//f.example/", "x <https://f.example/>"),
        ("https://f.example/", "x <https://f.example/>"),
        ("#note", "x"),
        ("", "x"),
        ("mailto:someone@mail.example", "x"),
        ("javascript:alert(1)", "x"),
        ("//[", "x <https://[>"),
    ],
)
def test_relative_links_lead_somewhere(address: str, expected: str) -> None:
    """With a base, a link says where it leads; one into the same text, or of no web address, says nothing."""
    html = f'<a href="{address}">x</a>'

    assert html_to_text(html, base="https://e.example/a/") == expected
    assert html_to_text('<a href="/y">x</a>', base="https://[") == "x"


TAGS = ["b", "i", "em", "span", "font", "p", "div", "blockquote", "h2", "section", "code"]


def pieces() -> st.SearchStrategy[str]:
    """Markup whose words every HTML parser agrees on."""
    texts = st.text("abc <é東&;\n\u00a0", max_size=6)
    entities = st.sampled_from(
        ["&amp;", "&lt;p&gt;", "&eacute;", "&#x26;", "&nbsp;", "<!-- x -->", "<br>", "<hr/>"]
    )
    hidden = st.sampled_from(["<script>a<b</script>", "<style>p>q</style>", "<!-- <p> -->"])
    tags = st.sampled_from([f"<{tag} title='>'>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS])
    return st.lists(texts | entities | hidden | tags, max_size=25).map("".join)


@given(pieces())
@settings(max_examples=300, deadline=None)
def test_html_agrees_with_a_browser_grade_parser(html: str) -> None:
    """The words are those that lexbor, an independent implementation of the HTML Standard, finds in its tree."""
    parser = LexborHTMLParser(f"<body>{html}")
    parser.strip_tags(["script", "style"])
    assert parser.body is not None
    expected = parser.body.text()

    assert "".join(html_to_text(html).split()) == "".join(clean(expected).split())


HOSTILE = {
    "nested div": "<div>" * 100_000,
    "nested list": "<ul><li>" * 100_000,
    "reopened fonts": "".join(f"<p><font id={number}>x" for number in range(100_000)),
    "unmatched ends": "<span>" * 100_000 + "</foo>" * 100_000,
    "one tag of attributes": "<a " + "".join(f"a{number}=1 " for number in range(250_000)) + ">x</a>",
    "one endless name": "<a " + "a" * 2_000_000,
    "open quotes": '<a b="' * 330_000 + "'",
    "open angles": "<" * 2_000_000,
    "open tags": "<a" * 1_000_000,
    "open comments": "<!--" * 500_000,
    "open comments and dashes": "<!--" + "--!-" * 500_000,
    "open declarations": "<!" * 1_000_000,
    "open ends": "</" * 1_000_000,
    "open drawings": "<svg>" * 400_000,
    "open scripts": "<script>" * 250_000,
    "spaces in a tag": "<a " + " " * 2_000_000 + "=",
    "links": "<a href=https://e.example/>x" * 70_000,
    "ampersands": "&" * 2_000_000,
    "endless references": "&#" + "9" * 2_000_000 + ";<",
    "pre": "<pre>" + " \n" * 1_000_000,
    "spaces": "<p>" + " " * 2_000_000 + "x",
    "marks": "<p>a" + "\u0316\u0300" * 500_000,
    "cells": "<td>" * 500_000,
    "lists": "<ul><li>" * 250_000 + "x" + "</li></ul>" * 250_000,
    "blank paragraphs": "<p>&nbsp;</p> " * 150_000,
    "breaks": "x<br>\n" * 300_000,
    "runs of blocks": "<p>\n" * 500_000 + "x",
    "many classes": "".join(f'<p class="{number}">x</p>' for number in range(100_000)),
    "open links": '<a href="https://e.example/">x' * 70_000 + "</a>",
    "frames": "<iframe></iframe>" * 120_000,
    "unclosed frames": "<iframe>x" * 200_000,
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_markup_takes_linear_time(name: str) -> None:
    """Two megabytes built to be slow are read in seconds where a quadratic reading would take minutes."""
    began = time.process_time()
    html_to_text(HOSTILE[name])

    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    "text",
    [
        "#" * 500_000,
        "@" * 500_000,
        "@a." * 200_000,
        "@a@" * 200_000,
        "@" + "." * 500_000,
        "a." * 300_000,
        "a-" * 300_000,
        "http://" * 100_000,
        "https://" + "." * 500_000,
        "https://a.example/" + ")" * 500_000,
        "#a·" * 200_000,
        "#" + "·" * 500_000,
        "#❤️" * 100_000,
        "www." * 150_000,
        "é" + "@a-" * 200_000,
        "#a" + "\u0316\u0300" * 200_000,
    ],
    ids=lambda text: f"{text[:8]!a}",
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    """Grammar and folding read half a megabyte built to be slow in seconds."""
    began = time.process_time()
    hashtags(text), handles(text), urls(text), fold(text), clean(text), words(text)

    assert time.process_time() - began < 10


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("plain\ttext\n", "plain\ttext\n"),
        ("a\r\nb\rc\u2028d\u0085e\ff", "a\nb\nc\nd\ne\nf"),
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("a\ud800b", "ab"),
        ("\ud83d\ude00", "😀"),
        ("e\u0301", "é"),
        ("a\u202eb\u2066c\u2069", "abc"),
        ("@al\u200bice @al\u200dice @al\u200eice @\ufeffbob", "@alice @alice @alice @bob"),
        ("see\u200b#yyc", "see #yyc"),
        ("soft\u00adhyphen", "softhyphen"),
        ("می\u200cخواهم", "می\u200cخواهم"),
        ("क्\u200dष", "क्\u200dष"),
        ("👩\u200d🚒 ❤\ufe0f 1\ufe0f\u20e3", "👩\u200d🚒 ❤\ufe0f 1\ufe0f\u20e3"),
        ("\u200fעברית\u200e abc", "\u200fעברית\u200e abc"),
        (
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
            "🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        ),
        ("a\U000e0068\U000e0069b", "ab"),
        ("\ufffea\ufdd0", "a"),
    ],
)
def test_clean_text(text: str, expected: str) -> None:
    """What hides or breaks is gone, what scripts and emoji need is kept."""
    assert clean(text) == expected


def test_clean_cuts_towers_of_marks() -> None:
    """No letter bears more marks than any language needs."""
    assert clean("x" * 300 + "z" + "\u0316" * 1000) == "x" * 300 + "z" + "\u0316" * 30


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("＃ｙｙｃ", "#yyc"),
        ("＠ＣＩＴＹ", "@city"),
        ("cafe\u0301", "CAFÉ"),
        ("STRASSE", "straße"),
        ("İstanbul", "istanbul"),
        ("ISPARTA", "ısparta"),
        ("ΕΛΛΆΣ", "ελλάς"),
        ("ﬁre", "FIRE"),
        ("ｶﾞ", "ガ"),
        ("city’s", "city's"),
        ("city‑hall", "city-hall"),
        ("❤️", "❤"),
        ("\u212aelvin", "kelvin"),
    ],
)
def test_spellings_that_are_the_same(one: str, other: str) -> None:
    """Width, case, composition and typography make no difference."""
    assert fold(one) == fold(other)


@pytest.mark.parametrize(("one", "other"), [("café", "cafe"), ("ä", "ae"), ("ß", "s"), ("city", "cities")])
def test_spellings_that_differ(one: str, other: str) -> None:
    """An accent is a letter of its own."""
    assert fold(one) != fold(other)


anything = st.text(
    st.characters() | st.sampled_from("#＃@＠<>&/\\\"'.\u0301\u0307\u200b\u200d\u202e\ud800İıß🔥·")
)


@given(anything)
@settings(max_examples=300, deadline=None)
def test_no_text_raises_and_all_that_is_read_is_fit_to_keep(text: str) -> None:
    """Whatever comes in, what goes out is UTF-8, NFC and free of controls, and cleaning it again changes nothing."""
    for kept in (html_to_text(text), clean(text)):
        kept.encode()
        assert unicodedata.is_normalized("NFC", kept)
        assert not [char for char in kept if unicodedata.category(char) == "Cc" and char not in "\n\t"]
        assert clean(kept) == kept


def test_folding_ends_for_every_letter() -> None:
    """Letters that folding takes apart and composing puts together again, as ΐ, are folded once and for all; their capitals are the same."""
    restless = [
        chr(code)
        for code in range(0x110000)
        if not 0xD800 <= code <= 0xDFFF and not unicodedata.is_normalized("NFKC", chr(code).casefold())
    ]
    told = {letter: fold(letter) for letter in restless}

    assert "ΐ" in restless
    assert [letter for letter, folded in told.items() if fold(folded) != folded] == []
    assert fold("Μαΐου ǰ ᾶ") == fold("Μαΐου ǰ ᾶ".upper()) == "μαΐου ǰ ᾶ"


@given(anything)
@settings(max_examples=300, deadline=None)
def test_folding_twice_is_folding_once(text: str) -> None:
    """A stored term may be folded again at no risk, and so may a tag that was found."""
    folded = fold(text)

    assert fold(folded) == folded
    assert all(fold(tag) == tag for tag in hashtags(text))


@given(anything)
@settings(max_examples=300, deadline=None)
def test_spans_lie_in_the_text_and_in_order(text: str) -> None:
    """Whoever cuts along the spans cuts disjoint pieces of the text, in order, each beginning with what it is."""
    for spans in (handles(text), urls(text)):
        ends = [place for span in spans for place in (span.start, span.end)]
        assert ends == sorted(ends)
        assert all(0 <= span.start < span.end <= len(text) for span in spans)
    assert all(text[span.start] in "@＠﹫" for span in handles(text))


@given(
    st.sampled_from(["yyc", "東京", "हिन्दी", "كالغاري", "Київ"]),
    st.sampled_from([" ", "\n", "(", '"', "。", "…"]),
)
def test_a_tag_is_found_again_in_its_own_spelling(tag: str, before: str) -> None:
    """Writing a sign before a found tag gives the same tag."""
    assert hashtags(f"{before}#{tag} x") == (fold(tag),)

"""
The fast way through HTML says what the careful way says, or nothing.
"""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from listener.text import clean, html_to_text
from listener.text import tags as table
from listener.text.letters import is_plain
from listener.text.markup import read_carefully
from tests.fakes.thorough import examples

NAMES = [
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "strong",
    "em",
    "span",
    "h2",
    "blockquote",
    "figure",
    "a",
    "img",
    "hr",
    "pre",
]
RARE = [
    "table",
    "tr",
    "td",
    "script",
    "iframe",
    "noscript",
    "style",
    "svg",
    "title",
    "o:p",
    "P",
    "LI",
    "A",
    "wbr",
    "dd",
]

words = st.sampled_from(
    [
        "a",
        "bc",
        " ",
        "\n",
        "  ",
        "d ",
        " e",
        "\t",
        "é",
        "“q”",
        "日本",
        "#tag",
        "@city",
        "🔥",
        "\u00a0",
        "\u3000",
        "\u202f",
        "x" * 40,
    ]
)
references = st.sampled_from(
    [
        "&amp;", "&lt;", "&gt;", "&nbsp;", "&#160;", "&#8217;", "&#x201C;", "&eacute;", "&copy", "&am", "p;", "&", "&#82",
        "17;", "AT&T", "&lt;p&gt;", "&#8203;", "&#1;", "&#99999999999;", "&unknown;", "&#x301;", "&#12;", "&Omega;", "&#8486;",
        "&notin;", "&not", "in;", "&shy;", "&emsp;", "&thinsp;", "&zwj;",
    ]
)  # fmt: skip
attributes = st.lists(
    st.sampled_from(
        [
            ' class="x"', " href=https://e.example/x", ' href="https://e.example/?a=1&amp;b=2"', " href='//e.example'",
            ' href="/relative"', ' href="https://e.example/"', ' href="https://m.example/@city"', ' alt="a  bridge"',
            ' alt=":blob:"', " alt=''", ' alt="&lt;b&gt; &amp;amp;"', ' alt="&#8203;x"', ' title="a > b"', ' ALT="up"',
            ' title="x alt="', ' y="z"', " /", " ", "\n", ' href="https://e.example/a b"', ' style="color: red"', "=", '="',
            ' href="mailto:a@b.example"', ' data-x="https://p.example/"', ' href="HTTPS://E.example/é"', " alt", "'", '"',
        ]
    ),
    max_size=3,
).map("".join)  # fmt: skip
tags = st.builds(
    "<{}{}{}>".format, st.sampled_from(["", "", "/"]), st.sampled_from(NAMES * 3 + RARE), attributes
)
odd = st.sampled_from(
    [
        "<", ">", "<!--", "-->", "<!-- more -->", "<!-->", "<!--->", "<!--a--!>", "<?php x?>", "</>", "</ p>", "<3", "< p>", "<p", "<a href=",
        "<![CDATA[x]]>", "<!-- <p> -->", "\u200b", "e\u0301", "\r", "\x00", "\u202e", "<script>if (a<b) x</script>", "</script>",
        "<iframe src=x></iframe>", "<p>&nbsp;</p>", "</p>\n<p>", "</li>\n<li>", "<ul>\n<li>", "</li></ul>", "<br />\n",
        '<a href="https://e.example/x">plan</a>', '<a href="https://m.example/tags/yyc">#<span>yyc</span></a>', "\x01\x02",
    ]
)  # fmt: skip


@given(st.lists(words | references | tags | odd, max_size=14).map("".join))
@settings(max_examples=examples(1500))
def test_it_says_the_same(html: str) -> None:
    """Whatever is put together of what HTML is made of, the fast way gives the careful way's text, or leaves it to it."""
    assert html_to_text(html) == read_carefully(html)


@given(st.lists(words | tags, max_size=8).map("".join))
@settings(max_examples=examples(500))
def test_it_says_the_same_where_links_are_relative(html: str) -> None:
    """With a base too."""
    base = "https://e.example/a/"

    assert html_to_text(html, base=base) == read_carefully(html, base=base)


@given(st.lists(words | st.sampled_from(["&amp;", "&nbsp;", "&#8217;"]) | tags, max_size=14).map("".join))
@settings(max_examples=examples(800))
def test_it_says_the_same_of_tame_markup(html: str) -> None:
    """The same of markup that is mostly tame, where the fast way answers nearly always."""
    assert html_to_text(html) == read_carefully(html)


def test_plain_characters_need_no_cleaning() -> None:
    """Of all characters, those called plain are only composed by `clean`, mark no other letter, and are spaces only where known."""
    plain = [char for char in map(chr, range(0x110000)) if is_plain(char)]
    spaces = {char for char in plain if char.isspace()}
    changed = [char for char in plain if clean(char) != unicodedata.normalize("NFC", char)]
    marks = [char for char in plain if unicodedata.category(char)[0] == "M" or unicodedata.combining(char)]
    unstable = [char for char in plain if not is_plain(unicodedata.normalize("NFC", char))]

    assert (changed, marks, unstable) == ([], [], [])
    assert spaces == set(" \t\n\u00a0\u202f\u3000")
    assert len(plain) > 40_000


def test_a_text_with_anything_else_is_not_plain() -> None:
    """One character that hides, marks or breaks is enough."""
    assert not [char for char in "\u200b\u0301\u202e\r\x00\ufeff\ud800\u2003\ufe0f" if is_plain(f"a{char}é")]


def test_the_table_remembers_nobody() -> None:
    """Nothing that may name a person is kept for the next document: no address, no title, no class of the site's own."""
    html_to_text(
        '<p class="has-background">a</p><span title="Quillfeather">b</span><a href="https://q.example/@quillfeather">c</a>'
        '<img alt="Quillfeather"><i class="author-quillfeather">d</i>&Quillfeather;<jo.quillfeather@q.example><p id=quillfeather>\n<p>e'
    )
    kept = [*table.TAGS, *table.TAG_RUNS, *table.REFERENCES, *(run for run, _ in table.BREAKS)]

    assert '<p class="has-background">' in kept
    assert [each for each in kept if "uillfeather" in each] == []


def test_the_table_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many different tags come by, no table grows beyond its size."""
    monkeypatch.setattr(table, "_TABLE_SIZE", 50)
    html_to_text("".join(f'<p class="is-{number}">x</p> ' for number in range(500)))

    assert max(map(len, (table.TAGS, table.TAG_RUNS))) <= 50

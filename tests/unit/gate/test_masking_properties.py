"""
What holds for every text: masking never raises, never misses what was planted, and has nothing to do twice.
"""

from __future__ import annotations

import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from listener.events import Author
from listener.gate import Masked, mask
from listener.gate.folding import fold_for_masking
from listener.gate.names import words
from listener.gate.redact import MARKS, folded_handles

OWN = folded_handles(("@cityofex", "hello@city.example"))
MIRA = Author(("Mira Quill", "@miraq@social.example", "https://social.example/@miraq", "4400112233"))

PIECES = st.one_of(
    st.text(max_size=12),
    st.sampled_from(
        ["@", "＠", "@bob", "bob", "a@b.co", "@b@c.de", ".", "://", "https://x.com/", "/", "@a/b", "#", "Mira", " Quill",
         "miraq", "403-555-0123", "555", "4", "-", " at ", " dot ", "com", "(at)", "[dot]", "\u200b", "?utm_id=1", "&",
         "did:plc:abcdefgh", "‹@›", "‹✉›", "\n", "…", "İ", "ß", "é", "e\u0301", "李明", "ﬁ", "bob.bsky.social", "www.", '"', "u/bob", "%40",
         "-at-", "_dot_", " point ", "card ", "sin ", "4111 1111 1111 1111", "123 456 782", "1112.22.333", "54362315K", "X-2482300-W",
         "GB29 NWBK 6016 1331 9268 19", "2 95 10 99 126 111 93", " 12/27", "$", "👈", "_"]
    ),
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=14).map("".join)

WORDS = st.text(st.characters(codec="utf-8", categories=["Lu", "Ll", "Lo"]), min_size=1, max_size=8)
LOCALS = st.from_regex(r"[a-z][a-z0-9]{2,10}(?:[._][a-z0-9]{1,6})?", fullmatch=True)
NAMES = st.from_regex(r"[a-z]{3,9}", fullmatch=True).filter(
    lambda name: name not in words("common") | words("by")
)
HOSTS = st.from_regex(r"[a-z]{3,8}(?:-[a-z]{2,4})?\.(?:example|invalid|test)", fullmatch=True)


def masked(text: str, author: Author | None = MIRA) -> Masked:
    return mask(text, author=author, own_handles=OWN, country="CA")


@example("www.did:plc:abcdefgh")
@example("https://news.example/?m=bob@example.com&n=4035550123")
@given(TEXTS)
def test_masking_a_masked_text_changes_nothing(text: str) -> None:
    """
    Any text whatever comes back, and what comes back is final.
    """
    once = masked(text)

    assert masked(once.text) == Masked(once.text)


@given(TEXTS)
def test_marks_and_counts_agree(text: str) -> None:
    """
    As many marks are new as were counted (a login in an address leaves no mark, so it may count for more).
    """
    once = masked(text)

    new = sum(once.text.count(mark) - text.count(mark) for mark in set(MARKS.values()))
    assert new <= sum(once.counts.values())
    assert bool(once.counts) or once.text == text or len(once.text) < len(text)


@given(before=WORDS, name=LOCALS, after=WORDS, sign=st.sampled_from("@＠﹫"), host=st.none() | HOSTS)
def test_no_planted_handle_survives(before: str, name: str, after: str, sign: str, host: str | None) -> None:
    """
    A handle between words of any script, at either end, with any at sign, with or without its server.
    """
    handle = f"{sign}{name}" + (f"{sign}{host}" if host else "")
    for text in (
        f"{before} {handle} {after}",
        handle,
        f"{handle}: {after}",
        f"{before} ({handle})",
        f"RT {handle}: x",
    ):
        assert name not in fold_for_masking(masked(text, None).text).replace(
            fold_for_masking(before), ""
        ).replace(fold_for_masking(after), "")
        assert masked(text, None).counts["handle"] == 1


SPELLINGS = (
    "{local}@{host}",
    "{local}＠{host}",
    "{local} at {spelled}",
    "{local} [at] {spelled}",
    "{local}(at){host}",
    "{local} @ {host}",
    "mailto:{local}@{host}",
    "<{local}@{host}>",
    "{hidden}@{host}",
)


@given(local=LOCALS, host=HOSTS, spelling=st.sampled_from(SPELLINGS), before=WORDS)
def test_no_planted_mailbox_survives(local: str, host: str, spelling: str, before: str) -> None:
    """
    A mailbox is gone however it is spelled out; neither its name nor its host is left.
    """
    spelled = host.replace(".", " dot ").rpartition(" ")[0] + " com"
    address = spelling.format(local=local, host=host, spelled=spelled, hidden="\u200b".join(local))

    text = masked(f"{before}, {address}", None).text

    assert text == f"{before}, {address}".replace(address, "") + address.replace(
        address.removeprefix("mailto:").removeprefix("<").removesuffix(">"), "‹✉›"
    )


@given(first=NAMES, last=NAMES, before=WORDS, after=WORDS, style=st.sampled_from([str, str.upper, str.title]))
def test_no_planted_author_survives(first: str, last: str, before: str, after: str, style: type[str]) -> None:
    """
    The author's display name is gone from a title, in any case and order.
    """
    author = Author((f"{first.title()} {last.title()}",))

    assert masked(f"{before}: {style(first)} {style(last)}", author).text == f"{before}: ‹@›"
    assert masked(f"{style(last)}, {style(first)} – {after}", author).text == f"‹@› – {after}"


@given(st.lists(st.from_regex(r"[A-Za-zéüñßøа-яα-ωא-ת가-힣一-龥ก-ฮ]{1,12}", fullmatch=True), max_size=30))
def test_words_alone_are_never_touched(words: list[str]) -> None:
    """
    Letters and blanks without at signs, digits or the author's names come back as they were.
    """
    text = " ".join(word for word in words if word.lower() not in ("at", "dot", "mira", "miraq"))

    assert masked(text) == Masked(text)


HOSTILE = (
    "@", "@a", "a@", "a@b", "@a@b.", "a at ", " at a dot ", "(at)", "4", "4-", "(4", "+4", "https://", "https://x.com/a ",
    "a.", "a.b/", "/", "#a", "Mira ", "miraq", "Mira Quill", '"', '"@', "did:plc:", "?utm_a=1&", "@a/b ", "\n@media", "é@", "李@",
    "403-555-0123@", "\u200b", "u/", "%40", "a-at-b", "a_dot_", " dot a", "1 2 3 ", "123 456 782 ", "4111 1111 1111 1111 ", "1 85 05 2a ", "54362315k",
    "x-2482300-w", "gb29 ", "gb29nwbk", "card ", "1.1.", "2026-", "isbn 1", "🔥/", "_a.b/", "@İ", ". ", "http://a@", "[", "\n", "Quill, ",
)  # fmt: skip


@pytest.mark.parametrize("piece", HOSTILE)
def test_time_is_linear_in_the_text(piece: str) -> None:
    """
    Eight times the text takes far less than sixty-four times as long, whatever it is made of.
    """
    short, long = (piece * (size // len(piece)) for size in (2_000, 16_000))

    def seconds(text: str) -> float:
        started = time.process_time()
        masked(text)
        return time.process_time() - started

    masked(short)
    assert min(seconds(long) for _ in range(2)) < max(30 * min(seconds(short) for _ in range(3)), 0.15)

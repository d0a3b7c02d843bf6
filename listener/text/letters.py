"""
Characters: what is dropped from text before anybody reads it, and which spellings count as the same.

`clean` is for what is kept and shown, `fold` for what is compared. Both are linear: long runs of combining marks are
cut first, because canonical ordering sorts each run by insertion (40,000 marks on one letter: 1.8 s, measured 2026-11).
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable
from functools import cache
from typing import Final, Literal

MARKS_MAX: Final = 30
"""
Most combining marks kept on one letter. Source: UAX #15, section 13, Stream-Safe Text Format; no language needs more.
"""

_LONG: Final = 256
"""Characters up to which sorting marks costs nothing worth a check (chosen)."""

_BREAKS: Final = re.compile("\r\n?|[\v\f\x85\u2028\u2029]")
_SURROGATES: Final = re.compile("[\ud800-\udfff]")

# A zero-width space before a sign parts two words (`see\u200b#yyc`); anywhere else it can only hide something.
_PARTING: Final = re.compile("[\u200b\u2060\ufeff]+(?=[#＃﹟@＠﹫])")

_DROPPED: Final = re.compile(
    "[\x00-\x08\x0e-\x1f\x7f-\x9f"  # controls, but for tab and line feed
    "\u00ad\u034f\u180e\u200b\u2060-\u2064\ufeff"  # soft hyphen, joiners and spaces without width
    "\u202a-\u202e\u2066-\u2069\u206a-\u206f"  # embeddings, overrides, isolates; deprecated format controls
    "\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff]"  # not characters; interlinear annotation
)

# Joiners, direction marks and variation selectors have work to do in Persian, Indic scripts, Hebrew and emoji, but
# none between two ASCII letters, where all they do is keep `@alice` from being found.
_HIDING: Final = re.compile(
    "(?<=[0-9A-Za-z_@＠#＃.-])[\u061c\u200c-\u200f\ufe00-\ufe0f]+(?=[0-9A-Za-z_@＠.-])"
)

# Tag characters spell invisible ASCII. They are kept where they make a flag: black flag, letters, cancel.
_TAGS: Final = re.compile("(\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f)|[\U000e0000-\U000e007f]")

_SUSPECT: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff"
    "\ufe00-\ufe0f\ufeff\ufdd0-\ufdef\ufff9-\ufffb\ufffe\uffff\U000e0000-\U000e007f]"
)

# Without width, so without a say in whether two words are the same. Compare NFKC_Casefold, UAX #44.
_WITHOUT_WIDTH: Final = (
    "\u00ad\u034f\u061c\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff\U000e0000-\U000e0fff"
)
_INVISIBLE: Final = re.compile(f"[{_WITHOUT_WIDTH}]+")
_ALIKE: Final = {
    "ı": "i",  # upper case cannot tell it from i: ISPARTA
    **dict.fromkeys("\u2018\u2019\u02bc", "'"),
    **dict.fromkeys("\u2010\u2011\u2012\u2013\u2014\u2015", "-"),
}
_ODD: Final = re.compile(f"[{_WITHOUT_WIDTH}ı\u0307\u02bc\u2010-\u2015\u2018\u2019]")
_MARKED_PLANES: Final = (range(0x300, 0x10000), range(0x10000, 0x1F000), range(0xE0100, 0xE01F0))
"""Where marks lie (Unicode 14, the one of Python 3.11)."""
_WIDE: Final = re.compile("[\U00010100-\U0001efff\U000e0100-\U000e01ef]")
# What `_tower` is for is rare and what finds it is slow; this is fast, and false where there is nothing to find.
_PERHAPS_TOWER: Final = re.compile(rf"[^\w\s]{{{MARKS_MAX}}}[^\w\s]")
_DOTTED: Final = re.compile("i\u0307+")

_PLAIN_ASCII: Final = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
_PLAIN_BYTES: Final = _PLAIN_ASCII + bytes(
    # What follows the first byte of a character, and the first bytes of Latin (U+00C0), Greek, Cyrillic, Armenian and
    # of most Han and Hangul.
    [
        *range(0x80, 0xC0),
        *range(0xC3, 0xCC),
        0xCE,
        0xCF,
        0xD0,
        0xD1,
        0xD3,
        0xD4,
        0xD5,
        *range(0xE4, 0xEA),
        0xEB,
        0xEC,
    ]
)
_NOT_PLAIN: Final = {
    0xC2: re.compile(rb"\xc2[\x80-\x9f\xad]"),
    0xE2: re.compile(
        rb"\xe2(?:\x80[\x80-\x8f\xa8-\xae]|\x81[\x9f-\xaf]|\x83[\x90-\xbf]|\xab\x9c|\xb3[\xaf-\xb1]|\xb5\xbf"
        rb"|\xb7[\xa0-\xbf])"
    ),
    0xE3: re.compile(rb"\xe3(?:\x80[\xaa-\xaf]|\x82[\x99\x9a])"),
    0xEA: re.compile(rb"\xea[\x80-\xaf]"),
    0xED: re.compile(rb"\xed[\x9e-\xbf]"),
    0xEF: re.compile(rb"\xef[^\xbc\xbd]"),
    0xF0: re.compile(rb"\xf0[^\x9f]"),
}
"""First bytes under which most characters are plain, to those that are not. Patterns that begin with one letter are fast."""
_MIXED_BYTES: Final = _PLAIN_BYTES + bytes(_NOT_PLAIN)


_TURNS: Final = 8
"""Chosen: no letter needs more than two; a bound, because a text that is never done would stop every source."""


def clean(text: str) -> str:
    """
    The same words, fit to keep and to show: NFC, line breaks as line feeds, nothing that hides or turns other letters.

    Dropped: lone surrogates (a pair is joined), controls but tab and line feed, characters without width that serve
    no script, direction embeddings, overrides and isolates (U+202A-202E, U+2066-2069), invisible tag letters outside
    flags, and marks past the 30th on one letter. Kept: ZWJ, ZWNJ, direction marks and variation selectors, except
    between two ASCII letters, where they could only hide a handle. A zero-width space before `#` or `@` becomes a space.
    """
    if is_plain(text):
        return text if text.isascii() else unicodedata.normalize("NFC", text)
    if _SUSPECT.search(text):
        text = _without_hiding(text)
    return text if text.isascii() else _normal("NFC", text)


def is_plain(text: str) -> bool:
    """
    Whether `clean` would only compose it: no control but tab and line feed, nothing without width, no combining
    mark, no space but these two, U+0020, U+00A0, U+202F and U+3000. False for some texts of which it is true.

    Ten times as fast as looking for what is not plain: bytes are deleted at the speed of C, and hardly any text has more
    than a few that need a second look.
    """
    if text.isascii():
        return not text.encode().translate(None, _PLAIN_ASCII)
    raw = text.encode(errors="surrogatepass")
    left = raw.translate(None, _PLAIN_BYTES)
    if not left:
        return True
    if left.translate(None, _MIXED_BYTES):
        return False
    return not any(pattern.search(raw) for first, pattern in _NOT_PLAIN.items() if first in left)


def _without_hiding(text: str) -> str:
    if _SURROGATES.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
    text = _BREAKS.sub("\n", text)
    text = _PARTING.sub(" ", text)
    text = _DROPPED.sub("", text)
    text = _TAGS.sub(lambda found: found[1] or "", text)
    return _HIDING.sub("", text)


def fold(term: str) -> str:
    """
    The form in which hashtags, handles and phrases are compared; `fold(fold(x)) == fold(x)`.

    NFKC and case folding, so that `＃ｙｙｃ`, `#YYC` and `#yyc` are one, `STRASSE` is `straße`, and an accent is an accent
    however it is composed (`é` is never `e`). Beyond that: `İ` and `ı` are `i` (folding alone would keep `#İstanbul`
    apart from `#istanbul`), curly apostrophes and hyphens are straight, characters without width are nothing.
    """
    if term.isascii():
        return term.lower()
    composed = _normal("NFKC", term)
    for _ in range(_TURNS):
        term = _cased(composed)
        # Folding can undo a composition that composing makes anew; hardly any text needs a second turn.
        if unicodedata.is_normalized("NFKC", term):
            return term
        composed = _normal("NFKC", term)
        if _cased(composed) == term:  # each undoes the other, as with ΐ and ǰ: for ever
            return composed
    return composed


def _cased(term: str) -> str:
    """
    Without differences of case, of what looks alike, and of what has no width.
    """
    term = term.casefold()
    if _ODD.search(term) is None:
        return term
    term = _INVISIBLE.sub("", term)
    for char, like in _ALIKE.items():  # ten looks at the speed of C; `translate` looks each character up
        term = term.replace(char, like)
    return _DOTTED.sub("i", term) if "\u0307" in term else term


def _normal(form: Literal["NFC", "NFKC"], text: str) -> str:
    if len(text) > _LONG and _PERHAPS_TOWER.search(text):
        text = _tower().sub(lambda found: found[0][:MARKS_MAX], text)
    return unicodedata.normalize(form, text)


@cache
def _tower() -> re.Pattern[str]:
    marks = _ranges(lambda char: unicodedata.combining(char) != 0, *_MARKED_PLANES)
    return re.compile(f"[{marks}]{{{MARKS_MAX},}}+")


@cache
def marks(text_is_wide: bool) -> str:
    """
    Every combining mark (general category M), to stand between the brackets of a regular expression. Python's `\\w`
    leaves them out, which would cut Indic and Thai words at each vowel sign. Drawn up when first needed: it takes
    some 20 ms, which an ASCII text or a short command should not pay for.

    Args:
        text_is_wide: False leaves out what lies beyond U+FFFF. Such ranges are tried one by one at every character,
            which makes a pattern five times slower; so ask `is_wide` first.
    """
    planes = _MARKED_PLANES if text_is_wide else _MARKED_PLANES[:1]
    return _ranges(lambda char: unicodedata.category(char)[0] == "M", *planes)


def is_wide(text: str) -> bool:
    """
    Whether a text may hold marks beyond U+FFFF: those of historic and some minority scripts. Emoji are none.
    """
    return _WIDE.search(text) is not None


def _ranges(holds: Callable[[str], bool], *planes: range) -> str:
    spans: list[list[int]] = []
    for code in itertools.chain(*planes):
        if not holds(chr(code)):
            continue
        if spans and spans[-1][1] == code - 1:
            spans[-1][1] = code
        else:
            spans.append([code, code])
    return "".join(f"{chr(first)}-{chr(last)}" for first, last in spans)

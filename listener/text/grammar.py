"""
The grammar of public conversation: which characters of a text are a hashtag, a handle, an address, a word.

Sources, read 2026-11-24: Mastodon, `app/models/tag.rb` and `account.rb` (what a name is made of, its separators, what may
stand before a sign); X, `twitter-text`, `js/src/regexp/` (`hashtagSpecialChars`, `hashtagBoundary`,
`validMentionPrecedingChars`); Bluesky's `TAG_REGEX`; Unicode's extended hashtag identifiers (UAX31-R8), as quoted in TC39's
proposal for properties of strings. Where they differ, the reading that hears more wins, as long as no ordinary text is
misread.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import Final, NamedTuple

from listener.text.letters import fold, is_wide, marks

_UNSPACED: Final = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0edf"  # Thai, Lao
    "\u0f40-\u0fbc\u1000-\u103f\u1050-\u109f\u1780-\u17d3"  # Tibetan, Myanmar, Khmer
    "\u1100-\u11ff\u2e80-\u2fd5\u3005-\u3007\u3021-\u302f\u3031-\u3035\u3038-\u303c"  # Jamo, radicals
    "\u3041-\u3096\u3099\u309a\u309d-\u309f\u30a1-\u30ff\u3105-\u318e\u31a0-\u31bf\u31f0-\u31ff"  # Kana, Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\ua960-\ua97c\uac00-\ud7fb\uf900-\ufad9"  # Han, Hangul
    "\uff66-\uffdc\U0001b000-\U0001b16f\U00020000-\U0003ffff"
)
"""
Scripts whose writers leave out the space that would part a word from its neighbour, or (Hangul) from its particle.
Each of their characters is a word of its own here, so that a phrase is found wherever it stands.
"""

_EMOJI: Final = (
    "\u203c\u2049\u2122\u2139\u2194-\u21aa\u231a-\u23ff\u24c2\u25aa-\u25fe\u2600-\u27bf\u2934\u2935\u2b05-\u2b55"
    "\u3030\u303d\u3297\u3299\U0001f000-\U0001faff"
)
"""Blocks in which the emoji lie; wider than Extended_Pictographic, for emoji yet to come (chosen)."""

_MEDIAL: Final = "\u00b7\u05be\u05f3\u05f4\u0f0b\u200c\u200d\u30fb\ua67e"
"""What may stand inside a tag, never at its end: middle dots, maqaf, geresh, tsheg, joiners (`twitter-text`)."""

_ADDRESS_END: Final = ' \t\r\n\v\f\x00-\x1f\u0085\u00a0\u2000-\u200a\u2028\u2029\u3000<>"`{}|\\\\^「」『』（）【】《》、。，！？；：“”«»…'

URL: Final = re.compile(
    rf"""(?:
        (?<![0-9A-Za-z]) (?:https?|ftp|at):// [^{_ADDRESS_END}]+
      | (?<![^\W_]) (?<!\w_) (?<![@.-]) www\. [^{_ADDRESS_END}]+
      | (?<![^\W_]) (?<!\w_) (?<![@.-]) (?:[0-9A-Za-z-]+\.)+ [A-Za-z]{{2,24}} / [^{_ADDRESS_END}]*
    )""",
    re.VERBOSE | re.IGNORECASE,
)
"""
An address in text, its trailing punctuation not yet trimmed (`urls` does): with a scheme, with `www.`, or a bare domain
with a path (`social.example/alice`), because people write links to profiles that way. An underscore in front may be emphasis (`_social.example/alice_`).
"""

_CHUNK: Final = re.compile(r"\S+")
_HINT: Final = re.compile(r"/|[wW]{3}\.")
_HINT_WITHOUT_WWW: Final = re.compile("/")
_TRAILING: Final = ".,;:!?'\")]*_~’"


class Span(NamedTuple):
    """
    Where something stands in a text. Prints without what it found.

    Args:
        start: Index of its first character, sign included.
        end: Index behind its last one.
        value: A handle folded and without its sign; an address as written.
    """

    start: int
    end: int
    value: str

    def __repr__(self) -> str:
        return f"Span({self.start}, {self.end})"


# The sign comes first in each pattern and what stands before it is looked back at: so the engine skips from sign to sign.


@cache
def _hashtag(text_is_wide: bool) -> re.Pattern[str]:
    mark = marks(text_is_wide)
    letter = rf"\w{mark}"
    emoji = rf"[{_EMOJI}][{_EMOJI}{letter}\u200d\U000e0020-\U000e007f]*"
    name = rf"(?![{mark}])[{letter}]+(?:[{_MEDIAL}]+[{letter}]+)*"
    return re.compile(rf"[#＃﹟](?<![{letter}&/].)({name}|{emoji})")


_ASCII_HASHTAG: Final = re.compile(r"#(?<![0-9A-Za-z_&/]#)([0-9A-Za-z_]+)")


def _handle() -> re.Pattern[str]:
    # `\w` and not `marks()`: a name that bears marks is composed (NFC) in all scripts that networks allow in one.
    spaced = rf"(?:(?![{_UNSPACED}])\w)"
    dotted = rf"{spaced}+(?:[.·-]+{spaced}+)*"
    unspaced = rf"[{_UNSPACED}]\w*(?:[.·-]+\w+)*"
    return re.compile(rf"[@＠﹫](?:(?<!\w.)|(?<=[{_UNSPACED}].))(?:{dotted}|{unspaced})(?:[@＠﹫]{dotted})?")


HANDLE: Final = _handle()
"""
An account named in text: `@user`, `@user@host`, `@name.bsky.social`. Not behind a letter or digit, as in an e-mail
address, unless that letter belongs to a script without spaces (`詳細は@city`); there the name also ends (`@cityさん`).
"""


def hashtags(text: str) -> tuple[str, ...]:
    """
    The hashtags of a plain text: folded, without the sign, in order of first occurrence, each once.

    A tag is `#`, `＃` or `﹟` and then letters, marks, digits and underscores, with middle dots or joiners between them;
    one letter at least (`#1` is a rank, `#2024` a number). No letter, digit, `_`, `&` or `/` stands before the
    sign, and a `#` inside an address is that address's fragment. A tag ends before an emoji (`#yyc🔥` is `yyc`), as on X and
    Mastodon; one that begins with an emoji (`#🔥`, `#❤️yyc`), as on Bluesky, takes in the emoji and letters that follow.
    """
    if "#" not in text and "＃" not in text and "﹟" not in text:
        return ()
    pattern = _ASCII_HASHTAG if text.isascii() else _hashtag(is_wide(text))
    if "/" in text or "www." in text:
        text = _without_addresses(text)
    found = (fold(name).strip(_MEDIAL) for name in pattern.findall(text))
    return tuple(dict.fromkeys(tag for tag in found if _is_tag(tag)))


def _is_tag(tag: str) -> bool:
    return any(char.isalpha() for char in tag) or (tag != "" and not (tag[0].isalnum() or tag[0] == "_"))


def _without_addresses(text: str) -> str:
    kept = []
    position = 0
    for start, end, _ in urls(text):
        kept.append(text[position:start])
        position = end
    kept.append(text[position:])
    return "/".join(kept)  # keeps a sign behind an address from becoming a tag


def handles(text: str) -> tuple[Span, ...]:
    """
    Accounts named in a plain text, in order; `Span.value` is folded and without the first sign (`user@host`).

    E-mail addresses are none, and neither are handles inside an address (`urls` has those).
    """
    if "@" not in text and "＠" not in text and "﹫" not in text:
        return ()
    addresses = iter(urls(text))
    address = next(addresses, None)
    found = []
    for match in HANDLE.finditer(text):
        while address is not None and address.end <= match.start():
            address = next(addresses, None)
        if address is None or match.start() < address.start:
            found.append(Span(match.start(), match.end(), fold(match[0])[1:]))
    return tuple(found)


def urls(text: str) -> tuple[Span, ...]:
    """
    Addresses in a plain text, in order; `Span.value` is the address as written.

    Punctuation that ends the sentence is no part of it, nor a bracket that opened before it
    (`(see https://a.example/b)`), but `https://a.example/b_(c)` is whole.
    """
    has_www = "www." in text.lower()
    if "/" not in text and not has_www:
        return ()
    found = []
    for start, end in _chunks(text, _HINT if has_www else _HINT_WITHOUT_WWW):
        for match in URL.finditer(text, start, end):
            address = _trimmed(match[0])
            found.append(Span(match.start(), match.start() + len(address), address))
    return tuple(found)


def _chunks(text: str, hints: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    """
    The runs without white space that may hold an address, found from what every address holds: a text has hundreds of
    runs and few of these.
    """
    end = 0
    for hint in hints.finditer(text):
        if hint.start() < end:
            continue
        before = text[end : hint.start()]
        begun = "" if not before or before[-1].isspace() else before.rsplit(None, 1)[-1]
        rest = _CHUNK.match(text, hint.start())
        assert rest is not None  # the hint itself is no white space
        end = rest.end()
        yield hint.start() - len(begun), end


def _trimmed(address: str) -> str:
    bare = address.rstrip(_TRAILING)
    if address.startswith(")", len(bare)) and bare.count("(") > bare.count(")"):
        return bare + ")"
    return bare


@cache
def _word(text_is_wide: bool) -> re.Pattern[str]:
    mark = marks(text_is_wide)
    return re.compile(rf"\w+(?:[{mark}]+\w*)*|[{mark}][\w{mark}]*|[^\s\w{mark}]")


_ONE_UNSPACED: Final = re.compile(f"([{_UNSPACED}])")
"""Splitting by it and joining with spaces parts each such character from its neighbours; a substitution that names what it
found would call Python for every one."""


_ASCII_WORD: Final = re.compile(r"[0-9A-Za-z_]+|[^\s0-9A-Za-z_]")


def words(text: str) -> list[str]:
    """
    A text as the words and signs it is made of, white space gone: the units in which phrases are compared.

    A word is a run of letters, marks, digits and underscores; every other sign stands alone, and so does each character of a
    script that is written without spaces.
    """
    if text.isascii():
        return _ASCII_WORD.findall(text)
    return _word(is_wide(text)).findall(" ".join(_ONE_UNSPACED.split(text)))

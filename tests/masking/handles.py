"""
Lines with handles, by the networks' own grammars.

- X: letters, digits and `_`, 4 to 15 (help.x.com/en/managing-your-account/x-username-rules); what may stand in front and behind
  in a text: twitter-text, `validMentionPrecedingChars` (no letter, digit, `_!#$%&*@＠`; or `RT`), `＠` is an at sign, too.
- Mastodon: `[a-z0-9_]+([.-]+[a-z0-9_]+)*`, `@user@host` with any host (mastodon/mastodon, `app/models/account.rb`, USERNAME_RE and
  MENTION_RE); local accounts to 30.
- Bluesky: a domain name, labels of letters, digits and inner hyphens, last label not of digits (atproto.com/specs/handle).
- YouTube: 3 to 30 letters and digits of the supported alphabets, inner `_`, `-`, `.`, `·` (support.google.com/youtube/answer/11585688).
- Instagram and Threads: letters, digits, `_`, inner `.`, to 30 (help.instagram.com/182492381886913). TikTok: 2 to 24 of the same
  (support.tiktok.com, "Changing your username"). Telegram: 5 to 32, `[a-z][a-z0-9_]*` (core.telegram.org/method/account.checkUsername).
- GitHub: letters, digits, single inner hyphens, to 39 (docs.github.com, "Username considerations").
- Reddit: `u/` and 3 to 20 of letters, digits, `_`, `-` (support.reddithelp.com, "What are usernames?").
- Matrix: `@localpart:server` (spec.matrix.org, "User identifiers"). DIDs: `did:plc:` and 24 of base32 (web.plc.directory,
  "DID:PLC method"). `acct:` addresses: RFC 7565. Nostr keys: `npub1` and 58 of bech32 (NIP-19), `nostr:` (NIP-21).

Invisible characters: of general category Cf or default-ignorable (Unicode, DerivedCoreProperties.txt, `Default_Ignorable_Code_Point`).
Full-width and small at signs: U+FF20 and U+FE6B, NFKC of `@`.

What is planted: the account's name, without its sign, so that a masked text which only lost the sign does not count.
Left out because nobody can tell them from what is none: `@property`, `@media` (code), a Bluesky handle under an own domain without `@`.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from tests.masking import invented
from tests.masking.languages import LANGUAGES

Planted = tuple[str, tuple[str, ...]]

INVISIBLE: Final = (
    "\u200b", "\u200c", "\u200d", "\u2060", "\ufeff", "\u00ad", "\u200e", "\u200f", "\u202a", "\u202c", "\u2066", "\u2069", "\u180e", "\u034f",
    "\u2061", "\ufe0f", "\U000e0020", "\u115f",
)  # fmt: skip
_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_BECH32: Final = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def said(chance: random.Random, language: str, mention: str) -> str:
    """In a sentence of the language."""
    return chance.choice(LANGUAGES[language].greet).format(mention)


def spaced(chance: random.Random, language: str, mention: str) -> str:
    """In a sentence with white space around, for names whose end only white space tells."""
    return chance.choice(LANGUAGES[language].see).format(mention)


def x_name(chance: random.Random) -> str:
    """Of X."""
    name = chance.choice(
        (
            invented.word(chance, 3, 3),
            f"{invented.word(chance, 2, 2)[:7]}_{invented.word(chance, 2, 2)[:6]}",
            f"_{invented.word(chance, 3, 3)}",
            f"{invented.word(chance, 3, 3)}{invented.digits(chance, 2)}",
            f"{invented.word(chance, 3, 3)[:10]}{invented.digits(chance, 4)}_",
        )
    )
    return invented.cased(chance, name[:15])


def _x(chance: random.Random, language: str) -> Planted:
    name = x_name(chance)
    return said(chance, language, f"@{name}"), (name,)


def mastodon_name(chance: random.Random) -> str:
    """Of the fediverse: dots and hyphens within."""
    name = invented.word(chance)
    return chance.choice(
        (
            name,
            f"{name}_{invented.digits(chance, 2)}",
            f"{name}.{invented.word(chance, 2, 3)}",
            f"{name}-{invented.word(chance, 2, 3)}",
        )
    )


def _mastodon_local(chance: random.Random, language: str) -> Planted:
    name = mastodon_name(chance)
    return said(chance, language, f"@{name}"), (name,)


def _mastodon_remote(chance: random.Random, language: str) -> Planted:
    name, host = invented.cased(chance, mastodon_name(chance)), invented.host(chance)
    return said(chance, language, f"@{name}@{host}"), (name, f"{name}@{host}")


def bluesky_name(chance: random.Random) -> str:
    """A label under `bsky.social`."""
    name = invented.word(chance)
    return chance.choice(
        (name, f"{name}-{invented.word(chance, 2, 2)}", f"{name}{invented.digits(chance, 2)}")
    )


def _bluesky(chance: random.Random, language: str) -> Planted:
    name = bluesky_name(chance)
    return said(chance, language, f"@{name}.bsky.social"), (name,)


def _bluesky_own_domain(chance: random.Random, language: str) -> Planted:
    name = bluesky_name(chance)
    host = chance.choice(("example.com", "blog.example.org", "town.example", "example.ca"))
    return said(chance, language, f"@{name}.{host}"), (name,)


def _bluesky_bare(chance: random.Random, language: str) -> Planted:
    name = bluesky_name(chance)
    return spaced(chance, language, f"{name}.bsky.social"), (name,)


def youtube_name(chance: random.Random) -> str:
    """Letters of any alphabet, inner punctuation."""
    first = chance.choice((invented.word(chance), chance.choice(invented.UNICODE_WORDS)))
    return first + chance.choice(
        (
            "",
            "-tv",
            f".{invented.word(chance, 2, 2)}",
            f"_{invented.digits(chance, 3)}",
            f"·{invented.word(chance, 2, 2)}",
        )
    )


def _youtube(chance: random.Random, language: str) -> Planted:
    name = youtube_name(chance)
    return spaced(chance, language, f"@{name}"), (name, name.split("·")[0])


def _instagram(chance: random.Random, language: str) -> Planted:
    name = invented.word(chance)
    name = chance.choice(
        (
            f"{name}.{invented.word(chance, 2, 2)}",
            f"_{name}_",
            f"{name}__{invented.digits(chance, 2)}",
            f"{name}.{invented.digits(chance, 2)}",
        )
    )
    return said(chance, language, f"@{name}"), (name, name.strip("_."))


def _telegram(chance: random.Random, language: str) -> Planted:
    name = f"{invented.word(chance)}_{invented.word(chance, 3, 3)}{invented.digits(chance, 2)}"
    return said(chance, language, f"@{name}"), (name,)


def _github(chance: random.Random, language: str) -> Planted:
    name = f"{invented.word(chance)}-{invented.word(chance, 2, 3)}-{invented.digits(chance, 1)}"
    return said(chance, language, f"@{name}"), (name,)


def _reddit(chance: random.Random, language: str) -> Planted:
    name = f"{invented.word(chance, 3, 3)}{chance.choice(('', '_', '-'))}{invented.digits(chance, 2)}"
    return spaced(chance, language, f"{chance.choice(('u/', '/u/', 'u/'))}{name}"), (name,)


def _matrix(chance: random.Random, language: str) -> Planted:
    name = mastodon_name(chance)
    return spaced(chance, language, f"@{name}:{invented.host(chance)}"), (name,)


def drawn(chance: random.Random, alphabet: str, count: int) -> str:
    """So many letters of an alphabet."""
    return "".join(chance.choice(alphabet) for _ in range(count))


def _identifier(chance: random.Random, language: str) -> Planted:
    name = mastodon_name(chance)
    did, npub = drawn(chance, _BASE32, 24), drawn(chance, _BECH32, 58)
    written, planted = chance.choice(
        (
            (f"did:plc:{did}", did),
            (f"at://did:plc:{did}/app.bsky.feed.post/3lbx{drawn(chance, _BASE32, 9)}", did),
            (f"acct:{name}@{invented.host(chance)}", name),
            (f"npub1{npub}", npub),
            (f"nostr:npub1{npub}", npub),
        )
    )
    return spaced(chance, language, written), (planted,)


def _any_mention(chance: random.Random) -> tuple[str, str]:
    """A name and how it is written after the sign."""
    name = x_name(chance)
    return name, chance.choice((name, name, f"{name}@{invented.host(chance)}"))


def _full_width(chance: random.Random, language: str) -> Planted:
    name, written = _any_mention(chance)
    return said(chance, language, f"＠{written}".replace("@", chance.choice(("@", "＠")))), (name,)


def _other_at(chance: random.Random, language: str) -> Planted:
    """The small at sign, and names in full-width or mathematical letters."""
    name = invented.word(chance)
    wide = "".join(chr(ord(letter) + 0xFEE0) for letter in name)
    bold = "".join(chr(ord(letter) - ord("a") + 0x1D41A) for letter in name)
    return said(chance, language, chance.choice((f"﹫{name}", f"@{wide}", f"＠{wide}", f"@{bold}"))), (name,)


def _invisible(chance: random.Random, language: str) -> Planted:
    name, written = _any_mention(chance)
    hidden = list(f"@{written}")
    for _ in range(chance.randint(1, 3)):
        hidden.insert(chance.randint(1, len(hidden) - 1), chance.choice(INVISIBLE))
    return said(chance, language, "".join(hidden)), (name,)


def _invisible_around(chance: random.Random, language: str) -> Planted:
    """As Mastodon and phones put them: isolates and joiners in front and behind."""
    name, written = _any_mention(chance)
    return said(chance, language, f"{chance.choice(INVISIBLE)}@{written}{chance.choice(INVISIBLE)}"), (name,)


def _retweet(chance: random.Random, language: str) -> Planted:
    name = x_name(chance)
    head = chance.choice(
        (f"RT @{name}: ", f"RT @{name} ", f"RT: @{name} ", f"MT @{name}: ", f"via @{name}: ", f"rt@{name}: ")
    )
    return head + said(chance, language, "").strip(), (name,)


def _dot_at(chance: random.Random, language: str) -> Planted:
    name = x_name(chance)
    return f"{chance.choice(('.', '·', '-', '…', '!'))}@{name} " + said(chance, language, "").strip(), (name,)


def _punctuated(chance: random.Random, language: str) -> Planted:
    name = x_name(chance).rstrip("_")
    around = chance.choice(
        ("(@{})", "[@{}]", "«@{}»", "“@{}”", "@{}'s", "@{}’s", "@{}:", "@{},", "@{}!", "@{}?", "/@{}/", "*@{}*", "**@{}**", "„@{}“", "「@{}」", "（@{}）",
         "@{}…", "@{}...", "—@{}—", "@{};", "@{}/", "<@{}>", "~@{}~", "|@{}|", "@{}&", "@{}👋", "👋@{}")
    )  # fmt: skip
    return spaced(chance, language, around.format(name)), (name,)


def _several(chance: random.Random, language: str) -> Planted:
    names = [x_name(chance).strip("_") for _ in range(chance.randint(2, 5))]
    return said(
        chance, language, chance.choice((" ", ", ", "\n", " & ", " / ")).join(f"@{name}" for name in names)
    ), tuple(names)


def _lines_apart(chance: random.Random, language: str) -> Planted:
    """At the very start or end of a text, or alone in its line."""
    name, written = _any_mention(chance)
    rest = said(chance, language, "").strip()
    return chance.choice(
        (f"@{written} {rest}", f"{rest} @{written}", f"{rest}\n@{written}\n{rest}", f"{rest}\t@{written}")
    ), (name,)


TRICKS: Final[Mapping[str, Callable[[random.Random, str], Planted]]] = {
    "X": _x,
    "Mastodon, local": _mastodon_local,
    "Mastodon, @user@host": _mastodon_remote,
    "Bluesky, @name.bsky.social": _bluesky,
    "Bluesky, own domain": _bluesky_own_domain,
    "Bluesky, without @": _bluesky_bare,
    "YouTube": _youtube,
    "Instagram, Threads, TikTok": _instagram,
    "Telegram": _telegram,
    "GitHub": _github,
    "Reddit, u/name": _reddit,
    "Matrix, @name:host": _matrix,
    "DID, acct:, npub": _identifier,
    "full-width at sign": _full_width,
    "other at signs and letters": _other_at,
    "invisible within": _invisible,
    "invisible around": _invisible_around,
    "RT @name:": _retweet,
    ".@name": _dot_at,
    "punctuation around": _punctuated,
    "several": _several,
    "line ends": _lines_apart,
}

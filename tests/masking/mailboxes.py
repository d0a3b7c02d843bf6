"""
Lines with e-mail addresses, plain and hidden from machines.

Grammar: RFC 5321 section 4.1.2 (`Dot-string` of `atext`, domain of letters, digits and hyphens), RFC 5322 section 3.2.3 (`atext`), RFC 6531
section 3.3 (any UTF-8 in both halves), RFC 6068 (`mailto:`), RFC 5233 (`+` and a detail), RFC 3492 (`xn--`). Addresses in own scripts have
the shapes of the Universal Acceptance Steering Group's examples (uasg.tech, UASG004), with invented names.

Ways to hide one: `at` and `dot` in words, bracketed or not, in the languages' own words for the two signs (en.wikipedia.org, "At sign", "Names in
other languages", and "Address munging"). Not among them: a bare "at" with a real dot ("find us at example.com"), because
in most sentences that names a place, and is among the clean lines; nor "user @example.com", which is a word
and somebody's handle.

What is planted: the address, and the local part, which alone tells the person.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from typing import Final

from tests.masking import invented
from tests.masking.handles import INVISIBLE
from tests.masking.languages import LANGUAGES

Planted = tuple[str, tuple[str, ...]]

AT_AND_DOT: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "en": (("at", "dot"), ("AT", "DOT")),
    "fr": (("arobase", "point"), ("at", "point"), ("chez", "point")),
    "es": (("arroba", "punto"),),
    "de": (("at", "punkt"), ("ät", "punkt"), ("Klammeraffe", "Punkt")),
    "pl": (("małpa", "kropka"),),
    "uk": (("собака", "крапка"), ("равлик", "крапка")),
    "el": (("παπάκι", "τελεία"),),
    "ar": (("آت", "نقطة"), ("في", "نقطة")),
    "he": (("שטרודל", "נקודה"), ("כרוכית", "נקודה")),
    "hi": (("एट", "डॉट"),),
    "zh": (("艾特", "点"),),
    "ja": (("アットマーク", "ドット"), ("アット", "ドット")),
    "ko": (("골뱅이", "점"), ("앳", "닷")),
    "th": (("แอท", "ดอท"), ("แอด", "จุด")),
    "vi": (("a còng", "chấm"),),
}
"""By language; the English words where a language has none here."""

_BRACKETS: Final = (
    "[{}]",
    "({})",
    "{{{}}}",
    "<{}>",
    " [{}] ",
    " ({}) ",
    " {{{}}} ",
    "_{}_",
    "-{}-",
    "[ {} ]",
    "（{}）",
    "【{}】",
)


def said(chance: random.Random, language: str, address: str) -> str:
    """In a sentence of the language."""
    return chance.choice(LANGUAGES[language].write).format(address)


def spaced(chance: random.Random, language: str, address: str) -> str:
    """In a sentence with white space around, for addresses whose ends only white space tells."""
    return chance.choice(LANGUAGES[language].see).format(address)


def local_part(chance: random.Random) -> str:
    """A dot-string as most people have it."""
    name, other = invented.word(chance), invented.word(chance, 2, 3)
    return chance.choice(
        (
            name,
            f"{name}.{other}",
            f"{name}_{other}",
            f"{name}-{other}",
            f"{name}{invented.digits(chance, 2)}",
            f"{name[0]}.{other}wick",
        )
    )


def _plain(chance: random.Random, language: str) -> Planted:
    local = local_part(chance)
    address = invented.cased(chance, f"{local}@{invented.mail_host(chance)}")
    return said(chance, language, address), (address, local)


def _plus(chance: random.Random, language: str) -> Planted:
    local = local_part(chance)
    address = (
        f"{local}+{chance.choice(('news', 'city', 'spam-box', '2026', 'a.b'))}@{invented.mail_host(chance)}"
    )
    return said(chance, language, address), (address, local)


def _every_atext(chance: random.Random, language: str) -> Planted:
    name, other = invented.word(chance), invented.word(chance)
    local = name + chance.choice("!#$%&'*/=?^`{|}~") + other
    return spaced(chance, language, f"{local}@{invented.mail_host(chance)}"), (local, other)


def _mailto(chance: random.Random, language: str) -> Planted:
    local, host = local_part(chance), invented.mail_host(chance)
    written = chance.choice(
        (
            f"mailto:{local}@{host}",
            f"MAILTO:{local}@{host}",
            f"mailto:{local}%40{host}",
            f"<mailto:{local}@{host}?subject=Pool>",
            f"mailto:{local}@{host}?cc={local}@{host}",
        )
    )
    return spaced(chance, language, written), (local,)


def _bracketed(chance: random.Random, language: str) -> Planted:
    local, host = local_part(chance), invented.mail_host(chance)
    around = chance.choice(
        (
            "<{}>",
            "({})",
            "[{}]",
            "«{}»",
            '"{}"',
            "{}.",
            "{},",
            "{};",
            "{}!",
            "*{}*",
            "`{}`",
            "「{}」",
            "e-mail:{}",
            "→{}",
            "{}…",
            "{}/",
        )
    )
    return spaced(chance, language, around.format(f"{local}@{host}")), (local,)


def _international(chance: random.Random, language: str) -> Planted:
    local, host = chance.choice(
        (
            ("用户{}", "例子.广告"), ("दिनेश{}", "डाटा.भारत"), ("квіточка{}", "пошта.укр"), ("χρήστης{}", "παράδειγμα.ελ"), ("Dörthe{}", "Sörensen.example.com"),
            ("почтальон{}", "пример.рф"), ("étienne{}", "exemplé.example.fr"), ("김민서{}", "예시.한국"), ("花子{}", "例え.テスト"), ("łukaszek{}", "poczta.example.pl"),
        )
    )  # fmt: skip
    local = local.format(chance.choice(("", invented.digits(chance, 2), f".{invented.word(chance)}")))
    return spaced(chance, language, f"{local}@{host}"), (local, f"{local}@{host}")


def _punycode(chance: random.Random, language: str) -> Planted:
    local = local_part(chance)
    host = chance.choice(
        (
            "xn--fsqu00a.xn--0zwm56d",
            "xn--e1afmkfd.xn--80akhbyknj4f",
            "mail.xn--mller-kva.example",
            "münchen.example",
            "кафе.example",
            "ñandú.example.es",
        )
    )
    return spaced(chance, language, f"{local}@{host}"), (local,)


def _full_width(chance: random.Random, language: str) -> Planted:
    local, host = local_part(chance), invented.mail_host(chance)
    written = chance.choice(
        (
            f"{local}＠{host}",
            f"{local}＠{host.replace('.', '．')}",
            f"{local}﹫{host}",
            f"{local}@{host.replace('.', '。')}",
        )
    )
    return spaced(chance, language, written), (local,)


def _invisible(chance: random.Random, language: str) -> Planted:
    local, host = local_part(chance), invented.mail_host(chance)
    hidden = list(f"{local}@{host}")
    for _ in range(chance.randint(1, 3)):
        hidden.insert(chance.randint(1, len(hidden) - 1), chance.choice(INVISIBLE))
    return said(chance, language, "".join(hidden)), (local,)


def _spread(chance: random.Random, language: str) -> Planted:
    """White space around the sign."""
    local, host = local_part(chance), invented.mail_host(chance)
    return spaced(
        chance,
        language,
        chance.choice(
            (
                f"{local} @ {host}",
                f"{local}@ {host}",
                f"{local} @ {host.replace('.', ' . ')}",
            )
        ),
    ), (local,)


def _signs(chance: random.Random, language: str) -> tuple[str, str]:
    return chance.choice(
        AT_AND_DOT.get(language, AT_AND_DOT["en"]) if chance.random() < 0.7 else AT_AND_DOT["en"]
    )


def _in_words(chance: random.Random, language: str) -> Planted:
    """`user at example dot com`, in the language's words and in English."""
    local, host = local_part(chance), invented.mail_host(chance)
    at, dot = _signs(chance, language)
    return spaced(chance, language, f"{local} {at} {host.replace('.', f' {dot} ')}"), (local,)


def _in_brackets(chance: random.Random, language: str) -> Planted:
    """`user [at] example [dot] com`, in the language's words and in English."""
    local, host = local_part(chance), invented.mail_host(chance)
    at, dot = _signs(chance, language)
    around = chance.choice(_BRACKETS)
    return spaced(chance, language, f"{local}{around.format(at)}{host.replace('.', around.format(dot))}"), (
        local,
    )


def _at_in_brackets(chance: random.Random, language: str) -> Planted:
    """`user(at)example.com`: only the sign is hidden."""
    local, host = local_part(chance), invented.mail_host(chance)
    at, _ = _signs(chance, language)
    return spaced(
        chance, language, f"{local}{chance.choice(_BRACKETS).format(chance.choice((at, '@')))}{host}"
    ), (local,)


def _dot_in_words(chance: random.Random, language: str) -> Planted:
    """`user@example dot com`: only the dots are hidden."""
    local, host = local_part(chance), invented.mail_host(chance)
    _, dot = _signs(chance, language)
    hidden = chance.choice((f" {dot} ", f"[{dot}]", f" ({dot}) ", f"({dot})"))
    return spaced(chance, language, f"{local}@{host.replace('.', hidden)}"), (local,)


def _local_hidden_too(chance: random.Random, language: str) -> Planted:
    """`first dot last at example dot com`."""
    first, last, host = invented.word(chance), invented.word(chance), invented.mail_host(chance)
    at, dot = _signs(chance, language)
    around = chance.choice((" {} ", "[{}]", " [{}] ", "({})", " ({}) "))
    dotted = around.format(dot)
    return spaced(chance, language, f"{first}{dotted}{last}{around.format(at)}{host.replace('.', dotted)}"), (
        first,
        last,
    )


TRICKS: Final[Mapping[str, Callable[[random.Random, str], Planted]]] = {
    "e-mail": _plain,
    "plus-addressed": _plus,
    "every sign of atext": _every_atext,
    "mailto:": _mailto,
    "brackets and punctuation": _bracketed,
    "internationalised": _international,
    "international host": _punycode,
    "full-width e-mail": _full_width,
    "invisible within e-mail": _invisible,
    "spaces around @": _spread,
    "user at example dot com": _in_words,
    "user [at] example [dot] com": _in_brackets,
    "user(at)example.com": _at_in_brackets,
    "user@example dot com": _dot_in_words,
    "first dot last at example dot com": _local_hidden_too,
}

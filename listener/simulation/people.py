"""
People who do not exist, in many languages and scripts, for simulators: whatever names a person on a network.

Everything here is made by a seed and lies in ranges reserved for fiction: e-mail and web addresses under the
example domains (RFC 2606, RFC 6761), telephone numbers that regulators set aside for drama (North America:
555-0100 to 555-0199, NANPA; France: 01 99 00, Arcep decision 2018-0881; United Kingdom: 020 7946 0, Ofcom, "Telephone
numbers for drama use"; as remembered 2026-11).
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Person:
    """
    A synthetic person. Prints without a name all the same, so that no test teaches a bad habit.

    Args:
        lang: BCP 47.
        name: Display name, in the person's own script.
        handle: Without a leading sign; ASCII, as networks want it.
        bio: A sentence about themselves.
        email: Under an example domain.
        phone: In a range reserved for fiction.
        account_id: As a network would number them.
        profile: Address of a page about them.
        avatar: Address of their picture.
    """

    lang: str
    name: str
    handle: str
    bio: str
    email: str
    phone: str
    account_id: str
    profile: str
    avatar: str

    def __repr__(self) -> str:
        return f"Person(lang={self.lang!r})"


@dataclass(frozen=True, slots=True)
class _Tongue:
    """
    Names of one language: given and family names with their ASCII spelling, and bios.
    """

    given: tuple[tuple[str, str], ...]
    family: tuple[tuple[str, str], ...]
    bios: tuple[str, ...]
    family_first: bool = False


TONGUES: Final[dict[str, _Tongue]] = {
    "en": _Tongue(
        (("Imogen", "imogen"), ("Desmond", "desmond"), ("Tabitha", "tabitha"), ("Rufus", "rufus")),
        (("Brackenfield", "bracken"), ("Oldershaw", "oldershaw"), ("Quillfeather", "quill")),
        ("Walks to work, complains about ice.", "Gardener. Transit nerd.", "Two kids, one bicycle."),
    ),
    "fr": _Tongue(
        (("Océane", "oceane"), ("Théo", "theo"), ("Maëlys", "maelys"), ("Loïc", "loic")),
        (("Boisclair-Dumont", "boisclair"), ("L’Écuyer", "lecuyer"), ("Passepierre", "passepierre")),
        ("Maman, cycliste d’hiver.", "J’écris sur mon quartier.", "Bibliothécaire à la retraite."),
    ),
    "es": _Tongue(
        (("Íñigo", "inigo"), ("Begoña", "begona"), ("Nicanor", "nicanor")),
        (("Valdeolmillos", "valdeol"), ("Peñarrubia", "penarrubia")),
        ("Vecina del barrio desde siempre.", "Panadero y padre de tres."),
    ),
    "uk": _Tongue(
        (("Соломія", "solomiia"), ("Остап", "ostap"), ("Мирослава", "myroslava")),
        (("Вишневецький", "vyshnev"), ("Криничко", "krynychko")),
        ("Люблю каву й трамваї.", "Вчитель музики."),
    ),
    "ar": _Tongue(
        (("ريحانة", "rayhana"), ("زهير", "zuhair"), ("ليلى", "layla")),
        (("البستاني", "albustani"), ("النجار", "alnajjar")),
        ("أحب المشي على ضفة النهر.", "طبيب أسنان وقارئ نهم."),
    ),
    "hi": _Tongue(
        (("मृणालिनी", "mrinalini"), ("ओजस", "ojas")),
        (("वृंदावनवाला", "vrindavan"), ("आम्रपाली", "amrapali")),
        ("पुस्तकालय और चाय।",),
    ),
    "pa": _Tongue(
        (("ਹਰਨੂਰ", "harnoor"), ("ਜਸਲੀਨ", "jasleen")),
        (("ਗੁਲਮੋਹਰ", "gulmohar"), ("ਸਰੋਵਰ", "sarovar")),
        ("ਟਰੱਕ ਚਲਾਉਂਦਾ ਹਾਂ।",),
    ),
    "zh": _Tongue(
        (("雨桐", "yutong"), ("思远", "siyuan"), ("若溪", "ruoxi")),
        (("欧阳", "ouyang"), ("司徒", "situ")),
        ("爱散步，爱图书馆。", "两只猫的家长。"),
        family_first=True,
    ),
    "ja": _Tongue(
        (("さくら子", "sakurako"), ("蓮之介", "rennosuke")),
        (("小鳥遊", "takanashi"), ("月見里", "yamanashi")),
        ("雪かきが得意です。",),
        family_first=True,
    ),
    "ko": _Tongue(
        (("하늘빛", "haneulbit"), ("다솜", "dasom")),
        (("남궁", "namgung"), ("독고", "dokgo")),
        ("버스를 기다리는 중.",),
        family_first=True,
    ),
    "he": _Tongue(
        (("אורית", "orit"), ("נדב", "nadav")),
        (("הרעננה", "raanana"), ("בן־גן", "bengan")),
        ("רוכבת אופניים בחורף.",),
    ),
    "el": _Tongue(
        (("Ελπινίκη", "elpiniki"), ("Ορέστης", "orestis")),
        (("Ανεμοδουρά", "anemodoura"), ("Κρασοπούλου", "krasopoulou")),
        ("Φωτογραφίζω χιόνι.",),
    ),
}
"""Common given names with family names chosen to be improbable together; nobody in particular."""

LANGUAGES: Final = tuple(TONGUES)

_DOMAINS: Final = ("example.org", "example.net", "example.com", "mail.example")


def people(seed: int, count: int, *, languages: tuple[str, ...] = LANGUAGES) -> tuple[Person, ...]:
    """
    `count` people; the languages take turns, handles, ids and addresses are all different. Equal seeds make equal
    people, and a longer list begins with the shorter one.

    Args:
        seed: Any integer.
        count: How many.
        languages: From `LANGUAGES`.
    """
    chance = random.Random(f"people/{seed}")
    return tuple(_person(chance, languages[number % len(languages)], number) for number in range(count))


def fictitious_phone(chance: random.Random) -> str:
    """
    A telephone number nobody can have.
    """
    return chance.choice(
        (
            f"+1 403-555-01{chance.randrange(100):02}",
            f"(587) 555-01{chance.randrange(100):02}",
            f"+33 1 99 00 {chance.randrange(100):02} {chance.randrange(100):02}",
            f"+44 20 7946 0{chance.randrange(1000):03}",
        )
    )


def _person(chance: random.Random, lang: str, number: int) -> Person:
    tongue = TONGUES[lang]
    given, given_ascii = chance.choice(tongue.given)
    family, family_ascii = chance.choice(tongue.family)
    joint = "" if lang in {"zh", "ja", "ko"} else " "
    # The number makes handles unique, as it does on real networks.
    handle = f"{given_ascii}_{family_ascii}{number}"
    return Person(
        lang=lang,
        name=f"{family}{joint}{given}" if tongue.family_first else f"{given}{joint}{family}",
        handle=handle,
        bio=chance.choice(tongue.bios),
        email=f"{handle.replace('_', '.')}@{chance.choice(_DOMAINS)}",
        phone=fictitious_phone(chance),
        account_id=str(10**17 + chance.randrange(8 * 10**17)),
        profile=f"https://people.example/@{handle}",
        avatar=f"https://pictures.example/avatars/{handle}.png",
    )

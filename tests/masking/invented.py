"""
Invented names of accounts, mailboxes and hosts, that belong to nobody and stand in no carrier sentence.

Used by the generators beside it. Hosts are those that RFC 2606 and RFC 6761 keep free for documents, or countries' shapes of them.
"""

from __future__ import annotations

import random
import string
from typing import Final

SYLLABLES: Final = (
    "ma",
    "ri",
    "ko",
    "wal",
    "jo",
    "ne",
    "ska",
    "lu",
    "bo",
    "dre",
    "fi",
    "zan",
    "tor",
    "vik",
    "pe",
    "gru",
    "nal",
    "quo",
    "hy",
    "xen",
)
HOSTS: Final = (
    "social.example", "town.example", "mastodon.example.org", "chat.example.net", "fedi.example.com", "masto.example.ca",
    "a.social.example.co.uk", "xn--bcher-kva.example", "m-0.example", "toots.test",
)  # fmt: skip
MAIL_HOSTS: Final = (
    "example.com", "example.org", "example.net", "mail.example.com", "post.example", "uni.example", "example.co.uk",
    "cs.dept.uni.example", "example.ca", "example.com.au", "my-post.example", "4you.example", "example.photography",
)  # fmt: skip

UNICODE_WORDS: Final = (
    "маріяк", "χρήστος", "дмитро", "młynarz", "łódkarz", "sørensen", "björnsson", "étienne", "نورالدين", "दिनेश", "田中花子",
    "김민서", "สมชาย", "nguyễn", "çelik", "œuvrier", "משהכהן",
)  # fmt: skip


def word(chance: random.Random, least: int = 3, most: int = 4) -> str:
    """Syllables in a row; at least six letters from three syllables on."""
    made = "".join(chance.choice(SYLLABLES) for _ in range(chance.randint(least, most)))
    return made if len(made) >= 6 else made + "wick"


def digits(chance: random.Random, count: int) -> str:
    """That many, the first of which is not 0."""
    return chance.choice("123456789") + "".join(chance.choice(string.digits) for _ in range(count - 1))


def cased(chance: random.Random, name: str) -> str:
    """As people write it: small, capitalised, or with capitals within."""
    return chance.choice((name, name, name.capitalize(), name.title(), name.upper()))


def host(chance: random.Random) -> str:
    """Of a server of the fediverse."""
    return chance.choice(HOSTS)


def mail_host(chance: random.Random) -> str:
    """Of mailboxes."""
    return chance.choice(MAIL_HOSTS)

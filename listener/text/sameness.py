"""
What counts as the same: an address that was written another way, a text in which nobody changed a word.

Used by adapters (identity of posts), by `gate.clear` (edit or repeat) and nobody else. Nothing made here is ever shown
or stored: it is hashed. Pure and linear. Invariant: what is left out says nothing that a reader would miss.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_ADDRESS: Final = re.compile(r"[hH][tT][tT][pP][sS]?://([^/?#]*)([^?#]*)(?:\?([^#]*))?(?:#(.*))?", re.DOTALL)
_PLAIN: Final = re.compile(r"https?://[a-z0-9.:-]++/?[^?#]*+")
"""Nearly every address, to be dealt with in a third of the time."""

_IN_TEXT: Final = re.compile(r"https?://[^\s<>\"]+", re.IGNORECASE)

_MARKS_A_VISIT: Final = re.compile(
    r"(?:utm_|mtm_)\w*|fbclid|gclid|msclkid|mc_[ce]id|phpsessid|jsessionid|replytocom", re.IGNORECASE
)
"""Parameters that tell who came from where, or in which session; never which page."""

_CHANGES_BY_ITSELF: Final = re.compile(
    r"(?:cb|cachebuster|nocache|rnd|rand|random|ord|ts|timestamp|_|ad_?id|click_?id|nonce|token|sid|session(?:id)?"
    r"|sig|signature|expires|x-amz-\w+|x-goog-\w+)=.*"
    r"|[^=]*=(?:[0-9a-f]{16,}|1[0-9]{9}(?:[0-9]{3})?)",
    re.IGNORECASE,
)
"""Parameters of addresses inside a text that a server makes anew at every reading: advertisements, signed pictures."""

_SPELLINGS: Final = {
    **dict.fromkeys(map(ord, "‘’‚‛ʼ′"), "'"),
    **dict.fromkeys(map(ord, "“”„‟″«»"), '"'),
    **dict.fromkeys(map(ord, "‐‑‒–—―−"), "-"),
    **dict.fromkeys(map(ord, "\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufe0e\ufe0f\ufeff"), None),
}
"""What software sets instead of what people type, and what has no width."""

_SPELLED: Final = re.compile(f"[{''.join(map(chr, _SPELLINGS))}]")

_NUMBER: Final = re.compile(
    r"\d(?<!\d\d)(?:\d{0,2}(?:[.,' ]\d{3}){1,3}|\d{0,8})(?:[.,]\d)?[kKmM]?(?!\d)(?:\s?([^\W\d]{1,16}))?(?:\s([^\W\d]{1,10}))?"
)
"""
A number with the two words after it; bounded, so that a text full of numbers costs no more than its length. Begins
with a digit and looks back from there, so that the engine skips from digit to digit.
"""

_LABEL: Final = re.compile(r"([^\W\d]{2,16})\s?[:(]$")
_UNTIL: Final = ("vor", "il y a", "hace", "há")
_BEFORE: Final = 24
"""Characters looked at before a number."""

_A_WHILE: Final = re.compile(r"\b(?:an?|one)\s([^\W\d]{3,6})\sago\b", re.IGNORECASE)
_NONE: Final = re.compile(r"\bno\s(?=comments?|replies|views)", re.IGNORECASE)
_BACK: Final = re.compile(r"(?:秒|分|分钟|分鐘|時間|小时|小時|日|天|週間|周|ヶ月|か月|个月|個月|年)前")

_SPANS: Final = frozenset(
    re.findall(
        r"\w+",
        "s sec secs second seconds m min mins minute minutes h hr hrs hour hours d day days w week weeks month months year"
        " years sekunde sekunden minuten stunde stunden tag tage tagen woche wochen monat monate monaten jahr jahre jahren"
        " seconde secondes heure heures jour jours semaine semaines mois an ans segundo segundos minuto minutos hora horas"
        " día días dia dias semana semanas mes meses año años anos ano uur uren dag dagen weken maand maanden jaar ora ore"
        " minuti giorno giorni settimana settimane mese mesi anno anni",
    )
)
_AGO: Final = frozenset(["ago", "geleden", "fa", "назад", "тому", "temu", "sedan", "siden", "sitten"])
_COUNTED: Final = frozenset(
    re.findall(
        r"\w+",
        "view views read reads hit hits visit visits comment comments reply replies like likes share shares kommentar"
        " kommentare aufruf aufrufe commentaire commentaires vue vues comentario comentarios comentário comentários visita"
        " visitas reactie reacties commento commenti visualizzazioni комментарий комментария комментариев просмотр"
        " просмотра просмотров",
    )
)
"""What moves by itself: spans of time told from now, in the languages blogs show them, and counters."""


def same_address(address: str) -> str:
    """
    One spelling for all addresses of the same page: `http`, host in lower case, no slash at the end of the path, none
    of the parameters that mark a visit. What is no web address stays as it is.
    """
    if _PLAIN.fullmatch(address):
        return "http" + address[5 if address[4] == "s" else 4 :].rstrip("/")
    found = _ADDRESS.fullmatch(address)
    if found is None:
        return address
    host, path, query, fragment = found.groups()
    if query:
        query = "&".join(
            pair for pair in query.split("&") if not _MARKS_A_VISIT.fullmatch(pair.partition("=")[0])
        )
    return f"http://{host.lower()}{path.rstrip('/')}{f'?{query}' if query else ''}{f'#{fragment}' if fragment else ''}"


def as_read(text: str) -> str:
    """
    The words of a text, for comparing two readings of it. Equal for texts that differ only in white space, in how
    quotes, dashes and letters are spelled, in parameters of addresses that a server makes anew each time, in times
    told from now (`3 hours ago`) and in counters (`1,204 views`). Any other number counts: it may be the news.
    """
    if not text.isascii():
        text = _spelled_plainly(unicodedata.normalize("NFKC", text))
    if "://" in text:
        text = _IN_TEXT.sub(_steady, text)
    if " ago" in text:
        text = _A_WHILE.sub("", text)
    if "o comment" in text or "o repl" in text or "o views" in text:
        text = _NONE.sub("0 ", text)
    return " ".join(_NUMBER.sub(_lasting, text).split())


def _spelled_plainly(text: str) -> str:
    """
    The text translated by `_SPELLINGS`: of these a text holds a few at most, and `str.translate` looks every
    character up.
    """
    for character in set(_SPELLED.findall(text)):
        text = text.replace(character, _SPELLINGS[ord(character)] or "")
    return text


def _lasting(found: re.Match[str]) -> str:
    """
    A number and the words after it without what moves by itself.
    """
    first, second = (found[1] or "").lower(), (found[2] or "").lower()
    rest = found[0][found.start(2) - found.start() :] if second else ""
    if first in _COUNTED or (first == "min" and second == "read") or _BACK.match(first):
        return f" {rest}"
    if second in _AGO and (first in _SPANS or second != "fa"):
        return ""
    before = found.string[max(0, found.start() - _BEFORE) : found.start()].rstrip().lower()
    if first in _SPANS and before.endswith(_UNTIL):
        return f" {rest}"
    if before.endswith((":", "(")):
        label = _LABEL.search(before)
        if label and label[1] in _COUNTED:
            return found[0].lstrip("0123456789.,' kKmM")
    return found[0]


def _steady(found: re.Match[str]) -> str:
    """
    An address inside a text without what changes by itself.
    """
    address = same_address(found[0])
    page, mark, rest = address.partition("?")
    if not mark:
        return address
    query, hash_mark, fragment = rest.partition("#")
    kept = "&".join(pair for pair in query.split("&") if not _CHANGES_BY_ITSELF.fullmatch(pair))
    return f"{page}{f'?{kept}' if kept else ''}{hash_mark}{fragment}"

"""
Frames such as Jetstream sends, and terms to look for in them: made up, of many languages, always the same.

About 640 bytes each, a third to two fifths of them not ASCII; JSON as Go writes it. One in eight is a deletion, one in
twenty-five is about an account, and every hundredth is written by an encoder that escapes all that is not ASCII.
"""

from __future__ import annotations

import json
import random
from typing import Final

_BASE32: Final = "abcdefghijklmnopqrstuvwxyz234567"
_SYLLABLES: Final = (
    "ka",
    "lo",
    "mi",
    "ter",
    "san",
    "vu",
    "dor",
    "eth",
    "qui",
    "nal",
    "bre",
    "sto",
    "fen",
    "gar",
)


def _words(said: str) -> tuple[str, ...]:
    return tuple(said.split())


_SPACED: Final = tuple(
    _words(said)
    for said in (
        "der die und ist nicht straße grün für möchte heute schön wir über zurück hören",
        "le la été où café déjà c’est très bien aujourd’hui être à demain français",
        "não você está então amanhã também coração é obrigado pão",
        "привет как дела сегодня город река хорошо очень новости",
        "오늘 날씨 좋은 친구 만나서 커피 마셨어요",
        "اليوم في المدينة صباح الخير جميل جدا",
        "bugün çok güzel ışık İzmir’de değil mi şimdi",
    )
)
_ENGLISH: Final = _words(
    "the city is a place where people live and the river runs by road to park for all of us it was great i think we "
    "should not forget that tomorrow morning coffee love this photo thanks so much really good news today about"
    " game night"
)
_JAPANESE: Final = "今日はとてもいい天気ですねおはようございます駅で友達と会って写真を撮りましたゲームかわいい楽しい！？　。、ー"
_THAI: Final = "วันนี้อากาศดีมากครับไปเที่ยวกันเถอะ"
_ENDINGS: Final = ("❤️", "🔥", "😂", "👩\u200d🚒", "✨", "…", "“quote”", "—", "’s", "I <3 it & more", "a -> b")
_KANJI: Final = "京市役所東西南北港山川田村町区道路橋"
_CYRILLIC: Final = "абвгдежзиклмнопрстуфхцчшщыьэюя"
_ACCENTED: Final = "éèêüößñçabcdefgh"


def terms(count: int, seed: int = 1) -> tuple[str, ...]:
    """
    Seven tenths of ASCII, a tenth each of Han, Cyrillic and accented Latin; of two, the second is Cyrillic.
    """
    dice = random.Random(seed)
    made = [
        "".join(dice.choices(_CYRILLIC, k=8))
        if place % 10 == 1
        else "".join(dice.sample(_KANJI, 4))
        if place % 10 == 4
        else "".join(dice.choices(_ACCENTED, k=8))
        if place % 10 == 7
        else "".join(dice.choice(_SYLLABLES) for _ in range(dice.randint(3, 5)))
        for place in range(count)
    ]
    return tuple(dict.fromkeys(made))


class Firehose:
    """
    Args:
        hashtags: Some of which stand in as many texts as are asked for.
        share: Of the frames that are posts which say one, 0 to 1.
        seed: Of all that is random.
    """

    def __init__(self, hashtags: tuple[str, ...], share: float, seed: int = 5) -> None:
        self._hashtags = hashtags
        self._share = share
        self._dice = random.Random(seed)
        self._made = 0

    def frame(self) -> bytes:
        """
        The next one. Which of them say a hashtag is spread evenly, so that few frames hold the share, too.
        """
        self._made += 1
        if int(self._made * self._share) > int((self._made - 1) * self._share):
            return self._post(f"{self._text()} #{self._spelled(self._dice.choice(self._hashtags))} ok")
        kind = self._dice.random()
        if kind < 0.12:
            return _go(self._event("commit", self._head("delete")))
        if kind < 0.16:
            return _go(self._event("account", {"active": True, "did": self._did(), "seq": 3040934738}))
        return self._post(self._text())

    def _spelled(self, term: str) -> str:
        return self._dice.choice([term, term, term.upper(), term.title()])

    def _text(self) -> str:
        dice = self._dice
        kind = dice.random()
        if kind < 0.62:
            said = " ".join(dice.choices(_ENGLISH, k=dice.randint(5, 45)))
            if dice.random() < 0.25:
                said += "\n\n" + " ".join(dice.choices(_ENGLISH, k=5))
            return f"{said} @{self._base32(6)}.bsky.social" if dice.random() < 0.1 else said
        if kind < 0.7:
            return " ".join([*dice.choices(_ENGLISH, k=dice.randint(5, 40)), dice.choice(_ENDINGS)])
        if kind < 0.85:
            return "".join(dice.choices(_JAPANESE, k=dice.randint(8, 90)))
        return _THAI if kind > 0.99 else " ".join(dice.choices(dice.choice(_SPACED), k=dice.randint(5, 35)))

    def _post(self, text: str) -> bytes:
        dice = self._dice
        record: dict[str, object] = {
            "$type": "app.bsky.feed.post",
            "createdAt": "2026-11-24T02:57:45.138Z",
            "langs": ["en"],
            "text": text,
        }
        if dice.random() < 0.5:
            record["reply"] = {"parent": self._reference(), "root": self._reference()}
        elif dice.random() < 0.4:
            image = {"$type": "blob", "ref": {"$link": self._cid()}, "mimeType": "image/jpeg", "size": 886994}
            record["embed"] = {"$type": "app.bsky.embed.images", "images": [{"alt": "", "image": image}]}
        commit = {**self._head("create"), "record": record, "cid": self._cid()}
        event = self._event("commit", commit)
        return json.dumps(event).encode() if self._made % 100 == 0 else _go(event)

    def _event(self, kind: str, said: object) -> dict[str, object]:
        return {"did": self._did(), "time_us": 1795485465340965 + self._made, "kind": kind, kind: said}

    def _head(self, operation: str) -> dict[str, str]:
        """
        In the order in which hosts write it.
        """
        return {
            "rev": "3" + self._base32(12),
            "operation": operation,
            "collection": "app.bsky.feed.post",
            "rkey": "3" + self._base32(12),
        }

    def _reference(self) -> dict[str, str]:
        return {"cid": self._cid(), "uri": f"at://{self._did()}/app.bsky.feed.post/3{self._base32(12)}"}

    def _did(self) -> str:
        return "did:plc:" + self._base32(24)

    def _cid(self) -> str:
        return "bafyrei" + self._base32(52)

    def _base32(self, count: int) -> str:
        return "".join(self._dice.choices(_BASE32, k=count))


def _go(event: object) -> bytes:
    text = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026").encode()

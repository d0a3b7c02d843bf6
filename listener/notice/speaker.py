"""
How the pages of the configuration say a date, a number of days, a network, and words that somebody wrote into it.

Used by the notice's own page and by the assessment annex, so that both say the same in the same words. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any

from listener.notice.facts import Notice, Place, Text
from listener.tell.pages import Language, sentences
from listener.tell.pages.document import Inline, Paragraph, Said, Words, fill, in_language, listed


class Speaker:
    """
    Says a notice in a language.

    Args:
        foreign: Whether something had to be said in another one.
    """

    def __init__(self, notice: Notice, language: Language) -> None:
        self.notice, self.language = notice, language
        self.foreign = False
        self._words: Mapping[str, Any] = sentences("notice", language)

    def text(self, text: Text) -> Said:
        """
        A text of the configuration in our language, or in its own and marked.
        """
        if self.language in text.translations:
            return Said(text.translations[self.language])
        if text.language in (None, self.language):
            return Said(text.said)
        self.foreign = True
        return Said(text.said, text.language)

    def in_language(self, texts: Mapping[str, str], otherwise: str) -> Said:
        """
        A text of an adapter in our language, or in another and marked.
        """
        said = in_language(texts, self.language, otherwise)
        self.foreign |= said.language is not None
        return said

    def network(self, place: Place) -> Said:
        """
        As people call it.
        """
        return self.in_language(place.network_names, place.network)

    def networks(self, places: Iterable[Place]) -> Words:
        """
        Names of the networks of some places, each once.
        """
        return listed(list(dict.fromkeys(map(self.network, places))))

    def date(self, day: date) -> str:
        """
        A day, in words.
        """
        number = self._words["first_day"] if day.day == 1 else str(day.day)
        month: str = self._words["months"][day.month - 1]
        said: str = self._words["date"].format(day=number, month=month, year=day.year)
        return said

    def days(self, count: int) -> str:
        """
        So many days.
        """
        return self._counted(count, "day", "days")

    def hours(self, count: int) -> str:
        """
        So many hours.
        """
        return self._counted(count, "hour", "hours")

    def _counted(self, count: int, one: str, many: str) -> str:
        said: str = self._words[one] if count == 1 else self._words[many].format(count=count)
        return said

    def _paragraph(self, sentence: str, **values: Inline | Words) -> Paragraph:
        return Paragraph(fill(self._words[sentence], **values))

"""
What citizens are told: the configuration, its acceptance and what the daemon counted, in plain words.

    facts                 `Notice`: what there is to say, in values; the assessment annex begins with it, too
    compose               settings + lock + figures → Notice
    counted               what the daemon counted, as it may be told
    speaker               how a date, a network or a text of the configuration is said; the annex says them alike
    page                  Notice → Document in a language
    board                 Document → HTML, Markdown or JSON; what the daemon serves at `/notice`

Nothing personal is at hand here: no post, no name of a token, no name of who accepted.
"""

from listener.notice.board import FORMATS, Board, Format, written
from listener.notice.compose import compose
from listener.notice.counted import figures_of
from listener.notice.facts import Figures, Notice, Removals, Text

__all__ = [
    "FORMATS",
    "Board",
    "Figures",
    "Format",
    "Notice",
    "Removals",
    "Text",
    "compose",
    "figures_of",
    "written",
]

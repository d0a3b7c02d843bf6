"""
Pages for people: HTML without scripts, in the languages of `words/`, readable by everybody.
"""

from listener.tell.pages.render import LANGUAGES, Language, language_of, render, respond, sentences

__all__ = ["LANGUAGES", "Language", "language_of", "render", "respond", "sentences"]

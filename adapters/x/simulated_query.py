"""
The query language of recent search: a text becomes a test for posts, or an error as the server words it.

Asked by `simulated_site` for searches and counts. Operators join by a space (and) before `OR`; parentheses group; `-` negates a
single operator, never a group; what is not standalone needs a standalone operator beside it.

Sources: docs.x.com, posts/search/integrate/operators and build-a-query, as quoted in 2026-11 (512 characters on self-serve;
`min_likes`, `min_replies`, `min_reposts` since 2026-05-04, `min_faves` refused; diacritics and case do not count; a quote is
found by its own words only). The wording of errors is as remembered, 2026-11.
"""

from __future__ import annotations

import html
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from adapters.x.simulated_posts import Post, Words, whole

MOST_CHARACTERS: Final = 512

_TOKEN: Final = re.compile(
    r'\s+|(?P<word>-?(?:[a-z_]+:)?"[^"]*"|[()]|-(?=\()|[^\s()"]+)|(?P<bad>.)', re.IGNORECASE
)
_OPERATOR: Final = re.compile(r"([a-z_]+):(.*)", re.IGNORECASE | re.DOTALL)
_FLAGS: Final = {
    "is": ("retweet", "reply", "quote", "nullcast", "verified"),
    "has": ("hashtags", "cashtags", "links", "mentions", "media", "images", "video_link", "geo"),
}
_LINK: Final = re.compile(r"https?://\S+")
_LEAST: Final = ("min_likes", "min_replies", "min_reposts")
_STANDALONE: Final = ("from", "to", "url", "conversation_id", "retweets_of")


class QueryError(Exception):
    """
    A query that is refused; its text is the server's message.
    """


Test = Callable[["Found"], bool]


@dataclass(frozen=True, slots=True)
class Found:
    """
    A post as a query sees it: its latest version, in full.

    Args:
        post: Which.
        words: Of its latest version.
        said: Its words one by one, plain, links left out.
        replies: How many there are.
        reposts: How many there are.
    """

    post: Post
    words: Words
    said: tuple[str, ...]
    replies: int = 0
    reposts: int = 0

    @classmethod
    def of(cls, post: Post, *, replies: int = 0, reposts: int = 0) -> Found:
        """
        As it reads now.
        """
        words = whole(post, post.latest)
        return cls(post, words, _words(_LINK.sub(" ", html.unescape(words.text))), replies, reposts)


@dataclass(frozen=True, slots=True)
class Query:
    """
    A query that was understood.

    Args:
        test: Whether it finds a post.
        anchored: Whether whatever it finds is found by a standalone operator.
    """

    test: Test
    anchored: bool


def parse(text: str) -> Query:
    """
    Raises:
        QueryError: the server would refuse it.
    """
    if not text.strip():
        raise QueryError("Rule must contain at least one positive, non-stopword clause")
    if len(text) > MOST_CHARACTERS:
        raise QueryError(f"Rule must be at most {MOST_CHARACTERS} characters long; this one has {len(text)}")
    query = _Reader(_tokens(text)).whole()
    if not query.anchored:
        raise QueryError("Rule must contain at least one positive, non-stopword clause")
    return query


def _tokens(text: str) -> list[str]:
    found = []
    for match in _TOKEN.finditer(text):
        if match["bad"] is not None:
            raise QueryError(f"no viable alternative at character {match.start() + 1}: '{match['bad']}'")
        if match["word"] is not None:
            found.append(match["word"])
    return found


class _Reader:
    """
    Descends a query once.
    """

    def __init__(self, tokens: list[str]) -> None:
        self.tokens = tokens
        self.at = 0

    def whole(self) -> Query:
        query = self._either()
        if self.at < len(self.tokens):
            raise QueryError(f"extraneous input '{self.tokens[self.at]}'")
        return query

    @property
    def _next(self) -> str | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def _either(self) -> Query:
        branches = [self._all()]
        while self._next == "OR":
            self.at += 1
            branches.append(self._all())
        if len(branches) == 1:
            return branches[0]
        tests = [branch.test for branch in branches]
        return Query(lambda found: any(test(found) for test in tests), all(b.anchored for b in branches))

    def _all(self) -> Query:
        clauses = []
        while self._next not in (None, "OR", ")"):
            clauses.append(self._clause())
        if not clauses:
            raise QueryError(f"mismatched input '{self._next or '<EOF>'}'")
        tests = [clause.test for clause in clauses]
        return Query(lambda found: all(test(found) for test in tests), any(c.anchored for c in clauses))

    def _clause(self) -> Query:
        piece = self.tokens[self.at]
        self.at += 1
        if piece == "-":
            raise QueryError("Negation of a group is not supported; negate each of its clauses")
        if piece != "(":
            return _term(piece)
        inner = self._either()
        if self._next != ")":
            raise QueryError(f"missing ')' at '{self._next or '<EOF>'}'")
        self.at += 1
        return inner


def _term(piece: str) -> Query:
    if piece.casefold() in ("and", "or"):
        raise QueryError(f"Ambiguous use of {piece} as a keyword. Quote it to find its occurrences in text")
    if not piece.startswith("-"):
        return _positive(piece)
    positive = _positive(piece[1:], negated=True)
    return Query(lambda found: not positive.test(found), anchored=False)


def _positive(piece: str, *, negated: bool = False) -> Query:
    operator = _OPERATOR.fullmatch(piece)
    if operator is not None and not piece.startswith(("http:", "https:")):
        return _named(operator[1].lower(), operator[2].strip('"'), negated=negated)
    if piece.startswith('"'):
        return _phrase(piece.strip('"'))
    sign, rest = piece[:1], piece[1:].casefold()
    if sign in "#@$" and not re.fullmatch(r"\w+", rest):
        raise QueryError(f"'{piece}' is no valid {_SIGNS[sign]}")
    if sign == "#":
        return Query(lambda found: plain(rest) in {plain(span.value) for span in found.words.hashtags}, True)
    if sign == "$":
        return Query(lambda found: rest in {span.value.casefold() for span in found.words.cashtags}, True)
    if sign == "@":
        return Query(lambda found: rest in {span.value.casefold() for span in found.words.mentions}, True)
    return _phrase(piece)


_SIGNS: Final = {"#": "hashtag", "@": "username", "$": "cashtag"}


def _phrase(text: str) -> Query:
    wanted = _words(text)
    if not wanted:
        raise QueryError(f"'{text}' holds no word")

    def test(found: Found) -> bool:
        said = found.said
        return any(said[at : at + len(wanted)] == wanted for at in range(len(said) - len(wanted) + 1))

    return Query(test, anchored=True)


def _named(name: str, value: str, *, negated: bool) -> Query:
    if name in _FLAGS:
        if value.lower() not in _FLAGS[name]:
            raise QueryError(f"Reference to invalid field '{name}:{value}'")
        if value.lower() == "nullcast" and not negated:
            raise QueryError("'is:nullcast' can be used only with a negation")
        return Query(_flag(f"{name}:{value.lower()}"), anchored=False)
    if name in _LEAST:
        if not value.isdigit():
            raise QueryError(f"'{name}' takes a number")
        return Query(_least(name, int(value)), anchored=False)
    if name == "lang":
        if not re.fullmatch(r"[A-Za-z]{2,3}(-[A-Za-z]+)?", value):
            raise QueryError(f"Reference to invalid language '{value}'")
        return Query(lambda found: found.post.lang.lower() == value.lower(), anchored=False)
    if name in _STANDALONE and value:
        return Query(_about(name, value.removeprefix("@").casefold()), anchored=True)
    raise QueryError(
        f"Reference to invalid operator '{name}'. Operator is not available in current product or product packaging. "
        "Please refer to complete available operator list at https://t.co/operators."
    )


def _flag(flag: str) -> Test:
    tests: dict[str, Test] = {
        "is:retweet": lambda found: found.post.repost_of is not None,
        "is:reply": lambda found: found.post.reply_to is not None,
        "is:quote": lambda found: found.post.quote_of is not None,
        "has:hashtags": lambda found: bool(found.words.hashtags),
        "has:cashtags": lambda found: bool(found.words.cashtags),
        "has:links": lambda found: bool(found.words.links),
        "has:mentions": lambda found: bool(found.words.mentions),
    }
    # Nobody here is verified, promotes, or attaches anything.
    return tests.get(flag, lambda found: False)


def _least(name: str, least: int) -> Test:
    def test(found: Found) -> bool:
        had = {"min_likes": found.post.likes, "min_replies": found.replies, "min_reposts": found.reposts}
        return had[name] >= least

    return test


def _about(name: str, value: str) -> Test:
    def test(found: Found) -> bool:
        post = found.post
        match name:
            case "from":
                return value in (post.author.username.casefold(), post.author.id)
            case "to":
                to = post.reply_to.author if post.reply_to is not None else None
                return to is not None and value in (to.username.casefold(), to.id)
            case "url":
                return any(value in span.value.casefold() for span in found.words.links)
            case "conversation_id":
                return post.root.id == value
            case _:
                return post.repost_of is not None and post.repost_of.author.username.casefold() == value

    return test


@lru_cache(maxsize=4096)
def plain(text: str) -> str:
    """
    Without case and diacritics, as search compares.
    """
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter for letter in apart if not unicodedata.combining(letter))


def _words(text: str) -> tuple[str, ...]:
    return tuple(re.findall(r"\w+", plain(text)))

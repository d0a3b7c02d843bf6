"""
Where comment feeds hide people: in titles, in the sentence that says whom a comment answers, in pictures. And how
comments are joined to what they answer. Pure; used by `normalise`.

Sources: WordPress `wp-includes/feed-rss2-comments.php` and `feed-atom-comments.php` for the two titles, the form that
stands in place of a protected text and the identities (`?p=12#comment-34`); `get_comment_text` for the sentence. The
words of other languages are those of its language packs and of other comment software, as remembered (2026-11);
they decide only where the author is not stated beside the title, because a title that names its author goes in any
language.
"""

from __future__ import annotations

import html
import re
from dataclasses import dataclass
from typing import Final
from unicodedata import normalize

from adapters.feed.wire import Text
from listener.text import clean, fold, same_address

_ANCHOR: Final = re.compile(r"#(?:comment[-_]?|c)\d{1,20}$")

_ON_POST: Final = (
    r"comments? on (?P<on>.+) by (?P<by>.+)",
    r"kommentare? zu (?P<on>.+) von (?P<by>.+)",
    r"commentaires? sur (?P<on>.+) par (?P<by>.+)",
    r"comentarios? (?:en|sobre|a) (?P<on>.+) (?:por|de) (?P<by>.+)",
    r"comentários? (?:em|sobre|a|ao) (?P<on>.+) (?:por|de) (?P<by>.+)",
    r"comment[oi] (?:su|a) (?P<on>.+) di (?P<by>.+)",
    r"comentaris? (?:a|sobre) (?P<on>.+) (?:per|de) (?P<by>.+)",
    r"comentari[iu]l? la (?P<on>.+) de (?P<by>.+)",
    r"reacties? op (?P<on>.+) door (?P<by>.+)",
    r"kommentar(?:er)? till? (?P<on>.+) a[vf] (?P<by>.+)",
    r"kommentti (?P<on>.+) kirjoittanut:? (?P<by>.+)",
    r"komentarz(?:e)? do (?P<on>.+?),? (?:którego autorem jest|autor:) (?P<by>.+)",
    r"koment(?:ář|ár|áře|áre) ke? (?P<on>.+) od (?P<by>.+)",
    r"комментари[йи] к (?P<on>.+) от (?P<by>.+)",
    r"коментар[иі]? до (?P<on>.+) від (?P<by>.+)",
    r"коментар(?:и|ара)? (?:за|на) (?P<on>.+) (?:от|од) (?P<by>.+)",
    r"σχόλι[οα] στο (?P<on>.+) από (?P<by>.+)",
    r"hozzászólás(?:ok)? (?:a\(z\) )?(?P<on>.+?),? szerző: ?(?P<by>.+)",
    r"(?P<on>.+) yazısına (?P<by>.+) tarafından yapılan yorum(?:lar)?",
    r"komentar (?:pada|di) (?P<on>.+) oleh (?P<by>.+)",
    r"bình luận (?:về|trên) (?P<on>.+) bởi (?P<by>.+)",
    r"(?:תגובה|תגובות) (?:על|ל) ?(?P<on>.+) מאת (?P<by>.+)",
    r"تعليق على (?P<on>.+) بواسطة (?P<by>.+)",
    r"(?P<on>.+) ?への ?(?P<by>.+?) ?(?:さん)?(?:の|による)コメント",
    r"(?P<by>.+?) ?(?:さん)?より ?(?P<on>.+) ?へのコメント",
    r"(?P<by>.+) ?님의 ?(?P<on>.+)에 대한 댓글",
    r"(?P<on>.+)에 대한 (?P<by>.+) ?님의 댓글",
    r"(?P<by>.+) ?[对對] ?[《〈「]?(?P<on>.+?)[》〉」]? ?的(?:评论|評論|留言|迴響|回响)",
)
"""Titles in a feed of all comments, by language; they tell whose name it is."""

_COMMENT: Final = (
    r"comments?|kommentar(?:e|er)?|commentaires?|comentarios?|comentários?|comment[oi]|comentaris?|comentari[iu]|reacties?"
    r"|kommentti|kommentit|komentarze?|koment(?:ář|ár|áře|áre)|комментари[йи]|коментар[иі]?|σχόλι[οα]|hozzászólás(?:ok)?"
    r"|yorum|komentar|bình luận|תגובה|תגובות|تعليق(?:ات)?"
)
_JOINED: Final = r"on|zu|sur|en|sobre|em|ao?|su|la|op|till?|do|ke?|к|до|за|на|στο|pada|di|về|trên|על|على|artikkeliin|kohteeseen"
_MADE: Final = re.compile(
    rf"(?:{_COMMENT})\s(?:{_JOINED})\s.+"
    r"|.+(?:コメント|への返信|댓글|[的之](?:评论|評論|留言|迴響|回响)|yapılan yorum(?:lar)?)",
    re.DOTALL | re.IGNORECASE,
)
"""How a title begins or ends that software made."""

_BY: Final = re.compile(
    r"(?:by|von|par|por|door|di|av|af|de|per|od|autor|auteur|autore|από|от|автор|від|од|oleh|bởi|yazan|yazar|kirjoittanut"
    r"|kirjoittaja|szerző|מאת|بواسطة|作者|投稿者|글쓴이|作成者|由)\s?[::]\s?(?P<by>.+)"
    r"|(?P<from>.+?)\s?(?:さん|様)?より",
    re.DOTALL | re.IGNORECASE,
)
"""Titles in the feed of one article's comments."""

_TITLE_MAX: Final = 500
"""Characters; chosen: what a blog makes of two names is shorter, and a longer title of a comment is no title."""

_ANSWERS: Final = re.compile(
    r"\s*(?:<p>\s*)?[^<>]{0,60}<a\s[^<>]{0,40}?href=[\"']([^\"'<>]{1,2000})[\"'][^<>]{0,200}>[^<>]{1,200}</a>"
    r"(?:[^<>\n]{0,40}(?=\s*(?:</p>|<br|\n\s*\n|\Z))|[^<>\w]{0,3})(?:\s*</p>)?(?:\s*<br\s?/?>)*\s*",
    re.IGNORECASE,
)
_ANSWERS_PLAIN: Final = re.compile(
    r"(?:in reply to|(?:als )?antwort auf|en réponse à|en respuesta a|in risposta a|als antwoord op|em resposta a"
    r"|en resposta a|som svar på|som svar til|w odpowiedzi na|v odpovědi na|в ответ на|у відповідь на|als reactie op"
    r"|ca răspuns la|sebagai balasan (?:untuk|kepada)|בתגובה ל)\s?"
    r"(?:\w{1,2}\.\s?){0,3}[^.。\n:;,!?]{1,60}(?:[.。](?=\s)|(?=\n))\s*(?=\S)",
    re.IGNORECASE,
)
"""The sentence in a summary, where no link is left of it."""

_PORTRAIT: Final = re.compile(
    r"<img\b(?=[^<>]{0,2000}(?:gravatar\.com/|/avatars?/|class=[\"'][^\"'<>]{0,200}\b(?:avatar|gravatar|photo)\b))[^<>]*>",
    re.IGNORECASE,
)
_LOCK: Final = re.compile(r"<input\b[^<>]{0,200}\bname=[\"']?post_password\b", re.IGNORECASE)
_TOKEN: Final = re.compile(r"\w+")
_COMPACT_MIN: Final = 5
"""Chosen: a shorter name is looked for as a word of its own only."""


@dataclass(frozen=True, slots=True, repr=False)
class Found:
    """
    What a title or a text says once people are taken out of it.

    Args:
        rest: What remains; None where nothing does.
        names: Whom the title says the entry is by.
        parent: Address of the comment that is answered, as it stands.
    """

    rest: str | None
    names: tuple[str, ...] = ()
    parent: str | None = None


def is_comment_address(address: str | None) -> bool:
    """
    Whether an identity or link points at one comment of a page: `#comment-12`, `#c12`.
    """
    return bool(address and "#" in address and _ANCHOR.search(address))


def page_of_comment(link: str | None) -> str | None:
    """
    The address of the page a comment stands on; None where its link names no comment of a page.
    """
    if link is None or not is_comment_address(link):
        return None
    page, _, _ = link.partition("#")
    # Blogger's way to scroll to a comment; the page has it not in its own feed.
    return re.sub(r"\?showComment=\d{1,20}$", "", page)


def sibling_id(own_id: str | None, own_link: str | None, parent: str) -> str | None:
    """
    The id of the parent comment, where it follows from one's own: WordPress counts comments in the fragment of id and
    link alike, and a parent stands under the same article. So `/?p=1#comment-9` at `/snow/#comment-9`, in answer to
    `/snow/#comment-7`, answers `/?p=1#comment-7`.
    """
    if not (own_id and own_link):
        return None
    base, own_number = _parted(own_id)
    page, number = _parted(own_link)
    parent_page, parent_number = _parted(parent)
    if not own_number or own_number != number or same_address(page) != same_address(parent_page):
        return None
    return f"{base}{parent_number}"


def without_commenter(title: str, authors: tuple[str, ...]) -> Found:
    """
    Nothing, where the title names the commenter, or where the blog made it of the article's and the commenter's name:
    neither was said by the commenter, the article's title may name whoever wrote it, and the link leads to both.

    Args:
        title: Plain.
        authors: Who the entry is by, as far as it says so elsewhere; however it is spelled in the title.
    """
    if len(title) > _TITLE_MAX or any(_names(title, author) for author in authors):
        return Found(None)
    plain = " ".join(normalize("NFKC", clean(_unescaped(title))).split())
    for pattern in _ON_POST:
        found = re.fullmatch(pattern, plain, re.DOTALL | re.IGNORECASE)
        if found:
            return Found(None, (found["by"].strip(),))
    by = _BY.fullmatch(plain)
    if by:
        return Found(None, ((by["by"] or by["from"]).strip(),))
    return Found(None) if _MADE.fullmatch(plain) else Found(title)


def without_parent(text: str) -> Found:
    """
    The HTML without WordPress's first sentence, "In reply to NAME.", which links the parent comment. Known by that
    link, so that it is found in every language; that name goes nowhere.
    """
    sentence = _ANSWERS.match(text)
    if sentence is None or not is_comment_address(sentence[1]):
        return Found(text)
    return Found(text[sentence.end() :], parent=sentence[1])


def without_parent_name(text: str) -> str:
    """
    The plain text without that sentence.
    """
    sentence = _ANSWERS_PLAIN.match(text)
    return text if sentence is None else text[sentence.end() :]


def without_pictures(text: str) -> str:
    """
    The HTML without pictures of people: an avatar's alternative text is a name.
    """
    return _PORTRAIT.sub("", text) if "<img" in text or "<IMG" in text else text


def is_locked(text: Text | None) -> bool:
    """
    Whether a form stands there that asks for a password: the words are not public.
    """
    return text is not None and "post_password" in text.value and _LOCK.search(text.value) is not None


def _parted(address: str) -> tuple[str, str]:
    anchor = _ANCHOR.search(address)
    return (address[: anchor.start()], anchor[0]) if anchor else (address, "")


def _unescaped(text: str) -> str:
    """
    Escaped once too often is how many blogs write a name in one place and not in the other.
    """
    return html.unescape(html.unescape(text)) if "&" in text else text


def _names(title: str, name: str) -> bool:
    """
    Whether the title holds the name, as whole words or (from five letters on) run together; in scripts that part no
    words, anywhere.
    """
    if "://" in name:
        return False
    wanted = _TOKEN.findall(fold(_unescaped(name)))
    there = _TOKEN.findall(fold(_unescaped(title)))
    compact = "".join(wanted)
    if not compact:
        return False
    if f" {' '.join(wanted)} " in f" {' '.join(there)} ":
        return True
    return (len(compact) >= _COMPACT_MIN or not compact.isascii()) and compact in "".join(there)

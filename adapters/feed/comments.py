"""
Where comment feeds hide people: in titles, and in the sentence that says whom a comment answers. Pure; used by
`normalise`.

Source: WordPress `wp-includes/feed-rss2-comments.php` and `feed-atom-comments.php` for the two titles,
`get_comment_text` for the sentence; the translations are those of its own language packs, as met in feeds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_ANCHOR: Final = re.compile(r"#(?:comment[-_]?|c)\d{1,20}$")
_ON_POST: Final = re.compile(
    r"(?:Comment on|Kommentar zu|Commentaires? sur|Comentarios? en|Reactie op|Commenti? su)\s(.+)"
    r"\s(?:by|von|par|por|door|di)\s(.+)",
    re.DOTALL,
)
_BY: Final = re.compile(r"(?:By|Von|Par|Por|Door|Di)\s?:\s?(.+)", re.DOTALL)
_ANSWERS: Final = re.compile(
    r"\s*(?:<p>\s*)?[^<>]{0,60}<a\s[^<>]{0,40}?href=[\"']([^\"'<>]{1,2000})[\"'][^<>]{0,200}>[^<>]{1,200}</a>"
    r"[^<>\w]{0,3}(?:\s*</p>)?\s*",
    re.IGNORECASE,
)


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
    return bool(address and _ANCHOR.search(address))


def without_commenter(title: str, authors: tuple[str, ...]) -> Found:
    """
    Nothing, where the blog made the title of the article's and the commenter's name: neither was said by the
    commenter, the article's title may name whoever wrote it, and the link leads to both. Where the pattern is unknown,
    the title stays as it is: the gate masks the author's name in it.

    Args:
        title: Plain.
        authors: Who the entry is by, as far as it says so elsewhere; decides where "by" occurs twice.
    """
    on_post = _ON_POST.fullmatch(title)
    if on_post:
        known = next((name for name in authors if _ends_with_name(title, name)), None)
        return Found(None, (known or on_post[2].strip(),))
    by = _BY.fullmatch(title)
    return Found(None, (by[1].strip(),)) if by else Found(title)


def without_parent(html: str) -> Found:
    """
    The text without WordPress's first sentence, "In reply to NAME.", which links the parent comment. Known by that
    link, so that it is found in every language; that name goes nowhere.
    """
    sentence = _ANSWERS.match(html)
    if sentence is None or not is_comment_address(sentence[1]):
        return Found(html)
    return Found(html[sentence.end() :], parent=sentence[1])


def _ends_with_name(title: str, name: str) -> bool:
    return bool(name) and title.endswith(" " + name)

"""
How a simulated blog shows itself, and what of its world stands in one document, in words that every format shares.

Takes entries of a `listener.simulation.world.World`; used by `simulated_documents` and `simulated_blogger`, which write
them down, and by `simulator`, which serves them.

Source: WordPress, src/wp-includes/feed-rss2.php, feed-rss2-comments.php and comment-template.php (as remembered or
quoted, 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from html import escape
from typing import Final, Literal

from listener.simulation.world import Entry, World

Format = Literal["rss2", "atom", "json", "rss1"]
FORMATS: Final[tuple[Format, ...]] = ("rss2", "atom", "json", "rss1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Blog:
    """
    How one place of the world shows itself.

    Args:
        place: Its name.
        format: In which it is announced and configured; it answers in all of them.
        window: How many entries a document shows, newest first.
        ttl_min: `<ttl>` of RSS 2.0; None for none.
        max_age_s: Of Cache-Control; None for no such header.
        validators: `exact`; `none`; or `wordpress`, which derives both from the newest date written on an entry, so
            that a comment approved late changes neither.
        summary_only: Shows the first sentence where others show all.
        software: Whose shape documents and addresses have.
        ids: `steady`; `unstable`: other ones at every reading; `one`: the same for every entry; `none`.
        secure: Addresses and ids say https, or neither does; None: ids alone do.
        restless: At every reading the same words in other dress: white space, entities, counters, times from now, marks
            of a visit, an advertisement, order of categories, a new `updated`.
        twins: Posts that say something else at every other reading, as two caches would.
        locked: Posts behind a password: a form stands where the text was.
        archives: The feed's past stands in archive documents (RFC 5005, section 4).
        titles: What the language of the software makes of a comment's title, in the feed of all comments and in that of
            one article.
        answers: The sentence WordPress puts before an answer to a comment.
        nameless: RSS names nobody beside the title, as some software does.
    """

    place: str
    format: Format = "rss2"
    window: int = 10
    ttl_min: int | None = None
    max_age_s: int | None = None
    validators: Literal["exact", "none", "wordpress"] = "exact"
    summary_only: bool = False
    software: Literal["wordpress", "blogger"] = "wordpress"
    ids: Literal["steady", "unstable", "one", "none"] = "steady"
    secure: bool | None = None
    restless: bool = False
    twins: Mapping[str, str] = field(default_factory=dict)
    locked: frozenset[str] = frozenset()
    archives: bool = False
    titles: tuple[str, str] = ("Comment on {on} by {by}", "By: {by}")
    answers: str = "In reply to {parent}."
    nameless: bool = False


@dataclass(frozen=True, slots=True)
class Document:
    """
    One document about to be written.

    Args:
        world: Its world.
        blog: Whose document.
        origin: `http://127.0.0.1:port`.
        path: Where it stands.
        entries: What it shows, newest first.
        gone: What it says was taken away, latest first.
        comments: It is a feed of comments.
        on: The one article whose comments it shows.
        changed_at: When it last changed.
        reading: Counts how often the blog was read.
        links: Relation and address of documents beside this one.
        is_archive: It is closed and will never change.
    """

    world: World
    blog: Blog
    origin: str
    path: str
    entries: Sequence[Entry]
    gone: Sequence[Entry]
    comments: bool
    on: Entry | None
    changed_at: datetime
    reading: int = 0
    links: tuple[tuple[str, str], ...] = ()
    is_archive: bool = False

    @property
    def home(self) -> str:
        return f"{self.origin}/{self.blog.place}/"

    @property
    def title(self) -> str:
        site = self.world.place(self.blog.place).title
        if self.on is not None:
            return f"Comments on: {self.on.title}"
        return f"Comments for {site}" if self.comments else site

    def title_of(self, entry: Entry) -> str:
        """
        WordPress names the author in the title of every comment.
        """
        if not self.comments:
            return entry.title
        on_all, on_one = self.blog.titles
        if self.on is not None:
            return on_one.format(by=entry.author.name)
        return on_all.format(on=self.world.entries[entry.on or ""].title, by=entry.author.name)

    def link_of(self, entry: Entry) -> str:
        link = self.origin + self.world.link(entry)
        if self.blog.secure:
            link = link.replace("http://", "https://", 1)
        if not self.blog.restless:
            return link
        page, mark, fragment = link.partition("#")
        return f"{page}?utm_source=feed&utm_content={self.reading}{mark}{fragment}"

    def id_of(self, entry: Entry) -> str:
        """
        The identity that no move changes: as WordPress does it, an address by number on the blog's first host.
        """
        article = entry if entry.on is None else self.world.entries[entry.on]
        scheme = "http" if self.blog.secure is False else "https"
        base = f"{scheme}://{self.blog.place}.example/?p={article.number}"
        match self.blog.ids:
            case "unstable":
                base += f"&session={self.reading}"
            case "one":
                base = f"https://{self.blog.place}.example/?p=0"
            case "none":
                return ""
        return base if entry.on is None else f"{base}#comment-{entry.number}"

    def updated_of(self, entry: Entry) -> datetime:
        return self.world.clock.now() if self.blog.restless else entry.changed_at

    def tags_of(self, entry: Entry) -> tuple[str, ...]:
        return entry.tags[::-1] if self.blog.restless and self.reading % 2 else entry.tags

    def html_of(self, entry: Entry) -> str:
        article = entry if entry.on is None else self.world.entries[entry.on]
        if article.post in self.blog.locked:
            return _LOCKED_FORM.format(home=self.home, number=article.number)
        if self.blog.summary_only:
            return f"<p>{escape(excerpt(entry))}</p>"
        twin = self.blog.twins.get(entry.post) if self.reading % 2 else None
        if twin is not None:
            return paragraphs(twin)
        shown = entry.html if entry.html is not None else paragraphs(entry.text)
        return shown + _dress(self.reading) if self.blog.restless else shown

    def said_in(self, entry: Entry) -> str:
        """
        What WordPress shows of an entry: before an answer, whom it answers, with a link to what they said.
        """
        parent = self.world.entries.get(entry.reply_to or "")
        if parent is None or entry.on in self.blog.locked:
            return self.html_of(entry)
        link = f'<a href="{escape(self.link_of(parent))}">{escape(parent.author.name)}</a>'
        return f"<p>{self.blog.answers.format(parent=link)}</p>\n{self.html_of(entry)}"

    def excerpt_of(self, entry: Entry) -> str:
        article = entry if entry.on is None else self.world.entries[entry.on]
        if article.post in self.blog.locked:
            return "There is no excerpt because this is a protected post."
        return excerpt(entry)


_LOCKED_FORM: Final = (
    '<form action="{home}wp-login.php?action=postpass" class="post-password-form" method="post">'
    "<p>This content is password-protected. To view it, please enter the password below.</p>"
    '<p><label for="pwbox-{number}">Password: <input name="post_password" id="pwbox-{number}" type="password"'
    ' spellcheck="false" required size="20" /></label> <input type="submit" name="Submit" value="Enter" /></p></form>'
)
"""Source: WordPress, get_the_password_form (as remembered, 2026-11)."""


def _dress(reading: int) -> str:
    """
    What plug-ins put below a text, other at every reading.
    """
    space, quote = (" ", "’") if reading % 2 else ("&#32;\n ", "&#8217;")
    return (
        f'<p class="meta-{reading}">Posted{space}{reading + 2} hours ago. {1200 + reading:,} views. That{quote}s all.</p>'
        f'<div id="ad-{reading}"><script>show({reading})</script>'
        f'<a href="https://ads.example/click?zone=3&amp;cb={reading}">Tyres</a></div>'
    )


def paragraphs(text: str) -> str:
    """
    Plain text as HTML.
    """
    return "\n".join(f"<p>{escape(part, quote=False)}</p>" for part in text.split("\n\n"))


def excerpt(entry: Entry) -> str:
    """
    The first paragraph, as plain text.
    """
    return entry.text.split("\n\n")[0]


def page_of(world: World, article: Entry) -> str:
    """
    Path of an article's page: its link without query.
    """
    return world.link(article).partition("?")[0]

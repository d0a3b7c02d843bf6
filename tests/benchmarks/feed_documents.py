"""
Synthetic feeds as blogs serve them, for `bench_parse` and for the tests that compare two readings of one document.

The shapes are those of the five programs that write most feeds (WordPress, Blogger, Hugo, Ghost, Movable Type); the words are
made up. The same seed gives the same bytes. Every date and every identity differs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Final
from xml.sax.saxutils import escape

_WORDS: Final = {
    "en": "the river city council bridge water people morning evening road market garden it’s “quiet” but not for long and so we walked home",
    "de": "die Brücke über den Fluss wurde gestern für Fußgänger gesperrt während der Stadtrat über höhere Gebühren und Straßen stritt",
    "fr": "le maire a déclaré que l’école restera fermée jusqu’à lundi après la crue de la rivière où l’été dernier déjà des élèves",
    "plain": "the river city council bridge water people morning evening road market garden quiet but not for long and so we walked home",
    "ru": "мост через реку закрыли вчера для пешеходов пока городской совет спорил о новых дорогах и высоких ценах на воду",
    "ja": "川 の 橋 は 昨日 から 歩行者 に 閉鎖 され 市議会 は 新しい 道路 と 水道 料金 について 議論 した",
}
_LANGUAGES: Final = ("en", "en", "en", "plain", "plain", "de", "de", "fr", "ru", "ja")
_SPACES: Final = (
    'xmlns:content="http://purl.org/rss/1.0/modules/content/"\n\txmlns:wfw="http://wellformedweb.org/CommentAPI/"\n'
    '\txmlns:dc="http://purl.org/dc/elements/1.1/"\n\txmlns:atom="http://www.w3.org/2005/Atom"\n'
    '\txmlns:sy="http://purl.org/rss/1.0/modules/syndication/"\n\txmlns:slash="http://purl.org/rss/1.0/modules/slash/"\n'
    '\txmlns:media="http://search.yahoo.com/mrss/"'
)


@dataclass(frozen=True, slots=True)
class Entry:
    """
    What every shape of document is filled with.
    """

    number: int
    address: str
    title: str
    html: str
    summary: str
    author: str
    tags: tuple[str, ...]
    published_at: datetime

    @property
    def mail_date(self) -> str:
        return format_datetime(self.published_at)

    @property
    def iso_date(self) -> str:
        return self.published_at.isoformat().replace("+00:00", "Z")


class Maker:
    """
    Documents from one seed.
    """

    def __init__(self, seed: int) -> None:
        self._dice = random.Random(seed)
        self._clock = datetime(2019, 1, 1, tzinfo=UTC)

    def feed(self, shape: Shape, *, entries: int, html_bytes: int, language: str | None = None) -> bytes:
        """
        One document.

        Args:
            shape: Who writes it.
            entries: How many it shows.
            html_bytes: About how much markup each of them holds.
            language: Key of the words; None throws the dice.
        """
        language = language or self._dice.choice(_LANGUAGES)
        host = f"https://blog{self._dice.randrange(10**6)}.example"
        made = [self._entry(number, host, language, html_bytes) for number in range(entries)]
        return shape(host, language[:2], made).encode()

    def distinct(self, count: int, total_bytes: int) -> list[bytes]:
        """
        Feeds of all shapes, sizes and languages, together about `total_bytes`.
        """
        made: list[bytes] = []
        each = total_bytes // count
        for number in range(count):
            shape, html_bytes, fixed = SHAPES[number % len(SHAPES)]
            size = max(200, int(html_bytes * self._dice.uniform(0.4, 1.6)))
            entries = max(3, int(each * self._dice.uniform(0.6, 1.4) / (size + fixed)))
            made.append(self.feed(shape, entries=entries, html_bytes=size))
        return made

    def _entry(self, number: int, host: str, language: str, html_bytes: int) -> Entry:
        self._clock += timedelta(seconds=self._dice.randint(60, 40_000))
        slug = "-".join(self._words("plain", 5).split())
        return Entry(
            number=self._dice.randrange(10**6) * 100 + number % 100,
            address=f"{host}/{self._clock:%Y/%m}/{slug}/",
            title=self._words(language, 7).capitalize()
            + self._dice.choice(("", " & more", " – part 2", "?")),
            html=self._html(host, language, html_bytes),
            summary=self._words(language, 45),
            author=f"Author {self._dice.randrange(50)}",
            tags=tuple(self._words(language, 2) for _ in range(self._dice.randint(1, 4))),
            published_at=self._clock,
        )

    def _words(self, language: str, count: int) -> str:
        return " ".join(self._dice.choices(_WORDS[language].split(), k=count))

    def _html(self, host: str, language: str, html_bytes: int) -> str:
        pieces: list[str] = []
        size = 0
        while size < html_bytes:
            pieces.append(self._block(host, language))
            size += len(pieces[-1].encode())
        return "\n".join(pieces)

    def _block(self, host: str, language: str) -> str:
        kind = self._dice.random()
        words = self._words
        if kind < 0.08:
            items = "".join(f"<li>{words(language, 8)}</li>\n" for _ in range(4))
            return f"<ul>\n{items}</ul>"
        if kind < 0.14:
            return f'<h2 class="wp-block-heading">{words(language, 5)}</h2>'
        if kind < 0.22:
            name = f"{host}/wp-content/uploads/2026/01/{self._dice.randrange(10**5)}"
            return (
                f'<figure class="wp-block-image size-large"><img loading="lazy" decoding="async" width="1024" '
                f'height="683" src="{name}.jpg" alt="{words(language, 3)}" srcset="{name}-1024x683.jpg 1024w, '
                f'{name}-300x200.jpg 300w" sizes="(max-width: 1024px) 100vw, 1024px" />'
                f"<figcaption>{words(language, 6)}</figcaption></figure>"
            )
        if kind < 0.26:
            return f"<blockquote><p>{words(language, 25)}</p></blockquote>"
        return f"<p>{self._inline(host, language)}</p>"

    def _inline(self, host: str, language: str) -> str:
        link = f'<a href="{host}/{self._dice.randrange(10**5)}/">{self._words(language, 3)}</a>'
        bold = f"<strong>{self._words(language, 2)}</strong>"
        extra = self._dice.choice(
            (link, bold, "<br />\n", "&#8217;s &#8220;own&#8221;", "&amp;", "&nbsp;", "<em>so</em>")
        )
        return f"{self._words(language, 30)} {extra} {self._words(language, 20)}."


Shape = Callable[[str, str, list[Entry]], str]


def _channel(host: str, language: str, items: list[str]) -> str:
    return (
        f'<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"\n\t{_SPACES}\n\t>\n\n<channel>\n\t<title>A blog</title>\n'
        f'\t<atom:link href="{host}/feed/" rel="self" type="application/rss+xml" />\n\t<link>{host}</link>\n'
        f"\t<description>Words &#038; more</description>\n\t<language>{language}</language>\n"
        "\t<sy:updatePeriod>\n\thourly\t</sy:updatePeriod>\n\t<sy:updateFrequency>\n\t1\t</sy:updateFrequency>\n"
        f"\t<generator>https://wordpress.org/?v=6.8</generator>\n{''.join(items)}</channel>\n</rss>\n"
    )


def wordpress(host: str, language: str, entries: list[Entry]) -> str:
    """
    RSS 2.0 with the whole text in `content:encoded`.
    """
    return _channel(host, language, [_wordpress_item(host, entry) for entry in entries])


def _wordpress_item(host: str, entry: Entry) -> str:
    tags = "\n\t\t".join(f"<category><![CDATA[{tag}]]></category>" for tag in entry.tags)
    return (
        f"\t<item>\n\t\t<title>{escape(entry.title)}</title>\n\t\t<link>{entry.address}</link>\n"
        f"\t\t\t\t\t<comments>{entry.address}#comments</comments>\n\n\t\t"
        f"<dc:creator><![CDATA[{entry.author}]]></dc:creator>\n\t\t<pubDate>{entry.mail_date}</pubDate>\n\t\t\t\t{tags}\n"
        f'\t\t<guid isPermaLink="false">{host}/?p={entry.number}</guid>\n\n'
        f"\t\t\t\t\t<description><![CDATA[<p>{entry.summary} [&#8230;]</p>\n]]></description>\n"
        f"\t\t\t\t\t\t\t\t\t\t<content:encoded><![CDATA[{entry.html}\n]]></content:encoded>\n\t\t\t\t\t\n"
        f"\t\t\t\t\t<wfw:commentRss>{entry.address}feed/</wfw:commentRss>\n"
        f"\t\t\t<slash:comments>{entry.number % 7}</slash:comments>\n\t\t\n\t\t\n\t\t\t</item>\n"
    )


def summaries(host: str, language: str, entries: list[Entry]) -> str:
    """
    RSS 2.0 of a news site: an excerpt without markup and a picture.
    """
    return _channel(
        host,
        language,
        [
            f"<item><title>{escape(entry.title)}</title><link>{entry.address}</link>"
            f"<description>{escape(entry.summary)}</description><pubDate>{entry.mail_date}</pubDate>"
            f'<guid isPermaLink="true">{entry.address}</guid>'
            f'<media:content url="{host}/{entry.number}.jpg?a=1&amp;b=2" type="image/jpeg" medium="image"/>'
            f"<category>{escape(entry.tags[0])}</category></item>\n"
            for entry in entries
        ],
    )


def hugo(host: str, language: str, entries: list[Entry]) -> str:
    """
    RSS 2.0 with the whole text escaped in `description`.
    """
    return _channel(
        host,
        language,
        [
            f"    <item>\n      <title>{escape(entry.title)}</title>\n      <link>{entry.address}</link>\n"
            f"      <pubDate>{entry.mail_date}</pubDate>\n      <guid>{entry.address}</guid>\n"
            f"      <description>{escape(entry.html, {chr(34): '&#34;'})}</description>\n    </item>\n"
            for entry in entries
        ],
    )


def blogger(host: str, language: str, entries: list[Entry]) -> str:
    """
    Atom 1.0 with the whole text escaped.
    """
    made = [
        f"<entry><id>tag:blogger.com,1999:blog-1.post-{entry.number}</id><published>{entry.iso_date}</published>"
        f"<updated>{entry.iso_date}</updated>"
        + "".join(
            f'<category scheme="http://www.blogger.com/atom/ns#" term="{escape(tag)}"/>' for tag in entry.tags
        )
        + f"<title type='text'>{escape(entry.title)}</title><content type='html'>"
        f"{escape(entry.html, {chr(34): '&quot;', chr(39): '&#39;'})}</content>"
        f"<link rel='replies' type='application/atom+xml' href='{entry.address}comments' title='Post Comments'/>"
        f"<link rel='alternate' type='text/html' href='{entry.address}' title='{escape(entry.title)}'/>"
        f"<author><name>{entry.author}</name><uri>https://people.example/{entry.number}</uri>"
        f"<email>noreply@blog.example</email></author><thr:total>0</thr:total></entry>"
        for entry in entries
    ]
    return (
        "<?xml version='1.0' encoding='UTF-8'?><feed xmlns='http://www.w3.org/2005/Atom' "
        "xmlns:thr='http://purl.org/syndication/thread/1.0'>"
        f"<id>tag:blogger.com,1999:blog-1</id><updated>{entries[0].iso_date}</updated><title type='text'>A blog</title>"
        f"<link rel='alternate' type='text/html' href='{host}/'/><author><name>{entries[0].author}</name></author>"
        f"{''.join(made)}</feed>"
    )


def movable(host: str, language: str, entries: list[Entry]) -> str:
    """
    Atom 1.0 with summary and content in CDATA, one element on each line.
    """
    made = [
        f'<entry>\n    <title>{escape(entry.title)}</title>\n    <link rel="alternate" type="text/html" '
        f'href="{entry.address}" />\n    <id>tag:{host[8:]},2026://1.{entry.number}</id>\n\n'
        f"    <published>{entry.iso_date}</published>\n    <updated>{entry.iso_date}</updated>\n\n"
        f"    <summary><![CDATA[{entry.summary}]]></summary>\n    <author>\n        <name>{entry.author}</name>\n"
        f"        <uri>{host}/</uri>\n    </author>\n    \n"
        + "".join(f'    <category term="{escape(tag)}" scheme="{host}/cat" />\n' for tag in entry.tags)
        + f'    \n    <content type="html" xml:lang="{language}" xml:base="{host}/">\n        <![CDATA[{entry.html}]]>\n'
        "        \n    </content>\n</entry>\n"
        for entry in entries
    ]
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<feed xmlns="http://www.w3.org/2005/Atom" xml:lang="{language}">\n'
        f'    <title>A blog</title>\n    <link rel="alternate" type="text/html" href="{host}/" />\n'
        f'    <link rel="self" type="application/atom+xml" href="{host}/atom.xml" />\n    <id>tag:{host[8:]},2026:1</id>\n'
        f"    <updated>{entries[0].iso_date}</updated>\n\n{''.join(made)}\n</feed>\n"
    )


SHAPES: Final[tuple[tuple[Shape, int, int], ...]] = (
    (wordpress, 3000, 1300),
    (wordpress, 3000, 1300),
    (blogger, 3000, 1200),
    (summaries, 200, 900),
    (wordpress, 1200, 1300),
    (hugo, 2500, 500),
    (wordpress, 2500, 1300),
    (movable, 2500, 1000),
    (blogger, 2500, 1200),
    (summaries, 200, 900),
)
"""Who writes a feed, about how many bytes of markup an entry of it holds, and how many other bytes. As blogs are: two in
five are WordPress's."""

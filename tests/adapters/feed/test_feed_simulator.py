"""
The feed simulator speaks the real formats and the real protocol, as told by readers that are not ours.
"""

from __future__ import annotations

import asyncio
import gzip
import http.client
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import feedparser  # type: ignore[import-untyped]  # ships no types
import pytest
from lxml import etree

from adapters.feed.simulator import FORMATS, Blog, Blogs, Format, city_blogs, configuration, serve
from listener.simulation.people import people
from listener.simulation.scenario import Place
from listener.simulation.world import Manner, World
from listener.testing.canary import Canary
from listener.testing.virtual_clock import START, VirtualClock
from tests.fakes.plain_client import Walker

pytestmark = pytest.mark.anyio

ANNA, BORIS, CHLOE = people(11, 3)


@dataclass(frozen=True)
class Answer:
    """
    What a plain client got.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def wire(self) -> bytes:
        """
        Headers and body, as one.
        """
        return (
            "\n".join(f"{key}: {value}" for key, value in self.headers.items()).encode() + b"\n" + self.body
        )


def small_world() -> tuple[World, Walker]:
    """
    Our blog with an article, a comment and an answer to it; and theirs with an article.
    """
    clock = Walker()
    world = World(
        (Place("ours", "Ours & co", "en", own=True), Place("theirs", "Чужий", "uk")), clock, ("#yyc",)
    )
    article = world.publish(
        "ours",
        ANNA,
        "Ice & snow <everywhere>.\n\nMore ]]> below. #yyc",
        title="Ice & <snow>",
        tags=("yyc", "winter"),
    )
    clock.walk(minutes=5)
    comment = world.comment(article.post, BORIS, "Thanks for clearing it.")
    clock.walk(minutes=5)
    world.comment(comment.post, CHLOE, "Same here.")
    world.publish("theirs", CHLOE, "Сніг #yyc", title="Сніг іде")
    return world, clock


def get_now(address: str, headers: Mapping[str, str]) -> Answer:
    """
    One GET with the standard library.
    """
    host, _, path = address.removeprefix("http://").partition("/")
    connection = http.client.HTTPConnection(host, timeout=5)
    try:
        connection.request("GET", f"/{path}", headers=dict(headers))
        response = connection.getresponse()
        return Answer(response.status, dict(response.getheaders()), response.read())
    finally:
        connection.close()


async def get(address: str, **headers: str) -> Answer:
    """
    The same without blocking the server; `if_none_match` is sent as `If-None-Match`.
    """
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    return await asyncio.to_thread(get_now, address, named)


def parsed(answer: Answer) -> Any:
    """
    As feedparser reads it; it must not complain.
    """
    document = feedparser.parse(
        answer.body, response_headers={"content-type": answer.headers["Content-Type"]}
    )
    assert document.bozo is False
    return document


class TestFormats:
    @pytest.mark.parametrize(
        ("form", "version", "media_type"),
        [
            ("rss2", "rss20", "application/rss+xml; charset=UTF-8"),
            ("atom", "atom10", "application/atom+xml; charset=UTF-8"),
            ("rss1", "rss10", "application/rdf+xml; charset=UTF-8"),
        ],
    )
    async def test_xml_is_read_by_feedparser(self, form: Format, version: str, media_type: str) -> None:
        """Every XML format carries title, link, author, date, categories and the whole text, escaped rightly."""
        world, _ = small_world()
        async with serve(world) as served:
            answer = await get(served.feed_address("ours", form))
            address = served.address
        document = parsed(answer)
        (entry,) = document.entries

        assert (document.version, answer.headers["Content-Type"]) == (version, media_type)
        assert document.feed.title == "Ours & co"
        assert entry.title == "Ice & <snow>"
        assert entry.link == f"{address}/ours/2026/01/05/ice-snow-1/"
        assert entry.author.startswith(ANNA.name) or entry.author_detail.name == ANNA.name
        assert (entry.get("published_parsed") or entry.updated_parsed)[:6] == START.timetuple()[:6]
        assert [tag.term for tag in entry.tags] == ["yyc", "winter"]
        assert (
            entry.content[0].value
            == "<p>Ice &amp; snow &lt;everywhere&gt;.</p>\n<p>More ]]&gt; below. #yyc</p>"
        )

    async def test_rss_has_the_shape_of_wordpress(self) -> None:
        """Identity by number and no permalink, the address of the comments, their number, ttl."""
        world, _ = small_world()
        blogs = [Blog(place="ours", ttl_min=90, max_age_s=600), Blog(place="theirs")]
        async with serve(world, blogs=blogs) as served:
            answer = await get(served.feed_address("ours"))
            address = served.address
        item = parsed(answer).entries[0]

        assert (item.id, item.guidislink) == ("https://ours.example/?p=1", False)
        assert item.wfw_commentrss == f"{address}/ours/2026/01/05/ice-snow-1/feed/"
        assert item.slash_comments == "2"
        assert item.comments == f"{address}/ours/2026/01/05/ice-snow-1/#comments"
        assert parsed(answer).feed.ttl == "90"
        assert answer.headers["Cache-Control"] == "max-age=600"

    async def test_markup_of_ones_own_is_kept_as_it_is(self) -> None:
        """HTML that holds the end of a CDATA section arrives whole, and a summary-only blog shows the first words."""
        world, _ = small_world()
        markup = '<p title="]]>">One <b>bold</b></p>'
        world.publish("theirs", ANNA, "One <bold>\n\nTwo", title="Two", html=markup)
        blogs = [Blog(place="theirs"), Blog(place="ours", summary_only=True)]
        async with serve(world, blogs=blogs) as served:
            theirs = etree.fromstring((await get(served.feed_address("theirs"))).body)
            ours = etree.fromstring((await get(served.feed_address("ours"))).body)

        encoded = "string(//item/*[local-name()='encoded'])"
        assert theirs.xpath(encoded) == markup
        assert theirs.xpath("string(//item/description)") == "One &lt;bold&gt;"
        assert ours.xpath(encoded) == "<p>Ice &amp; snow &lt;everywhere&gt;.</p>"

    async def test_json_feed(self) -> None:
        """Version 1.1, items with string ids, authors with their picture, tags, dates of RFC 3339."""
        world, clock = small_world()
        clock.walk(hours=1)
        world.edit("ours-1", "Other words")
        async with serve(world) as served:
            answer = await get(served.feed_address("ours", "json"))
            address = served.address
        document = json.loads(answer.body)
        (item,) = document["items"]

        assert answer.headers["Content-Type"] == "application/feed+json; charset=utf-8"
        assert document["version"] == "https://jsonfeed.org/version/1.1"
        assert document["feed_url"] == f"{address}/ours/feed/json/"
        assert item == {
            "id": "https://ours.example/?p=1",
            "url": f"{address}/ours/2026/01/05/ice-snow-1/",
            "title": "Ice & <snow>",
            "content_html": "<p>Other words</p>",
            "summary": "Other words",
            "date_published": "2026-01-05T12:00:00Z",
            "date_modified": "2026-01-05T13:10:00Z",
            "language": "en",
            "authors": [{"name": ANNA.name, "url": ANNA.profile, "avatar": ANNA.avatar}],
            "tags": ["yyc", "winter"],
            "_author_bio": ANNA.bio,
        }

    async def test_comments_name_their_authors_as_wordpress_does(self) -> None:
        """Site-wide and per-article titles, dc:creator, links with fragments, newest first."""
        world, _ = small_world()
        async with serve(world) as served:
            site = parsed(await get(served.feed_address("ours", comments=True)))
            thread = parsed(await get(f"{served.address}/ours/2026/01/05/ice-snow-1/feed/"))
            page = f"{served.address}/ours/2026/01/05/ice-snow-1/"

        assert site.feed.title == "Comments for Ours & co"
        assert [entry.title for entry in site.entries] == [
            f"Comment on Ice & <snow> by {CHLOE.name}",
            f"Comment on Ice & <snow> by {BORIS.name}",
        ]
        assert [(entry.author, entry.link, entry.id) for entry in site.entries] == [
            (CHLOE.name, f"{page}#comment-3", "https://ours.example/?p=1#comment-3"),
            (BORIS.name, f"{page}#comment-2", "https://ours.example/?p=1#comment-2"),
        ]
        assert thread.feed.title == "Comments on: Ice & <snow>"
        assert [entry.title for entry in thread.entries] == [f"By: {CHLOE.name}", f"By: {BORIS.name}"]

    async def test_atom_threads_comments(self) -> None:
        """RFC 4685: a comment answers its article, a reply the comment; articles tell where their replies are."""
        world, _ = small_world()
        async with serve(world) as served:
            comments = await get(served.feed_address("ours", "atom", comments=True))
            posts = await get(served.feed_address("ours", "atom"))
        names = {"a": "http://www.w3.org/2005/Atom", "thr": "http://purl.org/syndication/thread/1.0"}
        answered = etree.fromstring(comments.body).xpath("//thr:in-reply-to/@ref", namespaces=names)
        counts = etree.fromstring(posts.body).xpath("//a:link[@rel='replies']/@thr:count", namespaces=names)

        assert answered == ["https://ours.example/?p=1#comment-2", "https://ours.example/?p=1"]
        assert counts == ["2"]
        assert parsed(comments).entries[0].author_detail == {
            "name": CHLOE.name,
            "href": CHLOE.profile,
            "email": CHLOE.email,
        }

    async def test_pages_for_people(self) -> None:
        """The front page announces every format, an article's page shows its words, anything else is 404."""
        world, _ = small_world()
        async with serve(world) as served:
            home = await get(f"{served.address}/ours/")
            page = await get(f"{served.address}/ours/2026/01/05/ice-snow-1/")
            absent = [
                await get(f"{served.address}{path}") for path in ("/ours/none/", "/none/", "/ours/none/feed/")
            ]

        assert home.body.count(b'<link rel="alternate"') == len(FORMATS)
        assert b"<p>Thanks for clearing it.</p>" in page.body
        assert [answer.status for answer in absent] == [404, 404, 404]


class TestConditionalRequests:
    @pytest.mark.parametrize("form", FORMATS)
    async def test_either_validator_gives_304_until_something_changes(self, form: Format) -> None:
        """ETag and Last-Modified are honoured each alone; an edit, a deletion, a new post end that."""
        world, clock = small_world()
        async with serve(world) as served:
            address = served.feed_address("ours", form)
            statuses = []
            for change in (
                lambda: None,
                lambda: world.publish("ours", BORIS, "New", post="new"),
                lambda: world.edit("new", "Edited"),
                lambda: world.delete("new"),
            ):
                clock.walk(minutes=10)
                before = await get(address)
                clock.walk(minutes=10)
                change()
                by_tag = await get(address, if_none_match=before.headers["ETag"])
                by_date = await get(address, if_modified_since=before.headers["Last-Modified"])
                statuses.append((by_tag.status, by_tag.body == b"", by_date.status))

        # The organisation's own blog is a WordPress: a deletion moves its dates back, and a date still fits.
        assert statuses == [(304, True, 304), (200, False, 200), (200, False, 200), (200, False, 304)]

    async def test_the_tag_outranks_the_date(self) -> None:
        """RFC 9110, 13.2.2: with If-None-Match, If-Modified-Since is not looked at; lists, weakness and * are read."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours"), Blog(place="theirs")]) as served:
            address = served.feed_address("ours")
            headers = (await get(address)).headers
            tag, date = headers["ETag"], headers["Last-Modified"]
            statuses = [
                (await get(address, **sent)).status
                for sent in (
                    {"if_none_match": '"other"', "if_modified_since": date},
                    {"if_none_match": tag, "if_modified_since": "Thu, 01 Jan 1970 00:00:00 GMT"},
                    {"if_none_match": f'"other", W/{tag}'},
                    {"if_none_match": "*"},
                    {"if_modified_since": "yesterday"},
                )
            ]

        assert statuses == [200, 304, 304, 304, 200]

    async def test_compression_is_used_when_accepted_and_has_its_own_tag(self) -> None:
        """The same document, smaller; the weak tag of the compressed one is honoured as well."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours"), Blog(place="theirs")]) as served:
            address = served.feed_address("ours")
            plain, packed = await get(address), await get(address, accept_encoding="gzip")
            refused = await get(address, accept_encoding="gzip;q=0")
            again = await get(address, accept_encoding="gzip", if_none_match=packed.headers["ETag"])

        assert gzip.decompress(packed.body) == plain.body == refused.body
        assert packed.headers["Content-Encoding"] == "gzip"
        assert packed.headers["ETag"] == f"W/{plain.headers['ETag']}"
        assert again.status == 304

    async def test_a_wordpress_hides_a_comment_approved_late(self) -> None:
        """A comment written before the newest and approved after it changes no validator: 304 for ever."""
        world, clock = small_world()
        async with serve(world) as served:
            address = served.feed_address("ours", comments=True)
            before = await get(address)
            validators = {
                "if_none_match": before.headers["ETag"],
                "if_modified_since": before.headers["Last-Modified"],
            }
            clock.walk(hours=2)
            world.comment("ours-1", ANNA, "Waited for a moderator", written_at=START + timedelta(minutes=1))
            hidden = await get(address, **validators)
            shown = await get(address)
            one_only = await get(
                address, if_none_match='W/"x"', if_modified_since=validators["if_modified_since"]
            )

        assert (hidden.status, shown.headers["ETag"]) == (304, before.headers["ETag"])
        assert [entry.author for entry in parsed(shown).entries] == [CHLOE.name, BORIS.name, ANNA.name]
        assert one_only.status == 200

    async def test_a_blog_without_validators_always_answers_whole(self) -> None:
        """No ETag, no Last-Modified, and no 304 whatever is sent."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours", validators="none")]) as served:
            answer = await get(
                served.feed_address("ours"), if_none_match="*", if_modified_since="Mon, 05 Jan 2099"
            )

        assert (answer.status, "ETag" in answer.headers, "Last-Modified" in answer.headers) == (
            200,
            False,
            False,
        )


class TestChange:
    async def test_a_window_shows_the_newest(self) -> None:
        """Of thirty posts the last ten, newest first; what fell out is in no document."""
        world, clock = small_world()
        for number in range(30):
            clock.walk(minutes=1)
            world.publish("theirs", CHLOE, f"Text {number}", title=f"Post {number}")
        async with serve(world, blogs=[Blog(place="theirs", window=10)]) as served:
            document = parsed(await get(served.feed_address("theirs")))

        assert [entry.title for entry in document.entries] == [
            f"Post {number}" for number in range(29, 19, -1)
        ]
        assert sum(row.shown for row in world.ledger.posts.values()) == 10

    @pytest.mark.parametrize("form", FORMATS)
    async def test_what_is_deleted_vanishes(self, form: Format) -> None:
        """The entry is gone from every format; Atom alone says so, by identity and time (RFC 6721)."""
        world, clock = small_world()
        clock.walk(hours=1)
        world.delete("theirs-1")
        async with serve(world) as served:
            body = (await get(served.feed_address("theirs", form))).body

        assert "Сніг #yyc".encode() not in body
        told = b'<at:deleted-entry ref="https://theirs.example/?p=1" when="2026-01-05T13:10:00Z">' in body
        assert told == (form == "atom")

    async def test_an_edit_is_silent_in_rss_and_dated_in_atom(self) -> None:
        """RSS keeps its pubDate, Atom moves `updated`; both show the new words."""
        world, clock = small_world()
        clock.walk(hours=1)
        world.edit("ours-1", "New words #yyc")
        async with serve(world) as served:
            rss, atom = [
                parsed(await get(served.feed_address("ours", form))).entries[0] for form in ("rss2", "atom")
            ]

        assert (rss.published, rss.content[0].value) == (
            "Mon, 05 Jan 2026 12:00:00 +0000",
            "<p>New words #yyc</p>",
        )
        assert (atom.published, atom.updated) == ("2026-01-05T12:00:00Z", "2026-01-05T13:10:00Z")

    async def test_a_blog_that_ended(self) -> None:
        """JSON Feed says `expired` of the feed; the others are gone for good."""
        world, _ = small_world()
        world.end("theirs")
        async with serve(world) as served:
            answers = {form: await get(served.feed_address("theirs", form)) for form in FORMATS}

        assert json.loads(answers["json"].body)["expired"] is True
        assert {form: answer.status for form, answer in answers.items()} == {
            "rss2": 410,
            "atom": 410,
            "json": 200,
            "rss1": 410,
        }

    async def test_documents_are_a_function_of_seed_and_clock(self) -> None:
        """Two runs of one day on one port, read at the same moment, are equal to the byte."""
        runs = []
        port = 0
        for _ in range(2):
            async with serve(clock=VirtualClock(), seed=5, port=port) as served:
                port = served.server.port if served.server is not None else 0
                runs.append(
                    [
                        (await get(served.feed_address(place, form))).body
                        for place in served.blogs
                        for form in FORMATS
                    ]
                )
            async with serve(clock=VirtualClock(), seed=6) as other:
                others = [(await get(other.feed_address(place))).body for place in other.blogs]

        assert runs[0] == runs[1]
        assert not set(runs[0]) & set(others)


class TestManners:
    """
    The ways of real blogs that can be switched on for each.
    """

    @staticmethod
    async def read(served: Blogs, form: Format = "rss2", *, comments: bool = False) -> Any:
        return parsed(await get(served.feed_address("ours", form, comments=comments)))

    async def test_blogger_has_its_own_shape(self) -> None:
        """Addresses, ids, the beginning of a comment as its title, its article in a thread, its author with a picture."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours", software="blogger", validators="none")]) as served:
            posts = await self.read(served)
            comments = await self.read(served, comments=True)
            one = parsed(await get(posts.entries[0].links[0].href))
            raw = (await get(served.feed_address("ours", comments=True))).body
            missing = await get(f"{served.address}/ours/feeds/9/comments/default")
            address = served.address
        (article,), (answer, comment) = posts.entries, comments.entries

        assert served.feed_address("ours") == f"{address}/ours/feeds/posts/default"
        assert article.id.endswith(".post-1")
        assert article.thr_total == "2"
        assert [entry.id for entry in one.entries] == [answer.id, comment.id]
        assert (comment.title, comment.author_detail.name) == ("Thanks for clearing it.", BORIS.name)
        assert comment.link == f"{article.link}?showComment=1767614700000#c2"
        assert comment["thr_in-reply-to"]["ref"] == article.id
        assert comment["thr_in-reply-to"]["href"] == article.link
        assert BORIS.profile.encode() in raw
        assert BORIS.avatar.encode() in raw
        assert [link.href for link in answer.links if link.rel == "related"] == [
            f"{address}/ours/feeds/1/comments/default/2"
        ]
        assert missing.status == 404

    @pytest.mark.parametrize(
        ("ids", "first", "second"),
        [
            ("steady", "https://ours.example/?p=1", "https://ours.example/?p=1"),
            ("unstable", "https://ours.example/?p=1&session=0", "https://ours.example/?p=1&session=1"),
            ("one", "https://ours.example/?p=0", "https://ours.example/?p=0"),
            ("none", None, None),
        ],
    )
    async def test_ids(self, ids: Any, first: str | None, second: str | None) -> None:
        """The same, another at every reading, one for all, or none at all."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours", ids=ids)]) as served:
            found = [(await self.read(served)).entries[0].get("id") for _ in range(2)]

        assert found == [first, second]

    @pytest.mark.parametrize(("secure", "scheme"), [(False, "http"), (True, "https")])
    async def test_a_blog_that_goes_secure(self, secure: bool, scheme: str) -> None:
        """Ids and addresses change their scheme together, while the world goes on."""
        world, _ = small_world()
        async with serve(world) as served:
            served.blogs["ours"] = replace(served.blogs["ours"], secure=secure)
            (entry,) = (await self.read(served)).entries

        assert (entry.id.partition("://")[0], entry.link.partition("://")[0]) == (scheme, scheme)

    @pytest.mark.parametrize("form", ["rss2", "atom"])
    async def test_a_restless_blog_changes_everything_but_its_words(self, form: Format) -> None:
        """Counters, times from now, entities, an advertisement, marks of a visit, the order of tags."""
        world, clock = small_world()
        async with serve(world, blogs=[Blog(place="ours", restless=True)]) as served:
            first = (await self.read(served, form)).entries[0]
            clock.walk(hours=1)
            second = (await self.read(served, form)).entries[0]

        assert first.title == second.title
        assert first.content[0].value != second.content[0].value
        assert "2 hours ago. 1,200 views." in first.content[0].value
        assert "3 hours ago. 1,201 views." in second.content[0].value
        assert ("utm_content=0" in first.link, "utm_content=1" in second.link) == (True, True)
        assert [tag.term for tag in first.tags] == [tag.term for tag in second.tags][::-1]
        assert form == "rss2" or first.updated != second.updated

    async def test_twins(self) -> None:
        """Two texts take turns, one of them for those posts alone that have a twin."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours", twins={"ours-1": "The other"})]) as served:
            shown = [(await self.read(served)).entries[0].content[0].value for _ in range(4)]

        assert [text == "<p>The other</p>" for text in shown] == [False, True, False, True]

    async def test_a_locked_post_shows_a_form(self) -> None:
        """In place of the text and of every comment under it; the words are nowhere in the documents."""
        world, _ = small_world()
        blogs = [Blog(place="ours", locked=frozenset({"ours-1"}))]
        async with serve(world, blogs=blogs) as served:
            bodies = [
                (await get(served.feed_address("ours", form, comments=comments))).body
                for form in FORMATS
                for comments in (False, True)
            ]

        assert all(b"post_password" in body for body in bodies)
        assert not any(word in body for body in bodies for word in (b"everywhere", b"Thanks for clearing"))

    @pytest.mark.parametrize("form", ["rss2", "atom"])
    async def test_archives_hold_everything_that_left_the_window(self, form: Format) -> None:
        """RFC 5005: from the current document back through closed ones to the first, each post in one of them."""
        world, clock = small_world()
        for number in range(8):
            clock.walk(minutes=1)
            world.publish("ours", ANNA, f"Text {number}", title=f"Post {number}")
        async with serve(world, blogs=[Blog(place="ours", window=3, archives=True)]) as served:
            address: str | None = served.feed_address("ours", form)
            chain = []
            while address:
                answer = await get(address)
                document = parsed(answer)
                chain.append([entry.id for entry in document.entries])
                archived = b"<fh:archive />" in answer.body
                assert archived == (len(chain) > 1)
                address = next(
                    (link.href for link in document.feed.links if link.rel == "prev-archive"), None
                )
            beyond = await get(f"{served.feed_address('ours', form)}archive/4/")

        closed = [identity for page in chain[1:] for identity in page]
        assert [len(page) for page in chain] == [3, 3, 3, 3]
        assert len(set(closed)) == 9
        assert set(chain[0]) <= set(closed)
        assert beyond.status == 404

    @pytest.mark.parametrize("form", ["rss2", "atom"])
    async def test_an_answer_says_whom_it_answers(self, form: Format) -> None:
        """WordPress names the parent and links what they said; not Blogger, and not under a locked post."""
        world, _ = small_world()
        async with serve(world, blogs=[Blog(place="ours", answers="Als Antwort auf {parent}.")]) as served:
            answer, comment = (await self.read(served, form, comments=True)).entries

        assert answer.content[0].value == (
            f'<p>Als Antwort auf <a href="{comment.link}">{BORIS.name}</a>.</p>\n<p>Same here.</p>'
        )
        assert comment.content[0].value == "<p>Thanks for clearing it.</p>"

    async def test_titles_of_another_language(self) -> None:
        """What the software makes of a comment's title, in both kinds of feed."""
        world, _ = small_world()
        blogs = [Blog(place="ours", titles=("Kommentar zu {on} von {by}", "Von: {by}"))]
        async with serve(world, blogs=blogs) as served:
            everywhere = (await self.read(served, comments=True)).entries[0].title
            article = (await self.read(served)).entries[0]
            here = parsed(await get(article.wfw_commentrss)).entries[0].title
            numbered = parsed(await get(f"{served.address}/ours/archives/1/feed/")).entries[0].title

        assert numbered == here
        assert (everywhere, here) == (f"Kommentar zu Ice & <snow> von {CHLOE.name}", f"Von: {CHLOE.name}")

    @pytest.mark.parametrize(
        ("manner", "status", "target"),
        [
            ("moved-308", 308, "{address}/ours/permanent/feed/"),
            ("secured", 301, "https{rest}/ours/feed/"),
        ],
    )
    async def test_more_ways_to_move(self, manner: Manner, status: int, target: str) -> None:
        """For good with the method kept, and to the same address by https."""
        world, _ = small_world()
        world.disturb("ours", manner, 600)
        async with serve(world) as served:
            answer = await get(served.feed_address("ours"))
            expected = target.format(address=served.address, rest=served.address.removeprefix("http"))

        assert (answer.status, answer.headers["Location"]) == (status, expected)


class TestTrouble:
    @pytest.mark.parametrize(
        ("manner", "status", "retry_after"),
        [
            ("503", 503, None),
            ("500", 500, None),
            ("404", 404, None),
            ("410", 410, None),
            ("429", 429, "600"),
            ("429-date", 429, "Mon, 05 Jan 2026 12:20:01 GMT"),
            ("429-bare", 429, None),
            ("error_page", 200, None),
        ],
    )
    async def test_errors_are_pages_for_people(
        self, manner: Manner, status: int, retry_after: str | None
    ) -> None:
        """HTML with an apology, the wait where one is named, and everything well again afterwards."""
        world, clock = small_world()
        world.disturb("ours", manner, 600)
        async with serve(world) as served:
            answer = await get(served.feed_address("ours"))
            other = await get(served.feed_address("theirs"))
            clock.walk(minutes=10)
            after = await get(served.feed_address("ours"))

        assert (answer.status, answer.headers.get("Retry-After")) == (status, retry_after)
        assert answer.headers["Content-Type"] == "text/html; charset=UTF-8"
        assert b"<h1>Sorry</h1>" in answer.body
        assert (other.status, after.status, len(parsed(after).entries)) == (200, 200, 1)

    @pytest.mark.parametrize(
        ("manner", "error"),
        [
            ("cut", http.client.IncompleteRead),
            ("reset", ConnectionResetError),
            ("garbage", http.client.BadStatusLine),
        ],
    )
    async def test_broken_answers_show_nothing(self, manner: Manner, error: type[Exception]) -> None:
        """The client notices, and the ledger does not count the posts as shown."""
        world, _ = small_world()
        world.disturb("ours", manner, 600)
        async with serve(world) as served:
            with pytest.raises(error):
                await get(served.feed_address("ours"))

        assert [row.disturbance for row in world.ledger.requests] == [manner]
        assert [row.shown for row in world.ledger.posts.values()] == [0, 0, 0, 0]

    @pytest.mark.parametrize(
        ("manner", "status", "way"), [("moved", 301, "permanent"), ("away", 302, "temporary/elsewhere")]
    )
    async def test_a_feed_that_moved_is_found_where_it_says(
        self, manner: Manner, status: int, way: str
    ) -> None:
        """The redirect names the same feed at another address, which answers."""
        world, _ = small_world()
        world.disturb("ours", manner, 600)
        async with serve(world) as served:
            moved = await get(served.feed_address("ours"))
            target = moved.headers["Location"]
            found = await get(target)
            expected = f"{served.address}/ours/{way}/feed/"

        assert (moved.status, target) == (status, expected)
        assert parsed(found).entries[0].id == "https://ours.example/?p=1"

    async def test_a_slow_answer_takes_its_time_and_arrives(self) -> None:
        """Half a second for each two kilobytes of the shared clock."""
        clock = VirtualClock()
        world = World((Place("ours", "Ours", "en"),), clock)
        world.publish("ours", ANNA, "x" * 9000, title="Long")
        world.disturb("ours", "slow", 600)
        async with serve(world) as served, clock.autojump(quiet_s=0.01):
            answer = await get(served.feed_address("ours"))

        assert parsed(answer).entries[0].title == "Long"
        assert clock.monotonic() >= len(answer.body) // 2048 * 0.5

    async def test_the_ledger_books_every_request(self) -> None:
        """Route, status, posts shown and whether it was conditional; repeats count."""
        world, _ = small_world()
        async with serve(world) as served:
            address = served.feed_address("ours", comments=True)
            first = await get(address)
            await get(address)
            await get(address, if_none_match=first.headers["ETag"])
            await get(f"{served.address}/ours/nothing")

        rows = [(row.route, row.status, row.posts, row.conditional) for row in world.ledger.requests]
        assert rows == [
            ("comments", 200, 2, False),
            ("comments", 200, 2, False),
            ("comments", 304, 0, True),
            ("unknown", 404, 0, False),
        ]
        assert {post: row.shown for post, row in world.ledger.posts.items()} == {
            "ours-1": 0,
            "ours-2": 2,
            "ours-3": 2,
            "theirs-1": 0,
        }


class TestConfiguration:
    async def test_it_names_every_blog_as_the_daemon_wants_it(self) -> None:
        """Valid TOML: organisation, watch, a source for every blog and for the comments of our own."""
        async with serve(clock=VirtualClock()) as served:
            document = tomllib.loads(configuration(served, Path("/tmp/a b"), hashtags=["#yyc", "日本"]))
            addresses = [served.feed_address(place) for place in served.blogs]
            comments = served.feed_address("city-newsroom", comments=True)

        assert document["data_dir"] == "/tmp/a b"
        assert document["watch"][0]["hashtags"] == ["#yyc", "#日本"]
        assert [source["address"] for source in document["source"]] == [*addresses, comments]
        assert all(
            ("criterion" in source) == (source["relation"] == "public") for source in document["source"]
        )
        assert document["reader"]["allow_addresses"] == ["127.0.0.0/8"]

    async def test_the_city_speaks_every_format(self) -> None:
        """The default blogs announce all four formats between them."""
        async with serve(clock=VirtualClock()) as served:
            assert {blog.format for blog in city_blogs(served.world)} == set(FORMATS)


class TestCanaryWorld:
    @staticmethod
    async def read_all(served: Blogs) -> dict[str, bytes]:
        """
        Every configured document, redirects followed, errors included; a cut one is left out.
        """
        wire = {}
        for place in served.blogs:
            for comments in (False, True):
                try:
                    answer = await get(served.feed_address(place, comments=comments), accept_encoding="gzip")
                    wire[f"{place} {comments}"] = answer.wire
                    if "Location" in answer.headers:
                        wire[f"{place} {comments} there"] = (await get(answer.headers["Location"])).wire
                except http.client.IncompleteRead as cut:
                    wire[f"{place} {comments} cut"] = cut.partial
        return wire

    async def test_every_marker_is_on_the_wire(self) -> None:
        """What the kit plants is really served, in every format, error page, header and redirect."""
        canary = Canary(1)
        async with serve(canary.feed_world(VirtualClock())) as served:
            wire = await self.read_all(served)

        assert canary.missing(wire) == ()
        assert len(canary.markers) > 150

    async def test_places_that_name_people_are_all_planted(self) -> None:
        """The elements that feeds name people in, each with a marker of the right kind in it."""
        canary = Canary(2)
        async with serve(canary.feed_world(VirtualClock())) as served:
            rss = (await get(served.feed_address("canary-paths"))).body
            atom = (await get(served.feed_address("canary-atom"))).body
            feed = json.loads((await get(served.feed_address("canary-json"))).body)
            rdf = (await get(served.feed_address("canary-rdf"))).body
            thread = (await get(served.feed_address("canary-own", comments=True))).body
        places: dict[str, tuple[bytes, str]] = {}

        def note(body: bytes, xpath: str, label: str) -> None:
            names = {
                "a": "http://www.w3.org/2005/Atom",
                "at": "http://purl.org/atompub/tombstones/1.0",
                "dc": "http://purl.org/dc/elements/1.1/",
                "itunes": "http://www.itunes.com/dtds/podcast-1.0.dtd",
                "media": "http://search.yahoo.com/mrss/",
                "webfeeds": "http://webfeeds.org/rss/1.0",
                "r": "http://purl.org/rss/1.0/",
            }
            found = etree.fromstring(body).xpath(f"string({xpath})", namespaces=names)
            places[xpath] = (str(found).encode(), label)

        note(rss, "//item/dc:creator", "canary-paths: article author: name")
        note(rss, "//item/author", "canary-paths: article author: e-mail")
        note(rss, "//item/title", "canary-paths: article author: name")
        note(rss, "//item/link", "canary-paths: article author: account id")
        note(rss, "//item/itunes:author", "canary-paths: article author: name")
        note(rss, "//item/media:thumbnail/@url", "canary-paths: article author: avatar")
        note(rss, "//channel/managingEditor", "owner: e-mail")
        note(rss, "//channel/itunes:owner/itunes:email", "owner: e-mail")
        note(rss, "//channel/webfeeds:icon", "owner: avatar")
        note(rss, "//channel/description", "owner: bio")
        note(atom, "//a:entry/a:author/a:name", "canary-atom: article author: name")
        note(atom, "//a:entry/a:author/a:uri", "canary-atom: article author: profile")
        note(atom, "//a:entry/a:author/a:email", "canary-atom: article author: e-mail")
        note(atom, "//at:deleted-entry/at:by", "canary-atom: article author: name")
        note(rdf, "//r:item/dc:creator", "canary-rdf: article author: name")
        note(thread, "//item/title", "canary-own: reply author: name")
        places["json author"] = (
            json.dumps(feed["items"][0]["authors"]).encode(),
            "canary-json: article author: avatar",
        )

        held = {place: {f.label for f in canary.search({"x": body})} for place, (body, _) in places.items()}
        assert [place for place, (_, label) in places.items() if label not in held[place]] == []

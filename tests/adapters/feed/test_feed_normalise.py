"""
Identity, comments and relations: from wire entries to posts, without a document.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace

from adapters.feed.config import FeedConfig
from adapters.feed.normalise import items_from
from adapters.feed.wire import Text, WireDeletion, WireEntry, WireFault, WireFeed
from listener.adapter import Item
from listener.events import Author, Post, Rejected, Removal

FIRST = "https://first.example/feed"
SCOPE = "http://first.example/feed"
PUBLIC = FeedConfig(address="https://now.example/feed", first_address=FIRST)
OWN = FeedConfig(address=FIRST, relation="own", own_authors=("City Office",))


def items(
    *entries: WireEntry | WireDeletion | WireFault, config: FeedConfig = PUBLIC, **feed: str
) -> tuple[Item, ...]:
    return items_from(WireFeed(dialect="rss", entries=entries, home=feed.get("home")), config)


def one(entry: WireEntry, config: FeedConfig = PUBLIC) -> Post:
    (post,) = items(entry, config=config)
    assert isinstance(post, Post)
    return post


def natives(found: Sequence[Item]) -> list[str]:
    return [item.native for item in found if isinstance(item, Post)]


def said(words: str) -> Text:
    return Text(words, "plain")


# ------------------------------------------------------------------------------------------------------- identity


@pytest.mark.parametrize(
    ("entry", "native"),
    [
        (WireEntry(id=" g1 ", link="https://a.example/1", title=said("t")), f"{SCOPE}\ng1"),
        (WireEntry(id="https://a.example/?p=1", title=said("t")), f"{SCOPE}\nhttp://a.example?p=1"),
        (WireEntry(id="http://a.example/?p=1", title=said("t")), f"{SCOPE}\nhttp://a.example?p=1"),
        (WireEntry(link="https://a.example/1", title=said("t")), f"{SCOPE}\nhttp://a.example/1"),
    ],
)
def test_identity(entry: WireEntry, native: str) -> None:
    """Id before link; http and https are one; the scope is the first configured address."""
    assert one(entry).native == native


def test_identity_of_what_has_neither_id_nor_link() -> None:
    """A digest of what is said names it: the same words the same post, other words another."""
    first, again, other = (one(WireEntry(title=said(title))).native for title in ("a", "a", "b"))

    assert first == again != other
    assert first.startswith(f"{SCOPE}\nsha256:")


def test_one_id_for_everything_is_no_identity() -> None:
    """Where entries with different links share an id, their links tell them apart."""
    found = items(
        WireEntry(id="blog", link="https://a.example/1", title=said("1")),
        WireEntry(id="blog", link="https://a.example/2", title=said("2")),
    )

    assert natives(found) == [f"{SCOPE}\nhttp://a.example/1", f"{SCOPE}\nhttp://a.example/2"]


def test_the_same_post_twice_is_given_once() -> None:
    """A post that stands twice in one document, under its title or of its date, is not an edit of itself."""
    entry = WireEntry(
        id="1", link="https://a.example/1", title=said("t"), summary=said("new"), published="today"
    )
    retold = replace(entry, summary=said("old"), published="yesterday")
    retitled = replace(entry, title=said("T"), summary=said("old"))

    assert natives(items(entry, retold)) == natives(items(entry, retitled)) == [f"{SCOPE}\n1"]


def test_aliases_name_one_post_only() -> None:
    """A permalink is an alias, inside the feed and outside; the address of the site or of two entries is none."""
    found = items(
        WireEntry(id="1", link="https://a.example/1", title=said("1")),
        WireEntry(id="2", link="https://a.example/", title=said("2")),
        WireEntry(id="3", link="https://b.example/x", title=said("3")),
        WireEntry(id="4", link="https://b.example/x", title=said("4")),
        home="https://a.example/",
    )

    assert [item.aliases for item in found if isinstance(item, Post)] == [
        ("http://a.example/1", f"{SCOPE}\nhttp://a.example/1"),
        (),
        (),
        (),
    ]


# ------------------------------------------------------------------------------------------------ what is not a post


def test_what_says_nothing_is_rejected() -> None:
    """An entry without words is counted, with a reason; so is one that could not be decoded."""
    assert items(WireEntry(id="1"), WireEntry(), WireFault("unreadable_item")) == (
        Rejected("no_content"),
        Rejected("no_identity"),
        Rejected("unreadable_item"),
    )


def test_removals() -> None:
    """A tombstone and an expired item take the post away; a tombstone older than the entry does not."""
    found = items(
        WireDeletion("gone", "2026-01-05T00:00:00Z"),
        WireDeletion("back", "2026-01-05T00:00:00Z"),
        WireEntry(id="back", title=said("t"), updated="2026-01-06T00:00:00Z"),
        WireEntry(id="over", title=said("t"), expired=True),
    )

    assert found == (
        Removal(f"{SCOPE}\ngone"),
        Post(
            native=f"{SCOPE}\nback",
            kind="article",
            title="t",
            text="",
            published_at=datetime(2026, 1, 6, tzinfo=UTC),
        ),
        Removal(f"{SCOPE}\nover"),
    )


# ------------------------------------------------------------------------------------------------------- comments


def comment(title: str, *authors: str, **more: str) -> Post:
    entry = WireEntry(
        id="https://a.example/?p=1#comment-2",
        title=said(title),
        content=Text(more.get("html", "<p>words</p>"), "html"),
        authors=authors,
    )
    return one(entry)


STATED = ("Jo Fenn",)


@pytest.mark.parametrize(
    ("title", "authors", "reduced", "names"),
    [
        ("Comment on The bridge by Jo Fenn", STATED, None, STATED),
        ("Comment on The bridge by Jo Fenn", (), None, STATED),
        ("Comment on Stand by me by Jo Fenn", (), None, STATED),
        ("Comment on The bridge by Walk by Night", ("Walk by Night",), None, ("Walk by Night",)),
        ("By: Jo Fenn", (), None, STATED),
        ("Reactie: iets anders", STATED, "Reactie: iets anders", STATED),
        ("words", STATED, "words", STATED),
        ("Thanks, Jo", STATED, "Thanks, Jo", STATED),
    ],
)
def test_names_in_titles(
    title: str, authors: tuple[str, ...], reduced: str | None, names: tuple[str, ...]
) -> None:
    """A title that a blog made of the article's and the commenter's name is dropped, and the name is known to the gate."""
    post = comment(title, *authors, html="<p>other</p>")

    assert (post.kind, post.title, post.author) == ("comment", reduced, Author(names))


@pytest.mark.parametrize(
    "title",
    [
        "Kommentar zu Die Brücke von Jo Fenn",
        "Commentaires sur Le pont par Jo Fenn",
        "Comentario en El puente por Jo Fenn",
        "Comentário sobre A ponte por Jo Fenn",
        "Commenti su Il ponte di Jo Fenn",
        "Comentaris a El pont per Jo Fenn",
        "Comentariu la Podul de Jo Fenn",
        "Reactie op De brug door Jo Fenn",
        "Kommentar till Bron av Jo Fenn",
        "Kommentar til Broen af Jo Fenn",
        "Komentarz do Most, którego autorem jest Jo Fenn",
        "Komentář k Most od Jo Fenn",
        "Комментарий к записи Мост от Jo Fenn",
        "Коментар до Міст від Jo Fenn",
        "Σχόλιο στο Η γέφυρα από Jo Fenn",
        "Hozzászólás A híd, szerző: Jo Fenn",
        "Köprü yazısına Jo Fenn tarafından yapılan yorum",
        "Komentar pada Jembatan oleh Jo Fenn",
        "Bình luận về Cây cầu bởi Jo Fenn",
        "תגובה על הגשר מאת Jo Fenn",
        "تعليق على الجسر بواسطة Jo Fenn",
        "橋 への Jo Fenn のコメント",
        "Jo Fenn より 橋 へのコメント",
        "Jo Fenn님의 다리에 대한 댓글",
        "Jo Fenn 对《桥》的评论",
        "Von: Jo Fenn",
        "Par : Jo Fenn",
        "Por: Jo Fenn",
        "Di: Jo Fenn",
        "Av: Jo Fenn",
        "Autor: Jo Fenn",
        "От: Jo Fenn",
        "Від: Jo Fenn",
        "Από: Jo Fenn",
        "作者:Jo Fenn",
        "Jo Fenn より",
    ],
)
def test_names_in_titles_of_other_languages(title: str) -> None:
    """Even where nothing but the title says who wrote the comment, the title goes and the name is masked in the text."""
    post = comment(title, html="<p>words</p>")

    assert (post.title, post.author) == (None, Author(STATED))


@pytest.mark.parametrize(
    ("title", "author"),
    [
        ("X about Y, JO FENN", "Jo Fenn"),
        ("By: J&amp;K Fenn", "J&K Fenn"),
        ("By: J&K Fenn", "J&amp;amp;K Fenn"),
        ("odd: Jo\u200b Fe\u00adnn!", "Jo Fenn"),
        ("odd Ｊｏ　Ｆｅｎｎ", "Jo Fenn"),
        ("odd: jo_fenn", "Jo_Fenn"),
        ("odd JoFenn wrote", "Jo Fenn"),
        ("山田太郎さんの返事", "山田太郎"),
        ("Ευχαριστώ ΓΙΆΝΝΗΣ", "γιάννης"),
        ("Jose\u0301 Fenn said", "José Fenn"),
        ("odd Fenn's, Jo Fenn's words", "Jo Fenn"),
        ("x" * 600, "nobody"),
    ],
)
def test_a_title_that_names_its_author_goes_however_it_is_spelled(title: str, author: str) -> None:
    """Case, entities, invisible letters, full-width letters, composed or not; and what is far too long for a title."""
    assert comment(title, author).title is None


@pytest.mark.parametrize(
    "title",
    [
        "Comments on The bridge (Jo Fenn)",
        "Reactie op De brug",
        "橋へのコメント",
        "桥的评论",
        "Köprü için yapılan yorum",
    ],
)
def test_a_title_that_software_made_goes_although_it_cannot_be_parted(title: str) -> None:
    """Where no name can be told from the rest, and none is stated, nothing of it is kept."""
    post = comment(title, html="<p>words</p>")

    assert (post.title, post.author) == (None, None)


def test_an_article_keeps_its_title() -> None:
    """What looks like a comment's title is one only under a comment."""
    assert (
        one(WireEntry(id="1", title=said("Comment on art by masters"))).title == "Comment on art by masters"
    )


@pytest.mark.parametrize(
    ("html", "text", "reply_to"),
    [
        (
            '<p>In reply to <a href="https://a.example/x#comment-7">Kim Harrow</a>.</p><p>Yes</p>',
            "Yes",
            f"{SCOPE}\nhttp://a.example/x#comment-7",
        ),
        (
            'Als Antwort auf <a href="https://a.example/x?a=1&amp;b=2#comment-7">Kim Harrow</a>.\n\nYes',
            "Yes",
            f"{SCOPE}\nhttp://a.example/x?a=1&b=2#comment-7",
        ),
        ('See <a href="https://b.example/">this</a>. Yes', "See this <https://b.example/>. Yes", None),
    ],
)
def test_whom_a_comment_answers(html: str, text: str, reply_to: str | None) -> None:
    """WordPress's first sentence names another person: it goes, and the link in it says what is answered."""
    post = comment("By: Jo Fenn", html=html)

    assert (post.text, post.reply_to) == (text, reply_to)


@pytest.mark.parametrize(
    ("ref", "href", "reply_to"),
    [
        ("tag:1", None, f"{SCOPE}\ntag:1"),
        ("tag:1", "https://a.example/x#comment-7", f"{SCOPE}\ntag:1"),
        (None, "https://a.example/x#c7", f"{SCOPE}\nhttp://a.example/x#c7"),
        ("tag:1", "https://a.example/x", "http://a.example/x"),
    ],
)
def test_threads(ref: str | None, href: str | None, reply_to: str) -> None:
    """A comment answers a comment of its feed by identity, an article of another feed by address."""
    post = one(WireEntry(id="2", title=said("t"), reply_ref=ref, reply_href=href))

    assert (post.kind, post.reply_to) == ("comment", reply_to)


RIVER = "https://river.example/2026/01/flood/"


def in_thread(number: int, html: str = "<p>words</p>", *, host: str = RIVER, **more: str) -> WireEntry:
    """A comment as WordPress gives it: counted in the fragment of its identity and of its address."""
    return WireEntry(
        id=f"https://river.example/?p=41#comment-{number}",
        link=f"{host}#comment-{number}",
        content=Text(html, "html"),
        authors=("Jo Fenn",),
        reply_href=more.get("href"),
        reply_ref=more.get("ref"),
    )


def answer_to(number: int) -> str:
    return f'<p>In reply to <a href="{RIVER}#comment-{number}">Kim Harrow</a>.</p><p>Yes</p>'


def test_a_comment_goes_by_the_identity_its_parent_has() -> None:
    """Whether the parent still stands in the window or not, and where the address says http."""
    child, far, parent = items(
        in_thread(9, answer_to(7)),
        in_thread(8, answer_to(3), host=RIVER.replace("https", "http")),
        in_thread(7),
        config=OWN,
    )

    assert isinstance(child, Post)
    assert isinstance(far, Post)
    assert isinstance(parent, Post)
    assert child.reply_to == parent.native
    assert far.reply_to == f"{SCOPE}\nhttp://river.example?p=41#comment-3"


def test_a_parent_of_another_shape_is_found_in_the_same_document() -> None:
    """Where numbers do not tell the identity, the address of a comment that is shown does."""
    first = WireEntry(id="tag:1", link="https://a.example/x#c7", content=said("a"))
    second = WireEntry(
        id="tag:2", link="https://a.example/x#c9", content=said("b"), reply_href="http://a.example/x/#c7"
    )

    parent, child = items(first, second)

    assert isinstance(parent, Post)
    assert isinstance(child, Post)
    assert child.reply_to == parent.native


@pytest.mark.parametrize(
    ("entry", "answers", "reply_to"),
    [
        (in_thread(7), None, "http://river.example/2026/01/flood"),
        (in_thread(7), "s\narticle", "s\narticle"),
        (in_thread(9, answer_to(7)), "s\narticle", f"{SCOPE}\nhttp://river.example?p=41#comment-7"),
        (in_thread(7, href=RIVER, ref="https://river.example/?p=41"), "s\narticle", "s\narticle"),
        (
            in_thread(7, href=RIVER, ref="https://river.example/?p=41"),
            None,
            "http://river.example/2026/01/flood",
        ),
        (
            WireEntry(
                id="tag:blog-1.post-5", link="https://b.example/x.html?showComment=17#c5", content=said("w")
            ),
            None,
            "http://b.example/x.html",
        ),
    ],
)
def test_every_comment_answers_something(entry: WireEntry, answers: str | None, reply_to: str) -> None:
    """Another comment, else the article: by its identity where that is known, else by the address of the page."""
    (post,) = items_from(WireFeed(dialect="rss", entries=(entry,)), OWN, answers=answers)

    assert isinstance(post, Post)
    assert (post.kind, post.reply_to) == ("comment", reply_to)


def test_the_article_goes_by_the_name_its_comments_use() -> None:
    """The address an answer names is one of the article's own names, whatever scheme and slash each of them has."""
    article = one(
        WireEntry(id="https://river.example/?p=41", link=RIVER.replace("https", "http"), title=said("Flood"))
    )
    (answer,) = items(in_thread(7))

    assert isinstance(answer, Post)
    assert answer.reply_to in article.aliases


def test_the_feed_of_one_articles_comments_holds_comments() -> None:
    """Whatever the shape of its entries."""
    (post,) = items_from(
        WireFeed(dialect="atom", entries=(WireEntry(id="1", title=said("t")),)), PUBLIC, answers="a"
    )

    assert isinstance(post, Post)
    assert (post.kind, post.reply_to) == ("comment", "a")


@pytest.mark.parametrize(
    ("html", "text"),
    [
        (f'<p><a href="{RIVER}#comment-7">Kim</a> への返信。</p><p>はい</p>', "はい"),
        (f'<p><a href="{RIVER}#comment-7">Kim</a> kullanıcısına yanıt olarak.</p>\n<p>Evet</p>', "Evet"),
        (f'En réponse à <a href="{RIVER}#comment-7">Kim</a>.<br />\n<br />\nOui', "Oui"),
        ("In reply to Kim Harrow. Yes", "Yes"),
        ("In reply to your question: no", "In reply to your question: no"),
        ("<p>Als Antwort auf J. R. Harrow.</p><p>Ja</p>", "Ja"),
        ('<img src="https://secure.gravatar.com/avatar/0a?s=9" alt="Kim Harrow"><p>Yes</p>', "Yes"),
        ("<img alt='Kim Harrow' class='avatar avatar-32' src='/p.png'/> Yes", "Yes"),
        ('<img src="/bridge.png" alt="the bridge"><p>Yes</p>', "[the bridge]\n\nYes"),
    ],
)
def test_other_people_beside_the_words(html: str, text: str) -> None:
    """Whom a comment answers, in any language, with a link or without; portraits go, other pictures stay."""
    assert one(in_thread(9, html)).text == text


FORM = (
    '<form action="https://a.example/wp-login.php?action=postpass" class="post-password-form" method="post">'
    "<p>This content is password-protected.</p><p><label>Password: "
    '<input name="post_password" type="password" size="20"></label></p></form>'
)


@pytest.mark.parametrize(
    "entry",
    [
        WireEntry(id="1", title=said("Protected: News"), content=Text(FORM, "html")),
        WireEntry(id="1", title=said("Geschützt: News"), summary=Text(FORM, "guess")),
        WireEntry(
            id="1#comment-2",
            title=said("Comment on Protected: News by Jo Fenn"),
            summary=said("Protected Comments: Please enter your password to view comments."),
            content=Text(FORM, "html"),
        ),
    ],
)
def test_a_form_that_asks_for_a_password_is_no_content(entry: WireEntry) -> None:
    """What stands behind it is not public, and its title is not told either."""
    assert items(entry) == (Rejected("no_content"),)


def test_an_article_about_such_forms_is_one() -> None:
    """What is quoted is not there."""
    post = one(
        WireEntry(
            id="1",
            title=said("t"),
            content=Text("<code>&lt;input name=&quot;post_password&quot;&gt;</code>", "html"),
        )
    )

    assert post.text == '<input name="post_password">'


# ------------------------------------------------------------------------------------------------------- relations


@pytest.mark.parametrize(
    ("config", "entry_id", "author", "expected"),
    [
        (PUBLIC, "1", "City Office", (False, False)),
        (PUBLIC, "1#comment-1", "City Office", (False, False)),
        (OWN, "1", "Anybody", (True, False)),
        (OWN, "1#comment-1", "CITY OFFICE", (True, False)),
        (OWN, "1#comment-1", "Jo Fenn", (False, True)),
    ],
)
def test_by_us_and_addressed(
    config: FeedConfig, entry_id: str, author: str, expected: tuple[bool, bool]
) -> None:
    """On our own site articles are ours and comments are to us, unless they bear our name; elsewhere neither."""
    post = one(WireEntry(id=entry_id, title=said("t"), authors=(author,)), config)

    assert (post.by_us, post.addressed) == expected


def test_the_editor_of_a_feed_did_not_write_its_comments() -> None:
    """A comment that names nobody is to us, whoever the feed is by; that name is masked in it all the same."""
    feed = WireFeed(
        dialect="rss", entries=(WireEntry(id="1#comment-1", title=said("t")),), authors=("City Office",)
    )
    (post,) = items_from(feed, OWN)

    assert isinstance(post, Post)
    assert (post.by_us, post.addressed, post.author) == (False, True, Author(("City Office",)))


@pytest.mark.parametrize(("kind", "expected"), [("articles", "article"), ("comments", "comment")])
def test_kind_as_configured(kind: str, expected: str) -> None:
    """What the operator says a feed carries outweighs the shape of its entries."""
    config = FeedConfig.model_validate({"address": FIRST, "kind": kind})

    assert {
        one(WireEntry(id=identity, title=said("t")), config).kind for identity in ("1", "1#comment-1")
    } == {expected}


@pytest.mark.parametrize(
    ("stated", "names"),
    [
        ("jo@fenn.example (Jo Fenn)", ("jo@fenn.example", "Jo Fenn")),
        ("Jo Fenn <jo@fenn.example>", ("Jo Fenn", "jo@fenn.example")),
        ("mailto:jo@fenn.example", ("jo@fenn.example",)),
        ("Jo &amp; Kim", ("Jo & Kim",)),
    ],
)
def test_names_of_an_author(stated: str, names: tuple[str, ...]) -> None:
    """Each string that names somebody stands by itself, so that each is masked."""
    assert one(WireEntry(id="1", title=said("t"), authors=(stated,))).author == Author(names)


@pytest.mark.parametrize(
    ("stated", "lang"), [("en_GB", "en-GB"), (" de ", "de"), ("not a language", None), (None, None)]
)
def test_language(stated: str | None, lang: str | None) -> None:
    """Only what can be BCP 47 is passed on."""
    assert one(WireEntry(id="1", title=said("t"), lang=stated)).lang == lang

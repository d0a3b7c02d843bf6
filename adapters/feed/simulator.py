"""
A local server full of blogs, posts and comments, with conditional requests, deletions, edits and every way a blog
can fail.

Takes a `listener.simulation.world.World`; answers HTTP on loopback with `simulated_documents`. Shares no code with
the adapter that reads it, so that one misunderstanding cannot hide in both. What it serves is a function of the
world, its clock, its own address and, for blogs that are made so, of how often it was read. How a blog shows itself may
be changed at any time: `served.blogs[place] = replace(served.blogs[place], secure=True)`.

Sources: conditional requests, RFC 9110 section 13; deleted entries, RFC 6721; archives, RFC 5005; WordPress, src/wp-includes/class-wp.php,
send_headers (as remembered or quoted, 2026-11).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from html import escape
from pathlib import Path
from typing import Final

from adapters.feed.simulated_blog import FORMATS, Blog, Document, Format, page_of
from adapters.feed.simulated_blogger import MEDIA_TYPE, blogger_document
from adapters.feed.simulated_documents import ENDINGS, MEDIA_TYPES, WRITERS, home_page, page
from listener.simulation.clock import Clock, ScaledClock
from listener.simulation.ledger import RequestRow
from listener.simulation.scenario import ordinary_day
from listener.simulation.server import Fault, Request, Response, Server, http_date
from listener.simulation.server import serve as serve_http
from listener.simulation.world import Disturbance, Entry, World

__all__ = [
    "FORMATS",
    "Blog",
    "Blogs",
    "Format",
    "city_blogs",
    "configuration",
    "serve",
    "source_table",
]

_BLOGGER: Final = re.compile(r"feeds/(?:posts|comments|(\d{1,9})/comments)/default")
_ARCHIVE: Final = re.compile(r"feed/(atom/)?archive/(\d{1,6})/")
_NUMBERED: Final = re.compile(r"/([^/]+)/archives/(\d{1,9})/")
_SLOW: Final = Fault(drip_bytes=2048, drip_every_s=0.5)


@dataclass(slots=True)
class Blogs:
    """
    The routes of a world of blogs.

    Args:
        world: What is shown.
        blogs: How, by place.
        server: Set by `serve`.
    """

    world: World
    blogs: dict[str, Blog]
    server: Server | None = field(default=None)
    readings: Counter[str] = field(default_factory=Counter)

    @property
    def address(self) -> str:
        """
        Such as `http://127.0.0.1:40123`.
        """
        assert self.server is not None, "the blogs are served inside `serve`"
        return self.server.address

    def feed_address(self, place: str, form: Format | None = None, *, comments: bool = False) -> str:
        """
        Where a feed stands; in the format the blog announces unless told otherwise.
        """
        blog = self.blogs[place]
        if blog.software == "blogger":
            return f"{self.address}/{place}/feeds/{'comments' if comments else 'posts'}/default"
        return f"{self.address}/{place}/{'comments/' if comments else ''}{ENDINGS[form or blog.format]}"

    async def answer(self, request: Request) -> Response:
        """
        Every request comes through here: the world is brought up to date, and what is wrong goes before what is right.
        """
        self.world.turn()
        place, _, rest = request.path.lstrip("/").partition("/")
        blog = self.blogs.get(place)
        if blog is None:
            return self._failed(request, "", 404)
        trouble = self.world.disturbance(place)
        if trouble is not None and (spoiled := self._spoiled(request, trouble, rest)) is not None:
            return self._booked(request, place, "disturbed", spoiled, trouble.manner)
        answer = self._shown(request, blog, rest)
        if trouble is None:
            return answer
        return _with_fault(answer, trouble)

    def _shown(self, request: Request, blog: Blog, rest: str) -> Response:
        """
        A feed, a page, or nothing.
        """
        trail = re.sub(rf"^(temporary|permanent)/({re.escape(self.world.noise.redirect_part)}/)?", "", rest)
        if blog.software == "blogger" and (wanted := _BLOGGER.fullmatch(trail)):
            return self._blogger(request, blog, wanted)
        archive = _ARCHIVE.fullmatch(trail)
        if archive and blog.archives:
            return self._archive(request, blog, "atom" if archive[1] else "rss2", int(archive[2]))
        found = _wanted(trail)
        if not trail:
            return self._html(request, blog, "home", home_page(self.world, blog))
        if found is None:
            article = self._article_at(request.path)
            if article is None:
                return self._failed(request, blog.place, 404)
            return self._html(request, blog, "page", page(self.world, article))
        before, form = found
        if blog.place in self.world.ended and form != "json":
            return self._failed(request, blog.place, 410)
        if before in ("", "comments/"):
            return self._feed(request, blog, form, comments=bool(before), on=None)
        article = self._article_at(f"/{blog.place}/{before}")
        if article is None:
            return self._failed(request, blog.place, 404)
        return self._feed(request, blog, form, comments=True, on=article)

    def _feed(
        self, request: Request, blog: Blog, form: Format, *, comments: bool, on: Entry | None
    ) -> Response:
        world = self.world
        shown = (
            world.comments(blog.place, on.post if on else None) if comments else world.articles(blog.place)
        )
        entries = shown[: blog.window]
        doc = Document(
            world=world,
            blog=blog,
            origin=self.address,
            path=request.path,
            entries=entries,
            gone=world.deleted(blog.place, comments=comments)[: 2 * blog.window],
            comments=comments,
            on=on,
            changed_at=_changed_at(world, blog, entries),
            reading=self.readings[blog.place],
            links=self._links(blog, form, len(shown) // blog.window) if not comments else (),
        )
        self.readings[blog.place] += 1
        return self._told(request, doc, WRITERS[form](doc), MEDIA_TYPES[form])

    def _blogger(self, request: Request, blog: Blog, wanted: re.Match[str]) -> Response:
        """
        A feed at one of Blogger's addresses.
        """
        world = self.world
        on = self._article_numbered(blog.place, int(wanted[1])) if wanted[1] else None
        if wanted[1] and on is None:
            return self._failed(request, blog.place, 404)
        comments = wanted[0] != "feeds/posts/default"
        shown = (
            world.comments(blog.place, on.post if on else None) if comments else world.articles(blog.place)
        )
        entries = shown[: blog.window]
        doc = Document(
            world=world,
            blog=blog,
            origin=self.address,
            path=request.path,
            entries=entries,
            gone=(),
            comments=comments,
            on=on,
            changed_at=_changed_at(world, blog, entries),
            reading=self.readings[blog.place],
        )
        self.readings[blog.place] += 1
        return self._told(request, doc, blogger_document(doc), MEDIA_TYPE)

    def _archive(self, request: Request, blog: Blog, form: Format, number: int) -> Response:
        """
        A closed part of the past, the first being the oldest.
        """
        oldest_first = self.world.articles(blog.place)[::-1]
        entries = oldest_first[(number - 1) * blog.window : number * blog.window][::-1]
        if number < 1 or len(entries) < blog.window:
            return self._failed(request, blog.place, 404)
        doc = Document(
            world=self.world,
            blog=blog,
            origin=self.address,
            path=request.path,
            entries=entries,
            gone=(),
            comments=False,
            on=None,
            changed_at=_changed_at(self.world, blog, entries),
            links=(("current", self.feed_address(blog.place, form)), *self._links(blog, form, number - 1)),
            is_archive=True,
        )
        return self._told(request, doc, WRITERS[form](doc), MEDIA_TYPES[form])

    def _links(self, blog: Blog, form: Format, archive: int) -> tuple[tuple[str, str], ...]:
        """
        The archive before a document, where there is one. Source: RFC 5005, section 4.
        """
        if not blog.archives or archive < 1 or form not in ("rss2", "atom"):
            return ()
        return (("prev-archive", f"{self.feed_address(blog.place, form)}archive/{archive}/"),)

    def _told(self, request: Request, doc: Document, body: bytes, media_type: str) -> Response:
        """
        A document, or that it is unchanged.
        """
        blog, comments, entries = doc.blog, doc.comments, doc.entries
        headers, fresh = _validators(request, blog, body, doc.changed_at)
        route = "comments" if comments else "feed"
        if fresh:
            return self._booked(
                request, blog.place, route, Response(status=304, headers=self._headers(*headers))
            )
        headers = [("Content-Type", media_type), *headers]
        response = Response(headers=self._headers(*headers), body=body, gzip=request.accepts_gzip)
        return self._booked(request, blog.place, route, response, entries=entries)

    def _spoiled(self, request: Request, trouble: Disturbance, rest: str) -> Response | None:
        """
        The answer of a place in trouble; None where a right answer is sent wrongly, or was already redirected.
        """
        left_s = round((trouble.end_at - self.world.clock.now()).total_seconds())
        match trouble.manner:
            case "503" | "500" | "404" | "410" | "429-bare":
                return self._error(int(trouble.manner[:3]))
            case "429":
                return self._error(429, ("Retry-After", str(max(1, left_s))))
            case "429-date":
                return self._error(429, ("Retry-After", http_date(trouble.end_at + timedelta(seconds=1))))
            case "error_page":
                return self._error(200)
            case "reset" | "silent" | "garbage":
                return Response(fault=_FAULTS[trouble.manner])
            case "secured":
                return self._error(
                    301, ("Location", f"{self.address}/{trouble.place}/{rest}".replace("http", "https", 1))
                )
            case "moved" | "moved-308" | "away" if not rest.startswith(("temporary/", "permanent/")):
                return self._redirect(trouble, rest)
            case _:
                return None

    def _redirect(self, trouble: Disturbance, rest: str) -> Response:
        if trouble.manner != "away":
            return self._error(
                308 if trouble.manner == "moved-308" else 301,
                ("Location", f"{self.address}/{trouble.place}/permanent/{rest}"),
            )
        part = self.world.noise.redirect_part
        return self._error(302, ("Location", f"{self.address}/{trouble.place}/temporary/{part}/{rest}"))

    def _error(self, status: int, *headers: tuple[str, str]) -> Response:
        page = (
            f"<!doctype html><title>Sorry</title><h1>Sorry</h1><p>{escape(self.world.noise.error_text)}</p>"
        )
        typed = ("Content-Type", "text/html; charset=UTF-8")
        return Response(status=status, headers=self._headers(typed, *headers), body=page.encode())

    def _failed(self, request: Request, place: str, status: int) -> Response:
        return self._booked(request, place, "unknown", self._error(status))

    def _html(self, request: Request, blog: Blog, route: str, page: bytes) -> Response:
        typed = ("Content-Type", "text/html; charset=UTF-8")
        return self._booked(request, blog.place, route, Response(headers=self._headers(typed), body=page))

    def _headers(self, *headers: tuple[str, str]) -> tuple[tuple[str, str], ...]:
        return (*headers, *self.world.noise.headers)

    def _article_at(self, path: str) -> Entry | None:
        """
        By its address, or by its number as WordPress's numeric permalinks have it.
        """
        numbered = _NUMBERED.fullmatch(path)
        if numbered:
            return self._article_numbered(numbered[1], int(numbered[2]))
        for article in self.world.entries.values():
            if article.on is None and article.deleted_at is None and page_of(self.world, article) == path:
                return article
        return None

    def _article_numbered(self, place: str, number: int) -> Entry | None:
        return next((entry for entry in self.world.articles(place) if entry.number == number), None)

    def _booked(
        self,
        request: Request,
        place: str,
        route: str,
        response: Response,
        disturbance: str = "",
        *,
        entries: Sequence[Entry] = (),
    ) -> Response:
        """
        The same answer, entered into the ledger; its posts count as shown once it has left whole.
        """
        revisions = {entry.post: entry.revision for entry in entries}
        trouble = self.world.disturbance(place)
        self.world.ledger.served(
            RequestRow(
                at=request.at,
                place=place,
                route=route,
                status=0 if response.fault in (_FAULTS["reset"], _FAULTS["silent"]) else response.status,
                posts=len(revisions),
                conditional=request.header("if-none-match") is not None
                or request.header("if-modified-since") is not None,
                disturbance=disturbance or (trouble.manner if trouble is not None else ""),
            )
        )

        def on_sent() -> None:
            self.world.ledger.shown(revisions, self.world.clock.now())

        return replace(response, on_sent=on_sent)


_FAULTS: Final[dict[str, Fault]] = {
    "reset": Fault(reset=True),
    "silent": Fault(silent=True),
    "garbage": Fault(garbage=b"\x00\x16\x03\x01 this is no HTTP\r\n\r\n"),
}


def _with_fault(answer: Response, trouble: Disturbance) -> Response:
    if trouble.manner == "slow":
        return replace(answer, fault=_SLOW)
    if trouble.manner == "cut" and isinstance(answer.body, bytes) and answer.body:
        # Half of what is sent is at most a quarter of what it says once it is compressed.
        return replace(answer, gzip=False, fault=Fault(cut_after_bytes=len(answer.body) // 2))
    return answer


def _wanted(trail: str) -> tuple[str, Format] | None:
    """
    What stands before a feed's ending, and which format that ending means.
    """
    for form in ("atom", "json", "rss1", "rss2"):
        if trail.endswith(ENDINGS[form]):
            return trail.removesuffix(ENDINGS[form]), form
    return None


def _changed_at(world: World, blog: Blog, entries: Sequence[Entry]) -> datetime:
    if blog.validators == "wordpress":
        return max((entry.changed_at for entry in entries), default=world.changed_at(blog.place))
    return world.changed_at(blog.place)


def _validators(
    request: Request, blog: Blog, body: bytes, changed_at: datetime
) -> tuple[list[tuple[str, str]], bool]:
    """
    Validators and cache headers of an answer, and whether the client has it already.

    RFC 9110, section 13.2.2: where If-None-Match is sent, If-Modified-Since is not looked at. WordPress wants both to
    match (class-wp.php, send_headers).
    """
    headers = [("Vary", "Accept-Encoding")]
    if blog.max_age_s is not None:
        headers.append(("Cache-Control", f"max-age={blog.max_age_s}"))
    if blog.validators == "none":
        return headers, False
    modified = http_date(changed_at)
    seed = modified.encode() if blog.validators == "wordpress" else body
    tag = f'"{hashlib.sha256(seed).hexdigest()[:32]}"'
    # The compressed representation is another one, and a strong validator must tell them apart (section 8.8.3.3).
    current = tag if not request.accepts_gzip else f"W/{tag}"
    headers += [("ETag", current), ("Last-Modified", modified)]
    asked, since = request.header("if-none-match"), request.header("if-modified-since")
    tag_fits = asked is not None and (asked.strip() == "*" or tag in re.findall(r'"[^"]*"', asked))
    date_fits = since is not None and _not_after(changed_at, since)
    if blog.validators == "wordpress" and asked is not None and since is not None:
        return headers, tag_fits and date_fits
    return headers, tag_fits if asked is not None else date_fits


def _not_after(changed_at: datetime, since: str) -> bool:
    try:
        return changed_at.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (TypeError, ValueError):
        return False


# ------------------------------------------------------------------------------------------------- entry points


def city_blogs(world: World) -> tuple[Blog, ...]:
    """
    A blog for every place: the formats take turns, the organisation's own is WordPress, as most are.
    """
    turns = iter(FORMATS * (len(world.places) // len(FORMATS) + 1))
    return tuple(
        Blog(place=place.name, validators="wordpress", window=10)
        if place.own
        else Blog(place=place.name, format=next(turns), window=15, ttl_min=60, max_age_s=900)
        for place in world.places
    )


@asynccontextmanager
async def serve(
    world: World | None = None,
    *,
    clock: Clock | None = None,
    seed: int = 7,
    hashtags: Sequence[str] = ("#yyc",),
    blogs: Sequence[Blog] | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Blogs]:
    """
    A world of blogs, served until the block ends.

    Args:
        world: None for an ordinary day in a city that began six hours ago.
        clock: Of that day, shared with the daemon; the real pace where None. A given world brings its own.
        seed: Of that day.
        hashtags: Of that day.
        blogs: How the places show themselves; None for `city_blogs`.
        host: Address in 127.0.0.0/8.
        port: 0 for a free one.
    """
    if world is None:
        shared = clock or ScaledClock(1.0)
        day = ordinary_day(
            seed, hashtags=hashtags, start_at=shared.now() - timedelta(hours=6), hours=30, posts=220
        )
        world = World.of(day, shared, hashtags=hashtags)
    routes = Blogs(world, {blog.place: blog for blog in blogs or city_blogs(world)})
    async with serve_http(routes.answer, clock=world.clock, host=host, port=port) as server:
        routes.server = server
        yield routes


def configuration(served: Blogs, data_dir: Path, *, http_port: int = 0, hashtags: Sequence[str] = ()) -> str:
    """
    A `listener.toml` that reads every blog of this world, and the comments of those that are the organisation's own.

    Args:
        served: Inside `serve`; its address stands in the file.
        data_dir: Where the daemon keeps its queue and secret.
        http_port: 0 for a free one.
        hashtags: Of the watch; the world's where empty.
    """
    world = served.world
    tags = [f"#{tag.lstrip('#')}" for tag in hashtags or world.hashtags or ("yyc",)]
    review_by = (world.clock.now() + timedelta(days=365)).date()
    tables = [
        f"data_dir = {_toml(str(data_dir))}",
        "[organisation]\n"
        'name = "City of Example"\ncontact = "https://city.example/listener"\ncountry = "CA"\n'
        'own_handles = ["@cityofexample"]',
        "[[watch]]\n"
        f'name = "city"\nhashtags = {_toml(tags)}\npurpose = "Answer questions and mend what is reported"\n'
        'owner = "Communications"\nlegal_authority = "Municipal Government Act, s. 3"\n'
        f"review_by = {review_by.isoformat()}",
        *(source_table(served, place.name, comments=False) for place in world.places),
        *(source_table(served, place.name, comments=True) for place in world.places if place.own),
        f'[http]\nhost = "127.0.0.1"\nport = {http_port}',
        '[reader]\nallow_addresses = ["127.0.0.0/8"]\nspacing_s = 0.5',
    ]
    return "\n\n".join([*tables, ""])


def source_table(served: Blogs, place: str, *, comments: bool) -> str:
    """
    One `[[source]]` table.
    """
    own = served.world.place(place).own
    lines = [
        "[[source]]",
        f"name = {_toml(f'{place}-comments' if comments else place)}",
        'adapter = "feed"',
        f"relation = {_toml('own' if own else 'public')}",
        f"address = {_toml(served.feed_address(place, comments=comments))}",
    ]
    if not own:
        lines.append('criterion = "Blogs about the city with a public feed, listed on request"')
    return "\n".join(lines)


def _toml(value: str | list[str]) -> str:
    """
    A JSON string or list of strings is one in TOML, too.
    """
    return json.dumps(value, ensure_ascii=False)

"""
Whom recorded documents name, by the networks' own words: every handle they annotate and every author they state, with the place in the document.
The labels of `test_nobody_stated_is_left`; found by walking the JSON, of feeds by feedparser, and not by any adapter's shapes.

A **handle** is an account the network itself marks: whoever a post mentions (Mastodon `mentions`, Bluesky facets, X `entities`, the address
of an account behind an `@` in HTML) and the account that wrote it. A **name** is what the author of that post is called where the
document states it. A feed's own author counts for the entries that state none (RFC 4287, section 4.2.1; RSS and JSON Feed alike): a
person whom an entry by somebody else mentions is a name in free text.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from tests.corpus.recorded_bluesky import shown_at

Object = dict[str, Any]

_MENTION: Final = re.compile(r"<a\b[^>]*\bmention\b[^>]*>", re.IGNORECASE)
_HREF: Final = re.compile(r"""\bhref=["']([^"']+)["']""", re.IGNORECASE)
_SHORTCODE: Final = re.compile(r":\w{2,}:")
"""An emoji of an instance; shown as a picture, and no part of a name that anybody writes."""


@dataclass(frozen=True, slots=True)
class Stated:
    """
    Args:
        where: Path in the document.
        value: As it stands there.
    """

    where: str
    value: str


@dataclass(frozen=True, slots=True)
class Named:
    """
    Whom one post of a document names.

    Args:
        document: Its path in the corpus.
        where: Path of the post in it.
        value: The post, as it stands there.
        asked: Whether the adapter asks the network who wrote it; X and YouTube are asked for no author (promise D3).
    """

    document: str
    where: str
    value: Object
    handles: list[Stated] = field(default_factory=list)
    names: list[Stated] = field(default_factory=list)
    asked: bool = True


def corpus(network: str) -> Path:
    """The documents of a network."""
    return Path(os.environ["LISTENER_CORPUS"]) / network


def files(network: str) -> list[Path]:
    """Every document of a network, indexes of cassettes and API descriptions left out."""
    left_out = {"_index.jsonl", "openapi.json"}
    return sorted(path for path in corpus(network).rglob("*") if path.is_file() and path.name not in left_out)


def values(path: Path) -> Iterator[tuple[str, Any]]:
    """Every JSON value of a document: whole, or line by line, behind `data:` as well; with the number of its line."""
    text = path.read_bytes().decode("utf-8", "replace")
    try:
        yield "", json.loads(text)
        return
    except ValueError:
        pass
    for number, line in enumerate(text.splitlines(), 1):
        line = line.removeprefix("data:").strip()
        if line[:1] in ("{", "["):
            try:
                yield f"line {number}", json.loads(line)
            except ValueError:
                continue


def walk(value: Any, where: str) -> Iterator[tuple[str, Object]]:
    """Every object in a JSON value with its path, however deep; JSON within a string is looked into, too."""
    if isinstance(value, str) and value[:1] == "{":
        try:
            value = json.loads(value)
        except ValueError:
            return
    if isinstance(value, list):
        for at, member in enumerate(value):
            yield from walk(member, f"{where}[{at}]")
    elif isinstance(value, dict):
        yield where, value
        for key, member in value.items():
            yield from walk(member, f"{where}.{key}")


def _said(where: str, *values: object) -> list[Stated]:
    return [
        Stated(where, value) for value in dict.fromkeys(values) if isinstance(value, str) and value.strip()
    ]


def _account_of(address: object) -> str | None:
    """The account's name in its address, as the fediverse writes it."""
    path = urlsplit(address).path if isinstance(address, str) else ""
    found = re.fullmatch(r"/(?:@|users/|u/|profile/)([^/@]+)/?", path)
    return found[1] if found else None


def _objects(network: str, is_one: Callable[[Object], bool]) -> Iterator[tuple[str, str, Object, Any]]:
    for path in files(network):
        name = path.relative_to(corpus(network)).as_posix()
        for line, value in values(path):
            for where, part in walk(value, line):
                if is_one(part):
                    yield name, where, part, value


def mastodon() -> Iterator[Named]:
    """Every status; `account` and `mentions` name people, and so do the addresses behind mentions in its HTML."""
    for document, where, status, _ in _objects(
        "mastodon", lambda part: part.keys() >= {"content", "account", "id", "uri"}
    ):
        found = Named(document, where, status)
        account = status.get("account") or {}
        people = [
            ("account", account),
            *((f"mentions[{at}]", each) for at, each in enumerate(status.get("mentions") or ())),
        ]
        for at, person in people:
            names = (person.get("acct"), person.get("username"), _account_of(person.get("url")))
            found.handles.extend(_said(f"{where}.{at}", *names))
        for anchor in _MENTION.findall(status.get("content") or ""):
            href = _HREF.search(anchor)
            found.handles.extend(_said(f"{where}.content", _account_of(href[1]) if href else None))
        shown = _SHORTCODE.sub(" ", account.get("display_name") or "").strip()
        found.names.extend(_said(f"{where}.account.display_name", shown))
        yield found


def bluesky() -> Iterator[Named]:
    """Every record and view; facets name whom a text mentions, and a view its author."""
    views: set[tuple[str, str]] = set()
    for document, where, part, _ in _objects("bluesky", lambda part: True):
        if isinstance(part.get("author"), dict) and isinstance(part.get("record"), dict) and "uri" in part:
            views.add((document, f"{where}.record"))
            found = Named(document, where, part)
            author = part["author"]
            found.handles.extend(_said(f"{where}.author", author.get("did"), author.get("handle")))
            found.names.extend(_said(f"{where}.author.displayName", author.get("displayName")))
            found.handles.extend(_mentioned(part["record"], f"{where}.record"))
            yield found
        elif (
            (document, where) not in views
            and part.get("$type") == "app.bsky.feed.post"
            and isinstance(part.get("text"), str)
        ):
            yield Named(document, where, part, handles=list(_mentioned(part, where)))


def _mentioned(record: Object, where: str) -> Iterator[Stated]:
    for at, facet in enumerate(record.get("facets") or ()):
        for feature in facet.get("features") or ():
            if feature.get("$type") == "app.bsky.richtext.facet#mention":
                words = shown_at(record.get("text") or "", facet.get("index")).strip().removeprefix("@")
                yield from _said(f"{where}.facets[{at}]", feature.get("did"), words)


def x() -> Iterator[Named]:
    """Every post; `entities` name whom it mentions, and `includes.users` its author where somebody asked for that."""
    for document, where, post, whole in _objects("x", lambda part: "text" in part and "id" in part):
        found = Named(document, where, post, asked=False)
        for at in ("entities", "note_tweet.entities"):
            part: Any = post
            for key in at.split("."):
                part = part.get(key) if isinstance(part, dict) else None
            for each in (part.get("mentions") or ()) if isinstance(part, dict) else ():
                if isinstance(each, dict):
                    found.handles.extend(_said(f"{where}.{at}.mentions", each.get("username")))
        includes = whole.get("includes") if isinstance(whole, dict) else None
        users = (includes.get("users") or ()) if isinstance(includes, dict) else ()
        for user in users:
            if isinstance(user, dict) and user.get("id") and user["id"] == post.get("author_id"):
                found.names.extend(_said("includes.users", user.get("username"), user.get("name")))
        yield found


def youtube() -> Iterator[Named]:
    """Every comment; its snippet names who wrote it, by handle or name, channel and address."""

    def is_comment(part: Object) -> bool:
        return (
            isinstance(part.get("snippet"), dict) and "authorDisplayName" in part["snippet"] and "id" in part
        )

    for document, where, comment, _ in _objects("youtube", is_comment):
        snippet = comment["snippet"]
        channel = snippet.get("authorChannelId")
        found = Named(document, where, comment, asked=False)
        shown = snippet["authorDisplayName"]
        found.handles.extend(
            _said(
                f"{where}.snippet",
                channel.get("value") if isinstance(channel, dict) else None,
                shown[1:] if shown.startswith("@") else None,
            )
        )
        found.names.extend(_said(f"{where}.snippet.authorDisplayName", shown))
        yield found


def of_entry(entry: Any, feed: Any, *, where: str) -> list[Stated]:
    """
    Names and e-mail addresses of an entry's authors and contributors as feedparser reads them; of the feed's, its publisher
    and webmaster included, where the entry states no author.
    """
    own = [*_people(entry, f"{where}.authors"), *_credited(entry, f"{where}.media_credit")]
    return own if _people(entry, where) else [*own, *_people(feed, "feed.authors")]


def _people(holder: Any, where: str) -> list[Stated]:
    details = [*(holder.get("authors") or ()), *(holder.get("contributors") or ())]
    details += [holder.get(key) for key in ("author_detail", "publisher_detail") if holder.get(key)]
    found = [part for each in details for part in (each.get("name"), each.get("email"))]
    return list(dict.fromkeys(_said(where, *found)))


def _credited(entry: Any, where: str) -> list[Stated]:
    return [
        stated for each in entry.get("media_credit") or () for stated in _said(where, each.get("content"))
    ]


def of_json_item(item: Object, feed: Object, *, where: str) -> list[Stated]:
    """Names of a JSON Feed item's authors; of the feed's where the item states none. Source: jsonfeed.org/version/1.1."""
    for holder, at in ((item, where), (feed, "feed")):
        people = [*(holder.get("authors") or ()), holder.get("author")]
        found = _said(f"{at}.authors", *(each.get("name") for each in people if isinstance(each, dict)))
        if found:
            return found
    return []

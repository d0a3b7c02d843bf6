"""
The gate: takes a `Post` from intake and gives a queue what it may keep, which is an event without a person.

The only maker of `Event`, `Cleared`, `Retraction` and `Noted`. Pure: no I/O, no clock, no log. Order: consent, then
how much of the source is kept, then masking, link and tags, then the event. Nothing of a post that is withheld is
returned but the reason.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from listener import text as grammar
from listener.events import (
    Author,
    Change,
    Cleared,
    Count,
    Gap,
    Keep,
    Kind,
    Name,
    Noted,
    Post,
    PostCreated,
    PostData,
    PostKey,
    Provenance,
    Removal,
    RemovalReason,
    Retraction,
    WatchName,
    Withheld,
    WithheldReason,
    key_of,
)
from listener.gate.consent import ConsentMode, other_mode, refusal, refusing_flags
from listener.gate.cuts import NOTHING, Masked
from listener.gate.folding import fold_for_masking
from listener.gate.links import openable_link, public_link_read
from listener.gate.names import NOBODY, Readings, in_tag, may_be_in_tag, names_of, readings_of
from listener.gate.notes import noted_event
from listener.gate.profiles import without_surplus
from listener.gate.redact import folded_handles, mask_read, may_hold_people
from listener.gate.sealed import token_for
from listener.keys import KeyRing, Sealer
from listener.text import as_read, same_address

_LANGUAGE: Final = re.compile(
    r"([A-Za-z]{2,3}(?:-[A-Za-z]{4})?(?:-(?:[A-Za-z]{2}|[0-9]{3}))?)(?:-[A-Za-z0-9]{2,8}){0,3}", re.ASCII
)
"""
The shape of RFC 5646 tags that networks use: language, script, region, and variants, which are left behind: on some networks
whoever writes a post chooses its tag, and a variant has room for a name. Private use is free text altogether.
"""

_TAG_MAX: Final = 100
"""Chosen: the longest hashtag any of the networks allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """
    Where a post comes from, as far as the gate needs it.

    Args:
        network: Adapter name.
        source: Configured name.
        keep: How much of it is kept.
        retention: The shortest that applies to the source; a watch may shorten further.
        emit_from: A post first seen when it was older than this is keyed as seen and never emitted: the retention,
            or what the backfill policy allows.
    """

    network: str
    source: str
    keep: Keep
    retention: timedelta
    emit_from: timedelta

    @property
    def address(self) -> str:
        """
        CloudEvents `source`.
        """
        return f"/{self.network}/{self.source}"


class Gate:
    """
    One line for everybody.

    Args:
        keys: Secrets under which posts are named.
        own_handles: The organisation's accounts and mailboxes; they stay readable. List every form in which posts
            write them (`@city` and `@city@host`): a stranger may have the same name elsewhere.
        country: ISO 3166 code, for telephone numbers written without a country.
        consent: `objection`: whoever said no is left out. `opt-in`: whoever did not say yes, too.
        nobot_tags: Profile tags that count as a no.
        objections: People who objected, as `consent.objection_names` names them.
        own_names: What the organisation is called; its name stays readable in its own posts, those of the people
            who write them do not.
        public_url: Where this service is reached, without a slash at its end: links that name somebody are sealed and
            opened there. None: they are null.
    """

    __slots__ = (
        "_country",
        "_keys",
        "_objections",
        "_own",
        "_own_names",
        "_public_url",
        "_refusing",
        "_refusing_otherwise",
    )

    def __init__(
        self,
        *,
        keys: KeyRing,
        own_handles: Iterable[str],
        country: str,
        consent: ConsentMode,
        nobot_tags: Iterable[str],
        objections: frozenset[Name],
        own_names: Iterable[str] = (),
        public_url: str | None = None,
    ) -> None:
        own_handles = tuple(own_handles)
        self._keys = keys
        self._own = folded_handles(own_handles)
        self._country = country.upper()
        nobot_tags = tuple(nobot_tags)
        self._refusing = refusing_flags(consent, nobot_tags)
        self._refusing_otherwise = refusing_flags(other_mode(consent), nobot_tags)
        self._objections = objections
        self._public_url = public_url
        self._own_names = frozenset(fold_for_masking(name.strip()) for name in (*own_names, *own_handles))

    def clear(
        self,
        post: Post,
        *,
        place: Place,
        watches: tuple[WatchName, ...],
        shortest: timedelta | None,
        sealer: Sealer,
        now: datetime,
    ) -> Cleared | Withheld:
        """
        What may be kept of the post, or why nothing may.

        Args:
            watches: Names of the watches that asked for it.
            shortest: The shortest retention among them; None where none shortens it.
            sealer: Of the day of `now`.
            now: Aware UTC; when the post was read.
        """
        reason = refusal(
            post,
            network=place.network,
            keys=self._keys,
            objections=self._objections,
            refusing=self._refusing,
        )
        if reason is not None:
            return Withheld(reason)
        if place.keep == "counts":
            return Withheld("counts_only")
        provenance = self._provenance(post, network=place.network, sealer=sealer)
        key = key_of(provenance.names[0])
        data = self._data(post, key=key, place=place, watches=watches, sealer=sealer, now=now)
        event = PostCreated(
            id=f"{key}.1",
            source=place.address,
            subject=key,
            time=min(post.published_at or now, now),
            expirytime=now + (place.retention if shortest is None else min(place.retention, shortest)),
            data=data,
        )
        link = None if post.private_link else post.link
        digest, *former = self._digests(data, link=link)
        if data.kind == "post":
            former += self._digests(data, link=link, kind="reply")
        return Cleared(
            event=event,
            provenance=provenance,
            digest=digest,
            former_digests=tuple(former),
            emit=post.published_at is None or post.published_at >= now - place.emit_from,
            # Never later than it was seen: a date in the future would refuse every later edit.
            edited_at=None if post.ask is None or post.edited_at is None else min(post.edited_at, now),
        )

    def otherwise(self, post: Post, *, place: Place) -> WithheldReason | None:
        """
        Why the consent mode that is not in force would withhold the post; None where it would not.
        """
        return refusal(
            post,
            network=place.network,
            keys=self._keys,
            objections=self._objections,
            refusing=self._refusing_otherwise,
        )

    def retract(self, removal: Removal, *, place: Place, now: datetime) -> Retraction:
        """
        The removal under every name the post may be stored by.
        """
        return Retraction(
            names=self._keys.names(place.network, removal.name),
            reason=removal.reason,
            source=place.address,
            network=place.network,
            observed_at=now,
            held_only=removal.held_only,
        )

    def withdraw(self, post: Post, *, reason: RemovalReason, place: Place, now: datetime) -> Retraction:
        """
        What is held of a post that may not be kept any more goes, under whichever of its names it was stored.
        """
        every = dict.fromkeys((post.native, *post.aliases))
        return Retraction(
            names=tuple(name for each in every for name in self._keys.names(place.network, each)),
            reason=reason,
            source=place.address,
            network=place.network,
            observed_at=now,
            held_only=True,
        )

    def remove(self, key: PostKey, *, reason: RemovalReason, place: Place, now: datetime) -> Retraction:
        """
        The removal of one stored post, which its source was asked about by what is stored of it.
        """
        return Retraction(
            names=(Name(bytes.fromhex(key)),),
            reason=reason,
            source=place.address,
            network=place.network,
            observed_at=now,
        )

    def note(self, item: Count | Gap | Change, *, place: Place, now: datetime) -> Noted:
        """
        The event of a volume or of a gap. The same item read again has the same id, so it is written once; a volume
        that was corrected has another. A volume is kept no longer than a post of the source would be.
        """
        event = noted_event(
            item,
            keys=self._keys,
            network=place.network,
            source=place.source,
            retention=place.retention,
            now=now,
        )
        return Noted(event)

    def _data(
        self,
        post: Post,
        *,
        key: PostKey,
        place: Place,
        watches: tuple[WatchName, ...],
        sealer: Sealer,
        now: datetime,
    ) -> PostData:
        """
        What was said, masked. The organisation is no person; whoever writes for it is.
        """
        readings = readings_of(self._person(post))
        text = title = None
        masked: dict[str, int] = {}
        if place.keep == "text":
            body = self._masked(post.text, readings)
            head = NOTHING if post.title is None else self._masked(post.title, readings)
            text, title = body.text, None if post.title is None else head.text
            masked = {
                kind: body.counts.get(kind, 0) + head.counts.get(kind, 0)
                for kind in sorted({*body.counts, *head.counts})
            }
        return PostData(
            network=place.network,
            kind=post.kind,
            text=text,
            title=title,
            lang=language(post.lang),
            watches=tuple(sorted(set(watches))),
            hashtags=self._hashtags(post, readings),
            link=self._link(post, readings, key=key, sealer=sealer),
            in_reply_to=key_of(self._keys.name(place.network, post.reply_to)) if post.reply_to else None,
            by_us=post.by_us,
            addressed=post.addressed,
            open_to_reply=post.open_to_reply,
            observed_at=now,
            masked=masked,
        )

    def _link(self, post: Post, readings: Readings, *, key: PostKey, sealer: Sealer) -> str | None:
        """
        The address where it names nobody; else a sealed link, where there is a place to open it.
        """
        shown = public_link_read(
            None if post.private_link else post.link, readings=readings, own_handles=self._own
        )
        target = None if shown is not None or self._public_url is None else openable_link(post.link)
        if target is None:
            return shown
        token = token_for(target, key=key, sealer=sealer, keys=self._keys)
        return None if token is None else f"{self._public_url}/open/{token}"

    def _person(self, post: Post) -> Author | None:
        """
        The author, without the names the organisation itself goes by in a post of its own.
        """
        if not post.by_us or post.author is None:
            return post.author
        names = tuple(
            name for name in post.author.names if fold_for_masking(name.strip()) not in self._own_names
        )
        return Author(names) if names else None

    def _masked(self, text: str, readings: Readings) -> Masked:
        return mask_read(_storable(text), readings=readings, own_handles=self._own, country=self._country)

    def _hashtags(self, post: Post, readings: Readings) -> tuple[str, ...]:
        """
        Folded, sorted, each once; without those that name the author, and without what masking would change.
        """
        seen = {
            grammar.fold(_storable(tag)).strip().lstrip("#")
            for tag in (*grammar.hashtags(post.text), *post.tags)
        }
        tags = sorted(tag for tag in seen if tag and len(tag) <= _TAG_MAX)
        together = fold_for_masking("\n".join(tags))
        if may_be_in_tag(together, readings):
            names = names_of(readings)
            tags = [tag for tag in tags if not in_tag(fold_for_masking(tag), names)]
        if may_hold_people(together, NOBODY):
            tags = [tag for tag in tags if not self._masked(tag, ()).counts]
        return tuple(tags)

    def _provenance(self, post: Post, *, network: str, sealer: Sealer) -> Provenance:
        every = [self._keys.names(network, name) for name in dict.fromkeys((post.native, *post.aliases))]
        return Provenance(
            names=tuple(names[0] for names in every),
            former=tuple(former for names in every for former in names[1:]),
            sealed_ask=None
            if post.ask is None
            else sealer.seal(post.ask.encode(errors="replace").decode(), purpose="ask"),
        )

    def _digests(self, data: PostData, *, link: str | None, kind: Kind | None = None) -> tuple[bytes, ...]:
        """
        Of what a reader would take in, under every secret: not how it is spelled or spaced, nor what moves by itself
        (`as_read`), nor how an address of the same page is written. The address goes in as the source gave it, also where
        it is null or sealed here: two of them may lead to different places, and every seal is another.

        Args:
            kind: Instead of the post's own. A reply is a reply even where its parent is not known (an instance the parent
                never reached, a parent that was deleted): who reads it there says nothing new. Otherwise two places
                would take back each other's word with every reading.
        """
        return self._keys.digests(
            None if data.text is None else as_read(data.text),
            None if data.title is None else as_read(data.title),
            data.lang,
            None if link is None else same_address(without_surplus(link)),
            kind or data.kind,
            *data.hashtags,
        )


def language(lang: str | None) -> str | None:
    """
    Language, script and region of the tag in the case RFC 5646 recommends (section 2.1.1); None where it has not the shape of
    one.
    """
    shaped = _LANGUAGE.fullmatch((lang or "").strip().replace("_", "-"))
    if shaped is None:
        return None
    first, *rest = shaped[1].split("-")
    return "-".join([first.lower(), *map(_subtag, rest)])


def _subtag(part: str) -> str:
    if len(part) == 2:
        return part.upper()
    return part.title() if len(part) == 4 and part.isalpha() else part.lower()


def _storable(text: str) -> str:
    """
    The text; cleaned only where it holds what UTF-8 cannot, which an adapter should have seen to.
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return grammar.clean(text)
    return text

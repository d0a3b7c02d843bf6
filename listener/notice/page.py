"""
A notice in words: one section a function, each sentence from `tell/pages/words`, in an order in which somebody who wants to
say no finds it first.

Takes a `Notice` and a language; gives a `Document`, which is shown as HTML and as Markdown alike. Pure.
"""

from __future__ import annotations

from typing import Final

from listener.notice.facts import Notice, Place, Watched, Where
from listener.notice.speaker import Speaker
from listener.tell.pages import Language
from listener.tell.pages.document import (
    Block,
    Bullets,
    Document,
    Entry,
    Facts,
    Inline,
    Link,
    Paragraph,
    Said,
    Section,
    Words,
    fill,
    listed,
)

_REMOVALS: Final = ("told", "asked", "shown")


def notice_page(notice: Notice, language: Language) -> Document:
    """
    The whole notice.
    """
    return _Page(notice, language).document()


class _Page(Speaker):
    def document(self) -> Document:
        """
        Every section, those that have nothing to say left out.
        """
        sections = tuple(
            Section(name, self._words[name]["title"], tuple(blocks))
            for name, blocks in (
                ("short", self.short()),
                ("object", self.how_to_object()),
                ("who", self.who()),
                ("watches", self.watches()),
                ("sources", self.sources()),
                ("kept", self.kept()),
                ("time", self.how_long()),
                ("removed", self.removed()),
                ("people", self.people()),
                ("links", self.links()),
                ("machine", self.machine()),
                ("limits", self.limits()),
                ("blogs", self.blogs()),
                ("complaints", self.complaints()),
                ("about", self.about()),
            )
            if blocks
        )
        organisation = self.text(self.notice.organisation)
        lead = [self._paragraph("lead", organisation=organisation)]
        lead += [Paragraph((self.text(self.notice.more),))] if self.notice.more else []
        lead += [self._paragraph("foreign", organisation=organisation)] if self.foreign else []
        lead += [] if self.notice.accepted else [self._paragraph("not_accepted")]
        title = fill(self._words["title"], organisation=organisation)
        return Document(title, tuple(lead), self._words["contents"], sections)

    def short(self) -> list[Block]:
        """
        What matters most.
        """
        days = self.days(self.notice.retention_days)
        return [Bullets(tuple(fill(item, days=days) for item in self._words["short"]["items"]))]

    def how_to_object(self) -> list[Block]:
        """
        What to write and to whom, what is stored of it, and how to do without us.
        """
        words, notice = self._words["object"], self.notice
        unknown = self.networks(
            place for place in notice.places if not place.authors and place.keep != "counts"
        )
        blocks: list[Block] = [
            Paragraph(fill(words["write"], contact=Link(notice.objections))),
            Bullets(tuple((way,) for way in words["ways"])),
        ]
        blocks += [
            Paragraph((words[each],))
            for each in (("stored", "held") if notice.objection_list else ("no_list",))
        ]
        blocks += [Paragraph(fill(words["unknown"], networks=unknown))] if unknown else []
        tags = listed([Said(tag) for tag in notice.nobot_tags]) or (self._words["none"],)
        blocks += [
            Paragraph((words["alone"],)),
            Bullets(tuple(fill(item, tags=tags) for item in words["without_us"])),
            Paragraph((words["addressed"],)),
        ]
        return blocks + ([Paragraph((words["opt_in"],))] if notice.consent == "opt-in" else [])

    def who(self) -> list[Block]:
        """
        Who listens.
        """
        facts, notice = self._words["who"]["facts"], self.notice
        accounts = listed([Said(handle) for handle in notice.own_handles]) or (self._words["none"],)
        return [
            Facts(
                (
                    (facts["organisation"], (self.text(notice.organisation),)),
                    (facts["contact"], (Link(notice.contact),)),
                    (facts["accounts"], accounts),
                )
            )
        ]

    def watches(self) -> list[Block]:
        """
        What is listened for, and why.
        """
        words = self._words["watches"]
        if not self.notice.watches:
            return [Paragraph((words["nothing"],))]
        return [Paragraph((words["intro"],)), *map(self.watch, self.notice.watches)]

    def watch(self, watch: Watched) -> Entry:
        """
        One list of words.
        """
        words, quoted = self._words["watches"], self._words["quoted"]
        terms: list[Inline | Words] = [Said(f"#{tag}") for tag in watch.hashtags]
        terms += [fill(quoted, phrase=Said(phrase)) for phrase in watch.phrases]
        terms += [words["mentions"]] if watch.mentions else []
        facts, review = words["facts"], self.date(watch.review_by)
        rows: tuple[tuple[str, Words], ...] = (
            (facts["words"], listed(terms)),
            (facts["purpose"], (self.text(watch.purpose),)),
            (facts["authority"], (self.text(watch.legal_authority),)),
            (facts["owner"], (self.text(watch.owner),)),
            (facts["review"], fill(words["paused"], date=review) if watch.paused else (review,)),
            (facts["kept"], fill(words["at_most"], days=self.days(watch.kept_days))),
            (facts["since"], (words["not_yet"] if watch.since is None else self.date(watch.since),)),
        )
        return Entry((Said(watch.name),), (Facts(rows),))

    def sources(self) -> list[Block]:
        """
        Where is read, and by which rule.
        """
        return [Paragraph((self._words["sources"]["intro"],)), *map(self.place, self.notice.places)]

    def place(self, place: Place) -> Entry:
        """
        Sources that are alike.
        """
        words = self._words["sources"]
        facts, keep = words["facts"], words[f"keep_{place.keep}"]
        rows: list[tuple[str, Words]] = [
            (facts["where"], listed([self.where(each) for each in place.where], "; ")),
            (facts["what"], (self.in_language(place.reads, place.network),)),
        ]
        rows += [(facts["rule"], (self.text(place.criterion),))] if place.criterion else []
        rows += [
            (facts["looked_for"], self.taken(place)),
            (facts["kept"], (keep,)),
            (facts["how_long"], self.kept_for(place)),
        ]
        title = fill(words[f"heading_{place.relation}"], network=self.network(place))
        return Entry(title, (Facts(tuple(rows)),))

    def where(self, where: Where) -> Words:
        """
        One source, and since when.
        """
        words = self._words["sources"]
        shown: Inline = Said(where.name) if where.address is None else Link(where.address)
        if where.since is None:
            return fill(words["not_yet"], place=shown)
        return fill(words["since"], place=shown, date=self.date(where.since))

    def taken(self, place: Place) -> Words:
        """
        Which posts of a place are taken.
        """
        words = self._words["sources"]
        if place.take_all:
            return (words["take_all"],)
        if place.watches is None:
            return (words["take_matching"],)
        names = listed([Said(name) for name in place.watches]) or (self._words["none"],)
        return fill(words["take_some"], watches=names)

    def kept_for(self, place: Place) -> Words:
        """
        How long, and what makes that shorter than elsewhere.
        """
        words, days = self._words["sources"], self.days(place.kept_days)
        if place.shortened_by == "terms" and place.terms is not None:
            return fill(words["terms"], days=days, page=Link(place.terms))
        how = {"terms": "terms_without_page", "source": "source", None: "deployment"}[place.shortened_by]
        return fill(words[how], days=days)

    def kept(self) -> list[Block]:
        """
        What is kept, and what never is.
        """
        words = self._words["kept"]
        kept = [
            keep for keep in ("counts", "links", "text") if any(p.keep == keep for p in self.notice.places)
        ]
        return [
            Bullets(tuple((words[keep],) for keep in kept)),
            Paragraph((words["extra"],)),
            Paragraph((words["never_intro"],)),
            Bullets(tuple((item,) for item in words["never"])),
            Paragraph((words["never_do"],)),
        ]

    def how_long(self) -> list[Block]:
        """
        How long anything is kept.
        """
        words, notice = self._words["time"], self.notice
        blocks: list[Block] = [Paragraph(fill(words["deployment"], days=self.days(notice.retention_days)))]
        kept = [watch.kept_days for watch in notice.watches] + [place.kept_days for place in notice.places]
        if any(days < notice.retention_days for days in kept):
            blocks += [Paragraph((words["shorter"],))]
        blocks += [Paragraph(fill(words["oldest"], days=self.days(notice.oldest_days)))]
        return [*blocks, Paragraph((words["code"],))]

    def removed(self) -> list[Block]:
        """
        How removals are learned of, and how many were honoured.
        """
        words, learned = self._words["removed"], dict[str, Words]()
        for how in _REMOVALS:
            for place in self.notice.places:
                if place.removals == how and place.keep != "counts":
                    learned.setdefault(
                        f"{place.network} {place.kept_days if how == 'shown' else ''}", self.learns(place)
                    )
        blocks: list[Block] = (
            [Paragraph((words["intro"],)), Bullets(tuple(learned.values()))] if learned else []
        )
        figures = self.notice.figures
        if figures is None:
            return [*blocks, Paragraph((words["no_figures"],))]
        counts = {cell: getattr(figures.removals, cell) for cell in words["cells"]}
        told = [
            fill(
                words["figure"],
                what=words["cells"][cell],
                count=words["fewer"] if count is None else words["at_least"].format(count=count),
            )
            for cell, count in counts.items()
        ]
        since = fill(words["figures"], date=self.date(figures.since))
        return [*blocks, Paragraph(since), Bullets(tuple(told)), Paragraph((words["rounded"],))]

    def learns(self, place: Place) -> Words:
        """
        How it is learned that a post of a place is gone.
        """
        words, network = self._words["removed"], self.network(place)
        if place.removals == "shown" or place.asked_within_h is None:
            return fill(words["shown"], network=network, days=self.days(place.kept_days))
        told = fill(words[place.removals], network=network, hours=self.hours(place.asked_within_h))
        if place.delete_within_h is None:
            return told
        return (*told, " ", *fill(words["clock"], hours=self.hours(place.delete_within_h)))

    def people(self) -> list[Block]:
        """
        Who gets to see it, and where it lies.
        """
        words, notice = self._words["people"], self.notice
        blocks: list[Block] = [Paragraph((words["intro"],))]
        for place in notice.places:
            if place.seen_by:
                offices = listed([self.text(office) for office in place.seen_by])
                blocks += [Paragraph(fill(words["office"], network=self.network(place), offices=offices))]
        uses = [
            fill(words["scope"], use=words["scopes"].get(scope, scope), count=str(count))
            for scope, count in notice.receivers.items()
        ]
        blocks += (
            [Paragraph((words["programs"],)), Bullets(tuple(uses))]
            if uses
            else [Paragraph((words["no_programs"],))]
        )
        stored = (
            (words["stored"],)
            if notice.engine_host is None
            else fill(words["stored_elsewhere"], host=Said(notice.engine_host), engine=Said(notice.engine))
        )
        records = fill(words["records"], days=self.days(notice.retention_days))
        return [*blocks, Paragraph(records), Paragraph(stored), Paragraph((words["country"],))]

    def links(self) -> list[Block]:
        """
        How sealed links work, where there are any.
        """
        return [Paragraph((text,)) for text in self._words["links"]["text"]] if self.notice.links else []

    def machine(self) -> list[Block]:
        """
        That nothing decides or generates by itself (privacy D26).

        Raises:
            NotImplementedError: something does, and nobody has found the words for it.
        """
        if self.notice.automated:
            raise NotImplementedError("the notice has no words for an automated system")
        words = self._words["machine"]
        return [Paragraph((words["no"],)), Paragraph((words["how"],))]

    def limits(self) -> list[Block]:
        """
        What is not protected.
        """
        words = self._words["limits"]
        items: list[Words] = [(item,) for item in words["items"]]
        signed = self.networks(p for p in self.notice.places if not p.authors and p.keep == "text")
        items[1:1] = [fill(words["signed"], networks=signed)] if signed else []
        return [Paragraph((words["intro"],)), Bullets(tuple(items))]

    def blogs(self) -> list[Block]:
        """
        How a page gets in or out.
        """
        words, contact = self._words["blogs"], Link(self.notice.contact)
        return [Paragraph(fill(words["added"], contact=contact)), Paragraph((words["removed"],))]

    def complaints(self) -> list[Block]:
        """
        Whom to ask, and who hears complaints about us.
        """
        words, body = self._words["complaints"], self.notice.complaints
        blocks: list[Block] = [Paragraph(fill(words["ask"], contact=Link(self.notice.contact)))]
        return blocks + ([] if body is None else [Paragraph(fill(words["body"], body=self.text(body)))])

    def about(self) -> list[Block]:
        """
        What this rests on.
        """
        words, notice = self._words["about"], self.notice
        blocks: list[Block] = [Paragraph(fill(words["made"], date=self.date(notice.written_on)))]
        if notice.accepted_on is not None and notice.accepted:
            accepted = fill(words["accepted"], date=self.date(notice.accepted_on), digest=Said(notice.digest))
            blocks += [Paragraph(accepted)]
        return [*blocks, Paragraph((words["changed"],))]

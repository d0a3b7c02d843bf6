"""
The annex in words: one section a function, each sentence from `tell/pages/words/pia.*.toml`.

Takes an `Annex` and a language; gives a `Document`, which is shown as HTML and as Markdown alike. Pure. What the notice says,
too, is said by its `Speaker`, so that dates, days and the texts of the configuration read the same in both.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from listener.notice import Format
from listener.notice.facts import Place, Watched
from listener.notice.speaker import Speaker
from listener.pia.drawing import Step, flow
from listener.pia.elements import elements
from listener.pia.facts import Annex, Exchange
from listener.pia.risks import risks
from listener.tell.pages import Language, render, sentences
from listener.tell.pages.document import (
    Block,
    Bullets,
    Document,
    Drawing,
    Entry,
    Facts,
    Inline,
    Link,
    Paragraph,
    Said,
    Section,
    Table,
    Words,
    fill,
    listed,
)
from listener.tell.pages.markdown import as_markdown

ALBERTA: Final = "https://oipc.ab.ca/resource/popa-pia-template-completion-guide/"
CANADA: Final = "https://www.tbs-sct.canada.ca/pol/doc-eng.aspx?id=18309&p=C&section=procedure"
"""What an assessment has to hold, with Article 35(7) GDPR; all read 2026-11-25."""


def written(annex: Annex, language: Language, form: Format) -> str:
    """
    The annex as it is read.
    """
    if form == "json":
        return msgspec.json.format(msgspec.json.encode(annex), indent=2).decode() + "\n"
    document = annex_page(annex, language)
    if form == "markdown":
        return as_markdown(document)
    return render("pia", language, document=document)


def annex_page(annex: Annex, language: Language) -> Document:
    """
    The whole annex.
    """
    return _Page(annex, language).document()


class _Page:
    def __init__(self, annex: Annex, language: Language) -> None:
        self.annex, self.notice = annex, annex.notice
        self.speak = Speaker(annex.notice, language)
        self._words: Mapping[str, Any] = sentences("pia", language)

    def document(self) -> Document:
        """
        Every section, in the order in which it is read before somebody signs.
        """
        words = self._words
        sections = tuple(
            Section(name, words[name]["title"], tuple(blocks))
            for name, blocks in (
                ("use", self.use()),
                ("who", self.who()),
                ("purposes", self.purposes()),
                ("sources", self.sources()),
                ("dropped", self.dropped()),
                ("flow", self.flow()),
                ("elements", self.elements()),
                ("safeguards", self.safeguards()),
                ("figures", self.figures()),
                ("risks", self.risks()),
                ("officer", self.officer()),
            )
        )
        organisation = self.speak.text(self.notice.organisation)
        lead = [Paragraph(fill(words["lead"], blank=words["blank"]))]
        lead += [] if self.notice.accepted else [Paragraph((words["not_accepted"],))]
        lead += [Paragraph((words["foreign"],))] if self.speak.foreign else []
        title = fill(words["title"], organisation=organisation)
        return Document(title, tuple(lead), words["contents"], sections)

    # ------------------------------------------------------------------------------------------------ sections

    def use(self) -> list[Block]:
        """
        Which question of which list is answered where.
        """
        words = self._words["use"]
        sources = fill(
            words["sources"], alberta=Link(ALBERTA, words["alberta"]), canada=Link(CANADA, words["canada"])
        )
        return [Paragraph((words["intro"],)), self._fixed(words), Paragraph(sources)]

    def who(self) -> list[Block]:
        """
        Who answers, for what, accepted when.

        Raises:
            NotImplementedError: something decides by itself (privacy D26), and nobody has found the words for it.
        """
        words, notice, signed = self._words["who"], self.notice, self.annex.signed
        url = self.annex.public_url
        if notice.automated:
            raise NotImplementedError("the annex has no words for an automated system")
        told: dict[str, Words] = {
            "organisation": (self.speak.text(notice.organisation),),
            "contact": (Link(notice.contact),),
            "objections": (Link(notice.objections),),
            "accounts": self._listed(notice.own_handles),
            "program": (self.annex.program,),
            "accepted": (words["never"],)
            if signed is None
            else fill(
                words["accepted"],
                date=self.speak.date(signed.on),
                by=Said(signed.by),
                reason=Said(signed.reason),
            ),
            "digest": (Said(notice.digest),),
            "written": (self.speak.date(notice.written_on),),
            "public": (words["no_public"],) if url is None else (Link(f"{url}/notice"),),
            "automated": (words["automated"],),
        }
        return [Facts(tuple((words["facts"][key], said) for key, said in told.items()))]

    def purposes(self) -> list[Block]:
        """
        What is listened for, and why.
        """
        words = self._words["purposes"]
        references = {each.watch: each.pia_ref for each in self.annex.assessed}
        watches = [self._watch(watch, references.get(watch.name)) for watch in self.notice.watches]
        blocks: list[Block] = (
            [Paragraph((words["intro"],)), *watches] if watches else [Paragraph((words["nothing"],))]
        )
        if not self.annex.approved:
            return [*blocks, Paragraph((words["no_approved"],))]
        lines = tuple(
            ((Said(each.term),), (Said(each.where),), (Said(each.by),), (Said(each.because),))
            for each in self.annex.approved
        )
        return [*blocks, Table(words["approved_caption"], tuple(words["approved_head"]), lines)]

    def _watch(self, watch: Watched, pia_ref: str | None) -> Entry:
        words, speak = self._words["purposes"], self.speak
        terms: list[Inline | Words] = [Said(f"#{tag}") for tag in watch.hashtags]
        terms += [fill(words["quoted"], phrase=Said(phrase)) for phrase in watch.phrases]
        terms += [words["mentions"]] if watch.mentions else []
        review = speak.date(watch.review_by)
        told: dict[str, Words] = {
            "words": listed(terms),
            "purpose": (speak.text(watch.purpose),),
            "authority": (speak.text(watch.legal_authority),),
            "owner": (speak.text(watch.owner),),
            "review": fill(words["paused"], date=review) if watch.paused else (review,),
            "pia": (self._words["line"] if pia_ref is None else Said(pia_ref),),
            "kept": fill(words["at_most"], days=speak.days(watch.kept_days)),
            "since": (words["not_yet"] if watch.since is None else speak.date(watch.since),),
        }
        rows = tuple((words["facts"][key], said) for key, said in told.items())
        return Entry((Said(watch.name),), (Facts(rows),))

    def sources(self) -> list[Block]:
        """
        What is read, what may be asked, what is taken of the answers.
        """
        words = self._words["sources"]
        if not self.notice.places:
            return [Paragraph((words["nothing"],))]
        blocks: list[Block] = [Paragraph((words["intro"],))]
        for exchange in self.annex.exchanges:
            places = [place for place in self.notice.places if place.network == exchange.network]
            blocks += [self._network(exchange, places)]
        return blocks

    def _network(self, exchange: Exchange, places: list[Place]) -> Entry:
        words, name = self._words["sources"], self.speak.network(places[0])
        within: list[Paragraph | Bullets | Facts | Table] = []
        for relation in ("own", "public"):
            lines = tuple(self._place(place) for place in places if place.relation == relation)
            caption = words["caption"].format(network=name.shown, relation=words[relation])
            within += [Table(caption, tuple(words["head"]), lines)] if lines else []
        offices = list(dict.fromkeys(self.speak.text(each) for place in places for each in place.seen_by))
        within += [Facts(((words["seen_by"], listed(offices)),))] if offices else []
        asked = tuple(
            (
                (words["whole"] if each.path is None else Said(each.path),),
                listed([Said(host) for host in each.hosts]),
                (words["trade" if each.path is None else "redirected" if each.redirected else "get"],),
            )
            for each in exchange.asked
        )
        decoded = tuple((((Said(each.shape)),), self._listed(each.fields)) for each in exchange.decoded)
        within += [
            Table(words["asked_caption"].format(network=name.shown), tuple(words["asked_head"]), asked),
            Table(words["decoded_caption"].format(network=name.shown), tuple(words["decoded_head"]), decoded),
            Paragraph((words["decoded_note"],)),
            self._terms(exchange),
        ]
        if exchange.clauses:
            said = tuple(
                (Said(clause, "en" if self.speak.language != "en" else None),) for clause in exchange.clauses
            )
            within += [Paragraph((words["clauses"],)), Bullets(said)]
        return Entry((name,), tuple(within))

    def _terms(self, exchange: Exchange) -> Paragraph:
        words, date = self._words["sources"], self.speak.date(exchange.terms_read_on)
        if exchange.terms is None:
            return Paragraph(fill(words["terms_none"], date=date))
        return Paragraph(fill(words["terms"], page=Link(exchange.terms), date=date))

    def _place(self, place: Place) -> tuple[Words, ...]:
        words = self._words["sources"]
        where = listed([Said(each.name) for each in place.where])
        rule: Words = (words["own_rule"],) if place.criterion is None else (self.speak.text(place.criterion),)
        kept = fill(self._words["purposes"]["at_most"], days=self.speak.days(place.kept_days))
        return (where, rule, self._taken(place), (words["keep"][place.keep],), kept, self.learned(place))

    def _taken(self, place: Place) -> Words:
        words = self._words["sources"]
        if place.take_all:
            return (words["all"],)
        if place.watches is None:
            return (words["matching"],)
        return fill(words["some"], watches=self._listed(place.watches))

    def learned(self, place: Place) -> Words:
        """
        How, and how late at most, a deletion at the source is known here.
        """
        words, speak = self._words["sources"], self.speak
        if place.keep == "counts":
            return (words["nothing_kept"],)
        if place.removals == "shown" or place.asked_within_h is None:
            return fill(words["shown"], days=speak.days(place.kept_days))
        told = fill(words[place.removals], hours=speak.hours(place.asked_within_h))
        if place.delete_within_h is None:
            return told
        return (*told, *fill(words["clock"], hours=speak.hours(place.delete_within_h)))

    def dropped(self) -> list[Block]:
        """
        What is never stored.
        """
        words, notice = self._words["dropped"], self.notice
        oldest = fill(
            words["oldest"],
            days=self.speak.days(notice.oldest_days),
            consent=words["consent"][notice.consent],
            tags=self._listed(notice.nobot_tags),
            list=words["list_yes"] if notice.objection_list else words["list_no"],
        )
        return [Paragraph((words["intro"],)), self._fixed(words), Paragraph(oldest)]

    def flow(self) -> list[Block]:
        """
        The way of a post, as a picture and in words.
        """
        words, steps = self._words["flow"], self._steps()
        picture = flow(words["picture"], words["described"], steps)
        said = tuple(
            fill(
                words["step"] if step.aside is None else words["step_aside"],
                title=step.title,
                text=Said(step.text),
                aside=Said(step.aside or ""),
            )
            for step in steps
        )
        return [Paragraph((words["intro"],)), Drawing(picture, said)]

    def _steps(self) -> list[Step]:
        words, notice, speak = self._words["flow"], self.notice, self.speak
        counted: dict[str, int] = {}
        for place in notice.places:
            name = speak.network(place).shown
            counted[name] = counted.get(name, 0) + len(place.where)
        read = [
            name if count == 1 else words["read_from"].format(network=name, count=count)
            for name, count in counted.items()
        ]
        receivers = [words["out_local"]] if self.annex.http_host is None else []
        receivers += [
            words["out_tokens"].format(count=count, scope=scope) for scope, count in notice.receivers.items()
        ]
        days = speak.days(notice.retention_days)
        return [
            Step(words["sources"], "; ".join(read) or self._words["none"]),
            Step(words["reader"], words["reader_text"], words["reader_aside"]),
            Step(words["gate"], words["gate_text"], words["gate_aside"]),
            Step(
                words["queue"],
                words["queue_text"].format(engine=self._engine()),
                words["queue_aside"].format(days=days),
            ),
            Step(words["out"], "; ".join(receivers) or self._words["nobody"], words["out_aside"]),
        ]

    def _engine(self) -> str:
        words, notice = self._words["flow"], self.notice
        said: str = (
            words["engine_here"]
            if notice.engine_host is None
            else words["engine_there"].format(engine=notice.engine, host=Said(notice.engine_host).shown)
        )
        return said

    def elements(self) -> list[Block]:
        """
        Data elements × purpose × time × place × eyes.
        """
        words = self._words["elements"]
        lines = []
        for element in elements(self.annex):
            name, purpose = words["rows"][element.key]
            kept = (
                words[element.kept]
                if element.days is None
                else words["at_most"].format(days=self.speak.days(element.days))
            )
            where = self._engine() if element.where == "queue" else words[element.where]
            lines += [((name,), (purpose,), (kept,), (Said(where),), (words[element.seen_by],))]
        return [
            Paragraph((words["intro"],)),
            Table(words["caption"], tuple(words["head"]), tuple(lines)),
        ]

    def safeguards(self) -> list[Block]:
        """
        What holds, and what proves it.
        """
        words = self._words["safeguards"]
        lines = tuple(
            (
                (words["says"][each.key],),
                (words["promise"].format(number=each.promise, items=", ".join(each.items)),),
                listed([Said(test) for test in each.tests]),
            )
            for each in self.annex.safeguards
        )
        return [Paragraph((words["intro"],)), Table(words["caption"], tuple(words["head"]), lines)]

    def figures(self) -> list[Block]:
        """
        What was measured.
        """
        words, told = self._words["figures"], self.annex.figures
        masked = tuple(
            (
                (words["masking_kinds"][each.kind],),
                (self._number(each.lines),),
                (self._percent(each.right),),
                (self._percent(each.wanted),),
            )
            for each in told.masking
        )
        erased = tuple(
            (
                (words["erasure_cases"][each.case],),
                (self._number(each.half),),
                (self._number(each.slowest),),
                (self._number(each.half_of_a_million),),
                (self._number(each.slowest_of_a_million),),
            )
            for each in told.erasure
        )
        lint = told.lint
        intro = fill(
            words["intro"],
            date=self.speak.date(told.measured_on),
            version=told.version,
            machine=told.machine[self.speak.language],
        )
        seen = fill(
            words["lint"],
            **{key: str(count) for key, count in msgspec.structs.asdict(lint).items()},
            share=str(round(100 * lint.refused / lint.persons)),
            seen_share=str(round(100 * lint.seen / lint.others)),
        )
        return [
            Paragraph(intro),
            Table(words["masking"], tuple(words["masking_head"]), masked),
            Table(words["erasure"], tuple(words["erasure_head"]), erased),
            Paragraph((words["erasure_note"],)),
            Paragraph(seen),
            Paragraph((words["repeat"],)),
            Bullets(tuple((Said(command),) for command in told.repeat)),
        ]

    def risks(self) -> list[Block]:
        """
        What can happen, what the program does, what remains; the rest is left to the officer.
        """
        words, blank = self._words["risks"], self._words["line"]
        facts = words["facts"]
        unknown = [p for p in self.notice.places if not p.authors and p.keep == "text"]
        blocks: list[Block] = [Paragraph((words["intro"],))]
        for key in risks(self.notice):
            said = words["items"][key]
            does = (said["does"], *self._late()) if key == "late" else (said["does"],)
            rows: list[tuple[str, Words]] = [(facts["does"], does), (facts["remains"], (said["remains"],))]
            rows += [(facts[each], (blank,)) for each in ("likelihood", "severity", "decision")]
            title = fill(said["title"], networks=self.speak.networks(unknown))
            blocks += [Entry(title, (Facts(tuple(rows)),))]
        return blocks

    def _late(self) -> Words:
        """
        Each network that is kept, and how late a deletion is known at most.
        """
        learned = dict.fromkeys(
            (self.speak.network(place), self.learned(place))
            for place in self.notice.places
            if place.keep != "counts"
        )
        told = listed([(network, ": ", *how) for network, how in learned], "; ")
        return (" ", *told, ".")

    def officer(self) -> list[Block]:
        """
        Where somebody writes and signs.
        """
        words = self._words["officer"]
        questions = Facts(tuple((question, (self._words["line"],)) for question in words["questions"]))
        lines = Facts(tuple((fact, (self._words["line"],)) for fact in words["facts"].values()))
        return [
            Paragraph((words["intro"],)),
            Entry((words["questions_title"],), (questions,)),
            Entry((words["facts"]["decision"],), (lines,)),
        ]

    # ------------------------------------------------------------------------------------------------- words

    def _fixed(self, words: Mapping[str, Any]) -> Table:
        lines = tuple(tuple((cell,) for cell in line) for line in words["lines"])
        return Table(words["caption"], tuple(words["head"]), lines)

    def _listed(self, texts: tuple[str, ...]) -> Words:
        return listed([Said(text) for text in texts]) or (self._words["none"],)

    def _percent(self, value: float) -> str:
        said: str = self._words["figures"]["percent"].format(value=self._number(value))
        return said

    def _number(self, value: float) -> str:
        """
        As the language writes it.
        """
        shown = f"{value:,g}"
        if self.speak.language == "fr":
            return shown.translate({ord(","): "\N{NO-BREAK SPACE}", ord("."): ","})
        return shown

"""
The checks would notice: the adapter is made to fall into one trap at a time, and the check of that trap turns red.

A mutation changes the shipped adapter in memory, as somebody who did not know the network would have written it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import pytest
from msgspec import structs

from adapters.youtube import (
    api,
    comments,
    cursor,
    judging,
    normalise,
    quota,
    recheck,
    sweep,
    titles,
    uploads,
    wire,
)
from adapters.youtube.api import Api
from adapters.youtube.comments import CommentsSource
from adapters.youtube.config import YouTubeConfig
from adapters.youtube.cursor import Seen
from adapters.youtube.judging import Said
from adapters.youtube.titles import TitlesSource
from listener.adapter import Ask, Verdict
from listener.errors import AccessDenied, SourceError, SourceUnavailable
from listener.events import Post, Rejected
from tests.adapters.youtube.checks import CHECKS
from tests.fakes.traps import Traps

pytestmark = [pytest.mark.anyio, pytest.mark.parametrize("anyio_backend", ["asyncio"])]

TRAPS: Final = Traps(CHECKS)
falls_into = TRAPS.falls_into


@pytest.mark.parametrize("name", TRAPS.mutations)
async def test_the_check_turns_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mutation in place, and only then: the other module runs the same check green."""
    await TRAPS.turn_red(name, monkeypatch)


def test_every_check_has_a_mutation_that_it_notices(anyio_backend: str) -> None:
    """A check that nothing turns red proves nothing."""
    assert TRAPS.unproved == set()


def asked_otherwise(patch: pytest.MonkeyPatch, change: Callable[[dict[str, str]], dict[str, str]]) -> None:
    """Every request has other parameters."""
    original = Api._listed

    async def listed(self: Api, kind: Any, call: str, asked: Mapping[str, str], *, account: str = "") -> Any:
        return await original(self, kind, call, change(dict(asked)), account=account)

    patch.setattr(Api, "_listed", listed)


def with_comment(patch: pytest.MonkeyPatch, change: Callable[[Post], Post]) -> None:
    """Every comment is changed on its way out of `normalise`."""
    original = normalise.comment_from

    def comment_from(*args: Any, **how: Any) -> Any:
        item = original(*args, **how)
        return change(item) if isinstance(item, Post) else item

    for module in (normalise, comments, recheck):
        patch.setattr(module, "comment_from", comment_from)


# ---------------------------------------------------------------------------------------------- what is asked


@falls_into("no_author_is_asked_for")
def everything_is_asked_for(patch: pytest.MonkeyPatch) -> None:
    """No `fields`, so that authors come."""
    asked_otherwise(patch, lambda asked: {**asked, "fields": "*"})


@falls_into("no_author_is_asked_for")
def the_author_is_asked_for(patch: pytest.MonkeyPatch) -> None:
    """To know our own account."""
    asked_otherwise(
        patch,
        lambda asked: {
            **asked,
            "fields": asked["fields"].replace("textDisplay", "textDisplay,authorChannelId"),
        },
    )


@falls_into("the_key_is_in_no_address")
def the_key_is_a_parameter(patch: pytest.MonkeyPatch) -> None:
    """As every example has it."""
    asked_otherwise(patch, lambda asked: {**asked, "key": "AIza-test-key-0123456789"})


@falls_into("threads_are_asked_for_as_plain_text_by_channel")
def html_by_default(patch: pytest.MonkeyPatch) -> None:
    """The default of the network."""
    asked_otherwise(
        patch, lambda asked: {name: value for name, value in asked.items() if name != "textFormat"}
    )


@falls_into("threads_are_asked_for_as_plain_text_by_channel")
def the_old_filter(patch: pytest.MonkeyPatch) -> None:
    """`channelId`, which answers with a misleading 400."""
    asked_otherwise(
        patch,
        lambda asked: {
            name.replace("allThreadsRelatedToChannelId", "channelId"): value for name, value in asked.items()
        },
    )


# ------------------------------------------------------------------------------------------------------ paging


@falls_into("a_burst_between_two_turns_is_read_to_the_last")
def one_page_a_turn(patch: pytest.MonkeyPatch) -> None:
    """No paging at all."""
    patch.setattr(comments, "PAGES_MOST", 1)


@falls_into("paging_ends_at_what_is_known")
def no_early_stop(patch: pytest.MonkeyPatch) -> None:
    """Every page there is, each time."""
    patch.setattr(Seen, "settle", lambda self, now_s: None)


@falls_into("a_walk_that_was_broken_off_is_gone_through_again")
def what_was_met_is_known(patch: pytest.MonkeyPatch) -> None:
    """At once, and not when the walk is through."""

    def note(self: Seen, name: bytes, replies: int, stamp: int) -> None:
        self.settled[name] = cursor.Known(replies, stamp)

    patch.setattr(Seen, "note", note)


@falls_into("what_the_round_met_first_hides_nothing")
def the_round_settles(patch: pytest.MonkeyPatch) -> None:
    """What it met is known ground."""
    original = CommentsSource._swept

    async def swept(self: CommentsSource, turn: Any, seen: Seen) -> Any:
        items = await original(self, turn, seen)
        seen.settle(1)
        return items

    patch.setattr(CommentsSource, "_swept", swept)


@falls_into("more_than_is_shown_is_told_as_a_gap")
def no_gap(patch: pytest.MonkeyPatch) -> None:
    """What was not read is not spoken of."""
    patch.setattr(CommentsSource, "_hole", lambda self, turn, seen, cause: [])


@falls_into("the_first_reading_goes_back_a_month_and_no_further")
def all_that_there_ever_was(patch: pytest.MonkeyPatch) -> None:
    """Years of it."""
    patch.setattr(comments, "KEPT", timedelta(days=10_000))


@falls_into("the_first_reading_goes_back_a_month_and_no_further")
def nothing_is_too_old_to_tell(patch: pytest.MonkeyPatch) -> None:
    """Older than the keys are kept."""
    patch.setattr(comments, "LOOK_BACK", timedelta(days=10_000))


def no_round(patch: pytest.MonkeyPatch) -> None:
    """Only the newest."""
    patch.setattr(sweep.Sweep, "is_due", lambda self, now: False)


@falls_into("a_comment_approved_late_is_read")
def only_the_newest_are_read(patch: pytest.MonkeyPatch) -> None:
    """What appears behind them is never met."""
    no_round(patch)


# ----------------------------------------------------------------------------------------------------- replies


@falls_into("all_replies_are_read_where_some_are_shown")
def what_is_shown_is_all(patch: pytest.MonkeyPatch) -> None:
    """The five that come with the thread."""
    original = CommentsSource._noted

    def noted(self: CommentsSource, thread: Any, turn: Any, seen: Seen) -> None:
        original(self, thread, turn, seen)
        turn.due.clear()

    patch.setattr(CommentsSource, "_noted", noted)


@falls_into("all_replies_are_read_where_some_are_shown")
def one_page_of_replies(patch: pytest.MonkeyPatch) -> None:
    """A hundred, and no more."""
    patch.setattr(comments, "REPLY_PAGES_MOST", 1)


@falls_into("replies_are_asked_for_once")
def replies_are_asked_for_each_time(patch: pytest.MonkeyPatch) -> None:
    """Without comparing their number."""
    patch.setattr(Seen, "known", lambda self, name: None)


@falls_into("only_what_changed_is_told_again")
def everything_is_told_each_time(patch: pytest.MonkeyPatch) -> None:
    """The key removes the repeats, and every minute a hundred threads go through the gate."""
    patch.setattr(Seen, "known", lambda self, name: None)


@falls_into("only_what_changed_is_told_again")
def what_was_met_never_changes(patch: pytest.MonkeyPatch) -> None:
    """Neither by an edit nor by an answer."""
    patch.setattr(comments, "_stamp", lambda thread: 1)


@falls_into("a_channel_with_more_threads_than_a_cursor_holds_costs_no_unit_twice")
def what_has_no_room_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """And each round reads all replies again."""
    patch.setattr(Seen, "shed", lambda self: None)


@falls_into("a_late_reply_to_an_old_thread_is_read")
def the_newest_threads_have_all_replies(patch: pytest.MonkeyPatch) -> None:
    """As if a reply moved its thread up."""
    no_round(patch)


@falls_into("a_late_reply_to_an_old_thread_is_read")
def the_round_is_one_page_deep(patch: pytest.MonkeyPatch) -> None:
    """Of each video."""
    patch.setattr(sweep, "VIDEO_PAGES_MOST", 1)


@falls_into("replies_that_could_not_be_read_are_read_later")
def the_number_is_noted_first(patch: pytest.MonkeyPatch) -> None:
    """Before the replies are read."""
    patch.setattr(comments, "REPLIES_DUE", 9)


@falls_into("a_thread_that_went_while_its_replies_were_due_holds_nobody_up")
def looked_for_for_ever(patch: pytest.MonkeyPatch) -> None:
    """Although it is gone."""
    original = CommentsSource._newest

    async def newest(self: CommentsSource, turn: Any, seen: Seen) -> Any:
        lost = {name: seen.settled[name] for name in turn.unread if name in seen.settled}
        page = await original(self, turn, seen)
        seen.settled |= {name: replies for name, replies in lost.items() if name not in seen.settled}
        return page

    patch.setattr(CommentsSource, "_newest", newest)


@falls_into("a_thread_whose_replies_are_refused_holds_up_nobody")
def a_refused_thread_ends_the_turn(patch: pytest.MonkeyPatch) -> None:
    """Again and again at the same one."""
    patch.setattr(comments, "REFUSALS_MOST", 1)


@falls_into("a_thread_whose_replies_are_refused_holds_up_nobody")
def a_refused_thread_is_tried_every_minute(patch: pytest.MonkeyPatch) -> None:
    """For a unit each."""
    patch.setattr(comments, "REFUSED_FOR", timedelta(0))


@falls_into("where_all_replies_are_refused_the_operator_is_told")
def any_number_is_refused(patch: pytest.MonkeyPatch) -> None:
    """Without a word."""
    patch.setattr(comments, "REFUSALS_MOST", 1000)


@falls_into("a_further_page_that_is_refused_ends_the_walk")
def the_page_is_tried_for_ever(patch: pytest.MonkeyPatch) -> None:
    """And nothing behind the walk is ever read."""
    patch.setattr(comments, "CUTS_MOST", 1000)


@falls_into("an_empty_page_is_not_the_last")
def nothing_is_known_ground(patch: pytest.MonkeyPatch) -> None:
    """As Python has it of an empty list."""
    patch.setattr(
        comments, "bool", lambda items: True if isinstance(items, tuple) else bool(items), raising=False
    )


# ---------------------------------------------------------------------------------------------- comments off


@falls_into("a_video_with_comments_off_does_not_fail_the_channel")
def only_the_reason_counts(patch: pytest.MonkeyPatch) -> None:
    """Not the message, and not that it is about one video."""

    async def on_video(self: Api, video: str, token: str | None) -> Any:
        return await self._threads({"videoId": video}, token)

    patch.setattr(Api, "on_video", on_video)


@falls_into("a_video_with_comments_off_does_not_fail_the_channel")
def only_known_reasons_count(patch: pytest.MonkeyPatch) -> None:
    """What nobody told of ends the turn, again and again at the same video."""
    original = Api._threads

    async def threads(self: Api, whose: Mapping[str, str], token: str | None) -> Any:
        try:
            return await original(self, whose, token)
        except SourceUnavailable:
            raise SourceUnavailable("whatever it was") from None

    patch.setattr(Api, "_threads", threads)


@falls_into("a_channel_with_comments_off_says_so")
def comments_off_is_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """Of the key."""
    patch.delitem(judging.ABSENT, "commentsDisabled")


# ------------------------------------------------------------------------------------------- what a comment is


@falls_into("a_picture_without_words_is_a_comment")
def no_words_no_comment(patch: pytest.MonkeyPatch) -> None:
    """As with networks whose posts are text."""
    original = normalise.comment_from

    def comment_from(*args: Any, **how: Any) -> Any:
        item = original(*args, **how)
        return item if not isinstance(item, Post) or item.text else Rejected("no_content")

    for module in (normalise, comments, recheck):
        patch.setattr(module, "comment_from", comment_from)


@falls_into("the_displayed_text_is_what_was_said")
def the_text_is_html(patch: pytest.MonkeyPatch) -> None:
    """As it would be by default."""
    from listener.text import html_to_text

    with_comment(patch, lambda post: structs.replace(post, text=html_to_text(post.text)))


@falls_into("an_edit_is_one_and_an_unedited_comment_is_none")
def every_comment_is_edited(patch: pytest.MonkeyPatch) -> None:
    """`updatedAt` is always there."""
    patch.setattr(normalise, "_edited", lambda stated, published: normalise.instant(stated))


@falls_into("nobody_is_in_what_is_read")
def the_cursor_names_the_channel(patch: pytest.MonkeyPatch) -> None:
    """And what was said there, by its id."""
    patch.setattr(cursor, "digest", lambda text: text.encode())


@falls_into("another_channel_says_nothing_to_us")
def every_channel_is_ours(patch: pytest.MonkeyPatch) -> None:
    """Whoever's it is."""
    for module in (comments, uploads):
        patch.setattr(module, "Place", lambda **how: normalise.Place(ours=True))


@falls_into("a_cursor_is_bounded")
def a_cursor_that_grows(patch: pytest.MonkeyPatch) -> None:
    """With everything ever seen."""
    patch.setattr(cursor, "_packed", lambda seen: b"".join(name + b"\0" * 6 for name in seen))


# ----------------------------------------------------------------------------------------------------- uploads


@falls_into("uploads_are_read_without_a_search_or_a_profile")
def uploads_without_an_end(patch: pytest.MonkeyPatch) -> None:
    """Every page, each time."""
    patch.setattr(Seen, "settle", lambda self, now_s: None)


@falls_into("more_videos_than_are_read_are_told_as_a_gap")
def no_gap_among_videos(patch: pytest.MonkeyPatch) -> None:
    """What was not read is not spoken of."""
    patch.setattr(uploads.UploadsSource, "_hole", lambda self, listed, seen: ())


@falls_into("a_video_that_is_not_public_says_nothing")
def everything_listed_is_public(patch: pytest.MonkeyPatch) -> None:
    """As if a list held only what everybody may see."""
    patch.setattr(normalise, "is_public", lambda status: True)


@falls_into("a_channel_without_uploads_has_none")
def no_list_is_an_error(patch: pytest.MonkeyPatch) -> None:
    """404."""
    patch.delitem(judging.ABSENT, "playlistNotFound")


# ------------------------------------------------------------------------------------------------------ titles


@falls_into("watches_take_turns_in_searching")
def the_first_watch_always(patch: pytest.MonkeyPatch) -> None:
    """In the order of their names."""
    patch.setattr(titles.Question, "name", property(lambda self: b"one"))


@falls_into("a_watch_without_means_starves_no_other")
def who_is_first_and_spent_ends_the_turn(patch: pytest.MonkeyPatch) -> None:
    """The others wait for its budget."""
    original = TitlesSource._first_affordable

    async def first(self: TitlesSource, questions: Sequence[Any], seen: Seen) -> Any:
        return await original(self, questions[:1], seen)

    patch.setattr(TitlesSource, "_first_affordable", first)


@falls_into("a_search_that_is_refused_starves_no_other")
def whoever_waits_longest_is_first(patch: pytest.MonkeyPatch) -> None:
    """Even where it is refused each time."""
    patch.setattr(TitlesSource, "_tried_at", lambda self, question, seen: seen.asked.get(question.name, 0))


@falls_into("a_search_goes_back_behind_the_last_one")
def only_what_is_newer(patch: pytest.MonkeyPatch) -> None:
    """Than the last search."""
    patch.setattr(titles, "OVERLAP", timedelta(0))


@falls_into("a_search_goes_back_behind_the_last_one")
def titles_are_plain(patch: pytest.MonkeyPatch) -> None:
    """As everywhere but in a search."""
    patch.setattr(normalise, "unescape", lambda text: text)


# ------------------------------------------------------------------------------------------------ asked again


@falls_into("what_is_gone_and_what_was_edited_is_known_when_asked_again")
def what_is_left_out_is_unknown(patch: pytest.MonkeyPatch) -> None:
    """Only an error would tell."""
    original = recheck.Rechecks._verdict

    def verdict(self: Any, ask: Ask, found: Any, *, absent: str | None) -> Verdict | None:
        known = original(self, ask, found, absent=absent)
        return None if known == Verdict("gone") else known

    patch.setattr(recheck.Rechecks, "_verdict", verdict)


@falls_into("what_is_gone_and_what_was_edited_is_known_when_asked_again")
def the_video_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """The answer does not name it, so the link would be lost at the first question."""
    patch.setattr(recheck, "parts_of", lambda ask: (ask.partition(" ")[0], None))


def no_witness(patch: pytest.MonkeyPatch) -> None:
    """Nothing else is asked for."""
    patch.setattr(recheck.Rechecks, "_show", lambda self, ids: None)


@falls_into("one_comment_that_is_not_found_hides_no_other")
def a_refused_list_is_gone(patch: pytest.MonkeyPatch) -> None:
    """All of it."""

    async def several(self: Any, asks: Sequence[Ask]) -> dict[Ask, Verdict]:
        found, why = await self._found([normalise.parts_of(ask)[0] for ask in asks])
        return dict(self._verdicts(asks, found, why))

    patch.setattr(recheck.Rechecks, "_several", several)


@falls_into("a_comment_that_is_gone_is_known_by_one_request")
def nothing_is_asked_for_with_it(patch: pytest.MonkeyPatch) -> None:
    """And so silence has to last for hours."""
    no_witness(patch)


@falls_into("an_answer_that_is_empty_by_mistake_takes_nothing_away")
def silence_is_believed(patch: pytest.MonkeyPatch) -> None:
    """At once."""
    a_refused_list_is_gone(patch)


@falls_into("an_answer_that_is_empty_by_mistake_takes_nothing_away")
def silence_is_believed_in_the_end(patch: pytest.MonkeyPatch) -> None:
    """Although other things are known to be there."""
    no_witness(patch)


@falls_into("of_a_channel_that_was_emptied_silence_is_believed_after_hours")
def silence_is_never_believed(patch: pytest.MonkeyPatch) -> None:
    """And what is gone is kept until its time is over."""
    patch.setattr(recheck, "SILENT_FOR", timedelta(days=10_000))


@falls_into("of_a_channel_that_was_closed_silence_is_believed")
def a_closed_channel_is_a_failure(patch: pytest.MonkeyPatch) -> None:
    """So that nobody asks on, and the words stay."""
    patch.setattr(recheck, "ChannelNotFound", LookupError)


@falls_into("one_comment_that_is_forbidden_hides_no_other")
def a_forbidden_list_is_our_fault(patch: pytest.MonkeyPatch) -> None:
    """So that the same fifty are asked about for ever."""
    patch.setattr(recheck, "is_about_one", lambda error: False)


@falls_into("where_every_list_is_refused_nothing_is_said_of_anything")
def each_is_asked_for_alone(patch: pytest.MonkeyPatch) -> None:
    """Whatever it costs."""
    no_witness(patch)


# ------------------------------------------------------------------------------------------------------ errors


@falls_into("every_error_is_what_it_means")
def a_403_is_a_refusal(patch: pytest.MonkeyPatch) -> None:
    """As on every other network."""
    original = judging.error_of

    def error_of(status: int, said: Said, **how: Any) -> SourceError:
        return AccessDenied("refused") if status == 403 else original(status, said, **how)

    patch.setattr(api, "error_of", error_of)


@falls_into("every_error_is_what_it_means")
def only_the_older_envelope(patch: pytest.MonkeyPatch) -> None:
    """The newer one has its reasons elsewhere."""
    patch.setattr(wire, "details_of", lambda failure: ())


@falls_into("every_error_is_what_it_means")
def a_400_is_our_fault(patch: pytest.MonkeyPatch) -> None:
    """Also where the server could not do it just now."""
    patch.setattr(judging, "_BUSY", frozenset({"backendError"}))
    patch.setattr(judging, "_REFUSED", judging._REFUSED | {"processingFailure", "invalidPageToken"})


@falls_into("a_spent_quota_comes_back_at_midnight_in_california")
def eight_hours_behind(patch: pytest.MonkeyPatch) -> None:
    """Without daylight saving."""

    def until(now: datetime) -> float:
        there = now - timedelta(hours=8)
        turn = datetime(there.year, there.month, there.day, tzinfo=UTC) + timedelta(days=1)
        return (turn - there).total_seconds()

    patch.setattr(judging, "seconds_until_it_turns", until)


@falls_into("searches_and_units_are_two_buckets")
def a_search_costs_a_hundred_units(patch: pytest.MonkeyPatch) -> None:
    """As it did until June 2026, and as most pages still say."""
    from tests.adapters.youtube import checks

    def charges(config: YouTubeConfig, address: str) -> Any:
        found = quota.charges(config, address)
        return tuple(
            replace(each, budget="units", most=100.0) if each.budget == "searches" else each for each in found
        )

    patch.setattr(checks, "charges", charges)


@falls_into("what_is_said_to_us_is_read_while_the_round_may_not_spend")
def the_round_ends_the_turn(patch: pytest.MonkeyPatch) -> None:
    """With an error, and so the source waits."""
    patch.setattr(comments, "BudgetSpent", judging.QuotaSpent)

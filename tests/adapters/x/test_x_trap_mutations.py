"""
The checks would notice: the adapter is made to fall into one trap at a time, and the check of that trap turns red.

A mutation changes the shipped adapter in memory, as somebody who did not know the network would have written it.
"""

from __future__ import annotations

import html
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import pytest

from adapters.x import api, client, counts, cursor, normalise, problems, queries, recheck, walks, wire
from adapters.x.api import Api
from adapters.x.client import XSource
from adapters.x.cursor import Mark
from adapters.x.wire import WirePosts
from listener.errors import AccessDenied, DocumentRefused
from listener.events import Consent, Rejected
from tests.adapters.x.checks import CHECKS
from tests.fakes.traps import Traps

pytestmark = pytest.mark.anyio

TRAPS: Final = Traps(CHECKS, also=(ValueError,))
falls_into = TRAPS.falls_into


@pytest.mark.parametrize("name", TRAPS.mutations)
async def test_the_check_turns_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mutation in place, and only then: the other module runs the same check green."""
    await TRAPS.turn_red(name, monkeypatch)


def test_every_check_has_a_mutation_that_it_notices() -> None:
    """A check that nothing turns red proves nothing."""
    assert TRAPS.unproved == set()


# -------------------------------------------------------------------------------------------------------- paging


@falls_into("a_burst_is_read_to_the_last_post")
def only_the_first_page(patch: pytest.MonkeyPatch) -> None:
    """The token is not followed."""
    original = walks.after_page
    patch.setattr(walks, "after_page", lambda *a, **k: original(*a, **{**k, "token": None}))


@falls_into("the_newest_id_is_that_of_the_first_page")
def newest_id_of_the_last_page(patch: pytest.MonkeyPatch) -> None:
    """Each page has one."""
    original = walks.after_page

    def after(mark: Mark, ask: Any, *, newest: str, **more: Any) -> Mark:
        if mark.walk is not None:
            mark = msgspec.structs.replace(
                mark, newest="", walk=msgspec.structs.replace(mark.walk, newest=newest)
            )
        return original(mark, ask, newest=newest, **more)

    patch.setattr(walks, "after_page", after)


@falls_into("a_crash_between_two_pages_loses_nothing")
def newest_id_is_stored_with_the_first_page(patch: pytest.MonkeyPatch) -> None:
    """And the walk is not."""
    original = walks.after_page

    def after(mark: Mark, ask: Any, *, newest: str, **more: Any) -> Mark:
        after = original(mark, ask, newest=newest, **more)
        return msgspec.structs.replace(after, newest=newest or after.newest, walk=None)

    patch.setattr(walks, "after_page", after)


@falls_into("an_id_older_than_seven_days_is_not_sent")
def an_old_id_is_sent(patch: pytest.MonkeyPatch) -> None:
    """X answers 400."""
    patch.setattr(walks, "WINDOW", timedelta(days=3000))
    patch.setattr(walks, "by_time", lambda mark, now: (mark, None))


@falls_into("an_id_that_is_refused_is_replaced_by_a_time")
def a_refused_id_is_an_error(patch: pytest.MonkeyPatch) -> None:
    """And remains one."""
    patch.setattr(walks, "by_time", lambda mark, now: (mark, None))


@falls_into("an_outage_of_more_than_seven_days_is_a_gap")
def an_outage_is_not_told(patch: pytest.MonkeyPatch) -> None:
    """The search just begins again."""
    original = walks.ask_for
    patch.setattr(walks, "ask_for", lambda *given, **how: (original(*given, **how)[0], None))


@falls_into("a_post_that_is_indexed_late_is_read")
def no_overlap(patch: pytest.MonkeyPatch) -> None:
    """On from the newest id, exactly."""
    patch.setattr(walks, "OVERLAP", timedelta())


@falls_into("a_quiet_query_pays_for_no_post_twice")
def always_an_overlap_and_no_memory(patch: pytest.MonkeyPatch) -> None:
    """The newest post comes with every turn."""
    patch.setattr(walks, "LIVELY", timedelta(days=99))
    patch.setattr(walks, "new_posts", lambda mark, ids, now: len(list(ids)))


@falls_into("an_empty_page_has_no_data")
def data_is_expected(patch: pytest.MonkeyPatch) -> None:
    """An empty page is taken for none."""
    original = wire.read_posts

    def read(body: bytes) -> WirePosts:
        found = original(body)
        if found.data is None:
            raise DocumentRefused("no data", reason="not_an_answer")
        return found

    patch.setattr(wire, "read_posts", read)


# ---------------------------------------------------------------------------------------------------- what is said


@falls_into("an_edit_is_the_same_post")
def each_version_is_a_post(patch: pytest.MonkeyPatch) -> None:
    """Known by its own id."""
    patch.setattr(normalise, "history_of", lambda post: (str(post.id),))


@falls_into("a_long_post_is_read_whole")
def the_note_is_not_read(patch: pytest.MonkeyPatch) -> None:
    """Of long posts the beginning."""
    original = normalise.said
    patch.setattr(
        normalise,
        "said",
        lambda post, *more: original(msgspec.structs.replace(post, note_tweet=None, note_post=None), *more),
    )


@falls_into("handles_are_found_wherever_x_finds_them")
def mentions_are_left_as_they_are(patch: pytest.MonkeyPatch) -> None:
    """Masking looks for a sign that stands free."""
    patch.setattr(normalise, "_parted", lambda text, entities: text)


@falls_into("the_escapes_of_three_signs_are_undone")
def everything_is_unescaped_twice(patch: pytest.MonkeyPatch) -> None:
    """As if it were HTML."""
    original = normalise.said
    patch.setattr(normalise, "said", lambda *given: html.unescape(original(*given)))


@falls_into("short_addresses_are_written_out_by_name")
def indices_are_trusted(patch: pytest.MonkeyPatch) -> None:
    """The first characters are replaced, whatever they are."""
    patch.setattr(
        normalise, "_written_out", lambda text, urls, history: f"{next(iter(urls)).expanded_url}{text[5:]}"
    )


@falls_into("no_address_of_a_post_names_its_author")
def addresses_are_taken_as_they_come(patch: pytest.MonkeyPatch) -> None:
    """Handles and all."""
    patch.setattr(normalise, "_address", lambda short, whole, history: whole or short)


@falls_into("a_retweet_is_no_item_and_one_by_hand_is")
def whatever_begins_with_rt_is_a_retweet(patch: pytest.MonkeyPatch) -> None:
    """Also where the references say otherwise."""
    patch.setattr(
        normalise, "_is_retweet", lambda post, references, place: (post.text or "").startswith("RT @")
    )


@falls_into("a_retweet_is_no_item_and_one_by_hand_is")
def a_retweet_is_a_post(patch: pytest.MonkeyPatch) -> None:
    """Of somebody who said nothing."""
    patch.setattr(normalise, "_is_retweet", lambda post, references, place: False)


@falls_into("what_is_withheld_is_not_public")
def withheld_is_not_read(patch: pytest.MonkeyPatch) -> None:
    """It is shown to us, after all."""
    original = normalise.item_from
    patch.setattr(
        normalise,
        "item_from",
        lambda post, place: original(msgspec.structs.replace(post, withheld=None), place),
    )


@falls_into("ids_are_texts")
def ids_are_floats(patch: pytest.MonkeyPatch) -> None:
    """As JavaScript has them."""
    original = normalise.item_from
    patch.setattr(
        normalise,
        "item_from",
        lambda post, place: original(
            msgspec.structs.replace(post, id=str(int(float(post.id))), edit_history_tweet_ids=None), place
        ),
    )


@falls_into("nobody_is_asked_for")
def authors_are_asked_for(patch: pytest.MonkeyPatch) -> None:
    """It is only one word more."""
    patch.setattr(api, "FIELDS", {words: f"{fields},author_id" for words, fields in api.FIELDS.items()})


# ---------------------------------------------------------------------------------------------------- vocabulary


@falls_into("the_name_of_the_parameter_is_found_out")
def one_name_for_ever(patch: pytest.MonkeyPatch) -> None:
    """The old one."""
    patch.setattr(Api, "_change", lambda self: None)


@falls_into("the_name_of_the_parameter_is_found_out")
def the_name_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Asked wrongly after every restart."""
    original = cursor.encode_cursor
    patch.setattr(client, "encode_cursor", lambda state: original(msgspec.structs.replace(state, words="")))


@falls_into("a_parameter_of_which_no_notice_is_taken_is_found_out")
def only_a_400_is_a_signal(patch: pytest.MonkeyPatch) -> None:
    """Bare posts for ever."""
    original = Api._change

    def change(self: Api) -> None:
        if self.words:
            original(self)

    patch.setattr(Api, "_change", change)


# -------------------------------------------------------------------------------------------------------- queries


@falls_into("a_query_is_parenthesised_and_never_too_long")
def no_parentheses(patch: pytest.MonkeyPatch) -> None:
    """The operator binds to the last term."""
    patch.setattr(queries, "_query", lambda operands: " OR ".join(operands) + queries.NO_RETWEETS)


@falls_into("a_query_is_parenthesised_and_never_too_long")
def no_limit(patch: pytest.MonkeyPatch) -> None:
    """One query for everything."""
    patch.setattr(queries, "_size", lambda text: 0)


@falls_into("terms_that_no_query_can_hold_are_told")
def terms_as_they_come(patch: pytest.MonkeyPatch) -> None:
    """Quotes, cashtags, emoji and all."""
    patch.setattr(queries, "_stays", lambda char: True)


@falls_into("terms_that_no_query_can_hold_are_told")
def what_cannot_be_asked_is_lost(patch: pytest.MonkeyPatch) -> None:
    """Silently."""
    original = queries.plan_for
    patch.setattr(client, "plan_for", lambda *given, **more: replace(original(*given, **more), unasked=0))


@falls_into("a_refused_query_stops_no_other")
def a_refused_query_is_an_error_of_the_source(patch: pytest.MonkeyPatch) -> None:
    """All watches wait for one."""
    patch.setattr(problems, "_parameters", lambda trouble, body: iter(()))


# ------------------------------------------------------------------------------------------------------- numbers


@falls_into("every_hour_is_told_once_and_only_when_it_is_over")
def the_running_hour_is_told(patch: pytest.MonkeyPatch) -> None:
    """Before it is over."""
    patch.setattr(counts, "SETTLED", timedelta(hours=-1))


@falls_into("an_outage_is_caught_up_with_one_request")
def one_hour_at_a_time(patch: pytest.MonkeyPatch) -> None:
    """The last one alone."""
    patch.setattr(counts, "WINDOW_H", 1)


@falls_into("an_outage_is_caught_up_with_one_request")
def what_is_too_old_is_not_told(patch: pytest.MonkeyPatch) -> None:
    """Silence is taken for nothing said."""
    patch.setattr(client, "too_old", lambda counted_to, start: None)


@falls_into("numbers_are_read_in_either_vocabulary")
def only_the_old_name_of_the_number(patch: pytest.MonkeyPatch) -> None:
    """The new one is not read."""
    original = counts._hour
    patch.setattr(counts, "_hour", lambda one: original(msgspec.structs.replace(one, post_count=None)))


@falls_into("a_watch_of_several_queries_is_their_sum")
def the_first_query_is_the_watch(patch: pytest.MonkeyPatch) -> None:
    """A part of the number."""
    original = counts.told
    patch.setattr(client, "told", lambda watch, every, *span: original(watch, list(every)[:1], *span))


# -------------------------------------------------------------------------------------------------- errors, money


@falls_into("a_rate_limit_is_over_at_its_reset")
def the_reset_is_not_read(patch: pytest.MonkeyPatch) -> None:
    """Back-off instead."""
    patch.setattr(problems, "_pause_s", lambda reply, now: None)


@falls_into("a_cap_is_not_over_at_the_reset_of_the_rate")
def a_cap_is_a_rate_limit(patch: pytest.MonkeyPatch) -> None:
    """Both are a 429."""
    patch.setattr(problems, "kind_of", lambda problem: "")


@falls_into("a_cap_on_mentions_waits_for_the_cycle")
def a_cap_is_over_at_midnight(patch: pytest.MonkeyPatch) -> None:
    """Of the same day."""
    patch.setattr(problems, "until_cycle_s", lambda config, now: 43200.0)


@falls_into("an_empty_balance_is_money_that_is_spent")
def a_402_is_an_error_like_any_other(patch: pytest.MonkeyPatch) -> None:
    """It is not in the documentation."""
    patch.setattr(problems, "NO_CREDIT_WAIT_S", 60.0)


@falls_into("each_refusal_says_what_to_do")
def a_403_is_a_403(patch: pytest.MonkeyPatch) -> None:
    """Whatever it says."""
    patch.setattr(
        api, "error_of", lambda reply, config, now: AccessDenied("X denies access", code="forbidden")
    )


@falls_into("errors_beside_data_leave_the_data")
def errors_are_all_there_is(patch: pytest.MonkeyPatch) -> None:
    """A 200 with errors is taken for one."""
    patch.setattr(client, "items_from", lambda page, place: (Rejected("unreadable_item"),))


@falls_into("where_searches_are_spent_the_watches_are_counted")
def spent_is_an_error(patch: pytest.MonkeyPatch) -> None:
    """Silence until the money is back."""

    def spent(self: XSource, turn: Any, query: Any, found: Any, error: Exception, now: Any) -> None:
        raise error

    patch.setattr(XSource, "_spent", spent)


@falls_into("a_smaller_page_is_asked_for_before_none")
def all_or_nothing(patch: pytest.MonkeyPatch) -> None:
    """Only the page that was wanted."""

    async def afforded(self: XSource, query: Any, ask: Any) -> tuple[WirePosts, Any]:
        return await self._asked(query, ask), ask

    patch.setattr(XSource, "_afforded", afforded)


@falls_into("a_cap_that_turns_sooner_than_configured_loses_nothing")
def the_configured_day_is_believed(patch: pytest.MonkeyPatch) -> None:
    """For weeks."""
    patch.setattr(problems, "CAPPED_WAIT_MOST_S", 31 * 86_400.0)


@falls_into("an_empty_balance_is_no_cap")
def whatever_names_a_cap_is_one(patch: pytest.MonkeyPatch) -> None:
    """Also where it is money that is spent."""
    patch.setattr(problems, "_CREDITS", frozenset[str]())


@falls_into("a_query_that_x_cannot_answer_stops_no_other")
def every_failure_ends_the_turn(patch: pytest.MonkeyPatch) -> None:
    """At the same query each time."""
    patch.setattr(client, "_may_be_the_query", lambda error: False)


@falls_into("a_query_that_x_cannot_answer_stops_no_other")
def it_is_tried_each_turn(patch: pytest.MonkeyPatch) -> None:
    """Whatever came of it before."""
    patch.setattr(client, "PUT_OFF_FIRST_S", 0.0)


@falls_into("two_queries_that_x_cannot_answer_stop_no_third")
def turns_begin_with_the_first(patch: pytest.MonkeyPatch) -> None:
    """So that the third is never reached."""
    patch.setattr(XSource, "_in_turn", lambda self, steps: steps)


@falls_into("a_page_that_x_cannot_answer_is_reached_without_its_token")
def the_token_is_kept(patch: pytest.MonkeyPatch) -> None:
    """And tried for ever."""
    original = XSource._leave_out

    def leave_out(self: XSource, *given: Any) -> None:
        tokens = dict(self._tokens)
        original(self, *given)
        self._tokens |= tokens

    patch.setattr(XSource, "_leave_out", leave_out)


@falls_into("where_x_is_down_no_query_is_left_out")
def all_are_tried(patch: pytest.MonkeyPatch) -> None:
    """However many have failed."""
    original = XSource._walked

    async def walked(self: XSource, turn: Any, found: Any) -> None:
        turn.suspect = None
        await original(self, turn, found)

    patch.setattr(XSource, "_walked", walked)


@falls_into("a_query_that_numbers_refuse_is_not_repeated_each_turn")
def a_refusal_is_forgotten(patch: pytest.MonkeyPatch) -> None:
    """At the next turn."""
    patch.setattr(client, "REFUSED_FOR", timedelta(0))


@falls_into("a_walk_by_time_that_outlives_the_window_begins_anew")
def the_walk_goes_on(patch: pytest.MonkeyPatch) -> None:
    """From an instant that X shows no more."""
    original = walks.by_time

    def by_time(mark: Mark, now: datetime) -> Any:
        begun, gap = original(mark, now)
        return msgspec.structs.replace(begun, walk=mark.walk), gap

    patch.setattr(walks, "by_time", by_time)


@falls_into("a_request_that_failed_cost_nothing")
def errors_are_paid(patch: pytest.MonkeyPatch) -> None:
    """The charge stands."""
    patch.setattr(api, "charges", lambda config, address: ())


@falls_into("every_watch_has_its_own_account")
def one_account_for_all(patch: pytest.MonkeyPatch) -> None:
    """The first watch takes it all."""
    original = Api._get

    async def get(self: Api, path: str, account: str) -> Any:
        return await original(self, path, "")

    patch.setattr(Api, "_get", get)


# ------------------------------------------------------------------------------------------------------ asked again


@falls_into("what_is_gone_and_what_is_hidden_are_told_apart")
def whatever_does_not_come_is_gone(patch: pytest.MonkeyPatch) -> None:
    """Also what X said nothing of."""
    patch.setattr(recheck, "NOT_FOR_US", frozenset())
    patch.setattr(recheck, "GONE", "not-authorized-for-resource")


@falls_into("an_edit_is_asked_for_by_its_newest_id")
def the_id_that_was_asked_for(patch: pytest.MonkeyPatch) -> None:
    """Shows old words."""
    patch.setattr(recheck, "history_of", lambda post: (str(post.id),))


@falls_into("a_post_that_is_withheld_now_goes")
def it_is_there_after_all(patch: pytest.MonkeyPatch) -> None:
    """Shown is public."""
    original = normalise.item_from

    def item(post: Any, place: Any) -> Any:
        return msgspec.structs.replace(original(post, place), consent=Consent(public=True))  # type: ignore[type-var]

    patch.setattr(recheck, "item_from", item)


@falls_into("asking_again_can_be_switched_off")
def always_asked_again(patch: pytest.MonkeyPatch) -> None:
    """The setting is not looked at."""
    patch.setattr(XSource, "asks_again", True)

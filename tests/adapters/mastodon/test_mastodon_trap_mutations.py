"""
The checks would notice: the adapter is made to fall into one trap at a time, and the check of that trap turns red.

A mutation changes the shipped adapter in memory, as somebody who did not know the network would have written it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final
from urllib.parse import parse_qsl, urlsplit

import msgspec
import pytest
from msgspec.structs import replace

from adapters.mastodon import api, client, frames, instance, normalise, plan, recheck, stream
from adapters.mastodon.api import Api, Entries
from adapters.mastodon.wire import WireStatus
from listener.adapter import Ask, Item, Reply, Verdict
from listener.errors import SourceError, SourceUnavailable
from listener.events import Consent, Removal
from listener.text import html_to_text
from tests.adapters.mastodon.checks import CHECKS
from tests.fakes.traps import Traps

pytestmark = pytest.mark.anyio

TRAPS: Final = Traps(CHECKS)
falls_into = TRAPS.falls_into


@pytest.fixture
def anyio_backend() -> str:
    """The server kit is asyncio's."""
    return "asyncio"


@pytest.mark.parametrize("name", TRAPS.mutations)
async def test_the_check_turns_red(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the mutation in place, and only then: the other module runs the same check green."""
    await TRAPS.turn_red(name, monkeypatch)


def test_every_check_has_a_mutation_that_it_notices() -> None:
    """A check that nothing turns red proves nothing."""
    assert TRAPS.unproved == set()


# ------------------------------------------------------------------------------------------------------ paging


@falls_into("a_burst_between_two_turns_is_read_to_the_last_post")
def since_id_instead_of_min_id(patch: pytest.MonkeyPatch) -> None:
    """The newest page above an id leaves a gap."""

    original = api._paging
    patch.setattr(
        api,
        "_paging",
        lambda *ids: [each.replace("min_id=", "since_id=") for each in original(*ids)],
    )


@falls_into("a_burst_between_two_turns_is_read_to_the_last_post")
def one_page_a_turn_and_the_newest(patch: pytest.MonkeyPatch) -> None:
    """No paging at all."""
    original = api._paging
    patch.setattr(
        api, "_paging", lambda *ids: [each for each in original(*ids) if not each.startswith("min_id")]
    )


@falls_into("every_tag_of_a_request_is_followed_through_its_pages")
def the_link_is_followed(patch: pytest.MonkeyPatch) -> None:
    """Its query has lost `any[]`."""
    original = Api._get
    following: dict[str, str] = {}

    async def get(self: Api, path: str, query: Sequence[str] = ()) -> Reply:
        asked = dict(parse_qsl("&".join(query)))
        if asked.get("min_id") in following:
            query = following[asked["min_id"]].split("&")
        reply = await original(self, path, query)
        found = re.search(r'<([^>]*)>; rel="prev"', reply.headers.get("link", ""))
        if found:
            told = urlsplit(found[1]).query
            following[dict(parse_qsl(told))["min_id"]] = told
        return reply

    patch.setattr(Api, "_get", get)


@falls_into("the_fifth_tag_is_asked_for_too")
def more_tags_than_are_read(patch: pytest.MonkeyPatch) -> None:
    """Mastodon takes four and says nothing of the rest."""
    patch.setattr(instance, "TAGS_A_REQUEST", 6)


@falls_into("a_post_that_arrives_late_is_read")
def no_overlap(patch: pytest.MonkeyPatch) -> None:
    """On from the newest id, and never back."""
    patch.setattr(plan, "_is_due", lambda mark, seconds: not mark.newest)


@falls_into("a_post_that_arrives_late_is_read")
def an_overlap_of_a_minute(patch: pytest.MonkeyPatch) -> None:
    """Less than the lag."""
    patch.setattr(plan, "OVERLAP_S", 60)


@falls_into("a_post_that_arrives_late_in_a_busy_feed_is_read")
def only_a_quiet_feed_is_swept(patch: pytest.MonkeyPatch) -> None:
    """A busy one is left to its newest id."""
    patch.setattr(plan, "SWEEP_S", 10**9)


@falls_into("dialects_are_paged_without_gaps")
def every_server_takes_any(patch: pytest.MonkeyPatch) -> None:
    """GoToSocial leaves out the other tags without a word."""
    patch.setattr(instance.Instance, "tags_a_request", 4)


@falls_into("dialects_are_paged_without_gaps")
def every_id_is_a_number(patch: pytest.MonkeyPatch) -> None:
    """Ids made of the time are no ids of a ULID server."""
    original = plan.steps_for

    def steps_for(*args: Any, **how: Any) -> Any:
        return original(*args, **{**how, "by_time": True})

    patch.setattr(client, "steps_for", steps_for)


# ------------------------------------------------------------------------------------------- what a post is


def with_post(patch: pytest.MonkeyPatch, change: Callable[[Any, WireStatus, Any], Any]) -> None:
    """Every post is changed on its way out of `normalise`."""
    original = normalise.item_from

    def item_from(status: WireStatus | None, place: Any) -> Any:
        item = original(status, place)
        if status is None or item is None or not hasattr(item, "native"):
            return item
        return change(item, status, place)

    for module in (normalise, frames, recheck):
        patch.setattr(module, "item_from", item_from)


@falls_into("two_instances_show_one_post")
def a_post_is_known_by_its_local_id(patch: pytest.MonkeyPatch) -> None:
    """It is another on every instance."""
    with_post(patch, lambda post, status, place: replace(post, native=f"{place.host}/{status.id}"))


@falls_into("two_instances_show_one_post")
def the_link_is_that_of_the_instance(patch: pytest.MonkeyPatch) -> None:
    """It changes with every instance that shows the post."""
    with_post(
        patch,
        lambda post, status, place: replace(post, link=f"https://{place.host}/statuses/{status.id}"),
    )


@falls_into("a_content_warning_stays_with_the_text")
def the_content_warning_is_dropped(patch: pytest.MonkeyPatch) -> None:
    """Only the content is read."""
    patch.setattr(normalise, "said", lambda status, place: html_to_text(status.content or "").strip())


@falls_into("what_is_not_public_says_nothing")
def visibility_is_ignored(patch: pytest.MonkeyPatch) -> None:
    """Whatever the instance shows us is taken for public."""

    def change(post: Any, status: WireStatus, place: Any) -> Any:
        consent = replace(post.consent, public=True)
        return replace(post, text=normalise.said(status, place), consent=consent)

    with_post(patch, change)


@falls_into("a_mention_of_our_own_account_is_addressed_to_us")
def a_handle_always_has_a_domain(patch: pytest.MonkeyPatch) -> None:
    """Those of the instance's own people have none."""
    patch.setattr(normalise.Place, "full", lambda self, acct: acct)


@falls_into("the_same_handle_elsewhere_is_not_ours")
def a_handle_is_compared_without_its_domain(patch: pytest.MonkeyPatch) -> None:
    """Every city's account is called `city`."""

    def is_named(acct: str | None, place: Any) -> bool:
        return (acct or "").partition("@")[0] in {name.partition("@")[0] for name in place.own}

    patch.setattr(normalise, "_is_named", is_named)


@falls_into("what_an_author_chose_comes_along")
def consent_is_not_read(patch: pytest.MonkeyPatch) -> None:
    """Public is taken for enough."""
    patch.setattr(normalise, "consent_of", lambda account, *, public: Consent(public=public))


@falls_into("what_an_author_chose_comes_along")
def profiles_are_not_read(patch: pytest.MonkeyPatch) -> None:
    """`#nobot` stands there."""
    patch.setattr(normalise, "_profile_tags", lambda account: iter(()))


@falls_into("replies_and_quotes_are_linked_to_what_they_are_about")
def a_parent_is_named_by_a_bare_id(patch: pytest.MonkeyPatch) -> None:
    """Without the instance whose id it is, no other post has that name."""
    patch.setattr(normalise, "_answered", lambda status, place: str(status.in_reply_to_id))


@falls_into("replies_and_quotes_are_linked_to_what_they_are_about")
def the_address_of_a_quote_stays_in_the_text(patch: pytest.MonkeyPatch) -> None:
    """It repeats what is quoted, handle included."""
    patch.setattr(normalise, "_QUOTE_INLINE", re.compile(r"(?!)"))


@falls_into("a_boost_is_nobody_s_post")
def a_boost_is_a_post(patch: pytest.MonkeyPatch) -> None:
    """Whoever boosted is taken for the author."""
    original = normalise.item_from

    def item_from(status: WireStatus | None, place: Any) -> Any:
        if status is not None and status.reblog is not None:
            status = _without_reblog(status)
        return original(status, place)

    for module in (normalise, frames, recheck):
        patch.setattr(module, "item_from", item_from)


def _without_reblog(status: WireStatus) -> WireStatus:
    return msgspec.structs.replace(status, reblog=None, content="<p>boosted</p>")


# ------------------------------------------------------------------------------------------ feeds that are shut


@falls_into("a_disabled_feed_is_not_an_empty_one")
def the_instance_is_not_asked_what_it_shows(patch: pytest.MonkeyPatch) -> None:
    """200 and `[]` is believed."""
    patch.setattr(instance.Instance, "access", lambda self, *, token: "open")


@falls_into("half_a_feed_is_told_of")
def half_a_feed_is_a_whole_one(patch: pytest.MonkeyPatch) -> None:
    """Nobody hears that the posts of others are missing."""
    patch.setattr(instance.Instance, "access", lambda self, *, token: "open")


@falls_into("an_unknown_tag_is_no_failure")
def a_missing_tag_is_a_missing_instance(patch: pytest.MonkeyPatch) -> None:
    """404 is an error like any other."""

    def absent(reply: Reply) -> Entries:
        raise SourceUnavailable("not found", status=reply.status)

    patch.setattr(api, "_absent", absent)


# ---------------------------------------------------------------------------------------------------- streams


@falls_into("a_stream_brings_posts_edits_and_deletions")
def a_deletion_is_taken_for_a_uri(patch: pytest.MonkeyPatch) -> None:
    """The id is local, and no post is known by it alone."""
    patch.setattr(frames, "_removal", lambda local, place: (Removal(local),))


@falls_into("a_stream_brings_posts_edits_and_deletions")
def an_edit_is_no_event(patch: pytest.MonkeyPatch) -> None:
    """`status.update` is not known."""
    original = frames.items_of_event

    def items_of_event(name: str, payload: bytes, place: Any) -> tuple[Item, ...]:
        return () if name == "status.update" else original(name, payload, place)

    patch.setattr(stream, "items_of_event", items_of_event)


@falls_into("a_stream_brings_posts_edits_and_deletions")
def a_comment_ends_an_event(patch: pytest.MonkeyPatch) -> None:
    """`:)` and `:thump` have no empty line behind them, and the event that follows is lost with them."""

    def take(self: frames.EventStream, line: bytes) -> None:
        field, _, value = line.partition(b":")
        self._lost = not field if not hasattr(self, "_lost") or not field else self._lost  # type: ignore[attr-defined]  # a mutation
        if field == b"event":
            self._name = value.decode().strip()
        elif field == b"data" and not self._lost:  # type: ignore[attr-defined]  # a mutation
            self._data.append(value.strip())

    patch.setattr(frames.EventStream, "_take", take)


@falls_into("a_websocket_brings_posts_edits_and_deletions")
def a_payload_is_an_object(patch: pytest.MonkeyPatch) -> None:
    """It is JSON in a string."""
    patch.setattr(frames, "_payload", lambda frame: msgspec.json.encode(frame.payload))


@falls_into("a_websocket_brings_posts_edits_and_deletions")
def a_deletion_is_json_like_the_rest(patch: pytest.MonkeyPatch) -> None:
    """A bare id is no status, and nothing is removed."""
    original = frames.items_of_message

    def items_of_message(message: bytes, place: Any) -> tuple[Item, ...]:
        return original(message.replace(b'"event": "delete"', b'"event": "update"'), place)

    patch.setattr(stream, "items_of_message", items_of_message)


@falls_into("what_was_said_while_nobody_listened_is_read")
def a_stream_is_trusted_to_go_on_where_it_was(patch: pytest.MonkeyPatch) -> None:
    """No reading after a connection."""

    async def read(self: stream.MastodonStream, cursor: Any, send: Any) -> Any:
        return cursor

    patch.setattr(stream.MastodonStream, "_read", read)


@falls_into("a_half_open_stream_is_noticed")
def silence_is_patience(patch: pytest.MonkeyPatch) -> None:
    """No limit to how long nothing is heard."""
    patch.setattr(stream, "IDLE_S", 86_400.0)


@falls_into("a_stream_that_only_beats_is_read_around")
def heartbeats_are_proof_of_life(patch: pytest.MonkeyPatch) -> None:
    """No reading beside a stream."""
    patch.setattr(stream, "READ_EVERY_S", 86_400.0)


# ------------------------------------------------------------------------------------------------ asking again


@falls_into("posts_are_asked_about_again")
def an_edit_is_not_looked_for(patch: pytest.MonkeyPatch) -> None:
    """What is there is taken for unchanged."""
    patch.setattr(recheck, "_verdict", lambda status, place: Verdict("unchanged"))


def _left_out_is_gone(patch: pytest.MonkeyPatch) -> None:
    original = recheck.Rechecks._several

    async def rechecked(self: recheck.Rechecks, asks: Sequence[Ask]) -> Mapping[Ask, Verdict]:
        place = self.place(await self.api.instance())
        found = {str(status.id): status for status in await original(self, asks)}
        return {
            ask: Verdict("gone")
            if ask not in found
            else recheck._verdict(found[ask], place) or Verdict("gone")
            for ask in asks
        }

    patch.setattr(recheck.Rechecks, "recheck", rechecked)


@falls_into("what_is_left_out_is_not_gone_yet")
def what_is_left_out_is_gone(patch: pytest.MonkeyPatch) -> None:
    """An empty list erases everything."""
    _left_out_is_gone(patch)


@falls_into("a_dialect_is_asked_about_one_by_one")
def every_server_has_a_list_of_many(patch: pytest.MonkeyPatch) -> None:
    """And what is not in its answer is gone."""
    patch.setattr(instance.Instance, "answers_for_many", True)
    _left_out_is_gone(patch)


@falls_into("nothing_is_gone_because_an_instance_is_ill")
def any_failure_is_a_farewell(patch: pytest.MonkeyPatch) -> None:
    """Whatever is not a status means that it is gone."""

    async def one(self: recheck.Rechecks, ask: Ask, place: Any) -> Verdict:
        try:
            status = await self.api.one(ask)
        except SourceError:
            return Verdict("gone")
        return Verdict("gone") if status is None else Verdict("unchanged")

    patch.setattr(recheck.Rechecks, "_one", one)


@falls_into("nothing_is_gone_because_an_instance_is_ill")
def everything_missing_is_believed(patch: pytest.MonkeyPatch) -> None:
    """404 for every post, and the instance is not asked whether it is one."""
    original = Api.instance

    async def known(self: Api, *, anew: bool = False) -> Any:
        return await original(self)

    patch.setattr(Api, "instance", known)

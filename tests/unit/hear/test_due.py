"""The due-queue: what may be read next."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from listener.hear.due import DueQueue

T0 = datetime(2026, 1, 1, tzinfo=UTC)


def at(seconds: float) -> datetime:
    return T0 + timedelta(seconds=seconds)


def test_sources_come_out_in_the_order_in_which_they_are_due() -> None:
    """The earliest due comes first, whatever the order of entry, and nothing comes before its time."""
    due = DueQueue()
    due.put("b", "host-b", at(20))
    due.put("a", "host-a", at(10))
    due.put("c", "host-c", at(30))

    assert [due.take(at(5)), due.take(at(25)), due.take(at(25)), due.take(at(25))] == [None, "a", "b", None]
    assert due.next_at() == at(30)


def test_one_source_of_a_group_is_out_at_a_time() -> None:
    """The second source of a host waits until the first is back and the spacing is over; other hosts do not."""
    due = DueQueue()
    due.put("first", "host", at(0))
    due.put("second", "host", at(0))
    due.put("other", "elsewhere", at(1))

    assert [due.take(at(1)), due.take(at(1)), due.take(at(1))] == ["first", "other", None]
    due.done("host", free_at=at(3))
    assert (due.take(at(2)), due.next_at()) == (None, at(3))
    assert due.take(at(3)) == "second"


def test_a_source_that_is_put_again_has_one_place() -> None:
    """The later word counts, in either direction."""
    due = DueQueue()
    due.put("a", "host", at(10))
    due.put("a", "host", at(5))
    due.put("b", "host-b", at(1))
    due.put("b", "host-b", at(50))

    assert [due.take(at(9)), due.take(at(9)), len(due)] == ["a", None, 1]
    assert due.take(at(50)) == "b"


def test_a_removed_source_never_comes_out() -> None:
    """Nor does it hold up its group."""
    due = DueQueue()
    due.put("gone", "host", at(0))
    due.put("stays", "host", at(1))
    due.remove("gone")

    assert [due.take(at(5)), len(due)] == ["stays", 0]


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["put", "take", "done", "remove"]),
            st.integers(0, 5),
            st.integers(0, 40),
        ),
        max_size=60,
    )
)
def test_the_queue_agrees_with_a_plain_model(acts: list[tuple[str, int, int]]) -> None:
    """Whatever happens in whatever order, take gives a source that a sorted list would give, or none when it has none."""
    due = DueQueue()
    waiting: dict[str, tuple[datetime, int]] = {}
    busy: set[str] = set()
    free_at: dict[str, datetime] = {}
    for number, (act, which, seconds) in enumerate(acts):
        name, group = f"s{which}", f"g{which % 3}"
        if act == "put":
            due.put(name, group, at(seconds))
            waiting[name] = (at(seconds), number)
        elif act == "remove":
            due.remove(name)
            waiting.pop(name, None)
        elif act == "done" and group in busy:
            due.done(group, free_at=at(seconds))
            busy.discard(group)
            free_at[group] = at(seconds)
        elif act == "take":
            now = at(seconds)
            ready = {
                one
                for one, (due_at, _) in waiting.items()
                if f"g{int(one[1:]) % 3}" not in busy
                and max(due_at, free_at.get(f"g{int(one[1:]) % 3}", T0)) <= now
                and (due_at, _) == min(v for k, v in waiting.items() if int(k[1:]) % 3 == int(one[1:]) % 3)
            }
            taken = due.take(now)
            assert (taken is None) == (not ready)
            if taken is not None:
                assert taken in ready
                del waiting[taken]
                busy.add(f"g{int(taken[1:]) % 3}")


def test_idle_sources_cost_little_memory() -> None:
    """Ten thousand sources on ten thousand hosts take less than a kilobyte each."""
    import tracemalloc

    tracemalloc.start()
    due = DueQueue()
    for number in range(10_000):
        due.put(f"source-{number}", f"host-{number}", at(number))
    used, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()

    assert used / 10_000 < 1024

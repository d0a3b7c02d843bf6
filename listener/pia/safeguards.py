"""
What protects people, each with the promise it keeps and the test that proves it.

`promise` is a number of section 3 of the design; `items` are those of `tests/privacy`. The words stand in
`tell/pages/words/pia.*.toml` under the key. A test fails where a named test is missing, where an item is named by none, and
where a safeguard has no words.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Safeguard:
    """
    Args:
        key: In the words.
        promise: Number.
        items: Such as `D10`.
        tests: Each a file below `tests/`, and a function.
    """

    key: str
    promise: int
    items: tuple[str, ...]
    tests: tuple[str, ...]


_COLLECT: Final = "privacy/test_d01_to_d06_collect_less.py"
_DELETE: Final = "privacy/test_d10_to_d13_deletion.py"
_EXPORT: Final = "privacy/test_d14_exports.py"
_TIME: Final = "privacy/test_d15_to_d20_time_and_choices.py"
_NOBODY: Final = "privacy/test_d22_nobody_is_watched.py"

SAFEGUARDS: Final[tuple[Safeguard, ...]] = (
    Safeguard(
        "reads_only",
        1,
        ("D24",),
        ("privacy/test_d24_read_only.py::test_d24_only_declared_addresses_are_asked_and_only_with_get",),
    ),
    Safeguard(
        "allow_list",
        2,
        ("D1",),
        (f"{_COLLECT}::test_d01_a_field_that_nobody_declared_never_becomes_an_object",),
    ),
    Safeguard(
        "no_author",
        2,
        ("D1", "D2"),
        (f"{_COLLECT}::test_d01_and_d02_an_event_says_what_is_declared_and_nothing_of_who",),
    ),
    Safeguard(
        "masked",
        2,
        ("D2",),
        ("privacy/test_d02_default_text_mode.py::test_d02_what_people_write_arrives_without_people",),
    ),
    Safeguard(
        "not_asked",
        2,
        ("D3",),
        (
            f"{_COLLECT}::test_d03_x_is_asked_for_no_author",
            f"{_COLLECT}::test_d03_youtube_is_asked_for_no_author",
        ),
    ),
    Safeguard(
        "memory_only",
        2,
        ("D4",),
        (
            "pipeline/test_canary.py::test_no_person_leaves_the_house",
            "pipeline/test_canary_networks.py::test_nobody_leaves_the_house",
            f"{_COLLECT}::test_d04_nothing_is_dumped",
        ),
    ),
    Safeguard("counts_only", 2, ("D5",), (f"{_COLLECT}::test_d05_with_counts_no_body_is_at_rest_at_all",)),
    Safeguard("labels", 2, ("D6",), (f"{_COLLECT}::test_d06_no_label_of_a_metric_carries_what_was_said",)),
    Safeguard(
        "logs",
        2,
        ("D25",),
        ("privacy/test_d25_logs.py::test_d25_no_log_line_or_metric_holds_a_word_or_a_person",),
    ),
    Safeguard(
        "no_profile",
        2,
        ("D23",),
        ("privacy/test_d23_no_author_dimension.py::test_d23_no_event_and_no_answer_has_an_author_dimension",),
    ),
    Safeguard(
        "removed",
        4,
        ("D10",),
        (f"{_DELETE}::test_d10_a_removal_is_told_once_with_its_reason_and_no_content",),
    ),
    Safeguard(
        "asked_again",
        4,
        ("D11",),
        (
            f"{_DELETE}::test_d11_a_deletion_before_its_post_keeps_it_out_and_silent_ones_are_asked_for_in_time",
        ),
    ),
    Safeguard("bytes_gone", 4, ("D12",), (f"{_DELETE}::test_d12_no_file_holds_a_byte_of_what_had_to_go",)),
    Safeguard(
        "consumers",
        4,
        ("D13",),
        (f"{_DELETE}::test_d13_who_was_away_meets_the_removal_or_is_told_to_begin_again",),
    ),
    Safeguard(
        "exports",
        5,
        ("D14",),
        (f"{_EXPORT}::test_d14_no_word_of_what_was_forgotten_or_is_over_is_told_by_file_and_data_together",),
    ),
    Safeguard(
        "ends", 5, ("D15",), (f"{_TIME}::test_d15_a_clock_that_jumps_past_the_retention_ends_every_body",)
    ),
    Safeguard(
        "engine_proves",
        5,
        ("D16",),
        ("privacy/test_d16_preflight.py::test_d16_a_file_that_was_weakened_is_refused_by_name",),
    ),
    Safeguard(
        "choices", 2, ("D18",), (f"{_TIME}::test_d18_what_somebody_chose_is_asked_before_anything_is_stored",)
    ),
    Safeguard(
        "objections",
        2,
        ("D19",),
        (f"{_TIME}::test_d19_an_objection_is_kept_as_a_keyed_hash_and_takes_the_past_away",),
    ),
    Safeguard(
        "public_only",
        2,
        ("D20",),
        (f"{_TIME}::test_d20_what_is_not_public_never_enters_though_the_network_tells_it",),
    ),
    Safeguard(
        "review",
        6,
        ("D21",),
        (
            "privacy/test_d21_purpose.py::test_d21_past_its_review_a_watch_pauses_says_so_and_goes_on_after_it",
        ),
    ),
    Safeguard(
        "no_machine",
        2,
        ("D26",),
        ("privacy/test_d26_no_machine_decides.py::test_d26_the_notice_says_that_no_machine_decides",),
    ),
    Safeguard(
        "nobody_watched",
        6,
        ("D22",),
        (f"{_NOBODY}::test_d22_a_person_is_refused_by_account_and_by_name_and_protest_on_x",),
    ),
)

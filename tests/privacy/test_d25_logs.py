"""
D25: what is told about the daemon's work tells of nobody. Planted handles, tokens and texts in every input and every output:
`tests/pipeline/test_canary*.py`; here the sum of it, for every network, at DEBUG.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.pipeline.deletion_scenes import SCENES, new_word, old_word
from tests.privacy.networks import SAID, heard


def run_behind(params: dict[str, Any]) -> tuple[str, str]:
    """Which run a test looks at (`tests/conftest.py`)."""
    return "heard", params["network"]


@pytest.mark.parametrize("network", SCENES)
def test_d25_no_log_line_or_metric_holds_a_word_or_a_person(network: str) -> None:
    """At DEBUG, through posts, an edit, a deletion and questions: not a word that was said, nobody who said it."""
    seen = heard(network)
    traces = (*seen.people, *map(old_word, SAID), *map(new_word, SAID))

    assert [trace for trace in traces for told in (seen.log, seen.metrics) if trace in told] == []
    assert '"level":"debug"' in seen.log.replace(" ", "")

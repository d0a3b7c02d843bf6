"""
In which order the tests of this folder run.
"""

from __future__ import annotations

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Tests of a module that look at one costly run (`run_behind` says which) stand side by side: a worker is dealt a stretch
    of the list, and makes the runs behind it for itself.
    """
    behind = {
        number: item.module.run_behind(item.callspec.params)
        for number, item in enumerate(items)
        if isinstance(item, pytest.Function)
        and hasattr(item, "callspec")
        and hasattr(item.module, "run_behind")
    }
    order = {run: place for place, run in enumerate(dict.fromkeys(behind.values()))}
    sorted_items = [items[number] for number in sorted(behind, key=lambda number: order[behind[number]])]
    for number, item in zip(behind, sorted_items, strict=True):
        items[number] = item

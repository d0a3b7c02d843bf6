"""
What every test stands on: one event loop, and an environment that cannot leak into a result.
"""

from __future__ import annotations

import gc
import os
from typing import Final

import pytest
from hypothesis import settings

# Hundreds of processes are started by tests, and each would compile all its modules anew. `__pycache__` is git's to ignore.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

gc.disable()  # until everything is collected: what is imported stays, and is looked through for nothing

pytest.register_assert_rewrite("listener.testing.queue_contract")  # a failure shows the values it compared

# The same examples in every run: what `test` says today it says tomorrow. Random ones belong to `endurance`.
settings.register_profile("test", derandomize=True, database=None, deadline=None)
settings.load_profile("test")

_LEAKY: Final = {
    "ALL_PROXY",
    "FTP_PROXY",
    "HTTP_PROXY",
    "HTTPS_PROXY",
    "NO_PROXY",
    "REQUESTS_CA_BUNDLE",
    "CURL_CA_BUNDLE",
    "SSLKEYLOGFILE",
    "SSL_CERT_DIR",
    "SSL_CERT_FILE",
}
"""Variables (in either case) that HTTP and TLS libraries read behind our back."""


def pytest_collection_finish() -> None:
    """
    Modules and tests are there for good: `gc.collect()`, by itself or in a test, looks at what came since.
    """
    gc.enable()
    gc.collect()
    gc.freeze()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Tests that look at one costly run (their module's `run_behind` says which) stand side by side: a worker is dealt a stretch
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


def pytest_make_parametrize_id(val: object) -> str | None:
    """
    A set is named in order: both processes of a test run must call a test the same.
    """
    if isinstance(val, set | frozenset):
        return "{" + ", ".join(sorted(map(repr, val))) + "}"
    return None


@pytest.fixture
def anyio_backend() -> str:
    """
    The engines and the transport run on asyncio only.
    """
    return "asyncio"


@pytest.fixture(autouse=True)
def clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """
    No proxy, no certificate store and no setting of ours comes from the machine the tests run on.
    """
    for name in tuple(os.environ):
        if name.upper() in _LEAKY or (name.startswith("LISTENER_") and name != "LISTENER_CORPUS"):
            monkeypatch.delenv(name)

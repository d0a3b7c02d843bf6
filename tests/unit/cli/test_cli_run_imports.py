"""What the daemon leaves out of its memory."""

from __future__ import annotations

import sys

import pytest

from listener.cli.run import without


def test_a_module_is_hidden_only_meanwhile(monkeypatch: pytest.MonkeyPatch) -> None:
    """It cannot be imported inside and can be imported after; one that was there before stays."""
    monkeypatch.delitem(sys.modules, "colorsys", raising=False)
    with without("colorsys", "sys"):
        with pytest.raises(ImportError):
            __import__("colorsys")
        inside = sys.modules["sys"]
    after = __import__("colorsys")

    assert inside is sys
    assert after is sys.modules["colorsys"]

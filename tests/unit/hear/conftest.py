"""
What several tests of the reader need.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fakes.tls import self_signed


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """
    Certificate and key of blog.example, signed by itself.
    """
    return self_signed(tmp_path_factory.mktemp("tls") / "blog.pem")

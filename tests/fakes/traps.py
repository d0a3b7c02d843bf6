"""
Traps of a network: checks that the shipped adapter passes, and mutations of it that each turn one of them red. A check that nothing
turns red proves nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

import pytest

from listener.errors import SourceError

Check = Callable[[], Awaitable[None]]
Mutation = Callable[[pytest.MonkeyPatch], None]


class Traps:
    """
    Mutations, by the check that has to notice.

    Args:
        checks: By name.
        also: What a check may end with when it notices, beside an assertion and an error of the source.
    """

    def __init__(self, checks: Mapping[str, Check], *, also: tuple[type[Exception], ...] = ()) -> None:
        self._checks = checks
        self._red: tuple[type[BaseException], ...] = (
            AssertionError,
            SourceError,
            pytest.fail.Exception,
            *also,
        )
        self.mutations: dict[str, tuple[str, Mutation]] = {}

    def falls_into(self, name: str) -> Callable[[Mutation], Mutation]:
        """The check that has to notice."""

        def entered(mutation: Mutation) -> Mutation:
            self.mutations[mutation.__name__] = (name, mutation)
            return mutation

        return entered

    async def turn_red(self, name: str, patch: pytest.MonkeyPatch) -> None:
        """With the mutation in place its check fails."""
        noticed_by, mutate = self.mutations[name]
        mutate(patch)

        with pytest.raises(self._red):
            await self._checks[noticed_by]()

    @property
    def unproved(self) -> set[str]:
        """Checks that no mutation turns red, and checks that there are not."""
        return {noticed_by for noticed_by, _ in self.mutations.values()} ^ set(self._checks)

"""The tests in which each step began, while they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock._recording.substitutions import replacements
from penstock.check.evidence import Visit
from penstock.check.evidence.circumstances import NOTHING, PLAIN, unrun

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from penstock.check.evidence import Seen
    from penstock.check.evidence.circumstances import Key

Place = tuple[str, str, str, frozenset[str], frozenset[str], frozenset[str], frozenset[str]]
"""A fact without its circumstances, and the steps that tests had replaced."""


class VisitCounts:
    """The tests of each place where a step began.

    Attributes:
        has_news: Whether a test was added since this was last set.
    """

    def __init__(self) -> None:
        self.has_news = False
        self._tests: dict[Place, set[str]] = {}
        self._test = ""
        self._test_keys: set[Key] = set()
        """The facts without replaced steps that are noted for the last test: most facts recur in one test."""
        self._started_steps: set[tuple[str, str]] = set()
        """The same of steps that began with no enclosing step."""

    def add(self, key: Key, names: frozenset[str], test: str) -> None:
        """Note a test of a fact, with the steps that it had replaced."""
        tests = self._tests.setdefault((*key[:6], names), set())
        if test and test not in tests:
            tests.add(test)
            self.has_news = True

    def add_all(self, pairs: Iterable[tuple[Key, str]]) -> None:
        """Note the tests of facts for which it is not known yet whether a test has replaced steps by hand."""
        known, last_test = self._test_keys, self._test
        for key, test in pairs:
            if test is not last_test:
                known, last_test = self._switch(test), test
            if test and key not in known:
                self._add_compared(key, test)

    def add_beginning(self, flow: str, step: str, names: frozenset[str], test: str) -> None:
        """Note the test of a step that began with no enclosing step."""
        if test is not self._test:
            self._switch(test)
        key: Key = flow, step, "", NOTHING, NOTHING, NOTHING, PLAIN
        if names:
            self.add(key, names, test)
        elif self._add_compared(key, test):
            self._started_steps.add((flow, step))

    def has_beginning(self, flow: str, step: str, test: str) -> bool:
        """Return whether such a step is noted already for this test, without replaced steps."""
        return test is self._test and (flow, step) in self._started_steps

    def _switch(self, test: str) -> set[Key]:
        """Forget what is known of the last test, and return what is known of this one: nothing."""
        self._test, self._test_keys, self._started_steps = test, set(), set()
        return self._test_keys

    def _add_compared(self, key: Key, test: str) -> bool:
        """Note a test of a fact; return whether it has replaced no step by hand."""
        names = unrun(key, replacements.by_hand(key[0]))
        if not names:
            self._test_keys.add(key)
        self.add(key, names, test)
        return not names

    def collect(self, seen: Callable[[str, str], Seen]) -> dict[Visit, frozenset[str]]:
        """Return the tests of each place.

        Args:
            seen: Returns a step of a flow with the hash of its source.
        """

        def group(flow: str, steps: Iterable[str]) -> frozenset[Seen]:
            """Return steps of a flow with the hashes of their sources."""
            return frozenset(seen(flow, step) for step in steps)

        visits: dict[Visit, frozenset[str]] = {}
        for (flow, step, parent, done, ancestors, outside, names), tests in self._tests.copy().items():
            above = seen(flow, parent) if parent else None
            sides = group(flow, done), group(flow, ancestors), group(flow, outside)
            visits[Visit(flow, seen(flow, step), above, *sides, names)] = frozenset(tests)
        return visits

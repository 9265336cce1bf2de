"""Outcomes of calls."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.callgraph.abstract_values import Job, Some

if TYPE_CHECKING:
    from penstock.callgraph.call_paths import Reach


class Outcome(NamedTuple):
    """The outcome of a call.

    Attributes:
        result: The values that it returns.
        reach: The steps that have run when it returns.
        started: The steps that it only starts.
    """

    result: Some
    reach: Reach
    started: Reach

    @classmethod
    def of(cls, result: Some | None = None) -> Outcome:
        """Return an outcome that leads to no step."""
        return cls(Some() if result is None else result, {}, {})

    def merge(self, other: Outcome) -> None:
        """Merge the outcome of another call."""
        self.result.update(other.result)
        for steps, other_steps in ((self.reach, other.reach), (self.started, other.started)):
            for tag, site in other_steps.items():
                steps.setdefault(tag, site)


def resolve_pending(some: Some) -> Some:
    """Return the values, with started work replaced by its results."""
    result = Some(tags=some.tags)
    for value in some:
        result.update(value.result if isinstance(value, Job) else Some([value]))
    return result

"""How much of a flow's attention each function gets: an entrypoint shares it among its callees, by the size of their code.

So a function that nearly all of the flow happens in gets nearly all of it, and passes it on, however deep calls nest; one
of many small helpers gets next to nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock.discover.choice.runs import members

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from penstock.discover.choice.runs import Runs

_SMALL = 2
"""Statements of a function that no reader would count among its caller's parts."""


class Attention(NamedTuple):
    """The attention that a function gets from the caller that gives most.

    Attributes:
        caller: The attention that this caller has itself.
        share: The share of it that it gives.
        parts: Among how many callees, apart from the smallest.
    """

    caller: float
    share: float
    parts: int

    @property
    def amount(self) -> float:
        """What the function gets."""
        return self.caller * self.share


def share_attention(runs: Runs, statements: Callable[[int], int]) -> dict[int, Attention]:
    """Return the attention that each function of the runs gets.

    Args:
        runs: The runs.
        statements: Returns the number of statements of a function.
    """
    sizes = _measure(runs, statements)
    attention = {function: Attention(1.0, 1.0, 1) for function in runs.entrypoints}
    for caller in sorted(runs.depths, key=lambda function: (runs.depths[function], function)):
        callees = runs.callees.get(caller, set()) - {caller}
        total = sum(sizes[callee] for callee in callees)
        parts = sum(statements(callee) > _SMALL for callee in callees)
        for callee in callees:
            if runs.depths[callee] > runs.depths[caller]:
                given = Attention(attention[caller].amount, sizes[callee] / total, max(1, parts))
                attention[callee] = max(given, attention.get(callee, given), key=lambda attention: attention.amount)
    return attention


def _measure(runs: Runs, statements: Callable[[int], int]) -> Mapping[int, int]:
    """Return the statements of each function and of all that ran inside it, each counted once."""
    return {
        function: statements(function) + sum(statements(inner) for inner in members(below) if inner != function)
        for function, below in runs.functions_below.items()
    }

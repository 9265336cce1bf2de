"""Chooses the steps of a flow by the sum of their weighted features.

The weights come from a logistic regression on the flows that people declared of eight applications, each tested with
the weights of the seven others; ``make discovery`` measures what they do.
"""

from __future__ import annotations

from math import log2
from typing import TYPE_CHECKING

from penstock.discover.choice.features import collect_features

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.discover.choice.features import Features
    from penstock.discover.choice.runs import Runs
    from penstock.discover.choice.source import SourceReader
    from penstock.discover.proposal import Choice

_LEADERS = 6
"""The steps that others are compared with."""
_MARGIN = 2.3
"""How far a step's score may be below the mean of the leaders' scores."""
_LEAST_ATTENTION = 0.001
_LAST = 100.0
"""What puts a function behind all others."""


def choose_steps(runs: Runs, sources: SourceReader, choice: Choice) -> tuple[list[int], list[int]]:
    """Return the functions to be steps of the flow of some runs, and the others that could be, the likeliest first.

    Args:
        runs: The runs of the flow's entrypoint.
        sources: Finds the source of functions.
        choice: The wishes of the reader, which go before all scores.
    """
    scores = rank(runs, sources)
    functions = runs.recording.functions
    added = {number for number in runs.functions if functions[number].address in choice.added} - runs.entrypoints
    dropped = {number for number in runs.functions if functions[number].address in choice.dropped}
    candidates = [number for number in scores if number not in added | dropped]
    leaders = [scores[number] for number in candidates[:_LEADERS] if scores[number] > -_LAST / 2]
    least = sum(leaders) / len(leaders) - _MARGIN if leaders else 0.0
    room = max(0, choice.most - len(added))
    best = [number for number in candidates[:room] if scores[number] >= least]
    others = [number for number in scores if number not in added and number not in best]
    return [*sorted(added), *best], others


def rank(runs: Runs, sources: SourceReader) -> dict[int, float]:
    """Return the score of each function that can be a step, the best first."""
    features = collect_features(runs, sources)
    if not features:
        return {}
    habits = _mean_habits(features)
    scores = {number: _score(function, habits) for number, function in features.items()}
    return dict(sorted(scores.items(), key=lambda item: (-item[1], item[0])))


def _mean_habits(features: Mapping[int, Features]) -> tuple[float, float]:
    """Return the share of public and of documented functions, near ones first: in some projects, all are private."""
    weights = {number: 1 / function.depth for number, function in features.items()}
    total = sum(weights.values())
    public = sum(weights[number] for number, function in features.items() if function.public)
    documented = sum(weights[number] for number, function in features.items() if function.documented)
    return public / total, documented / total


def _score(function: Features, habits: tuple[float, float]) -> float:
    attention = function.attention
    is_trivial = function.statements <= 2 and not function.callees
    return (
        0.45 * log2(max(_LEAST_ATTENTION, attention.caller))
        + 0.55 * log2(max(_LEAST_ATTENTION, attention.caller / attention.parts))
        - 0.8 * (attention.share > 0.5)
        + 1.5 * function.share
        - 0.5 * min(4, log2(max(1, function.rate)))
        - 0.5 * min(4, log2(max(1, function.callers)))
        + 0.9 * log2(1 + function.callees)
        + 0.6 * min(5, log2(1 + function.statements))
        + 0.3 * (function.public - habits[0])
        + 0.5 * (function.documented - habits[1])
        + 0.2 * function.writes
        - 0.3 * is_trivial
        - 0.8 * function.answers
        - 1.6 * function.repeated
        - _LAST * (function.detail or function.delegates)
    )

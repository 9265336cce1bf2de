"""Proposals: entrypoints to choose from, and the flow that begins at one."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock.check.evidence import Evidence
    from penstock.discover.recording import Function


@dataclass(frozen=True)
class Candidate:
    """A function that may be an entrypoint.

    Attributes:
        function (Function): The function.
        triggers (tuple[str, ...]): What started it, the most frequent first.
        runs (int): How often it was called.
        below (int): How many different functions ran inside it.
        writes (tuple[str, ...]): What it and the functions inside it wrote.
    """

    function: Function
    triggers: tuple[str, ...] = ()
    runs: int = 0
    below: int = 0
    writes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Choice:
    """What the reader asks of a proposal.

    Attributes:
        most (int): The maximum number of steps, without the entrypoint.
        added (frozenset[str]): Addresses of functions that are to be steps.
        dropped (frozenset[str]): Addresses of functions that are not to be steps.
        names (Mapping[str, str]): Names for steps, by address.
        flow (str): The name of the flow; if empty, it is made of the entrypoint's.
    """

    most: int = 12
    added: frozenset[str] = frozenset()
    dropped: frozenset[str] = frozenset()
    names: Mapping[str, str] = field(default_factory=dict)
    flow: str = ""


@dataclass(frozen=True)
class ProposedStep:
    """A proposed step.

    Attributes:
        function (Function): Its function.
        name (str): Its name in the flow, unique there.
        after (Mapping[str, str]): The names of the steps before it, each with the label of the edge, or an empty string.
        effects (tuple[str, ...]): What it writes outside.
        trigger (str): What starts it; of the entrypoint only.
    """

    function: Function
    name: str
    after: Mapping[str, str] = field(default_factory=dict)
    effects: tuple[str, ...] = ()
    trigger: str = ""


@dataclass(frozen=True)
class ProposedFlow:
    """A proposed flow.

    Attributes:
        name (str): Its name.
        title (str): Its title, from the entrypoint's docstring; or its name.
        steps (tuple[ProposedStep, ...]): The entrypoint, then the steps in flow order.
        others (tuple[Function, ...]): Functions that could be added, the likeliest first.
        evidence (Evidence | None): What was seen of these steps; ``None`` if nothing ran.
        notes (tuple[str, ...]): What the reader should know about it, a sentence each.
    """

    name: str
    title: str
    steps: tuple[ProposedStep, ...]
    others: tuple[Function, ...] = ()
    evidence: Evidence | None = None
    notes: tuple[str, ...] = ()

"""The one table of finding kinds: what each says, whether it fails the check, its cure, and how its edges are drawn.

A new kind is a row here, with its code in the ``Literal`` above it, and the place in :mod:`penstock.check` that finds it.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

EdgeFindingCode = Literal[
    "outdated", "no-longer-seen", "never-seen", "undeclared", "indirect", "context-lost", "unexercised"
]
"""The code of a finding on an edge, which is the state of that edge."""

FindingCode = Literal[
    EdgeFindingCode,
    "unknown-step",
    "contract",
    "unmatched-ignore",
    "topic-without-consumer",
    "topic-without-producer",
    "undeclared-effect",
    "effect-never-seen",
    "trigger-never-seen",
    "undeclared-trigger",
    "route-unknown",
]
"""The code of a finding; the problems of declarations have codes of their own."""

State = Literal["", "confirmed", "untested", EdgeFindingCode]
"""The result of checking an edge; empty if it was not checked. In drawings that mark what no test takes, ``untested`` stands
in the place of others."""

Severity = Literal["error", "note"]
"""An error fails the check; a note is only reported."""

EdgeLine = Literal["solid", "dashed", "dotted"]


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeStyle:
    """The appearance of an edge that is not simply right.

    Attributes:
        words: The state in words.
        count_words: The state behind a number of edges, where that is not the same.
        label: The text on the edge; empty if the line is enough, because many edges may look so.
        line: The line style of the edge.
        fault: Whether something is wrong, and not just unknown.
    """

    words: str
    count_words: str = ""
    label: str = ""
    line: EdgeLine = "dashed"
    fault: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingKind:
    """A kind of finding.

    Attributes:
        code: Its code, which is also the name of its page in the reference, and the state of its edges.
        summary: What it means, in one sentence.
        severity: Whether it fails the check.
        message: What a finding on an edge says, with ``{source}`` and ``{target}``; empty for a kind without edges.
        cure: What to do about an edge, where that does not depend on the edge.
        style: How its edges are drawn; ``None`` for a kind without edges.
        refuted: Whether the runs of both steps refute its edges.
    """

    code: FindingCode
    summary: str
    severity: Severity = "error"
    message: str = ""
    cure: str = ""
    style: EdgeStyle | None = None
    refuted: bool = False


_KINDS = (
    FindingKind(
        code="outdated",
        summary="The code has changed since it was recorded.",
        severity="note",
        message="the evidence of {source} and {target} is older than their code.",
        cure="Record the evidence again: pytest --penstock",
        style=EdgeStyle(words="outdated", label="outdated"),
    ),
    FindingKind(
        code="no-longer-seen",
        summary="Earlier evidence shows the arrow, and the current evidence does not.",
        message="{target} no longer runs after {source}.",
        style=EdgeStyle(words="no longer seen", label="no longer seen", fault=True),
        refuted=True,
    ),
    FindingKind(
        code="never-seen",
        summary="Both steps run, but never one after the other.",
        message="{target} never runs after {source}.",
        style=EdgeStyle(words="never seen", label="never seen", fault=True),
        refuted=True,
    ),
    FindingKind(
        code="undeclared",
        summary="A step runs after one that no arrow leads from.",
        message="{target} runs after {source}, and no arrow says so.",
        style=EdgeStyle(words="not declared", label="not declared", line="solid", fault=True),
    ),
    FindingKind(
        code="indirect",
        summary="A step runs inside another one than its arrow says.",
        message="{target} does not run right after {source}.",
        style=EdgeStyle(words="indirect", label="indirect", fault=True),
        refuted=True,
    ),
    FindingKind(code="unknown-step", summary="A step ran that no flow declares."),
    FindingKind(code="contract", summary="A contract of the project is broken."),
    FindingKind(code="unmatched-ignore", summary="An ignore matches no finding."),
    FindingKind(
        code="context-lost",
        summary="A step runs in a context that has lost its run.",
        severity="note",
        message="{lost} runs in a context that has lost its run, so {other} cannot be confirmed.",
        cure="Carry the run along: penstock.carry(function), or the integration of penstock.contrib.",
        style=EdgeStyle(words="context lost", count_words="with lost context", line="dotted"),
    ),
    FindingKind(
        code="topic-without-consumer",
        summary="A step writes to a topic or queue that starts no flow of any service.",
        severity="note",
    ),
    FindingKind(
        code="topic-without-producer",
        summary="A topic or queue starts a flow, and no step of any service writes to it.",
        severity="note",
    ),
    FindingKind(
        code="undeclared-effect",
        summary="A step writes something outside the process, and no effect says so.",
        severity="note",
    ),
    FindingKind(
        code="effect-never-seen",
        summary="A step ran, and never touched what its effect names.",
        severity="note",
    ),
    FindingKind(
        code="trigger-never-seen",
        summary="An entrypoint is started by something else than its trigger names.",
        severity="note",
    ),
    FindingKind(
        code="undeclared-trigger",
        summary="Something starts runs at an entrypoint that has no trigger.",
        severity="note",
    ),
    FindingKind(
        code="route-unknown",
        summary="The framework has no route, task or command that a trigger names.",
        severity="note",
    ),
    FindingKind(
        code="unexercised",
        summary="Neither a test nor the code shows the arrow.",
        severity="note",
        message="no evidence shows that {target} runs after {source}.",
        cure="Let a test run it: pytest --penstock",
        style=EdgeStyle(words="not exercised"),
    ),
)

FINDING_KINDS: Mapping[str, FindingKind] = MappingProxyType({kind.code: kind for kind in _KINDS})
"""Every kind of finding by its code, in the order in which a summary counts them."""

REFUTED: tuple[FindingCode, ...] = tuple(kind.code for kind in _KINDS if kind.refuted)
"""The states of edges that the runs of both steps refute."""

"""Findings: the problem, its location, the observation, and the cure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from penstock.check.findings.fix_hints import choose_names, describe_cure
from penstock.check.proposals.proposal import Proposal, proposals
from penstock.check.verdict.judgement import ends_with_lost_context
from penstock.model.finding_kinds import FINDING_KINDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.check.verdict.judgement import Judgement
    from penstock.model import Edge, Flow, Problem, Step
    from penstock.model.finding_kinds import FindingCode, FindingKind, Severity
    from penstock.model.problem_codes import ProblemCode


_SEVERAL_A_STEP = frozenset(
    {"contract", "undeclared-effect", "effect-never-seen", "trigger-never-seen", "undeclared-trigger"}
)
"""The codes of findings that one step may have several of; the message tells them apart."""


class RelatedLocation(NamedTuple):
    """A place in the source, with a description."""

    file: str
    line: int
    text: str

    @property
    def where(self) -> str:
        """``file:line``, as far as they are known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that does not agree.

    Attributes:
        code: The kind of finding, one of :data:`FindingCode`, which has a page in the reference; or the code of a problem.
        severity: Whether it fails the check.
        flow: The flow's full name, or an empty string.
        source: The step at the arrow's tail, or an empty string.
        target: The step at the arrow's head, or the step concerned, or an empty string.
        message: The problem, in one sentence.
        seen: The observation of the witnesses, in one sentence, or an empty string.
        cure: The advice, with the exact ``after=`` to write where that is the cure.
        after: The names that ``after=`` of the target should hold, where that is the cure; else ``None``.
        effects: The resources that ``effects=`` of the target should hold, where that is the cure; else ``None``.
        trigger: The resource that ``trigger=`` of the target should name, where that is the cure; else an empty string.
        file: The file to edit.
        line: The line in it, counted from 1; 0 where none is known.
        related: Other relevant places, such as the edge's other end.
        cause: The same text in all findings that one change fixes together, or an empty string.
        service: The service of the flow, or an empty string.
        advice: The end of the message of a problem that says what to do, or an empty string.
        missing: The name that no step has, where that is the problem, or an empty string.
    """

    code: FindingCode | ProblemCode
    severity: Severity
    flow: str = ""
    source: str = ""
    target: str = ""
    message: str
    seen: str = ""
    cure: str = ""
    after: tuple[str, ...] | None = None
    effects: tuple[str, ...] | None = None
    trigger: str = ""
    file: str = ""
    line: int = 0
    related: tuple[RelatedLocation, ...] = ()
    cause: str = ""
    service: str = ""
    advice: str = ""
    missing: str = ""

    @property
    def where(self) -> str:
        """``file:line``, as far as they are known."""
        return f"{self.file}:{self.line}" if self.file and self.line else self.file

    @property
    def has_proposal(self) -> bool:
        """Whether it says what an argument of the declaration should hold."""
        return self.after is not None or self.effects is not None or bool(self.trigger)

    @property
    def key(self) -> str:
        """A key that survives moved lines: the code, the flow, and both ends, or the words of a contract or problem."""
        if not self.arrow or self.code in FINDING_KINDS:
            return self.short_key
        sentence = self.message.removesuffix(self.advice).rstrip()  # advice may name other steps, which come and go
        return f"{self.short_key}: {sentence.removesuffix('.')}"

    @property
    def short_key(self) -> str:
        """The key without the words of a problem, as older baselines have it."""
        subject = self.message if self.code in _SEVERAL_A_STEP else self.arrow
        return " ".join(filter(None, (self.code, self.flow, subject or self.message)))

    @property
    def flow_names(self) -> tuple[str, ...]:
        """The names of the flow: the full one, and the one without the service."""
        return tuple(dict.fromkeys((self.flow, self.flow.removeprefix(f"{self.service}/" if self.service else ""))))

    @property
    def arrow(self) -> str:
        """``source -> target``, the bare step, or an empty string."""
        return f"{self.source} -> {self.target}" if self.source and self.target else self.target


def findings(judgement: Judgement, *, old: bool = False) -> Iterator[Finding]:
    """Yield findings on the edges of a flow, in flow order, then on undeclared steps.

    Args:
        judgement: The verdict on the flow.
        old: Whether the evidence is of older code, so that it may contain steps under former names.
    """
    flow = judgement.flow
    is_failing = any(kind.severity == "error" for edge in flow.edges if (kind := FINDING_KINDS.get(edge.state)))
    proposed = proposals(judgement) if is_failing else {}
    later = {(edge.source, edge.target): edge for proposal in proposed.values() for edge in proposal.later_failures}
    current_edges = [edge for edge in flow.edges if (edge.source, edge.target) not in later]
    for edge in (*current_edges, *later.values()):
        if kind := FINDING_KINDS.get(edge.state):
            yield _of_edge(judgement, edge, kind, proposed.get(edge.target, Proposal(())))
    yield from (
        _find_unknown_step(flow, name, times, old=old) for name, times in sorted(judgement.tally.unknown.items())
    )


def _find_unknown_step(flow: Flow, name: str, times: int, *, old: bool) -> Finding:
    """Return a finding for an undeclared step, located at the flow's start, because the step's own place is unknown."""
    begin = next(iter((*flow.entrypoints, *flow.steps)), None)
    observation = f"It is in {times:,} fact{'' if times == 1 else 's'} of the evidence"
    advice = "Record the evidence again: pytest --penstock"
    return Finding(
        code="unknown-step",
        severity="note" if old else FINDING_KINDS["unknown-step"].severity,
        flow=flow.full_name,
        service=flow.service,
        target=name,
        message=f"{name} ran in the flow {flow.name}, which declares no such step.",
        seen=f"{observation}, which is older than the code." if old else f"{observation}.",
        cure=advice if old else f"{advice}, or add the step's module to `modules`.",
        file=begin.file if begin else "",
        line=begin.line if begin else 0,
    )


def make_step_finding(
    code: FindingCode, flow: Flow, step: Step, message: str, *, seen: str = "", cure: str = ""
) -> Finding:
    """Return a finding on a step itself, at its place in the code, with the severity of its kind."""
    return Finding(
        code=code,
        severity=FINDING_KINDS[code].severity,
        flow=flow.full_name,
        service=flow.service,
        target=step.name,
        message=message,
        seen=seen,
        cure=cure,
        file=step.file,
        line=step.line,
    )


def of_problem(problem: Problem, flow: Flow | None = None) -> Finding:
    """Return a problem as a finding, that of a flow or one outside every flow."""
    return Finding(
        code=problem.code,
        severity="error",
        flow=flow.full_name if flow else "",
        service=flow.service if flow else "",
        target=problem.step,
        message=problem.message,
        advice=problem.advice,
        missing=problem.missing,
        file=problem.file,
        line=problem.line,
    )


def _of_edge(judgement: Judgement, edge: Edge, kind: FindingKind, proposed: Proposal) -> Finding:
    flow = judgement.flow
    source, target = flow.step(edge.source), flow.step(edge.target)
    failing = kind.severity == "error"
    names = {"source": source.name, "target": target.name}
    if kind.code == "context-lost":
        names["lost"] = ends_with_lost_context((source.name, target.name), judgement.tally)[-1]
        names["other"] = source.name if names["lost"] == target.name else target.name
    return Finding(
        code=kind.code,
        severity=kind.severity,
        flow=flow.full_name,
        service=flow.service,
        source=source.name,
        target=target.name,
        message=kind.message.format(**names),
        seen=edge.note,
        cure=describe_cure(flow, edge, proposed) if failing else _advise(judgement, edge, kind),
        after=choose_names(flow, edge, proposed) if failing else None,
        file=target.file,
        line=target.line,
        related=_find_related_locations(judgement, source, edge),
    )


def _advise(judgement: Judgement, edge: Edge, kind: FindingKind) -> str:
    verdict = judgement.verdicts[edge.source, edge.target]
    if verdict.has_vanished:
        return "Record all tests: pytest --penstock"
    if names := verdict.masks:
        unrun_steps = [name for name in names if name not in judgement.tally.unmasked_steps]
        itself = f"{unrun_steps[0]} itself" if len(unrun_steps) == 1 else f"{', '.join(unrun_steps)} themselves"
        if not unrun_steps:
            itself = f"{edge.source}, then {edge.target}, while {' and '.join(names)} is not replaced"
        return f"Let one test run {itself}: pytest --penstock"
    return kind.cure


def _find_related_locations(judgement: Judgement, source: Step, edge: Edge) -> tuple[RelatedLocation, ...]:
    places = [RelatedLocation(source.file, source.line, f"{source.name} is here")] if source.file else []
    places += [
        RelatedLocation(call.file, call.line, "the code shows it here")
        for call in judgement.tally.find_static_relations(edge.source, edge.target)
        if call.file
    ][:1]
    return tuple(places)

"""Builds a :class:`~penstock.model.Flow` from declarations: resolves names, orders steps and finds problems."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from penstock._callables.task_objects import task_kind_of
from penstock._callables.unwrap import identity, underlying
from penstock._declare.marks import marks_on
from penstock._introspection.definitions import facts, innermost
from penstock._resolve.bypassed_tasks import find_bypassed_task
from penstock._resolve.declaration_problems import problem_at, shown_value
from penstock._resolve.duplicate_steps import DUPLICATE, hidden_problems, latest
from penstock._resolve.flow_metadata import as_stable_list, said_of, tags_of
from penstock._util import graphs
from penstock.errors import did_you_mean, near_names
from penstock.model import Edge, Flow, Problem, Step

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock._declare.declaration import FlowDeclarations
    from penstock._declare.marks import StepMark

Reference = tuple[Any, str]
"""A value of ``after=`` and the label of its edge."""


@dataclass(frozen=True, slots=True)
class _Member:
    """A step with its marks: two where a function is both an entrypoint and a step."""

    marks: tuple[StepMark, ...]
    step: Step


def build(declared: FlowDeclarations, swapped: Mapping[tuple[str, str], StepMark]) -> Flow:
    """Build the declared flow; problems of the declarations are in its ``problems``.

    Args:
        declared: The declarations.
        swapped: The marks above ``@flow``, where they do not count, by the identity of their functions.
    """
    problems: list[Problem] = []
    members = _members(declared, problems)
    missing = {patch.step_name for patch in declared.patches if patch.problem}
    missing |= {mark.step_name for mark in swapped.values()}
    edges = list(_edges(members, declared.name, problems, missing))
    steps, edges = _in_flow_order([member.step for member in members.values()], edges)
    flow = Flow(
        name=declared.name,
        title=said_of(declared, "title", problems) or declared.name,
        description=said_of(declared, "description", problems) or "",
        tags=tuple(tags_of(declared, problems)),
        steps=tuple(steps),
        edges=tuple(edges),
    )
    problems += _find_unmarked_targets(declared, swapped)
    problems += [patch.problem for patch in declared.patches if patch.problem]
    steps_with_problems = {problem.step for problem in problems}
    duplicate_steps = {problem.step for problem in problems if problem.code == DUPLICATE}
    shape = _shape_problems(flow, declared, {name: member.marks[0] for name, member in members.items()})
    follow = {"unreachable": steps_with_problems, "cycle": duplicate_steps}
    whole = ("cycle",) if missing else ("cycle", "unreachable", "no-entrypoint")  # a failed patch may explain it
    problems += [
        problem for problem in shape if problem.code in whole and problem.step not in follow.get(problem.code, ())
    ]
    sorted_problems = sorted(problems, key=lambda problem: (problem.file, problem.line, problem.code, problem.message))
    return replace(flow, problems=tuple(sorted_problems))


def _members(declared: FlowDeclarations, problems: list[Problem]) -> dict[str, _Member]:
    members: dict[str, _Member] = {}
    marks, hidden = latest(declared)
    problems += hidden_problems(hidden)
    for mark in marks:
        name = mark.step_name
        member = members.get(name)
        if member is None:
            members[name] = _Member((mark,), _step(mark, problems))
        elif member.marks[0].root is mark.root:
            members[name] = _Member((*member.marks, mark), _both(member.step, _step(mark, problems)))
        else:  # only names not read at import come here; the registry raises for all others
            problems.append(
                problem_at(mark, DUPLICATE, f"step {name!r} is also {_format_mark_name(member.marks[0])}; use name=…")
            )
    return members


def _step(mark: StepMark, problems: list[Problem]) -> Step:
    metadata = facts(mark.function)
    trigger = mark.trigger or ""
    if not isinstance(trigger, str):
        problems.append(problem_at(mark, "bad-trigger", f"trigger={shown_value(trigger)} is not a text"))
        trigger = ""
    if mark.has_bad_name:
        advice = f"The step goes by its function's, {mark.step_name!r}."
        problems.append(problem_at(mark, "bad-name", f"name={shown_value(mark.name)} is not a name.", advice))
    problems += find_bypassed_task(mark, metadata)
    return Step(
        name=mark.step_name,
        entrypoint=mark.entrypoint,
        trigger=trigger,
        effects=tuple(_effects(mark, problems)),
        **metadata._asdict(),
    )


def _both(first: Step, second: Step) -> Step:
    """Return one step for a function marked twice: an entrypoint that also follows other steps."""
    return replace(
        first,
        entrypoint=first.entrypoint or second.entrypoint,
        trigger=first.trigger or second.trigger,
        effects=tuple(dict.fromkeys((*first.effects, *second.effects))),
    )


def _effects(mark: StepMark, problems: list[Problem]) -> Iterator[str]:
    effects = mark.effects
    if isinstance(effects, str):
        yield effects
    elif isinstance(effects, Collection) and all(isinstance(effect, str) for effect in effects):
        yield from dict.fromkeys(as_stable_list(effects))
    else:
        problems.append(problem_at(mark, "bad-effects", f"effects={shown_value(effects)} is not a list of texts"))


def _edges(
    members: Mapping[str, _Member], flow: str, problems: list[Problem], missing: Collection[str]
) -> Iterator[Edge]:
    names = _names(members)
    edge_keys: set[tuple[str, str, str]] = set()
    for mark, target in ((mark, member.step.name) for member in members.values() for mark in member.marks):
        for reference, label in _references(mark, problems):
            sources = _resolve(reference, members, names)
            if len(sources) != 1 and _name_of(reference) in missing:
                continue  # the patch, or the swapped decorators, are the problem
            if len(sources) != 1:
                problems.append(_unknown_after(mark, reference, flow, sources or members))
            elif (key := (sources[0], target, label)) not in edge_keys:
                edge_keys.add(key)
                yield Edge(source=sources[0], target=target, label=label)


def _references(mark: StepMark, problems: list[Problem]) -> Iterator[Reference]:
    stack: list[Any] = [mark.after]
    while stack:
        value = stack.pop()
        if isinstance(value, Mapping):
            for reference, label in value.items():
                yield reference, "" if label is None else str(label)
        elif isinstance(value, str) or callable(underlying(value)) or task_kind_of(value):
            yield value, ""
        elif isinstance(value, Collection):
            stack += reversed(as_stable_list(value))
        elif value is not None:
            problems.append(
                problem_at(mark, "bad-after", f"after={shown_value(value)} is neither a step's name nor a function")
            )


def _names(members: Mapping[str, _Member]) -> dict[str, list[str]]:
    """Return the step names that each qualified name could mean."""
    names: dict[str, list[str]] = {}
    for name, member in members.items():
        module, qualname = member.marks[0].key
        for spelling in (qualname, f"{module}.{qualname}", f"{module}:{qualname}"):
            names.setdefault(spelling, []).append(name)
    return names


def _resolve(reference: Any, members: Mapping[str, _Member], names: Mapping[str, list[str]]) -> list[str]:
    """Return the names of the steps that a reference may mean; exactly one for a valid reference."""
    if isinstance(reference, str):
        return [reference] if reference in members else names.get(reference, [])
    step_name = _resolve_function(reference, members)
    return [] if step_name is None else [step_name]


def _resolve_function(reference: Any, members: Mapping[str, _Member]) -> str | None:
    """Find the step of a function by its mark, object, module and name (after a reload), or wrapped function."""
    mark_ids = {id(mark) for group in marks_on(reference) for mark in group}
    function = underlying(reference)
    for name, member in members.items():
        if any(id(mark) in mark_ids for mark in member.marks) or member.marks[0].root is function:
            return name
    key, below = identity(reference), _below(reference)
    return next(
        (name for name, member in members.items() if member.marks[0].key == key or member.marks[0].root is below), None
    )


def _below(reference: Any) -> Any:
    """Return the function that a lazy proxy, such as that of a Celery task, finally calls; the proxy may wake now."""
    try:
        return innermost(reference)
    except Exception:  # a proxy without a target may raise anything
        return reference


def _unknown_after(mark: StepMark, reference: Any, flow: str, step_names: Mapping[str, _Member] | list[str]) -> Problem:
    if isinstance(step_names, list):
        could = " or ".join(map(repr, step_names))
        sentence = f"after={reference!r} could be step {could} of flow {flow!r}; name one of them."
        return problem_at(mark, "unknown-after", sentence)
    if not isinstance(reference, str):
        sentence = f"after={'.'.join(filter(None, identity(reference)))} is not a step of flow {flow!r}."
        return problem_at(mark, "unknown-after", sentence, f"Put @flow({flow!r}) over it, or name another step.")
    near = did_you_mean(near_names(reference, step_names))
    steps = ", ".join(sorted(step_names))
    sentence = f"after={reference!r} names no step of flow {flow!r}."
    return problem_at(mark, "unknown-after", sentence, f"{near} Known steps: {steps}.".lstrip(), missing=reference)


def _in_flow_order(steps: list[Step], edges: list[Edge]) -> tuple[list[Step], list[Edge]]:
    """Sort by layer, then by source position, so that import order does not matter."""
    by_place = sorted(steps, key=lambda step: (not step.entrypoint, step.module, step.line, step.name))
    pairs = [(edge.source, edge.target) for edge in edges]
    rank = graphs.ranks(graphs.adjacency([step.name for step in by_place], sorted(pairs)))
    sorted_steps = sorted(by_place, key=lambda step: rank[step.name])
    position = {step.name: index for index, step in enumerate(sorted_steps)}
    return sorted_steps, sorted(edges, key=lambda edge: (position[edge.source], position[edge.target], edge.label))


def _name_of(reference: Any) -> str:
    return reference if isinstance(reference, str) else identity(reference)[1].rpartition(".")[2]


def _find_unmarked_targets(
    declared: FlowDeclarations, swapped: Mapping[tuple[str, str], StepMark]
) -> Iterator[Problem]:
    for key, mark in swapped.items():
        kind = "@entrypoint" if mark.entrypoint else "@step"
        sentence = f"{kind} is above @flow({declared.name!r}) on {'.'.join(key)}."
        yield problem_at(mark, "unmarked", sentence, "Swap the two: @flow goes on top.")
    for (module, qualname), (file, line) in declared.unmarked.items():
        if (module, qualname) in swapped:
            continue
        full_name = f"{module}.{qualname}" if module else qualname
        yield Problem(
            code="unmarked",
            message=(
                f"@flow({declared.name!r}) decorates {full_name}, which has no @entrypoint or @step. "
                f"Add one of them right below @flow."
            ),
            file=file,
            line=line,
        )


def _shape_problems(flow: Flow, declared: FlowDeclarations, marks: Mapping[str, StepMark]) -> Iterator[Problem]:
    """Yield the problems of the graph as a whole."""
    if not flow.steps:
        file, line = declared.where
        yield Problem(code="no-entrypoint", message=f"flow {flow.name!r} has no steps.", file=file, line=line)
        return
    for _, cycle in graphs.back_edges(flow.successors):
        path = " → ".join([*cycle, cycle[0]])
        yield problem_at(
            marks[cycle[0]],
            "cycle",
            f"the arrows of flow {flow.name!r} form a cycle: {path}.",
            "Remove the after= that closes it.",
        )
    if not flow.entrypoints:
        first = marks[flow.steps[0].name]
        yield problem_at(
            first, "no-entrypoint", f"flow {flow.name!r} has no entrypoint.", "Mark where it starts: @entrypoint."
        )
        return
    reachable_names = graphs.reachable(flow.successors, (step.name for step in flow.entrypoints))
    for step in flow.steps:
        if step.name not in reachable_names:
            sentence = f"no entrypoint of flow {flow.name!r} leads to step {step.name!r}."
            yield problem_at(marks[step.name], "unreachable", sentence, "Name what comes before it: after=…")


def unclaimed_problem(mark: StepMark) -> Problem:
    """Return the problem of a mark that no flow took."""
    kind = "@entrypoint" if mark.entrypoint else "@step"
    return problem_at(
        mark, "unclaimed", f"{kind} on {_format_mark_name(mark)} belongs to no flow.", "Put @flow(…) above it."
    )


def _format_mark_name(mark: StepMark) -> str:
    return ".".join(filter(None, mark.key))

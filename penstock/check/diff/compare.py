"""Compares the flows of two manifests; a pure function of both."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from penstock.manifest import Manifest
    from penstock.model import Edge, Flow, Step

Change = Literal["added", "removed", "changed"]

FLOW_FIELDS = ("title", "description", "tags")
STEP_FIELDS: Mapping[str, str] = {
    "file": "file",
    "signature": "signature",
    "kind": "kind",
    "entrypoint": "entrypoint",
    "trigger": "trigger",
    "effects": "effects",
    "docstring": "docstring",
    "source_hash": "source",
}
"""The compared fields of a step, with their words. Lines move with every edit, so they are left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A changed field of a flow, a step or an edge.

    Attributes:
        name: Its name, such as ``docstring``.
        old: The old value, as a text.
        new: The new value, as a text.
    """

    name: str
    old: str
    new: str


@dataclass(frozen=True, slots=True, kw_only=True)
class StepChange:
    """A step that was added, removed or changed.

    Attributes:
        change: Which of them.
        step: The step, as it is; as it was where it is gone.
        was: Its former name, if it seems to have been renamed; else an empty string.
        fields: What changed.
    """

    change: Change
    step: Step
    was: str = ""
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeChange:
    """An edge that was added, removed or changed.

    Attributes:
        change: Which of them.
        edge: The arrow, as it is; as it was where it is gone.
        fields: The changes of ``label``, ``state`` or ``origin``.
    """

    change: Change
    edge: Edge
    fields: tuple[Field, ...] = ()


@dataclass(frozen=True, kw_only=True)
class FlowChange:
    """A flow that was added, removed or changed.

    Attributes:
        change: Which of them.
        flow: The flow, as it is; as it was where it is gone.
        old: The flow as it was; without steps where it is new.
        fields: The changes of its title, description and tags.
        steps: The changes of its steps, in flow order, removed ones last.
        edges: The changes of its edges.
    """

    change: Change
    flow: Flow
    old: Flow
    fields: tuple[Field, ...] = ()
    steps: tuple[StepChange, ...] = ()
    edges: tuple[EdgeChange, ...] = ()

    def __bool__(self) -> bool:
        return self.change != "changed" or bool(self.fields or self.steps or self.edges)


@dataclass(frozen=True, kw_only=True)
class Changes:
    """All changes; false where there are none.

    Attributes:
        old: The name of the first side, such as a revision.
        new: The name of the second side.
        flows: The flows that differ, by name.
    """

    old: str = "old"
    new: str = "new"
    flows: tuple[FlowChange, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.flows)


def compare(old: Manifest, new: Manifest) -> Changes:
    """Return the changes in ``new``; flows with the same service and name are compared."""
    before = {flow.full_name: flow for flow in old.flows}
    after = {flow.full_name: flow for flow in new.flows}
    changes = (_flow(before.get(name), after.get(name)) for name in sorted({*before, *after}))
    return Changes(flows=tuple(change for change in changes if change))


def _flow(old: Flow | None, new: Flow | None) -> FlowChange:
    change: Change = "changed" if old and new else "added" if new else "removed"
    flow = new or old
    assert flow is not None  # noqa: S101 - a name comes from one of both
    before, after = old or _empty(flow), new or _empty(flow)
    renames = dict(_find_renames(before, after))
    return FlowChange(
        change=change,
        flow=flow,
        old=before,
        fields=tuple(_fields(before, after, {name: name for name in FLOW_FIELDS})) if change == "changed" else (),
        steps=tuple(_steps(before, after, renames)),
        edges=tuple(_edges(before, after, renames)),
    )


def _empty(flow: Flow) -> Flow:
    return replace(flow, steps=(), edges=(), calls=(), blind=(), problems=())


def _fields(old: object, new: object, names: Mapping[str, str]) -> Iterator[Field]:
    for attribute, name in names.items():
        before, after = getattr(old, attribute), getattr(new, attribute)
        is_comparable = attribute not in ("source_hash", "state") or (before and after)  # empty means unknown
        if before != after and is_comparable:
            yield Field(name=name, old=_text(before), new=_text(after))


def _text(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value))
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else str(value)


def _find_renames(old: Flow, new: Flow) -> Iterator[tuple[str, str]]:
    """Yield the old and new name of renamed steps: no others have the same source, or the same description."""
    removed_steps = [step for step in old.steps if step.name not in new.successors]
    added_steps = [step for step in new.steps if step.name not in old.successors]
    for likeness in (_source, _description):
        before, after = _unique(removed_steps, likeness), _unique(added_steps, likeness)
        for key in before.keys() & after.keys():
            removed_steps.remove(before[key])
            added_steps.remove(after[key])
            yield before[key].name, after[key].name


def _source(step: Step) -> object:
    return step.source_hash


def _description(step: Step) -> object:
    return step.docstring and (step.docstring, step.signature, step.kind)


def _unique(steps: Iterable[Step], likeness: Callable[[Step], object]) -> dict[object, Step]:
    groups: dict[object, list[Step]] = defaultdict(list)
    for step in steps:
        groups[likeness(step)].append(step)
    return {key: group[0] for key, group in groups.items() if key and len(group) == 1}


def _steps(old: Flow, new: Flow, renamed: Mapping[str, str]) -> Iterator[StepChange]:
    was = {now: before for before, now in renamed.items()}
    for step in new.steps:
        before = was.get(step.name, step.name)
        if before not in old.successors:
            yield StepChange(change="added", step=step)
        elif fields := tuple(_fields(old.step(before), step, STEP_FIELDS)):
            yield StepChange(change="changed", step=step, was=was.get(step.name, ""), fields=fields)
        elif before != step.name:
            yield StepChange(change="changed", step=step, was=before)
    for step in old.steps:
        if step.name not in new.successors and step.name not in renamed:
            yield StepChange(change="removed", step=step)


def _edges(old: Flow, new: Flow, renamed: Mapping[str, str]) -> Iterator[EdgeChange]:
    both = (old.evidence is None) == (new.evidence is None)  # observed edges are no news beside an unchecked side
    before = _by_ends(_now(edge, renamed) for edge in old.edges if both or edge.origin == "declared")
    for ends, edges in _by_ends(edge for edge in new.edges if both or edge.origin == "declared").items():
        yield from _between(before.pop(ends, []), edges)
    for removed_edges in before.values():
        yield from (EdgeChange(change="removed", edge=edge) for edge in removed_edges)


def _now(edge: Edge, renamed: Mapping[str, str]) -> Edge:
    source, target = (renamed.get(name, name) for name in (edge.source, edge.target))
    return edge if (source, target) == (edge.source, edge.target) else replace(edge, source=source, target=target)


def _by_ends(edges: Iterable[Edge]) -> dict[tuple[str, str], list[Edge]]:
    groups: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        groups[edge.source, edge.target].append(edge)
    return groups


def _between(old: list[Edge], new: list[Edge]) -> Iterator[EdgeChange]:
    """Compare the edges between the same two steps: those of one label, then the others in order."""
    pairs = [(edge, candidate) for edge in old for candidate in new if edge.label == candidate.label]
    old = [edge for edge in old if all(edge is not match for match, _ in pairs)]
    new = [edge for edge in new if all(edge is not match for _, match in pairs)]
    pairs += zip(old, new, strict=False)
    for before, after in pairs:
        if fields := tuple(_fields(before, after, {"label": "label", "origin": "origin", "state": "state"})):
            yield EdgeChange(change="changed", edge=after, fields=fields)
    yield from (EdgeChange(change="added", edge=edge) for edge in new[len(old) :])
    yield from (EdgeChange(change="removed", edge=edge) for edge in old[len(new) :])

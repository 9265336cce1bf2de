"""Encodes flows as JSON values and decodes them: each value has the right type, or an error is raised."""

from __future__ import annotations

import json
import re
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import TYPE_CHECKING, Any, TypeVar

from penstock.manifest.numbers import numbers_of, origin_of
from penstock.manifest.old_formats import summarize_provenance
from penstock.model import Blind, Call, Edge, EvidenceSummary, Flow, Numbers, NumbersOrigin, Problem, Step
from penstock.model.resource_uses import ResourceUse, StaticTouch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from dataclasses import Field

_NUMBERS = ("numbers",)
_DECODED_APART = ("steps", "edges", "calls", "blind", "touches", "uses", "problems", "evidence", "numbers")
Checked = TypeVar("Checked")


def encode_json(content: object, indent: int | None = None, *, sort_keys: bool = True) -> str:
    """Return JSON text: keys sorted unless they are not to be, records as objects, all of it with a form in UTF-8."""
    text = json.dumps(content, indent=indent, sort_keys=sort_keys, ensure_ascii=False, default=contents)
    # half a surrogate pair, possible in a docstring by an escape, has no UTF-8
    return re.sub("[\ud800-\udfff]", lambda half: f"\\u{ord(half[0]):04x}", text)


Record = (
    Flow | Step | Edge | Problem | Call | Blind | EvidenceSummary | ResourceUse | StaticTouch | Numbers | NumbersOrigin
)


def contents(record: Record) -> dict[str, Any]:
    """Return the fields of a record as a mapping, without numbers that are not known."""
    values = {name: getattr(record, name) for name in type(record).__dataclass_fields__}
    if isinstance(record, Numbers):
        return {name: value for name, value in values.items() if value is not None}
    if values.get("numbers", record) is None:
        del values["numbers"]
    return values


def flow_of(content: Mapping[str, Any]) -> Flow:
    """Decode a flow from JSON values.

    Raises:
        KeyError: A part is missing.
        TypeError: A value has the wrong type.
        ValueError: Two steps have one name, or an edge or a use names a missing step.
    """
    return Flow(**{**summary_of(content), **parts_of(content)})


def summary_of(content: Mapping[str, Any]) -> dict[str, Any]:
    """Decode all of a flow but its parts; errors as in :func:`flow_of`."""
    return {
        **decode_values(Flow, content, without=_DECODED_APART),
        "problems": problems_of(content),
        "evidence": _evidence_of(content),
        "numbers": origin_of(content.get("numbers")),
    }


def _evidence_of(content: Mapping[str, Any]) -> EvidenceSummary | None:
    old = summarize_provenance(require_type(content.get("provenance", ""), str, "provenance"))
    evidence = content.get("evidence", old)
    return None if evidence is None else record(EvidenceSummary, require_type(evidence, dict, "evidence"))


def parts_of(content: Mapping[str, Any]) -> dict[str, tuple[Any, ...]]:
    """Decode the steps, edges, uses and static relations of a flow; errors as in :func:`flow_of`."""
    steps = tuple(_decode_numbered(Step, step) for step in content["steps"])
    edges = tuple(_decode_numbered(Edge, edge) for edge in content["edges"])
    names = {step.name for step in steps}
    if len(names) < len(steps):
        raise ValueError("two steps have one name")
    uses = tuple(record(ResourceUse, use) for use in content.get("uses", ()))
    mentions = {*(name for edge in edges for name in (edge.source, edge.target)), *(use.step for use in uses)}
    if missing_names := mentions - names:
        raise ValueError(f"there is no step {min(missing_names)!r}")
    calls = tuple(record(Call, call) for call in content.get("calls", ()))
    blind = tuple(record(Blind, place) for place in content.get("blind", ()))
    touches = tuple(record(StaticTouch, touch) for touch in content.get("touches", ()))
    return {"steps": steps, "edges": edges, "uses": uses, "calls": calls, "blind": blind, "touches": touches}


def problems_of(content: Mapping[str, Any]) -> tuple[Problem, ...]:
    """Decode the problems of a flow or of a manifest; errors as in :func:`flow_of`."""
    return tuple(record(Problem, problem) for problem in content["problems"])


def require_type(value: Any, kind: type[Checked], name: str) -> Checked:
    """Return a value if it has the given type.

    Raises:
        TypeError: It has another type.
    """
    if type(value) is not kind:
        raise TypeError(f"{name} should be {kind.__name__}, not {type(value).__name__}")
    return value


def record(kind: Any, content: Mapping[str, Any]) -> Any:
    """Decode a record that a newer minor version may have written: unknown keys are ignored."""
    return kind(**decode_values(kind, content))


def _decode_numbered(kind: Any, content: Mapping[str, Any]) -> Any:
    """Decode a record that may have numbers."""
    return kind(**decode_values(kind, content, _NUMBERS), numbers=numbers_of(content.get("numbers")))


def decode_values(kind: Any, content: Mapping[str, Any], without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Return the values of a record's fields, each of the right type; errors as in :func:`flow_of`."""
    kinds, several = _kinds(kind, without)
    values = {name: content[name] for name in kinds if name in content}
    for name in several & values.keys():
        if isinstance(values[name], list):
            values[name] = tuple(require_type(item, str, name) for item in values[name])
    if [*map(type, values.values())] != [*kinds.values()]:  # one has the wrong type, or its default
        for name, value in values.items():
            require_type(value, kinds[name], name)
    return values


@lru_cache
def _kinds(record: Any, without: tuple[str, ...]) -> tuple[dict[str, type[Any]], frozenset[str]]:
    """Return the fields of a record, each with the type of its values, and those that hold several."""
    kinds = {field.name: _kind(field) for field in fields(record) if field.name not in without}
    return kinds, frozenset(name for name, kind in kinds.items() if kind is tuple)


def _kind(field: Field[Any]) -> type[Any]:
    if field.default_factory is not MISSING:
        return type(field.default_factory())
    return str if field.default is MISSING else type(field.default)

"""Explains what stands where the name of a flow is expected."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock._declare import registry
from penstock._declare.marks import marks_on

if TYPE_CHECKING:
    from collections.abc import Iterator


def describe_wrong_reference(reference: Any) -> str:
    """Return a sentence on an object that is no name of a flow, with the name that was meant."""
    names = list(dict.fromkeys(_iter_names(reference)))
    cure = f"Write: {' or '.join(map(repr, names))}" if names else f"Known flows: {', '.join(registry.declarations)}."
    return f"a flow is named by a string, not by an object of type {type(reference).__name__}. {cure}"


def _iter_names(reference: Any) -> Iterator[str]:
    """Yield the names of the flows that a handle, a flow or a step belongs to."""
    is_ours = type(reference).__module__.partition(".")[0] == "penstock"
    name = getattr(reference, "name", None) if is_ours else None
    if isinstance(name, str) and name in registry.declarations:
        yield name
    yield from (flow for group in marks_on(reference) for mark in group for flow in mark.flows)


def describe_step_name(name: str) -> str:
    """Return a sentence on a name that is a step's, or an empty string."""
    flows = [
        record.name
        for record in registry.declarations.values()
        if name in {mark.step_name for mark in record.marks if not mark.deferred}
    ]
    return f"{name!r} is a step of {' and '.join(map(repr, flows))}." if flows else ""

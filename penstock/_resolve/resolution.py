"""From declarations to immutable flows, as soon as they are asked for."""

from __future__ import annotations

from penstock._declare import registry
from penstock._resolve.flow_builder import build, unclaimed_problem
from penstock._resolve.flow_references import describe_step_name, describe_wrong_reference
from penstock.errors import UnknownFlowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from penstock._declare.declaration import FlowDeclarations
    from penstock._declare.marks import StepMark
    from penstock.model import Flow, Problem


def get_flow(name: str) -> Flow:
    """Return a declared flow, resolved and checked.

    Args:
        name: The flow's name.

    Raises:
        UnknownFlowError: No such flow is declared; the error lists near names and all known ones.
    """
    if not isinstance(name, str):
        raise UnknownFlowError(name, registry.declarations, describe_wrong_reference(name))
    _resolve(name)
    with registry.lock:
        record = registry.declarations.get(name)
        if record is None:
            raise UnknownFlowError(name, registry.declarations, describe_step_name(name))
        return _build_flow(record)


def flows() -> tuple[Flow, ...]:
    """Return all declared flows, sorted by name; modules that patches name are imported first."""
    _resolve()
    return known_flows()


def known_flows() -> tuple[Flow, ...]:
    """Return all flows with their present steps, by name; nothing is imported."""
    with registry.lock:
        return tuple(_build_flow(registry.declarations[name]) for name in sorted(registry.declarations))


def problems() -> tuple[Problem, ...]:
    """Return the problems outside every flow: marks that no flow took; those above ``@flow`` are problems of the flow."""
    with registry.lock:
        swapped = {id(mark) for record in registry.declarations.values() for mark in _find_swapped(record).values()}
        return tuple(unclaimed_problem(mark) for mark in registry.unclaimed.values() if id(mark) not in swapped)


def _find_swapped(declared: FlowDeclarations) -> dict[tuple[str, str], StepMark]:
    """Return the unclaimed marks of functions below the flow's own decorator, by the functions' identities."""
    return {key: registry.unclaimed[key] for key in declared.unmarked if key in registry.unclaimed}


def _resolve(name: str | None = None) -> None:
    """Import modules that patches of one flow, or of all, wait for; without our lock: imports take their own."""
    with registry.lock:
        chosen = (
            [*registry.declarations.values()]
            if name is None
            else [registry.declarations[name]]
            if name in registry.declarations
            else []
        )
        waiting = [patch for record in chosen for patch in record.patches if patch.is_pending]
    for patch in waiting:
        patch.resolve()


def _build_flow(declared: FlowDeclarations) -> Flow:
    if declared.built_flow is None:
        declared.built_flow = build(declared, _find_swapped(declared))
    return declared.built_flow

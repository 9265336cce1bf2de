"""From declarations to immutable flows, as soon as they are asked for."""

from __future__ import annotations

from penstock._declare import registry
from penstock._resolve.flow_builder import build, unclaimed_problem
from penstock.errors import UnknownFlowError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from penstock._declare.declaration import Declared
    from penstock.model import Flow, Problem


def get_flow(name: str) -> Flow:
    """Return a declared flow, resolved and checked.

    Args:
        name: The flow's name.

    Raises:
        UnknownFlowError: No such flow is declared; the error lists near names and all known ones.
    """
    _resolve(name)
    with registry.lock:
        record = registry.declarations.get(name)
        if record is None:
            raise UnknownFlowError(name, registry.declarations)
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
    """Return the problems outside every flow: marks that no flow took."""
    with registry.lock:
        return tuple(unclaimed_problem(mark) for mark in registry.unclaimed.values())


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


def _build_flow(declared: Declared) -> Flow:
    if declared.built is None:
        declared.built = build(declared)
    return declared.built

"""Describe flows that exist in your code: correlation IDs, living diagrams, checked documentation."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from penstock._context import current_flow_id
    from penstock._dag import Diagram, generate_dag
    from penstock._decorators import entrypoint, flow, step
    from penstock._registry import flows, get_flow
    from penstock._runtime import add_observer, remove_observer
    from penstock.errors import PenstockError
    from penstock.model import Edge, Flow, Problem, Step

__version__ = "0.1.0"

__all__ = [
    "Diagram",
    "Edge",
    "Flow",
    "PenstockError",
    "Problem",
    "Step",
    "__version__",
    "add_observer",
    "current_flow_id",
    "entrypoint",
    "flow",
    "flows",
    "generate_dag",
    "get_flow",
    "remove_observer",
    "step",
]

_homes = {
    "Diagram": "_dag",
    "Edge": "model",
    "Flow": "model",
    "PenstockError": "errors",
    "Problem": "model",
    "Step": "model",
    "add_observer": "_runtime",
    "current_flow_id": "_context",
    "entrypoint": "_decorators",
    "flow": "_decorators",
    "flows": "_registry",
    "generate_dag": "_dag",
    "get_flow": "_registry",
    "remove_observer": "_runtime",
    "step": "_decorators",
}


def __getattr__(name: str) -> object:
    """Import a public name when it is first asked for (PEP 562)."""
    home = _homes.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module  # noqa: PLC0415 - importing penstock must stay cheap

    value = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})

"""Describe flows that exist in your code: correlation IDs, living diagrams, checked documentation."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from penstock._decorators.decorators import entrypoint, flow, step
    from penstock._notebook.diagram import Diagram, generate_dag
    from penstock._resolve.resolution import flows, get_flow
    from penstock._runtime.carry import CarryingExecutor, carry
    from penstock._runtime.context import current_flow_id
    from penstock._runtime.current_flow import CurrentFlow, current_flow, flow_context, get_value, set_value
    from penstock._runtime.propagation import extract, inject
    from penstock._runtime.scope import add_observer, observing, remove_observer
    from penstock._version import __version__
    from penstock.errors import PenstockError
    from penstock.model import Edge, Flow, Problem, Step

__all__ = [
    "CarryingExecutor",
    "CurrentFlow",
    "Diagram",
    "Edge",
    "Flow",
    "PenstockError",
    "Problem",
    "Step",
    "__version__",
    "add_observer",
    "carry",
    "current_flow",
    "current_flow_id",
    "entrypoint",
    "extract",
    "flow",
    "flow_context",
    "flows",
    "generate_dag",
    "get_flow",
    "get_value",
    "inject",
    "observing",
    "remove_observer",
    "set_value",
    "step",
]

_homes = {
    "__version__": "_version",
    "CarryingExecutor": "_runtime.carry",
    "CurrentFlow": "_runtime.current_flow",
    "Diagram": "_notebook.diagram",
    "Edge": "model",
    "Flow": "model",
    "PenstockError": "errors",
    "Problem": "model",
    "Step": "model",
    "add_observer": "_runtime.scope",
    "carry": "_runtime.carry",
    "current_flow": "_runtime.current_flow",
    "current_flow_id": "_runtime.context",
    "entrypoint": "_decorators.decorators",
    "extract": "_runtime.propagation",
    "flow": "_decorators.decorators",
    "flow_context": "_runtime.current_flow",
    "flows": "_resolve.resolution",
    "generate_dag": "_notebook.diagram",
    "get_flow": "_resolve.resolution",
    "get_value": "_runtime.current_flow",
    "inject": "_runtime.propagation",
    "observing": "_runtime.scope",
    "remove_observer": "_runtime.scope",
    "set_value": "_runtime.current_flow",
    "step": "_decorators.decorators",
}


if not TYPE_CHECKING:  # type checkers would accept any misspelled name otherwise

    def __getattr__(name: str) -> object:
        """Import a public name when it is first asked for (PEP 562)."""
        home = _homes.get(name)
        if name == "setup" and "sphinx" in sys.modules:  # extensions = ["penstock"]
            home = "_util.sphinx_hint"
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module  # noqa: PLC0415 - importing penstock must stay cheap

        value = getattr(import_module(f"{__name__}.{home}"), name)
        globals()[name] = value
        return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def load_ipython_extension(shell: object) -> None:
    """Add the magic ``%flow``: IPython calls this for ``%load_ext penstock``."""
    _extension().load(shell)


def unload_ipython_extension(shell: object) -> None:
    """Take the magic ``%flow`` away: IPython calls this for ``%unload_ext penstock``."""
    _extension().unload(shell)


def _extension() -> Any:
    from importlib import import_module  # noqa: PLC0415 - importing penstock must stay cheap

    return import_module(f"{__name__}._notebook.flow_magic")

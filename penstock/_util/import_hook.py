"""Calls a function as soon as a module has been imported, before other code can use the module."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from importlib.machinery import ModuleSpec
    from types import ModuleType

    Action = Callable[[ModuleType], object]

_watched: dict[str, list[Action]] = {}


def watch_module(name: str, action: Action) -> None:
    """Call ``action`` with a module each time that it has been executed; registering an action twice has no effect."""
    if _finder not in sys.meta_path:
        sys.meta_path.insert(0, _finder)
    actions = _watched.setdefault(name, [])
    if action not in actions:
        actions.append(action)


class _Finder:
    """Wraps the loader of a watched module that the other finders return."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Return the spec of a watched module, or ``None`` for all others."""
        if name not in _watched:
            return None
        others = (finder for finder in [*sys.meta_path] if finder is not self and hasattr(finder, "find_spec"))
        spec = next(filter(None, (finder.find_spec(name, path, target) for finder in others)), None)
        if spec is not None and hasattr(spec.loader, "exec_module"):
            loader: Any = _Loader(spec.loader)
            spec.loader = loader
        return spec


class _Loader:
    """Executes a module by its own loader, and removes itself first."""

    def __init__(self, loader: Any) -> None:
        self._loader = loader

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Return the module that its own loader creates."""
        module: ModuleType | None = self._loader.create_module(spec)
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Execute the module, then call the registered actions."""
        spec = module.__spec__
        if spec is not None:
            spec.loader = self._loader
        module.__loader__ = self._loader
        self._loader.exec_module(module)
        for action in [*_watched.get(module.__name__, ())]:
            action(module)


_finder: Any = _Finder()

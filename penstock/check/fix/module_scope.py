"""Resolves names in a source file: imports, and flows bound to names."""

from __future__ import annotations

import ast
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

from penstock._util.atomic_files import read_bytes

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

_DEEPEST = 8
"""Modules through which a name is followed."""


@dataclass(frozen=True)
class ModuleNames:
    """The names of one file, bound by imports or assignments anywhere in it.

    Attributes:
        path: The file.
        text: Its content.
        files: All sources of the application, in which imported names are looked up.
    """

    path: Path
    text: bytes
    files: Sequence[Path] = field(repr=False)

    @cached_property
    def _nodes(self) -> list[ast.AST]:
        try:
            return list(ast.walk(ast.parse(self.text)))
        except (SyntaxError, ValueError):
            return []

    @cached_property
    def imports(self) -> dict[str, str]:
        """The full dotted name of each imported name; relative ones begin with dots."""
        full_names: dict[str, str] = {}
        for node in self._nodes:
            if isinstance(node, ast.Import):
                full_names |= {alias.asname: alias.name for alias in node.names if alias.asname}
            elif isinstance(node, ast.ImportFrom):
                module = "." * node.level + (f"{node.module}." if node.module else "")
                full_names |= {alias.asname or alias.name: f"{module}{alias.name}" for alias in node.names}
        return full_names

    @cached_property
    def handles(self) -> dict[str, str]:
        """The flow that each name holds: ``orders = flow("orders")``."""
        flows_by_name: dict[str, str] = {}
        for node in self._nodes:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
            flow = self._flow_of(getattr(node, "value", None))
            if flow is not None:
                flows_by_name |= {target.id: flow for target in targets if isinstance(target, ast.Name)}
        return flows_by_name

    def _flow_of(self, value: object) -> str | None:
        if isinstance(value, ast.Call) and value.args and self.is_ours(ast.unparse(value.func), "flow"):
            name = value.args[0]
            if isinstance(name, ast.Constant) and isinstance(name.value, str):
                return name.value
        return None

    def expand_name(self, dotted: str) -> str:
        """Return a name with the import that it begins with."""
        first, dot, rest = dotted.partition(".")
        return f"{self.imports.get(first, first)}{dot}{rest}"

    def is_ours(self, dotted: str, *names: str) -> bool:
        """Return whether a name is one of penstock's: imported from it, or used without an import."""
        full = self.expand_name(dotted)
        module, _, last = full.rpartition(".")
        return last in names and (not module or module.lstrip(".").split(".")[0] == "penstock")

    def name_of(self, mark: str) -> str | None:
        """Return the file's name for one of penstock's own, or ``None``."""
        names = (name for name, full in self.imports.items() if full.rpartition(".")[2] == mark)
        return next((name for name in names if self.is_ours(name, mark)), None)

    def flow(self, dotted: str, depth: int = 0) -> str | None:
        """Return the flow bound to a name, also an imported one; ``None`` if it cannot be determined."""
        if dotted in self.handles:
            return self.handles[dotted]
        module, _, name = self.expand_name(dotted).rpartition(".")
        if not module or depth > _DEEPEST:
            return None
        flows = {file.flow(name, depth + 1) for file in self._modules(module) if file.path != self.path}
        return flows.pop() if len(flows) == 1 else None

    def _modules(self, module: str) -> Iterator[ModuleNames]:
        """Yield the files that a module's name could mean."""
        dots = len(module) - len(module.lstrip("."))
        parts = [part for part in module.split(".") if part]
        for path in self.files:
            own = (*path.parts[:-1], path.stem) if path.name != "__init__.py" else path.parts[:-1]
            if dots:
                base = self.path.parts[: len(self.path.parts) - dots]
                matches = own == (*base, *parts)
            else:
                matches = list(own[-len(parts) :]) == parts
            if matches:
                yield ModuleNames(path, read_bytes(path), self.files)

"""Where the modules of a flow are imported from."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.discover.proposal import ProposedFlow
    from penstock.discover.recording import Function


def import_root(function: Function) -> str:
    """Return the folder that a function's module is imported from, relative to the project; ``.`` for the project."""
    path = PurePosixPath(function.file)
    depth = module_name(function).count(".") + 1 + (path.name == "__init__.py")
    return str(PurePosixPath(*path.parts[:-depth]))


def module_name(function: Function) -> str:
    """Return the name by which a function's module is imported, also if it ran as a program."""
    if function.module != "__main__":
        return function.module
    path = PurePosixPath(function.file)
    return path.stem if path.stem != "__main__" else f"{path.parent.name}.__main__".lstrip(".")


def own_names(flow: ProposedFlow, project: Path) -> frozenset[str]:
    """Return the names of the project's own top-level modules, as far as the folders of the flow show them."""
    roots = {project / import_root(step.function) for step in flow.steps}
    files = (path for root in roots if root.is_dir() for path in root.iterdir())
    return frozenset(path.stem for path in files if path.suffix == ".py" or (path.is_dir() and any(path.glob("*.py"))))

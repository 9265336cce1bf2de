"""Decides which code is the user's own, and is to be watched."""

from __future__ import annotations

import os
import re
import sys
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from types import CodeType

PENSTOCK = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))) + os.sep  # noqa: PTH100, PTH120 - this runs in every process
"""The folder of penstock itself."""

_LIBRARIES = re.compile(r"/(?:site-packages|dist-packages|node_modules|__pypackages__|\.[^/]+)/")
_TESTS = re.compile(r"/(?:tests?/|(?:test_[^/]*|[^/]*_test|tests|conftest)\.py$)")
_STANDARD_LIBRARY = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120 - the same
_FUNCTION = 0x1  # CO_OPTIMIZED: neither a module's code nor a class's
_KINDS = ((0x200, "async generator"), (0x80 | 0x100, "coroutine"), (0x20, "generator"))


class OwnCode:
    """Knows the user's own code by its files.

    Args:
        roots: The folders with the user's code.
        packages: Modules or packages to watch, wherever they are; without any, everything below the roots.
    """

    def __init__(self, roots: Sequence[str], packages: Sequence[str] = ()) -> None:
        self._roots = tuple(root.rstrip(os.sep) + os.sep for root in roots)
        self._packages = tuple(package.replace(".", os.sep) for package in packages)
        self._answers: dict[str, bool] = {}

    def is_own(self, file: str) -> bool:
        """Return whether a file is the user's own code, and no test of it."""
        answer = self._answers.get(file)
        if answer is None:
            answer = self._answers[file] = self._decide(file)
        return answer

    def _decide(self, file: str) -> bool:
        if file.startswith("<"):
            return False
        path = os.path.abspath(file)  # noqa: PTH100 - links stay as they are
        if path.startswith(PENSTOCK):
            return False
        if self._packages:
            folder = next((folder for folder in self._folders() if self._is_of_packages(path, folder)), "")
            return bool(folder) and not _TESTS.search("/" + path[len(folder) :].replace(os.sep, "/"))
        root = next((root for root in self._roots if path.startswith(root)), None)
        if root is None or path.startswith(_STANDARD_LIBRARY):
            return False
        rest = "/" + path[len(root) :].replace(os.sep, "/")
        return not _LIBRARIES.search(rest) and not _TESTS.search(rest)

    def _is_of_packages(self, path: str, folder: str) -> bool:
        names = (folder + package for package in self._packages)
        return any(path.startswith(name + os.sep) or path == f"{name}.py" for name in names)

    def _folders(self) -> Iterator[str]:
        """Yield the folders in which packages may be, the roots first; each ends with a separator."""
        yield from self._roots
        yield from (os.path.abspath(entry).rstrip(os.sep) + os.sep for entry in sys.path)  # noqa: PTH100 - the same

    def name_module(self, space: Mapping[str, Any], file: str) -> str:
        """Return the name by which the module of a function can be imported, though it may run as ``__main__``."""
        name = str(space.get("__name__", ""))
        if name != "__main__":
            return name
        spec = space.get("__spec__")
        if spec is not None:
            return str(spec.name)
        path = os.path.abspath(file)  # noqa: PTH100 - the same
        folder = max((folder for folder in self._folders() if path.startswith(folder)), key=len, default="")
        return os.path.splitext(path[len(folder) :])[0].replace(os.sep, ".").removesuffix(".__init__")  # noqa: PTH122 - a text


class FunctionCode(NamedTuple):
    """The definition of a function of the user's.

    Attributes:
        qualname: Its qualified name.
        file: Its absolute file.
        line: The line of its definition, or of its first decorator.
        kind: ``"function"``, ``"coroutine"``, ``"generator"`` or ``"async generator"``.
    """

    qualname: str
    file: str
    line: int
    kind: str


def is_function(code: CodeType) -> bool:
    """Return whether code is that of a function with a name: no class body, lambda or comprehension, nor ``__init__``."""
    name = code.co_name
    is_hidden = name.startswith("<") or (name.startswith("__") and name.endswith("__") and name != "__call__")
    return bool(code.co_flags & _FUNCTION) and not is_hidden


def describe(code: CodeType) -> FunctionCode:
    """Return the definition of a function."""
    kind = next((kind for flags, kind in _KINDS if code.co_flags & flags), "function")
    return FunctionCode(code.co_qualname, os.path.abspath(code.co_filename), code.co_firstlineno, kind)  # noqa: PTH100 - the same

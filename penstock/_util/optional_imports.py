"""Error messages for missing optional packages."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class needed:  # noqa: N801 - used like a function, as contextlib's own are
    """Names the required package in a ``with`` block whose imports fail because it is not installed.

    A package that is installed but lacks a dependency, or is damaged, keeps its own error: reinstalling would not help.

    Args:
        package: The package that the block imports first.
        requirement: The requirement to install.

    Raises:
        ModuleNotFoundError: The package is not installed; ``name`` is its name.
    """

    __slots__ = ("_package", "_requirement")

    def __init__(self, package: str, requirement: str) -> None:
        self._package, self._requirement = package, requirement

    def __enter__(self) -> None:
        """Do nothing."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, ModuleNotFoundError) and error.name == self._package:
            cure = f'Install what is missing: pip install "{self._requirement}"'
            raise ModuleNotFoundError(f"{error}. {cure}", name=error.name, path=error.path) from None

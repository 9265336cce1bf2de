"""What a part of penstock says when the package that it is made for is not installed."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType


class needed:  # noqa: N801 - used like a function, as contextlib's own are
    """Names the cure in a ``with`` block whose imports fail because a package is not there.

    A package that is there and itself lacks another, or is damaged, keeps its own error: to install it again is no cure.

    Args:
        package: The package that the block imports first.
        requirement: What to install.

    Raises:
        ModuleNotFoundError: The package is not installed; ``name`` is its name.
    """

    __slots__ = ("_package", "_requirement")

    def __init__(self, package: str, requirement: str) -> None:
        self._package, self._requirement = package, requirement

    def __enter__(self) -> None:
        """Begin; there is nothing to do."""

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, ModuleNotFoundError) and error.name == self._package:
            cure = f'Install what is missing: pip install "{self._requirement}"'
            raise ModuleNotFoundError(f"{error}. {cure}", name=error.name, path=error.path) from None

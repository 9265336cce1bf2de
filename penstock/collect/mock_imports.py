"""Mocks of modules that cannot be installed where the documentation is built."""

from __future__ import annotations

import sys
from abc import ABCMeta
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class _MockAttributes:
    """A mock whose attributes all exist and are mocks again.

    Names with two underscores are protocols (``__wrapped__``, ``__path__``); claiming them would lead others astray.
    """

    __name__: str

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name.endswith("__") and name != "__version__":
            raise AttributeError(name)
        value = stand_in(f"{self.__name__}.{name}")
        setattr(self, name, value)  # the same object next time: identity counts in tables and sentinels
        return value


class _Meta(_MockAttributes, ABCMeta):
    """Lets classes derived from a stand-in have any attribute; an ABCMeta, to mix with abstract base classes."""

    # An ABCMeta asks the class for __subclasscheck__ and would find the one meant for its instances.
    __instancecheck__ = type.__instancecheck__


class StandIn(_MockAttributes, metaclass=_Meta):
    """Mocks a function, class, decorator or value of a missing module."""

    def __init__(self, *_args: object, **_options: object) -> None:
        self.__name__ = self.__qualname__ = type(self).__name__

    def __init_subclass__(cls, **_options: object) -> None:
        super().__init_subclass__()

    def __mro_entries__(self, _bases: tuple[object, ...]) -> tuple[type, ...]:
        # A class for each use, because two stand-ins may be bases of one class.
        return (_Meta(self.__name__.rpartition(".")[2], (StandIn,), {}),)

    def __call__(self, *args: Any, **options: object) -> Any:
        """Return the decorated function as it is; else another mock object."""
        if len(args) == 1 and not options and _is_decorated(args[0]):
            return args[0]
        if [type(arg) for arg in args] == [str, tuple, dict]:  # used as a metaclass
            return type(*args)
        return stand_in(f"{self.__name__}()")

    def __str__(self) -> str:
        return self.__name__

    __repr__ = __fspath__ = __str__

    def __format__(self, _spec: str) -> str:
        return str(self)

    def __bool__(self) -> bool:
        return True

    def __iter__(self) -> Iterator[Any]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __int__(self) -> int:
        return 1

    __index__ = __int__

    def __float__(self) -> float:
        return 1.0

    def __contains__(self, _item: object) -> bool:
        return False

    def __getitem__(self, _key: object) -> Any:
        return stand_in(f"{self.__name__}[]")

    def __setitem__(self, _key: object, _value: object) -> None:
        """Accept and ignore the value."""

    def __exit__(self, *_error: object) -> None:
        """Let errors pass."""

    def __instancecheck__(self, _instance: object) -> bool:
        return False

    def __subclasscheck__(self, _class: type) -> bool:
        return False

    def _same(self, *_others: object) -> StandIn:
        return self

    def _true(self, _other: object) -> bool:
        return True

    __enter__ = __neg__ = __pos__ = __invert__ = __abs__ = _same
    __or__ = __ror__ = __and__ = __rand__ = __xor__ = __rxor__ = __lshift__ = __rlshift__ = __rshift__ = __rrshift__ = (
        _same
    )
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __matmul__ = __rmatmul__ = __pow__ = __rpow__ = _same
    __truediv__ = __rtruediv__ = __floordiv__ = __rfloordiv__ = __mod__ = __rmod__ = _same
    __lt__ = __le__ = __gt__ = __ge__ = _true


class StandInModule(_MockAttributes, ModuleType):
    """Mocks a module."""

    __all__: Sequence[str] = ()


class MockFinder:
    """Finds a mock for each of some modules, and optionally for all their submodules."""

    def __init__(self, names: Sequence[str], *, below: bool) -> None:
        self._names = frozenset(names)
        self._prefixes = tuple(f"{name}." for name in names) if below else ()

    def find_spec(self, name: str, _path: object = None, _target: object = None) -> ModuleSpec | None:
        """Return a spec for a mocked name."""
        if name in self._names or name.startswith(self._prefixes):
            return ModuleSpec(name, self, is_package=True)  # type: ignore[arg-type]
        return None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Return the mock."""
        return StandInModule(spec.name)

    def exec_module(self, _module: ModuleType) -> None:
        """Do nothing: a mock has no code."""


def stand_in(name: str) -> Any:
    """Return a mock named ``name``."""
    value = StandIn()
    value.__name__ = value.__qualname__ = name
    return value


def install(names: Sequence[str]) -> None:
    """Mock these modules, installed or not, and their packages if they are missing."""
    packages = {name[:end] for name in names for end, letter in enumerate(name) if letter == "."}
    sys.meta_path.insert(0, MockFinder(names, below=True))
    sys.meta_path.append(MockFinder(sorted(packages), below=False))


def _is_decorated(value: object) -> bool:
    if isinstance(value, StandIn):
        return False
    return callable(value) or isinstance(value, classmethod | staticmethod | property)

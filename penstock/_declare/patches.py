"""Patches steps into the place of named functions: from the import of their module on, until undone."""

from __future__ import annotations

import sys
from importlib import import_module
from inspect import getattr_static
from pkgutil import iter_modules
from types import (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    ModuleType,
    WrapperDescriptorType,
)
from typing import TYPE_CHECKING, Any, NamedTuple

from penstock._callables.unwrap import underlying
from penstock._declare import registry
from penstock._util.import_hook import watch_module
from penstock.errors import DuplicateStepError, did_you_mean, near_names
from penstock.model import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from typing import Self

    from penstock.model.problem_codes import ProblemCode

_WRITTEN_IN_C = (
    BuiltinFunctionType,
    ClassMethodDescriptorType,
    MethodDescriptorType,
    MethodWrapperType,
    WrapperDescriptorType,
)
_MISSING: Any = object()
MAX_NAMES = 8
"""Maximum number of names that a message lists if none is near."""

_active: list[Patch] = []
_stale: dict[int, tuple[Any, Any]] = {}
"""Undone steps still wrapped by another patch, by identity, each with the function that it had replaced."""


class PatchLocation(NamedTuple):
    """The file, the line and the name of the module in which a function is patched."""

    file: str
    line: int
    module: str


class _RefusalError(Exception):
    """A target that cannot be patched: the code of the problem, the reason, and what to do."""

    def __init__(self, code: ProblemCode, reason: str, advice: str = "") -> None:
        self.code, self.advice = code, advice
        super().__init__(reason)


class Patch:
    """A step that replaces a function, from the import of its module on, until undone.

    Returned by ``flow(…).step(…).patch(…)``. As a context manager, it is undone at the end of the block.

    Attributes:
        flow: The flow's name.
        target: The function: ``package.module:Class.method``.
        where: Its location.
        problem: The problem with the target after the import of its module, or ``None``.
    """

    def __init__(
        self,
        flow: str,
        target: str,
        kind: tuple[str | None, bool],
        where: PatchLocation,
        decorate: Callable[[Any], Any],
    ) -> None:
        self.flow = flow
        self.target = target
        self.where = where
        self.problem: Problem | None = None
        self.module, _, self._path = target.partition(":")
        self._kind = kind
        self._decorate = decorate
        self._original: Any = _MISSING
        self._decorated: Any = _MISSING
        self._owner: Any = None
        self._inherited = False

    @property
    def step_name(self) -> str:
        """The name that the step has, or would have without a problem."""
        return self._kind[0] or self._path.rpartition(".")[2]

    @property
    def is_pending(self) -> bool:
        """Whether the module is not imported yet."""
        return self.problem is None and self._decorated is _MISSING

    def replaces(self, other: Patch) -> bool:
        """Return whether another patch declares the same step of the same function."""
        return (self.flow, self.target, self._kind) == (other.flow, other.target, other._kind)

    def begin(self) -> None:
        """Replace the function now, or as soon as its module is imported."""
        for earlier in [*_active]:
            if self.replaces(earlier):
                earlier.undo()  # the same lines ran again: a reload, or a cell of a notebook
        if not self._path or not all(part.isidentifier() for part in (*self.module.split("."), *self._path.split("."))):
            self._fail("bad-patch", f"patch({self.target!r}) is not a module and a function.", _suggest(self.target))
            return
        _active.append(self)
        registry.note_patch(self)
        watch_module(self.module, apply_to)
        retry()

    def resolve(self) -> None:
        """Import the module if necessary: a request for the flow needs all of its steps."""
        if not self.is_pending or self not in _active:
            return
        try:
            self.apply(import_module(self.module))
        except Exception as error:  # the application may raise anything
            self._fail("unknown-patch", *_explain(self, error))

    def apply(self, module: ModuleType) -> None:
        """Replace the function in its imported module; again, if the module was executed again."""
        try:
            owner, name, original = _locate(module, self._path)
            if original is self._decorated:
                return
            replacement = self._decorate(original)
        except _RefusalError as refusal:
            self._fail(refusal.code, f"patch({self.target!r}): {refusal}", refusal.advice)
        except DuplicateStepError as error:
            self._fail("duplicate-step", f"patch({self.target!r}): {error}")
        except Exception as error:  # user objects may raise anything; the import must not fail because of us
            self._fail("bad-patch", f"patch({self.target!r}): {type(error).__name__}: {error}")
        else:
            self._replace(owner, name, original, replacement)

    def _replace(self, owner: Any, name: str, original: Any, decorated: Any) -> None:
        """Bind the step in its owner, and in all modules that imported the function."""
        is_inherited = name not in _attributes(owner)
        try:
            if is_inherited:
                setattr(owner, name, decorated)
            _swap(owner, original, decorated)
        except (AttributeError, TypeError) as error:
            self._fail("bad-patch", f"patch({self.target!r}): it cannot be replaced: {error}.")
            return
        self.problem, self._original, self._decorated = None, original, decorated
        self._owner, self._inherited = owner, is_inherited

    def undo(self) -> None:
        """Restore the function wherever the step is bound. The declaration stays. Undoing twice has no effect."""
        if self not in _active:
            return
        _active.remove(self)
        if self._decorated is _MISSING:
            return
        name = self._path.rpartition(".")[2]
        if self._inherited and _attributes(self._owner).get(name) is self._decorated:
            delattr(self._owner, name)
        _swap(self._owner, self._decorated, _find_live(self._original))
        _stale[id(self._decorated)] = self._decorated, self._original  # another patch may wrap it

    def _fail(self, code: ProblemCode, sentence: str, advice: str = "") -> None:
        file, line, _ = self.where
        message = f"{sentence} {advice}".rstrip()
        self.problem = Problem(code=code, message=message, file=file, line=line, step=self.step_name, advice=advice)
        registry.note_patch(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.undo()

    def __repr__(self) -> str:
        return f"<patch of {self.target} in flow {self.flow!r}>"


def apply_to(module: ModuleType) -> None:
    """Apply the patches of a module that was just executed."""
    for patch in [*_active]:
        if patch.module == module.__name__:
            patch.apply(module)


def retry() -> None:
    """Apply the patches of modules whose import was in progress at the declaration and has ended."""
    for patch in [*_active]:
        module: Any = sys.modules.get(patch.module)
        if patch.is_pending and issubclass(type(module), ModuleType) and not _is_under_way(module):
            patch.apply(module)


def active() -> tuple[Patch, ...]:
    """Return the active patches, in the order of declaration."""
    return tuple(_active)


def undo_all(kept: Iterable[Patch]) -> None:
    """Undo all patches but some, in reverse order."""
    for patch in reversed([patch for patch in _active if patch not in kept]):
        patch.undo()


def _is_under_way(module: Any) -> bool:
    return bool(getattr(_attributes(module).get("__spec__"), "_initializing", False))


def _attributes(owner: Any) -> Mapping[str, Any]:
    """Return the namespace of a module or class; any other access would load a lazy module."""
    space: Mapping[str, Any] = vars(owner) if isinstance(owner, type) else object.__getattribute__(owner, "__dict__")
    return space


def _swap(owner: Any, old: Any, new: Any) -> None:
    """Rebind all names of an owner and of all modules from an old object to a new one."""
    modules = (module for module in [*sys.modules.values()] if issubclass(type(module), ModuleType))
    for space in (owner, *modules):
        for name in [name for name, value in [*_attributes(space).items()] if value is old]:
            setattr(space, name, new)


def _find_live(value: Any) -> Any:
    """Return the object below all steps that were undone already."""
    while (stale := _stale.get(id(value))) is not None and stale[0] is value:
        value = stale[1]
    return value


def _locate(module: ModuleType, path: str) -> tuple[Any, str, Any]:
    """Return the owner of a function, its name there, and its current value.

    Raises:
        _RefusalError: The name does not exist, or is not a function that can be a step.
    """
    *outer, name = path.split(".")
    owner: Any = module
    for number, part in enumerate(outer):
        owner = _look_up(owner, part)
        if not (isinstance(owner, (type, ModuleType)) or type(owner).__module__ == "penstock.collect.mock_imports"):
            parent = ".".join(outer[: number + 1])
            raise _RefusalError(
                "bad-patch", f"{parent} is a {type(owner).__name__}.", f"Name the class that has {name}."
            )
    if name.startswith("__") and not name.endswith("__") and isinstance(owner, type):
        name = f"_{owner.__name__.lstrip('_')}{name}"
    original = _look_up(owner, name)
    if reason := _find_reason_to_refuse(original):
        raise _RefusalError("bad-patch", *(part.format(path=path, module=module.__name__) for part in reason))
    return owner, name, original


def _look_up(owner: Any, name: str) -> Any:
    value = getattr_static(owner, name, _MISSING)
    if value is _MISSING and not isinstance(owner, type):
        value = getattr(owner, name, _MISSING)  # a module may create it only now
    if value is _MISSING:
        candidates = [other_name for other_name in dir(owner) if not other_name.startswith("__")]
        hint = did_you_mean(near_names(name, candidates)) or f"It has {', '.join(candidates[:MAX_NAMES])}."
        raise _RefusalError("unknown-patch", f"{owner.__name__} has no {name}.", hint.lstrip() if candidates else "")
    return value


def _find_reason_to_refuse(value: Any) -> tuple[str, ...]:
    function = underlying(value)
    if isinstance(function, _WRITTEN_IN_C):
        return "{path} is implemented in C and cannot be a step.", "Name a Python function that calls it."
    if isinstance(function, type):
        return "{path} is a class; its calls are not observed.", "Name a method: {module}:{path}.__init__"
    if not callable(function) or isinstance(value, property):
        return (f"{{path}} is a {type(value).__name__}, which is not callable.",)
    return ()


def _explain(patch: Patch, error: Exception) -> tuple[str, ...]:
    missing = error.name if isinstance(error, ModuleNotFoundError) else None
    if not (missing and f"{patch.module}.".startswith(f"{missing}.")):
        return (f"patch({patch.target!r}): {patch.module} cannot be imported: {type(error).__name__}: {error}",)
    package = missing.rpartition(".")[0]
    folders = _attributes(sys.modules[package]).get("__path__") if package in sys.modules else None
    names = (module.name for module in iter_modules(folders))
    near = did_you_mean(near_names(missing, [f"{package}.{name}" if package else name for name in names]))
    return f"patch({patch.target!r}): there is no module {missing}.", near.lstrip()


def _suggest(target: str) -> str:
    module, _, name = target.replace(":", ".").rpartition(".")
    return (
        f"Write: patch({f'{module}:{name}'!r})" if module and name else "Write, for example: patch('shop.orders:pay')"
    )

"""The three decorators that describe existing flows."""

from __future__ import annotations

from functools import wraps
from types import FunctionType

from penstock._callables.unwrap import identity, underlying
from penstock._declare import registry
from penstock._declare.marks import StepMark, marks_on
from penstock._declare.step_declaration import StepDeclaration
from penstock._decorators.wrapping import wrap
from penstock._runtime.scope import STARTED_BY_RECORDING
from penstock._util.call_site import caller, calling_frame, here
from penstock.errors import DeclarationError, did_you_mean, near_names

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Any, Protocol, TypeAlias, TypeVar
    from typing import overload as overload  # noqa: PLC0414 - also for others, whose overloads autodoc would list

    T = TypeVar("T")

    class Holder(Protocol):
        """A ``staticmethod`` or ``classmethod``; generic only for type checkers."""

        @property
        def __func__(self) -> Callable[..., Any]: ...

    Ref: TypeAlias = str | Callable[..., Any] | Holder
    After: TypeAlias = Ref | Mapping[Ref, str | None] | Collection[Ref | Mapping[Ref, str | None]]
else:

    def overload(function):  # noqa: ANN001, ANN202 - what typing.overload does, without importing typing
        """Return the function unchanged, as ``typing.overload`` does for a type checker."""
        return function


def _names_checked(function: T) -> T:
    """Report misspelled keywords at the call, with the nearest name; the signature stays the same."""
    plain: Any = function
    code = plain.__code__
    parameter_names = code.co_varnames[code.co_posonlyargcount : code.co_argcount + code.co_kwonlyargcount]

    @wraps(plain)
    def check_and_call(*args: Any, **given: Any) -> Any:
        """Call the function, or raise a DeclarationError that names a misspelt keyword."""
        for name in given:
            if name not in parameter_names:
                hint = did_you_mean(near_names(name, parameter_names)) or f" It takes {', '.join(parameter_names)}."
                raise DeclarationError(f"{here()}: {plain.__name__}() takes no {name}=.{hint}")
        return plain(*args, **given)

    return check_and_call  # type: ignore[return-value]


class FlowDeclaration:
    """A handle of a flow: a decorator above marks, with mark decorators of its own.

    Attributes:
        name: The flow's name.
    """

    __slots__ = ("name",)

    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, target: T, /) -> T:
        """Take the marks right below, or those of all methods of a class; return ``target`` itself.

        Raises:
            DuplicateStepError: Another function of the flow has the step's name.
        """
        marks = list(_takeable(target))
        for mark in marks:
            registry.claim(self.name, mark)
        if not marks:
            registry.note_unmarked(self.name, _identify_target(target), caller())
        return target

    @overload
    def entrypoint(self, target: T, /) -> T:
        """Return the target itself when used bare."""

    @overload
    def entrypoint(
        self, /, *, name: str | None = None, trigger: str | None = None, inherit: bool = True
    ) -> StepDeclaration:
        """Return a declaration that decorates a function or declares one from outside."""

    @_names_checked
    def entrypoint(
        self, target: Any = None, /, *, name: str | None = None, trigger: str | None = None, inherit: bool = True
    ) -> Any:
        """Mark where runs of this flow start; see :func:`entrypoint`."""
        return _marker(target, self.name, entrypoint=True, name=name, trigger=trigger, inherit=inherit)

    @overload
    def step(self, target: T, /) -> T:
        """Return the target itself when used bare."""

    @overload
    def step(
        self, /, *, after: After = (), name: str | None = None, effects: str | Collection[str] = ()
    ) -> StepDeclaration:
        """Return a declaration that decorates a function or declares one from outside."""

    @_names_checked
    def step(
        self,
        target: Any = None,
        /,
        *,
        after: After = (),
        name: str | None = None,
        effects: str | Collection[str] = (),
    ) -> Any:
        """Mark a step of this flow; see :func:`step`."""
        return _marker(target, self.name, entrypoint=False, after=after, name=name, effects=effects)

    def __repr__(self) -> str:
        return f"flow({self.name!r})"


@_names_checked
def flow(
    name: str,
    *,
    title: str | None = None,
    description: str | None = None,
    tags: str | Collection[str] | None = None,
) -> FlowDeclaration:
    """Declare a flow, or add to an existing declaration.

    Args:
        name: The flow's name, unique in the application.
        title: A human-readable title; by default, the name.
        description: The purpose of the flow, in a sentence or two of plain text.
        tags: One or more words that group flows in overviews, such as ``"billing"``.

    Returns:
        A decorator to put above ``@entrypoint`` or ``@step``, or above a class with marked methods. It also is a
        handle: ``bom = flow("bom_sync")``, then ``@bom.step(after=…)``, which marks and takes at once.

    Raises:
        DeclarationError: ``name`` is not a text, as under a bare ``@flow``, or is blank.
    """
    if not isinstance(name, str) or not name.strip():
        raise DeclarationError(f"{here()}: a flow needs a name: @flow('bom_sync'), not {name!r}")
    registry.declare(name, calling_frame(), title, description, tags)
    return FlowDeclaration(name)


@overload
def entrypoint(target: T, /) -> T:
    """Return the target itself when used bare."""


@overload
def entrypoint(*, name: str | None = None, trigger: str | None = None, inherit: bool = True) -> Callable[[T], T]:
    """Return a decorator that keeps the target's type."""


@_names_checked
def entrypoint(
    target: Any = None, /, *, name: str | None = None, trigger: str | None = None, inherit: bool = True
) -> Any:
    """Mark a function where runs start. Works bare (``@entrypoint``) or called.

    Args:
        target: The function, when used bare.
        name: The step's name; the function's own if none is given.
        trigger: What starts it, such as ``kafka:bom-updates`` or ``POST /orders``; drawn as a source.
        inherit: Whether a call inside a run joins that run; ``False`` starts one with a new ID each time.

    Returns:
        The decorated function, with the same signature, kind and name.
    """
    return _marker(target, None, entrypoint=True, name=name, trigger=trigger, inherit=inherit)


@overload
def step(target: T, /) -> T:
    """Return the target itself when used bare."""


@overload
def step(*, after: After = (), name: str | None = None, effects: str | Collection[str] = ()) -> Callable[[T], T]:
    """Return a decorator that keeps the target's type."""


@_names_checked
def step(
    target: Any = None,
    /,
    *,
    after: After = (),
    name: str | None = None,
    effects: str | Collection[str] = (),
) -> Any:
    """Mark a function as a step. Works bare (``@step``) or called.

    Args:
        target: The function, when used bare.
        after: The preceding steps: a step's name, a function, a list of them, or a mapping such as
            ``{"validate": "if paid"}`` that labels the edges. Names resolve late, so import order never matters.
        name: The step's name; the function's own if none is given.
        effects: The resources that it changes, such as ``["postgres:parts"]``; drawn as sinks.

    Returns:
        The decorated function, with the same signature, kind and name. Outside a run it just runs.
    """
    return _marker(target, None, entrypoint=False, after=after, name=name, effects=effects)


def _marker(target: Any, flow_name: str | None, *, entrypoint: bool, **details: Any) -> Any:
    """Mark ``target`` now, or return a decorator that will."""
    decorator_name = "entrypoint" if entrypoint else "step"

    def decorate(function: Any, declared: tuple[tuple[str, int], Any] | None = None) -> Any:
        """Declare the function and return its wrapper, of the same kind and signature."""
        if not _can_be_called(function):
            over = type(function).__name__
            hint = "Put it right above the function, below @property, @task and their like."
            raise DeclarationError(
                f"{here()}: @{decorator_name} cannot decorate an object of type {over}: it is not callable. {hint}"
            )
        if _is_applied_to_each_call(function):
            hint = f"Put @{decorator_name} right above the method; it needs no method_decorator."
            raise DeclarationError(f"method_decorator() would declare @{decorator_name} again for each request. {hint}")
        mark = StepMark(function, entrypoint=entrypoint, **details)
        if declared is not None:
            mark.declared, mark.body = declared
        if flow_name is None:
            registry.note_mark(mark)
        else:
            registry.claim(flow_name, mark)
        return wrap(function, mark)

    if target is None:
        kind = details.get("name"), entrypoint
        return decorate if flow_name is None else StepDeclaration(flow_name, kind, decorate)
    if issubclass(type(target), str):  # isinstance() would wake a lazy proxy
        hint = f"@{decorator_name}({'name' if entrypoint else 'after'}={target!r})"
        raise DeclarationError(f"{here()}: @{decorator_name}({target!r}) is not a function; did you mean {hint}?")
    return decorate(target)


def _can_be_called(target: Any) -> bool:
    kind = type(target)
    if kind.__module__ == "functools" and kind.__name__ == "partialmethod":
        return True
    return callable(target) or issubclass(kind, (staticmethod, classmethod))


def _is_applied_to_each_call(target: Any) -> bool:
    """Return whether a function is the placeholder with which Django's ``method_decorator`` tries a decorator."""
    return type(target) is FunctionType and (target.__module__, target.__qualname__) == (
        "django.utils.decorators",
        "_update_method_wrapper.<locals>.dummy",
    )


def _takeable(target: Any) -> list[StepMark]:
    """Return the marks for a flow above ``target``: its own, or those of its methods if it is a class."""
    function = underlying(target)
    groups = marks_on(function)
    marks = list(groups[-1]) if groups else []
    if issubclass(type(function), type):
        marks += _marks_in(function)
    return marks


def _marks_in(owner: type) -> list[StepMark]:
    """Return the marks of a class's methods; inherited ones count unless they belong to their class's own flow."""
    methods: dict[str, list[StepMark]] = {}
    for base in reversed(owner.__mro__):
        for name, member in vars(base).items():
            marks = next(reversed(marks_on(member)), [])
            if base is owner or all(mark.lent or not mark.flows for mark in marks):
                methods[name] = marks or methods.get(name, [])
                for mark in marks:
                    mark.lent = base is not owner
    return [mark for marks in methods.values() for mark in marks]


def _identify_target(target: Any) -> tuple[str, str]:
    """Return the identity of an unmarked object; for a lazy object only its type's, because more would wake it."""
    is_plain_callable = issubclass(type(underlying(target)), (FunctionType, type))
    return identity(target) if is_plain_callable else identity(type(target))


if STARTED_BY_RECORDING:
    from penstock._decorators.bootstrap import join_recording

    join_recording()

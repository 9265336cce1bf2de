"""Marks: what ``@entrypoint`` and ``@step`` leave on a function for ``@flow`` to take."""

from __future__ import annotations

from types import BuiltinFunctionType, FunctionType, GetSetDescriptorType, MethodType

from penstock._caller import body_of, calling_frame, place_of
from penstock._proxies import ATTRIBUTE, CallableProxy, own_name
from penstock._tasks import function_of_task

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

CALLABLE_TYPES = (FunctionType, BuiltinFunctionType, MethodType, type)


class Mark:
    """One declaration: this function is an entrypoint or a step.

    Attributes:
        function: The callable that was decorated.
        entrypoint: Whether a run can start here.
        after: What was given to ``after=``, untouched.
        name: The step's name where one was given.
        trigger: What starts the entrypoint.
        effects: What the step changes elsewhere, as given.
        inherit: Whether an entrypoint joins the run that it is called in.
        declared: File and line of the declaration.
        body: What ran when it was declared: equal for declarations of one execution of a module or class, and no others.
        hides: An earlier mark, of another function, whose place it took before any flow did.
        flows: The names of the flows that took the mark.
        lent: Whether flows took it only through subclasses, so that other subclasses may take it too.
        root: The function object below every decoration of ours.
    """

    __slots__ = (
        "_key",
        "_step_name",
        "after",
        "body",
        "declared",
        "effects",
        "entrypoint",
        "flows",
        "function",
        "hides",
        "inherit",
        "lent",
        "name",
        "root",
        "trigger",
    )

    def __init__(
        self,
        function: Any,
        *,
        entrypoint: bool,
        after: object = (),
        name: str | None = None,
        trigger: str | None = None,
        effects: object = (),
        inherit: bool = True,
    ) -> None:
        self.function = function
        self.entrypoint = entrypoint
        self.after = after
        self.name = name
        self.trigger = trigger
        self.effects = effects
        self.inherit = inherit
        frame = calling_frame()
        self.declared = place_of(frame)
        self.body = body_of(frame)
        self.hides: Mark | None = None
        self.flows: tuple[str, ...] = ()
        self.lent = False
        below = marks_on(function)
        self.root: Any = below[0][0].root if below else underlying(function)
        self._key: tuple[str, str] | None = None
        self._step_name: str | None = None

    def __getstate__(self) -> Any:
        """Go to another process with a function of a notebook, without what would take other functions along."""
        sent = {name: getattr(self, name) for name in self.__slots__}
        return None, {**sent, "after": (), "body": None, "hides": None}

    @property
    def deferred(self) -> bool:
        """Tell whether reading the callable's attributes must wait until somebody asks for the flow.

        A Celery ``shared_task`` is a proxy whose every attribute finalizes the application.
        """
        return not is_routine(self.root)

    @property
    def key(self) -> tuple[str, str]:
        """Module and qualified name: what makes two marks speak of the same function."""
        if self._key is None:
            self._key = identity(self.root)
        return self._key

    @property
    def one_of_many(self) -> bool:
        """Tell whether other callables may have the same key: lambdas, inner functions, nameless objects."""
        return "<" in self.key[1] or own_name(self.root) is None

    @property
    def step_name(self) -> str:
        """The step's name: the one given, else the function's."""
        if self._step_name is None:  # asked for with each call, while somebody observes
            self._step_name = self.key[1].rpartition(".")[2] if self.name is None or self.has_bad_name else self.name
        return self._step_name

    @property
    def has_bad_name(self) -> bool:
        """Tell whether ``name=`` was given and is no text, or a blank one."""
        return self.name is not None and not (isinstance(self.name, str) and self.name.strip())

    def is_beside(self, other: Mark) -> bool:
        """Tell whether two functions are declared at two places of one text, which ran once: nothing was reloaded."""
        return self.root is not other.root and self.body is other.body and self.declared != other.declared


def is_routine(target: Any) -> bool:
    """Tell whether something is a class, a method or a function, also a compiled one, as Cython and mypyc make them."""
    kind = type(target)
    return issubclass(kind, CALLABLE_TYPES) or hasattr(kind, "__code__")


def underlying(target: Any) -> Any:
    """Return what a partial, a property, a bound, static or class method finally calls."""
    while True:
        kind = type(target)
        if issubclass(kind, (staticmethod, classmethod, MethodType)):
            target = target.__func__
        elif kind is property:
            target = target.fget
        elif kind.__module__ == "functools" and kind.__name__ in ("partial", "partialmethod", "cached_property"):
            target = target.func
        else:
            return target


def below(function: Any) -> Any:
    """Return what a decorator's function or object says that it wraps, or ``None``; lazy objects are not woken."""
    kind = type(function)
    if kind is FunctionType:
        return function.__dict__.get("__wrapped__")
    if issubclass(kind, CallableProxy) or any(_is_of_wrapt(owner) for owner in kind.__mro__):
        return function.__wrapped__
    own = next((vars(owner)["__dict__"] for owner in kind.__mro__ if "__dict__" in vars(owner)), None)
    if type(own) is not GetSetDescriptorType:  # none at all, or something that lazy objects have in its place
        return None
    return own.__get__(function).get("__wrapped__")


def _is_of_wrapt(kind: type) -> bool:
    """Return whether a class is that of decorated functions, not of lazy objects; the compiled one has no package."""
    return kind.__name__ in ("FunctionWrapper", "BoundFunctionWrapper") and kind.__module__ in (
        "_wrappers",
        "wrapt.wrappers",
    )


def identity(target: Any) -> tuple[str, str]:
    """Return module and qualified name of a callable, or of its class if it has none of its own."""
    target = underlying(target)
    qualname = own_name(target)
    if qualname is None:
        below = function_of_task(target)
        if below is not None:
            return identity(below)
        target = type(target)
        qualname = target.__qualname__
    return str(getattr(target, "__module__", None) or ""), qualname


_remembered: dict[int, tuple[Any, list[list[Mark]]]] = {}


def remember(target: Any, groups: list[list[Mark]]) -> None:
    """Note the marks of an object whose attributes must not be touched; it is kept alive, so its id stays its own."""
    _remembered[id(target)] = target, groups


def marks_on(target: Any) -> list[list[Mark]]:
    """Return the groups of marks that a decorated object carries, the innermost first.

    A flow closes the group below it, so that in a stack each flow takes the marks right below it. Objects that
    answer every attribute on their own account, as lazy proxies do, are left alone.
    """
    function = underlying(target)
    kind = type(function)
    if kind.__module__ == "functools" and kind.__name__ == "singledispatchmethod":
        return marks_on(function.func)
    if id(function) in _remembered:
        return _remembered[id(function)][1]
    if issubclass(kind, CallableProxy):
        return CallableProxy.marks_of(function)
    if (below := function_of_task(function)) is not None:
        return marks_on(below)
    if hasattr(kind, "__getattr__") and not issubclass(kind, type):
        return []
    found: list[list[Mark]] = getattr(function, "__dict__", {}).get(ATTRIBUTE, [])
    return found


def add_mark(groups: list[list[Mark]], mark: Mark) -> list[list[Mark]]:
    """Return the groups with one more mark, in a new group if a flow has closed the last one."""
    if not groups or any(earlier.flows for earlier in groups[-1]):
        return [*groups, [mark]]
    return [*groups[:-1], [*groups[-1], mark]]

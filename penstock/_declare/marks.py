"""Marks: records left on a function by ``@entrypoint`` and ``@step`` for ``@flow`` to take."""

from __future__ import annotations

from penstock._callables.proxies import ATTRIBUTE, CallableProxy, own_name
from penstock._callables.task_objects import function_of_task
from penstock._callables.unwrap import identity, is_routine, underlying
from penstock._util.call_site import body_of, calling_frame, place_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class StepMark:
    """One declaration: this function is an entrypoint or a step.

    Attributes:
        function: The callable that was decorated.
        entrypoint: Whether a run can start here.
        after: The value of ``after=``, unchanged.
        name: The step's name, if given.
        trigger: What starts the entrypoint.
        effects: The resources that the step changes, as given.
        inherit: Whether an entrypoint joins the run that it is called in.
        declared: File and line of the declaration.
        body: The execution of the declaration: equal for declarations of one execution of a module or class only.
        hides: An earlier mark, of another function, that it replaced before any flow took it.
        flows: The names of the flows that took the mark.
        known_name: The step's name, once it was asked for: a property would cost each observed call more.
        lent: Whether flows took it only through subclasses, so that other subclasses may take it too.
        root: The function object below all our decorations.
    """

    __slots__ = (
        "_key",
        "after",
        "body",
        "declared",
        "effects",
        "entrypoint",
        "flows",
        "function",
        "hides",
        "inherit",
        "known_name",
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
        self.hides: StepMark | None = None
        self.flows: tuple[str, ...] = ()
        self.lent = False
        below = marks_on(function)
        self.root: Any = below[0][0].root if below else underlying(function)
        self._key: tuple[str, str] | None = None
        self.known_name: str | None = None

    def __getstate__(self) -> Any:
        """Pickle the mark with a notebook's function, without references that would take other functions along."""
        state = {name: getattr(self, name) for name in self.__slots__}
        return None, {**state, "after": (), "body": None, "hides": None}

    @property
    def deferred(self) -> bool:
        """Return whether the callable's attributes must not be read before the flow is needed.

        A Celery ``shared_task`` is a proxy whose every attribute finalizes the application.
        """
        return not is_routine(self.root)

    @property
    def key(self) -> tuple[str, str]:
        """Module and qualified name: the identity of the marked function."""
        if self._key is None:
            self._key = identity(self.root)
        return self._key

    @property
    def one_of_many(self) -> bool:
        """Return whether other callables may have the same key: lambdas, inner functions, nameless objects."""
        return "<" in self.key[1] or own_name(self.root) is None

    @property
    def step_name(self) -> str:
        """The step's name: the one given, else the function's."""
        if self.known_name is None:
            self.known_name = self.key[1].rpartition(".")[2] if self.name is None or self.has_bad_name else self.name
        return self.known_name

    @property
    def has_bad_name(self) -> bool:
        """Return whether ``name=`` was given but is not a text, or is blank."""
        return self.name is not None and not (isinstance(self.name, str) and self.name.strip())

    def is_beside(self, other: StepMark) -> bool:
        """Return whether both functions are declared at different places of one text that ran once."""
        return self.root is not other.root and self.body is other.body and self.declared != other.declared


_remembered: dict[int, tuple[Any, list[list[StepMark]]]] = {}


def remember(target: Any, groups: list[list[StepMark]]) -> None:
    """Register the marks of an object whose attributes must not be touched; the object is kept alive for its id."""
    _remembered[id(target)] = target, groups


def marks_on(target: Any) -> list[list[StepMark]]:
    """Return the groups of marks that a decorated object carries, the innermost first.

    A flow closes the group below it, so that in a stack each flow takes the marks right below it. Lazy
    proxies (types with ``__getattr__``) are never inspected.
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
    groups: list[list[StepMark]] = getattr(function, "__dict__", {}).get(ATTRIBUTE, [])
    return groups


def add_mark(groups: list[list[StepMark]], mark: StepMark) -> list[list[StepMark]]:
    """Return the groups with one more mark, in a new group if a flow has closed the last one."""
    if not groups or any(earlier.flows for earlier in groups[-1]):
        return [*groups, [mark]]
    return [*groups[:-1], [*groups[-1], mark]]

"""Correlation IDs for Celery: a task belongs to the run that sent it."""

from __future__ import annotations

from types import MethodType
from typing import TYPE_CHECKING, Any

from penstock._declare.marks import StepMark, remember
from penstock._declare.registry import note_mark
from penstock._decorators.decorators import overload
from penstock._decorators.wrapping import wrap
from penstock._runtime.context import ContextBinding, current_run
from penstock._runtime.propagation import outgoing
from penstock._util.call_site import here
from penstock._util.optional_imports import needed
from penstock.contrib._messages import extract_run, flow_of, inject_run
from penstock.errors import DeclarationError, did_you_mean, near_names

with needed("celery", "penstock[celery]"):
    from celery import Task, shared_task, signals

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from typing import Concatenate, Literal, ParamSpec, TypeVar

    from penstock._decorators.decorators import After

    P = ParamSpec("P")
    R = TypeVar("R")
    T = TypeVar("T")

OWN = ("after", "trigger", "effects", "inherit", "step_name")
"""The options of :func:`flow_task` that are not passed to Celery."""

NO_ATTRIBUTES = ("filter",)
"""Options of Celery that are not attributes of a task and resemble one of ours."""

BINDING = "penstock_binding"


@overload
def flow_task(function: Callable[P, R], /) -> Task[P, R]:
    """Return the task of the function when used bare."""


@overload
def flow_task(
    *,
    after: After | None = None,
    trigger: str | None = None,
    effects: str | Collection[str] = (),
    inherit: bool = True,
    step_name: str | None = None,
    base: type[T],
    **options: Any,
) -> Callable[[Callable[..., Any]], T]:
    """Return a decorator that makes tasks of the class ``base``."""


@overload
def flow_task(
    *,
    after: After | None = None,
    trigger: str | None = None,
    effects: str | Collection[str] = (),
    inherit: bool = True,
    step_name: str | None = None,
    bind: Literal[True],
    **options: Any,
) -> Callable[[Callable[Concatenate[Any, P], R]], Task[P, R]]:
    """Return a decorator for functions that take the task as their first argument."""


@overload
def flow_task(
    *,
    after: After | None = None,
    trigger: str | None = None,
    effects: str | Collection[str] = (),
    inherit: bool = True,
    step_name: str | None = None,
    bind: Literal[False] = False,
    **options: Any,
) -> Callable[[Callable[P, R]], Task[P, R]]:
    """Return a decorator that makes tasks of the function's signature."""


def flow_task(
    function: Any = None,
    /,
    *,
    after: After | None = None,
    trigger: str | None = None,
    effects: str | Collection[str] = (),
    inherit: bool = True,
    step_name: str | None = None,
    **options: Any,
) -> Any:
    """Make a function a Celery task and a step of the flow above it: an entrypoint unless ``after`` is given.

    Works bare (``@flow_task``) or called. All other options are passed to ``celery.shared_task``,
    such as ``queue``, ``bind``, ``autoretry_for``, or ``name``, which is the name of the task.

    Args:
        function: The function, when used bare.
        after: The preceding steps, as in :func:`penstock.step`.
        trigger: The source that starts an entrypoint, such as ``kafka:orders``.
        effects: The resources that a step changes, such as ``postgres:parts``.
        inherit: Whether an entrypoint belongs to the run of its sender; ``False`` starts one with a new ID.
        step_name: The step's name; by default, the function's own.
        **options: Options of Celery.

    Returns:
        The task, as ``shared_task`` makes it.

    Raises:
        DeclarationError: An option is misspelled, or is for entrypoints while ``after`` is given; or the decorated
            object is not a function.
    """
    if after is not None and (trigger is not None or not inherit):
        only = "inherit" if trigger is None else "trigger"
        raise DeclarationError(
            f"{here()}: flow_task(after=…) makes a step; {only}= is for entrypoints, without after=."
        )
    _check_options(options)
    install()

    def decorate(function: Callable[..., Any]) -> Any:
        """Declare the function and return its shared task."""
        _check_function(function)
        # Bound, it is a method of the task, which is yet to be made.
        target = MethodType(function, shared_task) if options.get("bind") else function
        if after is not None:  # its truth would wake a task
            mark = StepMark(target, entrypoint=False, after=after, name=step_name, effects=effects)
        else:
            mark = StepMark(target, entrypoint=True, name=step_name, trigger=trigger, effects=effects, inherit=inherit)
        note_mark(mark)
        task = shared_task(**options)(wrap(function, mark))
        remember(task, [[mark]])
        return task

    return decorate if function is None else decorate(function)


def _check_options(options: Mapping[str, Any]) -> None:
    """Report a misspelled option of ours. Celery accepts any option as an attribute of the task, without effect."""
    attribute_names = {*dir(options.get("base") or Task), *NO_ATTRIBUTES}
    for name in options:
        hint = did_you_mean(near_names(name, OWN))
        if hint and name not in attribute_names:
            raise DeclarationError(f"{here()}: flow_task() takes no {name}=, and neither does Celery.{hint}")


def _check_function(function: object) -> None:
    if issubclass(type(function), str):  # isinstance() would wake a lazy proxy
        hint = f"did you mean @flow_task(after={function!r})?"
        raise DeclarationError(f"{here()}: @flow_task({function!r}) is not a function; {hint}")
    if not callable(function):
        over = type(function).__name__
        raise DeclarationError(f"{here()}: @flow_task cannot decorate an object of type {over}: it is not callable.")


def install() -> None:
    """Attach the run's ID to every task when it is sent, and run the task in it; this includes plain tasks.

    Call it where tasks are sent and where they are executed, such as beside the application object. Calling it
    again changes nothing. :func:`flow_task` calls it.
    """
    for signal, receiver in (
        (signals.before_task_publish, _publish),
        (signals.task_prerun, _begin),
        (signals.task_postrun, _end),
    ):
        signal.connect(receiver, weak=False, dispatch_uid=f"penstock{receiver.__name__}")
    _place(signals.task_prerun, _begin, 0)


def _place(signal: Any, receiver: Any, index: int) -> None:
    """Move a receiver to the first or last place, so that the run is bound for the application's receivers."""
    with signal.lock:  # concurrent senders see all receivers, in the old order or the new one
        receivers = signal.receivers
        if receivers and receivers[index][1] is not receiver:
            own = [entry for entry in receivers if entry[1] is receiver]
            others = [entry for entry in receivers if entry[1] is not receiver]
            receivers[:] = others + own if index else own + others
            signal.sender_receivers_cache.clear()


def _publish(headers: dict[str, Any] | None = None, body: Any = None, **_: Any) -> None:
    """Write the run into the message, and into the tasks that handle its failure.

    Those are sent by the worker's main process when the process with the run is killed.
    """
    if headers is None or not outgoing():
        return
    inject_run(headers)
    embed = body[2] if isinstance(body, (list, tuple)) and len(body) == 3 else None
    if isinstance(embed, dict) and embed.get("errbacks"):
        embed["errbacks"] = [_with_run_headers(signature) for signature in embed["errbacks"]]


def _with_run_headers(signature: Mapping[str, Any]) -> dict[str, Any]:
    options = dict(signature.get("options") or {})
    return {**signature, "options": {**options, "headers": inject_run(dict(options.get("headers") or {}))}}


def _begin(task: Any = None, **_: Any) -> None:
    _place(signals.task_postrun, _end, -1)
    request = task.request
    if request.is_eager and current_run.get() is not None:
        return
    run = extract_run(request.headers)
    if not request.is_eager:  # one that a test applies is like a step that it calls: no flow has begun around it
        run.flow = run.flow or flow_of(task.run)
    binding = ContextBinding(run, None)
    setattr(request, BINDING, binding)  # first, because a time limit may come as soon as it is bound
    binding.bind()
    if request.is_eager:  # a retry is applied afterwards, with only the headers
        request.headers = inject_run(dict(request.headers or {}))


def _end(task: Any = None, **_: Any) -> None:
    binding = task.request.__dict__.pop(BINDING, None)
    if binding is not None:
        binding.unbind()

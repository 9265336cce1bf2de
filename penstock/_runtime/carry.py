"""Carries the run to code that Python's contexts do not reach: other threads, pools and processes."""

from __future__ import annotations

from concurrent.futures import Executor, ThreadPoolExecutor
from functools import update_wrapper
from types import MappingProxyType, coroutine
from typing import TYPE_CHECKING, Any, Generic, ParamSpec, TypeVar, cast

from penstock._callables.kinds import CO_ASYNC_GENERATOR, CO_COROUTINE, CO_GENERATOR, CO_ITERABLE_COROUTINE, flags_of
from penstock._runtime.context import ContextBinding, current_event, current_run
from penstock._runtime.evidence_header import encode_evidence
from penstock._runtime.generators import async_generator, await_in, drive
from penstock._runtime.runs import Arrived, Run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from concurrent.futures import Future
    from typing import Self

    from penstock._runtime.events import StepEvent

P = ParamSpec("P")
T = TypeVar("T")


def carry(function: Callable[P, T]) -> Callable[P, T]:
    """Return ``function`` bound to the current run, to be called anywhere.

    Works for functions, coroutine functions, generators and asynchronous generators. Outside every run, the function
    is bound to no run, even in a pool whose threads were started in one. The result is picklable if the function
    is, so it can be sent to another process; values of the run must be picklable then.

    Args:
        function: The function that the other thread, pool or process calls.

    Returns:
        A callable with the same signature.

    Example:
        >>> from threading import Thread
        >>> from penstock import current_flow_id, flow_context
        >>> def log_id():
        ...     print(current_flow_id())
        >>> with flow_context("order-17"):
        ...     for target in (log_id, carry(log_id)):
        ...         thread = Thread(target=target)
        ...         thread.start()
        ...         thread.join()
        None
        order-17
    """
    run, event = current_run.get(), current_event.get()
    flags = flags_of(function)
    if not flags & (CO_COROUTINE | CO_GENERATOR | CO_ASYNC_GENERATOR):
        return CarriedFunction(function, run, event)
    return cast("Callable[P, T]", update_wrapper(_bind_by_kind(function, flags, run, event), function))


def _bind_by_kind(function: Any, flags: int, run: Run | None, event: StepEvent | None) -> Any:
    if flags & CO_ASYNC_GENERATOR:
        return async_generator(function, lambda: _bind(run, event))

    async def call(*args: Any, **kwargs: Any) -> Any:
        """Call the coroutine function in the captured run and return its result."""
        return await await_in(_bind(run, event), function, args, kwargs)

    def iterate(*args: Any, **kwargs: Any) -> Any:
        """Yield what the generator yields, resuming it in the captured run, and return its result."""
        return (yield from drive(function(*args, **kwargs), _bind(run, event)))

    if flags & CO_COROUTINE:
        return call
    return coroutine(iterate) if flags & CO_ITERABLE_COROUTINE else iterate


def _bind(run: Run | None, event: StepEvent | None) -> ContextBinding:
    """Return the context binding of a call; it also works when the captured run has ended."""
    return ContextBinding(run and run.reopen(), event)


class CarriedFunction(Generic[P, T]):
    """A function bound to a run. Pickled, it takes the run's ID, flow and values along."""

    def __init__(self, function: Callable[P, T], run: Run | None, event: StepEvent | None) -> None:
        update_wrapper(self, function)
        self._parts = function, run, event

    def __call__(self, /, *args: P.args, **kwargs: P.kwargs) -> T:
        function, run, event = self._parts
        penstock_run, outer_run, outer_event = run and run.reopen(), current_run.get(), current_event.get()
        try:
            current_run.set(penstock_run)
            current_event.set(event)
            return function(*args, **kwargs)
        finally:  # a C function: no signal handler can raise before it
            try:
                current_event.set(outer_event)
            finally:
                current_run.set(outer_run)

    def __reduce__(self) -> Any:
        function, run, event = self._parts
        with ContextBinding(run, event):
            evidence = encode_evidence()
        return _arrive, (function, run and (run.id, run.flow, dict(run.values), run.remote, run.random, evidence))


def _arrive(
    function: Callable[P, T], state: tuple[str, str | None, Mapping[str, Any], tuple[str, int] | None, bool, str] | None
) -> CarriedFunction[P, T]:
    run = None
    if state is not None:
        run = Run(state[1])
        run.identify(state[0])
        run.values, run.remote, run.random = MappingProxyType(state[2]), state[3], state[4]
        run.arrived = Arrived(state[5]) if state[5] else None
    return CarriedFunction(function, run, None)


class CarryingExecutor(Executor):
    """A pool whose calls each belong to the run that submitted them.

    Over a pool of threads, it is a ``ThreadPoolExecutor`` itself, as ``loop.set_default_executor`` of asyncio asks for.

    Args:
        executor: Any executor of ``concurrent.futures``, of threads or processes.

    Example:
        >>> from concurrent.futures import ThreadPoolExecutor
        >>> from penstock import current_flow_id, flow_context
        >>> with CarryingExecutor(ThreadPoolExecutor()) as pool, flow_context("order-17"):
        ...     print(pool.submit(current_flow_id).result())
        order-17
    """

    def __new__(cls, executor: Executor) -> Self:
        """Return an executor of the given executor's kind."""
        if cls is CarryingExecutor and isinstance(executor, ThreadPoolExecutor):
            return cast("Self", object.__new__(_CarryingThreads))
        return object.__new__(cls)

    def __init__(self, executor: Executor) -> None:
        self._executor = executor

    def submit(self, fn: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Submit a call that belongs to the current run."""
        return self._executor.submit(carry(fn), *args, **kwargs)

    def map(self, fn: Callable[..., T], *iterables: Iterable[Any], **options: Any) -> Iterator[T]:
        """Map as the executor does, with its options; each call belongs to the current run."""
        return self._executor.map(carry(fn), *iterables, **options)

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Shut the executor down."""
        self._executor.shutdown(wait, cancel_futures=cancel_futures)


class _CarryingThreads(CarryingExecutor, ThreadPoolExecutor):
    """A thread pool in front of another one, which owns all the threads."""

    def __getattr__(self, name: str) -> Any:
        if name == "_executor":  # a copy under construction has none yet
            raise AttributeError(name)
        return getattr(self._executor, name)

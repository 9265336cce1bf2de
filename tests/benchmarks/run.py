"""What penstock costs at run time, side by side with others in one run, as medians and ratios: ``make benchmarks``.

Prints a table in Markdown. Exits with 1 if a figure is over its limit.
"""

from __future__ import annotations

import asyncio
import gc
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
import tracemalloc
from contextvars import ContextVar
from functools import cache, wraps
from typing import TYPE_CHECKING, NamedTuple

import wrapt
from asgi_correlation_id import CorrelationIdMiddleware
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from structlog.contextvars import bound_contextvars

from penstock import current_flow_id, flow, flow_context, get_flow, observing
from penstock._runtime.runs import Run
from penstock.contrib.asgi import FlowMiddleware
from penstock.observers.otel import OpenTelemetryObserver
from penstock.observers.undeclared import UndeclaredObserver

if TYPE_CHECKING:
    from collections.abc import Callable

ROUNDS = 41
CALLS = 4000


class Row(NamedTuple):
    """A figure beside what it is compared with, in nanoseconds a call, and the highest ratio allowed."""

    name: str
    value: float
    baseline: float
    limit: float | None = None

    @property
    def ratio(self) -> float:
        """How many times the baseline."""
        return self.value / self.baseline


def bare(function):
    """Wrap as thinly as Python can."""

    @wraps(function)
    def wrapper(*args, **kwargs):
        return function(*args, **kwargs)

    return wrapper


def bare_async(function):
    """Wrap a coroutine function as thinly as Python can."""

    @wraps(function)
    async def wrapper(*args, **kwargs):
        return await function(*args, **kwargs)

    return wrapper


variable: ContextVar[object] = ContextVar("by_hand", default=None)


class Lazy:
    """What a hand-written entrypoint binds: something that makes an ID when it is asked for one."""

    def __init__(self, name: str) -> None:
        self.name = name


def by_hand(function):
    """Set and reset a context variable, as a careful hand would."""

    @wraps(function)
    def wrapper(*args, **kwargs):
        if variable.get() is not None:
            return function(*args, **kwargs)
        token = variable.set(Lazy("orders"))
        try:
            return function(*args, **kwargs)
        finally:
            variable.reset(token)

    return wrapper


def by_hand_async(function):
    """Do the same for a coroutine function."""

    @wraps(function)
    async def wrapper(*args, **kwargs):
        if variable.get() is not None:
            return await function(*args, **kwargs)
        token = variable.set(Lazy("orders"))
        try:
            return await function(*args, **kwargs)
        finally:
            variable.reset(token)

    return wrapper


def work(number: int = 1) -> int:
    """Do next to nothing."""
    return number


async def work_async(number: int = 1) -> int:
    """Do next to nothing."""
    return number


def get_by_hand() -> object:
    """Read a context variable."""
    return variable.get()


def with_structlog(number: int = 1) -> int:
    """Bind an ID as structlog has it."""
    with bound_contextvars(flow_id="a"):
        return number


tracer = trace.get_tracer("benchmark")
with_otel = tracer.start_as_current_span("work")(work)
orders = flow("orders")
as_step = orders.step(after=["as_entrypoint", "as_entrypoint_of"], name="as_step")(work)
as_step_async = orders.step(after="as_entrypoint", name="as_step_async")(work_async)
as_entrypoint = orders.entrypoint(name="as_entrypoint")(work)
as_entrypoint_of = orders.entrypoint(name="as_entrypoint_of")(lambda function: function())
as_entrypoint_async = orders.entrypoint(name="as_entrypoint_async")(work_async)


@wrapt.decorator
def passed_on(wrapped, _, args, kwargs):
    """Pass a call on."""
    return wrapped(*args, **kwargs)


def method(_: object, number: int = 1) -> int:
    """Do next to nothing."""
    return number


class Tool:
    """A callable object, and methods below decorators that are none of Python's functions."""

    wrapt_bare = bare(passed_on(method))
    wrapt_step = orders.step(after="as_entrypoint", name="wrapt")(passed_on(method))
    cached_bare = bare(cache(method))
    cached_step = orders.step(after="as_entrypoint", name="cached")(cache(method))

    def __call__(self, number: int = 1) -> int:
        return number


def in_block() -> None:
    """Be a run that is a block."""
    with flow_context():
        pass


def measure(*functions: Callable[[], object]) -> list[float]:
    """Return the median processor time of a call of each, in nanoseconds; they take turns, so that all see the same machine."""
    times: list[list[float]] = [[] for _ in functions]
    for _ in range(ROUNDS):
        for function, taken in zip(functions, times, strict=True):
            start = time.process_time_ns()
            for _ in range(CALLS):
                function()
            taken.append((time.process_time_ns() - start) / CALLS)
    return [statistics.median(taken) for taken in times]


def measure_async(*functions) -> list[float]:
    """Do the same for coroutine functions, inside one event loop."""

    async def run() -> list[float]:
        times: list[list[float]] = [[] for _ in functions]
        for _ in range(ROUNDS):
            for function, taken in zip(functions, times, strict=True):
                start = time.process_time_ns()
                for _ in range(CALLS):
                    await function()
                taken.append((time.process_time_ns() - start) / CALLS)
        return [statistics.median(taken) for taken in times]

    return asyncio.run(run())


def calls() -> list[Row]:
    """Compare decorated calls."""
    step_, bare_, entry, hand, otel, bound = measure(
        as_step, bare(work), as_entrypoint, by_hand(work), with_otel, with_structlog
    )
    astep, abare, aentry, ahand = measure_async(
        as_step_async, bare_async(work_async), as_entrypoint_async, by_hand_async(work_async)
    )
    return [
        Row("a step, over a bare `*args, **kwargs` wrapper", step_, bare_, 1.15),
        Row("the same, async", astep, abare, 1.15),
        Row("an entrypoint, over a hand-written set and reset", entry, hand, 1.3),
        Row("the same, async", aentry, ahand, 1.3),
        Row("an entrypoint, over opentelemetry-api without a provider", entry, otel),
        Row("an entrypoint, over structlog's `bound_contextvars`", entry, bound),
    ]


def objects() -> list[Row]:
    """Compare calls of what is no function of Python's."""
    tool = Tool()
    bare_tool = bare(tool)
    step_ = orders.step(after="as_entrypoint", name="tool")(tool)
    # methods are looked up for each call, which makes them
    figures = measure(
        lambda: tool.wrapt_step(1),
        lambda: tool.wrapt_bare(1),
        lambda: tool.cached_step(1),
        lambda: tool.cached_bare(1),
        lambda: step_(1),
        lambda: bare_tool(1),
    )
    names = [
        "a step over a method of wrapt, over a bare wrapper of one",
        "the same of `functools.cache`",
        "the same of a callable object",
    ]
    limits = [2.5, 1.15, 2]  # the first makes two objects for each call, the decorator's and ours
    rows = zip(names, figures[::2], figures[1::2], limits, strict=True)
    return [Row(*row) for row in rows]


def blocks() -> list[Row]:
    """Compare blocks."""
    ours, theirs = measure(in_block, with_structlog)
    return [Row("`with flow_context()`, over structlog's `bound_contextvars`", ours, theirs)]


def spans() -> list[Row]:
    """Compare a step's span with and without its fact."""
    observer = OpenTelemetryObserver(TracerProvider(shutdown_on_exit=False))
    tracker, describer = observer._steps, observer._describer
    begin, add_code = tracker.begin, describer.add_code

    def without_fact() -> None:
        tracker.begin = lambda _: None
        as_step()
        tracker.begin = begin

    def without_code() -> None:
        describer.add_code = lambda *_: None
        as_step()
        describer.add_code = add_code

    with observing(observer):
        whole, bare_fact, bare_code = as_entrypoint_of(lambda: measure(as_step, without_fact, without_code))
    return [
        Row("a step's span, over one without the fact", whole, bare_fact, 1.3),
        Row("the same, over one without `code.*`", whole, bare_code, 1.3),
    ]


def undeclared() -> list[Row]:
    """Compare a step that is judged in its process with one that an observer only sees."""
    judge = UndeclaredObserver([get_flow("orders")])

    def observe(_) -> Callable[[object], None]:
        return finish

    def finish(_) -> None:
        pass

    with observing(observe):
        [plain] = as_entrypoint_of(lambda: measure(as_step))
    with observing(judge):
        [judged] = as_entrypoint_of(lambda: measure(as_step))
    return [
        Row("a step that is judged in its process, over one with an observer that does nothing", judged, plain, 2.5)
    ]


def asking() -> list[Row]:
    """Compare asking for the ID."""
    variable.set("a")
    with flow_context():
        ours, theirs = measure(current_flow_id, get_by_hand)
    variable.set(None)
    return [Row("`current_flow_id()`, over a function that calls `ContextVar.get`", ours, theirs, 2)]


def requests() -> list[Row]:
    """Compare a request through each middleware, less the request without one."""

    async def app(scope, receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    async def nothing(*_) -> None:
        pass

    def request(served):
        return lambda: served(
            {"type": "http", "headers": [], "client": ("127.0.0.1", 1), "app": None}, nothing, nothing
        )

    plain, ours, theirs = measure_async(
        request(app), request(FlowMiddleware(app)), request(CorrelationIdMiddleware(app))
    )
    return [Row("a request through our ASGI middleware, over asgi-correlation-id", ours - plain, theirs - plain)]


def bytes_of_a_run() -> float:
    """Return the memory of a run whose ID is made."""
    tracemalloc.start()
    runs = [Run("orders") for _ in range(10_000)]
    for run in runs:
        assert run.id
    taken = tracemalloc.get_traced_memory()[0] / len(runs)
    tracemalloc.stop()
    return taken


def child_seconds() -> float:
    """Return the processor time of all processes that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def import_time(*programs: str) -> list[float]:
    """Return the processor time of each program in a new interpreter, in milliseconds over an empty one."""
    times: list[list[float]] = [[] for _ in range(len(programs) + 1)]
    with tempfile.TemporaryDirectory() as cache:
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": cache, "PYTHONPATH": os.pathsep.join(sys.path)}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        for turn in range(31):
            for program, taken in zip(("pass", *programs), times, strict=True):
                start = child_seconds()
                subprocess.run([sys.executable, "-S", "-c", program], env=environment, check=True)
                if turn:
                    taken.append((child_seconds() - start) * 1000)
    empty, *medians = [statistics.median(taken) for taken in times]
    return [median - empty for median in medians]


def main() -> int:
    """Print the table; return 1 if a figure is over its limit."""
    gc.disable()
    rows = [*calls(), *objects(), *blocks(), *asking(), *requests(), *spans(), *undeclared()]
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, processor time, medians of {ROUNDS} rounds\n")
    print("| What | penstock | the other | ratio | limit |\n| --- | --: | --: | --: | --: |")
    for row in rows:
        limit = f"{row.limit:g}" if row.limit else ""
        print(f"| {row.name} | {row.value:.0f} ns | {row.baseline:.0f} ns | {row.ratio:.2f} | {limit} |")
    size = bytes_of_a_run()
    alone, names = import_time("import penstock", "from penstock import flow, entrypoint, step, current_flow_id")
    print("\n| What | measured | limit |\n| --- | --: | --: |")
    print(f"| memory of a run whose ID is made | {size:.0f} bytes | 500 bytes |")
    print(f"| `import penstock`, over an empty interpreter | {alone:.1f} ms | 5 ms |")
    print(f"| `from penstock import flow, entrypoint, step, current_flow_id` | {names:.1f} ms | |")
    over = [row.name for row in rows if row.limit and row.ratio > row.limit]
    return 1 if over or size > 500 or alone > 5 else 0


if __name__ == "__main__":
    sys.exit(main())

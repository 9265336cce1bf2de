"""What the code says of the steps of small programs, construct by construct; the programs stand beside, as text.

In each, ``f`` is the flow. Below a program stands all that is known of it: ``call a b`` where ``a`` calls ``b``,
``order a b`` where some function calls first ``a`` and then ``b``, ``data a b`` where what ``a`` returns reaches an
argument of ``b``. Below those in ``touches``, ``writes a db:parts`` where the code of ``a`` plainly writes that table.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from penstock._declare import registry
from penstock.callgraph import StepAt, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph import Reading

PROGRAMS = Path(__file__).parent / "programs"
HEAD = """
from __future__ import annotations
import asyncio, contextvars, functools, json, threading
from abc import ABC, abstractmethod
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from typing import TYPE_CHECKING, Protocol
from penstock import flow
f = flow("f")
"""
CELERY = """
from celery import Celery, chain, chord, group, shared_task
app = Celery("program", broker="memory://", set_as_current=False)
"""
QUEUES = {
    "@dramatiq.actor": """
import dramatiq
from dramatiq.brokers.stub import StubBroker
broker = StubBroker()
dramatiq.set_broker(broker)
""",
    "@huey.task": """
from huey import MemoryHuey
huey = MemoryHuey()
""",
    "@broker.task": """
from taskiq import InMemoryBroker
broker = InMemoryBroker()
""",
    "@jobs.task": """
from procrastinate import App, testing
jobs = App(connector=testing.InMemoryConnector())
""",
    "@task": """
try:
    from django.tasks import task
except ImportError:
    from django_tasks import task
""",
}


def sections(name: str) -> list[object]:
    """Return the programs in a file, each with what is said below it."""
    found = []
    for section in (PROGRAMS / f"{name}.txt").read_text(encoding="utf-8").split("=== ")[1:]:
        title, rest = section.split("\n", 1)
        source, said = rest.split("---\n", 1)
        found.append(pytest.param(source, said.strip().splitlines(), id=title))
    return found


@pytest.fixture
def reading(tmp_path, monkeypatch) -> Callable[..., Reading]:
    """Import a program and read it."""

    def of(source: str, seconds: float = 60.0) -> Reading:
        if "@app.task" in source or "@shared_task" in source:
            state = pytest.importorskip("celery._state", reason="celery is not installed")
            monkeypatch.setattr(
                state, "_on_app_finalizers", set(state._on_app_finalizers)
            )  # else all later apps get it
        file = tmp_path / "program.py"
        file.write_text(HEAD + (CELERY if "@app.task" in source or "@shared_task" in source else "") + source)
        spec = importlib.util.spec_from_file_location("program", file)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, "program", module)
        spec.loader.exec_module(module)
        steps = [StepAt(name, mark.step_name, mark.function) for mark in registry.marks() for name in mark.flows]
        return read(steps, lambda name: name == str(file), seconds)["f"]

    return of


def said(reading: Reading) -> list[str]:
    """Return the calls, as the programs write them."""
    return sorted(f"{call.kind} {call.source} {call.target}" for call in reading.calls)


@pytest.mark.parametrize(("source", "expected"), sections("calls"))
def test_every_call_is_followed(reading, source, expected):
    """Every way to call is followed, and nothing is made up."""
    assert sorted(expected) == said(reading(source))


@pytest.mark.parametrize(("source", "expected"), sections("concurrent"))
def test_concurrent_work(reading, source, expected):
    """Work that was started comes before what waits for it, and before nothing else."""
    assert sorted(expected) == said(reading(source))


@pytest.fixture
def settings():
    """Give Django settings without a project, which its tasks ask for."""
    conf = pytest.importorskip("django.conf")
    held = object.__getattribute__(conf.settings, "__dict__")
    outer = dict(held)
    held["_wrapped"] = conf.UserSettingsHolder(conf.global_settings)
    yield
    held.clear()
    held.update(outer)


@pytest.mark.parametrize(("source", "expected"), sections("queues"))
def test_tasks_lead_to_their_functions(reading, settings, source, expected):
    """What sends a task of any queue leads to its function, and what only looks at one does not."""
    head = next(head for name, head in QUEUES.items() if name in source)
    assert sorted(expected) == said(reading(head + source))


@pytest.mark.parametrize(("source", "expected"), sections("data"))
def test_results_are_followed_to_arguments(reading, source, expected):
    """What a step returns is followed to the arguments of others."""
    assert sorted(expected) == said(reading(source))


@pytest.mark.parametrize(("source", "expected"), sections("touches"))
def test_what_the_code_plainly_touches(reading, source, expected):
    """Tables, addresses, topics and tasks are found where the code has their names, and nowhere else."""
    for library in ("requests", "httpx", "sqlalchemy", "confluent_kafka"):
        if library in source:
            pytest.importorskip(library)
    touches = [f"{touch.verb} {touch.step} {touch.target}" for touch in reading(source).touches]
    assert sorted(expected) == sorted(touches)


@pytest.mark.parametrize(("source", "expected"), sections("nothing"))
def test_nothing_made_up(reading, source, expected):
    """What cannot happen is not reported."""
    assert sorted(expected) == said(reading(source))


@pytest.mark.parametrize(("source", "expected"), sections("blind"))
def test_the_reading_says_where_it_gives_up(reading, source, expected):
    """Where the reading gives up, it says so."""
    places = [f"{blind.step}: {blind.reason}" for blind in reading(source).blind]
    assert [True] == [place.startswith(expected[0]) for place in places]


def test_a_call_has_its_place(reading):
    """A call has the file and line at which the target is called."""
    [call] = reading("@f.entrypoint\ndef a():\n    between()\ndef between():\n    b()\n@f.step\ndef b(): ...\n").calls
    lines = Path(call.file).read_text(encoding="utf-8").splitlines()
    assert "    b()" == lines[call.line - 1]


LAZY = """
class Lazy:
    def __getattribute__(self, name): raise SystemExit("woken")
    def __call__(self): ...
lazy = Lazy()
class Table(dict):
    def __getitem__(self, key): raise SystemExit("asked")
table = Table(b=lazy)
@f.entrypoint
def a(): lazy(); lazy.x(); lazy[0]; table["b"](); b()
@f.step
def b(): ...
"""


def test_lazy_objects(reading):
    """No object of the application is woken by looking at it."""
    assert ["call a b"] == said(reading(LAZY))


def test_celery_stays_asleep(reading):
    """A task that was never used is not made by reading it."""
    reading("@f.entrypoint\ndef a(): b.delay()\n@app.task\ndef b(): c()\n@f.step\ndef c(): ...\n")
    assert not sys.modules["program"].app.finalized


DEEP = {
    "recursion": "def one(x): one(lambda: x()); b()\n",
    "two ways each": "".join(f"def h{n}(x): h{n + 1}(lambda: x()); h{n + 1}(lambda: x)\n" for n in range(60))
    + "def h60(x): b()\ndef one(x): h0(x)\n",
    "long expression": f"def one(x): b({' + '.join(['x'] * 400)})\n",
    "deep expression": f"def one(x): b({'[' * 90}x{']' * 90})\n",
    "long chain": f"def one(x): b(x{'.y()' * 400})\n",
    "nested loops": "def one(x):\n"
    + "".join(f"{' ' * (n + 1)}for x{n} in x:\n" for n in range(18))
    + f"{' ' * 20}b()\n",
    "growing list": "def one(x):\n    for i in range(9): x = [x, (x, x)]\n    b(x)\n",
    "many branches": "def one(x):\n" + "    if x: x = [x]\n    else: x = (x, x)\n" * 200 + "    b(x)\n",
}


@pytest.mark.parametrize("source", DEEP.values(), ids=DEEP)
def test_odd_code(reading, source):
    """No code is too odd: the call is found, or the reading says that it gave up."""
    found = reading(f"@f.entrypoint\ndef a(x): one(x)\n@f.step\ndef b(*_): ...\n{source}", 10.0)
    assert "call a b" in said(found) or found.blind


def test_time_is_limited(reading):
    """When the time is over, the reading says where it stopped."""
    [blind] = reading("@f.entrypoint\ndef a(): b()\n@f.step\ndef b(): ...\n", 0.0).blind
    assert ("a", True) == (blind.step, "too long" in blind.reason)


def test_same_answer(reading):
    """Twice the same program gives twice the same answer."""
    source = "@f.entrypoint\ndef a(x): c(b(x)); b(x)\n@f.step\ndef b(x): c(x)\n@f.step\ndef c(x): ...\n"
    assert reading(source) == reading(source)


def callers(number: int, helper: str, argument: str, more: str = "") -> str:
    """Return a program in which so many entrypoints hand each a step of its own to one helper."""
    lines = [more, f"def helper(o, x): return {helper}"]
    for at in range(number):
        lines += [
            f"class C{at}:\n    def go(self, x): return b{at}(x)",
            f"@f.entrypoint\ndef a{at}(x): return helper({argument.format(at)}, x)",
            f"@f.step(after='a{at}')\ndef b{at}(x): ...",
        ]
    table = ", ".join(f"'k{at}': b{at}" for at in range(number))
    return "\n".join([*lines, f"TABLE = {{{table}}}"])


FACTORY = (
    "class C:\n    def __init__(self, g): self.g = g\n    def go(self, x): return self.g(x)\ndef make(g): return {}"
)
SHARED = {
    "functions": ("o(x)", "b{0}"),
    "lambdas": ("o(x)", "lambda y: b{0}(y)"),
    "instances": ("o.go(x)", "C{0}()"),
    "lists": ("[g(x) for g in o]", "[b{0}]"),
    "names": ("getattr(HERE, o)(x)", "'b{0}'", "import sys\nHERE = sys.modules[__name__]"),
    "keys": ("TABLE[o](x)", "'k{0}'"),
    "keys with a default": ("TABLE.get(o, print)(x)", "'k{0}'"),
    "lists of a factory": ("o[0](x)", "make(b{0})", FACTORY.format("[g]")),
    "dictionaries of a factory": ("o['k'](x)", "make(b{0})", FACTORY.format("{'k': g}")),
    "instances of a factory": ("o.go(x)", "make(b{0})", FACTORY.format("C(g)")),
}


@pytest.mark.parametrize("shared", SHARED.values(), ids=SHARED)
@pytest.mark.parametrize("number", [4, 60])
def test_many_callers_of_one_helper(reading, number, shared):
    """What one caller hands to a helper is never said of another; of few callers, all is known."""
    calls = {(call.source, call.target) for call in reading(callers(number, *shared)).calls if call.kind == "call"}
    right = {(f"a{at}", f"b{at}") for at in range(number)}
    assert set() == calls - right
    assert min(number, 6) <= len(calls)

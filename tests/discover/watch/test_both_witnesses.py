"""Random programs, watched and recorded in one process: what discover sees of them is what the recorder of steps sees."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import pytest

from discoveries import find_pythons, record
from penstock.check.evidence import load
from penstock.discover.arrows.contexts import Contexts
from penstock.discover.arrows.step_trees import build_trees
from penstock.discover.choice.runs import Runs

if TYPE_CHECKING:
    from penstock.check.evidence import Evidence
    from penstock.discover.recording import Recording

PROGRAM = """
import asyncio, contextlib, contextvars, random, threading
from penstock import flow

program = flow(__name__)

def play(script):
    later = []
    for kind, name, inner, more in script:
        if kind == "call":
            CALLS[name](inner)
        elif kind == "failure":
            with contextlib.suppress(ValueError):
                CALLS[name](inner)
                raise ValueError
        elif kind in ("thread", "lost thread"):
            run = (contextvars.copy_context().run, CALLS[name]) if kind == "thread" else (CALLS[name],)
            thread = threading.Thread(target=run[0], args=(*run[1:], inner))
            thread.start()
            thread.join()
        elif kind == "context":
            later.append((contextvars.copy_context(), name, inner))
        elif kind == "generator":
            for _ in GENERATORS[name](inner):
                play(more)
        elif kind == "generator as argument":
            CALLS[more](GENERATORS[name](inner))
        elif kind == "abandoned generator":
            next(GENERATORS[name](inner))
        elif kind == "event loop" and not is_in_loop():
            asyncio.run(gather(inner, more))
    for context, name, inner in later:
        context.run(CALLS[name], inner)

def is_in_loop():
    with contextlib.suppress(RuntimeError):
        return asyncio.get_running_loop()

async def play_async(script):
    for kind, name, inner, more in script:
        if kind == "await":
            await COROUTINES[name](inner)
        elif kind == "gather":
            await gather(inner, more)
        elif kind == "task":
            task = asyncio.create_task(COROUTINES[name](inner))
            await play_async(more)
            await task
        elif kind == "asynchronous generator":
            async for _ in items(inner):
                await play_async(more)
        elif kind == "to_thread":
            await asyncio.to_thread(CALLS[name], inner)
        else:
            play([(kind, name, inner, more)])

async def gather(first, second):
    await asyncio.gather(play_async(first), play_async(second))

def consume(script):
    for _ in script if not isinstance(script, list) else play(script) or ():
        pass

@program.entrypoint
def main(script): play(script)
@program.step(after="main")
def a(script): consume(script)
@program.step(after="main")
def b(script): consume(script)
@program.step(after="main")
def c(script): consume(script)
@program.step(after="main")
def g(script):
    play(script[:1])
    yield
    play(script[1:])
    yield
@program.step(after="main")
def h(script):
    yield
    play(script)
@program.step(after="main")
async def p(script):
    await play_async(script)
@program.step(after="main")
async def q(script):
    await asyncio.sleep(0)
    await play_async(script)
@program.step(after="main")
async def items(script):
    await play_async(script[:1])
    yield
    await play_async(script[1:])
    yield

CALLS, GENERATORS, COROUTINES = {"a": a, "b": b, "c": c, "main": main}, {"g": g, "h": h}, {"p": p, "q": q}
SYNC = ("call", "failure", "thread", "lost thread", "context", "generator", "generator as argument", "abandoned generator", "event loop")
ASYNC = ("call", "await", "gather", "task", "asynchronous generator", "to_thread")

def draw(depth, kinds=SYNC):
    return [draw_item(depth - 1, numbers.choice(kinds)) for _ in range(numbers.randint(0, 3))] if depth else []

def draw_item(depth, kind):
    name = numbers.choice("gh" if "generator" in kind else "pq" if kind in ("await", "task") else "aabbccm").replace("m", "main")
    more_kinds = ASYNC if kind in ("event loop", "gather", "task", "asynchronous generator") else SYNC
    inner_kinds = ASYNC if kind in ASYNC[1:-1] or kind == "event loop" else SYNC
    more = numbers.choice("abc") if kind == "generator as argument" else draw(depth, more_kinds)
    return kind, name, draw(depth, inner_kinds), more

numbers = random.Random(int(__name__.removeprefix("program_")))
main(draw(4))
"""

MAIN = """
import gc, importlib, pathlib, sys
from penstock import add_observer
from penstock.observers.evidence import EvidenceObserver

observer = EvidenceObserver(pathlib.Path(sys.argv[1]))
add_observer(observer)
for number in range(int(sys.argv[2])):
    importlib.import_module(f"program_{number}")
gc.collect()
observer.write()
"""

NUMBER = 12
STEPS = ("main", "a", "b", "c", "g", "h", "p", "q", "items")


class Circumstance(NamedTuple):
    """Where a step began: the steps around it, the nearest first, and those that had ended inside that one."""

    step: str
    parent: str
    around: frozenset[str]
    done: frozenset[str]


@pytest.fixture(scope="module", params=["monitoring", "profile"])
def witnesses(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Recording, Evidence]:
    """Return what both saw of all programs."""
    python = find_pythons()[request.param]
    if not python:
        pytest.skip(f"no Python has {request.param}: put python3.13 on PATH")
    folder = tmp_path_factory.mktemp("watched")
    (folder / "run_all.py").write_text(MAIN)
    for number in range(NUMBER):
        (folder / f"program_{number}.py").write_text(PROGRAM)
    recording = record(folder, python, str(folder / "run_all.py"), str(folder / "evidence.json"), str(NUMBER))
    return recording, load(folder / "evidence.json")


def list_watched(recording: Recording, module: str) -> set[Circumstance]:
    """Return what discover saw of a program."""
    names = {
        number: function.name
        for number, function in enumerate(recording.functions)
        if function.module == module and function.name in STEPS
    }
    entrypoint = next(number for number, name in names.items() if name == "main")
    trees, contexts = build_trees(recording, names), Contexts()
    for shape, times in Runs(recording, frozenset({entrypoint})).starts.items():
        contexts.add(trees[shape].calls[0].call, times)
    return {Circumstance(context.step, context.parent, context.ancestors, context.done) for context in contexts.counts}


def list_recorded(evidence: Evidence, flow: str) -> set[Circumstance]:
    """Return what the recorder saw of a program, without the calls that had lost their run."""
    return {
        Circumstance(
            fact.step.step,
            fact.parent.step,
            frozenset(step.step for step in fact.ancestors),
            frozenset(step.step for step in fact.done),
        )
        for fact in evidence.facts
        if fact.flow == flow and not fact.circumstances.alone
    }


def is_weaker(fact: Circumstance, stronger: Circumstance) -> bool:
    """Return whether one of two facts has the same steps around, and not more that had ended."""
    return fact[:3] == stronger[:3] and fact.done <= stronger.done


@pytest.mark.parametrize("number", range(NUMBER))
def test_what_explains_a_watched_call_explains_the_recorded_one(
    witnesses: tuple[Recording, Evidence], number: int
) -> None:
    """For each fact of the recorder, discover has one with no more steps that could explain it; and it invents none."""
    name = f"program_{number}"
    watched, recorded = list_watched(witnesses[0], name), list_recorded(witnesses[1], name)
    assert set() == {fact for fact in recorded if not any(is_weaker(weaker, fact) for weaker in watched)}
    assert set() == {fact for fact in watched if not any(is_weaker(fact, stronger) for stronger in recorded)}

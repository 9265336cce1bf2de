"""What is recorded of calls, with sys.monitoring and without: each Python runs the application once."""

from __future__ import annotations

import pytest

from discoveries import draw_roots, find_pythons, record

APPLICATION = """
import asyncio, contextlib, contextvars, functools, sqlite3, threading

def check(): ...
def reserve(): check()
def store(): ...
def fail(): raise ValueError
async def fetch(pause): await asyncio.sleep(pause)

def sequence():
    check()
    reserve()
    store()

def loop():
    for _ in range(25):
        check()

def cycle():
    for _ in range(25):
        check()
        store()

def failure():
    with contextlib.suppress(ValueError):
        fail()
    store()

def recursion(depth=2):
    return depth and recursion(depth - 1)

def give_items():
    yield 1
    check()
    yield 2

def generator():
    for _ in give_items():
        store()

def abandoned_generator():
    next(give_items())
    check()

def closed_generator():
    items = give_items()
    next(items)
    items.close()
    check()

async def give_items_slowly():
    await asyncio.sleep(0)
    yield 1

async def consume():
    async for _ in give_items_slowly():
        check()

def asynchronous_generator():
    asyncio.run(consume())

async def gather():
    await asyncio.gather(fetch(0.02), fetch(0.01))
    check()

def concurrency():
    asyncio.run(gather())

async def start_other():
    task = asyncio.create_task(other_task())
    await fetch(0)
    await task

async def other_task():
    await asyncio.sleep(0.01)

def overlap():
    asyncio.run(start_other())

async def cancel():
    task = asyncio.create_task(other_task())
    await asyncio.sleep(0)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task
    check()

def cancellation():
    asyncio.run(cancel())

async def to_thread():
    await asyncio.to_thread(check)

def thread_with_context():
    asyncio.run(to_thread())

def in_thread(): check()

def thread_without_context():
    thread = threading.Thread(target=in_thread)
    thread.start()
    thread.join()

def hidden():
    (lambda: check())()
    [check() for _ in range(2)]
    class Local:
        def __init__(self): store()
        def __call__(self): reserve()
    Local()()

@functools.lru_cache
def cached(): check()

def cache():
    cached()
    cached()

@contextlib.contextmanager
def block():
    check()
    yield
    store()

def context_manager():
    with block():
        reserve()

def statements():
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        connection.execute("CREATE TABLE orders (part)")
        connection.execute("INSERT INTO orders VALUES ('secret')")
        connection.execute("SELECT part FROM orders WHERE part = 'secret'")
"""

CASES = {
    "sequence": "sequence(check, reserve(check), store)",
    "loop": "loop(10 x check)",
    "cycle": "cycle(check, store, check, store)",
    "failure": "failure(fail!, store)",
    "recursion": "recursion(recursion(recursion))",
    "generator": "generator(give_items(check), 2 x store)",
    "abandoned_generator": "abandoned_generator(give_items, check)",
    "closed_generator": "closed_generator(give_items, check)",
    "asynchronous_generator": "asynchronous_generator(consume(give_items_slowly, check))",
    "concurrency": "concurrency(gather(2 x fetch, check))",
    "overlap": "overlap(start_other(fetch, other_task&0))",
    "cancellation": "cancellation(cancel(other_task!, check))",
    "thread_with_context": "thread_with_context(to_thread(check))",
    "thread_without_context": "thread_without_context",
    "in_thread": "in_thread(check)",
    "hidden": "hidden(2 x check, store, __call__(reserve(check)))",
    "cache": "cache(cached(check))",
    "context_manager": "context_manager(block(check, store), reserve(check))",
    "statements": "statements >sqlite:orders <sqlite:orders",
}


@pytest.fixture(scope="module", params=["monitoring", "profile"])
def roots(request, tmp_path_factory):
    """Return what each case's function did, by its name."""
    python = find_pythons()[request.param]
    if not python:
        pytest.skip(f"no Python has {request.param}: put python3.13 on PATH")
    folder = tmp_path_factory.mktemp("watched")
    calls = "\n".join(f"{name}()" for name in CASES if name != "in_thread")
    (folder / "app.py").write_text(
        f"{APPLICATION}\nif __name__ == '__main__':\n    {calls.replace(chr(10), chr(10) + '    ')}\n"
    )
    return {
        text.partition("(")[0].partition(" ")[0]: text
        for text in draw_roots(record(folder, python, str(folder / "app.py")))
    }


@pytest.mark.parametrize("name", CASES)
def test_calls(roots, name):
    """Each kind of call stands where the recorder of steps would place it."""
    assert CASES[name] == roots[name]

"""Watched code runs as it does without penstock."""

from __future__ import annotations

import pytest

from discoveries import draw_roots, find_pythons, record

APPLICATION = """
import gc, os, signal, sys, weakref

class Limit(Exception): ...

def raise_limit(*_): raise Limit

def check(): ...

def wait():
    while True:
        check()

def interrupt():
    signal.signal(signal.SIGALRM, raise_limit)
    for number in range(100):
        try:
            signal.setitimer(signal.ITIMER_REAL, 0.0005 + number * 0.00001)
            wait()
        except Limit:
            pass

def recurse(): recurse()

def overflow():
    try:
        recurse()
    except RecursionError:
        check()

class Item: ...

def give_items():
    item = Item()
    references.append(weakref.ref(item))
    yield item

references = []

def forget():
    next(give_items())
    gc.collect()
    assert references[0]() is None, "a generator's values live longer"

def look_around():
    assert sys.gettrace() is None
    assert not any(folder.endswith("watch/site") for folder in sys.path)
    assert "inspect" not in sys.modules
    check()

def after():
    check()
"""

CASES = ("look_around", "forget", "interrupt", "overflow", "after")


@pytest.mark.parametrize("means", ["monitoring", "profile"])
def test_harmlessness(tmp_path, means):
    """Time limits by signals, deep recursion, lifetimes and modules are as without penstock, and what is lost is noted."""
    python = find_pythons()[means]
    if not python:
        pytest.skip(f"no Python has {means}: put python3.13 on PATH")
    calls = "".join(f"    {name}()\n" for name in CASES)
    (tmp_path / "app.py").write_text(f"{APPLICATION}\nif __name__ == '__main__':\n{calls}")
    recording = record(tmp_path, python, "-W", "error", str(tmp_path / "app.py"))
    roots = {text.partition("(")[0]: text for text in draw_roots(recording)}
    assert ("look_around(check)", "forget(give_items)") == (roots["look_around"], roots["forget"])
    is_whole = roots.get("after") == "after(check)" and {"interrupt", "overflow"} <= roots.keys()
    assert is_whole or "A process was watched only in part: another profiler" in "".join(recording.notes)
    assert not [note for note in recording.notes if "could not follow" in note]

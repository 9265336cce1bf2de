"""Code that is called often: what is still recorded, and how little room it takes."""

from __future__ import annotations

import pytest

from discoveries import draw_roots, find_pythons, record

APPLICATION = """
def check(): ...
def store(): ...
def parse(depth):
    for _ in range(2 if depth else 0):
        parse(depth - 1)
    check()

def million():
    for _ in range(1_000_000):
        check()
    store()

def varied():
    for number in range(10_000):
        branch(number)

def branch(number):
    while number:
        number, rest = divmod(number, 2)
        (check if rest else store)()

def recursive():
    parse(16)
    store()

def late():
    for _ in range(2000):
        check()
    for _ in range(2):
        newcomer()

def newcomer():
    check()
    store()
"""

CASES = ("million", "varied", "recursive", "late")


@pytest.fixture(scope="module")
def recording(tmp_path_factory):
    """Return what is recorded of all cases, in the order in which they stand here."""
    python = find_pythons()["monitoring"]
    if not python:
        pytest.skip("no Python has sys.monitoring: put python3.13 on PATH")
    folder = tmp_path_factory.mktemp("watched")
    calls = "".join(f"    {name}()\n" for name in CASES)
    (folder / "app.py").write_text(f"{APPLICATION}\nif __name__ == '__main__':\n{calls}")
    return record(folder, python, str(folder / "app.py"))


def find_root(recording, name):
    """Return the only outermost call of a function as a text."""
    (text,) = [text for text in draw_roots(recording) if text.startswith(name)]
    return text


def test_million_equal_calls(recording):
    """A million equal calls are a call that stands for at least some, and what follows is seen."""
    assert "million(1000 x check, store)" == find_root(recording, "million")


def test_many_shapes(recording):
    """Of a function with thousands of shapes, a limited number is kept."""
    (index,) = [place for place, function in enumerate(recording.functions) if function.name == "branch"]
    assert 160 > sum(shape.function == index for shape in recording.shapes)


def test_recursion(recording):
    """What follows a recursion of 100,000 calls is seen."""
    assert find_root(recording, "recursive").endswith(", store)")


def test_new_callers_of_known_functions(recording):
    """A function that was left alone is watched again for a caller that is new, or is named as missing there."""
    (index,) = [place for place, function in enumerate(recording.functions) if function.name == "newcomer"]
    names = {
        frozenset(
            [
                *(recording.functions[recording.shapes[child.shape].function].name for child in shape.children),
                *(recording.functions[missing].name for missing in shape.missing),
            ]
        )
        for shape in recording.shapes
        if shape.function == index
    }
    assert {frozenset({"check", "store"})} == names

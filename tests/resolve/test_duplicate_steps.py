"""What is said twice: functions that claim one name, and places that contradict each other."""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

import pytest

from penstock import flow, get_flow

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

    Write = Callable[..., ModuleType]

HEAD = 'from penstock import entrypoint, flow, step\nf = flow("f")\nf.entrypoint(name="start")(lambda: None)\n'

PASTED = """
@f.step(after="start")
def charge(): ...

@f.step(after="start")  # here
def charge(): ...
"""
AFTER_ITSELF = PASTED.replace('"start")  #', '"charge")  #')
CACHED = PASTED.replace("def", "@cache\ndef")
METHODS = """
class Shop:
    @f.step(after="start")
    def charge(self): ...

    @f.step(after="start")  # here
    def charge(self): ...
"""
CLASS = METHODS.replace("class", '@flow("f")\nclass').replace("@f.", "@")
WRAPPED = PASTED.replace("def", "@kept\ndef")
UNWRAPPED = """
@f.step(after="start")
@retrying
def charge(): ...

@f.step(after="start")  # here
@retrying
def ship(): ...
"""
DECORATORS = """
from functools import cache, wraps

def retrying(function):
    def inner():
        return function()
    return inner

def kept(function):
    return wraps(function)(lambda: function())
"""
RENAME = "Rename a function, or give both steps names of their own: name=…"


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Write]:
    """Write a module and import it, or import it anew."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    names = set()

    def write(text: str, name: str = "penstock_test_twice", head: str = HEAD + DECORATORS) -> ModuleType:
        (tmp_path / f"{name}.py").write_text(head + text)
        importlib.invalidate_caches()
        names.add(name)
        return importlib.reload(sys.modules[name]) if name in sys.modules else importlib.import_module(name)

    yield write
    for name in names:
        sys.modules.pop(name, None)


def problems() -> list[tuple[str, str]]:
    """Return code and message of each problem of the flow."""
    return [(problem.code, problem.message) for problem in get_flow("f").problems]


@pytest.mark.parametrize(
    "text",
    [PASTED, AFTER_ITSELF, CACHED, METHODS, CLASS, WRAPPED],
    ids=["functions", "after itself", "cached", "methods", "class", "wrapped"],
)
def test_a_definition_that_was_pasted_is_a_problem(text: str, write: Write, tmp_path: Path) -> None:
    """The second definition hides the first, and the flow says so once, with both lines."""
    write(text)
    lines = (HEAD + DECORATORS + text).splitlines()
    second = next(number for number, line in enumerate(lines, 1) if "# here" in line)
    first = next(number for number, line in enumerate(lines, 1) if "step(after" in line)
    (problem,) = get_flow("f").problems
    assert (str(tmp_path / "penstock_test_twice.py"), second) == (problem.file, problem.line)
    said = f"'charge' is defined in line {first}, too, and only one of the two can be step 'charge'. {RENAME}"
    assert ("duplicate-step", said, "charge") == (problem.code, problem.message, problem.step)


def test_a_decorator_that_hides_names_is_a_problem(write: Write) -> None:
    """Two functions that a decorator calls alike are one step, and the flow says why and what to do."""
    write(UNWRAPPED)
    ((code, message),) = problems()
    assert "duplicate-step" == code
    assert message.startswith("the step of line 15 is called 'inner', too, and is lost, because a decorator gives")
    assert message.endswith("Give the decorator functools.wraps, or the steps names of their own: name=…")


@pytest.mark.parametrize(
    "text",
    [
        "if start:\n    @f.step(after='start')\n    def a(): ...\nelse:\n    @f.step(after='start')\n    def a(): ...\n",
        "@f.step(after='start')\ndef a(): ...\n\nif start:\n    @f.step(after='start')\n    def a(): ...\n",
        """try:
    @f.step(after='start')
    def a(): ...
    1 / 0
except ArithmeticError:
    @f.step(after='start')
    def a(): ...
""",
    ],
    ids=["if and else", "if", "except"],
)
def test_a_definition_on_condition_replaces_another(text: str, write: Write) -> None:
    """Under an ``if`` or ``except`` the later definition counts, as it does for Python."""
    write(f"start = True\n{text}")
    assert [] == problems()


def test_a_setter_beside_a_getter_is_no_second_definition(write: Write) -> None:
    """Getter and setter of a property have one name, and the getter is the step."""
    write(
        "@flow('f')\nclass Shop:\n"
        "    @property\n    @step(after='start')\n    def size(self): 'Get.'\n"
        "    @size.setter\n    @step(after='start')\n    def size(self, value): 'Set.'\n"
    )
    assert ([], "Get.") == (problems(), get_flow("f").step("size").title)


def test_a_function_that_declares_may_run_again(write: Write) -> None:
    """A factory declares its step anew, with each call."""
    write("def make():\n    @f.step(after='start')\n    def inner(): ...\n\nmake()\nmake()\n")
    assert [] == problems()


@pytest.mark.parametrize("text", [PASTED.partition("\n\n")[0], UNWRAPPED.partition("\n\n")[0]], ids=["plain", "inner"])
def test_a_module_that_is_edited_and_reloaded_replaces_quietly(text: str, write: Write) -> None:
    """A definition that has moved to another line is the same definition."""
    write(text)
    write(f"\n\n# moved\n{text}")
    assert ([], 2) == (problems(), len(get_flow("f").steps))


def test_a_reload_that_mends_has_no_problem(write: Write) -> None:
    """When the second function has a name of its own, both are steps."""
    write(PASTED)
    write(PASTED.replace("here\ndef charge", "here\ndef ship"))
    assert ([], {"start", "charge", "ship"}) == (problems(), {step.name for step in get_flow("f").steps})


def test_a_cell_that_runs_again_replaces_quietly() -> None:
    """What is compiled anew, under any file name, is a new definition."""
    space = {"f": flow("f"), "__name__": __name__}
    cell = "f.entrypoint(name='start')(len)\n@f.step(after='start')\ndef charge(): ..."
    for number, text in enumerate([cell, f"\n{cell}", f"\n\n{cell}"]):
        exec(compile(text, f"<cell {number // 2}>", "exec"), space)
    assert ([], 2) == (problems(), len(get_flow("f").steps))


ONE = "from penstock import flow\n\nflow('f', title='One', description='First.', tags=['a']).entrypoint(len)\n"
TWO = "from penstock import flow\nflow('f', title='Two', description='Second.', tags='b')\n"


@pytest.mark.parametrize("order", [(("one", ONE), ("two", TWO)), (("two", TWO), ("one", ONE))], ids=["1, 2", "2, 1"])
def test_two_places_that_contradict_each_other_are_a_problem(
    order: tuple[tuple[str, str], ...], write: Write, tmp_path: Path
) -> None:
    """Both places are named, and what is shown does not depend on which module was imported first."""
    for name, text in order:
        write(text, f"penstock_test_{name}", "")
    found = get_flow("f")
    assert ("One", "First.", ("a",)) == (found.title, found.description, found.tags)
    shown = "which is shown. Declare it in one place only."
    assert [
        (
            "contradiction",
            f"description='Second.' contradicts penstock_test_one, line 3: description='First.', {shown}",
        ),
        ("contradiction", f"tags='b' contradicts penstock_test_one, line 3: tags=['a'], {shown}"),
        ("contradiction", f"title='Two' contradicts penstock_test_one, line 3: title='One', {shown}"),
    ] == problems()
    assert {(str(tmp_path / "penstock_test_two.py"), 2)} == {(each.file, each.line) for each in found.problems}


def test_two_places_that_agree_are_no_problem(write: Write) -> None:
    """The same may be said in several places; a tag alone is a list of one."""
    write(ONE, "penstock_test_one", "")
    write(ONE.replace("['a']", "'a'"), "penstock_test_two", "")
    assert [] == problems()


def test_an_edited_title_is_no_contradiction(write: Write) -> None:
    """A module that is reloaded says something new, in whichever line."""
    write(ONE, "penstock_test_one", "")
    write("\n" + ONE.replace("One", "Uno"), "penstock_test_one", "")
    assert ([], "Uno") == (problems(), get_flow("f").title)


def test_a_cell_has_the_last_word() -> None:
    """Cells of a notebook are no files: what was said last is shown."""
    for number, title in enumerate(["One", "Two"]):
        exec(compile(f"flow('f', title={title!r}).entrypoint(len)", f"<cell {number}>", "exec"), {"flow": flow})
    assert ([], "Two") == (problems(), get_flow("f").title)

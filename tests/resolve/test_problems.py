"""What is wrong with a declaration is told with its place, and never at import."""

from __future__ import annotations

import importlib
import inspect
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from penstock import entrypoint, flow, flows, generate_dag, get_flow
from penstock._resolve import resolution

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock import Problem

HEAD = "from penstock import flow, entrypoint, step\n"

BROKEN = {
    "unknown-after": """
        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")
        @step(after="strat")  # here
        def end(): ...
        """,
    "cycle": """
        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")
        @step(after=["start", "second"])  # here
        def first(): ...

        @flow("f")
        @step(after="first")
        def second(): ...
        """,
    "no-entrypoint": """
        @flow("f")
        @step  # here
        def first(): ...

        @flow("f")
        @step(after="first")
        def second(): ...
        """,
    "unreachable": """
        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")
        @step  # here
        def lonely(): ...
        """,
    "unmarked": """
        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")  # here
        def plain(): ...
        """,
    "bad-after": """
        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")
        @step(after=["start", object()])  # here
        def end(): ...
        """,
    "bad-effects": """
        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")
        @step(after="start", effects=["db", 3])  # here
        def end(): ...
        """,
    "bad-tags": """
        orders = flow("f", tags=["billing", 3])  # here

        @orders.entrypoint
        def start(): ...
        """,
    "duplicate-step": """
        from functools import cache

        @flow("f")
        @entrypoint
        def start(): ...

        @flow("f")
        @step(after="start", name="start")  # here
        @cache
        def end(): ...
        """,
}


@pytest.fixture
def name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The name of a module that can be written and imported."""
    monkeypatch.syspath_prepend(tmp_path)
    yield "penstock_test_broken"
    sys.modules.pop("penstock_test_broken", None)


def written(folder: Path, name: str, text: str) -> tuple[str, int]:
    """Write and import a module; return its file and the line that says `here`."""
    file = folder / f"{name}.py"
    file.write_text(HEAD + inspect.cleandoc(text))
    importlib.import_module(name)
    lines = file.read_text().splitlines()
    return str(file), next((number for number, line in enumerate(lines, start=1) if "# here" in line), 0)


@pytest.mark.parametrize("code", BROKEN)
def test_a_broken_declaration_is_a_problem_at_its_place(code: str, name: str, tmp_path: Path) -> None:
    """The module imports, and the flow says in which line to mend what."""
    file, line = written(tmp_path, name, BROKEN[code])
    (problem,) = get_flow("f").problems
    assert (code, file, line) == (problem.code, problem.file, problem.line)
    assert f"{file}:{line}: {problem.message}" == str(problem)


def test_an_unclaimed_mark_is_a_problem_at_its_place(name: str, tmp_path: Path) -> None:
    """A mark that no flow took is reported beside the flows."""
    file, line = written(tmp_path, name, "\n@step(after='start')  # here\ndef end(): ...\n")
    (problem,) = resolution.problems()
    assert ("unclaimed", file, line, "end") == (problem.code, problem.file, problem.line, problem.step)
    assert "@step on penstock_test_broken.end belongs to no flow. Put @flow(…) above it." == problem.message
    assert () == flows()


SWAPPED = """
@entrypoint(trigger="POST /")
@flow("f", title="All")
def start(): ...

@step(after=start)
@wrap
@flow("f")
def middle(): ...

@flow("f")
@step(after=["middle", start])
def end(): ...
"""


def test_swapped_decorators_are_one_problem_each(name: str, tmp_path: Path) -> None:
    """@entrypoint or @step above @flow is one problem that says to swap them; nothing that follows from it is told."""
    wrap = "from functools import wraps\ndef wrap(f): return wraps(f)(lambda: f())\n"
    file, _ = written(tmp_path, name, wrap + SWAPPED)
    expected = [
        ("unmarked", "start", f"@entrypoint is above @flow('f') on {name}.start. Swap the two: @flow goes on top."),
        ("unmarked", "middle", f"@step is above @flow('f') on {name}.middle. Swap the two: @flow goes on top."),
    ]
    problems = get_flow("f").problems
    assert expected == [(problem.code, problem.step, problem.message) for problem in problems]
    assert () == resolution.problems()
    lines = Path(file).read_text().splitlines()
    assert ['@entrypoint(trigger="POST /")', "@step(after=start)"] == [lines[problem.line - 1] for problem in problems]


def test_methods_may_be_swapped_too(name: str, tmp_path: Path) -> None:
    """In a class, each method whose decorators are swapped is told."""
    text = """
    class Orders:
        @entrypoint
        @flow("f")
        def start(self): ...

        @step(after="start")
        @flow("f")
        def end(self): ...
    """
    written(tmp_path, name, text)
    assert ["unmarked", "unmarked"] == [problem.code for problem in get_flow("f").problems if "Swap" in problem.message]
    assert () == resolution.problems()


def test_swapped_decorators_that_are_mended_leave_no_problem(name: str, tmp_path: Path) -> None:
    """A module that is imported again in the right order, as in a notebook, has no problem left."""
    written(tmp_path, name, '@entrypoint\n@flow("f")\ndef start(): ...')
    assert 1 == len(get_flow("f").problems)
    sys.modules.pop(name)
    written(tmp_path, name, '@flow("f")\n@entrypoint\ndef start(): ...  # mended')
    assert () == get_flow("f").problems


def the_problem(flow_name: str = "f") -> Problem:
    """Return the one problem of a flow."""
    (problem,) = get_flow(flow_name).problems
    return problem


def test_an_unknown_name_suggests_the_near_one() -> None:
    """The message says what is missing, what was probably meant, and what there is."""
    flow("f").entrypoint(name="start")(lambda: None)
    flow("f").step(after="strat", name="end")(lambda: None)
    expected = "after='strat' names no step of flow 'f'. Did you mean 'start'? Known steps: end, start."
    assert (expected, "end") == (the_problem().message, the_problem().step)


def test_an_unknown_function_is_named_with_its_module() -> None:
    """after=function that is not in the flow says what to put over it."""
    flow("f").entrypoint(name="start")(lambda: None)
    flow("f").step(after=["start", re.sub], name="end")(lambda: None)
    assert "after=re.sub is not a step of flow 'f'. Put @flow('f') over it, or name another step." == (
        the_problem().message
    )


def test_a_name_with_two_meanings_is_not_guessed() -> None:
    """A qualified name that two modules have leads to no arrow, and the message says how to tell them apart."""
    f = flow("f")
    for module in ("one", "two"):
        space = {"__name__": module, "f": f}
        exec(f"@f.entrypoint(name='start_{module}')\ndef start(): ...", space)
    f.step(after=["start_one", "start"], name="end")(lambda: None)
    assert "after='start' could be step 'start_one' or 'start_two' of flow 'f'; name one of them." == (
        the_problem().message
    )


CURE = "Remove the after= that closes it."


def test_a_circle_is_shown_in_order() -> None:
    """The message walks round the circle once."""
    f = flow("f")
    f.entrypoint(name="a", trigger="cron")(lambda: None)
    f.step(after=["a", "d"], name="b")(lambda: None)
    f.step(after="b", name="c")(lambda: None)
    f.step(after="c", name="d")(lambda: None)
    assert f"the arrows of flow 'f' form a cycle: b → c → d → b. {CURE}" == the_problem().message


def test_a_step_after_itself_is_a_circle() -> None:
    """The shortest circle is found too."""
    flow("f").entrypoint(name="start")(lambda: None)
    flow("f").step(after=["again", "start"], name="again")(lambda: None)
    assert f"the arrows of flow 'f' form a cycle: again → again. {CURE}" == the_problem().message


def test_a_flow_without_steps_has_no_entrypoint() -> None:
    """A flow that was only named is there, and says where it was named."""
    flow("f")
    line = inspect.stack()[0].lineno - 1
    assert ("no-entrypoint", __file__, line) == (the_problem().code, the_problem().file, the_problem().line)


def test_one_fault_is_reported_once() -> None:
    """A step whose arrow is missing for another reason is not reported as unreachable as well."""
    flow("f").entrypoint(name="start")(lambda: None)
    flow("f").step(after="nobody", name="end")(lambda: None)
    assert ["unknown-after"] == [problem.code for problem in get_flow("f").problems]


def test_a_mended_declaration_has_no_problem() -> None:
    """Problems go when what they miss is declared, or when the mark is added."""

    def plain() -> None: ...

    flow("f")(plain)
    flow("f").step(after="start", name="end")(lambda: None)
    assert ["no-entrypoint", "unknown-after", "unmarked"] == sorted(problem.code for problem in get_flow("f").problems)
    flow("f")(entrypoint(name="start")(plain))
    assert ((), ()) == (get_flow("f").problems, resolution.problems())


def test_problems_name_no_addresses_in_memory() -> None:
    """The same mistake gives the same message in each run."""
    flow("f").entrypoint(name="start", trigger="x")(lambda: None)
    flow("f").step(after=["start", object()], effects=object(), name="end")(lambda: None)  # type: ignore[arg-type]
    messages = [problem.message for problem in get_flow("f").problems]
    assert [
        "after=<object object> is neither a step's name nor a function",
        "effects=<object object> is not a list of texts",
    ] == messages


def test_problems_stand_in_the_order_of_the_source(name: str, tmp_path: Path) -> None:
    """One can mend them from top to bottom."""
    text = "\n".join(f'@flow("f")\n@step(after="no{9 - number}")\ndef s{number}(): ...' for number in range(5))
    written(tmp_path, name, text)
    lines = [problem.line for problem in get_flow("f").problems if problem.code == "unknown-after"]
    assert sorted(lines) == lines
    assert 5 == len(lines)


@pytest.mark.parametrize("name", [3, "", "  ", ["a"]])
def test_a_bad_name_is_a_problem(name: Any) -> None:
    """What is no name is reported, and the step keeps that of its function."""

    def begin() -> None: ...

    flow("f").entrypoint(name=name)(begin)
    assert f"name={name!r} is not a name. The step goes by its function's, 'begin'." == the_problem().message
    assert "graph TD\n    begin" == generate_dag("f")


def test_a_bad_trigger_is_a_problem() -> None:
    """What is no text is reported and not drawn."""
    wrong: Any = 5
    flow("f").entrypoint(trigger=wrong)(len)
    assert "trigger=5 is not a text" == the_problem().message
    assert "" == get_flow("f").steps[0].trigger

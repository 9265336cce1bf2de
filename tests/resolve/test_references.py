"""Which function a name means: what comes before, and what was declared again."""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from collections import deque
from typing import TYPE_CHECKING, Any

import pytest

from penstock import entrypoint, flow, get_flow, step
from penstock.errors import DuplicateStepError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def names(flow_name: str) -> list[str]:
    """Return the names of a flow's steps, in flow order."""
    return [step.name for step in get_flow(flow_name).steps]


def arrows(flow_name: str) -> list[tuple[str, str]]:
    """Return the arrows of a flow, in flow order."""
    return [(edge.source, edge.target) for edge in get_flow(flow_name).edges]


def codes(flow_name: str) -> list[str]:
    """Return what is wrong with a flow."""
    return [problem.code for problem in get_flow(flow_name).problems]


def module(folder: Path, name: str, text: str) -> Any:
    """Write a module into a folder on sys.path and import it, anew if it was imported before."""
    (folder / f"{name}.py").write_text(f"from penstock import flow, entrypoint, step\n{text}")
    sys.modules.pop(name, None)
    importlib.invalidate_caches()
    return importlib.import_module(name)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to import modules from."""
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    return tmp_path


def test_names_resolve_in_any_order_of_imports(folder: Path) -> None:
    """A step may name one that is declared later, in a module that is imported later."""
    late = '@flow("f")\n@step(after="early")\ndef late(): ...\n'
    early = '@flow("f")\n@entrypoint\ndef early(): ...\n'
    module(folder, "penstock_test_late", late)
    assert ["no-entrypoint", "unknown-after"] == sorted(codes("f"))
    module(folder, "penstock_test_early", early)
    assert ([("early", "late")], []) == (arrows("f"), codes("f"))


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


class Ways:
    """Functions to refer to."""

    @step
    def method(self) -> None: ...

    @staticmethod
    @step
    def static() -> None: ...

    @classmethod
    @step
    def klass(cls) -> None: ...

    @property
    @step
    def attribute(self) -> None: ...


REFERENCES = [
    pytest.param(lambda f: f, id="function"),
    pytest.param(lambda f: "start", id="name"),
    pytest.param(_wrapped, id="wrapped"),
    pytest.param(functools.lru_cache, id="cached"),
    pytest.param(staticmethod, id="static method"),
    pytest.param(classmethod, id="class method"),
    pytest.param(functools.partial, id="partial"),
    pytest.param(lambda f: f.__wrapped__, id="the function below the decorators"),
    pytest.param(lambda f: f.__qualname__, id="qualified name"),
    pytest.param(lambda f: f"{f.__module__}.{f.__qualname__}", id="full name"),
    pytest.param(lambda f: f"{f.__module__}:{f.__qualname__}", id="full name with a colon"),
    pytest.param(lambda f: [[f]], id="nested lists"),
    pytest.param(lambda f: ({f},), id="set in a tuple"),
    pytest.param(lambda f: {"start": 1}.keys(), id="keys of a mapping"),
    pytest.param(lambda f: deque([f]), id="deque"),
    pytest.param(lambda f: {f: None}, id="mapping"),
    pytest.param(lambda f: {"start": "sure"}, id="mapping with a label"),
    pytest.param(lambda f: [{f: "sure"}, []], id="mapping in a list"),
]


@pytest.mark.parametrize("reference", REFERENCES)
def test_ways_to_name_what_comes_before(reference: Callable[..., Any]) -> None:
    """after= takes names, functions in every disguise, and lists and mappings of them."""

    @flow("f")
    @entrypoint
    def start() -> None: ...

    @flow("f")
    @step(after=reference(start))
    def end() -> None: ...

    assert ([("start", "end")], []) == (arrows("f"), codes("f"))


def test_a_function_resolves_by_its_mark_not_its_name() -> None:
    """after=function finds the step even where it has another name, and another function's name is the same."""
    f = flow("f")

    def make(name: str) -> Callable[[], None]:
        @f.entrypoint(name=name)
        def same() -> None: ...

        return same

    one, two = make("one"), make("two")
    f.step(after=two, name="after_two")(lambda: None)
    f.step(after=one, name="after_one")(lambda: None)
    assert {("two", "after_two"), ("one", "after_one")} == set(arrows("f"))


def test_a_method_is_named_by_its_class() -> None:
    """after=Class.method works for plain, static and class methods, and for properties."""
    pay = flow("pay")
    for name in ("method", "static", "klass", "attribute"):
        pay(vars(Ways)[name])
    pay.entrypoint(name="start")(lambda: None)
    pay.step(after=[Ways.method, Ways.static, Ways.klass, Ways.attribute], name="end")(lambda: None)
    assert [("method", "end"), ("static", "end"), ("klass", "end"), ("attribute", "end")] == arrows("pay")


def test_labels_stand_on_the_arrows() -> None:
    """A mapping in after= says when an arrow is taken; one step may follow another twice, for two reasons."""
    f = flow("f")
    f.entrypoint(name="a")(lambda: None)
    f.step(after=[{"a": "if paid"}, {"a": "if free"}, "a", {"a": None}], name="b")(lambda: None)
    assert ["", "if free", "if paid"] == [edge.label for edge in get_flow("f").edges]


def test_a_reloaded_function_is_still_found(folder: Path) -> None:
    """A reference to a function of a module that was imported anew since leads to the new one."""
    text = '@flow("f")\n@entrypoint\ndef start(): ...\n'
    old = module(folder, "penstock_test_old", text).start
    flow("f").step(after=old, name="end")(lambda: None)
    new = module(folder, "penstock_test_old", f'"""New."""\n{text}').start
    assert old is not new
    assert ([("start", "end")], []) == (arrows("f"), codes("f"))


def test_declaring_again_replaces(folder: Path) -> None:
    """A cell or module that runs again replaces its functions, even under new step names."""
    module(folder, "penstock_test_cell", '@flow("f")\n@entrypoint\ndef start():\n    "Old."\n')
    module(folder, "penstock_test_cell", '@flow("f")\n@entrypoint(name="go")\ndef start():\n    "New."\n')
    assert [("go", "New.")] == [(step.name, step.title) for step in get_flow("f").steps]


def test_declaring_again_replaces_objects_too(folder: Path) -> None:
    """The same holds for what is not a function, such as a cached one, whose name is read late."""
    text = 'from functools import cache\n@flow("f")\n@entrypoint(name={name!r})\n@cache\ndef start():\n    {doc!r}\n'
    module(folder, "penstock_test_cell", text.format(name="start", doc="Old."))
    module(folder, "penstock_test_cell", text.format(name="go", doc="New."))
    assert ([("go", "New.")], []) == ([(step.name, step.title) for step in get_flow("f").steps], codes("f"))


def test_marks_that_stand_above_each_other_all_count() -> None:
    """Two @step on one function are one declaration in two lines."""

    @flow("f")
    @entrypoint
    def start() -> None: ...

    @flow("f")
    @entrypoint
    def other() -> None: ...

    @flow("f")
    @step(after=start, effects=["one"])
    @step(after={other: "if other"}, effects=["two"])
    def end() -> None: ...

    assert [("other", "end"), ("start", "end")] == sorted(arrows("f"))
    assert ("two", "one") == get_flow("f").step("end").effects


def test_declaring_code_that_is_not_ours_again_replaces() -> None:
    """The last word counts for a function that was declared twice from outside."""
    f = flow("f")
    f.entrypoint(name="a")(lambda: None)
    f.step(after="b", name="c")(functools.reduce)
    f.step(after="a", name="c")(functools.reduce)
    assert ([("a", "c")], []) == (arrows("f"), codes("f"))


def test_two_functions_with_one_name_are_an_error_that_names_both_places() -> None:
    """A real clash is raised where it happens; the first function keeps the name."""

    @flow("f")
    @entrypoint
    def start() -> None: ...

    with pytest.raises(DuplicateStepError) as caught:

        @flow("f")
        @step(name="start")
        def other() -> None: ...

    error = caught.value
    assert ("f", "start") == (error.flow, error.step)
    assert all(f"{__file__}:" in place for place in (error.first, error.second))
    assert error.first != error.second
    assert "two steps named 'start'" in str(error)
    assert ["start"] == names("f")


def test_lambdas_and_closures_with_names_of_their_own_live_side_by_side() -> None:
    """Functions that share a qualified name are different steps if their step names differ."""
    f = flow("f")
    for name in ("a", "b"):
        f.entrypoint(name=name)(lambda: None)

    def make(name: str) -> None:
        @f.step(after="a", name=name)
        def inner() -> None: ...

    for name in ("c", "d"):
        make(name)
    assert {"a", "b", "c", "d"} == set(names("f"))


def test_closures_without_names_replace_each_other() -> None:
    """A factory that runs again declares its step again."""

    def make() -> None:
        @flow("f")
        @entrypoint
        def inner() -> None: ...

    make()
    make()
    assert ["inner"] == names("f")


def test_many_threads_may_declare_at_once() -> None:
    """Nothing is lost when modules are imported in several threads."""
    ready = threading.Barrier(8)

    def declare(number: int) -> None:
        ready.wait(600)
        for index in range(10):
            flow("f").entrypoint(name=f"s{number}_{index}")(lambda: None)
            get_flow("f")

    threads = [threading.Thread(target=declare, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {f"s{number}_{index}" for number in range(8) for index in range(10)} == set(names("f"))


def test_many_functions_of_one_name_in_a_file_are_many_steps() -> None:
    """The ``def _`` of single dispatch: named steps of one function name stand beside each other."""
    f = flow("f")
    f.entrypoint(name="start")(lambda: None)

    @f.step(after="start", name="first")
    def _(number: int) -> None: ...

    @f.step(after="start", name="second")
    def _(text: str) -> None: ...

    assert ["start", "first", "second"] == [step.name for step in get_flow("f").steps]

"""A step stays what it was: to inspect, pickle, copy, subclass, document and debug."""

from __future__ import annotations

import abc
import asyncio
import builtins
import copy
import dis
import doctest
import functools
import inspect
import io
import marshal
import pickle
import pydoc
import subprocess
import sys
import textwrap
import threading
import traceback
import typing
from collections.abc import AsyncIterator, Iterator  # noqa: TC003 - typing.get_type_hints asks for them
from contextvars import ContextVar
from types import CellType, CoroutineType, FunctionType
from typing import TYPE_CHECKING, Any

import pytest

from callable_steps import Adder, cached, coroutine
from penstock import current_flow_id, entrypoint, flow, get_flow, observing, step
from penstock._runtime.context import current_run

if TYPE_CHECKING:
    from collections.abc import Callable


def plain(a: int, /, b: str = "b", *rest: float, key: bool = True, **more: object) -> list[str]:
    """Do something.

    >>> plain(1)
    ['1', 'b']
    """
    return [str(a), b]


def generator(a: int) -> Iterator[int]:
    """Yield."""
    yield a


async def async_generator(a: int) -> AsyncIterator[int]:
    """Yield and await."""
    yield a


KINDS = {
    "function": plain,
    "coroutine": coroutine,
    "generator": generator,
    "async generator": async_generator,
}


def step_of(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function as a step."""
    return step(after="start")(function)


def as_flow(function: Callable[..., Any]) -> Callable[..., Any]:
    """Put a function into a flow from outside."""
    return flow("f").entrypoint(trigger="cron")(function)


def as_both(function: Callable[..., Any]) -> Callable[..., Any]:
    """Mark a function twice, and let two flows take it."""
    return flow("f")(flow("g")(entrypoint(step(function))))


WAYS = [entrypoint, step_of, as_flow, as_both]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", KINDS)
def test_a_decorated_function_looks_like_the_function(kind: str, way: Callable[..., Any]) -> None:
    """Signature, names, documentation, annotations and kind are as before, and the function is below."""
    function = KINDS[kind]
    decorated = way(function)
    assert inspect.signature(function) == inspect.signature(decorated)
    assert function is inspect.unwrap(decorated)
    for attribute in ("__name__", "__qualname__", "__module__", "__doc__", "__annotations__"):
        assert getattr(function, attribute) == getattr(decorated, attribute)
    for predicate in (
        inspect.isfunction,
        inspect.iscoroutinefunction,
        inspect.isgeneratorfunction,
        inspect.isasyncgenfunction,
    ):
        assert predicate(function) == predicate(decorated)
    assert typing.get_type_hints(function, globals()) == typing.get_type_hints(decorated, globals())
    assert inspect.getsource(function) == inspect.getsource(decorated)


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("kind", ["function", "coroutine", "generator", "async_generator"])
def test_frameworks_find_what_annotations_name(kind: str, way: Callable[..., Any]) -> None:
    """They look in the globals, so those are the function's own, and the wrapper takes nothing else from there."""
    bodies = {"function": "def f(): ...", "generator": "def f(): yield"}
    bodies |= {"coroutine": "async def f(): ...", "async_generator": "async def f(): yield"}
    module: dict[str, Any] = dict.fromkeys(dir(builtins))
    module |= {"__name__": "elsewhere", "__builtins__": builtins}
    exec(bodies[kind], module)
    decorated = way(module["f"])
    assert decorated.__globals__ is module
    found = [name.argval for name in dis.get_instructions(decorated) if name.opname in ("LOAD_GLOBAL", "LOAD_NAME")]
    assert [] == found


@pytest.mark.parametrize("kind", KINDS)
def test_the_flow_tells_the_kind(kind: str) -> None:
    """The model knows coroutine functions and generators, under any decoration."""
    flow("f")(entrypoint(functools.partial(KINDS[kind])))
    flow("g")(entrypoint(step(KINDS[kind])))
    assert [kind, kind] == [get_flow(name).steps[0].kind for name in ("f", "g")]


@pytest.mark.parametrize("way", WAYS)
def test_the_function_itself_is_untouched(way: Callable[..., Any]) -> None:
    """Decorating changes nothing on the function below, so code that is not ours stays as it is."""

    def function() -> None: ...

    before = {name: getattr(function, name) for name in ("__dict__", "__code__", "__name__", "__doc__")}
    before["__dict__"] = dict(function.__dict__)
    way(function)
    assert before == {name: getattr(function, name) for name in before}


def test_declaring_a_foreign_class_changes_nothing_on_it() -> None:
    """A class that is declared from outside is the same object with the same attributes."""

    class Foreign:
        def place(self) -> str:
            return "placed"

    names, place = set(vars(Foreign)), vars(Foreign)["place"]
    checkout = flow("checkout")
    checkout.entrypoint(Foreign)
    checkout.step(after=Foreign)(Foreign.place)
    assert (names, place) == (set(vars(Foreign)), vars(Foreign)["place"])
    assert ["Foreign", "place"] == [step.name for step in get_flow("checkout").steps]
    assert "placed" == Foreign().place()


@pytest.mark.parametrize("kind", [int, bytearray], ids=lambda kind: kind.__name__)
def test_builtin_classes_can_be_declared_from_outside(kind: type) -> None:
    """What takes no attributes can be a step of a handle, and @step over it says so."""
    assert kind is flow("f").entrypoint(kind)
    with pytest.raises(TypeError, match=rf"{kind.__name__} takes no mark\. Declare it from outside: flow\(…\)\.step"):
        step(kind)


decorated_here = flow("f")(entrypoint(trigger="cron")(plain))
plain_function, plain = plain, decorated_here


adder = step(Adder(3))


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_module_level_functions_can_be_pickled(protocol: int) -> None:
    """A decorated function is pickled by its name, as any function."""
    assert plain is pickle.loads(pickle.dumps(plain, protocol))
    assert plain is copy.copy(plain)
    assert plain is copy.deepcopy(plain)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_functions_with_a_cache_can_be_pickled(protocol: int) -> None:
    """So is a decorated function with a cache: a pool of processes takes it as it takes one without a decorator."""
    assert cached is pickle.loads(pickle.dumps(cached, protocol))


class ByValue(pickle.Pickler):
    """Pickles inner functions with all that they hold, as cloudpickle does; so do Dask, joblib and Ray, in notebooks."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, FunctionType) and "<locals>" in value.__qualname__:
            held = [cell.cell_contents for cell in value.__closure__ or ()]
            return _made, (marshal.dumps(value.__code__), held), vars(value)
        return (getattr, (_Types, "coroutine")) if value is CoroutineType else NotImplemented


class _Types:
    coroutine = CoroutineType


def _made(code: bytes, held: list[Any]) -> Any:
    return FunctionType(marshal.loads(code), globals(), closure=tuple(map(CellType, held)))


@pytest.mark.parametrize("kind", ["function", "coroutine", "generator", "async generator"])
@pytest.mark.parametrize("mark", [entrypoint, step(after=plain)], ids=["entrypoint", "step"])
def test_functions_can_be_pickled_by_value(mark: Any, kind: str) -> None:
    """A decorated function that no module has, as one of a notebook, works in another process, whoever observes here."""

    def function() -> list[str | None]:
        return [current_flow_id()]

    async def coroutine() -> list[str | None]:
        return [current_flow_id()]

    def generator() -> Iterator[str | None]:
        yield current_flow_id()

    async def async_generator() -> AsyncIterator[str | None]:
        yield current_flow_id()

    lock = threading.Lock()
    local = {"function": function, "coroutine": coroutine, "generator": generator, "async generator": async_generator}
    file = io.BytesIO()
    with observing(lambda _: lock.locked() or None):
        ByValue(file).dump(flow("f")(mark(local[kind])))
    result = pickle.loads(file.getvalue())()

    async def all_of(ids: AsyncIterator[str | None]) -> list[str | None]:
        return [each async for each in ids]

    if kind == "async generator":
        result = asyncio.run(all_of(result))
    found = asyncio.run(result) if kind == "coroutine" else list(result)
    assert [mark is entrypoint] == [each is not None for each in found]


def test_other_context_variables_stay_as_they_are() -> None:
    """Only the variable of penstock is pickled; of any other, Python says that it cannot be."""
    assert current_run is pickle.loads(pickle.dumps(current_run))
    with pytest.raises(TypeError, match="cannot pickle"):
        pickle.dumps(ContextVar("other"))


def test_methods_and_partials_can_be_pickled() -> None:
    """So are bound methods, class methods and partials over steps."""
    assert 7 == pickle.loads(pickle.dumps(Adder(7).method))()
    assert 1 == pickle.loads(pickle.dumps(Adder.make))().number
    assert ["4", "c"] == pickle.loads(pickle.dumps(functools.partial(plain, 4)))("c")


def test_a_callable_object_can_be_pickled_and_copied() -> None:
    """A copy of a decorated object is a copy of the object."""
    for twin in (pickle.loads(pickle.dumps(adder)), copy.copy(adder), copy.deepcopy(adder)):
        twin.number = 10
        assert (15, 8) == (twin(5), adder(5))


def test_a_callable_object_is_seen_through() -> None:
    """Attributes are read from, written to and deleted from the object; type checks and documentation see it."""
    counter = step(Adder(3))
    counter.number = 4
    counter.extra = "x"
    assert (6, "x") == (counter(2), counter.__wrapped__.extra)
    del counter.extra
    assert not hasattr(counter, "extra")
    assert isinstance(counter, Adder)
    assert ("Adds to a number.", Adder.__module__) == (counter.__doc__, counter.__module__)
    assert "(other: 'int') -> 'int'" == str(inspect.signature(counter))
    assert repr(counter).startswith("<penstock step over <")


def test_a_partial_method_can_be_marked() -> None:
    """A partial method can be marked in its class."""

    @flow("f")
    class Shop:
        def sell(self, item: str, count: int) -> str:
            return f"{count} {item}"

        sell_tea = entrypoint(name="sell_tea")(functools.partialmethod(sell, "tea"))

    assert "2 tea" == Shop().sell_tea(2)
    assert ["sell_tea"] == [step.name for step in get_flow("f").steps]


def test_abstract_methods_stay_abstract() -> None:
    """A class with a marked abstract method cannot be instantiated, in either order of decorators."""

    class Base(abc.ABC):
        @step
        @abc.abstractmethod
        def one(self) -> None: ...

        @abc.abstractmethod
        @step
        def two(self) -> None: ...

    assert {"one", "two"} == Base.__abstractmethods__


def test_super_and_properties() -> None:
    """Marked methods call each other through super(), and a setter beside a marked getter works."""

    class Base:
        @step
        def work(self) -> list[str]:
            return ["base"]

    class Derived(Base):
        @step
        def work(self) -> list[str]:
            return [*super().work(), "derived"]

        @property
        @step
        def size(self) -> int:
            return self._size

        @size.setter
        @step
        def size(self, value: int) -> None:
            self._size = value

    thing = Derived()
    thing.size = 4
    assert (["base", "derived"], 4) == (thing.work(), thing.size)


def test_doctests_are_found() -> None:
    """The examples of decorated functions are found and run."""
    found = {test.name.rpartition(".")[2]: test for test in doctest.DocTestFinder().find(sys.modules[__name__])}
    assert 1 == len(found["plain"].examples)
    assert 0 == doctest.DocTestRunner().run(found["plain"]).failed


def test_help_shows_the_function() -> None:
    """help() says of a step what it says of the function."""
    assert pydoc.render_doc(plain_function) == pydoc.render_doc(plain)


@pytest.mark.parametrize("way", WAYS)
def test_exceptions_pass_unchanged(way: Callable[..., Any]) -> None:
    """The very exception comes out, with its cause, and its traceback ends in the function."""
    error, cause = KeyError("k"), ValueError("v")

    def fail() -> None:
        raise error from cause

    with pytest.raises(KeyError) as caught:
        way(fail)()
    assert error is caught.value
    assert cause is error.__cause__
    assert "fail" == traceback.extract_tb(error.__traceback__)[-1].name
    assert 4 >= len(traceback.extract_tb(error.__traceback__))


def test_a_wrong_call_is_a_wrong_call() -> None:
    """Missing arguments give the message that Python gives for the function."""
    with pytest.raises(TypeError, match=r"^plain\(\) missing 1 required positional argument: 'a'$"):
        plain()


def test_deep_recursion_is_possible() -> None:
    """A recursive step goes about half as deep as the function alone."""

    @step
    def down(depth: int) -> int:
        return depth and down(depth - 1)

    assert 0 == down(300)


def test_objects_of_a_session_without_files_have_facts_too() -> None:
    """In `python -c` and at the prompt, functions, classes and objects can be steps although there is no source."""
    program = """
        from penstock import flow, get_flow

        class Task:
            "A task."
            def __call__(self): ...

        def work(): "Works."

        f = flow("f")
        f.entrypoint(Task)
        f.step(after=Task, name="object")(Task())
        f.step(after=Task)(work)
        print([(step.name, step.title, step.line > 0) for step in get_flow("f").steps])
        """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)], capture_output=True, text=True, check=False, timeout=600
    )
    assert "" == done.stderr
    assert "[('Task', 'A task.', False), ('object', 'A task.', False), ('work', 'Works.', True)]" == done.stdout.strip()


def test_annotations_are_shown_as_written_and_never_evaluated() -> None:
    """Names that exist for type checkers only do no harm, in functions, classes, objects and partials."""
    program = """
        from __future__ import annotations

        def work(x: Unknown, y: int = 1) -> Unknown: ...

        class Task:
            def __init__(self, x: Unknown) -> None: ...
            def __call__(self, x: Unknown, *, y: int = 1) -> None: ...
        """
    space: dict[str, Any] = {"__name__": __name__}
    exec(compile(textwrap.dedent(program), "<none>", "exec", dont_inherit=True), space)
    f = flow("f")
    f.entrypoint(space["work"])
    f.step(space["Task"])
    f.step(name="object")(space["Task"](1))
    f.step(name="partial")(functools.partial(space["work"], y=2))
    assert {
        "work": "(x: Unknown, y: int = …) -> Unknown",
        "Task": "(x: Unknown) -> None",
        "object": "(x: Unknown, *, y: int = …) -> None",
        "partial": "(x: Unknown, *, y: int = …) -> Unknown",
    } == {step.name: step.signature for step in get_flow("f").steps}

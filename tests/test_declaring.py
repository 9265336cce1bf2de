"""All ways to say that a function is a step."""

from __future__ import annotations

import functools
import importlib
import sys
import threading
from typing import TYPE_CHECKING, Any

import pytest

from penstock import entrypoint, flow, flows, get_flow, step
from penstock.errors import DeclarationError, DuplicateStepError, UnknownFlowError, UnknownStepError

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


def test_a_chain() -> None:
    """The quick start's flow: @flow over a bare @entrypoint, and steps that name what comes before."""

    @flow("bom_sync")
    @entrypoint
    def handle_kafka_message(msg: dict[str, str]) -> list[str]:
        """Receive an update."""
        return fetch_from_api(msg["bom_id"])

    @flow("bom_sync")
    @step(after="handle_kafka_message")
    def fetch_from_api(bom_id: str) -> list[str]:
        """Fetch the parts."""
        return sync_to_database([bom_id, "a part"])

    @flow("bom_sync")
    @step(after="fetch_from_api")
    def sync_to_database(data: list[str]) -> list[str]:
        """Write the parts."""
        return data

    found = get_flow("bom_sync")
    assert ["handle_kafka_message", "fetch_from_api", "sync_to_database"] == [step.name for step in found.steps]
    assert ["Receive an update.", "Fetch the parts.", "Write the parts."] == [step.title for step in found.steps]
    assert [("handle_kafka_message", "fetch_from_api"), ("fetch_from_api", "sync_to_database")] == arrows("bom_sync")
    assert () == found.problems
    assert ["7", "a part"] == handle_kafka_message({"bom_id": "7"})


def test_several_entrypoints() -> None:
    """Two entrypoints lead to one step, named in a list."""

    @flow("user_update")
    @entrypoint
    def handle_api_request(request: str) -> None: ...

    @flow("user_update")
    @entrypoint
    def handle_admin_action(action: str) -> None: ...

    @flow("user_update")
    @step(after=["handle_api_request", "handle_admin_action"])
    def process_user_update(data: str) -> None: ...

    found = get_flow("user_update")
    assert ["handle_api_request", "handle_admin_action"] == [step.name for step in found.entrypoints]
    both = {("handle_api_request", "process_user_update"), ("handle_admin_action", "process_user_update")}
    assert both == set(found.paths())
    assert () == found.problems


def test_branches_that_join() -> None:
    """A step is followed by two, which one step follows."""

    @flow("order_processing")
    @entrypoint
    def validate_order(order: int) -> None: ...

    @flow("order_processing")
    @step(after="validate_order")
    def charge_payment(order: int) -> None: ...

    @flow("order_processing")
    @step(after="validate_order")
    def reserve_inventory(order: int) -> None: ...

    @flow("order_processing")
    @step(after=["charge_payment", "reserve_inventory"])
    def send_confirmation(order: int) -> None: ...

    assert [
        ("validate_order", "charge_payment"),
        ("validate_order", "reserve_inventory"),
        ("charge_payment", "send_confirmation"),
        ("reserve_inventory", "send_confirmation"),
    ] == arrows("order_processing")
    assert [] == codes("order_processing")
    assert 2 == get_flow("order_processing").path_count


def test_a_handle_marks_and_takes_at_once() -> None:
    """A flow in a variable has its own entrypoint and step, bare and called."""
    bom = flow("bom", title="The BOM", description="Parts of parts.")

    @bom.entrypoint
    def first() -> None: ...

    @bom.entrypoint(trigger="cron:hourly", name="second")
    def other() -> None: ...

    @bom.step
    def alone() -> None: ...

    @bom.step(after=first, effects="mail")
    def last() -> None: ...

    found = get_flow("bom")
    assert ("The BOM", "Parts of parts.") == (found.title, found.description)
    assert ["first", "second"] == [step.name for step in found.entrypoints]
    assert "cron:hourly" == found.step("second").trigger
    assert ("mail",) == found.step("last").effects
    assert ["unreachable"] == codes("bom")
    assert "flow('bom')" == repr(bom)


def test_a_title_may_be_given_at_any_time() -> None:
    """What is said of a flow later adds to what was said before; the name stands in for a title."""
    flow("x", description="First.")
    assert ("x", "First.") == (get_flow("x").title, get_flow("x").description)
    flow("x", title="Ex")
    flow("x")
    assert ("Ex", "First.") == (get_flow("x").title, get_flow("x").description)


def test_one_function_in_several_flows() -> None:
    """Stacked flows over one mark all take it."""

    @flow("a")
    @flow("b")
    @entrypoint
    def start() -> None: ...

    assert [["start"], ["start"]] == [names("a"), names("b")]
    assert ["a", "b"] == [flow.name for flow in flows()]


def test_each_flow_takes_the_marks_below_it() -> None:
    """A mark between two flows belongs to the upper one alone."""

    @flow("a")
    @entrypoint(name="begin")
    @flow("b")
    @step(after="x", name="middle")
    def work() -> str:
        return "done"

    assert [["begin"], ["middle"]] == [names("a"), names("b")]
    assert "done" == work()


def test_an_entrypoint_that_also_follows_a_step() -> None:
    """One function may be both: runs start there, and arrows lead there."""

    @flow("a")
    @entrypoint
    def start() -> None: ...

    @flow("a")
    @entrypoint(trigger="http")
    @step(after=start, effects=["db"])
    def both() -> None: ...

    found = get_flow("a").step("both")
    assert (True, "http", ("db",)) == (found.entrypoint, found.trigger, found.effects)
    assert [("start", "both")] == arrows("a")
    assert [] == codes("a")


def test_a_class_with_marked_methods() -> None:
    """@flow over a class takes every marked method: plain, static, class, in either order of decorators, property."""

    @flow("shop")
    class Shop:
        @entrypoint
        def begin(self) -> str:
            return "begin"

        @staticmethod
        @step(after="begin")
        def outer_static() -> str:
            return "outer_static"

        @step(after="begin")
        @staticmethod
        def inner_static() -> str:
            return "inner_static"

        @classmethod
        @step(after="begin")
        def outer_class(cls) -> str:
            return f"outer_class of {cls.__name__}"

        @step(after="begin")
        @classmethod
        def inner_class(cls) -> str:
            return f"inner_class of {cls.__name__}"

        @property
        @step(after="begin")
        def price(self) -> int:
            return 3

        @functools.cached_property
        @step(after="begin")
        def cost(self) -> int:
            return 2

        def unmarked(self) -> None: ...

    expected = ["begin", "outer_static", "inner_static", "outer_class", "inner_class", "price", "cost"]
    assert expected == names("shop")
    assert [] == codes("shop")
    shop = Shop()
    assert ("begin", "outer_static", "inner_static") == (shop.begin(), shop.outer_static(), Shop.inner_static())
    assert ("outer_class of Shop", "inner_class of Shop") == (shop.outer_class(), Shop.inner_class())
    assert (3, 2) == (shop.price, shop.cost)


def test_a_class_takes_inherited_marks() -> None:
    """Marked methods of a base class count, and those that are redefined with a mark count once."""

    class Base:
        @entrypoint
        def begin(self) -> None: ...

        @step(after="begin")
        def work(self) -> str:
            return "base"

    @flow("x")
    class Special(Base):
        @step(after="begin")
        def work(self) -> str:
            return "special"

    assert ["begin", "work"] == names("x")
    assert "Special.work" in get_flow("x").step("work").qualname
    assert ("special", "base") == (Special().work(), Base().work())


def test_two_classes_inherit_the_same_marks() -> None:
    """Each flow over a subclass takes the marks of their common base."""

    class Base:
        @entrypoint
        def begin(self) -> None: ...

    @flow("x")
    class X(Base):
        @step(after="begin")
        def one(self) -> None: ...

    @flow("y")
    class Y(Base):
        @step(after="begin")
        def two(self) -> None: ...

    assert [["begin", "one"], ["begin", "two"]] == [names("x"), names("y")]


def test_a_base_class_with_a_flow_of_its_own_keeps_its_marks() -> None:
    """A subclass in another flow does not take what the base's own flow has taken."""

    @flow("base")
    class Base:
        @entrypoint
        def begin(self) -> None: ...

    @flow("sub")
    class Sub(Base):
        @entrypoint
        def start(self) -> None: ...

    assert [["begin"], ["start"]] == [names("base"), names("sub")]


def test_a_nested_class() -> None:
    """A class inside a class is a class."""

    class Outer:
        @flow("nested")
        class Inner:
            @entrypoint
            def go(self) -> str:
                return "gone"

    assert "gone" == Outer.Inner().go()
    assert get_flow("nested").step("go").qualname.endswith("Outer.Inner.go")


def test_a_class_can_be_a_step() -> None:
    """Making an instance may be a step; the class stays the class."""

    @flow("x")
    @entrypoint
    class Order:
        """An order."""

        def __init__(self, number: int) -> None:
            self.number = number

    assert isinstance(Order, type)
    assert 3 == Order(3).number
    found = get_flow("x").step("Order")
    assert ("class", "(number: int) -> None", "An order.") == (found.kind, found.signature, found.title)


class Greeter:
    """Greets."""

    def __call__(self, name: str) -> str:
        """Greet somebody."""
        return f"Hello {name}"


def test_a_partial_and_a_callable_object() -> None:
    """Both become steps under the name that they are given."""
    pay = flow("pay")
    greet = pay.entrypoint(name="greet")(Greeter())
    double = pay.step(after=greet, name="double")(functools.partial(int.__mul__, 2))
    assert ("Hello Ann", 42) == (greet("Ann"), double(21))
    assert [("greet", "double")] == arrows("pay")
    assert "(name: str) -> str" == get_flow("pay").step("greet").signature


def test_a_builtin_and_a_bound_method() -> None:
    """Code without source and methods of one object can be steps."""
    found: list[int] = []
    seen = flow("seen")
    start = seen.entrypoint(len)
    add = seen.step(after=start, name="add")(found.append)
    greet = seen.step(after=len, name="greet")(Greeter().__call__)
    add(start("abc"))
    assert ([3], "Hello Bo") == (found, greet("Bo"))
    assert [("len", "add"), ("len", "greet")] == arrows("seen")


@pytest.mark.parametrize("thing", [3, property(len), functools.singledispatchmethod(len)], ids=type)
def test_what_cannot_be_called_cannot_be_a_step(thing: object) -> None:
    """A mark over a value is an error at once, with the place and what to do."""
    with pytest.raises(DeclarationError, match=r"test_declaring\.py:\d+: .*cannot be called"):
        step(after="a")(thing)


@pytest.mark.parametrize("mark", [entrypoint, step])
def test_a_forgotten_keyword_is_a_clear_error(mark: Callable[..., Any]) -> None:
    """@step("name") says which keyword was meant."""
    with pytest.raises(DeclarationError, match=r"did you mean @\w+\((after|name)='pay'\)"):
        mark("pay")


@pytest.mark.parametrize("name", ["", "  ", None, 3, len], ids=repr)
def test_a_flow_needs_a_name(name: Any) -> None:
    """@flow without a name is an error that names the place."""
    with pytest.raises(DeclarationError, match=r"test_declaring\.py:\d+: a flow needs a name"):
        flow(name)


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
    """after=Class.method works for plain, static and class methods."""
    pay = flow("pay")
    for name in ("method", "static", "klass"):
        pay(vars(Ways)[name])
    pay.entrypoint(name="start")(lambda: None)
    pay.step(after=[Ways.method, Ways.static, Ways.klass], name="end")(lambda: None)
    assert [("method", "end"), ("static", "end"), ("klass", "end")] == arrows("pay")


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
        ready.wait(10)
        for index in range(25):
            flow("f").entrypoint(name=f"s{number}_{index}")(lambda: None)
            get_flow("f")

    threads = [threading.Thread(target=declare, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert {f"s{number}_{index}" for number in range(8) for index in range(25)} == set(names("f"))


@pytest.mark.parametrize(
    "between", [_wrapped, functools.lru_cache, functools.partial], ids=["wraps", "cache", "partial"]
)
def test_a_third_party_decorator_between_flow_and_step(between: Callable[..., Any]) -> None:
    """@flow finds the mark below what functools wraps."""

    def work(number: int) -> int:
        return number + 1

    decorated = flow("f")(between(entrypoint(work)))
    assert 3 == decorated(2)
    assert ["work"] == names("f")
    assert [] == codes("f")


def test_a_cached_function_stays_a_cached_function() -> None:
    """@step over functools.lru_cache keeps its methods, its documentation and its binding to objects."""

    class Shop:
        calls = 0

        @flow("f")
        @entrypoint
        @functools.lru_cache(maxsize=8)  # noqa: B019 - what is tested
        def price(self, item: str) -> int:
            """Look a price up."""
            Shop.calls += 1
            return len(item)

    shop = Shop()
    assert (3, 3, 1) == (shop.price("tea"), shop.price("tea"), Shop.calls)
    assert 1 == shop.price.cache_info().hits
    assert ("Look a price up.", __name__) == (Shop.price.__doc__, Shop.price.__module__)
    assert ["price"] == names("f")


def test_unknown_names_are_errors_that_help() -> None:
    """get_flow and Flow.step list near names and all known ones."""
    flow("bom_sync").entrypoint(name="fetch")(lambda: None)
    flow("orders")
    with pytest.raises(UnknownFlowError) as flow_error:
        get_flow("bom_snyc")
    assert (("bom_sync",), ("bom_sync", "orders")) == (flow_error.value.near, flow_error.value.known)
    expected = "there is no flow 'bom_snyc'. Did you mean 'bom_sync'? Known flows: bom_sync, orders."
    assert expected == str(flow_error.value)
    with pytest.raises(UnknownStepError, match=r"there is no step 'fetsch'\. Did you mean 'fetch'\?"):
        get_flow("bom_sync").step("fetsch")


def test_a_flow_is_a_value() -> None:
    """The flow that was handed out does not change when more is declared."""
    flow("f").entrypoint(name="a")(lambda: None)
    before = get_flow("f")
    assert before is get_flow("f")
    flow("f").step(after="a", name="b")(lambda: None)
    assert ["a"] == [step.name for step in before.steps]
    assert ["a", "b"] == names("f")

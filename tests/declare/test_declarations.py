"""All ways to say that a function is a step."""

from __future__ import annotations

import functools
import inspect
import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from penstock import entrypoint, flow, flows, get_flow, step
from penstock._declare import registry
from penstock.errors import DeclarationError, UnknownFlowError, UnknownStepError

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


def test_a_function_that_is_declared_again_and_again() -> None:
    """A step inside another function replaces that of the last call, and nothing is kept of it."""

    def declare() -> Callable[[], None]:
        @flow("f")
        @entrypoint
        def inner() -> None: ...

        return inner

    alive = [declare() for _ in range(50)]
    assert (50, ["inner"]) == (len(alive), names("f"))
    assert len(registry.declarations["f"]._alike) < 5


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
    @step(after=start, effects=["db", "db"])
    def both() -> None: ...

    found = get_flow("a").step("both")
    assert (True, "http", ("db",)) == (found.entrypoint, found.trigger, found.effects)
    assert [("start", "both")] == arrows("a")
    assert [] == codes("a")


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
    with pytest.raises(DeclarationError, match=r"test_declarations\.py:\d+: .*it is not callable"):
        step(after="a")(thing)


@pytest.mark.parametrize("mark", [entrypoint, step])
def test_a_forgotten_keyword_is_a_clear_error(mark: Callable[..., Any]) -> None:
    """@step("name") says which keyword was meant."""
    with pytest.raises(DeclarationError, match=r"did you mean @\w+\((after|name)='pay'\)"):
        mark("pay")


@pytest.mark.parametrize(
    ("declare", "keyword", "said"),
    [
        (entrypoint, "triger", "entrypoint() takes no triger=. Did you mean 'trigger'?"),
        (step, "befor", "step() takes no befor=. It takes after, name, effects."),
        (functools.partial(flow, "f"), "titel", "flow() takes no titel=. Did you mean 'title'?"),
        (lambda **given: flow("f").entrypoint(**given), "inherits", "entrypoint() takes no inherits=. Did you mean"),
        (lambda **given: flow("f").step(**given), "effect", "step() takes no effect=. Did you mean 'effects'?"),
    ],
)
def test_a_misspelt_keyword_is_a_clear_error(declare: Callable[..., Any], keyword: str, said: str) -> None:
    """The place is told, and the near name, or all that there are; it is a TypeError as for any function."""
    with pytest.raises(DeclarationError, match=rf"test_declarations\.py:\d+: {re.escape(said)}") as caught:
        declare(**{keyword: "x"})
    assert isinstance(caught.value, TypeError)


@pytest.mark.parametrize(
    ("decorator", "known"),
    [
        (flow, ["name", "title", "description", "tags"]),
        (entrypoint, ["target", "name", "trigger", "inherit"]),
        (step, ["target", "after", "name", "effects"]),
    ],
)
def test_the_decorators_tell_their_signatures(decorator: Callable[..., Any], known: list[str]) -> None:
    """help() and editors see each keyword, and nothing that takes any."""
    assert known == list(inspect.signature(decorator).parameters)
    assert "flow('f')" == repr(flow(name="f"))


@pytest.mark.parametrize("name", ["", "  ", None, 3, len], ids=repr)
def test_a_flow_needs_a_name(name: Any) -> None:
    """@flow without a name is an error that names the place."""
    with pytest.raises(DeclarationError, match=r"test_declarations\.py:\d+: a flow needs a name"):
        flow(name)


def _wrapped(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


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


TWICE = """
import sys
from pathlib import Path
from penstock import flow, get_flow

orders = flow("orders")

@orders.entrypoint
def accept():
    return get_flow("orders").step("accept").module

class Desk:
    @orders.step(after="accept")
    def check(self): ...

orders.step(name="sent", after="accept")(Desk)

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    import program
    print(program.accept(), len(get_flow("orders").steps), get_flow("orders").problems)
"""


def test_a_program_that_is_loaded_twice(tmp_path: Path) -> None:
    """A server imports by name what runs as ``__main__`` already: the same functions again, the last one counts."""
    (tmp_path / "program.py").write_text(TWICE)
    command = [sys.executable, "program.py"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert ("program 3 ()\n", "") == (done.stdout, done.stderr)


def test_two_files_with_one_name_in_a_flow(tmp_path: Path) -> None:
    """Functions of the same name in two files are two."""
    program = "from penstock import flow\n@flow('orders').entrypoint\ndef accept(): ...\n"
    for name in ("one", "two"):
        (tmp_path / f"{name}.py").write_text(program)
    command = [sys.executable, "-c", "import one, two"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=600, check=False)
    assert "DuplicateStepError" in done.stderr

"""``flow(…).step(…).patch("module:function")``: steps in the place of functions that are only named."""

from __future__ import annotations

import asyncio
import importlib
import inspect
import pickle
import sys
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from penstock import PenstockError, current_flow_id, flow, flows, get_flow, observing
from penstock.observers.evidence import EvidenceObserver
from penstock.testing import empty_registry

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

SHOP = """
import json, time
from functools import cache

class Base:
    def save(self): return "saved"

class Order(Base):
    limit = 3
    def pay(self): return "paid"
    @staticmethod
    def check(): return "checked"
    @classmethod
    def make(cls): return cls
    @property
    def total(self): return 1
    def __seal(self): return "sealed"
    def close(self): return self.__seal()

def receive():
    import penstock
    return penstock.current_flow_id()

async def send(): return "sent"

def rows():
    yield "row"

async def stream():
    yield "item"

@cache
def price(): return "price"

TABLE = {}
order = Order()
sleep = time.sleep
"""


@pytest.fixture
def write(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Write modules that can be imported during the test, and undo all patches after it."""
    names: list[str] = []

    def write_modules(**modules: str) -> None:
        for name, text in modules.items():
            names.append(name)
            (tmp_path / f"{name}.py").write_text(dedent(text), encoding="utf-8")
        importlib.invalidate_caches()

    for module in [name for name in sys.modules if name.partition(".")[0] in ("shop", "client")]:
        monkeypatch.delitem(sys.modules, module)  # an example of another test
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    write_modules(shop=SHOP, client="from shop import receive, Order")
    with empty_registry():  # which undoes patches
        yield write_modules
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def shop(write: Callable[..., None]) -> Any:
    """Return a module that is not patched yet."""
    return importlib.import_module("shop")


async def _first(items: Any) -> Any:
    return [item async for item in items]


CALLS: dict[str, Callable[[Any], object]] = {
    "receive": lambda shop: isinstance(shop.receive(), str),
    "Order.pay": lambda shop: shop.Order().pay(),
    "Order.check": lambda shop: shop.Order.check(),
    "Order.make": lambda shop: shop.Order.make(),
    "Order.save": lambda shop: shop.Order().save(),
    "Order.close": lambda shop: shop.Order().close(),
    "Order.__seal": lambda shop: shop.Order().close(),
    "send": lambda shop: asyncio.run(shop.send()),
    "rows": lambda shop: list(shop.rows()),
    "stream": lambda shop: asyncio.run(_first(shop.stream())),
    "price": lambda shop: shop.price(),
}


@pytest.mark.parametrize("name", CALLS)
def test_every_kind_of_function(name: str, shop: Any) -> None:
    """A patched function is a step with all that it was before, and is itself again when the patch is undone."""
    plain = CALLS[name](shop) if name != "receive" else True
    space = name.rpartition(".")[0]
    owner = getattr(shop, space) if space else shop
    before = dict(vars(owner))
    patch = flow("f").entrypoint(name="it").patch(f"shop:{name}")
    events: list[str] = []
    with observing(lambda event: events.append(event.step)):
        assert plain == CALLS[name](shop)
    patch.undo()
    patch.undo()
    assert (["it"], before) == (events, dict(vars(owner)))
    assert ((), "shop") == (get_flow("f").problems, get_flow("f").step("it").module)


def test_details_are_those_of_the_decorator(shop: Any) -> None:
    """Names, triggers, effects and labels are declared as ever, and a run has an ID."""
    f = flow("f")
    f.entrypoint(trigger="POST /orders").patch("shop:receive")
    f.step(after={"receive": "if paid"}, effects=["postgres:orders"], name="keep").patch("shop:Order.save")
    found = get_flow("f")
    assert ("POST /orders", ("postgres:orders",)) == (found.step("receive").trigger, found.step("keep").effects)
    assert [("receive", "keep", "if paid")] == [(edge.source, edge.target, edge.label) for edge in found.edges]
    assert (32, None) == (len(shop.receive()), current_flow_id())


def test_nothing_is_imported_before_somebody_else_does(write: Callable[..., None]) -> None:
    """A patch waits for its module, and is there before anybody can import a name from it."""
    flow("f").entrypoint().patch("shop:receive")
    assert "shop" not in sys.modules
    assert isinstance(importlib.import_module("client").receive(), str)


def test_whoever_asks_for_the_flow_imports_the_module(write: Callable[..., None]) -> None:
    """Flows are whole; what records does not ask so, and imports nothing."""
    flow("f").entrypoint().patch("shop:receive")
    EvidenceObserver().evidence()
    assert "shop" not in sys.modules
    assert ["receive"] == [step.name for step in flows()[0].steps]
    flow("g").entrypoint().patch("shop:Order.pay")
    assert ["pay"] == [step.name for step in get_flow("g").steps]


@pytest.mark.parametrize("when", ["before", "after"])
def test_functions_that_were_imported_by_name(when: str, shop: Any, write: Callable[..., None]) -> None:
    """All modules that have the function have the step meanwhile, whenever they were imported."""
    names = [importlib.import_module("client")] if when == "before" else []
    with flow("f").entrypoint().patch("shop:receive"):
        names = names or [importlib.import_module("client")]
        assert names[0].receive is shop.receive
        assert isinstance(names[0].receive(), str)
    assert names[0].receive is shop.receive
    assert shop.receive() is None


def test_a_method_of_a_base_class_is_left_to_others(shop: Any) -> None:
    """A patch of an inherited method is one of the class that is named, and of those that derive from it."""
    flow("f").entrypoint().patch("shop:Order.save")
    events: list[str] = []
    with observing(lambda event: events.append(event.step)):
        shop.Base().save()
        type("Special", (shop.Order,), {})().save()
    assert ["save"] == events


@pytest.mark.parametrize("order", ["01", "10"])
def test_one_function_in_two_flows(order: str, shop: Any) -> None:
    """Both see it, and in whatever order the patches are undone, the function itself is left."""
    plain = shop.receive
    patches = [flow(name).entrypoint().patch("shop:receive") for name in "fg"]
    events: list[str] = []
    with observing(lambda event: events.extend(event.flows)):
        shop.receive()
    assert ["f", "g"] == sorted(events)
    for index in order:
        patches[int(index)].undo()
    assert plain is shop.receive


def test_the_same_patch_again(shop: Any) -> None:
    """When the lines that declare it run again, as in a reload or a notebook, the new patch takes the old one's place."""
    plain = shop.receive
    for _ in range(3):
        patch = flow("f").entrypoint().patch("shop:receive")
    events: list[str] = []
    with observing(lambda event: events.append(event.step)):
        shop.receive()
    patch.undo()
    assert (["receive"], plain, ()) == (events, shop.receive, get_flow("f").problems)


def test_a_module_that_is_reloaded(shop: Any) -> None:
    """The new function is a step, too."""
    flow("f").entrypoint().patch("shop:receive")
    importlib.reload(shop)
    assert isinstance(shop.receive(), str)
    assert 1 == len(get_flow("f").steps)


def test_what_somebody_else_has_put_there_stays(shop: Any) -> None:
    """To undo a patch touches nothing but the step."""
    patch = flow("f").entrypoint().patch("shop:receive")
    shop.receive = other = lambda: 3
    patch.undo()
    assert other is shop.receive


def test_a_module_that_declares_while_the_other_is_under_way(write: Callable[..., None]) -> None:
    """Where a module imports the declarations of its own functions, they are there when it is."""
    write(
        early="import declared\ndef go(): ...\n",
        declared="from penstock import flow\nflow('f').entrypoint().patch('early:go')",
    )
    early = importlib.import_module("early")
    assert (["go"], ()) == ([step.name for step in get_flow("f").steps], get_flow("f").problems)
    assert early.go is not inspect.unwrap(early.go)


def test_a_patched_module_is_like_any_other(write: Callable[..., None]) -> None:
    """It has its own loader, its source can be read, and its functions can be pickled."""
    flow("f").entrypoint().patch("shop:receive")
    shop = importlib.import_module("shop")
    assert "SourceFileLoader" == type(shop.__loader__).__name__ == type(shop.__spec__.loader).__name__
    assert inspect.getsource(shop.Order).startswith("class Order")
    assert shop.receive is pickle.loads(pickle.dumps(shop.receive))


def test_a_module_that_fails_the_first_time(write: Callable[..., None], tmp_path: Path) -> None:
    """Its own exception reaches whoever imports it, and the patch waits for the next time."""
    write(broken="raise ValueError")
    flow("f").entrypoint().patch("broken:go")
    with pytest.raises(ValueError, match=r"\A\Z"):
        importlib.import_module("broken")
    write(broken="def go(): ...\nGO = go")
    assert importlib.import_module("broken").GO is not inspect.unwrap(importlib.import_module("broken").go)


PROBLEMS = {
    "shop:recieve": ("unknown-patch", "shop has no recieve. Did you mean 'receive'?"),
    "shop:Order.pya": ("unknown-patch", "Order has no pya. Did you mean 'pay'?"),
    "shop:Bases.save": ("unknown-patch", "shop has no Bases. Did you mean 'Base'?"),
    "shpo:receive": ("unknown-patch", "there is no module shpo. Did you mean 'shop'?"),
    "shop.orders:receive": ("unknown-patch", "there is no module shop.orders."),
    "broken:go": ("unknown-patch", "broken cannot be imported: ValueError: no"),
    "shop:sleep": ("bad-patch", "sleep is implemented in C and cannot be a step."),
    "builtins:str.join": ("bad-patch", "str.join is implemented in C"),
    "shop:Order": ("bad-patch", "Order is a class; its calls are not observed. Name a method: shop:Order.__init__"),
    "shop:Order.total": ("bad-patch", "Order.total is a property, which is not callable."),
    "shop:Order.limit": ("bad-patch", "Order.limit is a int, which is not callable."),
    "shop:TABLE": ("bad-patch", "TABLE is a dict, which is not callable."),
    "shop:order.pay": ("bad-patch", "order is a Order. Name the class that has pay."),
    "shop.receive": ("bad-patch", "is not a module and a function. Write: patch('shop:receive')"),
    "shop:": ("bad-patch", "Write, for example: patch('shop.orders:pay')"),
    "": ("bad-patch", "Write, for example: patch('shop.orders:pay')"),
    "shop:receive()": ("bad-patch", "is not a module and a function"),
    "shop:order:pay": ("bad-patch", "is not a module and a function"),
}


@pytest.mark.parametrize("loaded", [True, False], ids=["imported", "not imported"])
@pytest.mark.parametrize("target", PROBLEMS)
def test_a_target_that_is_wrong(target: str, loaded: bool, write: Callable[..., None]) -> None:
    """It is a problem at the line of the declaration, the only one, and never an exception."""
    write(broken="raise ValueError('no')")
    if loaded:
        importlib.import_module("shop")
    f = flow("f")
    f.entrypoint().patch("shop:Order.check")
    patch = f.step(after="check", name="it").patch(target)
    line = inspect.currentframe().f_lineno - 1  # type: ignore[union-attr]
    f.step(after="it").patch("shop:rows")
    importlib.import_module("shop")
    (problem,) = get_flow("f").problems
    code, said = PROBLEMS[target]
    assert (code, f"{__file__}:{line}", True) == (problem.code, problem.where, said in problem.message)
    assert f"patch({target!r})" in problem.message
    patch.undo()


def test_two_functions_of_one_name(shop: Any) -> None:
    """A patch that claims a name which another function has is a problem, too, and leaves the function alone."""
    f, plain = flow("f"), shop.Base.save
    f.entrypoint(name="save").patch("shop:receive")
    f.step(after="receive").patch("shop:Base.save")
    (problem,) = get_flow("f").problems
    assert ("duplicate-step", plain) == (problem.code, shop.Base.save)


def test_a_target_that_is_mended(shop: Any) -> None:
    """A problem is gone when the module has the function at last."""
    flow("f").entrypoint().patch("shop:later")
    assert ["unknown-patch"] == [problem.code for problem in get_flow("f").problems]
    with open(shop.__file__, "a", encoding="utf-8") as file:  # noqa: PTH123 - it is short
        file.write("\ndef later(): ...\n")
    importlib.reload(shop)
    assert ((), ["later"]) == (get_flow("f").problems, [step.name for step in get_flow("f").steps])


@pytest.mark.parametrize("target", [None, print, 3])
def test_a_target_that_is_no_name(target: Any) -> None:
    """A function is decorated, not patched; the error says so, with file and line."""
    with pytest.raises(PenstockError, match=r"test_patches.py:\d+: patch\(\) takes the name of a function"):
        flow("f").step().patch(target)


def test_declarations_are_decorators_still(shop: Any) -> None:
    """What has the method is a decorator as ever."""
    f = flow("f")
    assert f.entrypoint()(shop.receive) is not shop.receive
    assert "<patch of shop:Order.pay in flow 'f'>" == repr(f.step(after="receive").patch("shop:Order.pay"))

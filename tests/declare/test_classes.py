"""Classes with marked methods, and classes that are steps."""

from __future__ import annotations

import functools

from penstock import current_flow_id, entrypoint, flow, get_flow, step


def names(flow_name: str) -> list[str]:
    """Return the names of a flow's steps, in flow order."""
    return [step.name for step in get_flow(flow_name).steps]


def codes(flow_name: str) -> list[str]:
    """Return what is wrong with a flow."""
    return [problem.code for problem in get_flow(flow_name).problems]


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


def test_a_single_dispatch_method() -> None:
    """A mark below ``singledispatchmethod`` is found by the class's flow and by its own."""
    other = flow("other")

    @flow("x")
    class Desk:
        @functools.singledispatchmethod
        @entrypoint
        def handle(self, what: object) -> str:
            return f"{what} by {current_flow_id()}"

    class Files:
        @functools.singledispatchmethod
        @other.step
        def file(self, what: object) -> None: ...

    assert ["handle"] == [each.name for each in get_flow("x").steps]
    assert ["file"] == [each.name for each in get_flow("other").steps]
    assert () == get_flow("x").problems
    assert len(" by ") + 32 == len(Desk().handle(""))

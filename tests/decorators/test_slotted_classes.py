"""Steps in classes that are made a second time, with slots."""

from __future__ import annotations

import dataclasses
import functools
import sys
from typing import TYPE_CHECKING, Any

import pytest
from attrs import define

from penstock import entrypoint, flow, step

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

dataclass_with_slots = pytest.param(
    dataclasses.dataclass(slots=True),
    id="dataclass",
    marks=pytest.mark.skipif(sys.version_info < (3, 14), reason="Python itself loses the class, see cpython#90562"),
)


def first(value: Any) -> Any:
    """Return what a call of any kind gives."""
    if hasattr(value, "send"):
        try:
            return value.send(None)
        except StopIteration as stop:
            return stop.value
    return first(value.asend(None).__await__()) if hasattr(value, "asend") else value


def both(function: Any) -> Any:
    """Mark a function twice, and let two flows take it."""
    return flow("f")(flow("g")(entrypoint(step(function))))


MARKS = [step, entrypoint, both]


def made(make: Callable[[type], type], mark: Any, name: str) -> Any:
    """Return a class with slots, one of whose methods has a mark and needs its class."""

    class Base:
        def function(self) -> str:
            return "base"

        @classmethod
        def created(cls) -> str:
            return "base"

    class Derived(Base):
        if name == "function":

            @mark
            def function(self) -> str:
                return f"{super().function()} {__class__.__name__}"

        if name == "class cell":

            @mark
            def function(self) -> str:
                return f"base {__class__.__name__}" if type(self) is __class__ else "stale"

        if name == "property":

            @property
            @mark
            def value(self) -> str:
                return f"{super().function()} {__class__.__name__}"

        if name == "class method":

            @classmethod
            @mark
            def created(cls) -> str:
                return f"{super().created()} {__class__.__name__}"

        if name == "marked class method":

            @mark
            @classmethod
            def created(cls) -> str:
                return f"{super().created()} {__class__.__name__}"

        if name == "coroutine":

            @mark
            async def function(self) -> str:  # type: ignore[override]
                return f"{super().function()} {__class__.__name__}"

        if name == "generator":

            @mark
            def function(self) -> Iterator[str]:  # type: ignore[override]
                yield f"{super().function()} {__class__.__name__}"

        if name == "asynchronous generator":

            @mark
            async def function(self) -> AsyncIterator[str]:  # type: ignore[override]
                yield f"{super().function()} {__class__.__name__}"

        if name == "decorated":

            @mark
            @passed_on
            def function(self) -> str:
                return f"{super().function()} {__class__.__name__}"

    return make(Derived)


def passed_on(function: Callable[..., Any]) -> Callable[..., Any]:
    """Wrap a function as any decorator does."""

    @functools.wraps(function)
    def wrapper(*args: Any) -> Any:
        return function(*args)

    return wrapper


CALLS: dict[str, Callable[[Any], Any]] = {
    "function": lambda kind: kind().function(),
    "class cell": lambda kind: kind().function(),
    "property": lambda kind: kind().value,
    "class method": lambda kind: kind.created(),
    "marked class method": lambda kind: kind().created(),
    "coroutine": lambda kind: kind().function(),
    "generator": lambda kind: kind().function(),
    "asynchronous generator": lambda kind: kind().function(),
    "decorated": lambda kind: kind().function(),
}


@pytest.mark.parametrize("mark", MARKS, ids=["step", "entrypoint", "both"])
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("make", [pytest.param(define, id="attrs"), dataclass_with_slots])
def test_methods_know_the_class_with_slots(make: Any, name: str, mark: Any) -> None:
    """``super()`` and ``__class__`` work in a step of any kind, as in a method without a mark."""
    assert "base Derived" == first(CALLS[name](made(make, mark, name)))


def test_defaults_and_validators_of_attrs_can_be_steps() -> None:
    """What attrs calls while it makes an object may be marked."""
    from attrs import field

    @define
    class Order:
        number: int = field()
        price: int = field()

        @price.default
        @step
        def _price(self) -> int:
            return self.number * 2

        @number.validator
        @step
        def _check(self, attribute: Any, value: int) -> None:
            if value < 0:
                raise ValueError(attribute.name)

    assert 4 == Order(2).price
    with pytest.raises(ValueError, match="number"):
        Order(-1)

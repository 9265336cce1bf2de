"""What a step says of its caller is said of the line that calls it."""

from __future__ import annotations

import inspect
import logging
import sys
import traceback
import warnings
from typing import Any

import pytest

from penstock import entrypoint, flow, observing, step

MARKS = [step, entrypoint, lambda function: flow("f")(entrypoint(step(function)))]
here = inspect.currentframe


@pytest.fixture(params=[False, True], ids=["nobody observes", "observed"], autouse=True)
def observe(request: pytest.FixtureRequest) -> Any:
    """Run each test on the fast path and on the slow one."""
    if not request.param:
        yield
        return
    with observing(lambda _: None):
        yield


@pytest.fixture(params=MARKS, ids=["step", "entrypoint", "both"])
def mark(request: pytest.FixtureRequest) -> Any:
    """A way to decorate a function."""
    return request.param


def test_a_warning_is_at_the_line_that_calls(mark: Any) -> None:
    """``stacklevel=2`` is the caller, as without a mark, and further levels are those around it."""

    @mark
    def old(level: int) -> None:
        warnings.warn("use new()", DeprecationWarning, stacklevel=level)

    def outer() -> None:
        old(3)

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        lines = [here().f_lineno + 1]  # type: ignore[union-attr]
        old(2)
        lines.append(here().f_lineno + 1)  # type: ignore[union-attr]
        outer()
    assert [(__file__, line) for line in lines] == [(each.filename, each.lineno) for each in caught]


def test_a_warning_of_a_coroutine_is_at_the_line_that_awaits(mark: Any) -> None:
    """The same holds for coroutines."""

    @mark
    async def old() -> None:
        warnings.warn("use new()", DeprecationWarning, stacklevel=2)

    async def outer() -> int:
        await old()
        return here().f_lineno - 1  # type: ignore[union-attr]

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with pytest.raises(StopIteration) as stop:
            outer().send(None)
    assert [(__file__, stop.value.value)] == [(each.filename, each.lineno) for each in caught]


def test_a_log_line_is_at_the_line_that_calls(mark: Any, caplog: pytest.LogCaptureFixture) -> None:
    """A helper that logs for its caller, with ``stacklevel=2``, may be a step."""

    @mark
    def audit(message: str) -> None:
        logging.getLogger("audit").warning(message, stacklevel=2)

    line = here().f_lineno + 1  # type: ignore[union-attr]
    audit("hello")
    assert [(__file__, line)] == [(record.pathname, record.lineno) for record in caplog.records]


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the parameter is new in 3.12")
def test_a_warning_can_skip_the_package(mark: Any) -> None:
    """Frames of wrappers have files of one name, so ``skip_file_prefixes`` skips them, too."""

    @mark
    def old() -> None:
        warnings.warn("x", stacklevel=2, skip_file_prefixes=("<wrapper of penstock",))

    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        old()
    assert [__file__] == [each.filename for each in caught]


def test_the_module_of_what_a_step_makes_is_its_own(mark: Any) -> None:
    """Named tuples and enumerations that a step makes belong to the module in which it is written."""
    from collections import namedtuple
    from enum import Enum

    @mark
    def make() -> Any:
        return namedtuple("Point", "x"), Enum("Colour", "RED")  # noqa: PYI024

    assert [__name__, __name__] == [kind.__module__ for kind in make()]


def test_the_frame_between_is_a_wrapper(mark: Any) -> None:
    """Who counts frames by hand finds a wrapper between a step and its caller, in the module of the step."""

    @mark
    def caller() -> tuple[str, str]:
        frame: Any = here().f_back  # type: ignore[union-attr]
        return frame.f_code.co_filename, frame.f_globals["__name__"]

    file, _ = caller()
    assert file.startswith("<wrapper of penstock")


def test_a_traceback_shows_no_line_for_a_wrapper(mark: Any) -> None:
    """A wrapper has the globals of its function's module, but none of the lines of that."""

    @mark
    def fail() -> None:
        raise ValueError

    with pytest.raises(ValueError, match=r"\A\Z") as caught:
        fail()
    frames = traceback.extract_tb(caught.value.__traceback__)
    assert {""} == {frame.line for frame in frames if frame.filename != __file__}

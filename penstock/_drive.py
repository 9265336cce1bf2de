"""Runs inside a scope what goes on after a call: generators, bound for each resume, and coroutines that it returned."""

from __future__ import annotations

import sys
from types import AsyncGeneratorType, CoroutineType, GeneratorType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock._context import Binding

LAZY = (GeneratorType, AsyncGeneratorType, CoroutineType)
"""What a function may return that has not run yet."""


def drive(generator: Any, scope: Binding) -> Any:
    """Run a generator to its end, bound for each resume and for no longer (PEP 380, with binding)."""
    resume, argument = generator.send, None
    scope.begin()
    try:
        while True:
            item = resume(argument)
            scope.suspend()
            try:
                sent = yield item
            except BaseException as error:
                scope.resume()
                if isinstance(error, GeneratorExit):
                    generator.close()
                    raise
                resume, argument = generator.throw, error
            else:
                scope.resume()
                resume, argument = generator.send, sent
    except StopIteration as stop:
        scope.end()
        return stop.value
    except GeneratorExit:
        scope.end()
        raise
    except BaseException as error:
        scope.end(error)
        raise
    finally:
        argument = None  # else an error that was thrown in, its traceback and this frame keep each other alive


def async_generator(target: Any, scope_of: Callable[[], Binding]) -> Any:
    """Return a function like ``target`` whose generators each run in a scope of their own, as ``drive`` has it.

    It finds nothing in its globals, which are to be another module's (see :mod:`penstock._runtime`).
    """
    first, is_a, any_error, closed, ended = _first, isinstance, BaseException, GeneratorExit, StopAsyncIteration

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        generator, scope = target(*args, **kwargs), scope_of()
        scope.begin()
        try:
            resumed = first(generator)
            while True:
                item = await resumed
                scope.suspend()
                try:
                    sent = yield item
                except any_error as error:
                    scope.resume()
                    if is_a(error, closed):
                        await generator.aclose()
                        raise
                    resumed = generator.athrow(error)
                else:
                    scope.resume()
                    resumed = generator.asend(sent)
        except ended:
            scope.end()
        except closed:
            scope.end()
            raise
        except any_error as error:
            scope.end(error)
            raise
        finally:
            resumed = None  # as in `drive`: it holds the error that was thrown in

    return wrapper


def _first(generator: Any) -> Any:
    """Resume an asynchronous generator for the first time without the event loop's knowledge.

    A loop that ends closes all generators that it knows at once (``shutdown_asyncgens``); this one must be closed
    by its wrapper, in its run.
    """
    hooks = sys.get_asyncgen_hooks()
    sys.set_asyncgen_hooks(None, None)
    try:
        return generator.asend(None)
    finally:
        sys.set_asyncgen_hooks(*hooks)


class _Held:
    """A coroutine that another one will await; when that one goes unawaited, so does this, without a word of its own."""

    __slots__ = ("coroutine",)

    def __init__(self, coroutine: Any) -> None:
        self.coroutine = coroutine

    def __del__(self) -> None:
        self.coroutine.close()


def awaited(coroutine: Any, scope: Binding) -> Any:
    """Return a coroutine in place of one that a plain function has returned; it goes on in the function's scope."""
    outer: Any = _awaited(_Held(coroutine), scope)
    outer.__name__, outer.__qualname__ = coroutine.__name__, coroutine.__qualname__
    return outer


async def _awaited(held: _Held, scope: Binding) -> Any:
    scope.resume()
    try:
        result = await held.coroutine
    except BaseException as error:
        scope.end(error)
        raise
    scope.end()
    return result


class _Begun:
    """A scope that has begun, and was left since."""

    __slots__ = ("begin", "end", "resume", "suspend")

    def __init__(self, scope: Binding) -> None:
        self.begin = self.resume = scope.resume
        self.suspend, self.end = scope.suspend, scope.end


def continued(result: Any, scope: Binding) -> Any:
    """Return what goes on in a function's scope, in place of the coroutine or generator that it has returned."""
    if type(result) is CoroutineType:
        return awaited(result, scope)
    begun: Any = _Begun(scope)
    outer: Any = (
        drive(result, begun) if type(result) is GeneratorType else async_generator(lambda: result, lambda: begun)()
    )
    outer.__name__, outer.__qualname__ = result.__name__, result.__qualname__
    return outer


class _Block:
    """What a context manager binds: its scope, from the beginning of a block to its end, also while the block runs."""

    __slots__ = ("_scope", "_scope_of")

    def __init__(self, scope_of: Callable[[], Binding]) -> None:
        self._scope_of = scope_of

    def begin(self) -> None:
        """Bind where the block begins, which may be elsewhere than where its context manager was made."""
        self._scope = scope = self._scope_of()
        scope.begin()

    def suspend(self) -> None:
        """Stay bound while the block runs."""

    def resume(self) -> None:
        """Still be bound."""

    def end(self, error: BaseException | None = None) -> None:
        """Unbind where the block has ended."""
        self._scope.end(error)


def lasting(manager: Any, scope_of: Callable[[], Binding]) -> None:
    """Let a context manager of contextlib's run in a scope, together with its block.

    Its generator is what contextlib resumes at both ends of the block, in the context of the block.
    """
    block: Any = _Block(scope_of)
    generator = manager.gen
    if type(generator) is GeneratorType:
        manager.gen = drive(generator, block)
    else:
        manager.gen = async_generator(lambda: generator, lambda: block)()

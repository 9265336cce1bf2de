"""Runs generators inside a scope that is bound for each resume, because their consumer runs in between."""

from __future__ import annotations

import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from penstock._context import Binding


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
    """Return a function like ``target`` whose generators each run in a scope of their own, as ``drive`` has it."""

    async def wrapper(*args: Any, **kwargs: Any) -> Any:
        generator, scope = target(*args, **kwargs), scope_of()
        scope.begin()
        try:
            resumed = _first(generator)
            while True:
                item = await resumed
                scope.suspend()
                try:
                    sent = yield item
                except BaseException as error:
                    scope.resume()
                    if isinstance(error, GeneratorExit):
                        await generator.aclose()
                        raise
                    resumed = generator.athrow(error)
                else:
                    scope.resume()
                    resumed = generator.asend(sent)
        except StopAsyncIteration:
            scope.end()
        except GeneratorExit:
            scope.end()
            raise
        except BaseException as error:
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

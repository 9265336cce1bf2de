"""Models of libraries: what a call of theirs leads to, one file a library.

A model is a function of the frame in which the call happens, the arguments and the node of the call. Its file ends with
its :class:`penstock.callgraph.models.library.Library`; the row in ``LIBRARIES`` is all else that it needs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.live_objects import full_name
from penstock.callgraph.models import (
    asyncio,
    builtins,
    celery,
    containers,
    django_models,
    functools,
    identity,
    itertools,
    task_queues,
    threading,
)
from penstock.callgraph.models.clients import is_client
from penstock.callgraph.models.unknown import call_unknown
from penstock.callgraph.values.opaque import LibraryObject

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.models.library import CallModel
    from penstock.callgraph.values.base import Arguments, Outcome, Value
    from penstock.callgraph.values.frame import Frame

LIBRARIES = (
    builtins.LIBRARY,
    containers.LIBRARY,
    identity.LIBRARY,
    functools.LIBRARY,
    itertools.LIBRARY,
    asyncio.LIBRARY,
    threading.LIBRARY,
    task_queues.LIBRARY,
    celery.LIBRARY,
    django_models.LIBRARY,
)
"""All models; where several know a method, the first answers."""

_CALLS: dict[str, CallModel] = {name: model for library in LIBRARIES for name, model in library.calls.items()}
_OBJECTS = tuple(library.call_object for library in LIBRARIES if library.call_object is not None)
_METHODS = tuple(library.call_method for library in LIBRARIES if library.call_method is not None)
_FINDERS = tuple(library.find_method for library in LIBRARIES if library.find_method is not None)


def call_library(frame: Frame, thing: Any, arguments: Arguments, node: ast.AST) -> Outcome:
    """Return the outcome of calling a third-party callable."""
    name = full_name(thing)
    model = _CALLS.get(name)
    if model:
        return model(frame, arguments, node)
    outcome = call_unknown(frame, name.rpartition(".")[2], arguments, node)
    if is_client(thing):
        outcome.result.add(LibraryObject(thing))
    return outcome


def call_library_object(frame: Frame, value: Value, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of calling an object that a library has a model of, or ``None``."""
    for model in _OBJECTS:
        outcome = model(frame, value, arguments, node)
        if outcome is not None:
            return outcome
    return None


def call_library_method(frame: Frame, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of a method that a library has a model of, or ``None``."""
    for model in _METHODS:
        outcome = model(frame, value, name, arguments, node)
        if outcome is not None:
            return outcome
    return None


def find_library_method(value: Value, name: str) -> Value | None:
    """Return a method that an object has only once it is used, or ``None``."""
    return next(filter(None, (finder(value, name) for finder in _FINDERS)), None)

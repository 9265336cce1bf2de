"""Models of the methods of lists, sets, dictionaries and queues."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.live_objects import entries, is_constant
from penstock.callgraph.models.library import Library
from penstock.callgraph.values.base import Outcome, ValueSet
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.live import ITEMS, LiveObject, wrap

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from penstock.callgraph.values.base import Arguments, Value
    from penstock.callgraph.values.frame import Frame

    ContainerModel = Callable[[Frame, Container, Arguments, ast.AST], ValueSet]

_ADDERS = frozenset({"append", "add", "insert", "setdefault"})
_EXTENDERS = frozenset({"extend", "update"})
_WRITERS = (_ADDERS | _EXTENDERS) - {"setdefault"}


def _call_method(frame: Frame, value: Value, name: str, arguments: Arguments, node: ast.AST) -> Outcome | None:
    """Return the outcome of a container method, or ``None`` if the value is no container."""
    if isinstance(value, Container):
        model = _MODELS.get(name)
        return Outcome.of(model(frame, value, arguments, node) if model else ValueSet(tags=_tags_of(value)))
    kind = type(value.thing) if isinstance(value, LiveObject) else None
    if isinstance(value, LiveObject) and (kind is list or kind is set or entries(value.thing) is not None):
        return Outcome.of(_call_live_method(frame, value, name, arguments, node))
    return None


def _tags_of(value: Value) -> set[int]:
    return ValueSet([value]).deep_tags()


def _call_live_method(frame: Frame, value: LiveObject, name: str, arguments: Arguments, node: ast.AST) -> ValueSet:
    """Remember what is put into a container that exists since the import; read it as one that the code creates."""
    if name in _ADDERS | _EXTENDERS and arguments.positional:
        argument = arguments.positional[-1]
        frame.remember(value.thing, ITEMS, argument.iterate(frame) if name in _EXTENDERS else argument)
    items = {key: ValueSet([wrap(entry)]) for key, entry in (entries(value.thing) or {}).items()}
    container = Container("dict", ("real", id(value.thing)), items, frame.recall(value.thing, ITEMS))
    if not items:
        container.rest.update(value.iterate(frame))
    model = _MODELS.get(name) if name not in _WRITERS else None
    return model(frame, container, arguments, node) if model else ValueSet()


def _model_append(_: Frame, container: Container, arguments: Arguments, __: ast.AST) -> ValueSet:
    for values in arguments.positional[-1:]:
        container.rest.update(values)
    return ValueSet()


def _model_extend(frame: Frame, container: Container, arguments: Arguments, _: ast.AST) -> ValueSet:
    is_dict = container.kind == "dict"
    for values in arguments.positional[:1]:
        for other_container in values if is_dict else ():
            if isinstance(other_container, Container):
                container.items |= other_container.items
                container.rest.update(other_container.rest)
        container.rest.update(ValueSet(tags=values.tags) if is_dict else values.iterate(frame))
    container.items |= arguments.named if is_dict else {}
    return ValueSet()


def _model_get(frame: Frame, container: Container, arguments: Arguments, node: ast.AST) -> ValueSet:
    key_values = arguments.positional[0] if arguments.positional else ValueSet()
    keys = key_values.constants()
    if (keys and len(keys) == len(key_values)) or frame.is_forgotten(key_values, node):
        result = ValueSet().update(*(container.item(frame, key) for key in keys))
    else:
        result = container.everything()
    return result.update(*arguments.positional[1:2]) if container.kind == "dict" else result


def _model_setdefault(frame: Frame, container: Container, arguments: Arguments, node: ast.AST) -> ValueSet:
    for values in arguments.positional[1:2]:
        container.rest.update(values)
    return _model_get(frame, container, arguments, node)


def _model_values(frame: Frame, container: Container, _: Arguments, node: ast.AST) -> ValueSet:
    return ValueSet([Container.at(frame.where(node), rest=container.everything())])


def _model_items(frame: Frame, container: Container, _: Arguments, node: ast.AST) -> ValueSet:
    place = frame.where(node)
    pair = Container("tuple", (*place, "pair"), {0: ValueSet(map(wrap, container.items)), 1: container.everything()})
    return ValueSet([Container.at(place, rest=ValueSet([pair]))])


def _model_keys(frame: Frame, container: Container, _: Arguments, node: ast.AST) -> ValueSet:
    keys = ValueSet(wrap(key) for key in container.items if is_constant(key))
    return ValueSet([Container.at(frame.where(node), rest=keys)])


def _model_copy(_: Frame, container: Container, __: Arguments, ___: ast.AST) -> ValueSet:
    return ValueSet([container])


def _model_next(_: Frame, container: Container, __: Arguments, ___: ast.AST) -> ValueSet:
    return container.everything()


_MODELS: dict[str, ContainerModel] = {
    **dict.fromkeys(("append", "add", "appendleft", "put", "put_nowait", "insert", "send"), _model_append),
    **dict.fromkeys(("extend", "update", "extendleft"), _model_extend),
    **dict.fromkeys(("get", "pop", "popleft", "__getitem__"), _model_get),
    **dict.fromkeys(("__iter__", "__aiter__", "copy", "__enter__", "__aenter__"), _model_copy),
    **dict.fromkeys(("__next__", "__anext__", "popitem", "get_nowait"), _model_next),
    "setdefault": _model_setdefault,
    "values": _model_values,
    "items": _model_items,
    "keys": _model_keys,
}

LIBRARY = Library(call_method=_call_method)

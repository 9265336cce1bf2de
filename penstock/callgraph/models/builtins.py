"""Models of the built-in functions and classes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.callgraph.function_bodies import positional
from penstock.callgraph.models.library import Library, model_calls
from penstock.callgraph.values.base import Arguments, Outcome, ValueSet
from penstock.callgraph.values.classes import LocalClass, Super
from penstock.callgraph.values.containers import Container
from penstock.callgraph.values.instances import Instance
from penstock.callgraph.values.live import LiveClass, LiveObject, wrap
from penstock.callgraph.values.opaque import PartialText, Unknown

if TYPE_CHECKING:
    import ast

    from penstock.callgraph.values.base import Value
    from penstock.callgraph.values.frame import Frame


def _model_list(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    container = Container.at(frame.where(node))
    for values in arguments.positional[:1]:
        lone = values.lone
        length = lone.length() if lone is not None else None
        if lone is not None and length is not None:
            container.items = {at: lone.item(frame, at) for at in range(length)}
        else:
            container.rest.update(values.iterate(frame))
    keys = arguments.named.get("key", ValueSet())
    outcome = keys.call(frame, Arguments([container.everything()]), node)
    return outcome._replace(result=ValueSet([container], *[values.tags for values in arguments.positional[:1]]))


def _model_dict(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    container = Container.at(frame.where(node), "dict")
    for value in (value for values in arguments.positional[:1] for value in values):
        if isinstance(value, Container):
            container.items |= value.items if value.kind == "dict" else {}
            container.rest.update(value.rest)
    container.items |= arguments.named
    return Outcome.of(ValueSet([container], arguments.tags() if not container.items else ()))


def _model_zip(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    items = {at: values.iterate(frame) for at, values in enumerate(arguments.positional)}
    pair = Container("tuple", (*frame.where(node), "pair"), items)
    return Outcome.of(ValueSet([Container.at(frame.where(node), rest=ValueSet([pair]))]))


def _model_enumerate(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    return _model_zip(frame, Arguments([ValueSet(), *arguments.positional[:1]]), node)


def _model_map(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    items = [values.iterate(frame) for values in arguments.positional[1:]]
    outcome = ValueSet().update(*arguments.positional[:1]).call(frame, Arguments(items), node)
    return outcome._replace(result=ValueSet([Container.at(frame.where(node), rest=outcome.result)]))


def _model_filter(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    items = ValueSet().update(*(values.iterate(frame) for values in arguments.positional[1:]))
    outcome = ValueSet().update(*arguments.positional[:1]).call(frame, Arguments([items]), node)
    return outcome._replace(result=ValueSet([Container.at(frame.where(node), rest=items)]))


def _model_next(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    outcome = Outcome.of(ValueSet().update(*arguments.positional[1:2]))
    for value in (value for values in arguments.positional[:1] for value in values):
        methods = value.attribute(frame, "__next__", node) if isinstance(value, Instance) else ValueSet()
        outcome.merge(
            methods.call(frame, Arguments(), node) if methods else Outcome.of(ValueSet([value]).iterate(frame))
        )
    outcome.result.tags |= arguments.tags()
    return outcome


def _model_getattr(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    result = ValueSet().update(*arguments.positional[2:3])
    names = arguments.positional[1] if len(arguments.positional) > 1 else ValueSet()
    for owner in arguments.positional[0] if arguments.positional else ():
        for name in (name for value in names for name in _find_names(owner, value)):
            result.update(owner.attribute(frame, name, node))
    if not names and len(arguments.positional) > 1:
        result.add(Unknown("getattr() made this from a name that only a run knows"))
    result.tags |= arguments.tags()
    return Outcome.of(result)


def _find_names(owner: Value, name: Value) -> list[str]:
    """Return the attributes of an object that a text, or one with a known prefix and suffix, may name."""
    if not isinstance(name, PartialText):
        return [text for text in name.constants() if type(text) is str]
    thing = owner.class_of() or owner
    if not isinstance(thing, LiveObject) or not (name.start or name.end):
        return []
    kind = thing.thing if thing.is_class else type(thing.thing)
    names = dict.fromkeys(attribute for base in kind.__mro__ for attribute in base.__dict__)
    return [attribute for attribute in names if attribute.startswith(name.start) and attribute.endswith(name.end)]


def _model_type(_: Frame, arguments: Arguments, __: ast.AST) -> Outcome:
    result = ValueSet()
    for value in arguments.positional[0] if len(arguments.positional) == 1 else ():
        kind = value.class_of() or (wrap(type(value.thing)) if isinstance(value, LiveObject) else None)
        if kind is not None:
            result.add(kind)
    return Outcome.of(result)


def _model_eval(frame: Frame, arguments: Arguments, node: ast.AST) -> Outcome:
    frame.give_up(node, "exec() or eval() runs code that is made at run time")
    return Outcome.of(ValueSet(tags=arguments.tags()))


def _model_super(frame: Frame, arguments: Arguments, _: ast.AST) -> Outcome:
    if len(arguments.positional) > 1:
        owners, receivers = arguments.positional[0], arguments.positional[1]
    else:
        names = positional(frame.body.node)
        owners = ValueSet([frame.body.owner] if frame.body.owner is not None else [])
        receivers = frame.find(names[0]) if names else ValueSet()
    classes = [owner for owner in owners if isinstance(owner, (LiveClass, LocalClass))]
    return Outcome.of(ValueSet(Super(owner, receiver) for owner in classes for receiver in receivers))


_SEQUENCES = ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter", "min", "max")

LIBRARY = Library(
    calls={
        **model_calls(*(f"builtins.{name}" for name in _SEQUENCES), model=_model_list),
        **model_calls("builtins.next", "builtins.anext", model=_model_next),
        **model_calls("builtins.eval", "builtins.exec", model=_model_eval),
        "builtins.dict": _model_dict,
        "builtins.enumerate": _model_enumerate,
        "builtins.zip": _model_zip,
        "builtins.map": _model_map,
        "builtins.filter": _model_filter,
        "builtins.getattr": _model_getattr,
        "builtins.type": _model_type,
        "builtins.super": _model_super,
    }
)

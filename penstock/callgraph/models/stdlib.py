"""Models of standard library callables, above all the built-in ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import (
    Arguments,
    ContainerValue,
    Instance,
    Job,
    Partial,
    Real,
    Riddle,
    Shape,
    Some,
    Super,
)
from penstock.callgraph.call_outcome import Outcome, resolve_pending

if TYPE_CHECKING:
    import ast
    from collections.abc import Callable

    from penstock.callgraph.abstract_values import Value
    from penstock.callgraph.call_paths import Reach
    from penstock.callgraph.models.unknown import Models

_SAME = frozenset(
    {"functools.wraps", "functools.update_wrapper", "builtins.staticmethod", "builtins.classmethod", "typing.cast"}
    | {"builtins.property", "functools.cached_property", "copy.copy", "copy.deepcopy"}
)


def _gather(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    reach: Reach = {}
    box = frame.box(node, "list", arguments.rest and resolve_pending(arguments.rest))
    for at, some in enumerate(arguments.given):
        box.items[at] = resolve_pending(some)
    for value in (value for some in arguments.all() for value in some):
        reach |= value.reach if isinstance(value, Job) else {}
    return Outcome.of(Some([Job(reach, Some([box]), frame.where(node))]))


def _partial(_: Models, arguments: Arguments, __: ast.AST) -> Outcome:
    rest = Arguments(arguments.given[1:], arguments.named, arguments.rest)
    return Outcome.of(Some(Partial(function, rest) for some in arguments.given[:1] for function in some))


def _same(_: Models, arguments: Arguments, __: ast.AST) -> Outcome:
    return Outcome.of(Some().update(*arguments.given[-1:]))


def _first(_: Models, arguments: Arguments, __: ast.AST) -> Outcome:
    return Outcome.of(Some().update(*arguments.given[:1]))


def _wraps(_: Models, __: Arguments, ___: ast.AST) -> Outcome:
    return Outcome.of(Some([Real(_identity)]))


def _identity(value: Any) -> Any:
    return value


def _model_list(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    box = frame.box(node)
    for some in arguments.given[:1]:
        lone = some.lone
        length = frame.length(lone) if lone is not None else None
        if lone is not None and length is not None:
            box.items = {at: frame.item(lone, at) for at in range(length)}
        else:
            box.rest.update(frame.items(some))
    outcome = frame.call_all(arguments.named.get("key", Some()), Arguments([box.everything()]), node)
    return outcome._replace(result=Some([box], *[some.tags for some in arguments.given[:1]]))


def _dict(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    box = frame.box(node, "dict")
    for value in (value for some in arguments.given[:1] for value in some):
        if isinstance(value, ContainerValue) and value.kind == "dict":
            box.items |= value.items
        box.rest.update(value.rest if isinstance(value, ContainerValue) else Some())
    box.items |= arguments.named
    return Outcome.of(Some([box], arguments.tags() if not box.items else ()))


def _model_zip(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    items = {at: frame.items(some) for at, some in enumerate(arguments.given)}
    pair = ContainerValue("tuple", (*frame.where(node), "pair"), items)
    return Outcome.of(Some([frame.box(node, "list", Some([pair]))]))


def _model_enumerate(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    return _model_zip(frame, Arguments([Some(), *arguments.given[:1]]), node)


def _model_map(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    items = [frame.items(some) for some in arguments.given[1:]]
    outcome = frame.call_all(Some().update(*arguments.given[:1]), Arguments(items), node)
    return outcome._replace(result=Some([frame.box(node, "list", outcome.result)]))


def _model_filter(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    items = Some().update(*map(frame.items, arguments.given[1:]))
    outcome = frame.call_all(Some().update(*arguments.given[:1]), Arguments([items]), node)
    return outcome._replace(result=Some([frame.box(node, "list", items)]))


def _next(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    outcome = Outcome.of(Some().update(*arguments.given[1:2]))
    for value in (value for some in arguments.given[:1] for value in some):
        methods = frame.attribute(value, "__next__", node) if isinstance(value, Instance) else Some()
        outcome.merge(frame.call_all(methods, Arguments(), node) if methods else Outcome.of(frame.items(Some([value]))))
    outcome.result.tags |= arguments.tags()
    return outcome


def _getattr(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    result = Some().update(*arguments.given[2:3])
    names = arguments.given[1] if len(arguments.given) > 1 else Some()
    for owner in arguments.given[0] if arguments.given else ():
        for name in names:
            if isinstance(name, Real) and type(name.thing) is str:
                result.update(frame.attribute(owner, name.thing, node))
            elif isinstance(name, Shape):
                result.update(*(frame.attribute(owner, method, node) for method in _fitting(owner, name)))
    if not names and len(arguments.given) > 1:
        result.add(Riddle("getattr() made this from a name that only a run knows"))
    result.tags |= arguments.tags()
    return Outcome.of(result)


def _fitting(owner: Value, name: Shape) -> list[str]:
    """Return the methods of an object that a text with a known prefix and suffix may name."""
    thing = owner.owner if isinstance(owner, Instance) else owner
    if not isinstance(thing, Real) or not (name.start or name.end):
        return []
    kind = thing.thing if issubclass(type(thing.thing), type) else type(thing.thing)
    names = dict.fromkeys(attribute for base in kind.__mro__ for attribute in base.__dict__)
    return [attribute for attribute in names if attribute.startswith(name.start) and attribute.endswith(name.end)]


def _type(_: Models, arguments: Arguments, __: ast.AST) -> Outcome:
    result = Some()
    for value in arguments.given[0] if len(arguments.given) == 1 else ():
        if isinstance(value, Instance):
            result.add(value.owner)
        elif isinstance(value, Real):
            result.add(Real(type(value.thing)))
    return Outcome.of(result)


def _model_reduce(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    functions, sequence, *start = [*arguments.given, Some(), Some()][: max(2, len(arguments.given))]
    result = Some().update(*start[:1])
    items = frame.functions_in(sequence)
    for item in items or [frame.items(sequence)] * 2:  # twice, so that the result becomes an argument again
        operand = result if items or start else Some().update(result, item)
        result = Some().update(
            frame.commit_call(functions, Arguments([operand, item]), node), *([] if items else [result])
        )
    return Outcome.of(result)


def _run_text(frame: Models, arguments: Arguments, node: ast.AST) -> Outcome:
    frame.give_up(node, "exec() or eval() runs code that is made at run time")
    return Outcome.of(Some(tags=arguments.tags()))


def _super(frame: Models, arguments: Arguments, _: ast.AST) -> Outcome:
    names = [parameter.arg for parameter in (*frame.body.node.args.posonlyargs, *frame.body.node.args.args)]
    receivers = frame.find(names[0]) if names else Some()
    owners = [frame.body.owner] if frame.body.owner is not None else []
    if len(arguments.given) > 1:
        owners = [value for value in arguments.given[0] if isinstance(value, Real)]
        receivers = arguments.given[1]
    return Outcome.of(Some(Super(owner, receiver) for owner in owners for receiver in receivers))


BUILTINS: dict[str, Callable[[Models, Arguments, ast.AST], Outcome]] = {
    **dict.fromkeys(_SAME, _same),
    **dict.fromkeys(
        (f"builtins.{name}" for name in ("list", "tuple", "set", "frozenset", "sorted", "reversed", "iter")),
        _model_list,
    ),
    **dict.fromkeys(("builtins.min", "builtins.max"), _model_list),
    **dict.fromkeys(("builtins.eval", "builtins.exec"), _run_text),
    **dict.fromkeys(("builtins.next", "builtins.anext"), _next),
    f"{__name__}._identity": _same,
    "_functools.reduce": _model_reduce,
    "functools.wraps": _wraps,
    "functools.update_wrapper": _first,
    "functools.partial": _partial,
    "asyncio.tasks.gather": _gather,
    "builtins.dict": _dict,
    "builtins.enumerate": _model_enumerate,
    "builtins.zip": _model_zip,
    "builtins.map": _model_map,
    "builtins.filter": _model_filter,
    "builtins.getattr": _getattr,
    "builtins.type": _type,
    "builtins.super": _super,
}

"""Evaluates expressions, with the calls in them in Python's order of evaluation."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Arguments, ContainerValue, Instance, Job, LocalFunction, Real, Some
from penstock.callgraph.function_bodies import Body, positional
from penstock.callgraph.interpreter.displays import Displays

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.callgraph.abstract_values import Made


class Expressions(Displays):
    """Evaluates expressions."""

    def evaluate(self, node: ast.expr | None) -> Some:
        """Return the possible values of an expression."""
        if node is None:
            return Some()
        read: Callable[[Any], Some] | None = getattr(self, f"_see_{type(node).__name__.lower()}", None)
        return read(node) if read is not None else self.parts(node)

    def parts(self, node: ast.AST) -> Some:
        """Return the tags of the parts of an expression that is not understood further."""
        tags: set[int] = set()
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                tags |= self.evaluate(child).deep_tags()
            elif isinstance(child, (ast.comprehension, ast.keyword)):
                self.parts(child)
        return Some(tags=tags)

    def _see_constant(self, node: ast.Constant) -> Some:
        return Some([Real(node.value)])

    def _see_name(self, node: ast.Name) -> Some:
        return self.find(node.id)

    def _see_attribute(self, node: ast.Attribute) -> Some:
        owners = self.evaluate(node.value)
        result = Some(tags=owners.tags)
        for owner in owners:
            result.update(self.attribute(owner, node.attr, node))
            if isinstance(owner, (ContainerValue, Job)):
                result.tags |= Some([owner]).deep_tags()
        return result

    def _see_await(self, node: ast.Await) -> Some:
        awaitables = self.evaluate(node.value)
        result = self.wait(awaitables)
        for value in awaitables:
            if isinstance(value, Instance):
                result.update(self.commit_call(self.attribute(value, "__await__", node), Arguments(), node))
        return result

    def _see_starred(self, node: ast.Starred) -> Some:
        return self.evaluate(node.value)

    def _see_namedexpr(self, node: ast.NamedExpr) -> Some:
        value = self.evaluate(node.value)
        self.assign(node.target, value)
        return value

    def _see_ifexp(self, node: ast.IfExp) -> Some:
        self.evaluate(node.test)
        result = Some()
        constant = self.truth(node.test)
        ways = [
            way for way, holds in ((node.body, constant is not False), (node.orelse, constant is not True)) if holds
        ]
        self.branch(*(self._way(branch, result) for branch in ways))
        return result

    def _way(self, node: ast.expr, result: Some) -> Callable[[], bool]:
        def read() -> bool:
            """Evaluate the expression, add its values to the result, and return ``True``."""
            result.update(self.evaluate(node))
            return True

        return read

    def _see_boolop(self, node: ast.BoolOp) -> Some:
        result = self.evaluate(node.values[0])
        result = Some().update(result)
        for value in node.values[1:]:
            self.branch(self._way(value, result), lambda: True)
        return result

    def truth(self, node: ast.expr) -> bool | None:
        """Return whether a test always or never holds: ``if False:``, ``if TYPE_CHECKING:``."""
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
            inner = self.truth(node.operand)
            return None if inner is None else not inner
        if isinstance(node, ast.Constant):
            return bool(node.value)
        name = node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")
        return False if name == "TYPE_CHECKING" else None

    def _see_lambda(self, node: ast.Lambda) -> Some:
        return Some([LocalFunction(self.inner_body(node))])

    def inner_body(self, node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, owner: Made | None = None) -> Body:
        """Return a function that is defined inside the analysed one."""
        names = positional(node)
        defaults = dict(zip(names[len(names) - len(node.args.defaults) :], node.args.defaults, strict=False))
        pairs = zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True)
        defaults |= {parameter.arg: default for parameter, default in pairs if default is not None}
        return Body(
            key=(id(node), id(self.scope)),
            node=node,
            file=self.body.file,
            module=self.body.module,
            outer=self.scope,
            owner=owner or self.body.owner,
            defaults={name: self.evaluate(default) for name, default in defaults.items()},
            imports=self.body.imports,
            package=self.body.package,
        )

    # Calls ----------------------------------------------------------------------------------------------------

    def _see_call(self, node: ast.Call) -> Some:
        if isinstance(node.func, ast.Attribute):
            receivers = self.evaluate(node.func.value)
            arguments = self.arguments(node)
            return self.commit(self.call_method(receivers, node.func.attr, arguments, node))
        targets = self.evaluate(node.func)
        arguments = self.arguments(node)
        self._doubt(node.func, targets, node)
        if len(targets):
            outcome = self.call_all(targets, arguments, node)
        else:
            outcome = self.unknown(getattr(node.func, "id", ""), arguments, node)
        outcome.result.tags |= targets.tags
        return self.commit(outcome)

    def _doubt(self, function: ast.expr, targets: Some, node: ast.AST) -> None:
        """Record a gap where a called parameter has no known values, and the sites where it has some."""
        if not isinstance(function, ast.Name) or function.id not in self.parameter_names():
            return
        if len(targets):
            self.program.answered.add(self.site(node))
        else:
            self.give_up(
                node, f"{function.id}() is whatever a caller passes, and no call that was read passes anything"
            )

    def parameter_names(self) -> set[str]:
        """Return the parameter names of the analysed function."""
        args = self.body.node.args
        return {parameter.arg for parameter in (*args.posonlyargs, *args.args, *args.kwonlyargs)}

    def arguments(self, node: ast.Call) -> Arguments:
        """Return the arguments of a call."""
        arguments = Arguments()
        for argument in node.args:
            if isinstance(argument, ast.Starred):
                self._spread(self.evaluate(argument.value), arguments)
            else:
                arguments.given.append(self.evaluate(argument))
        for keyword in node.keywords:
            value = self.evaluate(keyword.value)
            if keyword.arg is not None:
                arguments.named[keyword.arg] = value
            else:
                self._spread_named(value, arguments)
        return arguments

    def _spread(self, some: Some, arguments: Arguments) -> None:
        lone = some.lone
        length = self.length(lone) if lone is not None else None
        if lone is not None and length is not None and arguments.rest is None:
            arguments.given += [self.item(lone, at).update(Some(tags=some.tags)) for at in range(length)]
        else:
            arguments.rest = Some().update(self.items(some), *filter(None, [arguments.rest]))

    def _spread_named(self, some: Some, arguments: Arguments) -> None:
        for value in some:
            items = value.items if isinstance(value, ContainerValue) else {}
            arguments.named |= {key: item for key, item in items.items() if isinstance(key, str)}
            if isinstance(value, ContainerValue) and (value.rest or value.rest.tags):
                arguments.rest = Some().update(value.rest, *filter(None, [arguments.rest]))
        if some.tags:
            arguments.rest = Some(arguments.rest or (), some.tags | (arguments.rest.tags if arguments.rest else set()))

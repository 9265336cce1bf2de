"""Interprets statements in their order of execution."""

from __future__ import annotations

import ast
import sys
from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Arguments, ContainerValue, Instance, LocalFunction, Made, Real, Some
from penstock.callgraph.interpreter.attributes import is_class
from penstock.callgraph.interpreter.expressions import Expressions
from penstock.callgraph.live_objects import NOTHING, by_name, held_by

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from penstock.callgraph.interpreter.state import State


class Statements(Expressions):
    """Interprets statements; each handler returns whether the next statement is reached."""

    def read(self) -> None:
        """Interpret the whole function."""
        self.hint()
        node = self.body.node
        if isinstance(node, ast.Lambda):
            self.returned.update(self.evaluate(node.body))
        else:
            self.block(node.body)
        result = self.returned
        if self.yielded is not None:
            box = ContainerValue(
                "generator", ("generator", *self.body.key) if isinstance(self.body.key, tuple) else "generator"
            )
            box.rest.update(self.yielded)
            result = Some([box], self.yielded.tags)
        if not result and not isinstance(node, ast.Lambda):
            result.update(self.annotated_values(node.returns))
        self.summary.result = result

    def block(self, statements: Sequence[ast.stmt]) -> bool:
        """Interpret statements in order; return whether the code behind them is reached."""
        for statement in statements:  # noqa: SIM110 - all() would take a piece of C's own small stack
            if not self._statement(statement):
                return False
        return True

    def _statement(self, node: ast.stmt) -> bool:
        read: Callable[[Any], bool | None] | None = getattr(self, f"_on_{type(node).__name__.lower()}", None)
        if read is None:
            self.parts(node)
            return True
        return read(node) is not False

    def _on_expr(self, node: ast.Expr) -> None:
        self.evaluate(node.value)

    def _on_assign(self, node: ast.Assign) -> None:
        value = self.evaluate(node.value)
        for target in node.targets:
            self.assign(target, self._keep_known_class(target, node.value, value))

    def _keep_known_class(self, target: ast.expr, source: ast.expr, value: Some) -> Some:
        """Keep the class of a name that is passed to an unknown function and rebound to its result."""
        if len(value) or not (isinstance(target, ast.Name) and isinstance(source, ast.Call)):
            return value
        if not any(isinstance(candidate, ast.Name) and candidate.id == target.id for candidate in source.args):
            return value
        return Some((candidate for candidate in self.find(target.id) if isinstance(candidate, Instance)), value.tags)

    def _on_annassign(self, node: ast.AnnAssign) -> None:
        value = self.evaluate(node.value)
        if not value:
            value = Some().update(value, self.annotated_values(node.annotation))
        if node.value is not None or value:
            self.assign(node.target, value)

    def _on_augassign(self, node: ast.AugAssign) -> None:
        values = self.evaluate(node.target)
        operand = self.evaluate(node.value)
        result = Some().update(values, Some(tags=operand.deep_tags()))
        result.update(self._call_operator(node.op, values, operand, node), self._add_operands(values, operand, node))
        self.assign(node.target, result)

    def _on_return(self, node: ast.Return) -> bool:
        self.returned.update(self.evaluate(node.value))
        return False

    def _on_raise(self, node: ast.Raise) -> bool:
        exceptions = self.evaluate(node.exc)
        self.evaluate(node.cause)
        self.commit_call(Some(value for value in exceptions if is_class(value)), Arguments(), node)
        return False

    def _on_break(self, _: ast.Break) -> bool:
        if self.loops:
            self.loops[-1].append(self.state())
        return False

    _on_continue = _on_break

    def _on_if(self, node: ast.If) -> bool:
        self.evaluate(node.test)
        constant = self.truth(node.test)
        ways = [
            way for way, holds in ((node.body, constant is not False), (node.orelse, constant is not True)) if holds
        ]
        return self.branch(*(self._block_of(way) for way in ways))

    def _block_of(self, statements: Sequence[ast.stmt]) -> Callable[[], bool]:
        return lambda: self.block(statements)

    def _on_while(self, node: ast.While) -> bool:
        if self.truth(node.test) is False:
            return self.block(node.orelse)

        def once() -> bool:
            """Evaluate the condition, run the body, and return whether its end is reached."""
            self.evaluate(node.test)
            return self.block(node.body)

        self.loop(once)
        return self.block(node.orelse)

    def _on_for(self, node: ast.For | ast.AsyncFor) -> bool:
        iterable = self.evaluate(node.iter)
        each_known = self.functions_in(iterable)
        if each_known:
            return self._unroll_loop(node, each_known) and self.block(node.orelse)
        items = self.wait_if(isinstance(node, ast.AsyncFor), self.items(iterable))

        def once() -> bool:
            """Assign the items to the target, run the body, and return whether its end is reached."""
            self.assign(node.target, items)
            return self.block(node.body)

        self.loop(once)
        return self.block(node.orelse)

    _on_asyncfor = _on_for

    def _unroll_loop(self, node: ast.For | ast.AsyncFor, items: list[Some]) -> bool:
        """Unroll a loop over functions: each iteration may receive the result of the one before it."""
        for item in items:
            self.loops.append([])
            self.assign(node.target, item)
            through = self.block(node.body)
            ends = [self.state()] if through else []
            if not self.meet([*ends, *self.loops.pop()]):
                return False
        return True

    def _on_with(self, node: ast.With | ast.AsyncWith) -> bool:
        exit_stack: list[Some] = []
        for item in node.items:
            manager = self.evaluate(item.context_expr)
            entered_values, exits = self._enter_all(manager, node)
            exit_stack.append(exits)
            if item.optional_vars is not None:
                self.assign(item.optional_vars, entered_values)
        goes_on = self.block(node.body)
        self.wait_for_all()
        for exits in reversed(exit_stack):
            self.wait(self.commit_call(exits, Arguments(), node))
        return goes_on

    _on_asyncwith = _on_with

    def _enter_all(self, manager: Some, node: ast.AST) -> tuple[Some, Some]:
        """Return the values that ``with`` binds by ``as``, and the methods called on exit."""
        entered_values, exits = Some(tags=manager.tags), Some()
        for value in manager:
            if isinstance(value, ContainerValue):
                entered_values.update(value.everything())
                continue
            enter, leave = Some(), Some()
            for prefix in ("", "a") if isinstance(value, (Instance, Real)) else ():
                enter.update(self.attribute(value, f"__{prefix}enter__", node))
                leave.update(self.attribute(value, f"__{prefix}exit__", node))
            functions = Some(method for method in enter if self.is_function_of(method))
            entered_values.update(
                self.wait(self.commit_call(functions, Arguments(), node)) if functions else Some([value])
            )
            exits.update(Some(method for method in leave if self.is_function_of(method)))
        return entered_values, exits

    def is_function_of(self, value: Any) -> bool:
        """Return whether a method is the user's own."""
        return self.is_function(value)

    def _on_try(self, node: ast.Try) -> bool:
        before = self.state()
        through = self.block(node.body)
        ends: list[State] = []
        after = self.state()
        if through and self.block(node.orelse):
            ends.append(self.state())
        self.meet([before, after])
        for handler in node.handlers:
            start = self.state()
            if self._handle(handler):
                ends.append(self.state())
            self.scope.names, self.seen = start
        goes_on = bool(ends)
        self.meet(ends or [after])
        return self.block(node.finalbody) and goes_on

    _on_trystar = _on_try

    def _handle(self, handler: ast.ExceptHandler) -> bool:
        self.evaluate(handler.type)
        if handler.name:
            self.assign_name(handler.name, Some())
        return self.block(handler.body)

    def _on_match(self, node: ast.Match) -> bool:
        subject = self.evaluate(node.subject)
        ways = [self._case(case, subject) for case in node.cases]
        last = node.cases[-1]
        is_whole = last.guard is None and isinstance(last.pattern, ast.MatchAs) and last.pattern.pattern is None
        return self.branch(*ways, *([] if is_whole else [lambda: True]))

    def _case(self, case: ast.match_case, subject: Some) -> Callable[[], bool]:
        def read() -> bool:
            """Bind the names of the pattern, run the case, and return whether its end is reached."""
            inside = Some(tags=subject.deep_tags())
            for pattern in ast.walk(case.pattern):
                name = getattr(pattern, "name", None) or getattr(pattern, "rest", None)
                if isinstance(name, str):
                    self.assign_name(name, subject if pattern is case.pattern else inside)
            self.evaluate(case.guard)
            return self.block(case.body)

        return read

    def _on_delete(self, node: ast.Delete) -> None:
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.names.pop(target.id, None)

    # Definitions ----------------------------------------------------------------------------------------------

    def _on_import(self, node: ast.Import) -> None:
        for alias in node.names:
            name = alias.name if alias.asname else alias.name.partition(".")[0]
            self._import_as(alias.asname or name, sys.modules.get(name, NOTHING))

    def _on_importfrom(self, node: ast.ImportFrom) -> None:
        base = node.module or ""
        if node.level:
            parts = self.body.package.split(".")
            base = ".".join(filter(None, [*parts[: len(parts) - node.level + 1], node.module]))
        module = sys.modules.get(base)
        for alias in node.names:
            thing = held_by(module).get(alias.name, NOTHING) if module is not None else NOTHING
            self._import_as(alias.asname or alias.name, by_name(f"{base}.{alias.name}") if thing is NOTHING else thing)

    def _import_as(self, name: str, thing: Any) -> None:
        self.assign_name(name, Some([Real(thing)] if thing is not NOTHING else []))

    def _on_functiondef(self, node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
        names = frozenset(
            expr.attr if isinstance(expr, ast.Attribute) else getattr(expr, "id", "") for expr in node.decorator_list
        )
        value = Some([LocalFunction(self.inner_body(node), names)])
        self.assign_name(node.name, self._apply_decorators(value, node.decorator_list))

    _on_asyncfunctiondef = _on_functiondef

    def _apply_decorators(self, value: Some, decorators: list[ast.expr]) -> Some:
        for decorator in reversed(decorators):
            outcome = self.call_all(self.evaluate(decorator), Arguments([value]), decorator)
            results = self.commit(outcome._replace(reach={}, started={}))
            value = results if len(results) else value
        return value

    def _on_classdef(self, node: ast.ClassDef) -> None:
        bases = [self.evaluate(base) for base in node.bases]
        kind = Made(node, bases, {})
        names = dict(self.scope.names)
        for statement in node.body:
            if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)):
                decorators = frozenset(getattr(decorator, "id", "") for decorator in statement.decorator_list)
                kind.attributes[statement.name] = Some([LocalFunction(self.inner_body(statement, kind), decorators)])
            else:
                before = set(self.scope.names)
                self._statement(statement)
                new_names = set(self.scope.names) - before
                kind.attributes |= {name: self.scope.names[name] for name in new_names}
        self.scope.names = names
        self.assign_name(node.name, self._apply_decorators(Some([kind]), node.decorator_list))

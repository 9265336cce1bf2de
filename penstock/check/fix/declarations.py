"""Finds where a step is declared: the decorator over its function, or a call from outside."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import libcst as cst
from libcst.metadata import MetadataWrapper, PositionProvider

from penstock.check.fix.argument_values import NotUnderstoodError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.check.fix.module_scope import ModuleNames
    from penstock.model import Step

MARKS = ("step", "flow_task", "entrypoint")

Definition = cst.FunctionDef | cst.ClassDef
Flows = Mapping[str | None, cst.BaseExpression | None]
"""The expression that names each flow in the source."""


@dataclass(frozen=True, slots=True)
class DeclarationSite:
    """Where a step is marked.

    Attributes:
        expression: The mark itself: ``step``, ``step(…)``, ``orders.step(…)``.
        line: The line of the mark.
        kind: ``step``, ``flow_task`` or ``entrypoint``.
        flows: The flows that take it; ``None`` stands for an unknown one.
        called: Whether it has to stay a call, because it is no decorator.
        below: The node below which another mark is inserted: its decorator, or the function that it is called with.
        above: The expressions for the flows that take it, by their names.
    """

    expression: cst.BaseExpression
    line: int
    kind: str
    flows: frozenset[str | None]
    called: bool = False
    below: cst.Decorator | cst.BaseExpression | None = None
    above: Flows = field(default_factory=dict)

    @property
    def is_step(self) -> bool:
        """Whether it makes a step, which has ``after=``; a task's mark is that of an entrypoint without."""
        return self.kind == "step" or (self.kind == "flow_task" and keyword(self.expression, "after") is not None)


class ParsedModule:
    """One parsed file.

    Args:
        scope: Its names.

    Raises:
        NotUnderstoodError: It is not Python that LibCST reads.
    """

    def __init__(self, scope: ModuleNames) -> None:
        self.scope = scope
        try:
            wrapper = MetadataWrapper(cst.parse_module(scope.text), unsafe_skip_copy=True)  # the parser shares no nodes
            self._positions = wrapper.resolve(PositionProvider)
        except (cst.ParserSyntaxError, UnicodeError):
            raise NotUnderstoodError("LibCST cannot read this file") from None
        except RecursionError:
            raise NotUnderstoodError("the code in this file is nested too deeply for LibCST") from None
        self.module = wrapper.module

    def line(self, node: cst.CSTNode) -> int:
        """Return the line on which a node begins."""
        line: int = self._positions[node].start.line
        return line

    def over(self, step: Step) -> list[DeclarationSite]:
        """Return the marks over the function of a step, in this file."""
        for definition, owners in self._named.get(step.qualname.rpartition(".")[2], ()):
            first, last = self._head(definition)
            if first <= step.line <= last:
                return list(self._marks(definition, owners))
        return []

    @cached_property
    def _named(self) -> dict[str, list[tuple[Definition, tuple[Definition, ...]]]]:
        """All definitions by their names, each with those around it; to look for them takes long in a large file."""
        definitions = defaultdict(list)
        for definition, owners in _definitions(self.module, ()):
            definitions[definition.name.value].append((definition, owners))
        return definitions

    def _head(self, definition: Definition) -> tuple[int, int]:
        lines = [self.line(node) for node in (*definition.decorators, definition.name)]
        return min(lines), max(lines)

    def _marks(self, definition: Definition, owners: Sequence[Definition]) -> Iterator[DeclarationSite]:
        """Yield the marks in a stack of decorators, the outermost last, each with the flows that take it."""
        decorators = list(reversed(definition.decorators))
        stack = [decorator.decorator for decorator in decorators]
        for index, expression in enumerate(stack):
            kind = self._kind(expression)
            if kind:
                stack_flows: Flows = {**self._handle(expression), **dict(self._above(stack[index + 1 :]))}
                flows = stack_flows or self._of_owners(owners)
                line = self.line(expression)
                yield DeclarationSite(expression, line, kind, frozenset(flows), below=decorators[index], above=flows)

    def _above(self, stack: Sequence[cst.BaseExpression]) -> Iterator[tuple[str | None, cst.BaseExpression]]:
        """Yield the flows above a mark; the next mark after them begins a new group."""
        is_closed = False
        for expression in stack:
            if self._kind(expression):
                if is_closed:
                    return
            elif self._is_flow(expression):
                is_closed = True
                yield self.flow(expression), expression

    def _of_owners(self, owners: Sequence[Definition]) -> Flows:
        """Return the flows over the class, and ``None`` for those over its subclasses."""
        over = owners[-1].decorators if owners and isinstance(owners[-1], cst.ClassDef) else ()
        flows = [decorator.decorator for decorator in over if self._is_flow(decorator.decorator)]
        return {None: None, **{self.flow(expression): expression for expression in flows}}

    def _kind(self, expression: cst.BaseExpression) -> str:
        name = get_dotted_name(expression.func if isinstance(expression, cst.Call) else expression)
        full = self.scope.expand_name(name) if name else _last(expression)  # the latter of flow("orders").step
        last = full.rpartition(".")[2]
        return last if last in MARKS else ""

    def _handle(self, expression: cst.BaseExpression) -> Flows:
        """Return the flow of ``orders.step`` or ``flow("orders").step``."""
        function = expression.func if isinstance(expression, cst.Call) else expression
        if not isinstance(function, cst.Attribute) or self.scope.is_ours(get_dotted_name(function) or "", *MARKS):
            return {}
        return {self.flow(function.value): function.value}

    def _is_flow(self, expression: cst.BaseExpression) -> bool:
        """Return whether a decorator is a flow, possibly through a name."""
        if isinstance(expression, cst.Call):
            return self.scope.is_ours(get_dotted_name(expression.func) or "", "flow")
        return self.flow(expression) is not None

    def flow(self, expression: cst.BaseExpression) -> str | None:
        """Return the flow that an expression names, or ``None`` if it cannot be determined."""
        if isinstance(expression, cst.Call):
            if self.scope.is_ours(get_dotted_name(expression.func) or "", "flow") and expression.args:
                return literal(expression.args[0].value)
            return None
        name = get_dotted_name(expression)
        return self.scope.flow(name) if name else None

    def outside(self, step: Step) -> list[DeclarationSite]:
        """Return the calls in this file that make a function a step without a decorator."""
        return [place for call in self._calls for place in self._outside(call, step)]

    @cached_property
    def _calls(self) -> list[cst.Call]:
        finder = _CallCollector()
        self.module.visit(finder)
        return finder.calls

    def _outside(self, call: cst.Call, step: Step) -> Iterator[DeclarationSite]:
        target, mark = _only(call), call.func  # the mark is called itself, or bare: orders.step(function)
        kind = self._kind(mark)
        if not kind or target is None or not self._is_target(mark, target, step):
            return
        flows: Flows = self._handle(mark) or {None: None}
        yield DeclarationSite(mark, self.line(call), kind, frozenset(flows), called=True, below=target, above=flows)

    def _is_target(self, mark: cst.BaseExpression, target: cst.BaseExpression, step: Step) -> bool:
        name = keyword(mark, "name") or keyword(mark, "step_name")
        if name is not None:
            return literal(name.value) == step.name
        target_name = get_dotted_name(target)
        return target_name is not None and means(self.scope.expand_name(target_name), step)


class _CallCollector(cst.CSTVisitor):
    def __init__(self) -> None:
        super().__init__()
        self.calls: list[cst.Call] = []

    def visit_Call(self, node: cst.Call) -> None:  # noqa: N802 - LibCST's name
        """Collect the call."""
        self.calls.append(node)


def _definitions(
    node: cst.CSTNode, owners: tuple[Definition, ...]
) -> Iterator[tuple[Definition, tuple[Definition, ...]]]:
    for child in node.children:
        if isinstance(child, (cst.FunctionDef, cst.ClassDef)):
            yield child, owners
            yield from _definitions(child, (*owners, child))
        else:
            yield from _definitions(child, owners)


def _only(call: cst.Call) -> cst.BaseExpression | None:
    """Return the only argument of a call, if it has exactly one and that is positional."""
    if len(call.args) != 1 or call.args[0].keyword or call.args[0].star:
        return None
    return call.args[0].value


def _last(expression: cst.BaseExpression) -> str:
    function = expression.func if isinstance(expression, cst.Call) else expression
    return function.attr.value if isinstance(function, cst.Attribute) else ""


def keyword(mark: cst.BaseExpression, name: str) -> cst.Arg | None:
    """Return a keyword argument of a mark."""
    arguments = mark.args if isinstance(mark, cst.Call) else ()
    return next((argument for argument in arguments if argument.keyword and argument.keyword.value == name), None)


def literal(node: cst.BaseExpression) -> str | None:
    """Return the text that a literal holds."""
    if isinstance(node, (cst.SimpleString, cst.ConcatenatedString)):
        value = node.evaluated_value
        return value if isinstance(value, str) else None
    return None


def get_dotted_name(node: cst.BaseExpression) -> str | None:
    """Return ``a.b.c`` as a text, and ``None`` for anything else."""
    if isinstance(node, cst.Name):
        return node.value
    if isinstance(node, cst.Attribute):
        before = get_dotted_name(node.value)
        return f"{before}.{node.attr.value}" if before else None
    return None


def means(name: str, step: Step) -> bool:
    """Return whether a dotted name equals, or ends, that of a step's function, or the other way round."""
    full, own = f".{step.module}.{step.qualname}", f".{name.lstrip('.')}"
    return full.endswith(own) or (own.endswith(f".{step.qualname}") and own.count(".") > full.count("."))

"""Expressions that create or index containers, and operators."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from penstock.callgraph.abstract_values import Arguments, ContainerValue, Instance, Job, Partial, Real, Shape, Some
from penstock.callgraph.interpreter.calls import Calls

if TYPE_CHECKING:
    from penstock.callgraph.abstract_values import Value

_OPERATORS: dict[type[ast.AST], str] = {
    ast.Add: "add",
    ast.Sub: "sub",
    ast.Mult: "mul",
    ast.Div: "truediv",
    ast.FloorDiv: "floordiv",
    ast.Mod: "mod",
    ast.Pow: "pow",
    ast.MatMult: "matmul",
    ast.BitOr: "or",
    ast.BitAnd: "and",
    ast.BitXor: "xor",
    ast.LShift: "lshift",
    ast.RShift: "rshift",
    ast.Eq: "eq",
    ast.NotEq: "ne",
    ast.Lt: "lt",
    ast.LtE: "le",
    ast.Gt: "gt",
    ast.GtE: "ge",
}


class Displays(Calls):
    """Reads lists, comprehensions, subscripts and operators."""

    def _sequence(self, node: ast.List | ast.Tuple | ast.Set) -> Some:
        kind = "tuple" if isinstance(node, ast.Tuple) else "list"
        box = ContainerValue(kind, self.where(node))
        for element in node.elts:
            if isinstance(element, ast.Starred):
                box.rest.update(self.items(self.evaluate(element.value)))
            else:
                box.items[len(box.items)] = self.evaluate(element)
        return Some([box])

    _see_list = _see_tuple = _see_set = _sequence

    def _see_dict(self, node: ast.Dict) -> Some:
        box = ContainerValue("dict", self.where(node))
        for key, value in zip(node.keys, node.values, strict=True):
            keys = self.evaluate(key)
            values = self.evaluate(value)
            if key is None:
                for inner in (candidate for candidate in values if isinstance(candidate, ContainerValue)):
                    box.items |= inner.items
                    box.rest.update(inner.rest)
                box.rest.tags |= values.tags
            self._enter(box, key, keys, values)
        return Some([box])

    def _enter(self, box: ContainerValue, key: ast.expr | None, keys: Some, held: Some) -> None:
        constants = keys.constants()
        if len(constants) == len(keys) == 1:
            box.items[constants[0]] = held
        elif isinstance(keys.lone, Real) and _hashable(keys.lone.thing):
            box.items[keys.lone.thing] = held
        elif key is not None:
            box.rest.update(held)

    def _see_subscript(self, node: ast.Subscript) -> Some:
        containers = self.evaluate(node.value)
        if isinstance(node.slice, ast.Slice):
            self.parts(node.slice)
            return Some([self.box(node, "list", self.items(containers))], containers.tags)
        keys = self.evaluate(node.slice)
        result = Some(tags=containers.tags)
        for value in containers:
            result.update(self._item_of(value, keys, node))
        return result

    def _item_of(self, value: Value, keys: Some, node: ast.AST) -> Some:
        if isinstance(value, Instance):
            return self.commit_call(self.attribute(value, "__getitem__", node), Arguments([keys]), node)
        known_keys = [index.thing for index in keys if isinstance(index, Real) and _hashable(index.thing)]
        if known_keys and len(known_keys) == len(keys):
            return Some().update(*(self.item(value, key) for key in known_keys))
        if self.is_forgotten(keys, node):
            return Some(tags=Some([value]).deep_tags())
        return self.container_values(value)

    def container_values(self, value: Value) -> Some:
        """Return all values that a container may hold under any key."""
        outcome = self.container_method(value, "values", Arguments(), self.body.node)
        items = self.items(outcome.result) if outcome is not None else Some()
        return items or self.items(Some([value]))

    def _comprehension(self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp) -> Some:
        return self._made_of(node, node.generators, [node.elt], "list")

    _see_listcomp = _see_setcomp = _see_generatorexp = _comprehension

    def _see_dictcomp(self, node: ast.DictComp) -> Some:
        return self._made_of(node, node.generators, [node.key, node.value], "dict")

    def _made_of(self, node: ast.expr, generators: list[ast.comprehension], parts: list[ast.expr], kind: str) -> Some:
        names = dict(self.scope.names)
        for generator in generators:
            self.assign(generator.target, self.wait_if(generator.is_async, self.items(self.evaluate(generator.iter))))
            for test in generator.ifs:
                self.evaluate(test)
        values = [self.evaluate(part) for part in parts][-1]
        targets = {
            local.id for generator in generators for local in ast.walk(generator.target) if isinstance(local, ast.Name)
        }
        for name in targets:
            self.scope.names.pop(name, None)
            if name in names:
                self.scope.names[name] = names[name]
        return Some([self.box(node, kind, values)])

    def wait_if(self, is_async: object, some: Some) -> Some:
        """Wait for the items of an ``async for``."""
        return self.wait(some) if is_async else some

    def _see_joinedstr(self, node: ast.JoinedStr) -> Some:
        tags = self.parts(node).tags
        ends = [part.value if isinstance(part, ast.Constant) else "" for part in (node.values[:1] + node.values[-1:])]
        return Some([Shape(str(ends[0]), str(ends[-1]))] if any(ends) else [], tags)

    def _see_formattedvalue(self, node: ast.FormattedValue) -> Some:
        return Some(tags=self.evaluate(node.value).deep_tags())

    def _see_binop(self, node: ast.BinOp) -> Some:
        left_values, right_values = self.evaluate(node.left), self.evaluate(node.right)
        if isinstance(node.op, ast.BitOr) and any(isinstance(value, (Partial, Job)) for value in left_values):
            return self.commit(self.sequence([left_values, right_values], node))
        result = Some(tags=left_values.deep_tags() | right_values.deep_tags())
        result.update(self._call_operator(node.op, left_values, right_values, node))
        return (
            result.update(self._add_operands(left_values, right_values, node))
            if isinstance(node.op, ast.Add)
            else result
        )

    def _call_operator(self, operator: ast.AST, left: Some, right: Some, node: ast.AST) -> Some:
        name = _OPERATORS.get(type(operator))
        result = Some()
        for first, second, form in ((left, right, "__{}__"), (right, left, "__r{}__")) if name else ():
            for value in first:
                if isinstance(value, Instance):
                    methods = self.attribute(value, form.format(name), node)
                    result.update(self.commit_call(methods, Arguments([second]), node))
        return result

    def _add_operands(self, left: Some, right: Some, node: ast.AST) -> Some:
        boxes = [value for value in (*left, *right) if isinstance(value, ContainerValue)]
        if boxes:
            return Some([self.box(node, "list", Some().update(*(box.everything() for box in boxes)))])
        texts = [value for value in left.constants() if isinstance(value, str)]
        ends = [value for value in right.constants() if isinstance(value, str)]
        if texts and ends:
            return Some(Real(text + end) for text in texts[:4] for end in ends[:4])
        return Some([Shape(texts[0] if texts else "", ends[0] if ends else "")] if texts or ends else [])

    def _see_compare(self, node: ast.Compare) -> Some:
        left_values = self.evaluate(node.left)
        tags = left_values.deep_tags()
        for operator, comparator in zip(node.ops, node.comparators, strict=True):
            right_values = self.evaluate(comparator)
            tags |= right_values.deep_tags()
            self._call_operator(operator, left_values, right_values, node)
            left_values = right_values
        return Some(tags=tags)

    def _see_yield(self, node: ast.Yield) -> Some:
        self.yielded = (self.yielded or Some()).update(self.evaluate(node.value))
        return Some()

    def _see_yieldfrom(self, node: ast.YieldFrom) -> Some:
        source = self.evaluate(node.value)
        self.yielded = (self.yielded or Some()).update(self.items(source))
        return Some(tags=source.tags)


_HASHES: tuple[Any, ...] = (object.__hash__, str.__hash__, int.__hash__, type.__hash__)


def _hashable(thing: Any) -> bool:
    """Return whether an object is hashable without code of its class, as texts, numbers, classes and functions are."""
    return type(thing).__hash__ in _HASHES or thing is None

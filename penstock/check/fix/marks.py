"""Rewrites the mark of a step: one of its arguments is changed, added or removed, and all else stays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import libcst as cst

from penstock.check.fix.argument_values import NotUnderstoodError, rewritten
from penstock.check.fix.declarations import get_dotted_name, keyword, literal, means

if TYPE_CHECKING:
    from penstock.check.fix import ArgumentChange
    from penstock.check.fix.declarations import DeclarationSite, ParsedModule


def rewrite_mark(mark: Any, place: DeclarationSite, wish: ArgumentChange, source: ParsedModule) -> cst.BaseExpression:
    """Return a mark with the requested argument.

    Args:
        mark: The mark as it will be after earlier changes.
        place: Where it stands.
        wish: The change.
        source: The file.

    Raises:
        NotUnderstoodError: The argument is not written in a form that can be changed safely.
    """
    is_list = wish.keyword == "effects"
    if not isinstance(mark, cst.Call):
        value = rewritten(None, wish.values, _nothing, is_list=is_list)
        bare: cst.BaseExpression = mark
        return cst.Call(mark, [_argument(wish, value)]) if wish.values else bare
    if any(argument.star or not argument.keyword for argument in mark.args):
        raise NotUnderstoodError("its decorator has arguments that are not written as name=value")
    old = keyword(mark, wish.keyword)
    if not wish.values:
        return _without(mark, old, bare=not place.called)
    named = _StepNames(wish, source) if wish.keyword == "after" else _ResourceNames(wish)
    value = rewritten(old.value if old else None, wish.values, named, renames=wish.renames, is_list=is_list)
    if old is None:
        argument = _argument(wish, value)
        return _with_last(mark, argument) if is_list else _with_first(mark, argument)
    arguments = [argument.with_changes(value=value) if argument is old else argument for argument in mark.args]
    return mark.with_changes(args=arguments)


def _nothing(_: cst.BaseExpression) -> str:
    return ""


def _argument(wish: ArgumentChange, value: cst.BaseExpression) -> cst.Arg:
    tight = cst.SimpleWhitespace("")
    return cst.Arg(value, keyword=cst.Name(wish.keyword), equal=cst.AssignEqual(tight, tight))


def _with_first(mark: cst.Call, argument: cst.Arg) -> cst.Call:
    if not mark.args:
        return mark.with_changes(args=[argument])
    before = mark.whitespace_before_args
    is_multiline = isinstance(before, cst.ParenthesizedWhitespace)
    space = before if is_multiline else cst.SimpleWhitespace(" ")
    return mark.with_changes(args=[argument.with_changes(comma=cst.Comma(whitespace_after=space)), *mark.args])


def _with_last(mark: cst.Call, argument: cst.Arg) -> cst.Call:
    if not mark.args:
        return mark.with_changes(args=[argument])
    before, last = mark.whitespace_before_args, mark.args[-1]
    is_multiline = isinstance(before, cst.ParenthesizedWhitespace)
    space = before.with_changes(first_line=cst.TrailingWhitespace()) if is_multiline else cst.SimpleWhitespace(" ")
    new = argument.with_changes(comma=last.comma, whitespace_after_arg=last.whitespace_after_arg)
    if isinstance(last.comma, cst.Comma) and isinstance(last.comma.whitespace_after, cst.ParenthesizedWhitespace):
        kept = space.with_changes(first_line=last.comma.whitespace_after.first_line) if is_multiline else space
        new = new.with_changes(comma=cst.Comma(whitespace_after=_without_comment(last.comma.whitespace_after)))
        space = kept
    tight = cst.SimpleWhitespace("")
    others = [*mark.args[:-1], last.with_changes(comma=cst.Comma(whitespace_after=space), whitespace_after_arg=tight)]
    return mark.with_changes(args=[*others, new])


def _without_comment(space: cst.ParenthesizedWhitespace) -> cst.ParenthesizedWhitespace:
    return space.with_changes(first_line=cst.TrailingWhitespace())


def _without(mark: cst.Call, old: cst.Arg | None, *, bare: bool) -> cst.BaseExpression:
    arguments = [argument for argument in mark.args if argument is not old]
    if not arguments:
        tight = cst.SimpleWhitespace("")
        return mark.func if bare else mark.with_changes(args=[], whitespace_before_args=tight)
    if old is mark.args[-1]:
        last = arguments[-1].with_changes(comma=old.comma, whitespace_after_arg=old.whitespace_after_arg)
        arguments = [*arguments[:-1], last]
    return mark.with_changes(args=arguments)


class _StepNames:
    """Resolves the step that an expression in ``after=`` names."""

    def __init__(self, wish: ArgumentChange, source: ParsedModule) -> None:
        self._wish = wish
        self._source = source

    def __call__(self, expression: cst.BaseExpression) -> str:
        """Return the name of a step, or the text itself if it names no step.

        Raises:
            NotUnderstoodError: The expression cannot be resolved.
        """
        text = literal(expression)
        if text is not None:
            return self._by_text(text)
        name = get_dotted_name(expression)
        steps = self._wish.flow.steps if name else ()
        names = [step.name for step in steps if means(self._source.scope.expand_name(name or ""), step)]
        if len(names) == 1:
            return names[0]
        code = cst.Module([]).code_for_node(expression)
        raise NotUnderstoodError(f"which steps {code} in its after= names is not written there")

    def _by_text(self, text: str) -> str:
        if text in self._wish.flow.successors:
            return text
        path = text.replace(":", ".")
        names = [
            step.name for step in self._wish.flow.steps if path in (step.qualname, f"{step.module}.{step.qualname}")
        ]
        return names[0] if len(names) == 1 else text


class _ResourceNames:
    """Reads the resource that an expression in ``effects=`` or ``trigger=`` names."""

    def __init__(self, wish: ArgumentChange) -> None:
        self._wish = wish

    def __call__(self, expression: cst.BaseExpression) -> str:
        """Return the resource.

        Raises:
            NotUnderstoodError: It is not written there.
        """
        text = literal(expression)
        if text is None:
            code = cst.Module([]).code_for_node(expression)
            raise NotUnderstoodError(f"which resource {code} in its {self._wish.keyword}= names is not written there")
        return text

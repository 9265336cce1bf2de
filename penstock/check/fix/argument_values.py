"""Rewrites the value of an argument such as ``after=``: remaining names keep their label, form and comment."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import libcst as cst

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    Named = Callable[[cst.BaseExpression], str]

Space = cst.BaseParenthesizableWhitespace


class NotUnderstoodError(Exception):
    """Something that only a person should change; the text says what."""


def rewritten(
    old: cst.BaseExpression | None,
    names: Sequence[str],
    named: Named,
    *,
    renames: Mapping[str, str] = MappingProxyType({}),
    is_list: bool = False,
) -> cst.BaseExpression:
    """Return the expression for these names, made of the old one.

    Args:
        old: The present value, if any.
        names: The names to write: of steps, or of resources.
        named: Returns the name that an expression stands for; raises ``NotUnderstoodError`` if there is none.
        renames: New names for some that are there, in their places.
        is_list: Whether a single name is written as a list, too.

    Raises:
        NotUnderstoodError: The old expression is neither names nor functions nor collections of them.
    """
    wish = _ValueRewrite(tuple(names), named, _quote(old), renames, is_list)
    rest = wish.filter_expression(old) if old is not None else None
    new = [name for name in names if name not in wish.names_in_place]
    if rest is None:
        return wish.make_expression(new)
    if not new:
        return rest if rest is old or is_list else _alone(rest)
    if isinstance(rest, (cst.List, cst.Set, cst.Tuple, cst.Dict)):
        stays = [(element, _behind(rest, element)) for element in rest.elements]
        result: cst.BaseExpression = _with_elements(rest, [*stays, *((wish.element(rest, name), None) for name in new)])
        return result
    return cst.List([cst.Element(value) for value in (rest, *map(wish.text, new))])


def _alone(rest: cst.BaseExpression) -> cst.BaseExpression:
    """Return the only remaining name without its collection, unless a comment would be lost."""
    if not isinstance(rest, (cst.List, cst.Set, cst.Tuple)) or len(rest.elements) != 1 or _any_comment(rest):
        return rest
    value = rest.elements[0].value
    return rest if isinstance(value, (cst.List, cst.Set, cst.Tuple, cst.Dict)) else value


@dataclass
class _ValueRewrite:
    names: tuple[str, ...]
    named: Named
    quote: str
    renames: Mapping[str, str]
    is_list: bool
    names_in_place: set[str] = field(default_factory=set)

    def filter_expression(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return the remainder of an expression, or ``None`` if nothing remains."""
        if not isinstance(node, (cst.List, cst.Set, cst.Tuple, cst.Dict)):
            return self._rename(node) or (node if self._stays(node) else None)
        elements = [(new, _behind(node, old)) for old in node.elements if (new := self._element(old)) is not None]
        if not elements:
            return None
        is_same = [new for new, _ in elements] == [*node.elements]  # nodes are equal only to themselves
        return node if is_same else _with_elements(node, elements)

    def _stays(self, node: cst.BaseExpression) -> bool:
        name = self.named(node)
        if name in self.names:
            self.names_in_place.add(name)
        return name in self.names

    def _rename(self, node: cst.BaseExpression) -> cst.BaseExpression | None:
        """Return the new name in the place of an old one, or ``None`` if there is none."""
        if not self.renames or (name := self.renames.get(self.named(node))) is None:
            return None
        self.names_in_place.add(name)
        return self.text(name)

    def _element(self, element: Any) -> Any:
        if isinstance(element, cst.DictElement):
            return element if self._stays(element.key) else None
        if not isinstance(element, cst.Element):
            raise NotUnderstoodError("its value is put together from other collections")
        value = self.filter_expression(element.value)
        if value is None or value is element.value:
            return element if value else None
        return element.with_changes(value=value)

    def text(self, name: str) -> cst.BaseExpression:
        """Return a name as a literal, quoted as its neighbours are."""
        plain = name.isprintable() and "\\" not in name and self.quote not in name
        return cst.SimpleString(f"{self.quote}{name}{self.quote}" if plain else repr(name))

    def element(self, kept: cst.BaseExpression, name: str) -> Any:
        """Return a name as an element of the remaining collection."""
        if isinstance(kept, cst.Dict):
            return cst.DictElement(self.text(name), cst.Name("None"))
        return cst.Element(self.text(name))

    def make_expression(self, names: Sequence[str]) -> cst.BaseExpression:
        """Return an expression for names of which none was there before."""
        if len(names) == 1 and not self.is_list:
            return self.text(names[0])
        return cst.List([cst.Element(self.text(name)) for name in names])


def _quote(node: cst.BaseExpression | None) -> str:
    """Return the quotes of the old texts."""
    if isinstance(node, cst.SimpleString):
        return node.quote[0]
    children = node.children if node is not None else ()
    return next((_quote(child) for child in children if _has_text(child)), '"')  # type: ignore[arg-type]


def _has_text(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.SimpleString) or any(map(_has_text, node.children))


def _with_elements(node: Any, elements: Sequence[tuple[Any, Space | None]]) -> Any:
    """Return a collection with other elements, each with the comment that stood behind it."""
    opening, closing = _inner_spaces(node)
    inner = _bare(opening) if isinstance(opening, cst.ParenthesizedWhitespace) else _between(node)
    items = [_append_comma(element, _same_line(space, inner, closing)) for element, space in elements[:-1]]
    last, space = elements[-1]
    return _replace_elements(node, [*items, last.with_changes(comma=_trailing(node))], _end(space, closing))


def _append_comma(element: Any, space: Space) -> Any:
    return element.with_changes(comma=cst.Comma(whitespace_after=space))


def _same_line(behind: Space | None, inner: Space, closing: Space) -> Space:
    """Return the space behind an element that another one follows: its comment, then the inner indentation."""
    if behind is None or (behind is closing and not _has_comment(behind)):
        return inner
    if behind is closing and isinstance(inner, cst.ParenthesizedWhitespace):
        return inner.with_changes(first_line=_first_line(behind))
    return behind


def _end(behind: Space | None, closing: Space) -> Space:
    """Return the space behind the last element: its comment, then the indentation of the bracket."""
    if not isinstance(closing, cst.ParenthesizedWhitespace):
        return behind if behind and _has_comment(behind) else closing
    return closing.with_changes(first_line=_first_line(behind))


def _first_line(space: Space | None) -> cst.TrailingWhitespace:
    return space.first_line if isinstance(space, cst.ParenthesizedWhitespace) else cst.TrailingWhitespace()


def _has_comment(space: Space) -> bool:
    return isinstance(space, cst.ParenthesizedWhitespace) and space.first_line.comment is not None


def _any_comment(node: cst.CSTNode) -> bool:
    return isinstance(node, cst.Comment) or any(map(_any_comment, node.children))


def _bare(space: cst.ParenthesizedWhitespace) -> Space:
    return space.with_changes(first_line=cst.TrailingWhitespace(), empty_lines=[])


def _between(node: Any) -> Space:
    """Return the space between elements, as the first two have it."""
    comma = node.elements[0].comma if len(node.elements) > 1 else None
    if not isinstance(comma, cst.Comma):
        return cst.SimpleWhitespace(" ")
    space = comma.whitespace_after
    return _bare(space) if isinstance(space, cst.ParenthesizedWhitespace) else space


def _behind(node: Any, element: Any) -> Space:
    if element is node.elements[-1]:
        return _inner_spaces(node)[1]
    space: Space = element.comma.whitespace_after
    return space


def _trailing(node: Any) -> Any:
    comma = node.elements[-1].comma
    return comma if isinstance(comma, cst.Comma) else cst.MaybeSentinel.DEFAULT


def _inner_spaces(node: Any) -> tuple[Space, Space]:
    if isinstance(node, cst.Tuple):
        if not node.lpar:
            return cst.SimpleWhitespace(""), cst.SimpleWhitespace("")
        return node.lpar[-1].whitespace_after, node.rpar[0].whitespace_before
    opening, closing = (node.lbracket, node.rbracket) if isinstance(node, cst.List) else (node.lbrace, node.rbrace)
    return opening.whitespace_after, closing.whitespace_before


def _replace_elements(node: Any, elements: Sequence[Any], space: Space) -> Any:
    if isinstance(node, cst.Tuple):
        rpar = [node.rpar[0].with_changes(whitespace_before=space), *node.rpar[1:]] if node.rpar else []
        return node.with_changes(elements=elements, rpar=rpar)
    name = "rbracket" if isinstance(node, cst.List) else "rbrace"
    right = getattr(node, name).with_changes(whitespace_before=space)
    return node.with_changes(elements=elements, **{name: right})

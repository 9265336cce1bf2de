"""Markdown of docstrings as nodes: only what formats, because HTML and roles of a docstring are text."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from penstock._util.optional_imports import needed
from penstock.render.wording import web_url
from penstock_mkdocs.mystmd.nodes import node, paragraph, text

with needed("markdown_it", "penstock[mystmd]"):
    from markdown_it import MarkdownIt
    from markdown_it.tree import SyntaxTreeNode

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from penstock_mkdocs.mystmd.nodes import Node

_SAME = {
    "paragraph": "paragraph",
    "blockquote": "blockquote",
    "list_item": "listItem",
    "em": "emphasis",
    "strong": "strong",
    "s": "delete",
}
_EXAMPLE = re.compile(r"(?:(?<=\n\n)|^)( *)>>> .*(?:\n\1\S.*)*")
"""A paragraph that Markdown would take for quotes in quotes."""

_INNER = {"thead", "tbody", "inline"}
"""What has no node of its own."""


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])


def blocks(markdown: str) -> list[Node]:
    """Return a text of several paragraphs as nodes; an example of Python in it, with its prompts, is code."""
    return _all(SyntaxTreeNode(_parser().parse(_EXAMPLE.sub(_fence_example, markdown))).children)


def _fence_example(example: re.Match[str]) -> str:
    indent = example[1]
    return f"{indent}```python\n{example[0]}\n{indent}```"


def inline(markdown: str) -> list[Node]:
    """Return a text as nodes that can stand in a line; what begins a block is text there."""
    return _all(SyntaxTreeNode(_parser().parseInline(markdown)).children)


def _all(trees: Iterable[SyntaxTreeNode]) -> list[Node]:
    return [found for tree in trees for found in _nodes(tree)]


def _nodes(tree: SyntaxTreeNode) -> list[Node]:
    kind = tree.type
    if kind in _INNER:
        return _all(tree.children)
    if kind in _SAME:
        return [node(_SAME[kind], _all(tree.children))]
    make = _BLOCKS.get(kind)
    return [make(tree)] if make else _in_line(tree)


def _list(tree: SyntaxTreeNode) -> Node:
    start = int(tree.attrs.get("start", 1))
    return node("list", _all(tree.children), ordered=tree.type == "ordered_list", start=start, spread=False)


def _code(tree: SyntaxTreeNode) -> Node:
    return {"type": "code", "lang": (tree.info.split() or ["text"])[0], "value": tree.content.rstrip("\n")}


def _heading(tree: SyntaxTreeNode) -> Node:
    """Return a title that does not stand in the outline of the page."""
    return paragraph(node("strong", _all(tree.children)))


def _table_part(tree: SyntaxTreeNode) -> Node:
    kind = {"table": "table", "tr": "tableRow"}.get(tree.type, "tableCell")
    return node(kind, _all(tree.children), header=True if tree.type == "th" else None)


_BLOCKS: Mapping[str, Callable[[SyntaxTreeNode], Node]] = {
    "bullet_list": _list,
    "ordered_list": _list,
    "fence": _code,
    "code_block": _code,
    "heading": _heading,
    **dict.fromkeys(("table", "tr", "th", "td"), _table_part),
}


def _in_line(tree: SyntaxTreeNode) -> list[Node]:
    if tree.type == "code_inline":
        return [{"type": "inlineCode", "value": tree.content}]
    if tree.type == "link":
        url = web_url(str(tree.attrs.get("href", "")))
        children = _all(tree.children)
        return [node("link", children, url=url)] if url and not url.startswith("#") else children
    if tree.type == "image":
        return [text(tree.content)]
    if tree.type == "hr":
        return [{"type": "thematicBreak"}]
    if tree.type == "hardbreak":
        return [{"type": "break"}]
    return [text("\n" if tree.type == "softbreak" else tree.content)]

"""Pages merged into one: ids that were unique on each page must be unique on the merged page."""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx import addnodes

from penstock_sphinx.nodes import flow_block

if TYPE_CHECKING:
    from sphinx.environment import BuildEnvironment


def drop_repeated_ids(env: BuildEnvironment, doctree: nodes.document) -> None:
    """Keep the first of equal ids if pages with the steps of one flow become one page.

    A figure whose ids are all dropped gets a new one, and keeps its number, which is stored by id.
    """
    used_ids: set[str] = set()
    for node in cast("list[nodes.Element]", list(doctree.findall(_is_ours))):
        ids, first = node["ids"], "".join(node["ids"][:1])
        ids[:] = [ident for ident in ids if ident not in used_ids]
        if isinstance(node, nodes.figure) and first and first not in ids:
            ids[:] = ids or [_new_id(first, doctree)]
            _keep_number(env, doctree, node, first)
        used_ids.update(ids)


def _is_ours(node: nodes.Node) -> bool:
    css = {nodes.figure: "ps-figure", addnodes.desc_signature: "ps-sig"}.get(type(node))
    return isinstance(node, flow_block) or (css is not None and css in cast("nodes.Element", node)["classes"])


def _new_id(ident: str, doctree: nodes.document) -> str:
    used_ids = {candidate for node in doctree.findall(nodes.Element) for candidate in node["ids"]}
    return next(candidate for number in count(2) if (candidate := f"{ident}-{number}") not in used_ids)


def _keep_number(env: BuildEnvironment, doctree: nodes.document, figure: nodes.Element, before: str) -> None:
    """Keep the number that a figure had under its former id, on the page that it comes from."""
    docname = env.config.root_doc
    for page in doctree.findall(addnodes.start_of_file):  # the inner ones come last
        if any(node is figure for node in page.findall(nodes.figure)):
            docname = page["docname"]
    numbers = env.toc_fignumbers.get(docname, {}).get("figure", {})
    if before in numbers:
        numbers[figure["ids"][0]] = numbers[before]

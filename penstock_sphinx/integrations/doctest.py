"""Examples in the docstrings of steps, which the builder ``doctest`` leaves to the place that documents the function.

That builder reads pages before links are resolved, so it would see a docstring that :mod:`penstock_sphinx.integrations.autodoc` takes
away later, and a page of flows prepares nothing for an example.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes
from sphinx import addnodes

from penstock_sphinx.nodes import flow_block

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx


def skip_examples(_app: Sphinx, doctree: nodes.document) -> None:
    """Let no example be run that stands in the description of a step."""
    for block in doctree.findall(flow_block):
        for description in [child for child in block if isinstance(child, addnodes.desc)]:
            for example in _examples(description):
                example["groups"] = []  # not "skipif", for which that builder runs the global setup each time


def _examples(description: addnodes.desc) -> Iterator[nodes.Element]:
    for node in description.findall(nodes.Element):
        if isinstance(node, nodes.doctest_block) or "testnodetype" in node:
            yield node

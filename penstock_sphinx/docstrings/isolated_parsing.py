"""Docstrings parsed in isolation, so that their names do not become names of the page or of the site.

Autodoc may document the function as well, and its flow may be on several pages. A name in the docstring, such
as a label, a citation or a footnote, would then exist more than once. So references within a docstring are resolved
in it, and its labels are looked up only if no other text has that label.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from docutils import nodes
from docutils.transforms import references

from penstock_sphinx.docstrings.translation import REFERENCES, translate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from penstock_sphinx.domain.page_record import Labels


SHARED = ("ids", "id_counter", "transformer", "parse_messages", "transform_messages")
"""Attributes shared with the page's document: ids are unique on the page, and deferred transforms still run."""

SUBSTITUTIONS = ("substitution_defs", "substitution_names")
"""The same, on a page in RST, where ``rst_prolog`` defines substitutions."""

TRANSFORMS = (
    references.PropagateTargets,
    references.AnonymousHyperlinks,
    references.IndirectHyperlinks,
    references.Footnotes,
    references.ExternalTargets,
    references.InternalTargets,
)

NUMPYDOC = re.compile(r"^R[0-9a-f]{12}-(?=.)")
"""The prefix that numpydoc adds to the name of a citation, and removes when the whole page is read."""

TITLED = (nodes.figure, nodes.table, nodes.container)


def document_apart(page: nodes.document, source: str, *shared: str) -> nodes.document:
    """Return a document for a text on a page; it shares some registers with the page's document."""
    apart = nodes.document(page.settings, page.reporter, source=source)
    vars(apart).update({name: vars(page)[name] for name in (*SHARED, *shared)})
    return apart


def finish_isolated(
    apart: nodes.document, page: nodes.document, language: Collection[str]
) -> tuple[list[nodes.Node], Labels]:
    """Return an isolated document's nodes, ready for its page, and its labels; ``language`` is its markup language."""
    translate(apart, page, language)
    for transform in TRANSFORMS:
        transform(apart).apply()
    _settle_references(apart)
    _settle_citations(apart)
    labels = dict(_labels(apart))
    for node in apart.findall():
        node.document = page
        if isinstance(node, (nodes.reference, nodes.target)):
            node.attributes.pop("anonymous", None)  # or it would be counted among those of the page
        elif isinstance(node, nodes.label):  # of a note: nothing for translators
            node["translatable"] = False
    children = apart.children
    apart.children = []
    return children, labels


def _settle_references(apart: nodes.document) -> None:
    """Resolve references that docutils leaves to the end of a page: to labels, and to footnotes in translations."""
    for reference in [node for node in apart.findall() if isinstance(node, REFERENCES)]:
        if (ident := apart.nameids.get(reference.get("refname", ""))) and not reference.resolved:
            del reference["refname"]
            reference["refid"], reference.resolved = ident, True


def _settle_citations(apart: nodes.document) -> None:
    """Turn citations into named footnotes, because Sphinx has one list of citations for the whole site."""
    for citation in apart.citations:
        label = NUMPYDOC.sub("", citation[0].astext(), count=1)
        citation[0] = nodes.label("", label)
        note = nodes.footnote(citation.rawsource, *citation.children, **citation.attributes)
        note["backrefs"] = []
        citation.replace_self(note)
        apart.ids[note["ids"][0]] = note
        for mention in list(apart.findall(nodes.citation_reference)):
            if mention.get("refname") in note["names"] or mention.get("refid") in note["ids"]:
                reference = nodes.footnote_reference("", label, refid=note["ids"][0], ids=mention["ids"])
                note.add_backref(reference["ids"][0])
                mention.replace_self(reference)


def _labels(apart: nodes.document) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, explicit in apart.nametypes.items():
        ident = (apart.nameids.get(name) if explicit else None) or ""
        node = apart.ids.get(ident)
        if isinstance(node, nodes.target) and "refid" in node:
            node = apart.ids.get(cast("str", node["refid"]))
        if node is not None and not isinstance(node, nodes.footnote) and "refuri" not in node:
            yield name, (ident, _title(node))


def _title(node: nodes.Element) -> str:
    """Return the default text of a reference to a node, empty if there is none."""
    if isinstance(node, nodes.rubric):
        return node.astext()
    caption = next((child for child in node if isinstance(child, (nodes.caption, nodes.title))), None)
    return caption.astext() if caption is not None and isinstance(node, TITLED) else ""

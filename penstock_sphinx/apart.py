"""Docstrings parsed apart from their page, so that names in them are no names of the page, nor of the site.

The function may be documented by autodoc as well, and its flow may stand on several pages. What a docstring names, such
as a label, a citation or a footnote, would then be there more than once. So references within a docstring are resolved
in it, and labels are looked up only where nobody else has one of that name.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, cast

from docutils import nodes
from docutils.transforms import references

from penstock_sphinx.translated import REFERENCES, translate

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Labels = dict[str, tuple[str, str]]
"""The labels in a text, by name, each with its id and what it is called."""

SHARED = ("ids", "id_counter", "transformer", "parse_messages", "transform_messages")
"""Of a page's document: ids are unique on the page, and what waits for the end of its reading still does."""

SUBSTITUTIONS = ("substitution_defs", "substitution_names")
"""The same, of a page in RST: ``rst_prolog`` defines them."""

TRANSFORMS = (
    references.PropagateTargets,
    references.AnonymousHyperlinks,
    references.IndirectHyperlinks,
    references.Footnotes,
    references.ExternalTargets,
    references.InternalTargets,
)

NUMPYDOC = re.compile(r"^R[0-9a-f]{12}-(?=.)")
"""What numpydoc puts before the name of a citation, and takes away again when the whole page is read."""

TITLED = (nodes.figure, nodes.table, nodes.container)


def document_apart(page: nodes.document, source: str, *shared: str) -> nodes.document:
    """Return a document for a text on a page, which shares some registers with that of the page."""
    apart = nodes.document(page.settings, page.reporter, source=source)
    vars(apart).update({name: vars(page)[name] for name in (*SHARED, *shared)})
    return apart


def settled(apart: nodes.document, page: nodes.document, language: Collection[str]) -> tuple[list[nodes.Node], Labels]:
    """Return what was parsed apart, ready for its page, and the labels in it; ``language`` is what it is written in."""
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
    parsed = apart.children
    apart.children = []
    return parsed, labels


def _settle_references(apart: nodes.document) -> None:
    """Resolve what docutils leaves to the end of the page: references to labels, and those to footnotes in translations."""
    for reference in [each for each in apart.findall() if isinstance(each, REFERENCES)]:
        if (ident := apart.nameids.get(reference.get("refname", ""))) and not reference.resolved:
            del reference["refname"]
            reference["refid"], reference.resolved = ident, True


def _settle_citations(apart: nodes.document) -> None:
    """Turn citations into footnotes with names: Sphinx has one list of citations for the whole site."""
    for citation in apart.citations:
        shown = NUMPYDOC.sub("", citation[0].astext(), count=1)
        citation[0] = nodes.label("", shown)
        note = nodes.footnote(citation.rawsource, *citation.children, **citation.attributes)
        note["backrefs"] = []
        citation.replace_self(note)
        apart.ids[note["ids"][0]] = note
        for cited in list(apart.findall(nodes.citation_reference)):
            if cited.get("refname") in note["names"] or cited.get("refid") in note["ids"]:
                reference = nodes.footnote_reference("", shown, refid=note["ids"][0], ids=cited["ids"])
                note.add_backref(reference["ids"][0])
                cited.replace_self(reference)


def _labels(apart: nodes.document) -> Iterator[tuple[str, tuple[str, str]]]:
    for name, explicit in apart.nametypes.items():
        ident = (apart.nameids.get(name) if explicit else None) or ""
        node = apart.ids.get(ident)
        if isinstance(node, nodes.target) and "refid" in node:
            node = apart.ids.get(cast("str", node["refid"]))
        if node is not None and not isinstance(node, nodes.footnote) and "refuri" not in node:
            yield name, (ident, _title(node))


def _title(node: nodes.Element) -> str:
    """Return what a reference without a text of its own shows, empty where there is nothing."""
    if isinstance(node, nodes.rubric):
        return node.astext()
    shown = next((child for child in node if isinstance(child, (nodes.caption, nodes.title))), None)
    return shown.astext() if shown is not None and isinstance(node, TITLED) else ""

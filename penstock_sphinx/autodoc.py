"""Steps whose functions autodoc documents: the two places link to each other, and the docstring stands in one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx import addnodes

from penstock_sphinx.domain import domain_of
from penstock_sphinx.nodes import QUIET, flow_block, step_reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock.model import Step

ELSEWHERE = "ps-elsewhere"
BACK = "ps-step-of"


def elsewhere(step: Step, docname: str) -> list[nodes.Node]:
    """Return the line that leads to a function's own description; it stays only where there is one."""
    if not step.module:
        return []
    name = f"{step.module}.{step.qualname}"
    reference = addnodes.pending_xref(
        "",
        nodes.literal("", name, classes=["xref", "py", "py-obj"]),
        refdomain="py",
        reftype="obj",
        reftarget=name,
        refdoc=docname,
        refexplicit=True,
        refspecific=False,
        **{QUIET: True},
    )
    return [_line(["ps-meta", ELSEWHERE], nodes.Text("Described in full at "), reference, function=name)]


def note_steps(app: Sphinx, domain: str, _kind: str, content: addnodes.desc_content) -> None:
    """Add to the description of a Python object the steps that it is."""
    description = content.parent
    if domain != "py" or not isinstance(description, addnodes.desc) or description.get("no-index"):
        return
    penstock = domain_of(app.env)
    for signature in description.findall(addnodes.desc_signature):
        if signature.parent is description and signature.get("fullname"):
            docname = app.env.docname
            steps = penstock.site.steps_at(".".join(filter(None, (signature["module"], signature["fullname"]))))
            penstock.page(docname).functions |= dict.fromkeys(steps, bool(content.children))
            references = [step_reference(name, name, docname) for name in steps]
            content += [_line([BACK], nodes.Text("Step "), each) for each in references]


def described(env: BuildEnvironment, function: str) -> bool:
    """Return whether a page of this site says more of a step's function than its signature."""
    domain = domain_of(env)
    known = cast("Any", env.get_domain("py")).objects.get(function)
    page = domain.pages.get(known.docname) if known else None
    return page is not None and any(page.functions.get(step) for step in domain.site.steps_at(function))


def settle(app: Sphinx, doctree: nodes.document, _docname: str) -> None:
    """Keep each docstring in one place, and drop the lines that lead nowhere."""
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if BACK in paragraph["classes"] and not any(paragraph.findall(nodes.reference)):
            cast("nodes.Element", paragraph.parent).remove(paragraph)
    for line in _lines(doctree):
        content = cast("addnodes.desc_content", line.parent)
        if not any(line.findall(nodes.reference)):
            content.remove(line)
            continue
        if not described(app.env, line["function"]):
            line.replace(line[0], nodes.Text("Also described at "))
            continue
        position = content.index(line)
        first = 1 if position and isinstance(content[0], nodes.paragraph) else 0
        del content[first:position]


def _line(classes: list[str], *children: nodes.Node, **attributes: str) -> nodes.paragraph:
    return nodes.paragraph("", "", *children, classes=classes, translatable=False, **attributes)


def _lines(doctree: nodes.document) -> Iterator[nodes.paragraph]:
    for block in list(doctree.findall(flow_block)):
        for paragraph in list(block.findall(nodes.paragraph)):
            if ELSEWHERE in paragraph["classes"]:
                yield paragraph

"""Steps whose functions autodoc documents: the two places link to each other, and one of them has the docstring."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx import addnodes

from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.i18n import gettext
from penstock_sphinx.nodes import QUIET, flow_block, step_reference
from penstock_sphinx.writers.builder_families import is_single_document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from sphinx.application import Sphinx
    from sphinx.builders import Builder
    from sphinx.environment import BuildEnvironment

    from penstock.model import Step

MODULE = "module"
"""The type of a module, which may have the name of a function in the package around it."""

ELSEWHERE = "ps-elsewhere"
BACK = "ps-step-of"


def elsewhere(step: Step, docname: str) -> list[nodes.Node]:
    """Return the line that links to a function's own description; it is dropped later if there is none."""
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
        # without "refspecific", which in any value lets Sphinx look for longer names that end so
        **{QUIET: True},
    )
    return [_line(["ps-meta", ELSEWHERE], nodes.Text(gettext("Described in full at") + " "), reference, function=name)]


def note_steps(app: Sphinx, domain: str, _kind: str, content: addnodes.desc_content) -> None:
    """Add to the description of a Python object the steps that it implements."""
    description = content.parent
    if domain != "py" or not isinstance(description, addnodes.desc) or description.get("no-index"):
        return
    penstock = domain_of(app.env)
    docname = app.env.docname
    for signature in description.findall(addnodes.desc_signature):
        if signature.parent is description and signature.get("fullname"):
            name = ".".join(filter(None, (signature["module"], signature["fullname"])))
            _note_canonical_name(app.env, signature, name)
            steps = penstock.site.steps_at(penstock.page(docname).public_names.get(name, name))
            penstock.page(docname).functions |= dict.fromkeys(steps, bool(content.children))
            references = [step_reference(name, name, docname) for name in steps]
            content += [_line([BACK], nodes.Text(gettext("Step") + " "), reference) for reference in references]


def listen(app: Sphinx) -> None:
    """Listen for the objects that autodoc documents, if the site uses it."""
    if "autodoc-process-docstring" in app.events.events:
        app.connect("autodoc-process-docstring", note_public_name)


def note_public_name(app: Sphinx, _what: str, name: str, described: object, *_: object) -> None:
    """Record autodoc's name of a function that is defined elsewhere, such as in a private module or a base class."""
    if described is None:  # our own pages emit this event, too
        return
    function = getattr(described, "fget", described)  # of a property
    defined_name = f"{getattr(function, '__module__', '')}.{getattr(function, '__qualname__', '')}"
    domain = domain_of(app.env)
    if defined_name != name and domain.site.steps_at(defined_name):
        domain.note_public_name(app.env.docname, name, defined_name)


def _note_canonical_name(env: BuildEnvironment, signature: addnodes.desc_signature, public: str) -> None:
    """Remember which step is meant where a description names its function by the option ``canonical``."""
    objects = cast("Any", env.get_domain("py")).objects
    domain = domain_of(env)
    for function in domain.site.functions:
        alias = objects.get(function)
        if alias and alias.aliased and alias.docname == env.docname and alias.node_id in signature["ids"]:
            domain.note_public_name(env.docname, public, function)


def documented_as(env: BuildEnvironment, function: str) -> str:
    """Return the name under which this site documents a function, or an empty string."""
    objects = cast("Any", env.get_domain("py")).objects
    if (known := objects.get(function)) and not known.aliased and known.objtype != MODULE:
        return function
    public, docname = domain_of(env).public_name(function)
    known = objects.get(public)
    return public if known and known.docname == docname and known.objtype != MODULE else ""


def public_reference(env: BuildEnvironment, builder: Builder, node: addnodes.pending_xref) -> nodes.Element | None:
    """Return the link to a function under its public name on this site."""
    name = documented_as(env, node["reftarget"])
    text = cast("nodes.TextElement", node[0])
    if not name:
        return _inventory_reference(env, node, text)
    return env.get_domain("py").resolve_xref(env, node["refdoc"], builder, "obj", name, node, text)


def _inventory_reference(
    env: BuildEnvironment, node: addnodes.pending_xref, shown: nodes.TextElement
) -> nodes.reference | None:
    """Return the link to an object of another project whose type intersphinx asks for in no role, such as Celery's task."""
    known_types = env.get_domain("py").object_types
    for kind, objects in getattr(env, "intersphinx_inventory", {}).items():
        domain, _, objtype = kind.partition(":")
        if domain == "py" and objtype not in known_types and (item := objects.get(node["reftarget"])):
            address = item.uri if hasattr(item, "uri") else item[2]  # a plain tuple before Sphinx 8.2
            if "://" not in address:
                address = "../" * node["refdoc"].count("/") + address
            return nodes.reference("", "", shown, internal=False, refuri=address)
    return None


def is_described(env: BuildEnvironment, function: str, docname: str) -> bool:
    """Return whether a page describes a step's function beyond its signature."""
    domain = domain_of(env)
    page = domain.pages.get(docname)
    return page is not None and any(page.functions.get(step) for step in domain.site.steps_at(function))


def settle(app: Sphinx, doctree: nodes.document, docname: str) -> None:
    """Keep each docstring in one place, and drop the lines whose links do not resolve."""
    pages = _reachable(app, doctree, docname)
    objects = cast("Any", app.env.get_domain("py")).objects
    for paragraph in list(doctree.findall(nodes.paragraph)):
        if BACK in paragraph["classes"] and not any(paragraph.findall(nodes.reference)):
            _drop(paragraph)
    for line in _lines(doctree):
        content = cast("addnodes.desc_content", line.parent)
        name = documented_as(app.env, line["function"])
        target_docname = objects[name].docname if name else ""
        references = list(line.findall(nodes.reference))
        of_module = not name and any(reference.get("internal") for reference in references)
        if not references or of_module or (target_docname and target_docname not in pages):
            _drop(line)
            continue
        for literal in line.findall(nodes.literal):
            literal[:] = [nodes.Text(name or line["function"])]
        if not is_described(app.env, line["function"], target_docname):
            line.replace(line[0], nodes.Text(gettext("Also described at") + " "))
            continue
        position = content.index(line)
        first = 1 if position and isinstance(content[0], nodes.paragraph) else 0
        line["ids"] += [ident for part in content[first:position] for ident in _ids(part)]  # links still point here
        del content[first:position]


def _drop(paragraph: nodes.paragraph) -> None:
    """Remove a line, but keep the ids that preceding nodes may have given it."""
    parent = cast("nodes.Element", paragraph.parent)
    parent["ids"] += paragraph["ids"]
    parent.remove(paragraph)


def _ids(part: nodes.Node) -> Iterator[str]:
    for node in part.findall(nodes.Element):
        yield from node["ids"]


def _reachable(app: Sphinx, doctree: nodes.document, docname: str) -> Collection[str]:
    """Return the pages that links of a document can reach: all, or those merged into the document."""
    if not is_single_document(app.builder):
        return app.env.found_docs
    return {docname, *(part["docname"] for part in doctree.findall(addnodes.start_of_file))}


def _line(classes: list[str], *children: nodes.Node, **attributes: str) -> nodes.paragraph:
    return nodes.paragraph("", "", *children, classes=classes, translatable=False, **attributes)


def _lines(doctree: nodes.document) -> Iterator[nodes.paragraph]:
    for block in list(doctree.findall(flow_block)):
        for paragraph in list(block.findall(nodes.paragraph)):
            if ELSEWHERE in paragraph["classes"]:
                yield paragraph

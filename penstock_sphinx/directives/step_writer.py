"""The content below a drawing: the paths, and each step with its signature, docstring, neighbours and source."""

from __future__ import annotations

import contextlib
import hashlib
import re
from typing import TYPE_CHECKING, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.util import logging

from penstock.collect.foreign_manifests import is_readable
from penstock.embed.assets import state_class
from penstock.embed.reporting import describe_refused_markup
from penstock.render.wording import escape_line, visible
from penstock_sphinx.build.site import full_name
from penstock_sphinx.docstrings.fault_tracking import OF_DOCSTRING
from penstock_sphinx.docstrings.rendering import markdown_lines, parse_markdown, parse_rst, rst_lines
from penstock_sphinx.docstrings.typehints import apply_typehints
from penstock_sphinx.docstrings.untrusted import Restriction
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.domain.page_record import ObjectLocation
from penstock_sphinx.i18n import gettext
from penstock_sphinx.integrations.autodoc import elsewhere
from penstock_sphinx.nodes import AS_WRITTEN, CHIP, QUIET, UNTRANSLATED, isolate_text, keep_order, step_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from sphinx.environment import BuildEnvironment

    from penstock.embed.views import Chip, PathsView, SourceLink, StepFact, StepView
    from penstock.model import Flow, Step
    from penstock_sphinx.build.site import SphinxSite
    from penstock_sphinx.domain.page_record import Labels

logger = logging.getLogger(__name__)


def anchor(document: nodes.document, *names: str) -> str:
    """Return a readable id that is unique on the page."""
    words = [re.sub(r"[^A-Za-z0-9_.-]+", "-", name).strip("-.") for name in names]
    if words != list(names):  # names may differ only in lost characters, also on the merged page of singlehtml
        words.append(hashlib.sha256("\0".join(names).encode("utf-8", "replace")).hexdigest()[:6])
    stem = ("--" if any("-" in word for word in words) else "-").join(filter(None, ("flow", *words)))
    ident, number = stem, 1
    while ident in document.ids:
        number += 1
        ident = f"{stem}-{number}"
    return ident


def index_entry(name: str, kind: str, ident: str) -> tuple[str, str, str, str, None]:
    """Return an entry of the general index; a semicolon would split it."""
    return ("single", f"{name} ({kind})".replace(";", ","), ident, "", None)


def make_paths(view: PathsView, flow: Flow, docname: str) -> list[nodes.Node]:
    """Return the paths through a flow as a list, and the number of further ones."""
    items = (_path(flow, names, docname) for names in view.paths)
    listing = nodes.enumerated_list("", *items, classes=["ps-paths"], enumtype="arabic", suffix=".")
    rest = [_paragraph("ps-meta", nodes.Text(view.rest))] if view.rest else []
    return [_paragraph("ps-doc-title", nodes.strong("", view.title)), listing, *rest]


def _path(flow: Flow, path: Sequence[str], docname: str) -> nodes.list_item:
    references = (step_reference(name, full_name(flow, flow.step(name)), docname) for name in path)
    line = list(_join_nodes(" → ", ([reference] for reference in references)))
    return nodes.list_item("", nodes.paragraph("", "", *keep_order(path, line)))


class StepWriter:
    """Describes the steps of one flow on one page."""

    def __init__(
        self, flow: Flow, env: BuildEnvironment, document: nodes.document, line: int, *, index: bool = True
    ) -> None:
        """Store the flow and the page, with the ``line`` for messages, and whether the steps become objects."""
        self._index = index
        self._flow = flow
        self._env = env
        self._document = document
        self._line = line
        self._site: SphinxSite = domain_of(env).site
        self._origin = self._site.origin(flow)
        self._restriction = Restriction() if self._origin else None

    def describe(self, view: StepView) -> list[nodes.Node]:
        """Return one step, registered under its name, after its index entry, unless these are off."""
        step = view.step
        style = self._site.config.docstring_style
        markdown = style == "markdown"
        lines = [] if markdown else rst_lines(step, self._env, style, self._line)
        description = self._parse_description(step, *apply_typehints(step, lines, self._env.config))
        signature = cast("addnodes.desc_signature", description[0])
        content = cast("addnodes.desc_content", description[-1])
        if markdown:
            content.extend(self._markdown(step))
        self._report_refused(step)
        description["classes"] += ["ps-step-doc", *(["ps-entrypoint"] if step.entrypoint else [])]
        self._name(signature, step)
        for chip in view.chips:
            signature += [nodes.Text(" "), _chip(chip)]
        content.extend(elsewhere(step, self._env.docname))
        content.append(_paragraph("ps-meta", *_join_nodes(" · ", map(self._fact, view.facts))))
        for reference in description.findall(addnodes.pending_xref):
            # generated from a type or by NumPy's "See Also", not written as a role
            if "refdoc" not in reference or reference["reftype"] == "obj":
                reference["refdoc"] = self._env.docname
                reference[QUIET] = True
        if not self._index:
            return [description]
        kind = (gettext("entrypoint of %s") if step.entrypoint else gettext("step of %s")) % full_name(self._flow)
        return [addnodes.index(entries=[index_entry(visible(step.name), kind, signature["ids"][0])]), description]

    def _parse_description(self, step: Step, signature: str, lines: Iterable[str]) -> addnodes.desc:
        """Return Sphinx's description of a function, with its fields and types, but without registering an object."""
        head = [f".. py:function:: step{signature}", ""]
        body = [f"   {line}" for line in lines]
        with self._inside(step):
            children = self._parse_or_refuse(
                step, lambda: parse_rst(head, body, self._document, self._source(step), self._restriction)
            )
            if children is None:
                text = nodes.literal_block(step.docstring, step.docstring, language="none")
                children, _ = parse_rst(head, [], self._document, self._source(step))
                description = next(node for node in children if isinstance(node, addnodes.desc))
                cast("addnodes.desc_content", description[-1]).append(text)
        return next(node for node in children if isinstance(node, addnodes.desc))

    def _markdown(self, step: Step) -> list[nodes.Node]:
        text = "\n".join(markdown_lines(step, self._env, self._line))
        try:
            children = self._parse_or_refuse(
                step, lambda: parse_markdown(text, self._document, self._source(step), self._restriction)
            )
        except ImportError:
            message = 'docstrings in Markdown need MyST. Add "myst_parser" to the extensions.'
            place = (self._env.docname, self._line)
            logger.warning(message, type="penstock", subtype="docstring", location=place, once=True)
            self._env.note_reread()
            return [nodes.paragraph("", step.docstring)]
        return [nodes.literal_block(text, text, language="none")] if children is None else children

    def _parse_or_refuse(
        self, step: Step, parse: Callable[[], tuple[list[nodes.Node], Labels]]
    ) -> list[nodes.Node] | None:
        """Return the parsed nodes, or ``None`` if a foreign docstring cannot be parsed."""
        if self._restriction and not is_readable(step.docstring):
            self._restriction.refuse("more markup in a paragraph than can be parsed")
            return None
        try:
            children, labels = parse()
        except RecursionError:
            if self._restriction is None:
                raise
            self._restriction.refuse("markup that is nested too deeply")
            return None
        self._note_labels(labels)
        return children

    def _report_refused(self, step: Step) -> None:
        """Warn of the markup that a foreign docstring may not use, and that is shown as text."""
        if self._restriction and self._restriction.refused:
            refusals = ", ".join(map(visible, self._restriction.refused))
            self._restriction.refused.clear()
            names, cure = (full_name(self._flow), step.name), "penstock_trust_manifests = True"
            message, place = (
                describe_refused_markup(self._origin, *names, refusals, cure),
                (self._env.docname, self._line),
            )
            logger.warning("%s", escape_line(message), type="penstock", subtype="untrusted", location=place)
            self._env.note_reread()

    def _note_labels(self, labels: Labels) -> None:
        page_labels = domain_of(self._env).page(self._env.docname).labels
        page_labels |= {name: label for name, label in labels.items() if name not in page_labels}

    def _source(self, step: Step) -> str:
        """Return the source of a docstring's messages, in autodoc's words."""
        file = self._origin or self._site.source_file(step) or step.file or step.module
        return f"{file}{OF_DOCSTRING}{visible(step.module)}.{visible(step.qualname)}"

    @contextlib.contextmanager
    def _inside(self, step: Step) -> Iterator[None]:
        """Resolve types as in the step's own module."""
        outer = dict(self._env.ref_context)
        self._env.ref_context["py:module"] = step.module
        self._env.ref_context["py:class"] = step.qualname.rpartition(".")[0] or None
        try:
            yield
        finally:
            self._env.ref_context.clear()
            self._env.ref_context.update(outer)

    def _name(self, signature: addnodes.desc_signature, step: Step) -> None:
        """Turn the signature of a placeholder function into that of the step."""
        name = visible(step.name) or ascii(step.name)
        kinds = (addnodes.desc_parameterlist, addnodes.desc_returns)
        parts: list[nodes.Node] = [part for part in signature if isinstance(part, kinds)]
        # a signature that is not Python syntax, such as one from C, is shown unchanged
        signature[:] = [addnodes.desc_name(name, name), *(parts or [nodes.Text(visible(step.signature))])]
        ident = anchor(self._document, self._site.name_in_ids(self._flow), step.name)
        signature["classes"].append("ps-sig")
        signature["ids"] = [ident]
        signature["_toc_parts"], signature["_toc_name"] = self._contents_entry(name)
        self._document.note_explicit_target(signature)
        if self._index:
            domain_of(self._env).note_object(
                _kind(step), full_name(self._flow, step), self._env.docname, ObjectLocation(ident)
            )
        file = None if self._origin else self._site.source_file(step)
        if file or not (self._origin or "viewcode_line_numbers" in self._env.config):
            signature["module"], signature["fullname"] = step.module, step.qualname
        else:  # viewcode would import the module to find a missing source, and linkcode may
            signature["module"], signature["fullname"] = None, ""

    def _contents_entry(self, name: str) -> tuple[tuple[str, ...], str]:
        """Return the parts of a step's name, and what tables of contents show: as Sphinx has it for a function."""
        if not self._env.config.toc_object_entries:
            return (), ""
        parts = (full_name(self._flow), name)
        return parts, ".".join(parts) if self._env.config.toc_object_entries_show_parents == "all" else name

    def _fact(self, fact: StepFact) -> list[nodes.Node]:
        if fact.source:
            return [_source_link(fact.source)]
        if fact.neighbours:
            items = list(_join_nodes(", ", (self._neighbour(*neighbour) for neighbour in fact.neighbours)))
        else:
            items = list(_join_nodes(" ", ([_chip(chip)] for chip in fact.chips)))
        return [nodes.Text(f"{fact.label} "), *items]

    def _neighbour(self, name: str, label: str) -> list[nodes.Node]:
        reference = step_reference(name, full_name(self._flow, self._flow.step(name)), self._env.docname)
        return [reference, nodes.Text(" "), nodes.emphasis("", "", isolate_text(label))] if label else [reference]


def _kind(step: Step) -> str:
    return "entrypoint" if step.entrypoint else "step"


def _chip(chip: Chip) -> nodes.inline:
    state = (
        [nodes.Text(" "), nodes.inline("", chip.state, classes=[state_class(is_fault=chip.is_fault)])]
        if chip.state
        else []
    )
    classes = [CHIP, *(["ps-chip-io"] if chip.is_channel else [])]
    return nodes.inline("", "", nodes.Text(chip.text), *state, classes=classes, **AS_WRITTEN)


def _source_link(source: SourceLink) -> nodes.Element:
    if source.url:
        return nodes.reference("", source.text, refuri=source.url, internal=False)
    # a builder that checks spelling takes what stands in a paragraph itself for prose
    return nodes.inline("", source.text, **AS_WRITTEN)


def _paragraph(css: str, *children: nodes.Node) -> nodes.paragraph:
    return nodes.paragraph("", "", *children, classes=[css], **UNTRANSLATED)


def _join_nodes(separator: str, groups: Iterable[Sequence[nodes.Node]]) -> Iterator[nodes.Node]:
    for number, group in enumerate(groups):
        if number:
            yield nodes.Text(separator)
        yield from group

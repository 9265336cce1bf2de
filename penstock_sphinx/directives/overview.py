"""The directives ``penstock-flows``, a table of all flows, and ``penstock-map``, a map of their connections."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes

from penstock.embed.options import FlowsOptions, MapOptions, SelectionOptions
from penstock.embed.overview import map_text, name_columns, view_row
from penstock.embed.views import label_diagram
from penstock.render.wording import visible
from penstock_sphinx.directives.base import FigureDirective
from penstock_sphinx.directives.option_spec import OWN_OF_FIGURES, make_spec, read_options
from penstock_sphinx.docnames import folder_of, paths_of
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.i18n import SITE_LANGUAGE, gettext
from penstock_sphinx.nodes import AS_WRITTEN, CHIP, flow_block, flow_reference, translated_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from typing import Any

    from penstock.embed.overview import OverviewRow, Selection
    from penstock.model import Flow
    from penstock_sphinx.nodes import flow_diagram


EXTERNAL_CONTENTS = "external_toc_path"
"""The setting of sphinx-external-toc, where one file has the contents of the site."""

MOST_NAMES = 5
"""Maximum number of pages in a warning."""


def selection_of(options: Mapping[str, Any]) -> Selection:
    """Return the selection that the options of a directive with several flows define."""
    return SelectionOptions(
        **{name: options[name] for name in ("service", "tag", "module", "channel") if name in options}
    ).selection


class SelectingDirective(FigureDirective):
    """A directive that shows several flows."""

    def run(self) -> list[nodes.Node]:
        """Return the nodes for the selected flows, or an error note."""
        domain = domain_of(self.env)
        selection = selection_of(self.options)
        domain.page(self.env.docname).fingerprints[selection] = domain.site.fingerprint(selection)
        if domain.site.failed:
            return self.note("no flows are shown, because they could not be collected", "import")
        flows = domain.site.select(selection)
        wrong = domain.site.find_fault(selection)
        if not flows:
            return self.note(wrong, "unknown_flow")
        if wrong:
            self.warn(wrong, "unknown_flow")
        block = flow_block("", *self.make_nodes(flows, selection))
        self.set_source_info(block)
        return [block, *self.contents(flows)]

    def make_nodes(self, flows: Sequence[Flow], selection: Selection) -> list[nodes.Node]:
        """Return the nodes for some flows."""
        raise NotImplementedError

    def contents(self, flows: Sequence[Flow]) -> list[nodes.Node]:
        """Return the nodes after the block, outside it, because singlehtml inserts whole pages into them."""
        del flows
        return []


class FlowsDirective(SelectingDirective):
    """Lists flows in a table with summary and small diagram; with ``toctree``, each has its own page."""

    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = make_spec(
        FlowsOptions,
        {
            "name": directives.unchanged_required,
            "class": directives.class_option,
            "toctree": directives.unchanged_required,
            "template": directives.unchanged_required,
        },
    )

    def make_nodes(self, flows: Sequence[Flow], selection: Selection) -> list[nodes.Node]:
        """Return the table."""
        del selection
        table = nodes.table("", classes=["ps-flows", *self.options.get("class", [])])
        if "caption" in self.options:
            title, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            table += [nodes.title("", "", *title), *messages]
        self.set_source_info(table)
        self.add_name(table)
        small = read_options(FlowsOptions, self.options).diagrams
        group = nodes.tgroup("", cols=2 + small)
        table += group
        group += [nodes.colspec(colwidth=width) for width in ((30, 40, 30) if small else (35, 65))]
        heads = name_columns(diagrams=small, language=SITE_LANGUAGE)
        group += nodes.thead("", make_row([nodes.paragraph("", head)] for head in heads))
        group += nodes.tbody("", *(self._row(view_row(flow, SITE_LANGUAGE), small=small) for flow in flows))
        return [table]

    def _row(self, row: OverviewRow, *, small: bool) -> nodes.row:
        kind = translated_text if visible(row.flow.title) else nodes.paragraph
        name = kind("", "", flow_reference(row.flow, self.env.docname, row.title))
        meta = nodes.paragraph("", " · ".join(row.facts), classes=["ps-meta"], **AS_WRITTEN)
        for channel in row.channels:
            meta += [nodes.Text(" "), nodes.inline("", channel, classes=[CHIP, "ps-chip-io"])]
        description = translated_text("", row.summary)
        for text in (name, description):
            self.set_source_info(text)
        cells: list[list[nodes.Node]] = [[name, meta], [description]]
        return make_row([*cells, [self._small(row.flow)]] if small else cells)

    def _small(self, flow: Flow) -> flow_diagram:
        look = domain_of(self.env).site.drawing.small_look
        return self.diagram(look.flow(flow), flow.full_name, label_diagram(flow, SITE_LANGUAGE), look)

    def contents(self, flows: Sequence[Flow]) -> list[nodes.Node]:
        """Return a hidden table of contents if there are pages."""
        if "toctree" not in self.options:
            return []
        folder = folder_of(self.env.docname, self.options["toctree"])
        if folder is None:
            message = f"the folder {self.options['toctree']!r} in :toctree: is outside the folder of the sources."
            self.warn(f"{message} Name one inside it, such as 'flows'.", "page")
            return []
        names = list(paths_of(flows, domain_of(self.env).site.page_names, folder))
        docnames = [name for name in names if name in self.env.found_docs]
        if missing := [name for name in names if name not in self.env.found_docs]:
            listing = ", ".join(missing[:MOST_NAMES]) + (" and more" if len(missing) > MOST_NAMES else "")
            self.warn(f"these pages were not made: {listing}. {self._cause(missing[0])}", "page")
        if EXTERNAL_CONTENTS in self.env.config:  # warns of every table of contents in a page, as Jupyter Book does
            return []
        contents = addnodes.toctree("", entries=[(None, name) for name in docnames], includefiles=docnames, glob=False)
        contents.attributes |= {
            "parent": self.env.docname,
            "caption": None,
            "numbered": 0,
            "maxdepth": -1,
            "hidden": True,
            "includehidden": False,
            "titlesonly": True,
        }
        self.set_source_info(contents)
        return [nodes.compound("", contents, classes=["toctree-wrapper"])]

    def _cause(self, page: str) -> str:
        """Return why a page is missing, and what to do."""
        if page not in domain_of(self.env).asked_for:
            return "The directive must be written in the page itself; includes are not searched."
        if Path(self.env.doc2path(page)).exists():
            return "They are there, but exclude_patterns in conf.py leaves them out. Name another folder in :toctree:."
        return "A warning above says why."


class MapDirective(SelectingDirective):
    """Draws the system map: flows, connected by the channels that are effects of one and triggers of another."""

    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = make_spec(MapOptions, OWN_OF_FIGURES)

    def make_nodes(self, flows: Sequence[Flow], selection: Selection) -> list[nodes.Node]:
        """Return the map as a figure."""
        del flows
        map_flow = domain_of(self.env).site.draw_map(selection)
        look = domain_of(self.env).site.drawing.choose_look(read_options(MapOptions, self.options))
        caption = self.caption()
        diagram = self.diagram(map_flow, selection, gettext("System map"), look, map_text(map_flow))
        figure = self.figure(diagram, caption)
        self.set_source_info(figure)
        self.add_name(figure)
        return [figure]


def make_row(cells: Iterable[Sequence[nodes.Node]]) -> nodes.row:
    """Return the row of a table."""
    return nodes.row("", *(nodes.entry("", *cell) for cell in cells))

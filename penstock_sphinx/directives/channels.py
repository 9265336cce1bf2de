"""The directive ``penstock-channels``: the index of tables, topics, hosts and files that flows use."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives

from penstock.embed.assets import state_class
from penstock.embed.channels import name_channel_columns, view_channels
from penstock.embed.options import ChannelsOptions
from penstock.embed.overview import map_text
from penstock.render.wording import visible
from penstock_sphinx.build.site import full_name
from penstock_sphinx.directives.option_spec import make_spec, read_options
from penstock_sphinx.directives.overview import SelectingDirective, make_row
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.i18n import SITE_LANGUAGE
from penstock_sphinx.nodes import CHIP, UNTRANSLATED, step_reference

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import Any

    from penstock.embed.channels import ChannelRow, UsingStep
    from penstock.embed.overview import Selection
    from penstock.model import Flow
    from penstock_sphinx.nodes import flow_diagram

WIDTHS = (25, 25, 25, 25)


class ChannelsDirective(SelectingDirective):
    """Lists what flows use in a table: who writes it, who follows it, and a small map."""

    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = make_spec(
        ChannelsOptions, {"name": directives.unchanged_required, "class": directives.class_option}
    )

    def make_nodes(self, flows: Sequence[Flow], selection: Selection) -> list[nodes.Node]:
        """Return the table."""
        del flows
        small = read_options(ChannelsOptions, self.options).diagrams
        table = nodes.table("", classes=["ps-flows", "ps-channels", *self.options.get("class", [])])
        if "caption" in self.options:
            title, messages = self.parse_inline(self.options["caption"], lineno=self.lineno)
            table += [nodes.title("", "", *title), *messages]
        self.set_source_info(table)
        self.add_name(table)
        group = nodes.tgroup("", cols=3 + small)
        table += group
        group += [nodes.colspec(colwidth=width) for width in WIDTHS[: 3 + small]]
        heads = name_channel_columns(diagrams=small, language=SITE_LANGUAGE)
        group += nodes.thead("", make_row([nodes.paragraph("", head)] for head in heads))
        rows = view_channels(domain_of(self.env).site, selection)
        group += nodes.tbody("", *(self._row(row, small=small) for row in rows))
        return [table]

    def _row(self, row: ChannelRow, *, small: bool) -> nodes.row:
        name = nodes.paragraph(
            "", "", nodes.inline("", visible(row.channel), classes=[CHIP, "ps-chip-io"]), **UNTRANSLATED
        )
        cells: list[list[nodes.Node]] = [[name], self._list(row.writers), self._list(row.followers)]
        return make_row([*cells, [self._small(row)]] if small else cells)

    def _list(self, steps: Sequence[UsingStep]) -> list[nodes.Node]:
        return [
            nodes.paragraph(
                "",
                "",
                step_reference(step.step, full_name(step.flow, step.flow.step(step.step)), self.env.docname),
                nodes.Text(" "),
                nodes.inline("", visible(step.flow.full_name), classes=["ps-meta"]),
                *_describe_state(step),
                **UNTRANSLATED,
            )
            for step in steps
        ]

    def _small(self, row: ChannelRow) -> flow_diagram:
        site = domain_of(self.env).site
        look, map_flow = site.drawing.small_look, site.draw_map(row.selection)
        return self.diagram(look.flow(map_flow), row.selection, visible(row.channel), look, map_text(map_flow))


def _describe_state(step: UsingStep) -> list[nodes.Node]:
    css = state_class(is_fault=step.is_fault)
    return [nodes.Text(" "), nodes.inline("", step.state, classes=[css])] if step.state else []

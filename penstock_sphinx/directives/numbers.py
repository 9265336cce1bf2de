"""How often the steps and edges of a flow ran: the origin of the numbers in words, and tables."""

from __future__ import annotations

from typing import TYPE_CHECKING

from docutils import nodes

from penstock_sphinx.nodes import UNTRANSLATED, isolate_text, keep_order

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.embed.numbers import NumbersRow, NumbersTable, NumbersView


def make_numbers(view: NumbersView) -> list[nodes.Node]:
    """Return the nodes under a flow's diagram."""
    origin = nodes.paragraph("", view.origin, classes=["ps-origin"], **UNTRANSLATED)
    return [origin, *map(_make_table, view.tables)]


def _make_table(table: NumbersTable) -> nodes.container:
    columns = len(table.heads)
    widths = (nodes.colspec(colwidth=width) for width in (40, *[60 // (columns - 1)] * (columns - 1)))
    heads = [[nodes.Text(head)] for head in table.heads]
    group = nodes.tgroup("", *widths, cols=columns)
    group += nodes.thead("", _make_row(heads))
    group += nodes.tbody("", *(_make_row(list(_iter_cells(row))) for row in table.rows))
    return nodes.container("", nodes.table("", group, classes=["ps-numbers"]), classes=["ps-scroll"])


def _iter_cells(row: NumbersRow) -> Iterator[Sequence[nodes.Node]]:
    name: list[nodes.Node] = []
    for part in row.names:
        name += [nodes.Text(" → "), isolate_text(part)] if name else [isolate_text(part)]
    label = [nodes.Text(f" ({row.label})")] if row.label else []
    yield [*keep_order(row.names, name), *label]
    yield from ([nodes.Text(cell)] for cell in row.cells)


def _make_row(cells: Sequence[Sequence[nodes.Node]]) -> nodes.row:
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *cell, **UNTRANSLATED)) for cell in cells))

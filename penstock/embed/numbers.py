"""The numbers of a flow as tables below its diagram, and the runs that they come from, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from penstock._util.display_text import plain
from penstock.embed.language import ENGLISH
from penstock.render.numbers import tabulate
from penstock.render.wording import name_ends, visible

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.embed.language import Language
    from penstock.model import Edge, Flow, Numbers, NumbersOrigin


class NumbersRow(NamedTuple):
    """A row of a table: the name of a step, or those of both ends of an edge with its label, and the numbers."""

    names: tuple[str, ...]
    label: str
    cells: tuple[str, ...]

    @property
    def name(self) -> str:
        """The names in a line, with the label behind them."""
        ends = name_ends(*self.names) if len(self.names) > 1 else self.names[0]
        return f"{ends} ({self.label})" if self.label else ends


class NumbersTable(NamedTuple):
    """A table of numbers: the titles of its columns, and its rows."""

    heads: tuple[str, ...]
    rows: tuple[NumbersRow, ...]


class NumbersView(NamedTuple):
    """The numbers of a flow.

    Attributes:
        origin: The runs that they come from, in words.
        tables: A table of steps, and one of edges if there are any.
    """

    origin: str
    tables: tuple[NumbersTable, ...]


def view_numbers(flow: Flow, language: Language = ENGLISH) -> NumbersView | None:
    """Return the numbers of a flow, or ``None`` if it has none."""
    if flow.numbers is None:
        return None
    steps = [((visible(step.name),), "", step.numbers) for step in flow.steps if step.numbers]
    edges = [(_ends(edge), visible(edge.label), edge.numbers) for edge in flow.edges if edge.numbers]
    tables = (
        _make_table(language.gettext("Step"), steps, language),
        _make_table(language.gettext("Arrow"), edges, language),
    )
    return NumbersView(describe_origin(flow.numbers, language), tuple(table for table in tables if table.rows))


def describe_origin(origin: NumbersOrigin, language: Language = ENGLISH) -> str:
    """Return the runs that numbers come from, in words, such as ``31 runs of tests``."""
    count = language.localize_digits(f"{origin.runs:,}")
    if origin.source == "tests":
        return language.ngettext("%s run of tests", "%s runs of tests", origin.runs) % count
    if not origin.source:
        return language.ngettext("%s recorded run", "%s recorded runs", origin.runs) % count
    runs = language.ngettext("%s run in production", "%s runs in production", origin.runs) % count
    days = list(dict.fromkeys(filter(None, map(plain, (origin.first, origin.last)))))
    period = language.gettext("%s to %s") % (days[0], days[1]) if len(days) > 1 else "".join(days)
    return f"{runs}, {period}" if period else runs


def _ends(edge: Edge) -> tuple[str, str]:
    return visible(edge.source), visible(edge.target)


def _make_table(title: str, named: Sequence[tuple[tuple[str, ...], str, Numbers]], language: Language) -> NumbersTable:
    """Return a table with those columns in which something is known."""
    titles = {
        "Runs": language.gettext("Runs"),
        "Share": language.gettext("Share"),
        "Errors": language.gettext("Errors"),
    }
    columns = tabulate([numbers for _, _, numbers in named])
    rows = (
        NumbersRow(names, label, tuple(map(language.localize_digits, cells)))
        for (names, label, _), cells in zip(named, zip(*columns.values(), strict=True), strict=True)
    )
    return NumbersTable((title, *(titles.get(column, column) for column in columns)), tuple(rows))

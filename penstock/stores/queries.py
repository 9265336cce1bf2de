"""The queries for a store: which spans, how their facts are found, and what is counted."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.stores.templates import fill_template

if TYPE_CHECKING:
    from penstock.stores.address import Dialect
    from penstock.stores.templates import Schema, Way

HOUR = 3_600 * 10**9
"""Nanoseconds."""

MARGIN = HOUR
"""Of a trace that begins in a window, spans up to this long after it are read, too."""


@dataclass(frozen=True, slots=True)
class SpanSource:
    """The spans of a store.

    Attributes:
        schema: How they are stored.
        table: The quoted table, or a function that reads files.
        columns: Expressions of columns that not every table has.
    """

    schema: Schema
    table: str
    columns: tuple[tuple[str, str], ...] = ()

    @property
    def dialect(self) -> Dialect:
        """The dialect of SQL."""
        return self.schema.dialect

    def select_spans(self, since: object, until: object) -> str:
        """Return the query of the spans that begin in a window.

        Args:
            since: Nanoseconds, or an expression of them.
            until: The same.
        """
        values = {"weight": self.schema.weight, **dict(self.columns)}
        return fill_template(self.dialect, self.schema.template, table=self.table, since=since, until=until, **values)

    def select_steps(self, way: Way, since: object, until: object) -> str:
        """Return the query of the steps that begin in a window, or by parents and times: whose traces do."""
        if way == "attributes":
            return fill_template(self.dialect, "attributes", spans=self.select_spans(since, until))
        spans = self.select_spans(f"({since} - {MARGIN})", f"({until} + {MARGIN})")
        groups = fill_template(self.dialect, "groups", spans=spans) if self.dialect == "clickhouse" else ""
        return fill_template(self.dialect, "parents", spans=spans, groups=groups, first=since, last=until)

    def count_facts(self, way: Way, since: object, until: object) -> str:
        """Return the query that counts facts."""
        steps, bucket = self.select_steps(way, since, until), fill_template(self.dialect, "bucket")
        return fill_template(self.dialect, "facts", steps=steps, bucket=bucket)

    def count_tops(self, way: Way, since: object, until: object) -> str:
        """Return the query that counts the steps outside every run."""
        steps, bucket = self.select_steps(way, since, until), fill_template(self.dialect, "bucket")
        return fill_template(self.dialect, "tops", steps=steps, bucket=bucket)

    def measure_coverage(self, since: object, until: object) -> str:
        """Return the query of how many spans of steps have a fact."""
        return fill_template(self.dialect, "coverage", spans=self.select_spans(since, until))

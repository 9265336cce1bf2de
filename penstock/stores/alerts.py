"""Texts for those who run queries themselves: the view, the facts and the alert of undeclared ways."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING

from penstock.check.evidence.name_texts import escape_name
from penstock.stores.templates import fill_template, quote_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import Flow
    from penstock.stores.address import Dialect
    from penstock.stores.queries import SpanSource

FACTS = "penstock_facts"
"""The table or view with the counts."""

NO_STEP = ""
"""No step has this name."""


def write_view(source: SpanSource) -> str:
    """Return the statements that make the table of facts, and keep it up to date."""
    always = ("0", "9000000000000000000")
    bucket = fill_template(source.dialect, "bucket") if source.dialect == "clickhouse" else ""
    steps = source.select_steps("attributes", *always)
    counts = fill_template(source.dialect, "counts", steps=steps, bucket=bucket)
    return fill_template(source.dialect, "view", counts=counts) + (";" if not bucket else "")


def write_facts(source: SpanSource, days: int) -> str:
    """Return the query of the facts of some days."""
    if source.dialect == "clickhouse":
        since = f"toUnixTimestamp64Nano(now64(9) - INTERVAL {days} DAY)"
        until = "toUnixTimestamp64Nano(now64(9))"
    else:
        since, until = f"epoch_ns(now()::TIMESTAMP - INTERVAL {days} DAY)", "epoch_ns(now()::TIMESTAMP)"
    return source.count_facts("attributes", since, until) + ";"


def write_alert(flows: Iterable[Flow], dialect: Dialect) -> str:
    """Return the query of the ways that no arrow of some flows declares."""
    sources: dict[tuple[str, str], list[str]] = defaultdict(list)
    waiting: set[str] = set()
    for flow in flows:
        kinds = {step.name: step.kind for step in flow.steps}
        sources.update({(flow.name, step.name): [] for step in flow.steps})
        for edge in flow.edges:
            sources[flow.name, edge.target].append(edge.source)
            if kinds.get(edge.source, "").endswith("generator"):
                waiting.add(edge.target)
    arrows = ",\n            ".join(_write_arrow(*step, names, dialect) for step, names in sorted(sources.items()))
    steps = ", ".join(quote_text(name, dialect) for name in sorted(waiting) or [NO_STEP])
    return fill_template(dialect, "alert", arrows=arrows, waiting=steps, table=FACTS)


def _write_arrow(flow: str, step: str, sources: list[str], dialect: Dialect) -> str:
    lists = (sorted(sources), sorted(map(escape_name, sources)))
    texts = [f"[{', '.join(quote_text(name, dialect) for name in names)}]" for names in lists]
    if dialect == "duckdb":
        texts = [f"{text}::VARCHAR[]" for text in texts]
    return f"({quote_text(flow, dialect)}, {quote_text(step, dialect)}, {', '.join(texts)})"


def write_grafana_rule(query: str, source: str) -> str:
    """Return an alert rule for Grafana's provisioning, as YAML.

    See https://grafana.com/docs/grafana/latest/alerting/set-up/provision-alerting-resources/file-provisioning/.

    Args:
        query: The query of the alert.
        source: The UID of the data source.
    """
    lines = "\n".join(f"                {line}".rstrip() for line in query.splitlines())
    return _RULE.replace("@source", json.dumps(source)).replace("@query", lines)


_RULE = """\
apiVersion: 1
groups:
  - orgId: 1
    name: penstock
    folder: penstock
    interval: 5m
    rules:
      - uid: penstock-undeclared
        title: A way that no arrow declares
        condition: B
        for: 0s
        noDataState: OK
        execErrState: Error
        labels:
          tool: penstock
        annotations:
          summary: "{{ $labels.flow }}: {{ $labels.step }} ran in {{ $labels.inside }}, as in trace {{ $labels.trace }}"
        data:
          - refId: A
            relativeTimeRange:
              from: 86400
              to: 0
            datasourceUid: @source
            model:
              refId: A
              editorType: sql
              queryType: table
              format: 1
              rawSql: |
@query
          - refId: B
            datasourceUid: __expr__
            model:
              refId: B
              type: threshold
              expression: A
              conditions:
                - evaluator:
                    type: gt
                    params: [0]
"""

"""``penstock sql``: the queries for those who run them themselves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.cli.common_options import add_sources, read_config
from penstock.cli.terminal import CLEAN
from penstock.errors import ConfigError

if TYPE_CHECKING:
    import argparse

    from penstock.stores.queries import SpanSource

DIALECTS = {
    "clickhouse": ("clickhouse", "collector"),
    "clickstack": ("clickhouse", "clickstack"),
    "signoz": ("clickhouse", "signoz"),
    "jaeger": ("clickhouse", "jaeger"),
    "duckdb": ("duckdb", "collector"),
}
"""The dialect of SQL and the schema of each name."""

HELP = "print queries that find undeclared ways in stores of traces"


def add(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    """Add the command."""
    parser = commands.add_parser("sql", help=HELP, description=f"{HELP[0].upper()}{HELP[1:]}.")
    what = "the view that counts facts, the query of facts, or the query of undeclared ways, which reads the view"
    parser.add_argument("what", choices=("view", "facts", "alert"), metavar="view|facts|alert", help=what)
    dialect = "whose SQL and table: clickhouse (the default), clickstack, signoz, jaeger or duckdb"
    parser.add_argument("--dialect", choices=DIALECTS, default="clickhouse", metavar="NAME", help=dialect)
    parser.add_argument("--table", default="", metavar="NAME", help="the table of spans; by default the schema's own")
    parser.add_argument("--format", choices=("sql", "grafana"), default="sql", help="grafana: an alert rule as YAML")
    source = "the UID of Grafana's data source; clickhouse by default"
    parser.add_argument("--datasource", default="clickhouse", metavar="UID", help=source)
    add_sources(parser)
    parser.set_defaults(action=_print_sql)


def _print_sql(parsed: argparse.Namespace) -> int:
    from penstock.stores import alerts  # noqa: PLC0415 - other commands do without

    if parsed.format == "grafana" and parsed.what != "alert":
        raise ConfigError(
            "only the alert is a rule of Grafana. Write: penstock sql alert --format grafana", where="--format"
        )
    if parsed.what == "view":
        print(alerts.write_view(_find_source(parsed)))
    elif parsed.what == "facts":
        print(alerts.write_facts(_find_source(parsed), days=7))
    else:
        _print_alert(parsed)
    return CLEAN


def _find_source(parsed: argparse.Namespace) -> SpanSource:
    from penstock.stores.connections import find_optional_columns  # noqa: PLC0415 - other commands do without
    from penstock.stores.queries import SpanSource  # noqa: PLC0415 - the same
    from penstock.stores.templates import find_schema, quote_table  # noqa: PLC0415 - the same

    dialect, name = DIALECTS[parsed.dialect]
    schema = find_schema(name, "duckdb" if dialect == "duckdb" else "clickhouse")
    columns = find_optional_columns([]) if dialect == "duckdb" else ()
    return SpanSource(schema, quote_table(parsed.table or schema.table), columns)


def _print_alert(parsed: argparse.Namespace) -> None:
    from penstock.collect import collect  # noqa: PLC0415 - other commands do without
    from penstock.collect.plan import CollectPlan  # noqa: PLC0415 - the same
    from penstock.stores import alerts  # noqa: PLC0415 - the same

    flows = collect(CollectPlan.of(read_config(parsed))).flows
    if not flows:
        raise ConfigError("there is no flow. Name the modules that declare them: -m", where="penstock sql alert")
    dialect, _ = DIALECTS[parsed.dialect]
    query = alerts.write_alert(flows, "duckdb" if dialect == "duckdb" else "clickhouse")
    print(alerts.write_grafana_rule(query, parsed.datasource) if parsed.format == "grafana" else f"{query};")

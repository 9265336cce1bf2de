"""Reads the tables of statements that write several tables, or one by an alias, with sqlglot, if it is installed."""

from __future__ import annotations

import re
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator

    from penstock.effects.sql_tables import Names

_DIALECTS = {"postgres": "postgres", "mysql": "mysql", "sqlite": "sqlite", "mssql": "tsql", "oracle": "oracle"}
_PARAMETER = re.compile(r"%\([^)]{0,128}\)s|%s")


class ParsedTables(NamedTuple):
    """The tables of a statement.

    Attributes:
        writes: Those that it writes.
        reads: Those that it only reads.
    """

    writes: Names
    reads: Names


def parse_tables(system: str, text: str) -> ParsedTables | None:
    """Return the tables of a statement, or ``None`` without sqlglot, or where it does not understand the statement.

    Args:
        system: The kind of database.
        text: The statement, or several.
    """
    try:
        import sqlglot  # noqa: PLC0415 - an extra, which few statements need
    except ImportError:
        return None
    with suppress(Exception), _without_log():  # a statement of any dialect, whole or not
        dialect = _DIALECTS.get(system, "")
        statements = [tree for tree in sqlglot.parse(_PARAMETER.sub("NULL", text), read=dialect) if tree is not None]
        tables = [_read_statement(tree) for tree in statements]
        return ParsedTables(
            set().union(*(part.writes for part in tables)), set().union(*(part.reads for part in tables))
        )
    return None


@contextmanager
def _without_log() -> Iterator[None]:
    """Let the parser keep what it does not understand to itself: the application's log is not ours."""
    import logging  # noqa: PLC0415 - this module is in every watched process, and logging brings inspect on Python 3.14

    logger = logging.getLogger("sqlglot")
    is_disabled, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = is_disabled


def _read_statement(tree: Any) -> ParsedTables:
    from sqlglot import exp  # noqa: PLC0415 - see above

    queries = {query.alias_or_name.lower() for query in tree.find_all(exp.CTE)}
    targets = {id(table): table for node in tree.find_all(exp.DML, exp.Merge) for table in _find_targets(exp, node)}
    tables = [table for table in tree.find_all(exp.Table) if table.name and table.name.lower() not in queries]
    aliases = {table.alias.lower(): _name(table) for table in tables if table.alias}
    writes = {aliases.get(table.name.lower(), _name(table)) for table in targets.values() if table.name}
    others = {_name(table) for table in tables if id(table) not in targets and table.name.lower() not in aliases}
    return ParsedTables(writes, others - writes)


def _find_targets(exp: Any, node: Any) -> list[Any]:
    """Return the tables, or aliases of tables, that a statement changes."""
    if isinstance(node, exp.Delete) and node.args.get("tables"):
        return list(node.args["tables"])
    columns = [change.this for change in node.expressions if isinstance(change, exp.EQ)]
    owners = [exp.to_table(column.table) for column in columns if isinstance(column, exp.Column) and column.table]
    if isinstance(node, exp.Update) and owners and node.this.args.get("joins"):
        return owners
    target = node.this.this if isinstance(node.this, exp.Schema) else node.this
    return [target] if isinstance(target, exp.Table) else []


def _name(table: Any) -> tuple[str, ...]:
    return tuple(part if quoted else part.lower() for part, quoted in _find_parts(table))


def _find_parts(table: Any) -> list[tuple[str, bool]]:
    parts = [table.args.get("db"), table.this]
    return [(part.name, bool(part.args.get("quoted"))) for part in parts if part is not None]

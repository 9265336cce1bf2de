"""What libraries of databases execute, with SQLite."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import suppress

import pytest

from effect_probe import probe_effects


def test_sqlite3():
    """A connection of the standard library tells the tables, as soon as it is opened; parameters stay private."""
    with probe_effects() as probe:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE stock (part)")
        connection.execute("INSERT INTO stock VALUES (?)", ("SELECT 1 FROM secret",))
        connection.execute("SELECT * FROM stock").fetchall()
        connection.close()
    assert (["sqlite:stock"], ["sqlite:stock"]) == (probe.writes, probe.reads)


@pytest.mark.parametrize(
    ("statement", "values"),
    [
        ('UPDATE "main"."stock" SET part = ? WHERE part = ?', ("it's FROM a", 17)),
        ("-- it's\nUPDATE stock SET part = ?", ("FROM a",)),
        ("UPDATE [stock] SET part = 'x''FROM a' /* FROM b */", ()),
        ("UPDATE `stock` SET part = ?", (b"FROM a",)),
    ],
)
def test_values_of_sqlite3(statement, values):
    """SQLite tells a statement with its values, which are no names of tables."""
    with probe_effects() as probe:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE TABLE stock (part)")
        connection.execute(statement, values)
        connection.close()
    assert (["sqlite:stock"], []) == (probe.writes, probe.reads)


def test_sqlalchemy():
    """SQLAlchemy's engine tells the tables, with the name of its dialect."""
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine("sqlite://")
    metadata = sqlalchemy.MetaData()
    stock = sqlalchemy.Table("stock", metadata, sqlalchemy.Column("part", sqlalchemy.String))
    sqlalchemy.Table("shelf", metadata, sqlalchemy.Column("part", sqlalchemy.String))
    metadata.create_all(engine)
    with probe_effects() as probe, engine.begin() as connection:  # sqlite3 itself was opened before
        connection.execute(stock.insert(), [{"part": "bolt"}, {"part": "nut"}])
        connection.execute(sqlalchemy.text("SELECT * FROM shelf"))
    engine.dispose()
    assert (["sqlite:stock"], ["sqlite:shelf"]) == (probe.writes, probe.reads)


def test_aiosqlite():
    """Aiosqlite tells the tables in the task that asks, not only in its own thread."""
    aiosqlite = pytest.importorskip("aiosqlite")

    async def main():
        async with aiosqlite.connect(":memory:") as database:
            await database.executescript("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
            await database.execute("UPDATE t SET a = 2")
            async with database.execute("SELECT a FROM t") as cursor:
                await cursor.fetchall()

    with probe_effects() as probe:
        asyncio.run(main())
    assert (["sqlite:t"], ["sqlite:t"]) == (probe.writes, probe.reads)


def test_pymysql():
    """A cursor of PyMySQL tells its statement before its connection executes it."""
    cursors = pytest.importorskip("pymysql.cursors")
    cursor = cursors.Cursor(None)  # there is no server to be had here
    with probe_effects() as probe:
        for method, arguments in ((cursor.execute, ()), (cursor.executemany, ([],))):
            with suppress(Exception):
                method("INSERT INTO stock SELECT * FROM shelf", *arguments)
    assert (["mysql:stock"], ["mysql:shelf"]) == (probe.writes, probe.reads)

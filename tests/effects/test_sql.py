"""Tables of SQL statements."""

from __future__ import annotations

import sys

import pytest

from penstock.effects.sql import read_sql

STATEMENTS = [
    ("INSERT INTO public.Orders (a, b) VALUES ('x from y', 1)", "orders", ""),
    ("INSERT OR REPLACE INTO t VALUES (?)", "t", ""),
    ("REPLACE INTO t SELECT 1", "t", ""),
    ("INSERT INTO t (a) SELECT b FROM u ON CONFLICT (id) DO UPDATE SET a = excluded.a", "t", "u"),
    ("INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = 2", "t", ""),
    ('UPDATE "Order" SET x = 1 FROM other', "Order", "other"),
    ("UPDATE OR IGNORE t SET a = 1", "t", ""),
    ("DELETE FROM a USING b, c WHERE a.id = b.id", "a", "b c"),
    ("DELETE FROM `my-table` WHERE x = ?; UPDATE t2 SET a = 'it''s'", "my-table t2", ""),
    ("TRUNCATE TABLE a, b CASCADE", "a b", ""),
    ("MERGE INTO t USING s ON t.i = s.i WHEN MATCHED THEN UPDATE SET x = 1 WHEN NOT MATCHED THEN DELETE", "t", "s"),
    ("COPY parts (a, b) FROM STDIN", "parts", ""),
    ("COPY parts TO STDOUT", "", "parts"),
    ("COPY (SELECT * FROM x) TO STDOUT", "", "x"),
    ("REFRESH MATERIALIZED VIEW CONCURRENTLY v", "v", ""),
    ("LOAD DATA INFILE 'x' INTO TABLE t", "t", ""),
    ("CREATE TABLE n AS SELECT * FROM o", "n", "o"),
    ("SELECT a INTO n FROM o", "n", "o"),
    ("SELECT * FROM a, b x JOIN c.d ON a.i = b.i, e WHERE x IN (SELECT y FROM f) FOR UPDATE", "", "a b c.d e f"),
    ("SELECT * FROM LATERAL (SELECT 1 FROM k) AS l, ONLY m", "", "k m"),
    ("(SELECT a FROM x) UNION (SELECT b FROM y)", "", "x y"),
    ("SELECT [a b].x FROM [dbo].[My Table] AS t", "", "My Table"),
    ("SELECT 1 -- FROM x\nFROM y /* FROM z */", "", "y"),
    ('DECLARE "c" NO SCROLL CURSOR WITH HOLD FOR SELECT a FROM x', "", "x"),
    ("WITH RECURSIVE t(a) AS (SELECT 1 FROM z) SELECT * FROM t", "", "z"),
    (
        "WITH t AS (DELETE FROM q RETURNING *), u AS MATERIALIZED (SELECT 1 FROM z) INSERT INTO m SELECT * FROM t, u",
        "m q",
        "z",
    ),
    ("SELECT EXTRACT(year FROM ts), a IS DISTINCT FROM b FROM generate_series(1, 2) g, tt", "", "tt"),
    ("SELECT $$ from q $$, $tag$ from r $tag$ FROM %s", "", ""),
    ("SELECT E'it\\'s' FROM t", "", "t"),
    ("SELECT :from, @from, %(from)s FROM t", "", "t"),
    ("CREATE TABLE n (a int)", "", ""),
    ("CREATE TRIGGER x AFTER INSERT ON t BEGIN UPDATE z SET a = 1", "", ""),
    ("EXPLAIN SELECT 1 FROM x", "", ""),
    ("SELECT name FROM sqlite_master, information_schema.tables, pg_class", "", ""),
    ("SAVEPOINT s", "", ""),
    ("", "", ""),
]


@pytest.mark.parametrize(("statement", "writes", "reads"), STATEMENTS, ids=[row[0][:50] for row in STATEMENTS])
def test_tables(statement, writes, reads):
    """A statement tells the tables that it writes and reads, and nothing else."""
    touches = read_sql("postgresql", statement)
    expected = [("writes", f"postgres:{name}") for name in writes.split(" ") if name]
    expected += [("reads", f"postgres:{name}") for name in reads.split(" ") if name]
    if "My Table" in reads:
        expected = [("reads", "postgres:My Table")]
    assert expected == [tuple(touch) for touch in touches]


def test_escapes_of_mysql():
    """In MySQL a backslash escapes a quote, and double quotes are those of strings."""
    assert [("reads", "mysql:t")] == [
        tuple(x) for x in read_sql("mariadb", r"""SELECT 'a\' FROM b', "FROM c" FROM t""")
    ]


ALIASES = [
    ("mssql", "UPDATE p SET p.n = %s FROM parts AS p JOIN stock s ON s.id = p.id", "parts", "stock"),
    ("mysql", "DELETE p, s FROM parts p JOIN stock s ON p.id = s.id WHERE p.n = %(n)s", "parts stock", ""),
    ("mysql", "UPDATE parts p JOIN stock s ON p.id = s.id SET s.n = 1", "stock", "parts"),
    ("mysql", "DELETE FROM p USING shop.parts AS p JOIN stock ON 1", "shop.parts", "stock"),
    ("postgres", "DELETE FROM parts p USING stock s WHERE p.id = s.id", "parts", "stock"),
]


@pytest.mark.parametrize(("system", "statement", "writes", "reads"), ALIASES)
def test_alias(system, statement, writes, reads):
    """A table that is written by an alias has its own name."""
    pytest.importorskip("sqlglot")
    touches = [*(("writes", name) for name in writes.split()), *(("reads", name) for name in reads.split())]
    assert [(verb, f"{system}:{name}") for verb, name in touches] == [*map(tuple, read_sql(system, statement))]


@pytest.mark.parametrize(("system", "statement"), [row[:2] for row in ALIASES])
def test_alias_without_parser(monkeypatch, system, statement):
    """Without sqlglot, no alias is taken for a table."""
    monkeypatch.setitem(sys.modules, "sqlglot", None)
    touches = read_sql(system, f"{statement} -- plainly")
    assert {f"{system}:p", f"{system}:s"}.isdisjoint(touch.target for touch in touches)


@pytest.mark.parametrize(
    "statement", ["UPDATE p SET FROM parts p", "UPDATE a JOIN b JOIN '", "DELETE p FROM q p WHERE (("]
)
def test_broken_statement(statement):
    """A statement that no parser understands raises nothing."""
    assert isinstance(read_sql("mysql", statement), tuple)


def test_bytes():
    """A statement may be bytes."""
    assert [("writes", "sqlite:t")] == [tuple(touch) for touch in read_sql("sqlite", b"DELETE FROM t")]


@pytest.mark.parametrize("start", ["", "SELECT a FROM ", "WITH ", "COPY "])
@pytest.mark.parametrize("fragment", ["/*", "'", "$a$b$c$", "(", "a,", "a AS (", "[a", '"', "%(", "COPY ", "x."])
def test_hostile_text(start, fragment):
    """A statement of any length and any nonsense is read in bounded time, and raises nothing."""
    assert len(read_sql("sqlite", start + fragment * 1_000_000)) < 10


def test_long_statement():
    """Of a long statement only the beginning is read, where the names are."""
    assert 1 == len(read_sql("sqlite", "INSERT INTO t VALUES " + "(1, 'FROM x')," * 100_000))

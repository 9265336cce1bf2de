"""What drivers of PostgreSQL execute, with a real server."""

from __future__ import annotations

import asyncio
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import pytest

from effect_probe import probe_effects
from postgres_server import run_postgres

psycopg = pytest.importorskip("psycopg")

from penstock import flow, observing  # noqa: E402
from penstock._recording.effects import effect_hooks  # noqa: E402
from penstock.effects.libraries.drivers import BUILTINS  # noqa: E402
from penstock.observers.evidence import EvidenceObserver  # noqa: E402

TOUCHES = (["postgres:shelf", "postgres:stock"], ["postgres:shelf", "postgres:stock"])


@pytest.fixture(scope="module")
def database():
    """The address of a database with two tables."""
    with tempfile.TemporaryDirectory(prefix="penstock-postgres-") as folder, run_postgres(Path(folder)) as address:
        deadline = time.monotonic() + 600
        while time.monotonic() < deadline:
            with suppress(psycopg.OperationalError), psycopg.connect(address) as connection:
                connection.execute("CREATE TABLE stock (part text)")
                connection.execute("CREATE TABLE shelf (part text)")
                break
        yield address


def test_psycopg(database):
    """A cursor of psycopg tells its statements, composed ones, copies and those of the server's cursors among them."""
    with psycopg.connect(database) as connection, probe_effects() as probe, connection.cursor() as cursor:
        connection.execute("INSERT INTO stock VALUES (%s)", ["SELECT 1 FROM secret"])
        cursor.executemany("INSERT INTO stock VALUES (%s)", [["bolt"], ["nut"]])
        with cursor.copy("COPY shelf (part) FROM STDIN") as copy:
            copy.write_row(["bolt"])
        cursor.execute(psycopg.sql.SQL("SELECT * FROM {}").format(psycopg.sql.Identifier("stock")))
        with connection.cursor("named") as named:
            named.execute("SELECT * FROM shelf")
    assert TOUCHES == (probe.writes, probe.reads)


def test_asynchronous_psycopg(database):
    """An asynchronous cursor of psycopg tells its statements."""

    async def main():
        async with await psycopg.AsyncConnection.connect(database) as connection, connection.cursor() as cursor:
            await cursor.executemany("INSERT INTO stock VALUES (%s)", [["bolt"]])
            async with cursor.copy("COPY shelf (part) FROM STDIN") as copy:
                await copy.write_row(["bolt"])
            await cursor.execute("SELECT * FROM stock")
            async with connection.cursor("named") as named:
                await named.execute("SELECT * FROM shelf")

    with probe_effects() as probe:
        asyncio.run(main())
    assert TOUCHES == (probe.writes, probe.reads)


def test_asyncpg(database):
    """A connection of asyncpg tells its statements and copies."""
    asyncpg = pytest.importorskip("asyncpg")

    async def main():
        connection = await asyncpg.connect(database)
        await connection.execute("INSERT INTO stock VALUES ('secret')")
        await connection.executemany("INSERT INTO stock VALUES ($1)", [["bolt"]])
        await connection.copy_records_to_table("shelf", records=[["bolt"]])
        await connection.fetch("SELECT * FROM stock")
        await connection.fetchrow("SELECT * FROM shelf WHERE part = $1", "bolt")
        await connection.close()

    with probe_effects() as probe:
        asyncio.run(main())
    assert TOUCHES == (probe.writes, probe.reads)


def test_psycopg2(database):
    """The cursor of psycopg2 is written in C, and tells its statement where it is called; its helpers are Python."""
    extras = pytest.importorskip("psycopg2.extras")
    import psycopg2

    connection = psycopg2.connect(database)
    with connection, connection.cursor() as cursor, probe_effects() as probe:
        extras.execute_values(cursor, "INSERT INTO stock VALUES %s", [["bolt"]])
        extras.execute_batch(cursor, "INSERT INTO shelf VALUES (%s)", [["bolt"]])
    connection.close()
    assert ["postgres:shelf", "postgres:stock"] == probe.writes
    assert {("reads", "postgres:stock")} == {
        tuple(touch) for row in BUILTINS for touch in row.read({row.parameters[0]: "SELECT * FROM stock"})
    }


@pytest.fixture
def recorded():
    """A recorder that observes, and is told of touches."""
    with observing(EvidenceObserver()) as observer:
        effect_hooks.watch(observer)
        yield observer
        effect_hooks.unwatch()


@pytest.mark.parametrize("factory", [None, "DictCursor", "RealDictCursor", "NamedTupleCursor"])
def test_cursor_of_psycopg2(database, recorded, factory):
    """A step that uses a cursor of psycopg2 is seen, of its own class or of one of its helpers."""
    extras = pytest.importorskip("psycopg2.extras")
    import psycopg2

    stock = flow("stock")

    @stock.entrypoint
    def store(cursor):
        cursor.execute("INSERT INTO stock VALUES (%s)", ["secret"])
        cursor.executemany("INSERT INTO shelf VALUES (%s)", [["secret"]])

    connection = psycopg2.connect(database, cursor_factory=getattr(extras, factory) if factory else None)
    with connection, connection.cursor() as cursor:
        store(cursor)
        assert isinstance(cursor, psycopg2.extensions.cursor)
    connection.close()
    expected = (
        {"postgres:stock"} if factory in {"DictCursor", "RealDictCursor"} else {"postgres:shelf", "postgres:stock"}
    )
    assert expected == {touch.target for touch in recorded.evidence().touches}


def test_psycopg2_is_put_back():
    """After the recording, psycopg2 connects as before."""
    psycopg2 = pytest.importorskip("psycopg2")
    original = psycopg2.connect
    with observing(EvidenceObserver()) as observer:
        effect_hooks.watch(observer)
        assert original is not psycopg2.connect
        effect_hooks.unwatch()
    assert original is psycopg2.connect


@pytest.mark.parametrize("driver", ["psycopg", "psycopg2"])
def test_sqlalchemy(database, driver):
    """SQLAlchemy tells its statements, whatever driver executes them."""
    pytest.importorskip(driver)
    sqlalchemy = pytest.importorskip("sqlalchemy")
    engine = sqlalchemy.create_engine(database.replace("postgresql:", f"postgresql+{driver}:"))
    table = sqlalchemy.Table("stock", sqlalchemy.MetaData(), sqlalchemy.Column("part", sqlalchemy.String))
    with engine.begin() as connection, probe_effects() as probe:
        connection.execute(table.insert(), [{"part": "bolt"}, {"part": "nut"}])
        connection.execute(sqlalchemy.text("SELECT * FROM shelf"))
    engine.dispose()
    assert (["postgres:stock"], ["postgres:shelf"]) == (probe.writes, probe.reads)


def test_django(database):
    """Django's cursor tells its statements under the same name."""
    django = pytest.importorskip("django")
    from django.conf import settings

    if not settings.configured:
        settings.configure(ALLOWED_HOSTS=["*"], SECRET_KEY="test")
        django.setup()
    from django.db.backends.postgresql.base import DatabaseWrapper

    parts = psycopg.conninfo.conninfo_to_dict(database)
    options = {"OPTIONS": {}, "TIME_ZONE": None, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": False, "AUTOCOMMIT": True}
    place = {
        "NAME": parts["dbname"],
        "USER": parts["user"],
        "PASSWORD": "",
        "HOST": parts["host"],
        "PORT": parts["port"],
    }
    wrapper = DatabaseWrapper({**options, **place}, "other")
    with probe_effects() as probe, wrapper.cursor() as cursor:
        cursor.execute("INSERT INTO stock VALUES (%s)", ["secret"])
        cursor.execute("SELECT * FROM shelf")
    wrapper.close()
    assert (["postgres:stock"], ["postgres:shelf"]) == (probe.writes, probe.reads)

"""``penstock evidence from-sql``: what it writes, and what it says when it cannot."""

from __future__ import annotations

from random import Random
from typing import TYPE_CHECKING

import duckdb
import pytest

from penstock.check.evidence import load
from penstock.cli.main import main
from span_stores import fill_duckdb
from stored_spans import make_spans, with_facts

if TYPE_CHECKING:
    from pathlib import Path

SINCE = ("--since", "2026-11-19", "--until", "2026-11-21T12:00:00+00:00")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a database and a Parquet file."""
    folder = tmp_path_factory.mktemp("stores")
    spans = make_spans(Random(1), 12)
    half = len(spans) // 2
    with duckdb.connect(str(folder / "spans.db")) as connection:
        fill_duckdb(connection, with_facts(spans)[:half] + spans[half:])
        connection.execute(f"COPY otel_traces TO '{folder}/spans.parquet'")
        connection.execute("CREATE TABLE orders (number INTEGER)")
    return folder


def test_evidence_is_written(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The evidence of a database is written, and the message says how facts were found."""
    assert 0 == main(["evidence", "from-sql", f"duckdb:{folder}/spans.db", *SINCE, "-o", f"{folder}/evidence.json"])
    out, err = capsys.readouterr()
    assert "; facts by attributes" in out
    assert "of steps without penstock.inside left out; --by parents counts all" in err
    assert load(folder / "evidence.json").measurements["production"]


def test_parquet_by_parents(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Of Parquet files, and by parents and times."""
    options = ["--by", "parents", *SINCE, "-o", f"{folder}/parquet.json"]
    assert 0 == main(["evidence", "from-sql", f"{folder}/*.parquet", *options])
    assert "; facts by parents" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["duckdb:no.db"], "database does not exist"),
        (["no*.parquet"], "No files found"),
        (["duckdb:{}/spans.db", "--table", "spans"], "there is no such table. Name it: --table"),
        (["duckdb:{}/spans.db", "--table", "orders"], "the columns are not those of the Collector's exporter"),
        (["duckdb:{}/spans.db", "--table", 'a"; DROP TABLE orders; --'], "cannot be the name of a table"),
        (["duckdb:{}/spans.db", "--schema", "signoz"], "duckdb has no schema 'signoz'. There are: collector"),
        (["duckdb:{}/spans.db", "--since", "soon"], "--since: 'soon' is no time. Write 12h, 7d or 2026-11-20"),
        (
            ["duckdb:{}/spans.db", "--since", "2026-11-20", "--until", "2026-11-19"],
            "--since: this is not before --until",
        ),
        (
            ["duckdb:{}/spans.db", "--since", "2020-01-01", "--until", "2020-01-02"],
            "no span of this time belongs to a step",
        ),
        (["postgres://user:secret@host/db"], "'postgres' is no store that penstock reads"),
        (["traces.csv"], "this is no address of a store"),
        (["clickhouse:///db"], "names no host"),
        (["clickhouse://user:secret@host:port/db"], "this is no address of ClickHouse"),
        (["clickhouse://user:secret@host/db?secure=1"], "for HTTPS write clickhouses://"),
        (["clickhouse://user:secret@127.0.0.1:1/db"], "clickhouse://user@127.0.0.1:1/db: it cannot be reached"),
        (["clickhouse://user:secret@127.0.0.1:1/db", "--schema", "signos"], "Did you mean 'signoz'?"),
    ],
)
def test_what_is_wrong_is_said_with_a_cure(
    arguments: list[str], said: str, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whatever is wrong, one line says it with what to do, no password is in it, and nothing is written."""
    output = folder / "none.json"
    words = [argument.format(folder) for argument in arguments]
    assert 2 == main(["evidence", "from-sql", *words, "-o", str(output)])
    out, err = capsys.readouterr()
    assert said in err
    assert ("", 1, False) == (out, err.count("\n"), "secret" in err)
    assert not output.exists()


@pytest.mark.parametrize(
    ("package", "address"), [("duckdb", "duckdb:a.db"), ("clickhouse", "clickhouse://127.0.0.1/db")]
)
def test_a_missing_extra(
    package: str, address: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says which extra to install."""
    name = {"duckdb": "duckdb", "clickhouse": "clickhouse_connect"}[package]
    monkeypatch.setitem(__import__("sys").modules, name, None)
    assert 2 == main(["evidence", "from-sql", address, "-o", "none.json"])
    assert f'pip install "penstock[{package}]"' in capsys.readouterr().err


def test_a_password_may_be_in_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """A password on a command line can be seen by other users; one in the environment is used if the address has none."""
    from penstock.stores.address import StoreAddress

    monkeypatch.setenv("CLICKHOUSE_PASSWORD", "secret")
    address = StoreAddress.parse("clickhouses://me@host", "test")
    assert ("secret", 8443, "default", True) == (address.password, address.port, address.database, address.is_secure)
    assert "secret" not in f"{address} {address!r}"

"""``penstock sql``: what it prints runs as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
import yaml

from penstock.cli.main import main
from penstock.stores.templates import quote_text
from span_stores import fill_duckdb
from stored_spans import StoredSpan

if TYPE_CHECKING:
    from pathlib import Path

NAMES = ("a,b", "it's", "<script>", "a|b", "\x1b[1m\n", "100 %")


def printed(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """Return what the command prints."""
    assert 0 == main(["sql", *arguments])
    return capsys.readouterr().out


@pytest.fixture
def modules(tmp_path: Path) -> list[str]:
    """The options for a project whose steps have hostile names."""
    steps = "".join(
        f"\n@orders.step(after={before!r}, name={name!r})\ndef step{number}(): ...\n"
        for number, (before, name) in enumerate(zip(("go", *NAMES), NAMES, strict=False))
    )
    text = f"from penstock import flow\norders = flow('orders')\n@orders.entrypoint\ndef go(): ...\n{steps}"
    (tmp_path / "hostile_shop.py").write_text(text)
    return ["-m", "hostile_shop", "-p", str(tmp_path)]


def test_the_view_and_the_alert_of_duckdb(modules: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The printed alert finds the ways that no arrow declares, whatever steps are called."""
    now = __import__("time").time_ns()
    ways = [
        ("it's", "go", "a%2Cb"),
        ("it's", "go", ""),
        (NAMES[4], "go", "a|b"),
        ("100 %", "go", NAMES[4]),
        ("a,b", "it's", ""),
    ]
    with duckdb.connect() as connection:
        spans = [
            StoredSpan(
                str(number), "1", "", None, now, now + 5, False,
                {"penstock.step": step, "penstock.flow": "orders", "penstock.inside": inside, "penstock.done": done},
            )
            for number, (step, inside, done) in enumerate(ways)
        ]  # fmt: skip
        fill_duckdb(connection, spans)
        connection.execute(printed(capsys, "view", "--dialect", "duckdb"))
        rows = connection.execute(printed(capsys, "alert", "--dialect", "duckdb", *modules)).fetchall()
        assert {("orders", "it's", "go", "", 1, "1"), ("orders", "a,b", "it's", "", 1, "4")} == {*rows}
        facts = connection.execute(printed(capsys, "facts", "--dialect", "duckdb")).fetchall()
    assert len(ways) == len(facts)


@pytest.mark.parametrize("dialect", ["clickhouse", "clickstack", "signoz", "jaeger", "duckdb"])
@pytest.mark.parametrize("what", ["view", "facts", "alert"])
def test_nothing_is_left_to_fill_in(
    what: str, dialect: str, modules: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """Each dialect has each query, complete, and without a character that a terminal obeys."""
    text = printed(capsys, what, "--dialect", dialect, *modules)
    assert all(line.isprintable() for line in text.splitlines())
    assert "@" not in text.replace("@slice@", "")
    assert text.rstrip().endswith(";")


def test_a_rule_of_grafana(modules: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """The rule is YAML, and its query is the one that is printed otherwise."""
    rule = yaml.safe_load(printed(capsys, "alert", "--format", "grafana", "--datasource", "a: 'b'", *modules))
    [query, condition] = rule["groups"][0]["rules"][0]["data"]
    assert ("a: 'b'", "B") == (query["datasourceUid"], condition["refId"])
    assert f"{query['model']['rawSql'].strip()};" == printed(capsys, "alert", *modules).strip()


def test_only_the_alert_is_a_rule(capsys: pytest.CaptureFixture[str]) -> None:
    """Another query as a rule is an error that says what is one."""
    assert 2 == main(["sql", "facts", "--format", "grafana"])
    assert "penstock sql alert --format grafana" in capsys.readouterr().err


def test_an_alert_needs_flows(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Without a flow there is nothing to alert of."""
    (tmp_path / "empty_module.py").write_text("")
    assert 2 == main(["sql", "alert", "-m", "empty_module", "-p", str(tmp_path)])
    assert "there is no flow" in capsys.readouterr().err


@pytest.mark.parametrize("text", [*NAMES, "", "back\\slash", "\0", "é\u2028"])
def test_literals(text: str) -> None:
    """Each text is a literal that means it, on one line."""
    literal = quote_text(text, "duckdb")
    assert literal.isprintable()
    assert quote_text(text, "clickhouse").isprintable()
    if "\0" not in text:
        assert text == duckdb.sql(f"SELECT {literal}").fetchall()[0][0]

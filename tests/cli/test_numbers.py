"""The option ``--numbers`` of commands, and the setting behind it."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock import manifest
from penstock.cli.main import main
from penstock.model import Edge, Flow, Numbers, NumbersOrigin, Step

COUNTED = Flow(
    name="orders",
    title="orders",
    steps=(
        Step(name="receive", entrypoint=True, numbers=Numbers(runs=4123, errors=49, p50=0.0012, p95=0.08)),
        Step(name="check", numbers=Numbers(runs=2061)),
    ),
    edges=(Edge(source="receive", target="check", numbers=Numbers(runs=2061, share=0.5)),),
    numbers=NumbersOrigin(source="production", runs=4123, first="2026-11-20", last="2026-11-27"),
)


@pytest.fixture
def project(tmp_path, monkeypatch):
    """Return a function that writes a project with the flow of a manifest, and a setting, and goes there."""

    def write(setting: str = "off") -> Path:
        manifest.save(manifest.Manifest(flows=(COUNTED,)), tmp_path / "flows.json")
        settings = f'[tool.penstock]\nmanifests = ["flows.json"]\nnumbers = "{setting}"\n'
        (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        return tmp_path

    return write


@pytest.mark.parametrize(
    ("setting", "option", "has_counts", "has_times"),
    [
        ("off", [], False, False),
        ("off", ["--numbers", "counts"], True, False),
        ("off", ["--numbers", "all"], True, True),
        ("all", [], True, True),
        ("all", ["--numbers", "off"], False, False),
    ],
)
@pytest.mark.parametrize("command", [["show"], ["render", "-f", "mermaid"], ["render", "-f", "json"]])
def test_an_option_wins_over_the_setting(project, capsys, command, setting, option, has_counts, has_times) -> None:
    """Commands show what the option says, else what the setting says."""
    project(setting)
    assert 0 == main([*command, "orders", *option])
    shown = capsys.readouterr().out.replace(",", "")
    assert (has_counts, has_times) == ("4123" in shown, "p50" in shown)


def test_show_says_where_numbers_come_from(project, capsys) -> None:
    """Below the drawing stands which runs were counted."""
    project()
    main(["show", "orders", "--numbers", "all"])
    shown = capsys.readouterr().out
    assert "◆ receive  4,123 runs · 1.2 % errors · p50 1.2 ms · p95 80 ms\n" in shown
    assert "○ check    2,061 runs" in shown
    assert "(2,061 · 50 %)" in shown
    assert "Numbers of 4,123 runs in production, 2026-11-20 to 2026-11-27.\n" in shown


@pytest.mark.parametrize(("setting", "expected"), [("off", []), ("counts", ["runs"]), ("all", ["p50", "runs"])])
def test_export_writes_what_the_setting_says(project, capsys, setting, expected) -> None:
    """A manifest for others has numbers only if the project shows them."""
    project(setting)
    assert 0 == main(["export"])
    written = capsys.readouterr().out
    assert expected == [key for key in ("p50", "runs") if f'"{key}"' in written]


def test_a_map_has_no_numbers(project, capsys) -> None:
    """The map of all flows refuses the option; the setting does not hinder it."""
    project("all")
    assert 2 == main(["render", "--map", "-f", "mermaid", "--numbers", "counts"])
    assert "--numbers: the map joins flows" in capsys.readouterr().err
    assert 0 == main(["render", "--map", "-f", "mermaid"])
    assert "4123" not in capsys.readouterr().out.replace(",", "")


def test_the_page_in_the_browser_has_tables(project, capsys) -> None:
    """``penstock open`` shows the numbers in the drawing, and as tables."""
    project()
    assert 0 == main(["open", "orders", "--no-browser", "--numbers", "all"])
    page = Path(capsys.readouterr().out.strip()).read_text(encoding="utf-8")
    assert "<p>4,123 runs in production, 2026-11-20 to 2026-11-27</p>" in page
    assert "<td>receive</td><td>4,123</td><td>49 (1.2 %)</td><td>1.2 ms</td><td>80 ms</td>" in page
    assert "<td>receive → check</td><td>2,061</td><td>50 %</td>" in page


def test_an_injected_diagram_has_none(project) -> None:
    """The diagram of a README stays as it is, however often the flow runs."""
    folder = project("all")
    readme = folder / "README.md"
    readme.write_text("<!-- penstock: orders -->\n<!-- /penstock -->\n", encoding="utf-8")
    assert 0 == main(["inject", str(readme)])
    text = readme.read_text(encoding="utf-8")
    assert "receive --> check" in text
    assert "2,061" not in text

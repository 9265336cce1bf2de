"""The command line, as a person and a script meet it."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import penstock
from command import FLOWS, run
from penstock.cli import main
from terminal import terminal_signals

MERMAID = """graph TD
    handle_kafka_message --> fetch_from_api
    fetch_from_api --> sync_to_database
"""


def test_list_names_every_flow(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`penstock list` prints a line for each flow and exits with 0."""
    assert 0 == main.main(["list"])
    assert "bom_sync  3 steps, 1 path  BOM sync\n" == capsys.readouterr().out


def test_list_says_when_there_is_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """An application without flows is told so."""
    (project / "flows.py").write_text("")
    assert 0 == main.main(["list"])
    assert "No flows are declared in the configured modules.\n" == capsys.readouterr().out


def test_show_draws_title_description_and_steps(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`penstock show` prints what the flow is for, and each step with trigger, label and effect."""
    assert 0 == main.main(["show", "bom_sync"])
    shown = capsys.readouterr().out
    assert shown.startswith("BOM sync (bom_sync)\nKeeps the parts up to date.\n\n")
    for expected in ("handle_kafka_message", "kafka:bom-updates", "if changed", "sqlite:parts", "Writes the parts."):
        assert expected in shown


def test_show_prints_paths_on_request(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--paths` adds every way from an entrypoint to an end."""
    assert 0 == main.main(["show", "bom_sync", "--paths"])
    path = "1 path\n  handle_kafka_message → fetch_from_api → sync_to_database\n"
    assert capsys.readouterr().out.endswith(path)


def test_show_counts_paths_that_it_does_not_print(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A ladder of diamonds has more paths than anybody reads, so the rest is a number."""
    lines = ["from penstock import flow", "f = flow('ladder')", "def new(): return lambda: None"]
    lines.append("f.entrypoint(name='n0')(new())")
    for rung in range(12):
        lines += [f"f.step(name='{side}{rung}', after='n{rung}')(new())" for side in "ab"]
        lines.append(f"f.step(name='n{rung + 1}', after=['a{rung}', 'b{rung}'])(new())")
    (project / "flows.py").write_text("\n".join(lines))
    assert 0 == main.main(["show", "ladder", "--paths"])
    shown = capsys.readouterr().out
    assert "4,096 paths" in shown
    assert shown.endswith("  … and 3096 more\n")


def test_render_prints_mermaid_by_default(project: Path) -> None:
    """`penstock render FLOW` writes Mermaid text to standard output."""
    done = run("render", "bom_sync")
    assert (0, MERMAID, "") == (done.returncode, done.stdout, done.stderr)


@pytest.mark.parametrize(
    ("name", "start"),
    [
        ("flow.mmd", b"graph TD\n"),
        ("flow.dot", b"digraph"),
        ("flow.svg", b"<svg"),
        ("flow.png", b"\x89PNG"),
        ("flow.pdf", b"%PDF"),
        ("flow.json", b"{"),
    ],
)
def test_render_writes_the_format_of_the_suffix(
    project: Path, name: str, start: bytes, capsys: pytest.CaptureFixture[str]
) -> None:
    """The output's suffix chooses the format, and the command says what it wrote."""
    assert 0 == main.main(["render", "bom_sync", "-o", name])
    assert (project / name).read_bytes().startswith(start)
    assert f"wrote {name}\n" == capsys.readouterr().err


@pytest.mark.parametrize(
    ("title", "said"),
    [
        ("在庫を確認する 🚀", "warning: the built-in PNG font has no glyph for す る を 在 庫"),
        ("Größe → Łódź, Обработка, Σύνολο ≤ 10 €", ""),
    ],
)
def test_render_tells_of_letters_that_a_png_lacks(title: str, said: str, project: Path) -> None:
    """Where there is no Graphviz, a PNG has boxes instead of some letters, and the command says which and what helps."""
    (project / "flows.py").write_text(f"from penstock import flow\n@flow('f').entrypoint\ndef a(): {title!r}\n")
    done = run("render", "f", "-o", "flow.png", env={**os.environ, "PATH": ""})
    assert (0, bool(said)) == (done.returncode, "choose svg" in done.stderr)
    assert said in done.stderr
    assert (project / "flow.png").read_bytes().startswith(b"\x89PNG")


def test_a_png_is_drawn_by_graphviz_where_letters_need_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a `dot` on the path, it draws what graphviz-pure has no letters for, and nothing else."""
    drawn = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01 drawn IEND\xaeB`\x82"
    (project / "drawn").write_bytes(drawn)
    (project / "dot").write_text(f"#!/bin/sh\n/bin/cat >/dev/null\n/bin/cat {project / 'drawn'}\n")
    (project / "dot").chmod(0o755)
    monkeypatch.setenv("PATH", str(project))
    (project / "flows.py").write_text(
        "from penstock import flow\n"
        + "\n".join(f"@flow({name!r}).entrypoint(name={name!r})\ndef {name}(): ..." for name in ("在庫", "заказ"))
    )
    done = [run("render", name, "-f", "png", "-o", f"{name}.png") for name in ("在庫", "заказ")]
    assert [(0, "wrote 在庫.png\n"), (0, "wrote заказ.png\n")] == [(each.returncode, each.stderr) for each in done]
    assert [True, False] == [b" drawn " in (project / f"{name}.png").read_bytes() for name in ("在庫", "заказ")]


def test_render_takes_direction_and_details(project: Path) -> None:
    """`--direction` and `--details` reach the renderer."""
    shown = run("render", "bom_sync", "--direction", "lr", "--details").stdout
    assert shown.startswith("graph LR\n")
    assert "if changed" in shown


def test_export_writes_a_manifest(project: Path) -> None:
    """`penstock export -o FILE` writes the manifest, which `manifests` in another project can read."""
    assert 0 == run("export", "-o", "out/flows.json").returncode
    assert ["bom_sync"] == [flow["name"] for flow in json.loads(Path("out/flows.json").read_text())["flows"]]
    other = project / "other"
    other.mkdir()
    (other / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["../out/flows.json"]\n')
    assert MERMAID == run("render", "bom_sync", "-C", "other").stdout


def test_modules_can_be_named_on_the_command_line(tmp_path: Path) -> None:
    """`-m` and `-p` stand in for the configuration."""
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "jobs.py").write_text(FLOWS)
    assert "bom_sync" in run("list", "-m", "jobs", "-p", "app", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["show", "bom_snc"],
            "penstock: there is no flow 'bom_snc'. Did you mean 'bom_sync'? Known flows: bom_sync.\n",
        ),
        (["render", "bom_sync", "-o", "x.gif"], "penstock: there is no format '.gif'."),
        (
            ["render", "bom_sync", "-o", "flows.py/x/y.svg"],
            "penstock: cannot write flows.py/x/y.svg: flows.py is a file, not a folder\n",
        ),
        (["render", "bom_sync", "-o", ""], "penstock: -o: the name of the file is empty\n"),
        (["export", "-o", ""], "penstock: -o: the name of the file is empty\n"),
        (["render", "bom_sync", "--direction", "up"], "penstock: there is no direction 'up'."),
        (["list", "-m", "flowz"], "penstock: "),
        (["list", "-p", "nowhere"], "penstock: "),
        (["list", "-C", "nowhere"], "penstock: "),
    ],
)
def test_errors_are_one_message_and_exit_code_2(project: Path, arguments: list[str], message: str) -> None:
    """What cannot be done is said without a traceback."""
    done = run(*arguments)
    assert (2, "") == (done.returncode, done.stdout)
    assert done.stderr.startswith(message)
    assert "Traceback" not in done.stderr


def test_missing_configuration_is_explained(tmp_path: Path) -> None:
    """Without modules the command says where to name them."""
    done = run("list", cwd=tmp_path)
    assert 2 == done.returncode
    assert '[tool.penstock] modules = ["shop.flows"]' in done.stderr


@pytest.mark.parametrize("command", ["list", "check", "show orders", "diff main HEAD"])
def test_missing_modules_are_named_in_the_command_that_was_given(tmp_path: Path, command: str) -> None:
    """Each command says how it is to be given itself, with modules."""
    name, *rest = command.split()
    said = " ".join(["penstock", name, "-m", "shop.flows", *rest])
    assert f"Name them: {said}, or in" in run(*command.split(), cwd=tmp_path).stderr


def test_problems_are_printed_with_their_place_and_exit_code_1(project: Path) -> None:
    """A broken declaration is shown as `file:line: what`, and the list is printed all the same."""
    (project / "flows.py").write_text(FLOWS.replace('"fetch_from_api": ', '"fetch_from_apo": '))
    done = run("list")
    assert 1 == done.returncode
    assert "bom_sync" in done.stdout
    assert "problem: flows.py:18: after='fetch_from_apo' names no step" in done.stderr
    assert "Did you mean 'fetch_from_api'?" in done.stderr


@pytest.mark.parametrize(
    ("number", "status", "said"),
    [
        (signal.SIGINT, 130, "penstock: interrupted\n"),
        (signal.SIGTERM, 143, ""),
        (signal.SIGHUP, 129, ""),
    ],
)
def test_a_signal_ends_the_command_and_what_it_started(
    project: Path, number: signal.Signals, status: int, said: str
) -> None:
    """Ctrl-C is one line; with the command ends the Python that imports the application, and its folder is gone."""
    (project / "tmp").mkdir()
    code = "import os, time\nopen('started.tmp', 'w').write(str(os.getpid()))\nos.rename('started.tmp', 'started')\n"
    (project / "flows.py").write_text(f"{code}time.sleep(60)\n")
    environment = {**os.environ, "TMPDIR": str(project / "tmp")}
    command = [sys.executable, "-m", "penstock", "list"]
    with terminal_signals():
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    until = time.monotonic() + 600
    while not Path("started").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    assert ("", said) == process.communicate(timeout=600)
    assert (status, []) == (process.returncode, [*(project / "tmp").iterdir()])
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("started").read_text()), 0)


@pytest.mark.parametrize(
    ("options", "note"),
    [
        (["--focus", "validate_order", "--depth", "0"], "6 of 7 steps left out."),
        (["--collapse", "module"], "7 steps in 1 module."),
    ],
)
def test_a_part_of_a_flow(options: list[str], note: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Both commands that draw can leave something out, and say how much."""
    shop = str(Path(__file__).parents[2] / "docs" / "examples" / "shop")
    for command in ("show", "render"):
        assert 0 == main.main([command, "order_processing", "-C", shop, *options])
        assert note in capsys.readouterr().out


def test_version_and_help() -> None:
    """`--version` and `--help` work everywhere; help names the exit codes."""
    assert f"penstock {penstock.__version__}\n" == run("--version").stdout
    assert "Exit codes: 0" in " ".join(run("--help").stdout.split())


def test_no_command_is_a_usage_error() -> None:
    """Without a command the usage is shown, with exit code 2."""
    done = run()
    assert 2 == done.returncode
    assert done.stderr.startswith("usage: penstock")


def test_named_modules_win_over_the_projects_manifests(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`-m` is never silently ignored."""
    main.main(["export", "-o", "flows.json"])
    (project / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n')
    assert 0 == main.main(["list"])
    assert 2 == main.main(["list", "-m", "nothing_of_that_name"])

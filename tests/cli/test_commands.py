"""The command line, as a person and a script meet it."""

import json
import os
import pty
import re
import signal
import struct
import subprocess
import sys
import termios
import time
from fcntl import ioctl
from pathlib import Path

import pytest

import penstock
from penstock.cli import main

FLOWS = '''
from penstock import entrypoint, flow, step


@flow("bom_sync", title="BOM sync", description="Keeps the parts up to date.")
@entrypoint(trigger="kafka:bom-updates")
def handle_kafka_message(msg):
    """Receives a message."""


@flow("bom_sync")
@step(after="handle_kafka_message")
def fetch_from_api(bom_id):
    """Fetches the BOM."""


@flow("bom_sync")
@step(after={"fetch_from_api": "if changed"}, effects=["sqlite:parts"])
def sync_to_database(data):
    """Writes the parts."""
'''

MERMAID = """graph TD
    handle_kafka_message --> fetch_from_api
    fetch_from_api --> sync_to_database
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a configured application, as the working directory."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (tmp_path / "flows.py").write_text(FLOWS)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    command = [sys.executable, "-m", "penstock", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60, **options)


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


def test_a_closed_pipe_is_no_error(project: Path) -> None:
    """`penstock show | head -1` ends quietly."""
    command = f"{sys.executable} -m penstock show bom_sync | head -1"
    done = subprocess.run(command, shell=True, capture_output=True, text=True, check=False, timeout=60)
    assert ("BOM sync (bom_sync)\n", "") == (done.stdout, done.stderr)


COMMANDS = [
    "list",
    "show bom_sync",
    "render bom_sync",
    "render bom_sync -f png",
    "export",
    "check",
    "diff a.json a.json",
]


def in_shell(command: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a shell, with the output buffered as it is for a user."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONUNBUFFERED"}
    whole = f"{sys.executable} -m penstock {command}"
    return subprocess.run(whole, shell=True, capture_output=True, text=True, check=False, timeout=60, env=environment)


@pytest.mark.parametrize(
    ("command", "output", "reason"),
    [
        *((command, "> /dev/full", "No space left on device") for command in [*COMMANDS, "--help"]),
        *((command, ">&-", "Bad file descriptor") for command in ["list", "--version"]),
    ],
)
def test_output_that_cannot_be_written_is_one_line(project: Path, command: str, output: str, reason: str) -> None:
    """A full disk, or closed standard output, is told by every command in one line, with exit code 2."""
    main.main(["export", "-o", "a.json"])
    done = in_shell(f"{command} {output}")
    assert (2, f"penstock: cannot write to standard output: {reason}\n") == (done.returncode, done.stderr)


@pytest.mark.parametrize("command", [*COMMANDS, "list --help"])
def test_a_reader_that_has_gone_is_no_error(project: Path, command: str) -> None:
    """Whoever closes a pipe without reading gets no message, whatever was to be written."""
    main.main(["export", "-o", "a.json"])
    reader, writer = os.pipe()
    os.close(reader)
    process = subprocess.run(
        [sys.executable, "-m", "penstock", *command.split()], stdout=writer, stderr=subprocess.PIPE, check=False
    )
    os.close(writer)
    assert (0, b"") == (process.returncode, process.stderr)


@pytest.mark.parametrize("messages", ["2>/dev/full", "2>&-"])
def test_messages_that_nobody_can_read_change_no_exit_code(project: Path, messages: str) -> None:
    """What was written is written, although the line that says so is lost."""
    assert 0 == in_shell(f"render bom_sync -o flow.svg {messages}").returncode
    assert Path("flow.svg").is_file()
    (project / "flows.py").write_text(FLOWS.replace('"fetch_from_api": ', '"fetch_from_apo": '))
    done = in_shell(f"list {messages}")
    assert (1, True) == (done.returncode, done.stdout.startswith("bom_sync"))
    assert 2 == in_shell(f"show nothing {messages}").returncode


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
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment)
    until = time.monotonic() + 30
    while not Path("started").exists():
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(number)
    assert ("", said) == process.communicate(timeout=30)
    assert (status, []) == (process.returncode, [*(project / "tmp").iterdir()])
    with pytest.raises(ProcessLookupError):
        os.kill(int(Path("started").read_text()), 0)


def test_a_terminal_without_box_characters_still_gets_names(project: Path) -> None:
    """An ASCII terminal loses the lines, not the names, and nothing fails."""
    done = run("show", "bom_sync", env={**os.environ, "PYTHONIOENCODING": "ascii"})
    assert 0 == done.returncode
    assert "sync_to_database" in done.stdout


def test_colours_appear_on_terminals_only(project: Path) -> None:
    """A pipe gets plain text; a terminal gets colours unless NO_COLOR is set."""

    def on_terminal(**env: str) -> bytes:
        leader, follower = pty.openpty()
        command = [sys.executable, "-m", "penstock", "show", "bom_sync"]
        environment = {"PATH": os.environ["PATH"], "TERM": "xterm", **env}
        subprocess.run(command, stdout=follower, stderr=follower, env=environment, check=True, timeout=60)
        os.close(follower)
        shown = os.read(leader, 65536)
        os.close(leader)
        return shown

    assert "\x1b[" not in run("show", "bom_sync").stdout
    assert b"\x1b[1mBOM sync (bom_sync)\x1b[0m" in on_terminal()
    assert b"\x1b[" not in on_terminal(NO_COLOR="1")


def on_terminal(command: str, columns: int) -> list[str]:
    """Return the lines that a command shows on a terminal, without their styles."""
    leader, follower = pty.openpty()
    ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 50, columns, 0, 0))
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("COLUMNS", None)
    arguments = [sys.executable, "-m", "penstock", *command.split()]
    subprocess.run(arguments, stdout=follower, stderr=follower, env=environment, check=True, timeout=60)
    os.close(follower)
    shown = os.read(leader, 65536).decode()
    os.close(leader)
    return re.sub(r"\x1b\[[0-9;]*m", "", shown).splitlines()


TITLES = """
flow("bom_sync", title="How the bill of materials of each part is kept up to date")
flow("注文", title="Orders").entrypoint(lambda: None, name="a")
flow("x", title="Two").entrypoint(lambda: None, name="b")
flow("x").step(lambda: None, name="c", after="b")
"""


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        (
            90,
            [
                "bom_sync  3 steps, 1 path  How the bill of materials of each part is kept up to date",
                "x         2 steps, 1 path  Two",
                "注文      1 step, 1 path   Orders",
            ],
        ),
        (
            60,
            [
                "bom_sync  3 steps, 1 path  How the bill of materials of each",
                "                             part is kept up to date",
                "x         2 steps, 1 path  Two",
                "注文      1 step, 1 path   Orders",
            ],
        ),
        (
            40,
            [
                "bom_sync  3 steps, 1 path",
                "  How the bill of materials of each part",
                "    is kept up to date",
                "x         2 steps, 1 path",
                "  Two",
                "注文      1 step, 1 path",
                "  Orders",
            ],
        ),
    ],
)
def test_in_a_narrow_terminal_long_texts_give_way(project: Path, columns: int, expected: list[str]) -> None:
    """Names and counts keep their columns, also beside wide letters; titles are folded, or stand below."""
    (project / "flows.py").write_text(FLOWS.replace('title="BOM sync", ', "") + TITLES)
    assert expected == on_terminal("list", columns)


def test_a_name_of_almost_all_columns_stands_alone(project: Path) -> None:
    """Where not even names and counts have room side by side, no line is longer than the terminal."""
    (project / "flows.py").write_text(FLOWS.replace("bom_sync", "synchronisation_of_the_parts"))
    expected = ["synchronisation_of_the_parts", "  3 steps, 1 path", "  BOM sync"]
    assert expected == on_terminal("list", 40)
    expected = ["synchronisation_of_the_parts", "  0 of 2 arrows confirmed; 2 not", "    exercised"]
    assert expected == on_terminal("check --no-notes", 40)[:-1]


def test_no_line_of_a_flow_is_wider_than_the_terminal(project: Path) -> None:
    """`penstock show` folds what has no room, paths too; in a pipe, each step and path stays one line."""
    lines = on_terminal("show bom_sync --paths", 40)
    assert 40 >= max(map(len, lines))
    assert ["◆ handle_kafka_message", "│   ⇐ kafka:bom-updates"] == lines[3:5]
    assert "  handle_kafka_message → fetch_from_api" in lines
    assert "  handle_kafka_message → fetch_from_api → sync_to_database\n" in run("show", "bom_sync", "--paths").stdout


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


def test_hostile_names_do_not_reach_the_terminal(project: Path) -> None:
    """A name with terminal commands in it is printed without them, also in an error."""
    (project / "flows.py").write_text('from penstock import flow\nflow("a\\x1b]0;owned\\x07b").entrypoint(print)\n')
    done = run("show", "zzz")
    assert 2 == done.returncode
    assert "\x1b" not in done.stderr
    assert "owned" in done.stderr


LONG = '''
from penstock import flow

intake = flow("intake", title="Intake " + "of samples " * 12)


@intake.entrypoint(trigger="PUT /results/{sample}")
def enter():
    """Take a value by hand which a nurse has read from the display of an instrument, and which nobody has typed twice."""


@intake.step(after={"enter": "entered by a nurse or by whoever else is on duty"}, effects=["postgres:results", "queue:valid"])
def decide():
    """Let a doctor decide."""
'''
WHOLE = ("which nobody has typed twice.", "Let a doctor decide.")


@pytest.mark.parametrize("command", [("show", "intake"), ("render", "intake", "-f", "text", "--details")])
def test_titles_are_whole_in_a_pipe(project, monkeypatch, command):
    """Nothing is cut where there is no terminal, however long a title, a label or an effect of another step is."""
    monkeypatch.delenv("COLUMNS", raising=False)
    (project / "flows.py").write_text(LONG)
    done = run(*command)
    assert [True, True] == [title in done.stdout for title in WHOLE]


def test_lists_in_a_pipe_have_one_line_for_each_flow(project, monkeypatch):
    """A program reads one line for each flow, with its whole title, whatever ``COLUMNS`` says."""
    monkeypatch.setenv("COLUMNS", "40")
    (project / "flows.py").write_text(LONG)
    assert [f"intake  2 steps, 1 path  Intake {'of samples ' * 12}".strip()] == run("list").stdout.splitlines()


@pytest.mark.parametrize("columns", [60, 90, 140])
def test_columns_say_how_wide_a_drawing_is(project, monkeypatch, columns):
    """Lines of a drawing and its heading end where ``COLUMNS`` says, in a pipe too."""
    monkeypatch.setenv("COLUMNS", str(columns))
    (project / "flows.py").write_text(LONG)
    shown = run("show", "intake").stdout
    assert columns * 2 // 3 < max(map(len, shown.splitlines())) <= columns
    assert "…" not in shown


@pytest.mark.parametrize("columns", ["0", "-1", "wide", ""])
def test_columns_that_are_no_number_say_nothing(project, monkeypatch, columns):
    """Where ``COLUMNS`` is no number of columns, it is as if it were not set."""
    (project / "flows.py").write_text(LONG)
    monkeypatch.delenv("COLUMNS", raising=False)
    expected = run("show", "intake").stdout
    monkeypatch.setenv("COLUMNS", columns)
    assert expected == run("show", "intake").stdout


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

"""Texts of others in logs, reports and addresses: names, messages and paths in which anything may stand."""

from __future__ import annotations

import json
import re
import sys
from typing import TYPE_CHECKING

import pytest

from penstock import manifest
from penstock._util import source_paths
from penstock.check.findings.finding import Finding
from penstock.check.findings.reports import FORMATS
from penstock.cli.main import main
from penstock.collect import inputs
from penstock.model import Flow, Problem, Step
from penstock.render.wording import escape_line, source_url

if TYPE_CHECKING:
    from pathlib import Path

STEERING = {
    "line end": "a\n::error::b",
    "carriage return": "a\r::error::b",
    "line separator": "a\u2028::error::b",
    "vertical tab": "a\x0b::error::b",
    "escape": "a\x1b[31mb",
    "C1": "a\x9b31mb",
    "null": "a\x00b",
    "backspace": "a\b\bb",
    "bidirectional": "a\u202eb",
    "half a letter": "a\udce9b",
    "Azure": "a ##vso[task.complete]b",
    "old GitHub": "a ##[error]b",
    "at the beginning": "::error::b",
}
COMMAND = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u202e\ud800-\udfff]|##\w*\[|^\s*::")


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_a_text_of_others_is_one_line(text: str) -> None:
    """A log has it on one line, in which nothing is a command to a terminal or to a build server."""
    assert [] == COMMAND.findall(escape_line(text))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\x1b[1mb", r"a\x1b[1mb"),
        ("a\u202eb", r"a\u202eb"),
        ("a\udce9", r"a\udce9"),
        ("a\n  b", "a b"),
        ("é 🚀 می\u200cخواهم", None),
    ],
)
def test_what_would_steer_is_an_escape(text: str, expected: str | None) -> None:
    """What steers a terminal is shown as an escape, white space is a space, and letters stay."""
    assert (expected or text) == escape_line(text)


@pytest.mark.parametrize("name", sorted(FORMATS))
@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_findings_in_all_formats(name: str, text: str) -> None:
    """No format has a raw control character of a finding, nor a command but its own, and all have a form in UTF-8."""
    finding = Finding(
        code=text,
        severity="error",
        flow=text,
        source=text,
        target=text,
        message=text,
        seen=text,
        cure=text,
        file=text,
        line=3,
    )
    shown = FORMATS[name]([finding])
    shown.encode()
    if name in ("gitlab", "sarif", "json"):
        assert json.loads(shown)
    else:
        lines = [line.removeprefix("::error ") for line in shown.split("\n")]
        assert [] == [line for line in lines if COMMAND.search(line)]


@pytest.mark.parametrize("text", STEERING.values(), ids=STEERING)
def test_commands_and_problems_of_others(text: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A problem in a manifest is one line of standard error, whatever its message is."""
    problem = Problem(code="x", message=text, file="a.py", line=1)
    step = Step(name="go", entrypoint=True)
    manifest.save(
        manifest.Manifest(flows=(Flow(name="f", title=text, steps=(step,), problems=(problem,)),)), tmp_path / "m.json"
    )
    settings = '[tool.penstock]\nmanifests = ["m.json"]\ntrust_manifests = true\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert 1 == main(["list", "-C", str(tmp_path)])
    output, errors = capsys.readouterr()
    assert [1, 1] == [len(stream.splitlines()) for stream in (output, errors)]
    assert [] == COMMAND.findall(output.rstrip("\n") + errors.rstrip("\n"))


@pytest.mark.parametrize("code", ["x; rm -rf .", "$(date)", "", "--example", *STEERING.values()])
def test_codes_of_others_are_in_no_command(code: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The command that explains a code is offered for codes that penstock has, and for no text of a manifest."""
    problems = (Problem(code=code, message="m", file="a.py", line=1), Problem(code="cycle", message="m", file="a.py"))
    step = Step(name="go", entrypoint=True)
    manifest.save(manifest.Manifest(flows=(Flow(name="f", steps=(step,), problems=problems),)), tmp_path / "m.json")
    settings = '[tool.penstock]\nmanifests = ["m.json"]\ntrust_manifests = true\n'
    (tmp_path / "pyproject.toml").write_text(settings, encoding="utf-8")
    assert 1 == main(["list", "-C", str(tmp_path)])
    *_, offered = capsys.readouterr().err.splitlines()
    assert "help: penstock explain cycle" == offered


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("src/caf\udce9.py", "https://x/src/caf%E9.py#L3"),
        ("src/\ud800.py", "https://x/src/%3F.py#L3"),
        ("src/a\x00b.py", "https://x/src/a%00b.py#L3"),
        ("src/é.py", "https://x/src/%C3%A9.py#L3"),
    ],
)
def test_the_address_of_a_file_that_is_not_utf8(file: str, expected: str) -> None:
    """A byte that is no UTF-8 stands in the address as it is in the file's name."""
    assert expected == source_url("https://x/{file}#L{line}", Step(name="a", file=file, line=3))


NO_PATHS = {
    "null": "a\x00b.py",
    "long": "x" * 300 + ".py",
    "deep": "y/" * 3000 + "z.py",
    "bytes": "caf\udce9.py",
    "half": "\ud800.py",
}


@pytest.mark.parametrize("file", NO_PATHS.values(), ids=NO_PATHS)
def test_a_path_that_is_none(file: str, tmp_path: Path) -> None:
    """A file that cannot be is one that is not there: nothing was seen of it, and nothing has changed."""
    path = str(tmp_path / file)
    assert {} == inputs.snapshot([path], {}, [path], since=0).files
    assert inputs.listing(str(tmp_path / "none")) == inputs.listing(path)
    assert file == source_paths.relative(path, tmp_path)


@pytest.mark.parametrize("what", ["long", "deep", "bytes", "half"])
def test_steps_in_such_files(what: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Flows whose code says that it stands in such a file are collected and listed."""
    source = "from penstock import flow\n@flow('f').entrypoint\ndef go(): ..."
    (tmp_path / "odd.py").write_text(f"exec(compile({source!r}, {NO_PATHS[what]!a}, 'exec'))\n", encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["odd"]\n', encoding="utf-8")
    assert 0 == main(["list", "-C", str(tmp_path), "-p", str(tmp_path)])
    assert ("f  1 step, 1 path\n", "") == capsys.readouterr()


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are texts there")
def test_a_project_in_a_folder_that_is_not_utf8(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A project is collected wherever it is."""
    folder = tmp_path / "caf\udce9"
    folder.mkdir()
    (folder / "shop.py").write_text(
        "from penstock import flow\n@flow('f').entrypoint\ndef go(): ...\n", encoding="utf-8"
    )
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n', encoding="utf-8")
    assert 0 == main(["list", "-C", str(folder)])
    assert ("f  1 step, 1 path\n", "") == capsys.readouterr()

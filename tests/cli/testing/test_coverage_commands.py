"""``penstock coverage`` and ``penstock tests``, about evidence that names its tests."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

from command import FLOWS
from penstock.check.evidence import Evidence, Fact, Seen, Visit, save
from penstock.cli import main

HANDLE, FETCH, SYNC = (Seen(name) for name in ("handle_kafka_message", "fetch_from_api", "sync_to_database"))
EVIDENCE = Evidence(
    {Fact("bom_sync", FETCH, HANDLE): 3},
    visits={
        Visit("bom_sync", HANDLE): frozenset({"test_a.py::test[x]", "test_a.py::test[y z]", "test_b.py::test"}),
        Visit("bom_sync", FETCH, HANDLE): frozenset({"test_a.py::test[x]", "test_b.py::test"}),
        Visit("bom_sync", SYNC, FETCH, frozenset(), frozenset({HANDLE}), frozenset(), frozenset({"fetch_from_api"})): (
            frozenset({"test_b.py::test"})
        ),
    },
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project in a git repository, with evidence."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    flows = FLOWS.replace('"""Fetches the BOM."""', "return clean(bom_id)")
    helpers = "\n\ndef clean(text):\n    return trim(text)\n\n\ndef trim(text):\n    return {}\n"
    (folder / "flows.py").write_text(flows + helpers.format("text"))
    save(EVIDENCE, folder / ".penstock" / "evidence.json")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "flows.py", "pyproject.toml"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *words], cwd=folder, check=True, timeout=600)
    subprocess.run([*git, "tag", "before"], cwd=folder, check=True, timeout=600)
    (folder / "flows.py").write_text(flows + helpers.format("text.strip()"))
    subprocess.run([*git, "commit", "-q", "-a", "-m", "b"], cwd=folder, check=True, timeout=600)
    changed = flows.replace('"""Writes the parts."""', "return data")
    (folder / "flows.py").write_text(changed + helpers.format("text.strip()"))
    return folder


@pytest.fixture(autouse=True)
def _here(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The project is the working directory."""
    monkeypatch.chdir(folder)


def test_the_report_names_what_no_test_takes(capsys: pytest.CaptureFixture[str]) -> None:
    """It counts arrows, labels, pairs and paths, and says why an arrow is not taken."""
    assert 0 == main.main(["coverage"])
    assert [
        "bom_sync  1 of 2 arrows, 0 of 1 label, 0 of 1 pair, 0 of 1 path, by 3 tests",
        "  flows.py:17: fetch_from_api → sync_to_database (if changed): tests take it only with fetch_from_api replaced",
        "  no test takes these paths:",
        "    handle_kafka_message → fetch_from_api → sync_to_database",
        "1 of 2 arrows taken by tests (50 %)",
    ] == capsys.readouterr().out.splitlines()


@pytest.mark.parametrize(("percent", "code"), [("50", 0), ("50.1", 1)])
def test_too_few_arrows_fail(percent: str, code: int, capsys: pytest.CaptureFixture[str]) -> None:
    """The limit itself is enough."""
    assert code == main.main(["coverage", "bom_sync", "--fail-under", percent])
    assert bool(code) == ("--fail-under demands: 50.1 %" in capsys.readouterr().err)


def test_json_has_a_row_for_each_arrow(tmp_path: Path) -> None:
    """It says where the arrow is declared, how often it was taken, and by which tests."""
    assert 0 == main.main(["coverage", "-f", "json", "-o", str(tmp_path / "coverage.json"), "--paths", "0"])
    report = json.loads((tmp_path / "coverage.json").read_text())
    assert {
        "flow": "bom_sync",
        "source": "handle_kafka_message",
        "target": "fetch_from_api",
        "label": "",
        "file": "flows.py",
        "line": 11,
        "hits": 3,
        "tests": ["test_a.py::test[x]", "test_b.py::test"],
        "masks": [],
        "detours": [],
    } == report["arrows"][0]
    assert [] == report["flows"][0]["untested_paths"]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["fetch_from_api"], ["test_a.py::test[x]", "test_b.py::test"]),
        (["bom_sync/handle_kafka_message"], ["test_a.py::test", "test_b.py::test"]),
        (["sync_to_database", "bom_sync.fetch_from_api"], ["test_a.py::test[x]", "test_b.py::test"]),
        (["--changed", "HEAD"], ["test_b.py::test"]),
        (["--changed", "before"], ["test_a.py::test[x]", "test_b.py::test"]),  # a function below fetch_from_api
    ],
)
def test_tests_are_listed_for_pytest(
    arguments: list[str], expected: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """A test is a line without spaces; one with doubles runs the step, too; a change is that of a step or of what it calls."""
    assert 0 == main.main(["tests", *arguments])
    assert expected == capsys.readouterr().out.splitlines()


def test_tests_of_the_project_are_named_from_where_they_are_to_run(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In another folder than the project's, a file is named from there."""
    (folder / "test_b.py").touch()
    monkeypatch.chdir(tmp_path)
    main.main(["tests", "-C", str(folder), "sync_to_database"])
    name, _, _ = capsys.readouterr().out.partition("::")
    assert (folder / "test_b.py").samefile(tmp_path / name)


def test_a_step_without_tests_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """It stands on standard error, where pytest does not take it for a test."""
    visits = {Visit("bom_sync", HANDLE): frozenset({"test_a.py::test"})}
    save(Evidence(visits=visits), tmp_path / "few.json")
    assert 0 == main.main(["tests", "fetch_from_api", "--evidence", str(tmp_path / "few.json")])
    assert ("", "note: no test runs bom_sync/fetch_from_api (flows.py:11)\n") == capsys.readouterr()


WRONG = {
    "unknown step": (["tests", "fetch_api"], "there is no step 'fetch_api'. Did you mean 'fetch_from_api'?"),
    "unknown flow": (["coverage", "bom"], "there is no flow 'bom'"),
    "no step": (["tests"], "name a step, or a git revision: --changed main"),
    "no percentage": (["coverage", "--fail-under", "101"], "'101' is not a number from 0 to 100"),
    "no number": (["coverage", "--paths", "-1"], "'-1' is not a number, 0 or more"),
    "no file": (["coverage", "--evidence", "none.json"], "there is no file 'none.json'"),
    "no tests": (["coverage", "--evidence", "traces.json"], "it does not say which test ran what"),
}


@pytest.mark.parametrize(("arguments", "expected"), WRONG.values(), ids=WRONG)
def test_what_cannot_be_answered(
    arguments: list[str], expected: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command fails with one line that says why."""
    save(Evidence(EVIDENCE.facts), tmp_path / "traces.json")
    arguments = [str(tmp_path / word) if word == "traces.json" else word for word in arguments]
    assert 2 == main.main(arguments)
    assert expected in capsys.readouterr().err


def test_nothing_was_recorded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The message says how to record."""
    for name in ("pyproject.toml", "flows.py"):
        (tmp_path / name).write_text(Path(name).read_text())
    monkeypatch.chdir(tmp_path)
    assert 2 == main.main(["coverage"])
    assert "nothing was recorded yet. Record what the tests run: pytest --penstock" in capsys.readouterr().err


@pytest.mark.parametrize(("command", "count"), [("show", 4), ("render", 2)])
def test_drawings_mark_untested_arrows(command: str, count: int, capsys: pytest.CaptureFixture[str]) -> None:
    """Only if they are asked to: on the arrow, in the note and in the line of proof."""
    main.main([command, "bom_sync"])
    assert "no test" not in capsys.readouterr().out
    main.main([command, "bom_sync", "--untested"])
    drawing = capsys.readouterr().out
    assert ("1 of 2 arrows is taken by no test." in drawing, count) == (True, drawing.count("no test"))


def test_a_map_has_no_tests(capsys: pytest.CaptureFixture[str]) -> None:
    """Its arrows stand for what flows hand each other."""
    assert 2 == main.main(["render", "--map", "--untested"])
    assert "--untested: the map joins flows" in capsys.readouterr().err

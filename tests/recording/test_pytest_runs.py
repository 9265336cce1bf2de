"""``pytest --penstock``: what the tests run, in every process that they start, becomes one file."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from penstock import flow, observing
from penstock._recording.process_recorder import Recorder
from penstock.check.evidence import load
from recorded_runs import SHOP, WHOLE, evidence, facts, run, runs

if TYPE_CHECKING:
    from pathlib import Path


def test_what_tests_run_is_recorded(folder: Path) -> None:
    """The file is where penstock looks for it, and version control is told to leave it alone."""
    said = run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock", installed=True)
    assert (1, WHOLE) == (runs(evidence(folder)), facts(evidence(folder)))
    assert "1 run, 3 steps of 1 flow recorded in .penstock/evidence.json. Now: penstock check" in said
    assert "*\n" == (folder / ".penstock" / ".gitignore").read_text()
    assert {16} == {len(fact.step.source) for fact in evidence(folder).facts}


def test_nobody_asked(folder: Path) -> None:
    """Without the option, nothing is recorded or even imported."""
    run(folder, "import sys\ndef test_it(): assert 'penstock.check' not in sys.modules", installed=True)
    assert not (folder / ".penstock").exists()


@pytest.mark.parametrize("place", ["option", "setting"])
def test_another_file(place: str, folder: Path) -> None:
    """The option names the file, from where pytest was called; else the setting does."""
    options = ["--penstock-evidence", "other/evidence.json"] if place == "option" else ["--penstock"]
    if place == "setting":
        (folder / "pyproject.toml").write_text('[tool.penstock]\nevidence = "other/evidence.json"\n')
    run(folder, "import shop\ndef test_it(): shop.handle()", *options)
    assert 1 == runs(load(folder / "other" / "evidence.json"))


def test_failing_tests_are_evidence_too(folder: Path) -> None:
    """What ran has run; pytest's exit code is its own."""
    run(folder, "import shop\ndef test_it(): shop.handle(); assert 0", "--penstock", code=1)
    assert 1 == runs(evidence(folder))


def test_a_file_that_cannot_be_written(folder: Path) -> None:
    """The summary says that the evidence is lost, and why; a CI job that relies on it fails, with or without workers."""
    (folder / "no").write_text("a file, not a folder")
    test = "import shop\ndef test_it(): shop.handle()"
    for workers in ([], ["-p", "xdist", "-n", "2"]):
        said = run(folder, test, "--penstock-evidence", "no/evidence.json", *workers, code=1)
        assert (True, True) == ("the evidence is lost: cannot write" in said, "1 passed" in said)


def test_evidence_that_is_lost_hides_no_other_failure(folder: Path) -> None:
    """Where pytest has an exit code of its own, it keeps it."""
    (folder / "no").write_text("a file, not a folder")
    test = "import shop\ndef test_it(): shop.handle(); raise KeyboardInterrupt"
    run(folder, test, "--penstock-evidence", "no/evidence.json", code=2)


def test_a_wrong_setting(folder: Path) -> None:
    """The message is ours, in one line."""
    (folder / "pyproject.toml").write_text('[tool.penstock]\nevidnce = "x"\n')
    command = [sys.executable, "-m", "pytest", "--penstock"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert (4, True) == (done.returncode, "Did you mean 'evidence'" in done.stderr)
    assert "Traceback" not in done.stderr


def test_commit_and_changes(folder: Path) -> None:
    """The evidence knows the commit, and whether files had changed."""
    if shutil.which("git") is None:
        pytest.skip("git is missing")
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false"]
    for words in (["init", "-q"], ["add", "shop.py"], ["commit", "-q", "-m", "a"]):
        subprocess.run([*git, *words], cwd=folder, check=True, timeout=600)
    run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock")
    ((clean, _),) = evidence(folder).commits.items()
    (folder / "shop.py").write_text(f"{SHOP}\n")
    run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock")
    ((changed, day),) = evidence(folder).commits.items()
    assert (40, f"{clean}+", 10) == (len(clean), changed, len(day))


@pytest.mark.parametrize(
    ("options", "code"),
    [(["--collect-only"], 0), (["--help"], 0), (["--setup-plan"], 0), (["-k", "other"], 5), (["gone.py"], 4)],
)
def test_who_runs_no_test_keeps_what_was_recorded(folder: Path, options: list[str], code: int) -> None:
    """An editor that lists the tests, or a wrong name, does not replace the evidence with none."""
    test = "import shop\ndef test_it(): shop.handle()"
    run(folder, test, "--penstock")
    run(folder, test, "--penstock", *options, code=code)
    assert WHOLE == facts(evidence(folder))


GOOD = "import shop\ndef test_it(): shop.handle()"
KEPT = {
    "no step": ("def test_it(): pass", [], 0, "no step of a flow ran"),
    "no step in workers": ("def test_it(): pass", ["-p", "xdist", "-n", "2"], 0, "no step of a flow ran"),
    "all deselected": (GOOD, ["-k", "other"], 5, "no step of a flow ran"),
    "all skipped": ("import pytest\n@pytest.mark.skip\ndef test_it(): pass", [], 0, "no step of a flow ran"),
    "a test that cannot be imported": ("import nothing_like_it", [], 2, "no step of a flow ran"),
    "steps alone": ("import shop\ndef test_it(): shop.charge()", [], 0, "steps ran only outside of flows"),
    "the first failure": (
        "import shop\ndef test_it(): shop.handle(); assert 0\ndef test_more(): shop.handle()",
        ["-x"],
        1,
        "the tests were cut short",
    ),
    "an interrupt": (
        "import shop\ndef test_it(): shop.handle(); raise KeyboardInterrupt",
        [],
        2,
        "the tests were cut short",
    ),
    "an exit": (
        "import pytest, shop\ndef test_it(): shop.handle(); pytest.exit('enough', 0)",
        [],
        0,
        "the tests were cut short",
    ),
    "a crash of a worker": (
        "import os, shop\ndef test_it(): shop.handle()\ndef test_crash(): os._exit(3)",
        ["-p", "xdist", "-n", "1"],
        1,
        "the tests were cut short",
    ),
    "an unreadable part": (
        "import os, pathlib, shop\ndef test_it():\n    shop.handle()\n    pathlib.Path(os.environ['PENSTOCK_EVIDENCE'], 'a.json').touch()",
        [],
        1,
        "a part of the recording cannot be read",
    ),
}


@pytest.mark.parametrize(("test", "options", "code", "reason"), KEPT.values(), ids=KEPT)
def test_a_recording_that_shows_less_than_it_should(
    folder: Path, test: str, options: list[str], code: int, reason: str
) -> None:
    """It does not take the place of good evidence, and the summary says so, and why."""
    run(folder, GOOD, "--penstock")
    said = run(folder, test, "--penstock", *options, code=code)
    assert WHOLE == facts(evidence(folder))
    assert reason in said
    assert "so .penstock/evidence.json stays as it was, with 1 run\n" in said


@pytest.mark.parametrize("again", ["", "; pathlib.Path(os.environ['PENSTOCK_EVIDENCE']).mkdir()"])
def test_a_recording_whose_folder_was_removed(folder: Path, again: str) -> None:
    """What a test that clears the temporary folder takes with it is lost, which is told, and the session fails."""
    test = f"import os, pathlib, shutil, shop\ndef test_it():\n    shop.handle()\n    shutil.rmtree(os.environ['PENSTOCK_EVIDENCE']){again}"
    run(folder, GOOD, "--penstock")
    said = run(folder, test, "--penstock", code=1)
    assert (WHOLE, True) == (facts(evidence(folder)), "the evidence is lost: the folder of the recording" in said)


def test_the_first_recording_is_kept_though_it_shows_little(folder: Path) -> None:
    """Where there is nothing to lose, what there is is written, and the summary says that it is not all."""
    said = run(folder, "import shop\ndef test_it(): shop.handle(); raise KeyboardInterrupt", "--penstock", code=2)
    assert (WHOLE, True) == (facts(evidence(folder)), "though the tests were cut short" in said)


def test_a_crash_of_pytest(folder: Path) -> None:
    """What it had recorded does not take the place of good evidence; pytest has no summary then."""
    run(folder, GOOD, "--penstock")
    crash = "import _pytest.runner as r, shop\ndef test_it(): shop.charge(); shop.handle(); r.check_interactive_exception = None; assert 0"
    run(folder, crash, "--penstock", code=3)
    assert (WHOLE, {}) == (facts(evidence(folder)), evidence(folder).orphans)


def test_without_any_test_nothing_is_written(folder: Path) -> None:
    """Where no test ran, and nothing was recorded before, there is no file."""
    run(folder, GOOD, "--penstock", "-k", "other", code=5)
    assert not (folder / ".penstock" / "evidence.json").exists()


def test_flows_that_run_no_more(folder: Path) -> None:
    """The summary names the flows of which the evidence before had runs, and this one has none."""
    run(folder, GOOD, "--penstock")
    other = "from penstock import flow\n@flow('b').entrypoint\ndef go(): ...\ndef test_it(): go()"
    said = run(folder, other, "--penstock")
    assert "No longer in it: 1 run of orders, which did not run this time." in said


def test_a_deleted_call_fails_the_check(folder: Path) -> None:
    """An arrow that the recording before showed, and this one does not, is an error, also after one more recording."""
    test = "import shop\ndef test_it(): shop.handle()\ndef test_alone(): shop.charge()"
    run(folder, test, "--penstock")
    (folder / "shop.py").write_text(SHOP.replace("return (call or charge)()", "pass"))
    check = [sys.executable, "-m", "penstock", "check", "-p", "."]
    for _ in range(2):
        run(folder, test, "--penstock")
        done = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
        assert (1, True) == (
            done.returncode,
            "no-longer-seen [orders] charge no longer runs after validate" in done.stdout,
        )
    run(folder, f"{test}\ndef test_more(): shop.handle()", "--penstock", "test_it.py::test_more")
    done = subprocess.run(check, cwd=folder, capture_output=True, text=True, check=False, timeout=600)
    assert (0, True) == (done.returncode, "fewer tests ran than then, of test_it.py." in done.stdout)


@pytest.mark.parametrize("workers", [[], ["-p", "xdist", "-n", "2"]], ids=["alone", "workers"])
def test_the_tests_are_counted(folder: Path, workers: list[str]) -> None:
    """The evidence knows of each file how many tests passed, and how many were left out."""
    test = """
import pytest, shop
def test_it(): shop.handle()
@pytest.mark.parametrize("number", range(3))
def test_more(number): pass
def test_failing(): assert 0
@pytest.mark.skip
def test_skipped(): pass
def test_other(): pass
@pytest.fixture
def broken(): raise ValueError
def test_error(broken): pass
"""
    run(folder, test, "--penstock", "-k", "not other", *workers, code=1)
    assert {"test_it.py": (4, 4)} == evidence(folder).history.tests


def test_nothing_is_left_behind(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder of the parts is gone afterwards, also when there was nothing to run."""
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    (folder / "tmp").mkdir()
    run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock")
    run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock", "--collect-only")
    run(folder, "import nothing_like_it", "--penstock", code=2)
    assert [] == [path for path in (folder / "tmp").iterdir() if path.name.startswith("penstock-")]


def test_what_a_killed_recording_left_is_removed_by_a_later_one(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder that nobody has written to for a week goes; one that may be in use stays."""
    monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
    for name, days in {"penstock-evidence-old": 7.1, "penstock-evidence-new": 6.9, "other": 14}.items():
        (folder / "tmp" / name).mkdir(parents=True)
        (folder / "tmp" / name / "1-a.json").write_text("{}")
        os.utime(folder / "tmp" / name, (time.time() - days * 24 * 3600,) * 2)
    run(folder, "def test_it(): pass", "--penstock")
    left = {path.name for path in (folder / "tmp").iterdir() if not path.name.startswith("pytest-of-")}
    assert {"penstock-evidence-new", "other"} == left


def test_a_recording_inside_a_recording(folder: Path) -> None:
    """A test that runs pytest with the plugin in its own process keeps both apart, and the outer one goes on."""
    test = """
import os, pytest, shop
def test_it(tmp_path):
    shop.handle()
    (tmp_path / "test_inner.py").write_text("import shop\\ndef test_it(): shop.handle(); shop.handle()")
    before = os.environ["PENSTOCK_EVIDENCE"]
    assert 0 == pytest.main(["-p", "penstock.contrib.pytest", "--penstock-evidence", "inner.json", str(tmp_path)])
    assert before == os.environ["PENSTOCK_EVIDENCE"]
    shop.handle()
"""
    run(folder, test, "--penstock")
    assert (2, 2) == (runs(evidence(folder)), runs(load(folder / "inner.json")))


def test_tests_see_nothing_of_it(folder: Path) -> None:
    """What a test replaces of Python itself is not called by what records."""
    test = """
import shop
from unittest import mock
def test_files():
    with mock.patch("os.replace", side_effect=OSError) as replace, mock.patch("builtins.open") as opened:
        shop.handle()
    assert [] == [*replace.mock_calls, *opened.mock_calls]
"""
    run(folder, test, "--penstock")
    assert (1, WHOLE) == (runs(evidence(folder)), facts(evidence(folder)))


@pytest.mark.parametrize("workers", [[], ["-n", "2", "-p", "xdist"]], ids=["one process", "workers"])
@pytest.mark.parametrize("conftest", ["{}", "def pytest_configure():\n    {}"], ids=["at once", "in a hook"])
def test_steps_that_conftest_replaces(folder: Path, conftest: str, workers: list[str]) -> None:
    """What is replaced for all tests, before any is there, accuses nobody either."""
    replacing = "__import__('unittest.mock').mock.patch('shop.validate').start()"
    (folder / "conftest.py").write_text(conftest.format(replacing))
    run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock", *workers)
    assert {"handle>charge after ": 1} == facts(evidence(folder))
    assert {frozenset({"validate"})} == {*evidence(folder).replaced.values()}


def test_a_worker_writes_the_rarer_the_more_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """However many tests there are, to write takes a small part of their time."""
    written = []
    monkeypatch.setattr("penstock._recording.evidence_observer.save", lambda *_: (written.append(1), time.sleep(0.2)))
    observer = Recorder(tmp_path / "part.json")
    for name in ("one", "two", "three"):
        with observing(observer):
            flow(name).entrypoint(name=name)(lambda: None)()
        observer.write_now_and_then()
    assert [1] == written
    observer.leave()
    assert [1, 1] == written


def test_the_verdict_of_a_recording(folder: Path) -> None:
    """What was recorded confirms the arrows, and the file can be merged with another."""
    run(folder, "import shop\ndef test_it(): shop.handle()", "--penstock")
    for name in ("one.json", "two.json"):
        shutil.copy(folder / ".penstock" / "evidence.json", folder / name)
    penstock = [sys.executable, "-m", "penstock"]
    merging = [*penstock, "evidence", "merge", "one.json", "two.json", "-o", ".penstock/evidence.json"]
    merged = subprocess.run(merging, cwd=folder, capture_output=True, text=True, check=True, timeout=600)
    assert ("wrote .penstock/evidence.json: 2 runs\n", 2) == (merged.stdout, runs(evidence(folder)))
    exported = subprocess.run(
        [*penstock, "export"], cwd=folder, capture_output=True, text=True, check=True, timeout=600
    )
    (shown,) = json.loads(exported.stdout)["flows"]
    assert {"confirmed"} == {edge["state"] for edge in shown["edges"]}
    missing = subprocess.run(
        [*merging[:-3], "no.json", *merging[-2:]], cwd=folder, capture_output=True, text=True, check=False, timeout=600
    )
    assert (2, True) == (missing.returncode, "there is no file 'no.json'" in missing.stderr)


LIBRARY = """
from multiprocessing import get_context

from penstock import carry, flow

library = flow("library")

@library.entrypoint
def lend(elsewhere=False):
    charge()
    if elsewhere:
        process = get_context("spawn").Process(target=carry(hand_over))
        process.start()
        process.join()
    else:
        hand_over()

@library.step(after="lend")
def charge(): ...

@library.step(after="charge")
def hand_over(): ...
"""

AUTOUSE = """
import app, pytest

@pytest.fixture(autouse=True)
def no_money(monkeypatch):
    monkeypatch.setattr(app, "charge", lambda: None)
"""

REPLACING = {
    "beside one that does not": """
from unittest import mock
import app, pytest

def test_it(): app.lend()

@mock.patch("app.charge")
def test_patched(charge): app.lend()

@pytest.fixture
def started():
    with mock.patch.object(app, "charge", autospec=True) as charge:
        yield charge

def test_fixture(started): app.lend(); started.assert_called_once()
def test_monkeypatch(monkeypatch): monkeypatch.setattr("app.charge", lambda: None); app.lend()
""",
    "everywhere": f"{AUTOUSE}\ndef test_it(): app.lend()\ndef test_more(): app.lend()",
    "in the parent": f"{AUTOUSE}\ndef test_it(): app.lend(elsewhere=True)",
    "by hand": """
import app

def test_it():
    kept, app.charge = app.charge, lambda: None
    app.lend()
    app.charge = kept
""",
}


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
@pytest.mark.parametrize("tests", REPLACING)
def test_steps_that_tests_replace(tests: str, workers: tuple[str, ...], folder: Path) -> None:
    """They are no reason for the check to fail, in whatever process the rest of the flow runs."""
    (folder / "app.py").write_text(LIBRARY)
    run(folder, REPLACING[tests], "--penstock", *workers)
    assert "lend>hand_over after " in facts(evidence(folder))
    command = [sys.executable, "-m", "penstock", "check", "-m", "app", "-p", "."]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, timeout=300)
    assert (0, True) == (done.returncode, "2 of 2 arrows confirmed" in done.stdout), done.stdout

"""What ``penstock diff`` says of two revisions of a real git repository."""

from __future__ import annotations

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from changed_flows import LATER, ORDERS, TEXT
from penstock import manifest
from penstock.cli import main
from penstock.manifest import Manifest
from terminal import terminal_signals

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
from penstock import flow

orders = flow("orders")


@orders.entrypoint
def receive(): ...


@orders.step(after=receive)
def pay(): ...
"""


def git(folder: Path, *arguments: str) -> str:
    """Run git in a folder."""
    who = ["-c", "user.name=a", "-c", "user.email=a@example.org", "-c", "init.defaultBranch=main"]
    command = ["git", *who, *arguments]
    return subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True).stdout


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository with two commits: a flow of two steps, then one of three; temporary files go beside it."""
    if shutil.which("git") is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("git is missing; install it")
    folder = tmp_path / "project"
    folder.mkdir()
    (tmp_path / "temporary").mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / "temporary"))
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.chdir(folder)
    git(folder, "init", "--quiet")
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\npath = ["."]\n')
    commit(folder, SHOP, "first")
    git(folder, "tag", "v1")
    commit(folder, f"{SHOP}\n@orders.step(after=pay)\ndef ship(): ...\n", "second")
    return folder


def commit(folder: Path, shop: str, message: str) -> None:
    """Commit a state of the application."""
    (folder / "shop.py").write_text(shop)
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", message)


def nothing_left(project: Path) -> bool:
    """Tell whether no worktree and no temporary folder is left."""
    listed = git(project, "worktree", "list", "--porcelain")
    return 1 == listed.count("worktree ") and not [*(project.parent / "temporary").iterdir()]


SHIPPED = """\
orders changed
  + step   ship  shop.py:14
  + arrow  pay → ship

Flows: 1 changed.
"""


@pytest.mark.parametrize("revisions", [["v1"], ["HEAD~1"], ["v1", "main"], ["v1", "HEAD"]])
def test_revisions_are_compared(project: Path, revisions: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    """Each revision is collected from a checkout of its own, the new one is the working tree if none is named."""
    assert 1 == main.main(["diff", *revisions])
    assert ((SHIPPED, ""), True) == (capsys.readouterr(), nothing_left(project))


def test_the_working_tree_counts_as_it_is(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not committed yet is what gets compared, and it stays as it is."""
    (project / "shop.py").write_text(SHOP)
    assert 0 == main.main(["diff", "v1"])
    assert ("No flow is different.\n", "") == capsys.readouterr()
    assert (SHOP, " M shop.py\n") == ((project / "shop.py").read_text(), git(project, "status", "--short"))


def test_two_manifests_need_neither_git_nor_project(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Files of manifests are compared anywhere, without a configuration."""
    elsewhere = project.parent
    manifest.save(Manifest(flows=(ORDERS,)), elsewhere / "old.json")
    manifest.save(Manifest(flows=(LATER,)), elsewhere / "new.json")
    monkeypatch.chdir(elsewhere)
    monkeypatch.setenv("PATH", "")
    assert 1 == main.main(["diff", "old.json", "new.json"])
    assert TEXT + "\n" == capsys.readouterr().out


def test_a_file_wins_over_a_revision_of_its_name(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where a file and a branch have one name, the file is meant."""
    manifest.save(Manifest(), project / "main")
    assert 1 == main.main(["diff", "main"])
    assert capsys.readouterr().out.startswith("orders added\n")


def test_a_revision_has_its_own_configuration(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The modules that the revision's pyproject.toml names are imported, not those of today."""
    git(project, "mv", "shop.py", "store.py")
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["store"]\npath = ["."]\nservice = ""\n')
    assert 1 == main.main(["diff", "HEAD"])
    assert "~ step   ship: file shop.py → store.py  store.py:14\n" in capsys.readouterr().out


def test_a_revision_is_imported_with_the_interpreter_of_today(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An interpreter that the revision names and that is not in git does not matter."""
    (project / "pyproject.toml").write_text(
        '[tool.penstock]\nmodules = ["shop"]\npath = ["."]\npython = ".venv/bin/python"\n'
    )
    (project / ".gitignore").write_text(".venv\n.penstock\n")
    commit(project, SHOP, "third")
    (project / ".venv" / "bin").mkdir(parents=True)
    (project / ".venv" / "bin" / "python").write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    (project / ".venv" / "bin" / "python").chmod(0o755)
    assert 0 == main.main(["diff", "HEAD"])
    assert ("No flow is different.\n", "") == capsys.readouterr()


def test_a_project_may_be_part_of_a_repository(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """In a subfolder of the repository, the same subfolder of the revision is looked at; -C names it from anywhere."""
    (project / "back").mkdir()
    for name in ("pyproject.toml", "shop.py"):
        git(project, "mv", name, f"back/{name}")
    git(project, "commit", "--quiet", "--message", "moved")
    assert 0 == main.main(["diff", "HEAD", "-C", "back"])
    capsys.readouterr()
    assert 2 == main.main(["diff", "v1", "-C", "back"])
    said = capsys.readouterr().err
    assert re.fullmatch(r"penstock: v1 \(\w{10}\): there is no folder 'back' in it\n", said)


def test_modules_of_the_command_line_hold_for_both(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-m and -p work without a configuration, in the revision's own folders."""
    git(project, "rm", "--quiet", "pyproject.toml")
    (project / "src").mkdir()
    git(project, "mv", "shop.py", "src/shop.py")
    git(project, "commit", "--quiet", "--message", "moved")
    (project / "src" / "shop.py").write_text(SHOP)
    assert 1 == main.main(["diff", "HEAD", "-m", "shop", "-p", "src"])
    assert "  - step   ship  src/shop.py:14\n" in capsys.readouterr().out


def test_what_is_installed_to_be_edited_comes_from_the_revision(project: Path, tmp_path: Path) -> None:
    """Sources of the checkout that are on sys.path already are imported from the revision instead."""
    (project / "src").mkdir()
    git(project, "mv", "shop.py", "src/shop.py")
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\n')
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "moved")
    (project / "src" / "shop.py").write_text(SHOP)
    done = diff("HEAD", env={"PYTHONPATH": str(project / "src")})
    assert (1, True) == (done.returncode, "- step   ship" in done.stdout)


def test_the_checkout_of_today_is_no_revision(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the revision's code cannot come first, the answer would be wrong, so it is refused."""
    (project / "pyproject.toml").write_text(
        f'[tool.penstock]\nmodules = ["shop"]\npath = ["{(project / "own").as_posix()}"]\n'
    )
    (project / "own").mkdir()
    git(project, "mv", "shop.py", "own/shop.py")
    git(project, "add", ".")
    git(project, "commit", "--quiet", "--message", "absolute")
    assert 2 == main.main(["diff", "HEAD"])
    expected = f"penstock: HEAD: {project / 'own' / 'shop.py'} was imported from the checkout of today."
    assert capsys.readouterr().err.startswith(expected)


def diff(*arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    command = [sys.executable, "-m", "penstock", "diff", *arguments]
    environment = {**os.environ, **(env or {})}
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=600, env=environment)


@pytest.mark.parametrize(
    ("revision", "said"),
    [
        ("mian", "there is neither a file nor a git revision 'mian'. Did you mean 'main'?"),
        ("V1", "there is neither a file nor a git revision 'V1'. Did you mean 'v1'?"),
        ("wholly-unknown", "there is neither a file nor a git revision 'wholly-unknown'."),
        ("v1..main", "there is neither a file nor a git revision 'v1..main'. A range is two revisions: penstock diff v1 main"),
        ("v1...", "there is neither a file nor a git revision 'v1...'. A range is two revisions: penstock diff v1"),
    ],
)  # fmt: skip
def test_unknown_revisions_are_told_with_near_names(
    project: Path, revision: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A name that is neither a file nor a revision is one line, with the branches and tags that look like it."""
    assert 2 == main.main(["diff", revision])
    assert ("", f"penstock: {said}\n") == capsys.readouterr()


def test_a_shallow_clone_is_told_how_to_get_more(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """In a clone without history, as CI makes it, the message says how to fetch it."""
    git(project.parent, "clone", "--quiet", "--depth", "1", f"file://{project}", "clone")
    monkeypatch.chdir(project.parent / "clone")
    assert 2 == main.main(["diff", "HEAD~1"])
    assert capsys.readouterr().err.endswith("This clone is shallow; fetch the revision first: git fetch --unshallow\n")


def test_a_revision_needs_git(
    project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without git on the machine, a revision is one clear line."""
    monkeypatch.setenv("PATH", str(project))
    assert 2 == main.main(["diff", "main"])
    assert (
        "penstock: 'main' is not a file, and git is not installed to look it up as a revision\n"
        == capsys.readouterr().err
    )


def test_a_revision_needs_a_repository(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Outside every repository the message says what to compare instead."""
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop"]\n')
    monkeypatch.chdir(tmp_path)
    assert 2 == main.main(["diff", "main"])
    cure = "Name two manifests instead: penstock export -o old.json"
    said = f"penstock: 'main' is no file, and {tmp_path} is in no git repository. {cure}\n"
    assert said == capsys.readouterr().err


def test_an_import_that_fails_in_the_old_revision_names_it(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The message says which revision cannot be imported, where and why, and nothing is left behind."""
    commit(project, "import gone\n", "broken")
    (project / "shop.py").write_text(SHOP)
    assert 2 == main.main(["diff", "HEAD"])
    said = capsys.readouterr().err
    assert re.match(r"penstock: HEAD \([0-9a-f]{10}\): shop\.py:1: cannot import shop: ", said), said
    assert (1, True) == (said.count("\n"), nothing_left(project))


def test_a_revision_without_flows_to_name_is_told(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where the revision was not configured yet, the message says so."""
    git(project, "rm", "--quiet", "--cached", "pyproject.toml")
    git(project, "commit", "--quiet", "--message", "bare")
    assert 2 == main.main(["diff", "HEAD"])
    assert re.match(r"penstock: HEAD \(\w{10}\): it configures no modules\.", capsys.readouterr().err)


def test_hooks_of_the_repository_do_not_run(project: Path) -> None:
    """Checking a revision out starts nothing that the repository has for checkouts, also from within a hook."""
    hook = project / ".git" / "hooks" / "post-checkout"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\ntouch ran\n")
    hook.chmod(0o755)
    inside = {"GIT_DIR": ".git", "GIT_INDEX_FILE": ".git/index", "GIT_WORK_TREE": "."}
    done = diff("v1", env=inside)
    assert ((1, SHIPPED, ""), False) == ((done.returncode, done.stdout, done.stderr), (project / "ran").exists())
    assert "" == git(project, "status", "--short", "--untracked-files=no")


def sleeping(project: Path) -> subprocess.Popen[bytes]:
    """Start a comparison with a revision whose import never ends, and wait until it is at that."""
    commit(project, "import time\nopen('started', 'w').close()\ntime.sleep(60)\n", "slow")
    (project / "shop.py").write_text(SHOP)
    command = [sys.executable, "-m", "penstock", "diff", "HEAD"]
    with terminal_signals():
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    until = time.monotonic() + 600
    while not [*(project.parent / "temporary").glob("penstock-diff-*/tree/started")]:
        assert time.monotonic() < until
        time.sleep(0.02)
    return process


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_leaves_nothing_behind(project: Path, number: signal.Signals) -> None:
    """Whoever ends the command in the middle finds no worktree and no temporary folder."""
    process = sleeping(project)
    process.send_signal(number)
    _, said = process.communicate(timeout=600)
    assert (process.returncode, b"Traceback" in said) in [(128 + number, False), (2, False)]
    assert nothing_left(project)


def test_what_a_killed_run_left_the_next_one_removes(project: Path) -> None:
    """A kill that nobody can catch leaves a worktree, which is gone after the next comparison."""
    process = sleeping(project)
    process.kill()
    process.communicate(timeout=600)
    assert 2 == git(project, "worktree", "list", "--porcelain").count("worktree ")
    assert 0 == diff("v1").returncode
    listed = git(project, "worktree", "list", "--porcelain")
    assert (1, []) == (listed.count("worktree "), [*(project.parent / "temporary").glob("penstock-diff-*")])


def test_the_answer_goes_to_a_file(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """-o writes the answer whole, without colours, and prints nothing."""
    assert 1 == main.main(["diff", "v1", "-o", "changes.txt"])
    assert (SHIPPED, ("", "")) == ((project / "changes.txt").read_text(), capsys.readouterr())


@pytest.mark.parametrize(
    ("name", "start"),
    [("json", "{\n"), ("mermaid", "%% orders changed\ngraph TD\n"), ("markdown", "<!-- penstock-diff -->\n### Flows: 1 changed\n")],
)  # fmt: skip
def test_the_format_is_chosen(project: Path, name: str, start: str, capsys: pytest.CaptureFixture[str]) -> None:
    """--format selects the output's format."""
    assert 1 == main.main(["diff", "v1", "--format", name])
    assert capsys.readouterr().out.startswith(start)


def test_one_flow_can_be_chosen(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """--flow leaves all others out, and a name that neither side knows is an error with near names."""
    manifest.save(Manifest(flows=(ORDERS, replace(ORDERS, name="other"))), project / "old.json")
    assert 1 == main.main(["diff", "old.json", "v1", "--flow", "other"])
    assert capsys.readouterr().out.startswith("other removed\n")
    assert 2 == main.main(["diff", "old.json", "v1", "--flow", "othr"])
    said = "penstock: there is no flow 'othr'. Did you mean 'other'? Known flows: orders, other.\n"
    assert ("", said) == capsys.readouterr()


def test_a_terminal_has_colours(project: Path) -> None:
    """A person in a terminal sees what is new in green."""
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    leader, follower = pty.openpty()
    command = [sys.executable, "-m", "penstock", "diff", "v1"]
    assert 1 == subprocess.run(command, stdout=follower, env=environment, check=False, timeout=600).returncode
    os.close(follower)
    assert b"\x1b[32m+ step \x1b[0m  ship" in os.read(leader, 10_000)
    os.close(leader)

"""``penstock check --fix`` as a person meets it."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
import textwrap
import time
from typing import TYPE_CHECKING

import pytest

from fixes import START, declared_edges, wished
from penstock.check.fix import fix
from penstock.cli.fix import asker, run_fix

if TYPE_CHECKING:
    from pathlib import Path

PAY = '@flow("orders")\n@step(after="receive")\ndef pay(): ...\n'
DIFF = """--- a/shop.py
+++ b/shop.py
@@ -17,5 +17,5 @@
 def weigh(): ...
 
 @flow("orders")
-@step(after="receive")
+@step(after="check")
 def pay(): ...
"""  # noqa: W293


@pytest.mark.parametrize(("answer", "status"), [(True, 0), (False, 1)])
def test_the_change_is_shown_and_written_on_a_yes(
    project: Path, capsys: pytest.CaptureFixture[str], answer: bool, status: int
) -> None:
    """A unified diff is shown; the file changes only if somebody says yes."""
    (project / "shop.py").write_text(START + PAY)
    findings, found = wished(project, {"pay": ("check",)})
    asked: list[str] = []

    def ask(question: str) -> bool:
        asked.append(question)
        return answer

    assert status == run_fix(findings, found, project, ask)
    assert (["Write 1 file?"], True) == (asked, capsys.readouterr().out.startswith(DIFF))
    assert answer == ("check" in (project / "shop.py").read_text().rpartition("after=")[2])


def test_nobody_is_asked_with_yes(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--yes` writes at once, for scripts, and says what was written."""
    (project / "shop.py").write_text(START + PAY)
    findings, found = wished(project, {"pay": ("check",)})
    assert 0 == run_fix(findings, found, project, asker(yes=True))
    assert capsys.readouterr().out.endswith("wrote shop.py\n")
    assert ["check"] == declared_edges(project, "pay")


PROGRAM = """
import sys
from pathlib import Path
from penstock.cli.fix import asker, run_fix
from penstock.check.findings.finding import Finding
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
found = collect(CollectPlan.of(load(Path.cwd())))
finding = Finding(code="undeclared", severity="error", flow="orders", target="pay", message="", after=("check",))
sys.exit(run_fix([finding], found, Path.cwd(), asker(yes=False)))
"""


def test_without_a_terminal_the_change_is_only_shown(project: Path) -> None:
    """In a script without `--yes` the diff is printed, nothing is written, and the exit code is 1."""
    (project / "shop.py").write_text(START + PAY)
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=project,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (1, DIFF) == (done.returncode, done.stdout)
    assert (
        "Nothing was written, because there is no terminal to ask in. Use --yes to write without asking.\n"
        == done.stderr
    )
    assert START + PAY == (project / "shop.py").read_text()


@pytest.mark.parametrize(("typed", "status"), [(b"y\n", 0), (b"\n", 1), (b"n\n", 1)])
def test_a_person_is_asked_in_colour(project: Path, typed: bytes, status: int) -> None:
    """In a terminal the diff is coloured and a question waits; Enter means no."""
    (project / "shop.py").write_text(START + PAY)
    environment = {**os.environ, "TERM": "xterm"}
    environment.pop("NO_COLOR", None)
    leader, follower = pty.openpty()
    os.write(leader, typed)
    done = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=project, env=environment, stdin=follower, stdout=follower, stderr=follower
    )
    assert status == done.wait(60)
    os.close(follower)
    shown = os.read(leader, 100_000).decode().replace("\r\n", "\n")
    os.close(leader)
    assert '\x1b[31m-@step(after="receive")\x1b[0m\n\x1b[32m+@step(after="check")\x1b[0m\n' in shown
    assert "Write 1 file? [y/N] " in shown
    assert (status == 0) == ('after="check"' in (project / "shop.py").read_text())


def test_libcst_is_only_needed_to_write(project: Path) -> None:
    """Without LibCST, asking for a fix says how to install it, and nothing else needs it."""
    (project / "shop.py").write_text(START + PAY)
    program = f"import sys\nsys.modules['libcst'] = None\n{PROGRAM}"
    program = textwrap.dedent(program).replace(
        "sys.exit(", "from penstock.errors import MissingExtraError\ntry:\n    print("
    )
    program += "except MissingExtraError as error:\n    print(error)\n"
    done = subprocess.run([sys.executable, "-c", program], cwd=project, capture_output=True, text=True, check=False)
    expected = "writing declarations needs LibCST. Install what is missing: pip install 'penstock[fix]'\n"
    assert (expected, "") == (done.stdout, done.stderr)


def test_a_person_learns_what_is_left(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is not understood is told on standard error, and the exit code is 1 even if the rest was written."""
    (project / "shop.py").write_text(
        START + PAY + 'BEFORE = "receive"\n@flow("orders")\n@step(after=BEFORE)\ndef ship(): ...\n'
    )
    findings, found = wished(project, {"pay": ("check",), "ship": ("pay",)})
    assert 1 == run_fix(findings, found, project, asker(yes=True))
    line = START.count("\n") + 6
    said = f"left: shop.py:{line}: ship is left alone: which steps BEFORE in its after= names is not written there.\n"
    assert said == capsys.readouterr().err
    assert ["check"] == declared_edges(project, "pay")


def command(project: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Python with these arguments in a project, as a user would."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST", "PENSTOCK"))}
    return subprocess.run(
        [sys.executable, *arguments], cwd=project, env=environment, stdin=subprocess.DEVNULL,
        capture_output=True, text=True, check=False, timeout=600,
    )  # fmt: skip


def test_what_check_finds_it_mends(project: Path) -> None:
    """`penstock check --fix --yes` writes what really ran, and the next check is clean."""
    (project / "shop.py").write_text(
        "from penstock import entrypoint, flow, step\norders = flow('orders')\n"
        "@orders.entrypoint\ndef receive():\n    check()\n"
        "@orders.step(after=receive)\ndef check():\n    return pay()\n"
        "@orders.step(after={receive: 'if new'})  # at once\ndef pay(): ...\n"
    )
    (project / "test_shop.py").write_text("from shop import receive\n\n\ndef test_orders():\n    receive()\n")
    ran = command(project, "-m", "pytest", "-q", "--penstock", "-p", "no:cacheprovider", "-p", "no:randomly")
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    before = command(project, "-m", "penstock", "check")
    fixing = command(project, "-m", "penstock", "check", "--fix", "--yes")
    assert (1, 0, "") == (before.returncode, fixing.returncode, fixing.stderr)
    assert "-@orders.step(after={receive: 'if new'})  # at once\n+@orders.step(after=" in fixing.stdout
    assert ["check"] == declared_edges(project, "pay")
    assert 0 == command(project, "-m", "penstock", "check").returncode


def test_many_wishes_cost_little_more_than_one(project: Path) -> None:
    """A large file is gone through once, and not again for each step in it."""
    steps = "".join(f"@orders.step(after='receive')\ndef s{number}(): ...\n" for number in range(300))
    head = "from penstock import flow\norders = flow('orders')\n@orders.entrypoint\ndef receive(): ...\n"
    (project / "shop.py").write_text(head + steps)
    findings, found = wished(project, {f"s{number}": (f"s{number - 1}",) for number in range(1, 300)})
    took = []
    for chosen in (findings[:1], findings):
        start = time.process_time()
        assert (1, ()) == (len((fixes := fix(chosen, found, project)).edits), fixes.refused)
        took.append(time.process_time() - start)
    assert took[1] < 3 * took[0], took


def test_a_fix_is_shown_as_text(project: Path) -> None:
    """A report for programs has no room for a diff, so `--fix` with another format is refused in one line."""
    (project / "shop.py").write_text(START + PAY)
    done = command(project, "-m", "penstock", "check", "--fix", "--format", "json")
    expected = "penstock: --fix: it prints a diff, so the format must be text\n"
    assert (2, "", expected) == (done.returncode, done.stdout, done.stderr)

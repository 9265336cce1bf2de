"""``pytest --penstock`` of an application that knows nothing of penstock: its flows are declared elsewhere."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

import forked
from penstock.check.evidence import load

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "shop.py": """
def receive():
    check()
    return Till().pay()

def check(): ...

class Till:
    def pay(self): return "paid"
""",
    "client.py": "from shop import receive",
    "outside/__init__.py": "",
    "outside/orders.py": """
from penstock import flow

orders = flow("orders")
orders.entrypoint().patch("shop:receive")
orders.step(after="receive").patch("shop:check")
orders.step(after="check").patch("shop:Till.pay")
""",
    "pyproject.toml": '[tool.penstock]\nmodules = ["outside.*"]\npath = ["."]\n',
}
TEST = "from client import receive\ndef test_it(): assert 'paid' == receive()\n"
WHOLE = {("receive", "check"), ("receive", "pay")}


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with declarations from outside."""
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


def run(folder: Path, test: str, *options: str, code: int = 0, installed: bool = False) -> str:
    """Run a test file under the plugin; return what it printed."""
    (folder / "test_it.py").write_text(test, encoding="utf-8")
    environment = {**os.environ}
    if not installed:
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
        options += ("-p", "penstock.contrib.pytest")
    command = ("pytest", "-p", "no:cacheprovider", "-q", "--penstock", *options)
    done = forked.run(*command, cwd=folder, environment=environment, timeout=300)
    assert code == done.returncode, done.stdout + done.stderr
    return done.stdout


def recorded(folder: Path) -> tuple[int, set[tuple[str, str]]]:
    """Return how many runs there were, and which step ran inside which."""
    evidence = load(folder / ".penstock" / "evidence.json")
    return sum(evidence.runs.values()), {(fact.parent.step, fact.step.step) for fact in evidence.facts}


@pytest.mark.parametrize("workers", [(), ("-p", "xdist", "-n", "2")], ids=["alone", "workers"])
def test_declarations_are_known_to_the_tests(folder: Path, workers: tuple[str, ...]) -> None:
    """The configured modules are imported before the tests are, so nobody needs a conftest.py for it."""
    run(folder, TEST, *workers)
    assert (1, WHOLE) == recorded(folder)


PROCESSES = {
    "subprocess": "subprocess.run([sys.executable, '-c', 'from client import receive; receive()'], check=True)",
    "module": "subprocess.run([sys.executable, '-m', 'timeit', '-n', '1', '-r', '1', 'import shop; shop.receive()'])",
    "spawned": "start('spawn')",
    "from a server": "start('forkserver')",
}


@pytest.mark.parametrize("start", PROCESSES.values(), ids=PROCESSES)
def test_declarations_are_known_to_processes_that_tests_start(folder: Path, start: str) -> None:
    """As soon as such a process imports the module, its functions are steps there."""
    test = f"""
import multiprocessing, subprocess, sys
from client import receive
def start(method):
    process = multiprocessing.get_context(method).Process(target=receive)
    process.start()
    process.join()
    assert 0 == process.exitcode
def test_it(): {start}
"""
    run(folder, test)
    assert (1, WHOLE) == recorded(folder)


def test_what_python_imports_when_it_starts_is_imported_still(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A `sitecustomize` of the project goes on to work in processes that tests start, and is found by its name."""
    (folder / "sitecustomize.py").write_text("WORDS = 'of the project'")
    program = "import sitecustomize, shop; assert sitecustomize.WORDS == 'of the project'; shop.receive()"
    test = (
        "import os, subprocess, sys\n"
        f"def test_it(): subprocess.run([sys.executable, '-c', {program!r}], check=True)\n"
        "def test_nothing_else_changes(): assert 'PENSTOCK_EVIDENCE_PATCHES' in os.environ"
    )
    monkeypatch.setenv("PYTHONPATH", str(folder))
    run(folder, test)
    assert (1, WHOLE) == recorded(folder)


def test_a_module_that_cannot_be_imported(folder: Path) -> None:
    """It is told once, with file and line; the tests go on, and what else is declared is recorded."""
    (folder / "outside" / "broken.py").write_text("import os\nimport shopp\n", encoding="utf-8")
    for workers in ((), ("-p", "xdist", "-n", "2")):
        said = run(folder, TEST, *workers)
        line = (
            "outside/broken.py:2: the module outside.broken, which the setting `modules` names, cannot be imported: "
            "ModuleNotFoundError: No module named 'shopp'."
        )
        assert (1, True) == (said.count(line), "1 passed" in said)
        assert (1, WHOLE) == recorded(folder)


def test_everything_is_as_it_was_afterwards(folder: Path) -> None:
    """When the session ends, the functions are themselves again, and the environment is as it was."""
    (folder / "run.py").write_text(
        "import os, pytest, sys\n"
        "before = {**os.environ}\n"
        "assert 0 == pytest.main(['-p', 'no:cacheprovider', '-q', '--penstock', 'test_it.py'])\n"
        "import shop, client\n"
        "names = {'PYTHONPATH', 'PENSTOCK_EVIDENCE', 'PENSTOCK_EVIDENCE_PATCHES', 'PENSTOCK_EVIDENCE_COMMIT'}\n"
        "assert not names & {*os.environ}\n"
        "assert client.receive is shop.receive and not hasattr(shop.receive, '__wrapped__')\n"
    )
    (folder / "test_it.py").write_text(TEST)
    subprocess.run([sys.executable, "run.py"], cwd=folder, check=True, timeout=600)
    assert (1, WHOLE) == recorded(folder)


DJANGO = {
    "settings.py": "SECRET_KEY = 'x'\nINSTALLED_APPS = ['django.contrib.contenttypes', 'store']\n",
    "store/__init__.py": "",
    "store/models.py": """
from django.db import models

class Order(models.Model):
    def receive(self): self.verify()
    def verify(self): ...
""",
    "outside/orders.py": """
from penstock import flow
import store.models

orders = flow("orders")
orders.entrypoint().patch("store.models:Order.receive")
orders.step(after="receive").patch("store.models:Order.verify")
""",
    "manage.py": """
import os, sys
os.environ["DJANGO_SETTINGS_MODULE"] = "settings"
from django.core.management import execute_from_command_line
execute_from_command_line(sys.argv)
""",
    "tests.py": """
from django.test import SimpleTestCase
from store.models import Order
class Tests(SimpleTestCase):
    def test_it(self): Order().receive()
""",
}


@pytest.fixture
def django(folder: Path) -> Path:
    """A project of Django."""
    pytest.importorskip("django")
    for name, text in DJANGO.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def test_after_django_is_set_up(django: Path) -> None:
    """Where pytest-django sets Django up, the modules are imported after that."""
    pytest.importorskip("pytest_django")
    run(django, "from store.models import Order\ndef test_it(): Order().receive()", "--ds", "settings", installed=True)
    assert (1, {("receive", "verify")}) == recorded(django)


def test_where_nobody_sets_django_up(django: Path) -> None:
    """The models cannot be imported, which is told with the cure; tests that need none pass."""
    said = run(django, "def test_it(): ...")
    assert "store/models.py:4: the module outside.orders, " in said
    assert "Let the tests set Django up first, as pytest-django does." in said


def test_in_djangos_own_runner(django: Path) -> None:
    """`manage.py test --penstock` imports the modules, too."""
    with (django / "settings.py").open("a") as file:
        file.write("TEST_RUNNER = 'penstock.contrib.django_test.FlowTestRunner'\n")
    subprocess.run([sys.executable, "manage.py", "test", "--penstock"], cwd=django, check=True, timeout=600)
    assert (1, {("receive", "verify")}) == recorded(django)

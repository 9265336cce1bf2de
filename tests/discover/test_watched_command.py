"""Commands that are watched: whose code, in which processes, and how they end."""

from __future__ import annotations

import sys

import pytest

from discoveries import draw_roots, record
from penstock.discover.watched_command import WatchOptions, watch_command
from penstock.errors import PenstockError

PACKAGE = '"""A shop."""\n\n\ndef place_order():\n    check()\n\n\ndef check(): ...\n'


@pytest.fixture
def shop(tmp_path):
    """Return a project with a package, its tests and an environment inside."""
    for file in ("src/shop/orders.py", "tests/helpers.py", "src/shop/test_orders.py", ".venv/lib/site-packages/lib.py"):
        (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / file).write_text(PACKAGE)
    return tmp_path


def run_modules(folder, *modules):
    """Return a program that places an order with each module."""
    paths = [str(folder / path) for path in ("src", "tests", ".venv/lib/site-packages")]
    imports = "; ".join(f"import {module}; {module}.place_order()" for module in modules)
    return f"import sys; sys.path += {paths}; {imports}"


ALL = ("shop.orders", "helpers", "shop.test_orders", "lib")


def test_own_code(shop):
    """Only the project's code is watched: no tests, and no installed packages."""
    recording = record(shop, sys.executable, "-c", run_modules(shop, *ALL))
    assert ["shop.orders:place_order", "shop.orders:check"] == [function.address for function in recording.functions]
    assert ["place_order(check)"] == draw_roots(recording)


def test_packages(shop):
    """Named packages are watched instead, wherever they are, without their tests."""
    recording = record(shop, sys.executable, "-c", run_modules(shop, *ALL), packages=["lib", "shop.test_orders"])
    assert ["lib:place_order", "lib:check"] == [function.address for function in recording.functions]


def test_files_are_relative(shop):
    """Functions have files relative to the project, and the lines of their definitions."""
    recording = record(shop, sys.executable, "-c", run_modules(shop, "shop.orders"))
    assert [("src/shop/orders.py", 4), ("src/shop/orders.py", 8)] == [
        (function.file, function.line) for function in recording.functions
    ]


def test_main_has_a_name(tmp_path):
    """A file that is run as a script has the name by which it can be imported."""
    (tmp_path / "bom.py").write_text("def place_order(): ...\nplace_order()\n")
    recording = record(tmp_path, sys.executable, str(tmp_path / "bom.py"))
    assert ["bom:place_order"] == [function.address for function in recording.functions]


def test_exit_code(tmp_path):
    """A command that fails is recorded all the same; its exit code is returned."""
    (tmp_path / "bom.py").write_text("import sys\ndef place_order(): sys.exit(3)\nplace_order()\n")
    recording, code = watch_command([sys.executable, str(tmp_path / "bom.py")], WatchOptions(project=tmp_path))
    assert (["place_order!"], 3) == (draw_roots(recording), code)


def test_pytest_warns_of_nothing(tmp_path):
    """A plugin of pytest that is imported before it starts is no problem, also where warnings are errors."""
    command = [sys.executable, "-m", "pytest", "-W", "error", "--version"]
    assert 0 == watch_command(command, WatchOptions(project=tmp_path))[1]


def test_unknown_command(tmp_path):
    """A command that cannot be started is an error that says so."""
    with pytest.raises(PenstockError) as caught:
        watch_command(["no-such-command"], WatchOptions(project=tmp_path))
    assert "cannot start 'no-such-command': No such file or directory. Is it installed, and on PATH?" == str(
        caught.value
    )


def test_other_sitecustomize(tmp_path):
    """A sitecustomize of the user's own runs as without penstock."""
    (tmp_path / "sitecustomize.py").write_text("import builtins\nbuiltins.customized = True\n")
    options = WatchOptions(project=tmp_path, env={"PYTHONPATH": str(tmp_path)})
    _, code = watch_command([sys.executable, "-c", "assert customized"], options)
    assert 0 == code

from __future__ import annotations

import os
import signal
import tempfile
import time
from pathlib import Path

import pytest

from penstock.errors import CollectError

EXCEPTIONS = {
    "missing": ("\nimport nowhere.deep\n", 2, "ModuleNotFoundError: No module named 'nowhere'. Install it for "),
    "mock": ("import nowhere", 1, 'or mock it: mock = ["nowhere"]'),
    "name": ("from shop import nothing", 1, "ImportError: cannot import name 'nothing' from 'shop'"),
    "value": ("def f():\n    raise ValueError('bad\\n  thing')\nf()", 2, "ValueError: bad thing."),
    "library": ("import json\n\njson.loads('{')", 3, "JSONDecodeError: Expecting property name"),
    "no text": ("class E(Exception):\n    def __str__(self): raise E\nraise E", 3, "cannot import shop.broken: E."),
    "syntax": ("x = 1\nprint(", 2, "SyntaxError: '(' was never closed: `print(`."),
    "indent": ("def f():\nx = 1", 2, "IndentationError: expected an indented block"),
    "own text": ("eval('1 +')", 1, "SyntaxError: invalid syntax"),
    "exit": (
        "import sys\nsys.exit(3)",
        2,
        "it called sys.exit(3) while it was imported. Put the code that runs the program under:",
    ),
    "arguments": ("import argparse\nargparse.ArgumentParser().parse_args(['x'])", 2, "it called sys.exit(2)"),
    "interrupt": ("raise KeyboardInterrupt", 1, "KeyboardInterrupt"),
    "depth": ("def f():\n    return f()\nf()", 2, "RecursionError: maximum recursion depth exceeded"),
    "variable": ("import os\nos.environ['DSN']", 2, 'Set the variable for the import: env = { DSN = "…" }'),
    "django": (
        "class ImproperlyConfigured(Exception): ...\nraise ImproperlyConfigured('settings are not configured')",
        2,
        'setup = "django:setup" and env = { DJANGO_SETTINGS_MODULE = "…" }',
    ),
    "declaration": (
        "from penstock import flow\nflow(print)",
        2,
        "shop.broken: a flow needs a name: @flow('bom_sync'), not ",
    ),
    "question": ("from penstock import step\n\nstep('a')", 3, "is not a function; did you mean @step(after='a')?"),
    "duplicate": (
        "from penstock import flow\nf = flow('f')\nf.step(print)\nf.step(name='print')(len)",
        4,
        "shop.broken: flow 'f' has two steps named 'print': shop/broken.py:3 (builtins.print) and shop/broken.py:4 (",
    ),
    "leave": ("import os\nos._exit(0)", 2, "it called os._exit() while it was imported."),
    "abort": ("import os\n\n\nos.abort()", 4, "it called os.abort() while it was imported."),
}
DEATHS = {
    "crash": ("import ctypes\nctypes.string_at(0)", 2, "Python was killed by SIGSEGV (Segmentation fault)."),
    "terminated": ("import os, signal\nos.kill(os.getpid(), signal.SIGTERM)", 2, "Python was killed by SIGTERM"),
    "killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", 0, "Python was killed by SIGKILL (Killed)."),
    "silent": ("import ctypes\nctypes.CDLL(None)._exit(7)", 0, "Python ended with status 7 without a message."),
}
LOOP = "def spin():\n    while True: pass\nspin()\n"
posix = pytest.mark.skipif(os.name == "nt", reason="signals and C libraries of POSIX")


@pytest.mark.parametrize(("source", "line", "said"), EXCEPTIONS.values(), ids=EXCEPTIONS)
def test_an_exception_becomes_one_message(project, source, line, said):
    """Whatever a module raises becomes one message: module, file and line in the user's code, cause and cure."""
    project.write("shop/broken.py", source)
    error = project.fail("shop.broken")
    [problem] = error.failures
    assert ("import", "shop/broken.py", line) == (problem.code, problem.file, problem.line)
    assert said in problem.message
    assert f"shop/broken.py:{line}: {problem.message}" == str(error)


@pytest.mark.parametrize("name", ["shop/broken.py", "sköp/broken.py"])
@pytest.mark.parametrize(("source", "line", "said"), DEATHS.values(), ids=DEATHS)
@posix
def test_a_module_that_kills_python_is_named(project, name, source, line, said):
    """A module that kills Python is named, and where the end left a trace, file and line too."""
    project.write(name, source)
    module = name.removesuffix(".py").replace("/", ".")
    [problem] = project.fail(module).failures
    assert (name if line else "", line) == (problem.file, problem.line)
    assert f"cannot import {module}: {said}" in problem.message


def test_deepest_own_frame(project):
    """The place of a failure is the deepest frame in the user's code, also when another module has it."""
    project.write("shop/helper.py", "import json\n\n\ndef read(text):\n    return json.loads(text)\n")
    project.write("shop/broken.py", "from shop.helper import read\nread('{')\n")
    [problem] = project.fail("shop.broken").failures
    assert ("shop/helper.py", 5) == (problem.file, problem.line)


def test_endless_loop(project):
    """A module that never ends is stopped at the time limit, and the message tells where it was."""
    project.write("shop/broken.py", LOOP)
    start = time.monotonic()
    [problem] = project.fail("shop.broken", timeout=1).failures
    assert ("shop/broken.py", 2) == (problem.file, problem.line)
    assert "cannot import shop.broken: it took longer than 1 s." in problem.message
    assert 300 > time.monotonic() - start


def test_loop_that_hides(project):
    """A module that switches the watchdog off is stopped all the same."""
    project.write("shop/broken.py", f"import faulthandler\nfaulthandler.cancel_dump_traceback_later()\n{LOOP}")
    [problem] = project.fail("shop.broken", timeout=0.5).failures
    assert "cannot import shop.broken: it took longer than 0.5 s." in problem.message


@posix
def test_whole_group_ends(project):
    """What a module started before it hung is stopped with it."""
    source = "import subprocess\nchild = subprocess.Popen(['sleep', '600'])\nopen('pid', 'w').write(str(child.pid))\n"
    project.write("shop/broken.py", source + LOOP)
    project.fail("shop.broken", timeout=2)
    pid = int((project.folder / "pid").read_text())
    deadline = time.monotonic() + 300
    while is_running(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not is_running(pid)


def is_running(pid: int) -> bool:
    """Tell whether a process has not ended; a zombie has, whoever may reap it."""
    try:
        os.kill(pid, 0)
        return ") Z" not in Path(f"/proc/{pid}/stat").read_text(encoding="utf-8")
    except (ProcessLookupError, FileNotFoundError):
        return False


def test_a_file_is_no_module(project):
    """Whoever names a module's file is told the module's name."""
    message = str(project.fail("shop.flows.py"))
    assert message.endswith("A module has the name of its file without the suffix: shop.flows")


def test_no_temporary_folder(project, monkeypatch):
    """Where no temporary file can be written, the message says so, and what to do."""
    monkeypatch.setattr(tempfile, "tempdir", str(project.folder / "none"))
    expected = "there is no room for temporary files in .*/none: No such file or directory. .* a writable folder"
    with pytest.raises(CollectError, match=expected):
        project.collect("shop.flows")


def test_all_failures(project):
    """All modules that fail are listed in one error, and those that come after them are still tried."""
    for name in ("one", "two"):
        project.write(f"shop/{name}.py", f"raise ValueError('{name}')")
    error = project.fail("shop.one", "shop.flows", "shop.two")
    assert [("shop/one.py", 1), ("shop/two.py", 1)] == [(problem.file, problem.line) for problem in error.failures]
    expected = (
        "2 modules cannot be imported:\n"
        "  shop/one.py:1: cannot import shop.one: ValueError: one.\n"
        "  shop/two.py:1: cannot import shop.two: ValueError: two."
    )
    assert expected == str(error)
    assert 1 == project.imports


def test_failing_package(project):
    """A package that fails is reported once, not for each module in it."""
    project.write("bad/__init__.py", "1 / 0")
    project.write("bad/module.py", "")
    assert ["bad/__init__.py:1"] == [problem.where for problem in project.fail("bad.*").failures]


def test_last_words(project):
    """What the application printed before it failed comes with the error."""
    project.write("shop/broken.py", "print('connecting…')\nimport os\nos._exit(1)\n")
    assert "connecting…\n" == project.fail("shop.broken").output


def test_misspelt_module(project):
    """A module that does not exist gets its near name; it is the configuration's fault, not a file's."""
    error = project.fail("shop.flow")
    expected = "cannot import shop.flow: ModuleNotFoundError: No module named 'shop.flow'. Did you mean 'shop.flows'?"
    assert expected == str(error)


def test_unlike_module(project):
    """Without a near name, the modules that are there are listed."""
    assert "No module named 'shop.xyz'. Modules in shop: shop.flows." in str(project.fail("shop.xyz"))


def test_misspelt_package(project):
    """A package that does not exist gets its near name, and a word on ``path``."""
    message = str(project.fail("shoq.flows"))
    assert (
        "No module named 'shoq'. Did you mean 'shop'? Is its folder in `path`? For example: path = [\"src\"]" in message
    )


@pytest.mark.parametrize(("file", "cure"), [("away.py", "."), ("src/away.py", "src"), ("src/away/x.py", "src")])
@pytest.mark.parametrize("module", ["away", "shop.needs"])
def test_folder_not_on_path(project, file, cure, module):
    """A module that stands in the project but not on the path gets the line that puts it there."""
    project.write(file, "")
    project.write("lib/shop/needs.py", "import away")
    message = str(project.fail(module, path=["lib"]))
    assert (
        f"No module named 'away'. It is in the project: path = [\"{cure}\"], or on the command line: -p {cure}"
        in message
    )


def test_current_folder(project, monkeypatch):
    """The folder that a build is started in is not silently on the path."""
    monkeypatch.chdir(project.folder)
    assert "No module named 'shop'" in str(project.fail(path=[]))


@pytest.mark.parametrize(
    ("setup", "place", "said"),
    [
        ("shop.ready:missing", "", "AttributeError: module 'shop.ready' has no attribute 'missing'"),
        ("shop.ready:fails", "shop/ready.py:2", "ZeroDivisionError"),
        ("shop.none:fails", "", "No module named 'shop.none'"),
    ],
)
def test_a_failing_setup_is_the_one_failure(project, setup, place, said):
    """A setup function that fails is the one failure; nothing is imported after it."""
    project.write("shop/ready.py", "def fails():\n    1 / 0\n")
    error = project.fail(setup=setup)
    [problem] = error.failures
    assert place == problem.where
    assert said in problem.message
    assert 0 == project.imports


@posix
def test_interrupt_of_the_build(project):
    """Ctrl-C while a child runs ends the build at once, and the child with it."""
    project.write(
        "shop/broken.py", "import os\nopen('pid', 'w').write(str(os.getpid()))\nimport time\ntime.sleep(60)\n"
    )

    pid = project.folder / "pid"

    def interrupt(*_):
        if pid.exists() and pid.read_text():
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
    try:
        with pytest.raises(KeyboardInterrupt):
            project.collect("shop.broken")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert not is_running(int(pid.read_text()))


def test_a_mistake_in_a_declaration_tells_its_place_once(project):
    """What penstock raises itself is told in its own words: no name of a class, and one place."""
    project.write("shop/broken.py", "from penstock import step\n\nstep('a')")
    said = "@step('a') is not a function; did you mean @step(after='a')?"
    assert f"shop/broken.py:3: cannot import shop.broken: {said}" == str(project.fail("shop.broken"))

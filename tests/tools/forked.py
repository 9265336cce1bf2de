"""``python -m MODULE``, or a command, in a fork of a process that has imported what takes the module long.

Sphinx takes half a second for its imports, which is more than a small site takes. Each run still is a process of its
own, with arguments, environment, folder and output of its own.
"""

from __future__ import annotations

import atexit
import gc
import importlib
import json
import os
import runpy
import signal
import subprocess
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

from rehearsal import rehearse

HEAVY = {
    "sphinx": ("sphinx.cmd.build", "penstock_sphinx"),
    "mkdocs": ("mkdocs.commands.build", "mkdocs.commands.serve", "mkdocs.theme", "penstock_mkdocs.plugin"),
    "nbconvert": ("nbconvert.nbconvertapp", "nbclient"),
    "penstock": ("penstock.cli.main",),
    "pytest": ("pytest", "execnet.gateway"),
}
"""What each module imports sooner or later; those that are not listed run as ever."""

STARTING = frozenset({"PYTHONIOENCODING"})
"""Variables with which Python starts as ever, because it reads them then."""

COMMANDS = {"mkdocs": "mkdocs", "penstock": "penstock", "pytest": "pytest", "sphinx-build": "sphinx"}
"""The module of each command that can be forked."""


def run(
    module: str,
    *arguments: object,
    flags: tuple[str, ...] = (),
    imports: tuple[str, ...] = (),
    cwd: Path | None = None,
    timeout: int = 600,
    environment: dict[str, str] | None = None,
    **more: str,
) -> subprocess.CompletedProcess[str]:
    """Run a module; return its exit code and what it wrote.

    Args:
        module: What stands behind ``-m``.
        arguments: What stands behind the module.
        flags: What stands before ``-m``.
        imports: What else the process that is forked has imported.
        cwd: The folder to run in.
        timeout: Seconds until the process is killed.
        environment: All of the environment; by default, that of this process.
        more: What to add to the environment. Most variables that Python itself reads when it starts have no effect.
    """
    command, environment = [*map(str, arguments)], {**(os.environ if environment is None else environment), **more}
    if module not in HEAVY or not STARTING.isdisjoint(environment):
        return subprocess.run(
            [sys.executable, *flags, "-m", module, *command],
            cwd=cwd,
            env=environment,
            timeout=timeout,
            capture_output=True,
            text=True,
            check=False,
        )
    with tempfile.TemporaryDirectory() as folder:
        said, complained = Path(folder, "said"), Path(folder, "complained")
        code = _fork(module, command, cwd or Path.cwd(), environment, (said, complained), timeout, flags, imports)
        return subprocess.CompletedProcess(
            [module, *command], code, said.read_text("utf-8"), complained.read_text("utf-8")
        )


def run_command(words: list[str], folder: Path, environment: dict[str, str], output: Path) -> int:
    """Run one of `COMMANDS` as a shell does; return its exit code.

    Args:
        words: The command with its arguments.
        folder: The folder to run in.
        environment: All of its environment.
        output: The file or the terminal that it writes to.
    """
    module, script = COMMANDS[words[0]], Path(sys.executable).with_name(words[0])
    return _fork(module, words[1:], folder, environment, (output, output), script=script)


def _fork(
    module: str,
    arguments: list[str],
    folder: Path,
    environment: dict[str, str],
    outputs: tuple[Path, Path],
    timeout: int = 600,
    flags: tuple[str, ...] = (),
    imports: tuple[str, ...] = (),
    script: Path | None = None,
) -> int:
    server = _server(module, flags, imports)
    request = {"run": module, "arguments": arguments, "folder": str(folder), "environment": environment}
    request |= {"timeout": timeout, "files": [*map(str, outputs)], "script": script and str(script)}
    print(json.dumps(request), file=server.stdin, flush=True)
    return int(server.stdout.readline())


@lru_cache
def _server(module: str, flags: tuple[str, ...], imports: tuple[str, ...]) -> Any:
    """Start the process that is forked; it ends with the one that asks it."""
    environment = {name: value for name, value in os.environ.items() if name not in {*STARTING, "PYTHONPATH"}}
    environment["PYTHONWARNINGS"] = ""  # without it, Sphinx puts a filter of its own before the flags
    command = [sys.executable, *flags, __file__, module, *imports]
    server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment, text=True)
    atexit.register(_stop, server)
    return server


def _stop(server: Any) -> None:
    """End a process that is forked, so that no warning of it follows the summary of the tests."""
    server.stdin.close()
    server.wait(10)
    server.stdout.close()


def serve(module: str, *imports: str) -> None:
    """Fork for each line of the input; write the exit code of each fork."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    for name in (*HEAVY[module], *imports):
        importlib.import_module(name)
    if module == "sphinx":
        from sphinx.application import builtin_extensions

        for name in builtin_extensions:
            importlib.import_module(name)
    if module == "pytest":
        from _pytest.config import default_plugins

        for name in default_plugins:
            importlib.import_module(f"_pytest.{name}")
    rehearse(module)
    gc.freeze()  # what is here now stays; forks need not search it
    for line in sys.stdin:
        pid = os.fork()
        if not pid:
            answers.close()
            _become(**json.loads(line))
            return
        print(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), file=answers, flush=True)


def _become(
    run: str,
    arguments: list[str],
    folder: str,
    environment: dict[str, str],
    timeout: int,
    files: list[str],
    script: str | None,
) -> None:
    signal.alarm(timeout)
    for number, name in enumerate((os.devnull, *files)):
        opened = os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    sys.path[1:1] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    sys.dont_write_bytecode = bool(environment.get("PYTHONDONTWRITEBYTECODE"))
    _open_streams()
    sys.argv[1:] = arguments
    if script:
        sys.argv[0], sys.path[0] = script, str(Path(script).parent)
        runpy.run_path(script, run_name="__main__")
    else:
        sys.path[0] = folder  # as with -m
        runpy.run_module(run, run_name="__main__", alter_sys=True)


def _open_streams() -> None:
    """Make the streams of Python anew: they remember whether they led to a file, a pipe or a terminal."""
    sys.stdin = sys.__stdin__ = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = sys.__stdout__ = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = sys.__stderr__ = os.fdopen(2, "w", 1, encoding="utf-8", errors="backslashreplace", closefd=False)


if __name__ == "__main__":
    serve(*sys.argv[1:])

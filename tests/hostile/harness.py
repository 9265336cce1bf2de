"""What the harnesses share: a project to hurt, commands to run on it, and how attempts are counted and reported.

Each harness is a program: `python tests/hostile/NAME.py [SIZE [SEED [FIRST]]]`. It ends with a line of how many attempts
were made and how many went wrong, and exits with 1 if any did. What went wrong is printed with the command that does
exactly that again.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable

    Attempt = Callable[[random.Random, Path], str]

MAX_SECONDS = 120
APPLICATION = '''
from penstock import flow

orders = flow("orders", title="From order to mail")
mails = flow("mails")


@orders.entrypoint(trigger="http:orders")
def place(order):
    """Take an order."""
    return ship(charge(order))


@orders.step(after="place")
def charge(order):
    """Take the money."""
    return order


@orders.step(after={"charge": "if paid"}, effects=["mail:sent"])
def ship(order):
    """Send it."""
    return order


@mails.entrypoint(trigger="mail:sent")
def note(mail):
    """Note a mail."""
    return archive(mail)


@mails.step(after="note")
def archive(mail):
    return mail
'''
FILES = {
    "pyproject.toml": '[tool.penstock]\nmodules = ["app.*"]\npath = ["."]\n',
    "app/__init__.py": "",
    "app/flows.py": APPLICATION,
    "test_app.py": "from app.flows import place\n\n\ndef test_place():\n    assert place(1) == 1\n",
    "conf.py": 'project = "x"\nextensions = ["penstock_sphinx"]\nexclude_patterns = ["site", "pages", "_build"]\n',
    "index.rst": "X\n=\n\n.. penstock-flow:: orders\n\n.. penstock-flow:: mails\n",
    "mkdocs.yml": "site_name: x\ndocs_dir: pages\nplugins: [penstock]\n",
    "pages/index.md": "# X\n\n::: penstock-flow orders\n",
}
COMMANDS = {
    "check": ("penstock", "check"),
    "export": ("penstock", "export", "-o", "flows.json"),
    "pytest": ("pytest", "-q", "--penstock", "-p", "no:cacheprovider", "test_app.py"),
    "sphinx": ("sphinx", "-q", "-b", "html", ".", "_build"),
    "mkdocs": ("mkdocs", "build", "-q"),
}
PRODUCTS = {
    "export": "flows.json",
    "pytest": ".penstock/evidence.json",
    "sphinx": "_build/index.html",
    "mkdocs": "site/index.html",
}
_BUILT_AT = re.compile(rb"Build Date UTC : [^\n]*|Created [^\n]*UTC")


class Outcome(NamedTuple):
    """How a command ended, and what it said and wrote."""

    code: int
    output: str
    product: bytes

    def differs(self, expected: Outcome) -> str:
        """Return what is not as expected, or an empty string."""
        if self.code != expected.code:
            return f"it exits with {self.code}, not {expected.code}: {self.output[-2000:]}"
        return "" if self.product == expected.product else f"it wrote or said something else: {self.output[-2000:]}"


def write_project(folder: Path) -> Path:
    """Write an application with two flows and documentation for both engines; return its folder."""
    for name, text in FILES.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return folder


def start(name: str, folder: Path, **more: object) -> subprocess.Popen[bytes]:
    """Start one of the commands in a process group of its own."""
    environment = {**os.environ, "NO_COLOR": "1", "COLUMNS": "100", "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": ""}
    return subprocess.Popen(
        [sys.executable, "-m", *COMMANDS[name]],
        cwd=folder,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
        **more,
    )


def finish(name: str, folder: Path, process: subprocess.Popen[bytes]) -> Outcome:
    """Wait for a command and return how it ended."""
    output = process.communicate(timeout=MAX_SECONDS)[0].decode(errors="replace")
    product = folder / PRODUCTS.get(name, "")
    content = _BUILT_AT.sub(b"", product.read_bytes()) if product.is_file() else b""
    return Outcome(process.returncode, output, content if name in PRODUCTS else output.encode())


def run(name: str, folder: Path, **more: object) -> Outcome:
    """Run one of the commands and return how it ended."""
    return finish(name, folder, start(name, folder, **more))


class References:
    """What the commands say and write, and how long they take, where nothing disturbs them."""

    def __init__(self) -> None:
        self._known: dict[str, tuple[Outcome, float]] = {}

    def of(self, name: str) -> tuple[Outcome, float]:
        """Return how a command ends in a new project, and the seconds that it takes."""
        if name not in self._known:
            with tempfile.TemporaryDirectory() as folder:
                begun = time.monotonic()
                outcome = run(name, write_project(Path(folder).resolve()))
                self._known[name] = outcome, time.monotonic() - begun
                assert outcome.code == 0, outcome.output
        return self._known[name]


def call_main(folder: Path, *arguments: str) -> tuple[int, str]:
    """Run the command line in a fork of this process; return its exit code, and what it said."""
    from penstock.cli.main import main

    with tempfile.TemporaryFile() as output:
        pid = os.fork()
        if not pid:
            code = 70
            try:
                os.chdir(folder)
                for stream in (1, 2):
                    os.dup2(output.fileno(), stream)
                code = main(arguments)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stdout.flush()
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        output.seek(0)
        return code, output.read().decode(errors="replace")


def main(attempt: Attempt, size: int) -> None:
    """Make the attempts that the command line asks for, say how many were wrong, and exit."""
    asked = [int(argument) for argument in sys.argv[1:]]
    size = asked[0] if asked else size
    seed = asked[1] if len(asked) > 1 else random.randrange(1_000_000)
    first = asked[2] if len(asked) > 2 else 0
    wrong = 0
    for number in range(first, first + size):
        said = _try(attempt, random.Random(f"{seed}-{number}"))
        if said:
            wrong += 1
            print(f"python {sys.argv[0]} 1 {seed} {number}: {said}", flush=True)
    print(f"{Path(sys.argv[0]).stem}: {size:,} tried, {wrong:,} wrong (seed {seed})")
    sys.exit(wrong > 0)


def _try(attempt: Attempt, chance: random.Random) -> str:
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        try:
            return attempt(chance, Path(folder).resolve())
        except Exception:
            return traceback.format_exc()

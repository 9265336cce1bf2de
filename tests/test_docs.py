"""Types the pages as a reader would."""

from __future__ import annotations

import os
import pty
import re
import shutil
import subprocess
import sys
import termios
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from tempfile import NamedTemporaryFile
from typing import NamedTuple

import pytest

import forked
from page_servers import Servers, is_server
from penstock.model.finding_kinds import FINDING_KINDS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)$", re.MULTILINE | re.DOTALL)
FILE_ABOVE = re.compile(r"`([^`\s]+)`:\s*\Z")
FLOW_ID = re.compile(r"\b[0-9a-f]{32}\b")
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
SLOWER = re.compile(r"note: Python 3\.11 has no sys\.monitoring.*\n")
DURATION = re.compile(r"\b\d+\.\d+ ?s(econds)?\b")
SHELL_SYNTAX = frozenset("|&;<>()$`\\\"'*?[]{}~#=\n")
"""Characters that mean something to a shell; only a command without them runs without one."""

PAGES = {
    "README.md": None,
    "docs/index.md": None,
    "docs/tutorial.md": None,
    "docs/tutorial-sphinx.md": None,
    "docs/tutorial-mkdocs.md": None,
    "docs/tutorial-proof.md": "docs/examples/shop",
    "docs/tutorial-discover.md": "docs/examples/bakery",
    "docs/tutorial-trace.md": "docs/examples/shop",
    "docs/explanation/reading-code.md": None,
    "docs/how-to/check-in-ci.md": None,
    "docs/how-to/evidence.md": None,
    "docs/how-to/evidence-from-traces.md": None,
    "docs/how-to/duckdb.md": None,
    "docs/how-to/django.md": None,
    "docs/how-to/django-tasks.md": None,
    "docs/how-to/commands.md": None,
    "docs/how-to/diff-in-a-pull-request.md": "docs/examples/shop",
    "docs/how-to/command-line.md": "docs/examples/shop",
    "docs/how-to/ask.md": "docs/examples/shop",
    "docs/how-to/inject.md": "docs/examples/shop",
    "docs/how-to/sphinx.md": "docs/examples/shop",
    "docs/how-to/read-the-docs.md": "docs/examples/shop",
    "docs/how-to/mkdocs.md": "docs/examples/shop",
    "docs/how-to/properdocs.md": "docs/examples/shop",
    "docs/how-to/zensical.md": "docs/examples/shop",
    "docs/how-to/python-markdown.md": "docs/examples/shop",
    "docs/how-to/migrate.md": "docs/examples/shop",
    "docs/how-to/coverage.md": None,
    "docs/how-to/numbers.md": None,
    "docs/how-to/cross-references.md": "docs/examples/shop",
    "docs/how-to/incident.md": None,
    "docs/how-to/logging.md": None,
    "docs/how-to/structlog.md": None,
    "docs/how-to/asgi.md": None,
    "docs/how-to/flask.md": None,
    "docs/how-to/httpx-and-requests.md": None,
    "docs/how-to/celery.md": None,
    "docs/how-to/kafka.md": None,
    "docs/how-to/threads-and-processes.md": None,
    "docs/how-to/opentelemetry.md": None,
    "docs/how-to/observers.md": None,
    "docs/how-to/other-queues.md": None,
    "docs/how-to/dramatiq-and-taskiq.md": None,
    "docs/how-to/hard-to-import.md": None,
    "docs/how-to/several-services.md": "docs/examples",
    "docs/how-to/code-that-is-not-yours.md": None,
    "docs/how-to/caches-and-queues.md": None,
    "docs/how-to/testing.md": None,
    "docs/reference/command-line.md": "docs/examples/shop",
    "docs/reference/command-line-check.md": "docs/examples/shop",
    "docs/reference/command-line-ask.md": "docs/examples/shop",
    "docs/reference/sql.md": None,
    **{f"docs/reference/findings/{code}.md": None for code in FINDING_KINDS},
}
"""The pages that are typed, each with the folder that its reader stands in: empty, or a copy of an example."""

GENERATED = [".penstock", "__pycache__", "site", ".cache", "_build"]

RESULTS = {
    "docs/tutorial.md": [("site/index.html", b"<svg"), ("site/index.html", b"Tell the customer why not.")],
    "docs/tutorial-sphinx.md": [
        ("site/flows/loans.html", b"<svg"),
        ("site/flows/notices.html", b"<svg"),
        ("site/flows.html", b"What starts what"),
        ("site/index.html", b"Fig. 1</span></a> shows both ways"),
        ("site/index.html", b'href="flows/loans.html#flow-loans-queue"'),
        ("site/index.html", b'<span class="pre">desk</span></code></a>'),
        ("site/flows/loans.html", b'href="../functions.html#library.loans.ask"'),
        ("site/functions.html", b'href="flows/loans.html#flow-loans-ask"'),
        ("site/index.html", b"_static/flows.css"),
    ],
    "docs/tutorial-discover.md": [("site/index.html", b"<svg"), ("site/index.html", b"Give members a tenth off.")],
    "docs/tutorial-trace.md": [
        ("order.html", b"<svg"),
        ("order.html", b"order A-3 rejected"),
        ("order.txt", b"reject_order"),
    ],
    "docs/how-to/incident.md": [("run.html", b"the bank refused")],
    "docs/how-to/sphinx.md": [("docs/_build/html/warehouse.html", b"<svg")],
    "docs/tutorial-mkdocs.md": [
        ("site/index.html", b"<svg"),
        ("site/index.html", b'href="flows/readings/#flow-readings-store"'),
        ("site/map/index.html", b"<svg"),
        ("site/map/index.html", b"From the frost to the gardener."),
        ("site/flows/readings/index.html", b"Store the reading for the statistics of the year."),
    ],
    "docs/how-to/mkdocs.md": [
        ("site/overview/index.html", b"What starts what"),
        ("site/warehouse/index.html", b"<svg"),
    ],
    "docs/how-to/zensical.md": [("site/flows/shipping/index.html", b"<svg"), ("site/flows/index.html", b"<svg")],
    "docs/how-to/migrate.md": [("site/warehouse/index.html", b"<svg"), ("site/flows/index.html", b"<svg")],
}
"""What the reader has in the end."""


class Block(NamedTuple):
    """A fenced block: a file to write, or commands with what they print."""

    file: str
    info: str
    body: str


def blocks(page: str) -> list[Block]:
    """Return the fenced blocks of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    found = []
    for match in FENCE.finditer(text):
        file = FILE_ABOVE.search(text[: match.start()])
        found.append(Block(file[1] if file else "", match["info"].strip(), match["body"]))
    return found


def type_page(page: str, folder: Path) -> None:
    """Write the page's files and run its commands in the order of the page; every output must be as shown."""
    code = 0
    with Servers(folder, environment()) as servers:
        for block in blocks(page):
            if block.file:
                write(folder / block.file, block._replace(body=servers.with_port(block.body)))
            elif block.info == "console":
                for command, shown in commands(block.body):
                    assert code == 0 or command == "echo $?", (
                        f"{page} does not show that the command before fails: {command}"
                    )
                    code = type_command(page, command, shown, code, folder, servers)
            elif block.info == "text" and servers.running:
                servers.wait_for(block.body)
            elif block.info == "sh" and block.body.startswith("mkdocs "):  # prints how long it took
                code, printed = run(block.body.strip(), code, folder)
                assert code == 0, printed
    assert code == 0


def type_command(page: str, command: str, shown: str, code: int, folder: Path, servers: Servers) -> int:
    """Run a command, or start a server; return its exit code. Its output must be as shown."""
    if is_server(command):
        servers.start(command, shown)
        return 0
    code, printed = run(servers.with_port(command), code, folder)
    printed = servers.without_port(printed).replace(f"{folder.resolve()}/", "/app/")
    assert normal(command, shown) == normal(command, printed), f"{page}: {command}"
    return code


def write(path: Path, block: Block) -> None:
    """Write a whole file, or change one as a diff says."""
    text = block.body
    if block.info == "diff":
        lines = block.body.splitlines(keepends=True)
        old = "".join(line[1:] for line in lines if line[0] in " -")
        new = "".join(line[1:] for line in lines if line[0] in " +")
        text = path.read_text(encoding="utf-8")
        assert 1 == text.count(old), f"{path.name} has no such lines:\n{old}"
        text = text.replace(old, new)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def commands(body: str) -> list[tuple[str, str]]:
    """Return the commands of a block, each with the output below it."""
    parts = re.split(r"^\$ ", body, flags=re.MULTILINE)[1:]
    return [(command, shown) for command, _, shown in (part.partition("\n") for part in parts)]


def environment() -> dict[str, str]:
    """Return the environment of a reader's shell."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTHON", "PYTEST"))}
    return inherited | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": "80",
        "NO_COLOR": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTEST_ADDOPTS": os.environ["PYTEST_ADDOPTS"],  # see conftest.py
        "NO_MKDOCS_2_WARNING": "1",  # the pages say how to set it
    }


def run(command: str, previous: int, folder: Path) -> tuple[int, str]:
    """Run a command in a shell that knows the exit code before it; return its own, and what it printed."""
    words = command.split() if SHELL_SYNTAX.isdisjoint(command) else [""]
    if words[0] == "penstock" and words[1:2] == ["show"]:  # as wide as the terminal
        return in_terminal(words, folder)
    if words[0] in forked.COMMANDS:
        with NamedTemporaryFile() as output:
            code = forked.run_command(words, folder, environment(), Path(output.name))
            return code, output.read().decode()
    result = subprocess.run(
        ["bash", "-c", f"(exit {previous}); {command}"],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    return result.returncode, result.stdout


def in_terminal(words: list[str], folder: Path) -> tuple[int, str]:
    """Run a command in a terminal of 100 columns; return its exit code, and what a reader sees there."""
    variables = {name: value for name, value in environment().items() if name != "COLUMNS"}
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 100))
    with ThreadPoolExecutor() as reader:
        printed = reader.submit(read_terminal, ours)
        code = forked.run_command(words, folder, variables, Path(os.ttyname(theirs)))
        os.close(theirs)
    os.close(ours)
    return code, printed.result().decode().replace("\r\n", "\n")


def read_terminal(terminal: int) -> bytes:
    """Return all that is written to a terminal until it is closed."""
    printed = b""
    with suppress(OSError):  # Linux's way to say that it is closed
        while part := os.read(terminal, 65536):
            printed += part
    return printed


def normal(command: str, text: str) -> str:
    """Return what has to be equal: IDs and times differ, and argparse of each Python wraps and words in its own way."""
    if command.endswith("--help"):
        return " ".join(re.sub(r"(-\w) (\{[^}]*\}|[^,\s]+), (--\w+) \2", r"\1, \3 \2", text).split())
    if command.startswith("curl "):  # many servers end no line
        text = text.rstrip("\n")
    text = SLOWER.sub("", DATE.sub("2026-11-20", text))
    text = DURATION.sub("0.0 seconds", text.replace(sys.executable, "/app/.venv/bin/python"))
    names: dict[str, str] = {}
    return FLOW_ID.sub(lambda match: names.setdefault(match[0], f"ID {len(names) + 1}"), text)


@pytest.mark.parametrize(("page", "start"), PAGES.items())
def test_pages_can_be_typed_as_they_stand(page, start, tmp_path):
    """Whoever types a page from top to bottom sees exactly what it shows."""
    folder = tmp_path / "work"
    if start:
        shutil.copytree(ROOT / start, folder, ignore=shutil.ignore_patterns(*GENERATED))
    else:
        folder.mkdir()
    type_page(page, folder)
    for file, part in RESULTS.get(page, ()):
        assert part in (folder / file).read_bytes()


def test_every_page_with_commands_is_typed():
    """No page shows output that nobody compares."""
    pages = ["README.md", *(path.relative_to(ROOT).as_posix() for path in prose())]
    assert sorted(PAGES) == sorted(page for page in pages if any(block.info == "console" for block in blocks(page)))


def test_readme_is_short():
    """The README is read in one go: at most 120 lines."""
    assert (ROOT / "README.md").read_text(encoding="utf-8").count("\n") <= 120


def test_readme_shows_the_mermaid_text_of_the_quick_start():
    """The quick start ends in the three lines of Mermaid that it is known for."""
    text = "graph TD\n    handle_kafka_message --> fetch_from_api\n    fetch_from_api --> sync_to_database\n```\n"
    assert text in (ROOT / "README.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["README.md", "CHANGELOG.md", "CONTRIBUTING.md", "SECURITY.md"])
def test_links_to_files_lead_somewhere(page):
    """Every relative link of a page that no engine builds names a file of the repository."""
    targets = re.findall(r"\]\((?!https?:)([^)#]+)", (ROOT / page).read_text(encoding="utf-8"))
    assert [] == [target for target in targets if not (ROOT / target).exists()]


def changed_shop(folder: Path) -> None:
    """Make a shop whose code has changed since its diagram was declared, as the tutorial about proof does, and record it."""
    shutil.copytree(ROOT / "docs/examples/shop", folder, ignore=shutil.ignore_patterns(*GENERATED))
    changes = [block for block in blocks("docs/tutorial-proof.md") if block.info == "diff"][:2]
    for block in changes:
        write(folder / block.file, block)
    assert 0 == run("pytest -q --penstock", 0, folder)[0]


def test_picture_of_a_changed_shop_is_current(tmp_path):
    """The first picture of the README is the shop's diagram after a change, and the line below it is its line of proof."""
    folder = tmp_path / "shop"
    changed_shop(folder)
    run(f"penstock render order_processing -o '{tmp_path}/order_changed.svg'", 0, folder)
    pictures = [path / "order_changed.svg" for path in (DOCS / "_static", tmp_path)]
    assert pictures[0].read_text(encoding="utf-8") == pictures[1].read_text(encoding="utf-8")
    _, report = run("penstock check order_processing", 0, folder)
    for page in ("README.md", "docs/index.md"):
        [line] = re.findall("6 of 7 .*; 1 indirect", (ROOT / page).read_text(encoding="utf-8"))
        assert line in DATE.sub("", report).replace(" on ;", ";")


@pytest.mark.parametrize(
    ("picture", "project", "flow"),
    [("order_processing.svg", "docs/examples/shop", "order_processing"), ("tutorial.svg", None, "orders")],
)
def test_pictures_are_current(picture, project, flow, tmp_path):
    """The pictures in the prose are those that penstock draws of the code beside them."""
    folder = tmp_path if project is None else ROOT / project
    if project is None:
        for block in blocks("docs/tutorial.md"):
            if block.file == "pyproject.toml" or block.file.startswith("orders"):
                write(folder / block.file, block)
                if block.info == "diff":
                    break
    assert (0, f"wrote {tmp_path / picture}\n") == run(
        f"penstock render {flow} -C '{folder}' -o '{tmp_path / picture}'", 0, tmp_path
    )
    assert (DOCS / "_static" / picture).read_text(encoding="utf-8") == (tmp_path / picture).read_text(encoding="utf-8")


def prose() -> list[Path]:
    """Return the pages of the documentation, without what was built and the examples' own."""
    return [path for path in sorted(DOCS.rglob("*.md")) if not {"_build", "examples"} & {*path.relative_to(DOCS).parts}]

"""Types the pages as a reader would, and holds the reference against the code."""

from __future__ import annotations

import dataclasses
import doctest
import importlib
import inspect
import json
import os
import pkgutil
import pty
import re
import shutil
import subprocess
import sys
import termios
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple, get_args

import pytest
from page_servers import Servers, is_server

import penstock
from penstock import errors, observers
from penstock.config import SETTINGS
from penstock.embed.options import EMBEDS, options_of
from penstock.model.finding_kinds import FINDING_KINDS
from penstock.model.problem_codes import ProblemCode
from penstock.render import FORMATS
from penstock_mkdocs.handler import HANDLER_SETTINGS
from penstock_mkdocs.plugin import PLUGIN_SETTINGS
from penstock_mkdocs.site import OWN_SETTINGS
from penstock_sphinx.directives.flow import FlowDirective
from penstock_sphinx.directives.overview import FlowsDirective

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
FENCE = re.compile(r"^(?P<ticks>`{3,})(?P<info>[^\n`]*)\n(?P<body>.*?)^(?P=ticks)$", re.MULTILINE | re.DOTALL)
FILE_ABOVE = re.compile(r"`([^`\s]+)`:\s*\Z")
FLOW_ID = re.compile(r"\b[0-9a-f]{32}\b")
DATE = re.compile(r"\b20\d\d-\d\d-\d\d\b")
DURATION = re.compile(r"\b\d+\.\d+ ?s(econds)?\b")

PAGES = {
    "README.md": None,
    "docs/index.md": None,
    "docs/tutorial.md": None,
    "docs/tutorial-sphinx.md": None,
    "docs/tutorial-mkdocs.md": None,
    "docs/tutorial-proof.md": "docs/examples/shop",
    "docs/explanation/reading-code.md": None,
    "docs/how-to/check-in-ci.md": None,
    "docs/how-to/evidence.md": None,
    "docs/how-to/evidence-from-traces.md": None,
    "docs/how-to/django.md": None,
    "docs/how-to/django-tasks.md": None,
    "docs/how-to/commands.md": None,
    "docs/how-to/diff-in-a-pull-request.md": "docs/examples/shop",
    "docs/how-to/command-line.md": "docs/examples/shop",
    "docs/how-to/inject.md": "docs/examples/shop",
    "docs/how-to/sphinx.md": "docs/examples/shop",
    "docs/how-to/read-the-docs.md": "docs/examples/shop",
    "docs/how-to/mkdocs.md": "docs/examples/shop",
    "docs/how-to/properdocs.md": "docs/examples/shop",
    "docs/how-to/zensical.md": "docs/examples/shop",
    "docs/how-to/python-markdown.md": "docs/examples/shop",
    "docs/how-to/migrate.md": "docs/examples/shop",
    "docs/how-to/cross-references.md": "docs/examples/shop",
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


def shown(value: object) -> str:
    """Return a default as the reference shows it."""
    return value if isinstance(value, str) else json.dumps(value)


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
    shell = ["bash", "-c", f"(exit {previous}); {command}"]
    if command.startswith("penstock show "):  # as wide as the terminal
        return in_terminal(shell, folder, environment())
    result = subprocess.run(
        shell,
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
        check=False,
    )
    return result.returncode, result.stdout


def in_terminal(command: list[str], folder: Path, environment: dict[str, str]) -> tuple[int, str]:
    """Run a command in a terminal of 100 columns; return its exit code, and what a reader sees there."""
    environment = {name: value for name, value in environment.items() if name != "COLUMNS"}
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (40, 100))
    with subprocess.Popen(
        command, cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    ) as process:
        os.close(theirs)
        printed = b""
        with suppress(OSError):  # Linux's way to say that it is closed
            while part := os.read(ours, 65536):
                printed += part
    os.close(ours)
    return process.returncode, printed.decode().replace("\r\n", "\n")


def normal(command: str, text: str) -> str:
    """Return what has to be equal: IDs and times differ, and argparse of each Python wraps and words in its own way."""
    if command.endswith("--help"):
        return " ".join(re.sub(r"(-\w) (\{[^}]*\}|[^,\s]+), (--\w+) \2", r"\1, \3 \2", text).split())
    if command.startswith("curl "):  # many servers end no line
        text = text.rstrip("\n")
    text = DATE.sub("2026-11-20", text)
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


def reference(name: str) -> str:
    """Return a page of the reference."""
    return (DOCS / "reference" / f"{name}.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_reference_describes_every_setting(setting):
    """The reference says of each setting what its declaration says."""
    default = f"default: `{setting.default}`" if setting.default else "no default"
    section = (
        f"## `{setting.name}`\n\n*{setting.type}* · {default}\n\n{setting.help}\n\n"
        f"```toml\n{setting.name} = {setting.example}\n```\n"
    )
    assert section in reference("configuration")


def test_reference_describes_no_other_setting():
    """A setting that is gone is gone from the reference."""
    headings = re.findall(r"^## `(\w+)`$", reference("configuration"), re.MULTILINE)
    assert [setting.name for setting in SETTINGS] == headings


@pytest.mark.parametrize(("embed", "kind"), EMBEDS.items())
def test_reference_describes_the_options_of_embeds_in_markdown(embed, kind):
    """The reference says of each option of an embed in Markdown what its declaration says, and lists no other."""
    section = reference("embedding").partition(f"Markdown: the embed `{embed}`")[2].partition("\n## ")[0]
    options = options_of(kind).values()
    rows = [f"| `{each.name}` | {each.type.words} | {each.default_text} | {each.help} |" for each in options]
    assert rows == re.findall(r"^\| `.*$", section, re.MULTILINE)


@pytest.mark.parametrize(
    "row",
    [
        *(f"| `{name}` | {text} |" for name, text in OWN_SETTINGS.items()),
        *(f"| `{name}` | `{shown(default)}` | {text} |" for name, (default, text) in PLUGIN_SETTINGS.items()),
    ],
)
def test_reference_describes_every_setting_in_markdown(row):
    """The reference says of each setting of the extension and the plugin what its declaration says."""
    assert row in reference("embedding").splitlines()


@pytest.mark.parametrize("name", HANDLER_SETTINGS)
def test_page_on_references_describes_the_settings_of_the_handler(name):
    """The page on cross references says of each setting of the handler what its declaration says."""
    text = (DOCS / "how-to" / "cross-references.md").read_text(encoding="utf-8")
    assert f"| `{name}` | {HANDLER_SETTINGS[name]} |" in text.splitlines()


@pytest.mark.parametrize("directive", [FlowDirective, FlowsDirective])
def test_reference_lists_the_options_of_the_directive(directive):
    """The reference lists the options of each Sphinx directive, no more and no fewer."""
    name = {FlowDirective: "penstock-flow", FlowsDirective: "penstock-flows"}[directive]
    section = reference("directives").partition(f"The directive `{name}`")[2].partition("\n## ")[0]
    assert sorted(directive.option_spec) == sorted(re.findall(r"^\| `:([\w-]+):` \|", section, re.MULTILINE))


def test_reference_lists_the_formats():
    """The reference lists each format with its suffixes."""
    listed = re.findall(r"^\| `(\w+)` \| (`\.[^|]+) \|", reference("formats"), re.MULTILINE)
    assert [(each.name, ", ".join(f"`{suffix}`" for suffix in each.suffixes)) for each in FORMATS.values()] == listed


def test_reference_lists_the_problems():
    """The reference has a section for each code that a problem can have."""
    listed = re.findall(r"^## `([\w-]+)`$", reference("problems"), re.MULTILINE)
    assert sorted(get_args(ProblemCode)) == sorted(listed)


def test_reference_lists_the_findings():
    """The reference says in a sentence what each finding means, and has a page for each."""
    listed = re.findall(r"^\| \[`([\w-]+)`\]\(\1\.md\) \| (.*) \|$", reference("findings/index"), re.MULTILINE)
    assert {code: kind.summary for code, kind in FINDING_KINDS.items()} == dict(listed)
    assert sorted(FINDING_KINDS) == sorted(
        page.stem for page in (DOCS / "reference/findings").glob("*.md") if page.stem != "index"
    )


def test_reference_lists_the_errors():
    """The reference lists each error."""
    listed = re.findall(r"^\.\. autoexception:: (\w+)", reference("errors"), re.MULTILINE)
    known = [name for name, each in vars(errors).items() if inspect.isclass(each) and issubclass(each, Exception)]
    assert known == listed


API = "\n".join(path.read_text(encoding="utf-8") for path in sorted((DOCS / "reference/api").glob("*.md")))
QUALIFIED = re.compile(r"~?(?:\w+\.)+(?=[A-Z])")


def test_reference_describes_every_public_name():
    """The reference has each name that penstock exports."""
    described = re.findall(r"^\.\. (?:auto|py:)\w+:: (?:penstock\.\w+\.)?(\w+)", API, re.MULTILINE)
    described += re.findall(r"^\.\. autoexception:: (\w+)", reference("errors"), re.MULTILINE)
    assert {*penstock.__all__} - {"__version__"} <= {*described}


SIGNATURES = re.findall(
    r"^\.\. (?:auto(?:function|class)|py:decorator):: ([\w.]+)(\((?!\)$).*\)(?: -> .*)?)$", API, re.MULTILINE
)


@pytest.mark.parametrize(("name", "written"), SIGNATURES, ids=[name for name, _ in SIGNATURES])
def test_reference_has_the_true_signatures(name, written):
    """A signature in the reference has the parameters, types, defaults and result of the function."""
    scope: dict[str, object] = {}
    exec(f"from __future__ import annotations\ndef documented{QUALIFIED.sub('', written)}: ...", scope)
    documented, actual = inspect.signature(scope["documented"]), inspect.signature(find_documented(name))
    result = actual.return_annotation if " -> " in written else inspect.Signature.empty
    parameters = [
        each.replace(annotation=QUALIFIED.sub("", str(each.annotation)))
        for each in actual.parameters.values()
        if each.kind is not inspect.Parameter.VAR_POSITIONAL
        if each.kind is not inspect.Parameter.POSITIONAL_ONLY or each.default is inspect.Parameter.empty
    ]
    assert str(documented) == str(inspect.Signature(parameters, return_annotation=result))


def find_documented(name):
    """Return the object that a directive names, in its module or that of the page."""
    module, _, attribute = name.rpartition(".")
    modules = [module] if module else ["penstock", "penstock.observers", "penstock.manifest"]
    homes = [importlib.import_module(module) for module in modules]
    return next(getattr(home, attribute) for home in homes if hasattr(home, attribute))


def test_every_attribute_in_the_reference_has_a_type():
    """No class of the reference describes an attribute without its type."""
    classes = [find_documented(name) for name in re.findall(r"^\.\. autoclass:: ([\w.]+)\(\)$", API, re.MULTILINE)]
    kinds = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    texts = [(kind, (inspect.getdoc(kind) or "").partition("Attributes:\n")[2]) for kind in [*classes, *kinds]]
    assert [] == [
        (kind.__name__, name) for kind, text in texts for name in re.findall(r"^    (\w+):", text, re.MULTILINE)
    ]


FUNCTIONS = re.findall(r"^\.\. autofunction:: (?:penstock\.[\w.]+\.)?(\w+)\(", API, re.MULTILINE)


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_public_function_has_an_example(name):
    """The reference calls each function that it describes: below the entry, or in the docstring's example."""
    places = [
        *("penstock.contrib." + place for place in ("arguments", "celery", "environment", "httpx", "kafka", "logging"))
    ]
    places += [
        "penstock",
        "penstock.observers",
        "penstock.propagation",
        "penstock.testing",
        "penstock.manifest",
        "penstock.check.evidence",
    ]
    homes = [importlib.import_module(place) for place in places]
    docstrings = [inspect.getdoc(getattr(home, name)) or "" for home in homes if hasattr(home, name)]
    examples = [
        block for text in (API, *docstrings) for block in re.findall(r"^ *(?:>>>|\.\.\.) .*$", text, re.MULTILINE)
    ]
    assert [] != [line for line in examples if re.search(rf"\b{name}\b(?! *import)", line) and "import " not in line]


def test_reference_describes_every_field_of_an_event():
    """The reference has each attribute of an event that an observer receives."""
    names = [*(each.name for each in dataclasses.fields(observers.StepEvent)), "flow_id"]
    text = reference("api/observers").partition(":: StepEvent\n")[2]
    assert names == re.findall(r"^   \.\. py:attribute:: (\w+)$", text, re.MULTILINE)


def test_examples_in_docstrings_are_true():
    """Every example in a docstring of ours does what it shows."""
    names = [found.name for found in pkgutil.walk_packages(penstock.__path__, "penstock.")]
    unread = ("__main__", "contrib.django")  # the second has settings, which doctest would ask for
    modules = [importlib.import_module(name) for name in names if not name.endswith(unread)]
    results = [doctest.testmod(module) for module in modules]
    assert 0 == sum(result.failed for result in results)
    assert sum(result.attempted for result in results) > 0

"""The executable plugin, as mystmd itself runs it, and what it answers."""

from __future__ import annotations

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from penstock import manifest
from penstock.model import Edge, Flow, Numbers, NumbersOrigin, Step
from penstock.model.resource_uses import ResourceUse
from penstock_mkdocs.mystmd import main

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

MYSTMD = Path(__file__).parents[1] / "node_modules" / "mystmd" / "dist" / "myst.cjs"

FLOWS = '''
from penstock import entrypoint, flow, step


@flow("bom_sync", title="BOM sync", description="Keeps the parts up to date.", tags=["parts"])
@entrypoint(trigger="kafka:bom-updates")
def handle_kafka_message(msg):
    """Receives a message.

    Read **twice**, see `docs`, [the site](https://example.org) and [this](javascript:x).

    - one
    - two

    Args:
        msg: What came *in*.

    Raises:
        ValueError: It is wrong.

    Example:
        >>> 1 + 1
        2
    """


@flow("bom_sync")
@step(after={"handle_kafka_message": "if new"}, effects=["sqlite:parts"])
def sync_to_database(data: bytes, retries: int = 3) -> None:
    """Writes the parts."""


@flow("stock")
@entrypoint(trigger="sqlite:parts")
def count_parts():
    """Counts <script>alert(1)</script> & *all*."""
'''

PROJECT = """version: 1
project:
  title: Parts
  plugins:
    - type: executable
      path: penstock_plugin.py
site:
  template: ./template
"""

PAGE = """# Parts

:::{penstock-flow} bom_sync
:caption: From *Kafka* to the table
:paths:
:::

```{penstock-flow} bom_sync
---
format: mermaid
label: again
heading_level: 4
paths: false
---
```

- item

  :::{penstock-flow .wide #third steps=false} bom_sync
  :::

:::{penstock-flows}
:caption: All flows
:label: all-flows
:::

:::{penstock-map}
:direction: LR
:::

:::{penstock-flow} stock
:title:
:description:
:::

See [](#flow-bom_sync), [](#again-sync_to_database) and [](#all-flows).
"""


class Built(NamedTuple):
    """What mystmd made of a page: how it ended, what it said, the nodes, and where."""

    code: int
    output: str
    tree: dict[str, Any]
    folder: Path


def make_project(folder: Path, flows: str = FLOWS) -> None:
    """Write an application with a site of mystmd; the template is a local one, so that nothing is loaded."""
    (folder / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (folder / "flows.py").write_text(flows)
    (folder / "myst.yml").write_text(PROJECT)
    (folder / "template").mkdir()
    (folder / "template" / "template.yml").write_text("jtex: v1\ntitle: T\nversion: 1.0.0\n")
    plugin = folder / "penstock_plugin.py"
    plugin.write_text(f"#!{sys.executable}\nfrom penstock_mkdocs.mystmd import main\n\nmain()\n")
    plugin.chmod(0o755)


def build(folder: Path, page: str, *arguments: str) -> Built:
    """Let mystmd build a project of one page."""
    node = shutil.which("node")
    missing = "node" if node is None else "" if MYSTMD.exists() else "mystmd"
    if missing:
        message = f"{missing} is missing; install it: npm ci --prefix tests"
        if os.environ.get("CI"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    (folder / "index.md").write_text(page)
    result = subprocess.run(
        [str(node), str(MYSTMD), "build", "--site", "--strict", "--ci", *arguments],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=600,
        check=False,
    )
    content = folder / "_build" / "site" / "content" / "index.json"
    tree = json.loads(content.read_text())["mdast"] if content.exists() else {}
    return Built(result.returncode, result.stdout, tree, folder)


def walk(tree: dict[str, Any], kind: str) -> Iterator[dict[str, Any]]:
    """Yield the nodes of a kind, in order."""
    if tree.get("type") == kind:
        yield tree
    for child in tree.get("children", ()):
        yield from walk(child, kind)


def text_of(tree: dict[str, Any]) -> str:
    """Return the text in a node."""
    return tree.get("value", "") + "".join(map(text_of, tree.get("children", ())))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    """The page as mystmd has built it."""
    folder = tmp_path_factory.mktemp("site")
    make_project(folder)
    return build(folder, PAGE)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project, as the working directory."""
    make_project(tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def ask(project: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Any]:
    """Ask the plugin as mystmd does, without mystmd; gives the nodes."""

    def answer(directive: str, argument: str = "", folder: Path = Path(), **options: object) -> dict[str, Any]:
        position = {"start": {"line": 7, "column": 1}, "end": {"line": 9, "column": 1}}
        written = [
            {"type": "mystOption", "name": name, "value": value, "position": {"start": {"line": line, "column": 1}}}
            for line, (name, value) in enumerate(options.items(), 8)
        ]
        data = {"name": directive, "arg": argument, "node": {"position": position, "children": written}}
        monkeypatch.setattr("sys.argv", ["penstock-myst", "--directive", directive])
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(json.dumps(data).encode())))
        assert 0 == main(folder)
        return {"type": "root", "children": json.loads(capsys.readouterr().out)}

    return answer


def test_a_page_is_built_without_a_complaint(built: Built) -> None:
    """Mystmd takes all that the plugin answers, with its strictest checks."""
    assert (0, []) == (built.code, re.findall(r"^.*(?:⚠|⛔).*$", built.output, re.MULTILINE))
    assert "4 directives" in built.output


def test_the_diagram_is_a_picture_in_a_figure(built: Built) -> None:
    """A flow is drawn as SVG, with a caption and a text alternative; mystmd has the file."""
    figure = next(walk(built.tree, "container"))
    [image] = walk(figure, "image")
    assert image["alt"].startswith("Flow bom_sync: 2 steps. Starts at handle_kafka_message (kafka:bom-updates).")
    assert "From *Kafka* to the table" in text_of(figure)
    assert (built.folder / "_build/site/public" / image["url"].lstrip("/")).read_text().startswith("<svg")


@pytest.mark.parametrize(
    ("options", "texts"),
    [
        ({}, []),
        ({"title": True}, ["BOM sync"]),
        ({"description": None}, ["Keeps the *parts* up to <b>date</b>.", "- as $text$"]),
        ({"title": "true", "description": True}, ["BOM sync", "Keeps the *parts* up to <b>date</b>.", "- as $text$"]),
    ],
)
def test_title_and_description_stand_above(ask: Callable[..., Any], options: dict[str, Any], texts: list[str]) -> None:
    """Title and description are plain text in paragraphs before the figure, where they are wanted."""
    flows = Path("flows.py")
    description = r"Keeps the *parts*\n up to <b>date</b>.\n \n- as $text$"
    flows.write_text(flows.read_text().replace("Keeps the parts up to date.", description))
    nodes = ask("penstock-flow", "bom_sync", **options)["children"]
    kinds = [node["type"] for node in nodes]
    above = nodes[: kinds.index("container")]
    assert texts == [text_of(node) for node in above]
    assert {"paragraph"} >= {node["type"] for node in above}
    assert ["text"] * len(above) == [
        leaf["type"] for node in above for kind in ("text", "html", "emphasis") for leaf in walk(node, kind)
    ]


def test_the_diagram_is_mermaid_on_request(built: Built) -> None:
    """With `format: mermaid`, the theme draws the flow, and its boxes lead to the steps."""
    [mermaid] = walk(built.tree, "mermaid")
    assert 'handle_kafka_message -->|"if new"| sync_to_database' in mermaid["value"]
    [target] = [each["html_id"] for each in walk(built.tree, "heading") if each["label"] == "again-sync_to_database"]
    assert f'click sync_to_database href "#{target}"' in mermaid["value"]


def test_steps_have_headings_that_others_can_refer_to(built: Built) -> None:
    """Each step is a heading with a label made of the flow's and its name."""
    assert [
        "flow-bom_sync-handle_kafka_message",
        "flow-bom_sync-sync_to_database",
        "again-handle_kafka_message",
        "again-sync_to_database",
        "flow-stock-count_parts",
    ] == [heading["label"] for heading in walk(built.tree, "heading")]
    references = [node for node in walk(built.tree, "crossReference") if node["identifier"].startswith("again-sync")]
    assert all(node["resolved"] for node in references)
    assert "sync_to_database" == text_of(references[-1])


def test_figures_and_tables_have_labels(built: Built) -> None:
    """A reference to a flow is to its figure, and one to a table to its number."""
    [*_, paragraph] = walk(built.tree, "paragraph")
    assert "See Figure\xa01, sync_to_database and Table\xa01." == text_of(paragraph)


def test_docstrings_are_read(built: Built) -> None:
    """Markdown and sections of a docstring are nodes, and links lead to the web only."""
    links = {node["url"]: text_of(node) for node in walk(built.tree, "link")}
    assert {"https://example.org": "the site"} == links
    terms = [text_of(node) for node in walk(built.tree, "definitionTerm")]
    assert ["msg", "ValueError"] == terms[:2]
    assert ["one", "two"] == [text_of(node).strip() for node in walk(built.tree, "listItem")][1:3]
    assert ">>> 1 + 1\n2" == next(walk(built.tree, "code"))["value"]


def test_html_of_docstrings_is_text(built: Built) -> None:
    """What looks like HTML in a docstring is shown and not run."""
    assert [] == [*walk(built.tree, "html")]
    assert "Counts <script>alert(1)</script> & all." in text_of(built.tree)


def test_neighbours_and_effects_stand_below_a_step(built: Built) -> None:
    """A step names those before and after it, what it changes, and where it is."""
    said = [text_of(node) for node in walk(built.tree, "paragraph")]
    assert "after handle_kafka_message if new · effects sqlite:parts · flows.py:27" in said
    assert "(data: bytes, retries: int = 3) -> None" in said


def test_paths_are_listed_on_request(built: Built) -> None:
    """With `paths: true`, each way through the flow is an item."""
    assert "handle_kafka_message → sync_to_database" == text_of(next(walk(built.tree, "listItem")))


def test_flows_are_a_table(built: Built) -> None:
    """The table has a row for each flow, with a small diagram."""
    [table] = walk(built.tree, "table")
    rows = [[text_of(cell) for cell in walk(row, "tableCell")] for row in walk(table, "tableRow")]
    assert [
        ["Flow", "What it does", "Diagram"],
        ["BOM sync2 steps · kafka:bom-updates", "Keeps the parts up to date.", ""],
        ["stock1 step · sqlite:parts", "Counts <script>alert(1)</script> & all.", ""],
    ] == rows
    assert 2 == len([*walk(table, "image")])


def test_the_system_map_is_a_figure(built: Built) -> None:
    """The map says which flow leads to which."""
    [figure] = [node for node in walk(built.tree, "container") if node["label"] == "system-map"]
    [image] = walk(figure, "image")
    assert "System map: 2 flows. bom_sync leads to stock through sqlite:parts." == image["alt"]


def test_mistakes_are_errors_with_page_and_line(project: Path) -> None:
    """A mistake is an error of mystmd with page and line, which `--strict` counts, and the rest of the page is built."""
    page = """# Parts

:::{penstock-flow} bom_snc
:::

:::{penstock-flow} bom_sync
:steps: no
:direktion: LR
:::

:::{penstock-flow} stock
:steps: false
:::
"""
    result = build(project, page)
    assert 1 == result.code
    said = re.findall(r"index\.md:(\d+) Link has no URL: (.*)", result.output)
    assert [
        ("3", "penstock-flow: there is no flow 'bom_snc'. Did you mean 'bom_sync'? Known flows: bom_sync, stock."),
        ("8", "penstock-flow: there is no option 'direktion'. Did you mean 'direction' or 'description'?"),
    ] == said
    assert "Flow stock: 1 step." in next(walk(result.tree, "image"))["alt"]
    boxes = [text_of(box) for box in walk(result.tree, "admonition")]
    assert all("there is no" in box for box in boxes)
    assert 2 == len(boxes)


def test_a_warning_has_page_and_line(project: Path) -> None:
    """What is no mistake of the page, such as a missing engine, is a warning, and Mermaid draws the flow."""
    (project / "pyproject.toml").write_text(
        '[tool.penstock]\nmodules = ["flows"]\npath = ["."]\nengine = "/bin/false"\n'
    )
    result = build(project, "# A\n\n:::{penstock-flow} stock\n:::\n")
    assert 0 == result.code
    assert re.search(
        r"index\.md:3 Cross reference target was not found: .*/bin/false.* Until then, Mermaid", result.output
    )
    assert "graph TD" in next(walk(result.tree, "mermaid"))["value"]


def test_a_large_flow_is_shown_without_its_steps(project: Path) -> None:
    """A picture that is too large for an answer has a file, and an answer that is too large is an error that says so."""
    many = 'for number in range(600):\n    flow("big").step(name=f"step_{number}", after=f"step_{number - 1}" if number else ())(make(number))\n'
    text = "def make(number):\n    def work(): ...\n    work.__qualname__ = f'work_{number}'\n    work.__doc__ = 'Works. ' * 300\n    return work\n"
    (project / "flows.py").write_text(f"from penstock import flow\n\n{text}\n{many}")
    result = build(
        project, "# A\n\n:::{penstock-flow} big\n:steps: false\n:::\n\n:::{penstock-flow} big\n:label: b\n:::\n"
    )
    assert "600 steps" in next(walk(result.tree, "image"))["alt"]
    assert 1 == len([*(project / "_build/penstock").glob("*.svg")])
    assert re.search(r"index\.md:7 .*more than the megabyte .* Leave the steps out: :steps: false", result.output)


def test_the_specification_names_the_directives(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Without an argument, the plugin says what it offers, each option with its explanation."""
    monkeypatch.setattr("sys.argv", ["penstock-myst"])
    assert 0 == main()
    directives = {each["name"]: each for each in json.loads(capsys.readouterr().out)["directives"]}
    assert ["penstock-flow", "penstock-flows", "penstock-map", "penstock-channels"] == [*directives]
    assert all(option["doc"] for each in directives.values() for option in each["options"].values())
    assert ["name", "id"] == directives["penstock-flow"]["options"]["label"]["alias"]


@pytest.mark.parametrize(
    ("options", "line", "message"),
    [
        ({"steps": "maybe"}, 8, "the option 'steps' must be true or false, not 'maybe'"),
        ({"steps": "true", "direction": "up"}, 9, "the option 'direction' must be TB, LR, BT or RL, not 'up'"),
        ({"heading_level": "7"}, 8, "the option 'heading_level' must be a number from 1 to 6, not '7'"),
        ({"label": "a", "name": "b"}, 9, "the option 'id' is given twice"),
        ({"a:b": "c"}, 8, "there is no option 'a:b'"),
    ],
)
def test_a_wrong_option_is_a_fault_with_its_line(
    ask: Callable[..., Any], options: dict[str, str], line: int, message: str
) -> None:
    """An option that does not exist, or has a wrong value, is reported where it stands."""
    [link] = walk(ask("penstock-flow", "stock", **options), "link")
    assert (f"penstock-flow: {message}", line, "") == (text_of(link), link["position"]["start"]["line"], link["url"])


@pytest.mark.parametrize(
    ("directive", "argument", "options", "message"),
    [
        ("penstock-flow", "", {}, "penstock-flow: it needs the name of a flow: {penstock-flow} NAME"),
        ("penstock-flows", "", {"tag": "part"}, "penstock-flows: no flow has tag part. Did you mean 'parts'?"),
        ("penstock-map", "", {"service": "x"}, "penstock-map: no flow has service x."),
    ],
)
def test_what_selects_nothing_is_a_fault(
    ask: Callable[..., Any], directive: str, argument: str, options: dict[str, str], message: str
) -> None:
    """A directive without a flow to show says so."""
    assert message == text_of(next(walk(ask(directive, argument, **options), "link")))


def test_options_may_be_written_in_every_way_of_myst(built: Built) -> None:
    """Options stand in lines with colons, in YAML, and behind the directive's name."""
    figures = {node["label"]: node for node in walk(built.tree, "container")}
    assert {"flow-bom_sync", "again", "third"} <= {*figures}
    assert "wide" == figures["third"]["class"]


def test_flags_and_quoted_names_are_understood(ask: Callable[..., Any]) -> None:
    """An option without a value is true, and a name may stand in quotes."""
    tree = ask("penstock-flow", '"bom_sync"', paths=True, diagram="false")
    assert "1 path" in text_of(tree)
    assert [] == [*walk(tree, "image")]


def test_classes_are_those_of_the_figure(ask: Callable[..., Any]) -> None:
    """The option `class` reaches the figure."""
    [figure] = walk(ask("penstock-flow", "stock", **{"class": "wide"}), "container")
    assert "wide" == figure["class"]


def test_an_application_that_cannot_be_imported_is_a_fault(project: Path, ask: Callable[..., Any]) -> None:
    """The error names file and line of the application."""
    (project / "flows.py").write_text("import nothing_of_that_name\n")
    said = text_of(ask("penstock-flow", "stock"))
    assert "penstock-flow: flows.py:1: cannot import flows: ModuleNotFoundError: No module named" in said


def test_problems_of_a_flow_are_faults(project: Path, ask: Callable[..., Any]) -> None:
    """What is wrong with a declaration is reported where the flow is shown, and the flow still is."""
    (project / "flows.py").write_text(FLOWS.replace('"handle_kafka_message": "if new"', '"nothing": ""'))
    tree = ask("penstock-flow", "bom_sync")
    assert "after='nothing' names no step of flow 'bom_sync'." in text_of(next(walk(tree, "link")))
    assert [*walk(tree, "image")]


def test_the_application_may_stand_elsewhere(project: Path, ask: Callable[..., Any], tmp_path: Path) -> None:
    """A script of your own says where the application is; a folder that is not there is a fault."""
    (project / "pyproject.toml").unlink()
    application = project / "application"
    application.mkdir()
    make_project(application)
    assert [*walk(ask("penstock-flow", "stock", Path("application")), "image")]
    assert "there is no folder 'nowhere'" in text_of(ask("penstock-flow", "stock", Path("nowhere")))


def test_names_are_text_whatever_they_hold(project: Path, ask: Callable[..., Any]) -> None:
    """Names, labels and effects are data of nodes, so nothing in them is markup, and each step has a label of its own."""
    names = ["a b", "<b>", "{role}`x`", "**x**", "a\nb", "日本", "\u202ex", "A-B", "a_b"]
    steps = "".join(
        f"@flow('stock')\n@step(name={name!r}, after='count_parts', effects=[{name!r}])\ndef step_{number}():\n    {name!r}\n"
        for number, name in enumerate(names)
    )
    (project / "flows.py").write_text(FLOWS + steps)
    tree = ask("penstock-flow", "stock")
    headings = [*walk(tree, "heading")]
    assert ["count_parts", "a b", "<b>", "{role}`x`", "**x**", "a b", "日本", "x", "A-B", "a_b"] == [
        text_of(each) for each in headings
    ]
    assert len(headings) == len({each["html_id"] for each in headings})


@pytest.mark.parametrize("directive", ["penstock-flows", "penstock-map", "penstock-channels"])
def test_problems_outside_every_flow_are_faults(project: Path, ask: Callable[..., Any], directive: str) -> None:
    """What is wrong outside every flow is said where all flows stand."""
    loose = 'from penstock import step\n\n@step(after="nothing")\ndef loose(): ...\n'
    (project / "flows.py").write_text(f"{FLOWS}\n{loose}")
    messages = [text_of(box) for box in walk(ask(directive), "admonition")]
    assert [True] == ["@step on flows.loose belongs to no flow" in message for message in messages]


def test_text_alternative_says_what_is_left_out(ask: Callable[..., Any]) -> None:
    """The text alternative of a part of a flow says what the part leaves out."""
    [image] = walk(ask("penstock-flow", "bom_sync", depth="0"), "image")
    assert image["alt"].endswith(" 1 of 2 steps left out.")


def test_numbers_are_tables(project: Path, ask: Callable[..., Any]) -> None:
    """Below the picture stand where the numbers come from, a table of steps, and one of arrows."""
    steps = [Step(name=name, numbers=Numbers(runs=4123, errors=49)) for name in ("receive", "check")]
    edge = Edge(source="receive", target="check", label="if new", numbers=Numbers(runs=2061, share=0.5))
    origin = NumbersOrigin(source="tests", runs=31)
    flow = Flow(name="counted", steps=tuple(steps), edges=(edge,), numbers=origin)
    manifest.save(manifest.Manifest(flows=(flow,)), project / "flows.json")
    (project / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n')
    nodes = ask("penstock-flow", "counted", steps="false", numbers="counts")["children"]
    paragraph, *tables = nodes[1:]
    assert "31 runs of tests" == text_of(paragraph)
    rows = [[text_of(cell) for cell in row["children"]] for table in tables for row in table["children"]]
    expected = [["receive", "4,123", "49 (1.2 %)"], ["check", "4,123", "49 (1.2 %)"]]
    heads = ["Step", "Runs", "Errors"], ["Arrow", "Runs", "Share"]
    assert [heads[0], *expected, heads[1], ["receive → check (if new)", "2,061", "50 %"]] == rows
    assert "figure" == ask("penstock-flow", "counted", steps="false")["children"][-1]["kind"]


def test_effects_have_marks(project: Path, ask: Callable[..., Any]) -> None:
    """The words stand beside an effect and in the index, and a second line of proof counts them."""
    uses = [
        ResourceUse(step="sell", verb="writes", resource="db:sold", state="effect-never-seen", note="Why."),
        ResourceUse(step="sell", verb="reads", resource="db:prices", origin="seen", state="seen"),
    ]
    flow = Flow(name="orders", steps=(Step(name="sell", effects=("db:sold",)),), uses=tuple(uses))
    manifest.save(manifest.Manifest(flows=(flow,)), project / "flows.json")
    (project / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n')
    nodes = ask("penstock-flow", "orders", reads="true")["children"]
    assert ["0 of 1 effect confirmed; 1 never seen", "sell → db:sold: never seen. Why."] == [*map(text_of, nodes[1:3])]
    assert "effects db:sold never seen, db:prices (read)" == text_of(nodes[-1])
    table = next(walk(ask("penstock-channels"), "table"))
    rows = [[text_of(cell) for cell in row["children"]][:3] for row in table["children"]]
    assert [["db:prices", "", "sell (orders)"], ["db:sold", "sell (orders, never seen)", ""]] == rows[1:]

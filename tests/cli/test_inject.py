"""Blocks of documents that `penstock inject` keeps fresh."""

import os
import re
from pathlib import Path

import docutils.core
import pytest
from bs4 import BeautifulSoup
from markdown_it import MarkdownIt

from penstock.cli import main

FLOWS = '''
from penstock import entrypoint, flow, step


@flow("bom_sync", title="BOM sync")
@entrypoint(trigger="kafka:bom-updates")
def handle_kafka_message(msg):
    """Receives a message."""


@flow("bom_sync")
@step(after={"handle_kafka_message": "if new"}, effects=["sqlite:parts"])
def sync_to_database(data):
    """Writes the parts."""
'''

MERMAID = """
```mermaid
graph TD
    handle_kafka_message --> sync_to_database
```

"""

BEGIN, END = "<!-- penstock: bom_sync -->", "<!-- /penstock -->"


@pytest.fixture(scope="module")
def exported(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The manifest of the application, which most tests need and none of them changes."""
    folder = tmp_path_factory.mktemp("application")
    (folder / "flows.py").write_text(FLOWS)
    file = folder / "flows.json"
    assert 0 == main.main(["export", "-C", str(folder), "-m", "flows", "-p", str(folder), "-o", str(file)])
    return file.read_text()


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: str) -> Path:
    """A folder with the flows of the application, as the working directory."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmanifests = ["flows.json"]\n')
    (tmp_path / "flows.json").write_text(exported)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def application(project: Path) -> Path:
    """A folder with the application itself, which a test may change."""
    (project / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (project / "flows.py").write_text(FLOWS)
    return project


def inject(text: str, name: str = "README.md") -> str:
    """Return what a document is after the command, which succeeds, and changes nothing a second time."""
    path = Path(name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode())
    assert 0 == main.main(["inject", name])
    content = path.read_bytes()
    stamp = path.stat().st_mtime_ns
    assert 0 == main.main(["inject", name])
    assert (content, stamp) == (path.read_bytes(), path.stat().st_mtime_ns)
    assert 0 == main.main(["inject", "--check", name])
    return content.decode()


def fault_of(text: str, capsys: pytest.CaptureFixture[str], name: str = "README.md") -> str:
    """Return what the command says of a document that it refuses and leaves as it is."""
    Path(name).write_bytes(text.encode())
    capsys.readouterr()
    assert 2 == main.main(["inject", name])
    assert text.encode() == Path(name).read_bytes()
    return capsys.readouterr().err.removeprefix("penstock: ").rstrip("\n")


def test_what_stands_between_the_markers_is_replaced_by_the_diagram(project: Path) -> None:
    """A block holds Mermaid's text of the flow, apart from its markers; all else stays."""
    text = f"# Parts\n\n{BEGIN}\nold\n{END}\n\nThe end.\n"
    assert f"# Parts\n\n{BEGIN}\n{MERMAID}{END}\n\nThe end.\n" == inject(text)


def test_several_blocks_are_written(project: Path) -> None:
    """Each pair of markers is a block of its own."""
    block = f"{BEGIN}\n{END}\n"
    assert f"{BEGIN}\n{MERMAID}{END}\n" * 3 == inject(block * 3)


@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_the_ends_of_lines_stay(project: Path, newline: str) -> None:
    """A block has the line ends of its marker, so a document of Windows stays one."""
    text = f"# A\n\n{BEGIN}\n{END}\n".replace("\n", newline)
    assert f"# A\n\n{BEGIN}\n{MERMAID}{END}\n".replace("\n", newline) == inject(text)


def test_mixed_ends_of_lines_stay_outside_the_block(project: Path) -> None:
    """Lines that the command does not write are not touched, whatever they end with."""
    text = f"a\r\nb\x0bc\u2028d\n\n{BEGIN}\n{END}\r\ne"
    assert f"a\r\nb\x0bc\u2028d\n\n{BEGIN}\n{MERMAID}{END}\r\ne" == inject(text)


def test_a_byte_order_mark_and_a_missing_last_newline_stay(project: Path) -> None:
    """Neither the first bytes nor the last of a file change."""
    assert f"\ufeff{BEGIN}\n{MERMAID}{END}" == inject(f"\ufeff{BEGIN}\n{END}")


@pytest.mark.parametrize("prefix", ["> ", "> > ", "  ", "   > "])
def test_a_block_keeps_what_stands_before_its_markers(project: Path, prefix: str) -> None:
    """In a quote or an item of a list, each line of the block belongs to it."""
    lines = f"{BEGIN}\n{MERMAID}{END}\n".splitlines()
    expected = "".join(f"{prefix}{line}".rstrip() + "\n" for line in lines)
    assert expected == inject(f"{prefix}{BEGIN}\n{prefix}{END}\n")


EXAMPLES = [
    "```md\n{}\n```\n",
    "~~~\n{}\n~~~\n",
    "````md\n```\n{}\n```\n````\n",
    "- item\n\n  ```md\n  {}\n  ```\n",
    "1. ```md\n   {}\n   ```\n",
    "> ```md\n> {}\n> ```\n",
    "```md\n{}\n",
    "Text:\n\n    {}\n",
    "# Title\n    {}\n",
    "Write `{}` above.\n",
    "- item\n\n      {}\n",
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_markers_in_code_are_left_alone(project: Path, example: str) -> None:
    """What shows a marker as code is no marker, whether it is right or not."""
    text = "".join(example.format(marker) for marker in ("<!-- penstock: nope colour=red -->",))
    assert text == inject(text)
    assert "<code>" in MarkdownIt("commonmark").render(text).replace('<code class="language-md">', "<code>")


LIVE = [
    "- item\n\n  {}\n",
    "- item\n\n    {}\n",
    "1. item\n\n   - inner\n\n     {}\n",
    '!!! note "Title"\n\n    {}\n',
    '=== "Tab"\n\n    {}\n',
    "> ```\n> code\n\n{}\n",
    "- ```\n  code\n\n{}\n",
    "```\ncode\n```\n{}\n",
    "Text `code` ``` no fence\n\n{}\n",
]


@pytest.mark.parametrize("place", LIVE)
def test_markers_in_other_blocks_are_followed(project: Path, place: str) -> None:
    """A marker counts in lists, admonitions and tabs, and below code that has ended."""
    text = place.format(BEGIN)
    indent = text.splitlines()[-1].partition("<")[0]
    assert "handle_kafka_message" in inject(f"{text}{indent}{END}\n")


def test_a_picture_stands_in_a_file_beside_the_document(project: Path) -> None:
    """`format=svg` writes the picture, and an image with a text alternative that leads to it."""
    text = inject("<!-- penstock: bom_sync format=svg -->\n<!-- /penstock -->\n", "docs/page.md")
    [image] = BeautifulSoup(MarkdownIt().render(text), "html.parser").find_all("img")
    assert "Flow bom_sync: 2 steps. Starts at handle_kafka_message" in image["alt"]
    assert (project / "docs" / image["src"]).read_text().startswith("<svg")


def test_a_picture_has_the_file_that_the_marker_names(project: Path) -> None:
    """`file=` names the picture, counted from the document's folder; quotes allow spaces."""
    text = inject('<!-- penstock: bom_sync format=svg file="img/my flow.svg" -->\n<!-- /penstock -->\n', "docs/page.md")
    assert "](img/my%20flow.svg)" in text
    assert (project / "docs/img/my flow.svg").exists()


def test_two_pictures_of_one_file_are_a_fault(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Two blocks that draw one flow in two ways name two files."""
    marker = "<!-- penstock: bom_sync format=svg{} -->\n<!-- /penstock -->\n"
    fault = fault_of(marker.format("") + marker.format(" direction=LR"), capsys)
    assert "README.md:3: bom_sync.svg already belongs to another picture; name another file: file=….svg" == fault


def test_a_picture_that_is_not_ours_is_not_replaced(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that was drawn by others stays, and the fault says so."""
    (project / "bom_sync.svg").write_text("<svg>mine</svg>")
    fault = fault_of("<!-- penstock: bom_sync format=svg -->\n<!-- /penstock -->\n", capsys)
    assert fault.startswith("README.md:1: bom_sync.svg exists and was not drawn by penstock.")
    assert "<svg>mine</svg>" == (project / "bom_sync.svg").read_text()


def test_a_picture_with_other_line_ends_is_fresh(project: Path) -> None:
    """A picture that git has checked out with the line ends of Windows is not written again."""
    inject("<!-- penstock: bom_sync format=svg -->\n<!-- /penstock -->\n")
    content = (project / "bom_sync.svg").read_bytes().replace(b"\n", b"\r\n")
    (project / "bom_sync.svg").write_bytes(content)
    assert 0 == main.main(["inject", "--check", "README.md"])


def test_steps_are_a_table(project: Path) -> None:
    """`format=steps` has a row for each step, with `details` what starts it and what it changes."""
    text = inject("<!-- penstock: bom_sync format=steps details -->\n<!-- /penstock -->\n")
    table = BeautifulSoup(MarkdownIt().enable("table").render(text), "html.parser")
    rows = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in table.find_all("tr")]
    assert [
        ["Step", "What it does", "After", "Trigger", "Effects"],
        ["handle_kafka_message", "Receives a message.", "", "kafka:bom-updates", ""],
        ["sync_to_database", "Writes the parts.", "handle_kafka_message (if new)", "", "sqlite:parts"],
    ] == rows


def test_steps_are_a_list(project: Path) -> None:
    """`format=list` has an item for each step."""
    text = inject("<!-- penstock: bom_sync format=list -->\n<!-- /penstock -->\n")
    assert ["- `handle_kafka_message`: Receives a message.", "- `sync_to_database`: Writes the parts. (after `handle_kafka_message` (if new))"] == [
        line for line in text.splitlines() if line.startswith("- ")
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("options", "part"),
    [
        ("direction=LR", "graph LR\n"),
        ("direction=td", "graph TD\n"),
        ("details", 'handle_kafka_message -->|"if new"| sync_to_database'),
        ("details=true", ":::entry"),
        ("format=mermaid details=false", "handle_kafka_message --> sync_to_database"),
    ],
)
def test_options_say_how_a_diagram_is_drawn(project: Path, options: str, part: str) -> None:
    """Direction and details are options of the marker."""
    assert part in inject(f"<!-- penstock: bom_sync {options} -->\n<!-- /penstock -->\n")


def test_a_name_with_spaces_stands_in_quotes(application: Path) -> None:
    """A flow is found whatever its name is."""
    (application / "flows.py").write_text(FLOWS.replace('"bom_sync"', "'the \"BOM\" --> sync'"))
    text = inject('<!--penstock:"the \\"BOM\\" --\\u003e sync"-->\n<!--/penstock-->\n')
    assert "handle_kafka_message --> sync_to_database" in text


FAULTS = [
    (f"a\n{BEGIN}\n", 2, "the marker is not ended; write <!-- /penstock --> below it"),
    (
        f"{BEGIN}\n```\n{END}\n",
        1,
        "the marker is not ended; write <!-- /penstock --> below it (that of line 3 stands in code)",
    ),
    (
        f"{BEGIN}\n{BEGIN}\n{END}\n",
        2,
        "the marker of line 1 has no end; write <!-- /penstock --> before this one",
    ),
    (f"{BEGIN}\n{END}\n{END}\n", 3, "<!-- /penstock --> ends a block that was never begun"),
    ("<!-- pennstock: a -->\n", 1, "there is no marker 'pennstock:'. Did you mean 'penstock:'?"),
    ("<!-- Penstock: a -->\n", 1, "there is no marker 'Penstock:'. Did you mean 'penstock:'?"),
    (f"{BEGIN}\n<!-- /pentsock -->\n", 2, "there is no marker '/pentsock'. Did you mean '/penstock'?"),
    (f"{BEGIN}\n<!-- /penstock: bom_sync -->\n", 2, "a marker that ends is only <!-- /penstock -->"),
    ("<!-- penstock bom_sync -->\n", 1, "a marker has a colon: <!-- penstock: bom_sync -->"),
    ("<!-- penstock bom_sync format=svg -->\n", 1, "a marker has a colon: <!-- penstock: bom_sync -->"),
    (f"text {BEGIN}\n", 1, "a marker must be complete, and alone on its line"),
    (f"- {BEGIN}\n", 1, "a marker must be complete, and alone on its line"),
    (f"{BEGIN}{END}\n", 1, "a marker must be complete, and alone on its line"),
    ("<!-- penstock: a\n-->\n", 1, "a marker must be complete, and alone on its line"),
    (f"<!-- penstock: -->\n{END}\n", 1, "the marker names no flow; write penstock: NAME"),
    (f"<!-- penstock: format=svg -->\n{END}\n", 1, "the flow's name comes first, before 'format=svg'"),
    (f"<!-- penstock: bom_sync fromat=svg -->\n{END}\n", 1, "there is no option 'fromat'. Did you mean 'format'?"),
    (
        f"<!-- penstock: bom sync -->\n{END}\n",
        1,
        "there is no option 'sync'. Options: format, details, direction, file. A flow's name with spaces stands in double quotes.",
    ),
    (
        f"<!-- penstock: bom_sync format=png -->\n{END}\n",
        1,
        "the option 'format' must be mermaid, svg, steps or list, not 'png'",
    ),
    (
        f"<!-- penstock: bom_sync direction=up -->\n{END}\n",
        1,
        "the option 'direction' must be TB, LR, BT or RL, not 'up'",
    ),
    (f"<!-- penstock: bom_sync details=1 -->\n{END}\n", 1, "the option 'details' must be true or false, not '1'"),
    (f"<!-- penstock: bom_sync details details -->\n{END}\n", 1, "the option 'details' is given twice"),
    (f'<!-- penstock: "bom_sync -->\n{END}\n', 1, "a quote is not closed"),
    (
        f"<!-- penstock: bom_sync file=/etc/x.svg -->\n{END}\n",
        1,
        "the option 'file' must be a path with / that ends in .svg, from the document's folder, not '/etc/x.svg'",
    ),
    (
        f"\n<!-- penstock: bom_snc -->\n{END}\n",
        2,
        "there is no flow 'bom_snc'. Did you mean 'bom_sync'? Known flows: bom_sync.",
    ),
]


@pytest.mark.parametrize(("text", "line", "message"), FAULTS)
def test_a_marker_that_is_wrong_is_a_fault_with_its_line(
    project: Path, capsys: pytest.CaptureFixture[str], text: str, line: int, message: str
) -> None:
    """A wrong marker is reported with file and line, and the document stays as it is."""
    assert f"README.md:{line}: {message}" == fault_of(text, capsys)


@pytest.mark.parametrize(
    "comment", ["<!-- penstock keeps the diagram below fresh -->", "<!-- pencil: x -->", "<!-- TODO -->"]
)
def test_other_comments_are_no_markers(project: Path, comment: str) -> None:
    """A comment that speaks of something else, or of penstock in a sentence, stays."""
    assert f"{comment}\n" == inject(f"{comment}\n")


def test_all_faults_are_reported_and_nothing_is_written(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """One wrong document keeps the others from being written, so that all are of one state."""
    Path("a.md").write_text(f"{BEGIN}\n{END}\n")
    Path("b.md").write_text(f"{BEGIN}\n")
    Path("c.md").write_bytes(b"ok\n\xff\n")
    assert 2 == main.main(["inject", "a.md", "b.md", "c.md", "d.md", "flows.py"])
    assert f"{BEGIN}\n{END}\n" == Path("a.md").read_text()
    assert ["b.md:1", "c.md:2", "d.md", "flows.py"] == re.findall(
        r"^penstock: (\S+):", capsys.readouterr().err, re.MULTILINE
    )


def test_check_shows_what_would_change_and_writes_nothing(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` exits with 1 and prints a unified diff where a document is not fresh."""
    text = f"# A\n\n{BEGIN}\nold\n{END}\n"
    Path("README.md").write_text(text)
    assert 1 == main.main(["inject", "--check", "README.md"])
    assert text == Path("README.md").read_text()
    diff = capsys.readouterr().out
    assert diff.startswith("--- a/README.md\n+++ b/README.md\n@@ -1,5 +1,10 @@\n # A\n")
    assert "-old\n" in diff
    assert "+    handle_kafka_message --> sync_to_database\n" in diff


def test_check_finds_a_picture_that_is_not_fresh(application: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """`--check` exits with 1 where only the picture would change, and leaves it."""
    inject("<!-- penstock: bom_sync format=svg -->\n<!-- /penstock -->\n")
    old = (application / "bom_sync.svg").read_bytes()
    (application / "flows.py").write_text(FLOWS.replace("Writes the parts.", "Keeps the parts."))
    capsys.readouterr()
    assert 1 == main.main(["inject", "--check", "README.md"])
    assert "bom_sync.svg is out of date\n" == capsys.readouterr().err
    assert old == (application / "bom_sync.svg").read_bytes()


def test_problems_of_the_flows_are_reported(application: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A document with a flow that has problems is written, and the exit code is that of `penstock render`."""
    (application / "flows.py").write_text(FLOWS.replace('"handle_kafka_message": "if new"', '"nothing": ""'))
    Path("README.md").write_text(f"{BEGIN}\n{END}\n")
    assert 1 == main.main(["inject", "README.md"])
    assert "problem: flows.py:" in capsys.readouterr().err


def test_documents_without_markers_need_no_application(application: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nothing is to be written, nothing is imported."""
    (application / "flows.py").write_text("raise SystemExit")
    Path("README.md").write_text("# A\n")
    assert 0 == main.main(["inject", "README.md"])
    assert "There are no markers" in capsys.readouterr().err


def test_a_link_stays_a_link(project: Path) -> None:
    """A document that is named by a link is written where it stands, with its picture beside it."""
    (project / "docs").mkdir()
    (project / "docs/index.md").write_text("<!-- penstock: bom_sync format=svg -->\n<!-- /penstock -->\n")
    Path("README.md").symlink_to("docs/index.md")
    assert 0 == main.main(["inject", "README.md", "docs/index.md"])
    assert Path("README.md").is_symlink()
    assert "![Flow bom" in (project / "docs/index.md").read_text()
    assert (project / "docs/bom_sync.svg").exists()


def test_a_read_only_document_is_left_alone(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A file that may not be written is a fault, and no other file is written."""
    for name in ("a.md", "b.md"):
        Path(name).write_text(f"{BEGIN}\n{END}\n")
    Path("b.md").chmod(0o444)
    assert 2 == main.main(["inject", "a.md", "b.md"])
    assert [f"{BEGIN}\n{END}\n"] * 2 == [Path(name).read_text() for name in ("a.md", "b.md")]
    assert "penstock: cannot write b.md: it is read-only\n" == capsys.readouterr().err


def test_permissions_stay(project: Path) -> None:
    """A file that is written keeps its mode."""
    Path("README.md").touch(0o640)
    os.chmod("README.md", 0o640)  # noqa: PTH101
    inject(f"{BEGIN}\n{END}\n")
    assert 0o640 == Path("README.md").stat().st_mode & 0o777


HOSTILE = [
    "```",
    "~~~",
    "-->",
    "<!-- /penstock -->",
    "*/}",
    "a | b",
    "`a`",
    "**a** __b__ ~~c~~ $d$ [e](javascript:f)",
    "<script>alert(1)</script>",
    "# a",
    "1. a",
    "&lt;",
    "\\",
    "a\n```\nb",
    "{a}`b`",
    "::",
    ".. /penstock",
    "|a|_ `b`_ *c",
]


def declare_hostile() -> None:
    """Declare a flow with a step of each hostile name, which is its title, label and effect, too."""
    steps = (
        f"@flow('bom_sync')\n@step(name={name!r}, after={{'handle_kafka_message': {name!r}}}, effects=[{name!r}])\n"
        f"def hostile_{number}():\n    {name!r}\n"
        for number, name in enumerate(HOSTILE)
    )
    Path("flows.py").write_text("\n\n".join([FLOWS, *steps]))


@pytest.mark.parametrize("form", ["mermaid", "steps", "list", "svg"])
def test_no_name_breaks_out_of_its_place(application: Path, form: str) -> None:
    """Whatever a step is called, the document shows it as text, and ends as it did."""
    declare_hostile()
    text = inject(f"<!-- penstock: bom_sync format={form} details -->\n<!-- /penstock -->\n\nThe end.\n")
    page = BeautifulSoup(MarkdownIt().enable(["table", "strikethrough"]).render(text), "html.parser")
    assert "The end." == page.find_all("p")[-1].get_text()
    assert not page.find_all(["script", "a", "em", "strong", "h1", "s"])
    if form in ("steps", "list"):
        rows = page.find_all(["tr", "li"])[-len(HOSTILE) :]
        assert [" ".join(name.split()) for name in HOSTILE] == [row.find("code").get_text() for row in rows]


@pytest.mark.parametrize("form", ["steps", "list", "svg"])
def test_no_name_breaks_out_of_its_place_in_rst(application: Path, form: str) -> None:
    """What reStructuredText says of a step is read without a warning, and shows its name."""
    declare_hostile()
    text = inject(f".. penstock: bom_sync format={form} details\n.. /penstock\n\nThe end.\n", "README.rst")
    tree = docutils.core.publish_doctree(text, settings_overrides={"halt_level": 2, "report_level": 2})
    assert "The end." == tree.children[-1].astext()
    shown = tree.astext() if form != "svg" else next(iter(tree.findall(docutils.nodes.image)))["alt"]
    assert [] == [name for name in HOSTILE if " ".join(name.split()) not in shown]


def test_rst_has_a_picture_by_default(project: Path) -> None:
    """In reStructuredText, which no host draws Mermaid in, a block is an image."""
    text = inject(".. penstock: bom_sync\n.. /penstock\n", "README.rst")
    assert text.startswith(".. penstock: bom_sync\n\n.. image:: bom_sync.svg\n   :alt: Flow bom_sync: 2 steps.")


@pytest.mark.parametrize(
    "example",
    [
        "Example::\n\n   .. penstock: nope\n",
        ".. code-block:: rst\n   :caption: x\n\n   .. penstock: nope\n",
        ".. note::\n\n   .. code:: rst\n\n      .. penstock: nope\n",
        "..\n   .. penstock: nope\n",
        ".. a comment\n\n   .. penstock: nope\n",
        "``.. penstock: nope``\n",
    ],
)
def test_markers_in_literal_blocks_are_left_alone(project: Path, example: str) -> None:
    """What shows a marker as code in reStructuredText is no marker."""
    assert example == inject(example, "README.rst")


def test_markers_in_directives_are_followed(project: Path) -> None:
    """A marker counts in the content of a directive, and the block is indented as it is."""
    text = inject(".. note::\n\n   .. penstock: bom_sync format=list\n   .. /penstock\n", "README.rst")
    assert "\n   - ``handle_kafka_message``: Receives a message.\n" in text


def test_mdx_has_comments_of_its_own(project: Path) -> None:
    """In MDX, which knows no comments of HTML, markers are comments of JavaScript."""
    text = inject("{/* penstock: bom_sync */}\n{/* /penstock */}\n", "page.mdx")
    assert f"{{/* penstock: bom_sync */}}\n{MERMAID}{{/* /penstock */}}\n" == text

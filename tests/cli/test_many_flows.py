"""`penstock list` for programs, and `penstock render` for more than one flow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from penstock.cli.main import main

FLOWS = '''
from penstock import flow

orders = flow("orders", title="All orders", description="From the cart on.", tags=["billing"])
mail = flow("mail")


@orders.entrypoint(trigger="POST /orders")
def accept():
    """Accept an order."""


@orders.step(after={"accept": "if valid"}, effects=["queue:mail"])
def confirm():
    """Confirm it."""


@mail.entrypoint(trigger="queue:mail")
def send():
    """Send a letter."""
'''


@pytest.fixture(autouse=True)
def _project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A folder with a configured application, as the working directory."""
    (tmp_path / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["flows"]\npath = ["."]\n')
    (tmp_path / "flows.py").write_text(FLOWS)
    monkeypatch.chdir(tmp_path)


def test_flows_are_listed_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    """A program reads what a list shows, and where each flow begins."""
    assert 0 == main(["list", "--format", "json"])
    mail, orders = json.loads(capsys.readouterr().out)["flows"]
    expected = {
        "name": "orders",
        "title": "All orders",
        "description": "From the cart on.",
        "tags": ["billing"],
        "steps": 2,
        "paths": 1,
        "entrypoints": ["accept"],
        "triggers": ["POST /orders"],
        "problems": 0,
        "file": "flows.py",
        "line": 8,
    }
    assert expected == orders
    assert "mail" == mail["name"]


def test_names_are_listed_one_a_line(capsys: pytest.CaptureFixture[str]) -> None:
    """A shell loops over names."""
    assert 0 == main(["list", "-f", "names"])
    assert "mail\norders\n" == capsys.readouterr().out


@pytest.mark.parametrize(("form", "output"), [("json", '{\n  "version": 1,\n  "flows": []\n}\n'), ("names", "")])
def test_no_flows_are_an_empty_list(form: str, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A program gets no sentence where there are no flows."""
    Path("flows.py").write_text("")
    assert 0 == main(["list", "-f", form])
    assert output == capsys.readouterr().out


def test_problems_do_not_mix_with_json(capsys: pytest.CaptureFixture[str]) -> None:
    """Problems go to standard error with the command that explains them, and the exit code is 1."""
    Path("flows.py").write_text(FLOWS.replace('"accept"', '"acept"'))
    assert 1 == main(["list", "-f", "json"])
    printed = capsys.readouterr()
    assert [0, 1] == [entry["problems"] for entry in json.loads(printed.out)["flows"]]
    assert "help: penstock explain unknown-after\n" == printed.err.splitlines(keepends=True)[-1]


@pytest.mark.parametrize(
    ("options", "files"),
    [
        ([], ["mail.svg", "orders.svg", "system-map.svg"]),
        (["-f", "mermaid"], ["mail.mmd", "orders.mmd", "system-map.mmd"]),
        (["-f", "markdown"], ["mail.md", "orders.md", "system-map.md"]),
    ],
)
def test_all_flows_are_written_with_their_map(
    options: list[str], files: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    """`--all` writes a file for each flow, as SVG unless told otherwise, and one for the map."""
    assert 0 == main(["render", "--all", "out/flows", *options])
    assert files == sorted(path.name for path in Path("out/flows").iterdir())
    assert f"wrote {Path('out/flows')}: 3 files\n" == capsys.readouterr().err


def test_names_of_files_are_safe() -> None:
    """A name that is no file's name gets one, and two flows never share a file."""
    Path("flows.py").write_text(
        'from penstock import flow\nfor name in ("a/../b", "A b", "a b", "con", "system-map"):\n'
        '    flow(name).entrypoint(lambda: 1, name="s", trigger=name)\n'
        'flow("c").step(lambda: 1, name="s", effects=["con"])'
    )
    assert 1 == main(["render", "--all", "out", "-f", "text"])
    names = sorted(path.name for path in Path("out").iterdir())
    assert [
        "A-b.txt",
        "a-..-b.txt",
        "a-b-2.txt",
        "c.txt",
        "flow-con.txt",
        "system-map-of-all.txt",
        "system-map.txt",
    ] == names


def test_the_map_is_a_diagram_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    """`--map` draws which flow triggers which, in any format."""
    assert 0 == main(["render", "--map"])
    assert "graph TD\n    orders --> mail\n" == capsys.readouterr().out
    assert 0 == main(["render", "--map", "-o", "map.svg"])
    assert "queue:mail" in Path("map.svg").read_text()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "penstock render: name a flow, or choose --map or --all DIR; penstock list names the flows"),
        (["orders", "--map"], "penstock render: FLOW and --map exclude each other"),
        (["orders", "--all", "out"], "penstock render: FLOW and --all exclude each other"),
        (["--all", "out", "-o", "x.svg"], "penstock render: --all names the folder, so -o has no file to name"),
        (["--all", ""], "--all: the name of the folder is empty"),
    ],
)
def test_contradictions_are_refused(options: list[str], message: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One thing is asked for at a time."""
    assert 2 == main(["render", *options])
    assert capsys.readouterr().err.startswith(f"penstock: {message}")


PAGE = """# All orders

From the cart on.

```mermaid
graph TD
    accept(["accept
Accept an order."]):::entry
    confirm["confirm
Confirm it."]
    io0[/"POST /orders"/]:::io
    io1[/"queue#58;mail"/]:::io
    accept -->|"if valid"| confirm
    io0 -.-> accept
    confirm -.-> io1
    classDef entry fill:#eef4ff,stroke:#2f6fed,color:#1f2430,stroke-width:2px
    classDef io fill:#f4f3ff,stroke:#7a5af8,color:#4a2fb8
```

## Steps

| Step | What it does | After | Trigger | Effects |
| --- | --- | --- | --- | --- |
| `accept` | Accept an order. | | POST /orders | |
| `confirm` | Confirm it. | `accept` (if valid) | | queue:mail |
"""


@pytest.mark.parametrize(
    ("name", "fence"), [("page.md", "mermaid"), ("page.mdx", "mermaid"), ("page.qmd", "{mermaid}")]
)
def test_a_page_has_the_diagram_and_the_steps(name: str, fence: str) -> None:
    """Wikis, GitHub and Docusaurus draw the Mermaid block; Quarto wants it as a code cell."""
    assert 0 == main(["render", "orders", "-o", name])
    assert PAGE.replace("```mermaid", f"```{fence}") == Path(name).read_text()


def test_without_details_a_page_is_short() -> None:
    """`--no-details` leaves out titles in the diagram, and the columns for triggers and effects."""
    main(["render", "orders", "-o", "page.md", "--no-details"])
    text = Path("page.md").read_text()
    assert "```mermaid\ngraph TD\n    accept --> confirm\n```" in text
    assert "| `confirm` | Confirm it. | `accept` (if valid) |" in text


HOSTILE = "# <script>x</script> | `a` [b](javascript:c) {d} ~~e~~ $f$ *g* _h_ \n\n---\n- i"


def test_hostile_texts_stay_texts() -> None:
    """No title, description, name or label becomes markup: real Markdown shows the characters as they are written."""
    markdown = pytest.importorskip("markdown")
    soup = pytest.importorskip("bs4")
    Path("flows.py").write_text(
        f"from penstock import flow\ntext = {HOSTILE!r}\nf = flow('f', title=text, description=text)\n"
        "f.entrypoint(trigger=text, name='a|b`<i>')(lambda: 1)\n"
        "f.step(after={'a|b`<i>': text}, effects=[text], name='c')(lambda: 1)\n"
    )
    main(["render", "f", "-o", "page.md"])
    html = markdown.markdown(Path("page.md").read_text(), extensions=["tables", "fenced_code"])
    page = soup.BeautifulSoup(html, "html.parser")
    assert [] == page.find_all(["script", "a", "em", "strong", "i", "hr", "li", "del"])
    assert " ".join(HOSTILE.split()) == page.h1.text
    assert HOSTILE.split("\n", maxsplit=1)[0].strip() == page.p.text.strip()
    assert [5, 5, 5] == [len(row.find_all(["td", "th"])) for row in page.find_all("tr")]
    assert "a|b`<i>" == page.find_all("tr")[1].td.text


@pytest.mark.parametrize(
    "text", ["- a", "+ a", "# a", "1. a", "2) a", "= a", "--- a", ":::note", "!!! note", "> a", "~~~ a"]
)
def test_a_paragraph_begins_no_other_block(text: str) -> None:
    """A description that begins like a list, a heading, a rule or a directive is a paragraph."""
    markdown, soup = pytest.importorskip("markdown"), pytest.importorskip("bs4")
    Path("flows.py").write_text(
        f"from penstock import flow\nflow('f', description={text!r}).entrypoint(lambda: 1, name='a')"
    )
    main(["render", "f", "-o", "page.md"])
    html = markdown.markdown(Path("page.md").read_text(), extensions=["admonition", "fenced_code"])
    assert text == soup.BeautifulSoup(html, "html.parser").p.text

"""Faults: one line that says page, line, what and the near name; a note on the page; an exception if strict."""

from __future__ import annotations

import stat
import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

from penstock.errors import PenstockError
from penstock.model import Edge, Flow, Step
from penstock.render.graphviz.engine import find_engine

EMBED = "::: penstock-flow orders\n"


@pytest.mark.parametrize(
    ("source", "line", "said"),
    [
        ("::: penstock-flow ordres", 1, "there is no flow 'ordres'. Did you mean 'orders'?"),
        ("a\n\n```penstock-flow ordres\n```", 3, "there is no flow 'ordres'. Did you mean 'orders'?"),
        ("::: penstock-flow", 1, "penstock-flow needs the name of a flow: ::: penstock-flow NAME"),
        ("```penstock-flow\n```", 1, "penstock-flow needs the name of a flow"),
        ("::: penstock-flwo orders", 1, "there is no embed 'penstock-flwo'. Did you mean 'penstock-flow'?"),
        ("\n::: penstock-flow orders\n    captoin: x", 3, "there is no option 'captoin'. Did you mean 'caption'?"),
        ("```penstock-flow\n\nordres\n```", 3, "there is no flow 'ordres'. Did you mean 'orders'?"),
        ("a\n```penstock-flow orders\nsteps: no\n", 2, "this fence has no end: close it with a line of ```"),
        ("> ~~~~penstock-flow orders\n\n~~~~", 1, "this fence has no end: close it with a line of ~~~~"),
        ("> a\n>\n> ::: penstock-flow ordres", 3, "there is no flow 'ordres'. Did you mean 'orders'?"),
        ("> ::: penstock-flow orders\n>     captoin: x", 2, "there is no option 'captoin'."),
        (f"{EMBED}\n    steps: no", 3, "the option 'steps' is not read: remove the empty line above it"),
        (f"{EMBED}    paths: yes\n\n\n  id: a", 5, "the option 'id' is not read: remove the empty line above it"),
        ("> ::: penstock-flow orders\n>\n>     steps: no", 3, "the option 'steps' is not read"),
        ("::: penstock-flow: orders", 1, "there is no embed 'penstock-flow:'. Did you mean 'penstock-flow'?"),
        ("::: penstock_flow orders", 1, "there is no embed 'penstock_flow'. Did you mean 'penstock-flow'?"),
        (":::{penstock-flow} orders", 1, "there is no embed '{penstock-flow}'. Did you mean 'penstock-flow'?"),
        ("```{penstock-flow} orders\n```", 1, "there is no embed '{penstock-flow}'. Did you mean 'penstock-flow'?"),
        ("```{ .penstock-flow }\n```", 1, "there is no embed '{ .penstock-flow }'. Did you mean 'penstock-flow'?"),
        ("a\n\n## ::: penstock-flow orders", 3, "an embed is not a heading: remove ## away"),
        ("- > ::: penstock-flow orders", 1, "begin the quote on a line below the item"),
        ("- ::: penstock-flow orders\n    captoin: x", 2, "there is no option 'captoin'. Did you mean 'caption'?"),
        ("- ::: penstock-flow orders\n\n    steps: no", 3, "the option 'steps' is not read"),
        ("```penstock-flow\n\norders\nzzz: x\n```", 4, "there is no option 'zzz'. Options: caption, alt,"),
        (f"{EMBED}    steps: maybe", 2, "the option 'steps' must be true or false, not 'maybe'"),
        (f"{EMBED}    direction: up", 2, "the option 'direction' must be TB, LR, BT or RL, not 'up'"),
        (f"{EMBED}    format: png", 2, "the option 'format' must be svg or mermaid, not 'png'"),
        (f"{EMBED}    heading_level: 7", 2, "the option 'heading_level' must be a number from 1 to 6, not '7'"),
        (f"{EMBED}    id: a\n    name: b", 3, "the option 'name' is given twice"),
        (f"{EMBED}    nonsense", 2, "an option is a name, a colon and a value, not 'nonsense'"),
    ],
)
def test_one_line(convert, source, line, said):
    """Each fault is one line in the log with its line on the page, and a note in its place."""
    page = convert(source)

    assert 1 == len(page.logged)
    assert page.logged[0].startswith(f"<markdown>:{line}: {said}")
    assert page.logged[0].endswith(BeautifulSoup(page.html, "html.parser").select_one(".penstock-error p + p").text)


@pytest.mark.parametrize("below", ["    print(1)", "    other: x", "steps: no", "text"])
def test_what_follows_is_no_fault(convert, below):
    """Below an empty line may stand anything that is not an indented option: a block of code, a paragraph."""
    page = convert(f"{EMBED}\n{below}\n")

    assert [] == page.logged
    assert below.strip() == BeautifulSoup(page.html, "html.parser").find_all(["code", "p"])[-1].text.strip()


def test_problems_of_a_flow(convert):
    """A flow with a problem is shown, with the problem's file and line above each place; the log has it once."""
    page = convert("::: penstock-flow broken\n\n::: penstock-flow broken\n    steps: no\n")
    notes = BeautifulSoup(page.html, "html.parser").select(".penstock-error")

    assert ["<markdown>:1: app.py:7: after='x' names no step."] == page.logged
    assert ["This flow has a problem", "app.py:7: after='x' names no step."] * 2 == [
        p.text for n in notes for p in n.find_all("p")
    ]
    assert 2 == page.html.count("<svg")


def test_strict_raises(convert):
    """With ``strict``, a fault is an exception of ours that says the same line."""
    with pytest.raises(PenstockError, match=r"^<markdown>:3: there is no flow 'ordres'\. Did you mean 'orders'\?"):
        convert("# A\n\n::: penstock-flow ordres", strict=True)


def test_other_embeds_go_on(convert):
    """A fault in one embed leaves the others alone."""
    page = convert(f"::: penstock-flow ordres\n\n{EMBED}")

    assert 1 == len(page.logged)
    assert "<svg" in page.html


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"modlues": ["a"]}, "there is no setting 'modlues'. Did you mean 'modules'?"),
        ({"modules": "a"}, "'modules' must be a list, not a string."),
        ({"base": "nowhere", "path": ["src"]}, "'path' names a folder that does not exist: "),
        ({"manifests": ["gone.json"]}, "gone.json: cannot read the manifest: No such file or directory"),
    ],
)
def test_a_wrong_setting_is_said_at_each_embed(convert, settings, said):
    """A setting that is wrong is said at each embed, with the near name or the cure."""
    page = convert(EMBED, **settings)

    assert 1 == len(page.logged)
    assert said in page.logged[0]


def test_import_fails(convert, tmp_path):
    """An application that cannot be imported is said with its file and line, without a traceback."""
    (tmp_path / "app.py").write_text("\nimport not_there_at_all\n", encoding="utf-8")
    page = convert(EMBED, manifests=None, modules=["app"], path=[str(tmp_path)])

    assert 1 == len(page.logged)
    assert "app.py:2: cannot import app: ModuleNotFoundError" in page.logged[0]
    assert "Traceback" not in page.html


def test_relative_paths_count_from_base(convert, write_site, tmp_path):
    """Relative paths count from ``base``."""
    write_site(tmp_path / "site", "site_name: x\n")
    page = convert(EMBED, manifests=None, modules=["app"], path=["src"], base=str(tmp_path / "site"))

    assert [] == page.logged
    assert "extraordinary" in page.html


def engine(folder, body) -> str:
    """Return the path of an executable that stands in for the layout engine."""
    path = folder / "engine"
    path.write_text(f"#!{sys.executable}\n{body}\n", encoding="utf-8")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def test_layout_fails(convert, tmp_path):
    """Where the engine fails, the page shows Mermaid's text, and the first embed says why, once."""
    page = convert(f"{EMBED}\n\n{EMBED}", engine=engine(tmp_path, "raise SystemExit('no luck')"))

    assert 1 == len(page.logged)
    assert page.logged[0].startswith("<markdown>:1: flow 'orders' (4 steps, 3 arrows) has no layout: no luck")
    assert 2 == page.html.count('<pre class="ps-source"><code>graph TD')
    assert 0 == page.html.count("<svg")


def test_layout_takes_too_long(convert):
    """A flow that is too dense for the engine is drawn in plain layers; the first embed says so, once."""
    steps = tuple(Step(name=f"s{n}", entrypoint=not n) for n in range(50))
    edges = tuple(Edge(source=f"s{one}", target=f"s{other}") for one in range(50) for other in range(one + 1, 50))
    page = convert("::: penstock-flow dense\n\n::: penstock-flow dense\n", Flow(name="dense", steps=steps, edges=edges))

    assert 1 == len(page.logged)
    assert page.logged[0].startswith(
        "<markdown>:1: flow 'dense' (50 steps, 1225 arrows) is drawn in plain layers, because"
    )
    assert 2 == page.html.count(">Drawn in plain layers: too large or too dense for the layout engine.</text>")


def test_engine_missing(convert, monkeypatch):
    """Where no engine is installed, the one line says what to install."""
    monkeypatch.setenv("PATH", "")
    find_engine.cache_clear()
    page = convert(EMBED, engine="dot")
    find_engine.cache_clear()

    assert ["pip install 'penstock[graphviz]'"] == [
        line[line.index("pip") :].split(" Until")[0] for line in page.logged
    ]
    assert "ps-source" in page.html


def test_one_process_for_all_layouts(convert, tmp_path):
    """All flows of a manifest are laid out by one process, on however many pages they are."""
    flows = [Flow(name=f"f{n}", steps=(Step(name=f"start_{n}", entrypoint=True),)) for n in range(5)]
    body = f"import os\nopen({str(tmp_path / 'calls')!r}, 'a').write('x')\nos.execv({find_engine()!r}, ['dot', *os.sys.argv[1:]])"
    path = engine(tmp_path, body)
    pages = [convert(f"::: penstock-flow f{n}\n", *flows, engine=path).html for n in range(5)]

    assert [1] * 5 == [page.count("<svg") for page in pages]
    assert "x" == (tmp_path / "calls").read_text(encoding="utf-8")


def test_parsers_missing(convert, monkeypatch):
    """Where griffelib is not installed, the one line says what to install."""
    monkeypatch.setitem(sys.modules, "griffe", None)
    page = convert(EMBED)

    assert 1 == len(page.logged)
    assert page.logged[0].endswith("pip install 'penstock[markdown]'")


def test_extension_needs_no_host():
    """The extension imports Markdown, and no documentation engine, YAML library or docstring parser."""
    program = "import sys, penstock_mkdocs.markdown; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())

    assert "markdown" in loaded
    assert set() == loaded & {"mkdocs", "properdocs", "zensical", "yaml", "griffe", "click", "sphinx", "docutils"}


def test_too_large_for_mermaid(convert):
    """A flow that Mermaid would refuse is shown as text, and the line says what to write."""
    title = "word " * 20
    flow = Flow(name="huge", steps=tuple(Step(name=f"s{n}", title=title) for n in range(600)))
    page = convert("::: penstock-flow huge\n    format: mermaid\n    steps: no\n", flow)

    assert "write: format: svg" in page.logged[0]
    assert "ps-source" in page.html

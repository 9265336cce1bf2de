"""generate_dag: a declared flow in every format, in a notebook, in a file."""

from __future__ import annotations

import base64
import copy
import io
import json
import pickle
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, get_args
from xml.etree import ElementTree as ET

import pytest

import penstock
from penstock import Diagram, entrypoint, flow, generate_dag, get_flow, step
from penstock.check.evidence import Evidence, Fact, Seen, Visit, save
from penstock.errors import (
    LayoutError,
    MissingExtraError,
    OutputError,
    RenderError,
    RenderWarning,
    UnknownFlowError,
    UnknownFormatError,
    UnknownNameError,
)
from penstock.manifest import loads
from penstock.render import FORMATS, BinaryFormat, Options, TextFormat, pdf, render

MERMAID = """graph TD
    handle_kafka_message --> fetch_from_api
    fetch_from_api --> sync_to_database"""

TEXTS, PICTURES = ["mermaid", "dot", "svg", "text", "json", "markdown", "quarto"], ["png", "pdf"]
SUFFIXES = {
    "mermaid": "mmd",
    "dot": "gv",
    "svg": "svg",
    "png": "png",
    "pdf": "pdf",
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "quarto": "qmd",
}


def test_types_follow_the_table() -> None:
    """A type checker knows the formats of the table, and which are binary."""
    names = {binary: [name for name, kind in FORMATS.items() if kind.binary is binary] for binary in (False, True)}
    assert {False: sorted(get_args(TextFormat)), True: sorted(get_args(BinaryFormat))} == {
        binary: sorted(of_kind) for binary, of_kind in names.items()
    }


@pytest.fixture(autouse=True)
def _declared() -> None:
    """The quick start's flow."""

    @flow("bom_sync")
    @entrypoint(trigger="kafka:bom-updates")
    def handle_kafka_message(msg: dict[str, str]) -> None:
        """Receive an update."""

    @flow("bom_sync")
    @step(after="handle_kafka_message")
    def fetch_from_api(bom_id: str) -> None:
        """Fetch the parts."""

    @flow("bom_sync")
    @step(after={"fetch_from_api": "if changed"}, effects=["postgres:parts"])
    def sync_to_database(data: list[str]) -> None:
        """Write the parts."""


def test_the_quick_start() -> None:
    """The Mermaid text is exactly what the documentation shows."""
    assert MERMAID == generate_dag("bom_sync", format="mermaid")
    assert MERMAID == generate_dag("bom_sync")


def test_the_quick_starts_picture(tmp_path: Path) -> None:
    """The PNG is crisp: two pixels for each of the screen's, on white, with the entrypoint's colour in it."""
    image = pytest.importorskip("PIL.Image")
    file = tmp_path / "bom_sync_flow.png"
    returned = generate_dag("bom_sync", format="png", output=str(file))
    assert returned == file.read_bytes()
    picture = image.open(file).convert("RGB")
    width, height = (
        float(ET.fromstring(str(generate_dag("bom_sync", "svg"))).attrib[side]) for side in ("width", "height")
    )
    assert 2 * width < picture.width < 3 * width
    assert 2 * height < picture.height < 3 * height
    colours = {colour for _, colour in picture.getcolors(1 << 20)}
    assert (255, 255, 255) == picture.getpixel((0, 0))
    assert {(0xEE, 0xF4, 0xFF), (0x2F, 0x6F, 0xED)} <= colours


def test_the_text_of_a_pdf_can_be_selected(tmp_path: Path) -> None:
    """Names, titles, trigger, effect and label are text, on one page of the picture's size."""
    pypdf = pytest.importorskip("pypdf")
    generate_dag("bom_sync", output=tmp_path / "flow.pdf")
    (page,) = pypdf.PdfReader(tmp_path / "flow.pdf").pages
    words = page.extract_text().split()
    assert {"handle_kafka_message", "Fetch", "kafka:bom-updates", "postgres:parts", "changed"} <= set(words)


def test_a_pixel_of_a_pdf_is_a_point(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of a PDF that svglib draws is as large as the SVG, with a point for each pixel, as Graphviz has it."""
    pypdf = pytest.importorskip("pypdf")
    monkeypatch.setenv("PATH", "")  # as without Graphviz
    drawn = ET.fromstring(generate_dag("bom_sync", "svg"))
    (page,) = pypdf.PdfReader(io.BytesIO(generate_dag("bom_sync", "pdf"))).pages
    size = [float(side) for side in page.mediabox[2:]]
    assert [float(drawn.attrib[side]) for side in ("width", "height")] == pytest.approx(size, abs=0.01)


def test_a_png_says_how_large_it_is() -> None:
    """A word processor or LaTeX shows a PNG in the size of the drawing, not with a point for each of its pixels."""
    image = pytest.importorskip("PIL.Image")
    picture = image.open(io.BytesIO(generate_dag("bom_sync", "png")))
    assert (192, 192) == tuple(round(density) for density in picture.info["dpi"])


@pytest.mark.parametrize("background", ["white", "transparent"])
def test_the_paper_of_a_png(background: str) -> None:
    """A picture has the background that is asked for."""
    image = pytest.importorskip("PIL.Image")
    drawn = render(get_flow("bom_sync"), "png", Options(background=background))
    alpha = image.open(io.BytesIO(drawn)).convert("RGBA").getpixel((0, 0))[3]
    assert {"white": 255, "transparent": 0}[background] == alpha


def test_letters_that_the_pdf_lacks_are_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PDF with boxes instead of letters is not written; the message says which letters and what helps."""
    monkeypatch.setenv("PATH", "")  # as without Graphviz
    flow("j").entrypoint(name="部品表")(lambda: None)
    with pytest.raises(
        RenderError, match=r"the built-in PDF font has no glyph for 品 表 部\. Install Graphviz .*, or choose svg\.$"
    ):
        generate_dag("j", "pdf")


def test_letters_that_the_png_lacks_are_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """A PNG with boxes instead of letters is written, with a warning at the line that draws it."""
    monkeypatch.setenv("PATH", "")  # as without Graphviz
    flow("j").entrypoint(name="部品表")(lambda: None)
    with pytest.warns(RenderWarning, match=r"the built-in PNG font has no glyph for 品 表 部, so boxes") as noted:
        generate_dag("j", "png")
    assert [__file__] == [each.filename for each in noted]


@pytest.mark.parametrize("format", TEXTS + PICTURES)
@pytest.mark.parametrize("from_suffix", [False, True])
def test_every_format_is_a_value_and_a_file(format: str, from_suffix: bool, tmp_path: Path) -> None:
    """A diagram is a str, or bytes for png and pdf; the file holds the same; the suffix may choose the format."""
    file = tmp_path / "new" / f"flow.{SUFFIXES[format]}"
    diagram = generate_dag("bom_sync", None if from_suffix else format, output=file)
    assert isinstance(diagram, Diagram)
    assert isinstance(diagram, bytes if format in PICTURES else str)
    content = diagram if isinstance(diagram, bytes) else str(diagram).encode()
    assert content.rstrip(b"\n") == file.read_bytes().rstrip(b"\n")
    assert ("bom_sync", format) == (diagram.flow.name, diagram.kind.name)
    assert [file] == list(file.parent.iterdir())


@pytest.mark.parametrize("format", TEXTS)
def test_a_text_file_ends_with_one_newline(format: str, tmp_path: Path) -> None:
    """Text files are as editors and version control like them."""
    generate_dag("bom_sync", format, output=tmp_path / "file")
    assert re.search(rb"[^\n]\n\Z", (tmp_path / "file").read_bytes())


@pytest.fixture(scope="module")
def drawn_twice() -> list[dict[str, str]]:
    """The same flow in all formats, by each of two processes, as hexadecimal digits."""
    program = (
        "import json, sys; from penstock import flow, generate_dag; flow('f').entrypoint(name='a', trigger='t')(len);"
        "all = {name: generate_dag('f', name) for name in sys.argv[1:]};"
        "print(json.dumps({name: (d if isinstance(d, bytes) else d.encode()).hex() for name, d in all.items()}))"
    )
    command = [sys.executable, "-c", program, *TEXTS, *PICTURES]
    return [json.loads(subprocess.run(command, capture_output=True, check=True, timeout=600).stdout) for _ in "ab"]


@pytest.mark.parametrize("format", TEXTS + PICTURES)
def test_the_same_flow_gives_the_same_bytes(format: str, drawn_twice: list[dict[str, str]]) -> None:
    """Two calls, also in two processes, give the same diagram, so that version control sees no change."""
    first, second = (drawings[format] for drawings in drawn_twice)
    assert first
    assert first == second


def test_pictures_show_details_by_default() -> None:
    """Pictures show details unless told otherwise, Mermaid and DOT texts only if asked."""
    for format, shown in {"svg": True, "text": True, "mermaid": False, "dot": False}.items():
        assert shown == ("postgres" in generate_dag("bom_sync", format))
        assert "postgres" in generate_dag("bom_sync", format, details=True)
        assert "postgres" not in generate_dag("bom_sync", format, details=False)


def test_nodes_lead_to_their_addresses() -> None:
    """Each step's node leads to its address."""
    svg = generate_dag("bom_sync", "svg", links={"fetch_from_api": "steps.html#fetch"})
    assert 'href="steps.html#fetch"' in svg


@pytest.mark.parametrize(("direction", "shown"), [("TB", "TD"), ("TD", "TD"), ("lr", "LR"), ("BT", "BT"), ("RL", "RL")])
def test_directions_have_two_spellings(direction: str, shown: str) -> None:
    """Both spellings of downwards, in either case, and the three others."""
    assert generate_dag("bom_sync", direction=direction).startswith(f"graph {shown}\n")  # type: ignore[attr-defined]


def test_json_is_a_manifest() -> None:
    """The json format is a manifest with this one flow, that can be read again."""
    flow("other")
    manifest = loads(str(generate_dag("bom_sync", "json")))
    assert ("bom_sync",) == manifest.names
    assert "Receive an update." == manifest.flow("bom_sync").step("handle_kafka_message").title


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"name": "bom_snyc"}, UnknownFlowError, "there is no flow 'bom_snyc'. Did you mean 'bom_sync'?"),
        (
            {"name": flow("bom_sync")},
            UnknownFlowError,
            "a flow is named by a string, not by an object of type FlowDeclaration. Write: 'bom_sync'",
        ),
        ({"format": "pgn"}, UnknownFormatError, "there is no format 'pgn'. Did you mean 'png'?"),
        ({"output": "flow.pgn"}, UnknownFormatError, "there is no format '.pgn'. Did you mean '.png'?"),
        (
            {"direction": "down"},
            UnknownNameError,
            "there is no direction 'down'. Did you mean 'TB'? Known directions: BT, LR, RL, TB.",
        ),
    ],
)
def test_unknown_names_are_clear_errors(arguments: dict[str, Any], error: type[Exception], message: str) -> None:
    """A misspelt flow, format, suffix or direction names the near one."""
    with pytest.raises(error, match="^" + re.escape(message)):
        generate_dag(**{"name": "bom_sync", **arguments})


@pytest.mark.parametrize("format", TEXTS + PICTURES)
def test_a_folder_is_no_output(format: str, tmp_path: Path) -> None:
    """Writing to a folder is a clear error."""
    with pytest.raises(OutputError, match=rf"^cannot write {re.escape(str(tmp_path))}: it is a folder$"):
        generate_dag("bom_sync", format, output=tmp_path)


@pytest.mark.parametrize("format", ["svg", "png", "pdf"])
def test_a_failed_drawing_leaves_the_old_file(format: str, tmp_path: Path) -> None:
    """What stood in the file before still does when the drawing fails."""
    engine, file = tmp_path / "engine", tmp_path / f"flow.{format}"
    engine.write_text("#!/bin/sh\nexit 1\n")
    engine.chmod(0o755)
    file.write_text("old")
    with pytest.raises(LayoutError):
        generate_dag("bom_sync", output=file, engine=str(engine))
    assert "old" == file.read_text()


@pytest.mark.parametrize("format", TEXTS + PICTURES)
def test_a_flow_without_steps_can_be_drawn(format: str) -> None:
    """An empty flow is an empty diagram, not an error."""
    flow("empty")
    assert isinstance(generate_dag("empty", format), Diagram)


@pytest.mark.parametrize("format", TEXTS)
def test_a_diagram_is_its_text(format: str) -> None:
    """It compares, prints, pickles and copies as the str that it is."""
    diagram = generate_dag("bom_sync", format)
    assert str(diagram) == diagram
    for twin in (pickle.loads(pickle.dumps(diagram)), copy.copy(diagram), copy.deepcopy(diagram)):
        assert (diagram, diagram.flow) == (twin, twin.flow)


# Notebooks


@pytest.mark.parametrize("format", ["mermaid", "dot", "svg", "png", "pdf"])
def test_a_notebook_shows_an_image_that_needs_no_trust(format: str) -> None:
    """The HTML is an <img> with the picture in it and a description; SVG and text stand beside it, Mermaid does not."""
    bundle = generate_dag("bom_sync", format)._repr_mimebundle_()
    assert {"text/html", "image/svg+xml", "application/pdf", "text/plain"} == set(bundle)
    image = ET.fromstring(bundle["text/html"].replace('100%">', '100%"/>'))
    assert "img" == image.tag
    kind, _, encoded = image.attrib["src"].partition(";base64,")
    assert "data:image/svg+xml" == kind
    assert bundle["image/svg+xml"] == base64.b64decode(encoded).decode()
    assert image.attrib["alt"].startswith("Flow bom_sync: 3 steps. Starts at handle_kafka_message")
    assert "fetch_from_api" in bundle["image/svg+xml"]
    assert bundle["text/html"] == generate_dag("bom_sync", format)._repr_html_()


@pytest.mark.parametrize("format", ["text", "json"])
def test_drawings_for_terminals_show_as_text(format: str) -> None:
    """Who asks for text gets text."""
    diagram = generate_dag("bom_sync", format)
    assert {"text/plain": diagram} == diagram._repr_mimebundle_()
    assert diagram._repr_html_() is None


def test_a_front_end_may_choose() -> None:
    """IPython's include and exclude are honoured."""
    diagram = generate_dag("bom_sync")
    assert {"text/plain"} == set(diagram._repr_mimebundle_(include=["text/plain"]))
    assert {"text/plain", "text/html"} == set(diagram._repr_mimebundle_(exclude={"image/svg+xml", "application/pdf"}))


def test_hostile_names_stay_in_their_place_in_a_notebook() -> None:
    """The description is an attribute's text and nothing more."""
    flow('"><script>alert(1)</script>').entrypoint(name='" onerror="alert(1)')(lambda: None)
    shown = generate_dag('"><script>alert(1)</script>')._repr_mimebundle_()["text/html"]
    image = ET.fromstring(shown.replace('100%">', '100%"/>'))
    assert {"src", "alt", "style"} == set(image.attrib)


# Without the optional parts


@pytest.fixture
def bare(tmp_path: Path) -> Any:
    """Runs code in a Python that has penstock and the standard library, and nothing on PATH."""
    (tmp_path / "penstock").symlink_to(Path(penstock.__file__).parent)
    declared = "from penstock import *\nflow('f').entrypoint(name='a')(len)\n"

    def run(code: str) -> str:
        program = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{declared}{code}"
        command = [sys.executable, "-I", "-S", "-B", "-c", program]
        done = subprocess.run(command, env={"PATH": ""}, capture_output=True, text=True, check=False, timeout=600)
        assert "" == done.stderr
        return done.stdout.strip()

    return run


@pytest.mark.parametrize("format", ["svg", "png", "dot"])
def test_without_graphviz_the_error_says_what_to_install(bare: Any, format: str) -> None:
    """The message holds the exact command, and no traceback of another error hangs on it."""
    code = f"try: generate_dag('f', {format!r})\nexcept PenstockError as e: print(type(e).__name__, e, e.__cause__)"
    kind, _, message = bare(code).partition(" ")
    assert MissingExtraError.__name__ == kind
    assert "the packages graphviz and graphviz-pure" in message
    assert message.endswith("pip install 'penstock[graphviz]' None")


def test_without_graphviz_texts_work(bare: Any) -> None:
    """Mermaid, text and JSON need nothing."""
    code = "for kind in ('mermaid', 'text', 'json'): print(len(generate_dag('f', kind)) > 5)"
    assert ["True"] * 3 == bare(code).split()


def test_without_graphviz_a_notebook_draws_the_mermaid_text(bare: Any) -> None:
    """Only there is Mermaid offered, since JupyterLab would take it before the picture."""
    shown = json.loads(bare("import json; print(json.dumps(generate_dag('f')._repr_mimebundle_()))"))
    assert {"text/plain": "graph TD\n    a", "text/vnd.mermaid": "graph TD\n    a"} == shown


@pytest.fixture
def without_pdf(monkeypatch: pytest.MonkeyPatch) -> None:
    """An environment without Graphviz's dot, svglib and ReportLab."""
    monkeypatch.setenv("PATH", "")
    for name in ("svglib", "svglib.svglib", "reportlab", "reportlab.graphics"):
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.usefixtures("without_pdf")
def test_without_the_extra_for_pdf_the_error_says_what_to_install() -> None:
    """The layout works, the PDF does not, and the message tells the two ways to have one."""
    with pytest.raises(MissingExtraError, match=r"a PDF needs Graphviz's dot, or .*pip install 'penstock\[pdf\]'$"):
        generate_dag("bom_sync", "pdf")


def test_details_of_a_bare_interpreter_do_not_matter_for_the_text() -> None:
    """What IPython's terminal prints is the text itself, not its repr."""
    printed = io.StringIO()

    class Printer:
        text = printed.write

    generate_dag("bom_sync")._repr_pretty_(Printer(), cycle=False)
    assert MERMAID == printed.getvalue()


@pytest.mark.parametrize(("format", "name"), [("png", "flow.svg"), ("mermaid", "flow.PNG"), ("svg", "flow.pdf")])
def test_a_picture_is_not_written_under_another_pictures_name(format: str, name: str, tmp_path: Path) -> None:
    """A format that contradicts the output's suffix is an error, and nothing is written."""
    flow("f").entrypoint(len)
    with pytest.raises(RenderError, match=f"but the format is {format}; change one of them"):
        generate_dag("f", format, tmp_path / name)
    assert [] == list(tmp_path.iterdir())


def test_a_pdf_has_no_date() -> None:
    """What Graphviz writes about the time is replaced in place, so that all offsets in the file stay true."""
    written = b"<< /Producer (cairo)\n   /CreationDate (D:20261124142708Z00'00)\n>>"
    assert written.replace(b"20261124142708", b"19700101000000") == pdf.without_dates(written)


def test_arrows_that_no_test_takes_are_marked_on_request(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence of the project in the current folder knows them; without any, the drawing says so."""
    monkeypatch.chdir(tmp_path)
    assert "title: The evidence does not say which test took an arrow" in generate_dag("bom_sync", untested=True)
    visits = {Visit("bom_sync", Seen("fetch_from_api"), Seen("handle_kafka_message")): frozenset({"test.py::test"})}
    save(Evidence(visits=visits), tmp_path / ".penstock" / "evidence.json")
    assert "title: 1 of 2 arrows is taken by no test." in generate_dag("bom_sync", untested=True)
    assert 'fetch_from_api -.->|"no test"| sync_to_database' in generate_dag("bom_sync", untested=True)


def test_numbers_are_those_of_the_project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The evidence of the project in the current folder has them; without any, the drawing is as ever."""
    monkeypatch.chdir(tmp_path)
    assert generate_dag("bom_sync") == generate_dag("bom_sync", numbers="counts")
    facts = {Fact("bom_sync", Seen("fetch_from_api"), Seen("handle_kafka_message")): 3}
    runs = {("bom_sync", Seen("handle_kafka_message")): 4}
    save(Evidence(facts, runs=runs), tmp_path / ".penstock" / "evidence.json")
    assert 'handle_kafka_message -->|"3 · 75 #37;"| fetch_from_api' in generate_dag("bom_sync", numbers="counts")
    assert "4 recorded runs" in generate_dag("bom_sync", "text", numbers="counts")
    assert "runs" not in generate_dag("bom_sync", "text")
    with pytest.raises(UnknownNameError, match="no amount of numbers 'some'"):
        generate_dag("bom_sync", numbers="some")

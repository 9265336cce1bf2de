"""``generate_dag``: draws a declared flow in any format, for notebooks or a file."""

from __future__ import annotations

import base64
import contextlib
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypedDict, Unpack

from penstock._decorators.decorators import overload
from penstock._resolve import resolution
from penstock._util.atomic_files import write_atomically
from penstock.errors import LayoutError, MissingExtraError, RenderError
from penstock.render import file_content, format_of, render
from penstock.render.excerpt import Part, take_part
from penstock.render.numbers import check_amount
from penstock.render.options import Options, checked_direction
from penstock.render.wording import alt_text

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from penstock.model import Flow
    from penstock.render import BinaryFormat, Format, TextFormat


class Diagram:
    """A drawn flow: also a ``str``, or ``bytes`` for png and pdf, that notebooks show as a picture.

    Attributes:
        flow: The flow that was drawn.
        kind: The format it was drawn in.
        options: The options of the drawing.
        engine: The layout engine of its picture.
    """

    flow: Flow
    kind: Format
    options: Options
    engine: str

    def _repr_mimebundle_(
        self, include: Collection[str] | None = None, exclude: Collection[str] | None = None
    ) -> dict[str, Any]:
        """Return the representations for IPython: a picture that needs no trust, and text as a fallback.

        Every front end shows an ``<img>`` with a ``data:`` address, trusted or not, but not inline SVG.
        LaTeX takes the PDF. Without it, nbconvert would call Inkscape for the SVG.
        """
        bundle = {"text/plain": self._plain()}
        if self.kind.pictured:
            bundle |= _pictures(self)
        return {
            kind: content
            for kind, content in bundle.items()
            if (include is None or kind in include) and (exclude is None or kind not in exclude)
        }

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Print the plain text in IPython, which would print a ``str`` quoted."""
        del cycle
        printer.text(self._plain())

    def _plain(self) -> str:
        return str(self) if isinstance(self, str) else f"<{self.kind.name} of flow {self.flow.name}>"

    def _repr_html_(self) -> str | None:
        """Return the picture for marimo and other front ends that request HTML only."""
        html: str | None = self._repr_mimebundle_().get("text/html")
        return html


class TextDiagram(Diagram, str):  # noqa: SLOT000 - it carries the flow
    """A diagram that is a ``str``: its source text, or its drawing."""


class BinaryDiagram(Diagram, bytes):
    """A diagram that is ``bytes``: png or pdf."""


class _Drawn(TypedDict, total=False):
    """Drawing options beside format and output; declared here for type checkers."""

    direction: str
    details: bool | None
    links: Mapping[str, str] | None
    focus: str
    depth: int | None
    collapse: str
    untested: bool
    numbers: str
    engine: str
    timeout: float


@overload
def generate_dag(
    name: str,
    format: TextFormat,
    output: str | Path | None = None,
    **drawn: Unpack[_Drawn],
) -> TextDiagram:
    """Return a text diagram for one of the text formats."""


@overload
def generate_dag(
    name: str, format: BinaryFormat, output: str | Path | None = None, **drawn: Unpack[_Drawn]
) -> BinaryDiagram:
    """Return a binary diagram for PNG and PDF."""


@overload
def generate_dag(name: str, format: None = None, output: None = None, **drawn: Unpack[_Drawn]) -> TextDiagram:
    """Return a text diagram where neither a format nor a file is given."""


@overload
def generate_dag(
    name: str, format: str | None = None, output: str | Path | None = None, **drawn: Unpack[_Drawn]
) -> Diagram:
    """Return a diagram in a format known only at run time."""


def generate_dag(
    name: str,
    format: str | None = None,
    output: str | Path | None = None,
    *,
    direction: str = "TB",
    details: bool | None = None,
    links: Mapping[str, str] | None = None,
    focus: str = "",
    depth: int | None = None,
    collapse: str = "",
    untested: bool = False,
    numbers: str = "off",
    engine: str = "graphviz-pure",
    timeout: float = 20,
) -> Diagram:
    """Draw a declared flow.

    Args:
        name: The flow's name.
        format: ``mermaid``, ``dot``, ``svg``, ``png``, ``pdf``, ``text``, ``json``, ``markdown`` or ``quarto``. If it
            is not given, the output's suffix decides; without an output it is ``mermaid``.
        output: A file to write, whole or not at all.
        direction: The direction of the edges: ``TB`` (or ``TD``) down, ``LR`` right, ``BT`` up, ``RL`` left.
        details: Whether to draw titles, triggers, effects, labels and links too. If it is not given, pictures and
            drawings show them, and Mermaid and DOT texts are kept bare.
        links: An address for each step's node, by step name.
        focus: A step's name: only this step is drawn, with the steps that lead to it and those that it leads to.
        depth: How many edges a drawn step may be away from the focus, or else from an entrypoint.
        collapse: ``module`` for one box a module. The drawing says what it leaves out.
        untested: Whether to mark the edges that no test takes, as the project's evidence says.
        numbers: How often steps and edges ran, as the project's evidence says: ``counts``, or ``all`` with durations.
        engine: The layout engine of pictures: ``graphviz-pure``, ``dot``, or a path.
        timeout: Seconds that a layout may take.

    Returns:
        The diagram, a ``str``, or ``bytes`` for png and pdf, that a notebook shows as a picture.

    Raises:
        UnknownFlowError: No such flow is declared.
        UnknownStepError: The flow has no step of the name in ``focus``.
        UnknownNameError: There is no such direction, way to collapse a flow, or amount of numbers.
        ConfigError: With ``untested`` or ``numbers``, the project's settings are wrong.
        EvidenceError: With ``untested`` or ``numbers``, the evidence cannot be read.
        UnknownFormatError: No renderer writes that format.
        RenderError: The output's suffix belongs to another picture format.
        MissingExtraError: The format needs an optional package; the message names it.
        LayoutError: The layout engine failed.
        OutputError: The file could not be written; its former content is unchanged.

    Warns:
        RenderWarning: A PNG has boxes for letters that its font lacks; the message suggests a remedy.
        LayoutWarning: The flow is too large to be drawn as asked for: it is drawn in plain layers, the PNG is scaled
            down, or Mermaid refuses the text.
    """
    whole = resolution.get_flow(name)
    if untested or check_amount(numbers) != "off":
        whole = _add_evidence(whole)
    part = Part(focus=focus, depth=depth, collapse=collapse, untested=untested, numbers=numbers)
    flow, note = take_part(whole, part)
    path = None if output is None else Path(output)
    kind = format_of(format, path)
    options = Options(
        direction=checked_direction(direction),
        details=kind.detailed if details is None else details,
        links=dict(links or {}),
        note=note,
    )
    content = render(flow, kind.name, options, engine=engine, timeout=timeout)
    if path is not None:
        write_atomically(path, file_content(content))
    diagram = TextDiagram(content) if isinstance(content, str) else BinaryDiagram(content)
    diagram.flow, diagram.kind, diagram.options, diagram.engine = flow, kind, options, engine
    return diagram


def _add_evidence(flow: Flow) -> Flow:
    """Return a flow whose edges know how often runs, and whether tests take them, by the evidence of this folder's project."""
    from penstock.check.coverage.tested_edges import note_tests  # noqa: PLC0415 - other drawings do without
    from penstock.check.evidence import load as load_evidence  # noqa: PLC0415 - the same
    from penstock.check.numbers import add_numbers  # noqa: PLC0415 - the same
    from penstock.config import evidence_file, load  # noqa: PLC0415 - the same

    config = load(Path.cwd())
    file = evidence_file(config)
    if not file.is_file():
        return flow
    evidence = load_evidence(file)
    return add_numbers(note_tests(flow, evidence), evidence, config.numbers_from)


def _pictures(diagram: Diagram) -> dict[str, str]:
    try:
        svg = str(render(diagram.flow, "svg", _with_details(diagram), engine=diagram.engine))
    except (MissingExtraError, LayoutError):
        # JupyterLab draws Mermaid itself. Beside an SVG it would win, and myst-nb would warn.
        return {"text/vnd.mermaid": str(render(diagram.flow, "mermaid", diagram.options))}
    data = base64.b64encode(svg.encode()).decode("ascii")
    alt = escape(alt_text(diagram.flow, diagram.options.note))
    html = f'<img src="data:image/svg+xml;base64,{data}" alt="{alt}" style="max-width:100%">'
    return {"text/html": html, "image/svg+xml": svg, **_document(diagram)}


def _document(diagram: Diagram) -> dict[str, str]:
    """Return the PDF, if it can be made; preferably the one that is the same on every machine."""
    from penstock.render import pdf  # noqa: PLC0415 - seldom needed

    for make in (pdf.from_svg, pdf.render):
        with contextlib.suppress(RenderError):
            content = make(diagram.flow, _with_details(diagram), engine=diagram.engine)
            return {"application/pdf": base64.b64encode(content).decode("ascii")}
    return {}


def _with_details(diagram: Diagram) -> Options:
    """Return the options of the picture: those given, except that the picture of a bare text is complete."""
    if diagram.kind.detailed:
        return diagram.options
    return replace(diagram.options, details=True)

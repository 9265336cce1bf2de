"""Renderers: pure functions from a flow to a text or a picture, one module a format, and the one table of formats.

A new format is its module, and its row in :data:`FORMATS` with its name in the ``Literal`` above it.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, Protocol

from penstock.errors import RenderError, UnknownFormatError
from penstock.render.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from penstock.model import Flow

__all__ = ["FORMATS", "BinaryFormat", "Format", "Options", "TextFormat", "file_content", "format_of", "render"]

TextFormat = Literal["mermaid", "dot", "svg", "text", "json", "markdown", "quarto"]
BinaryFormat = Literal["png", "pdf"]


class Renderer(Protocol):
    """The function of a format's module that draws a flow."""

    def __call__(self, flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str | bytes:
        """Return the flow in this format."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Format:
    """An output format.

    Attributes:
        name: The value of ``format=``.
        renderer: The :class:`Renderer`, as ``module:function`` under this package; imported when it is needed.
        suffixes: The file name suffixes that select it.
        mimetype: Its media type.
        binary: Whether its output is bytes.
        detailed: Whether details are shown by default.
        pictured: Whether a notebook shows the picture of such a diagram, and not its text.
    """

    name: TextFormat | BinaryFormat
    renderer: str
    suffixes: tuple[str, ...]
    mimetype: str
    binary: bool = False
    detailed: bool = True
    pictured: bool = True


FORMATS: Mapping[str, Format] = MappingProxyType(
    {
        known_format.name: known_format
        for known_format in (
            Format(
                name="mermaid",
                renderer="mermaid:render_within_limits",
                suffixes=(".mmd", ".mermaid"),
                mimetype="text/vnd.mermaid",
                detailed=False,
            ),
            Format(
                name="dot",
                renderer="graphviz.dot:render_text",
                suffixes=(".dot", ".gv"),
                mimetype="text/vnd.graphviz",
                detailed=False,
            ),
            Format(name="svg", renderer="svg_file:render", suffixes=(".svg",), mimetype="image/svg+xml"),
            Format(name="png", renderer="png:render", suffixes=(".png",), mimetype="image/png", binary=True),
            Format(name="pdf", renderer="pdf:render", suffixes=(".pdf",), mimetype="application/pdf", binary=True),
            Format(
                name="text",
                renderer="text.drawing:render_with_proof",
                suffixes=(".txt",),
                mimetype="text/plain",
                pictured=False,
            ),
            Format(
                name="json",
                renderer="json_file:render",
                suffixes=(".json",),
                mimetype="application/json",
                pictured=False,
            ),
            Format(
                name="markdown",
                renderer="markdown:render",
                suffixes=(".md", ".markdown", ".mdx"),
                mimetype="text/markdown",
                pictured=False,
            ),
            Format(
                name="quarto",
                renderer="markdown:render_for_quarto",
                suffixes=(".qmd",),
                mimetype="text/markdown",
                pictured=False,
            ),
        )
    }
)
"""All formats, by name."""


def format_of(name: str | None, output: Path | None = None) -> Format:
    """Return the format with that name, else the one selected by the output's suffix, else Mermaid.

    Raises:
        UnknownFormatError: No renderer writes that format, or files with that suffix.
        RenderError: The suffix belongs to another picture format.
    """
    suffix = output.suffix.lower() if output else ""
    by_suffix = {suffix: known_format for known_format in FORMATS.values() for suffix in known_format.suffixes}
    if name is None:
        if suffix and suffix not in by_suffix:
            raise UnknownFormatError(suffix, by_suffix)
        return by_suffix[suffix] if suffix else FORMATS["mermaid"]
    if name not in FORMATS:
        raise UnknownFormatError(name, FORMATS)
    match = by_suffix.get(suffix, FORMATS[name])
    if match.mimetype != FORMATS[name].mimetype and match.mimetype.startswith(("image/", "application/pdf")):
        raise RenderError(f"{output} is the name of a {match.name} file, but the format is {name}; change one of them")
    return FORMATS[name]


def render(
    flow: Flow, format: str, options: Options, *, engine: str = "graphviz-pure", timeout: float = 20
) -> str | bytes:
    """Render a flow in a format: as text, or as bytes if the format is binary.

    Args:
        flow: The flow to draw.
        format: One of :data:`FORMATS`.
        options: The options of the drawing.
        engine: The layout engine: ``graphviz-pure``, ``dot``, or a path.
        timeout: The time limit of the layout, in seconds.

    Raises:
        UnknownFormatError: No renderer writes that format.
        MissingExtraError: The format needs an optional package that is not installed.
        LayoutError: The layout engine failed or ran out of time.
        RenderError: A PDF cannot show some of the letters.
    """
    module, _, function = format_of(format).renderer.partition(":")
    renderer: Renderer = getattr(import_module(f"{__name__}.{module}"), function)
    return renderer(flow, options, engine=engine, timeout=timeout)


def file_content(content: str | bytes) -> bytes:
    """Return a rendered flow as file content: UTF-8, with a newline at the end of a text."""
    if isinstance(content, bytes):
        return content
    return (content if content.endswith("\n") else f"{content}\n").encode()

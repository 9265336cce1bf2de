"""Shows a run: in a terminal, as a page, as Markdown, as a Mermaid sequence, as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, get_args

from penstock.errors import UnknownFormatError

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.trace.model import RunTrace

TraceFormat = Literal["text", "html", "markdown", "mermaid", "json"]
"""The name of a format."""

TRACE_SUFFIXES = {
    ".txt": "text",
    ".html": "html",
    ".htm": "html",
    ".md": "markdown",
    ".mmd": "mermaid",
    ".json": "json",
}
"""The format of each suffix."""


def choose_format(name: str | None, output: Path | None) -> str:
    """Return the format that is named, else that of the output's suffix, else text.

    Raises:
        UnknownFormatError: The suffix belongs to no format.
    """
    if name:
        return name
    if output is None:
        return "text"
    if output.suffix not in TRACE_SUFFIXES:
        raise UnknownFormatError(output.suffix or str(output), get_args(TraceFormat))
    return TRACE_SUFFIXES[output.suffix]


def write_trace(trace: RunTrace, kind: str, *, engine: str) -> str:
    """Return a run in a format, without a newline at the end.

    Args:
        trace: The run.
        kind: The format's name.
        engine: The layout engine of diagrams.
    """
    from penstock.trace.formats import html, json_file, markdown, sequence, text  # noqa: PLC0415 - text needs no diagrams

    match kind:
        case "html":
            return html.render(trace, engine=engine)
        case "markdown":
            return markdown.render(trace)
        case "mermaid":
            return sequence.render(trace)
        case "json":
            return json_file.render(trace)
        case _:
            return text.render(trace)

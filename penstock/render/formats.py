"""One function for each format; each imports its module when called."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING

from penstock.render.options import Options

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.options import Options


def mermaid(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return Mermaid text."""
    from penstock.render import mermaid  # noqa: PLC0415

    del engine, timeout
    content = mermaid.render(flow, options)
    if mermaid.too_large(content):
        from penstock.render.graphviz import picture  # noqa: PLC0415

        picture.warn(f"flow {flow.name!r} is larger than Mermaid draws unless it is set to; choose svg")
    return content


def dot(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return DOT text."""
    from penstock.render.graphviz import dot  # noqa: PLC0415

    del engine, timeout
    return dot.render(flow, options)


def text(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a drawing for the terminal, followed by the evidence for its edges."""
    from penstock.render.text import drawing  # noqa: PLC0415

    del engine, timeout
    return "\n\n".join(filter(None, (drawing.render(flow, options, width=0), drawing.proof(flow))))


def json(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a manifest with this flow alone, its files relative to the working directory."""
    from penstock import manifest  # noqa: PLC0415

    del options, engine, timeout
    return manifest.dumps(manifest.build([flow], project=Path.cwd()))


def markdown(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a page for wikis and forges: the diagram as Mermaid, the steps as a table."""
    from penstock.render import markdown  # noqa: PLC0415

    del engine, timeout
    return markdown.render(flow, options)


def quarto(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a page for Quarto, which draws Mermaid in code cells."""
    from penstock.render import markdown  # noqa: PLC0415

    del engine, timeout
    return markdown.render(flow, options, fence="{mermaid}")


def svg(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a standalone picture, with a background and a dark variant."""
    from penstock.render import svg  # noqa: PLC0415
    from penstock.render.graphviz import picture  # noqa: PLC0415

    laid_out = picture.lay_out_one(flow, options, engine=engine, timeout=timeout)
    return svg.draw(flow, laid_out, options, prefix=_prefix(flow.name), standalone=True) + "\n"


def _prefix(name: str) -> str:
    """Return a prefix for ids, so that two pictures can be on one page."""
    slug = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    return f"ps-{slug}" if slug == name else f"ps-{slug}-{hashlib.sha256(ascii(name).encode()).hexdigest()[:6]}"


def png(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> bytes:
    """Return a PNG on white."""
    from penstock.render import png  # noqa: PLC0415

    return png.render(flow, options, engine=engine, timeout=timeout)


def pdf(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> bytes:
    """Return a PDF whose text can be selected."""
    from penstock.render import pdf  # noqa: PLC0415

    return pdf.render(flow, options, engine=engine, timeout=timeout)


def file_content(content: str | bytes) -> bytes:
    """Return a rendered flow as file content: UTF-8, with a newline at the end of a text."""
    if isinstance(content, bytes):
        return content
    return (content if content.endswith("\n") else f"{content}\n").encode()

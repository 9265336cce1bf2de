"""Renders pictures as PDF: by Graphviz if installed, else from the SVG by svglib and ReportLab."""

from __future__ import annotations

import contextlib
import io
import re
import shutil
from typing import TYPE_CHECKING

from penstock.errors import LayoutError, MissingExtraError, RenderError
from penstock.render import svg
from penstock.render.graphviz import picture
from penstock.render.graphviz.engine import ENGINE, TIMEOUT
from penstock.render.labels import INCH

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.options import Options


def render(flow: Flow, options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT) -> bytes:
    """Render the flow as a PDF page of the picture's size, with selectable text.

    Raises:
        MissingExtraError: Neither Graphviz nor the extra ``pdf`` is installed.
        RenderError: A text has letters that ReportLab's fonts lack, and there is no Graphviz.
        LayoutError: The layout engine failed or ran out of time.
    """
    laid_out = picture.lay_out_one(flow, options, engine=engine, timeout=timeout)
    system = engine if engine != ENGINE else "dot"
    if shutil.which(system):
        with contextlib.suppress(LayoutError):  # not every engine writes PDF; graphviz-pure does not
            return without_dates(picture.draw_pdf(flow, options, laid_out, engine=system, timeout=timeout))
    return _convert_svg(svg.draw(flow, laid_out, options, prefix="flow"))


def from_svg(flow: Flow, options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT) -> bytes:
    """Render the flow as a small PDF page, with the same bytes on every machine, because it embeds no fonts.

    Raises:
        MissingExtraError: The extra ``pdf`` is not installed.
        RenderError: A text has letters that ReportLab's fonts lack.
        LayoutError: The layout engine failed or ran out of time.
    """
    laid_out = picture.lay_out_one(flow, options, engine=engine, timeout=timeout)
    return _convert_svg(svg.draw(flow, laid_out, options, prefix="flow"))


def without_dates(document: bytes) -> bytes:
    """Return a PDF dated to the start of 1970, with the same length, so that the same flow gives the same bytes."""
    return re.sub(rb"(/(?:Creation|Mod)Date \(D:)\d{14}", rb"\g<1>19700101000000", document)


def _convert_svg(markup: str) -> bytes:
    try:
        from reportlab.graphics import renderPDF  # noqa: PLC0415 - optional
        from svglib.svglib import svg2rlg  # noqa: PLC0415 - optional
    except ImportError:
        raise MissingExtraError("a PDF needs Graphviz's dot, or the packages svglib and reportlab", "pdf") from None
    plain = _only_known_letters(markup)
    drawing = svg2rlg(io.StringIO(plain))
    if drawing is None:
        raise RenderError("svglib could not read the picture")
    width, height = (float(side) for side in _SIZE.findall(markup)[:2])
    point = width / drawing.width  # svglib counts a pixel as a point or as 0.75, as its version is
    scale = min(picture.MAX_PAGE * INCH / max(width, height), 1) * point
    if scale != 1:
        drawing.scale(scale, scale)
        drawing.width, drawing.height = drawing.width * scale, drawing.height * scale
    output: bytes = renderPDF.drawToString(drawing, invariant=1)  # omits dates
    return output


_SIZE = re.compile(r' (?:width|height)="([\d.]+)"')
"""The width and then the height of a picture, which stand in its first element."""


def _only_known_letters(picture: str) -> str:
    """Return the picture in ReportLab's Helvetica, or raise an error for letters outside Windows-1252."""
    text = " ".join(re.findall(r"<text[^>]*>([^<]*)</text>", picture))
    unknown = sorted({char for char in text if not char.encode("cp1252", "ignore")})
    if unknown:
        raise RenderError(
            f"the built-in PDF font has no glyph for {' '.join(unknown[:5])}. Install Graphviz (its `dot` draws them), or choose svg."
        )
    # svglib takes a list of families for one name, and would draw titles as text
    return re.sub(r"<title>[^<]*</title>", "", picture.replace(svg.FONT, "Helvetica"))

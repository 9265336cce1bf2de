"""Pictures that the engine draws itself, of a layout that is there already: PNG and PDF."""

from __future__ import annotations

import struct
import warnings
import zlib
from math import sqrt
from typing import TYPE_CHECKING

from penstock._util.call_site import calling_frame, place_of
from penstock.errors import LayoutError, LayoutWarning
from penstock.render.graphviz import dot
from penstock.render.graphviz.engine import ENGINE, TIMEOUT, Fault, cure, find_engine, run_engine
from penstock.render.graphviz.layout import describe_flow, lay_out, warning
from penstock.render.labels import INCH
from penstock.render.svg import NOTE_ROOM

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.graphviz.plain_output import Layout
    from penstock.render.options import Options

CRISP = 192
"""Dots per inch: two for each CSS pixel, for sharp screens."""

MIN_READABLE = 36
"""Dots per inch at which the letters of a name are seven pixels high."""

MAX_PIXELS = 25_000_000
"""Maximum pixels of a PNG; the engine takes ten bytes for each while it draws."""

MAX_SIDE = 32_000
"""Maximum pixels of a PNG's side; cairo and browsers take no more than 32,767."""

MAX_PAGE = 200
"""Maximum inches of a PDF's side (ISO 32000-1, annex C)."""

METRES_IN_INCH = 0.0254

END_OF_IHDR, MAX_HEADER = 33, 256
"""Bytes of a PNG's first chunk with the signature before it, and of all that stands before the pixels."""

_MARGIN = 2 * INCH * float(dot.GRAPH["pad"])


def lay_out_one(flow: Flow, options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT) -> Layout:
    """Return the layout of a flow; a plain one causes a warning.

    Raises:
        LayoutError: The layout engine failed.
        MissingExtraError: The engine or the graphviz package is not installed.
    """
    (layout,) = lay_out([flow], options, engine=engine, timeout=timeout)
    if isinstance(layout, LayoutError):
        raise layout
    if message := warning(flow, layout):
        warn(message)
    return layout


def warn(message: str) -> None:
    """Issue a warning about a layout at the caller's location."""
    warnings.warn_explicit(message, LayoutWarning, *place_of(calling_frame()))


def draw_png(flow: Flow, options: Options, layout: Layout, *, engine: str = ENGINE, timeout: float = TIMEOUT) -> bytes:
    """Render a layout as PNG, scaled down with a warning if it has too many pixels.

    Raises:
        LayoutError: The engine failed or ran out of time.
        MissingExtraError: The engine or the graphviz package is not installed.
    """
    geometry = layout.geometry()
    width, height = ((side + _MARGIN) / INCH for side in (geometry.width, geometry.height))
    density = min(CRISP, sqrt(MAX_PIXELS / (width * height)), MAX_SIDE / width, MAX_SIDE / height)
    # the engine overestimates the size of bows; where size matters, it scales the drawing to its own size
    size = (
        [f"-Gsize={width:.4f},{height + NOTE_ROOM / INCH:.4f}"]
        if layout.reason or options.note or density < CRISP
        else []
    )
    content = _draw_with_engine(flow, options, layout, engine, timeout, f"-Gdpi={density:.4g}", *size, "-Tpng")
    if not _is_png(content):
        raise _failure(flow, engine, Fault("it wrote something other than a PNG of the right size"))
    if density < CRISP:
        share = max(round(100 * density / CRISP), 1)
        unread = " Its texts are too small to be read." if density < MIN_READABLE else ""
        message = f"the PNG of {describe_flow(flow)} is scaled down to {share} %, or it would have too many pixels."
        warn(f"{message}{unread} Choose svg or pdf.")
    return _with_density(content, density)


def draw_pdf(flow: Flow, options: Options, layout: Layout, *, engine: str = ENGINE, timeout: float = TIMEOUT) -> bytes:
    """Render a layout as PDF, scaled down to the maximum size of PDF readers.

    Raises:
        LayoutError: The engine failed, ran out of time, or does not write PDF.
        MissingExtraError: The engine or the graphviz package is not installed.
    """
    limits = ("-Gmargin=0", f"-Gsize={MAX_PAGE},{MAX_PAGE}")  # the engine would add its margin to the size
    content = _draw_with_engine(flow, options, layout, engine, timeout, *limits, "-Tpdf")
    if not (content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF") and b"startxref" in content):
        raise _failure(flow, engine, Fault("it wrote something other than a PDF"))
    return content


def _draw_with_engine(
    flow: Flow, options: Options, layout: Layout, engine: str, timeout: float, *arguments: str
) -> bytes:
    source = dot.render(flow, options, background=options.background, layout=layout)
    content, fault = run_engine(find_engine(engine), ["-Knop2", *arguments], source, timeout)
    if fault.words:
        raise _failure(flow, engine, fault)
    return content


def _failure(flow: Flow, engine: str, fault: Fault) -> LayoutError:
    return LayoutError(f"{describe_flow(flow)} has no picture: {fault.of(engine)}. {cure(engine)}")


def _with_density(content: bytes, density: float) -> bytes:
    """Return a PNG that says how large it is (PNG, third edition, 11.3.4.3), as those of Graphviz do already."""
    if b"pHYs" in content[:MAX_HEADER]:
        return content
    per_metre = round(density / METRES_IN_INCH)
    chunk = b"pHYs" + struct.pack(">IIB", per_metre, per_metre, 1)
    whole = struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
    return content[:END_OF_IHDR] + whole + content[END_OF_IHDR:]


def _is_png(content: bytes) -> bool:
    """Return whether content is a complete PNG, by its first and last chunk, and within the size limit."""
    if not (content.startswith(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR") and content.endswith(b"IEND\xaeB`\x82")):
        return False
    width, height = int.from_bytes(content[16:20]), int.from_bytes(content[20:24])
    return 0 < width <= MAX_SIDE * 1.05 and 0 < height <= MAX_SIDE * 1.05 and width * height <= MAX_PIXELS * 1.1

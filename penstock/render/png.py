"""Renders pictures as PNG: by graphviz-pure, or by Graphviz if it is installed and graphviz-pure lacks letters."""

from __future__ import annotations

import contextlib
import re
import shutil
import warnings
from typing import TYPE_CHECKING

from penstock._util.call_site import calling_frame, place_of
from penstock.errors import LayoutError, RenderWarning
from penstock.render.graphviz import dot, picture
from penstock.render.graphviz.engine import ENGINE, TIMEOUT

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.options import Options


def render(flow: Flow, options: Options, *, engine: str = ENGINE, timeout: float = TIMEOUT) -> bytes:
    """Render the flow as a PNG on white; letters that its font lacks become boxes, with a warning.

    Raises:
        MissingExtraError: The engine or the graphviz package is not installed.
        LayoutError: The layout engine failed or ran out of time.
    """
    laid_out = picture.lay_out_one(flow, options, engine=engine, timeout=timeout)
    if engine == ENGINE and (letters := _lacking(flow, options)):
        if shutil.which("dot"):
            with contextlib.suppress(LayoutError):
                return picture.draw_png(flow, options, laid_out, engine="dot", timeout=timeout)
        warnings.warn_explicit(_complaint(letters), RenderWarning, *place_of(calling_frame()))
    return picture.draw_png(flow, options, laid_out, engine=engine, timeout=timeout)


def _complaint(letters: list[str]) -> str:
    return (
        f"the built-in PNG font has no glyph for {' '.join(letters[:5])}, so boxes are drawn instead. "
        "Install Graphviz (its `dot` draws them), or choose svg."
    )


def _lacking(flow: Flow, options: Options) -> list[str]:
    return sorted(set(_UNKNOWN.findall(_UNSEEN.sub("", dot.render(flow, options)))))


_UNSEEN = re.compile(r'\b(?:(?:label)?tooltip|URL)="(?:[^"\\]|\\.)*"')
# The letters of graphviz-pure 0.2.2: those of Arimo, among them Latin, Greek, Cyrillic and Hebrew.
_UNKNOWN = re.compile(
    r"[^\u0000-\u052f\u0591-\u05f4\u1ab0-\u1abe\u1c80-\u1c88\u1d00-\u20be\u20f0-\u214f\u2153\u2154\u215b-\u215e\u2184"
    r"\u2190-\u2195\u21a8\u2202\u2206\u220f\u2211\u2212\u2215\u2219\u221a\u221e\u221f\u2229\u222b\u2248\u2260\u2261"
    r"\u2264\u2265\u2302\u2310\u2320\u2321\u2500\u2502\u250c\u2510\u2514\u2518\u251c\u2524\u252c\u2534\u253c"
    r"\u2550-\u256c\u2580\u2584\u2588\u258c\u2590-\u2593\u25a0\u25a1\u25aa-\u25ac\u25b2\u25ba\u25bc\u25c4\u25ca-\u25cc"
    r"\u25cf\u25d8\u25d9\u25e6\u263a-\u263c\u2640\u2642\u2660\u2663\u2665\u2666\u266a\u266b\u266f\u2c60-\u2c7f"
    r"\u2de0-\u2e42\ua640-\ua69f\ua717-\ua7ae\ua7b0-\ua7b7\ua7f7-\ua7ff\uab30-\uab65\ufb01-\ufb04\ufb1d-\ufb4f"
    r"\ufe00-\ufe0f\ufe20-\ufe2f\ufeff\ufffc\ufffd]"
)

"""Renders a flow as the file of a picture, which stands alone."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from penstock.render import svg
from penstock.render.graphviz import picture

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.options import Options


def render(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a standalone picture, with a background and a dark variant."""
    laid_out = picture.lay_out_one(flow, options, engine=engine, timeout=timeout)
    return svg.draw(flow, laid_out, options, prefix=_prefix(flow.name), standalone=True) + "\n"


def _prefix(name: str) -> str:
    """Return a prefix for ids, so that two pictures can be on one page."""
    slug = re.sub(r"[^A-Za-z0-9_-]", "-", name)
    return f"ps-{slug}" if slug == name else f"ps-{slug}-{hashlib.sha256(ascii(name).encode()).hexdigest()[:6]}"

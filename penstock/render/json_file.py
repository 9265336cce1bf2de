"""Renders a flow as the file of a manifest."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from penstock import manifest

if TYPE_CHECKING:
    from penstock.model import Flow
    from penstock.render.options import Options


def render(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a manifest with this flow alone, its files relative to the working directory."""
    del options, engine, timeout
    return manifest.dumps(manifest.build([flow], project=Path.cwd()))

"""The sizes of arrowheads, as Graphviz is told of them."""

from __future__ import annotations

PILL_ARROW = "0.5"
ARROW_SIZE = "0.65"

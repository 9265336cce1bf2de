"""Fixes positions for Graphviz, which then only draws an existing layout."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.render.labels import INCH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.render.graphviz.plain_output import Curve, Geometry, Rectangle


class Pins:
    """The attributes that fix nodes and edges at their positions; empty without a geometry.

    Args:
        geometry: The positions.
    """

    def __init__(self, geometry: Geometry | None = None) -> None:
        self._height = geometry.height if geometry else 0.0
        self._boxes = geometry.boxes if geometry else {}
        self._curves: dict[tuple[str, str], list[Curve]] = {}
        for curve in geometry.curves if geometry else ():
            self._curves.setdefault((curve.source, curve.target), []).append(curve)

    def node(self, name: str) -> dict[str, str]:
        """Return the position and size of a node."""
        box: Rectangle | None = self._boxes.get(name)
        if box is None:
            return {}
        middle = (box.x + box.width / 2, box.y + box.height / 2)
        return {
            "pos": self._points(middle),
            "width": f"{box.width / INCH:.4f}",
            "height": f"{box.height / INCH:.4f}",
            "fixedsize": "true",
        }

    def arrow(self, source: str, target: str) -> dict[str, str]:
        """Return the line of an edge; several with the same ends come in their order."""
        curves = self._curves.get((source, target))
        if not curves:
            return {}
        curve = curves.pop(0)
        pins = {"pos": f"e,{self._points(curve.head[2:4])} {self._points(curve.points)}"}
        if curve.label:
            pins["lp"] = self._points(curve.label)
        return pins

    def _points(self, flat: Sequence[float]) -> str:
        return " ".join(f"{x:.2f},{self._height - y:.2f}" for x, y in zip(flat[::2], flat[1::2], strict=True))

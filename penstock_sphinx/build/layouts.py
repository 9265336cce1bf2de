"""Layouts: one run of the engine makes all that a build needs, and the environment stores them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock.errors import LayoutError, MissingExtraError
from penstock.render.graphviz.layout import warning
from penstock.render.wording import escape_line
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.writers.builder_families import is_epub

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock.errors import RenderError
    from penstock_sphinx.domain.domain import PenstockDomain
    from penstock_sphinx.domain.page_record import Drawing

logger = logging.getLogger(__name__)


def lay_out_pages(app: Sphinx, env: BuildEnvironment) -> None:
    """Lay out every diagram that has no layout yet."""
    if app.builder.format != "html":
        return
    domain = domain_of(env)
    places: dict[str, tuple[str, Drawing]] = {}
    for docname, page in sorted(domain.pages.items()):
        for drawing in page.drawings:
            if not drawing.by_script or is_epub(app.builder):
                places.setdefault(drawing.key, (docname, drawing))
    for key in domain.layouts.keys() - places.keys():
        del domain.layouts[key]
    missing = [place for key, place in places.items() if key not in domain.layouts]
    try:
        for look in dict.fromkeys(drawing.look for _, drawing in missing):
            _lay_out(domain, [place for place in missing if place[1].look == look])
    except MissingExtraError as error:  # one warning is enough
        _warn_of_none(error, missing[0])


def _lay_out(domain: PenstockDomain, places: Sequence[tuple[str, Drawing]]) -> None:
    drawn = [domain.site.flow_to_draw(drawing.subject, drawing.look) for _, drawing in places]
    results = domain.site.drawing.lay_out(drawn, places[0][1].look)
    for place, flow, result in zip(places, drawn, results, strict=True):
        if isinstance(result, LayoutError):
            _warn_of_none(result, place)
            continue
        domain.layouts[place[1].key] = result
        if message := warning(flow, result):
            _warn(message, place)


def _warn_of_none(error: RenderError, place: tuple[str, Drawing]) -> None:
    _warn(f"{str(error).rstrip('.')}. The page shows Mermaid source instead.", place)


def _warn(message: str, place: tuple[str, Drawing]) -> None:
    docname, drawing = place
    logger.warning("%s", escape_line(message), type="penstock", subtype="render", location=(docname, drawing.line))

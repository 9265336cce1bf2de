"""A page of its own for one flow: HTML that loads nothing but, while it is watched, the file with its version."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

from penstock.embed import assets
from penstock.render import edge_status, svg
from penstock.render.graphviz.picture import lay_out_one
from penstock.render.options import Options
from penstock.render.wording import after, before, paragraphs, python_signature, visible, visible_title

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from penstock.config import Config
    from penstock.model import Flow, Step
    from penstock.render.options import Direction
    from penstock.render.wording import Neighbour

VERSION_FILE = "version.js"

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
code, pre { font-family: ui-monospace, monospace; font-size: .9em }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); margin-top: 1.5rem }
h2 { font-size: 1.15rem; margin-bottom: .25rem }
pre { white-space: pre-wrap }
.facts { opacity: .75 }
"""

_RELOAD = """
setInterval(() => {
  const script = document.createElement("script");
  script.src = "%s?" + Date.now();
  script.onload = () => { script.remove(); if (window.penstockVersion !== "%s") location.reload() };
  document.head.append(script);
}, 1000);
"""
"""Pages from files may load scripts, but not fetch data; reloading keeps the place on the page."""


def write_page(flow: Flow, config: Config, direction: Direction, *, watched: bool = False) -> tuple[str, str]:
    """Return a page that shows a flow, and the content of the file with its version.

    Args:
        flow: The flow.
        config: The settings of the project; its engine draws.
        direction: The direction of the edges.
        watched: Whether the page reloads itself when the version changes.

    Raises:
        LayoutError: The layout engine failed.
        MissingExtraError: The engine is not installed.
    """
    title = escape(visible_title(flow))
    body = "\n".join(filter(None, _iter_parts(flow, config, direction)))
    version = hashlib.sha256(body.encode("utf-8", "replace")).hexdigest()[:16]
    scripts = [assets.script(), *([_RELOAD % (VERSION_FILE, version)] if watched else [])]
    page = (
        f'<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta name="viewport" content="width=device-width">\n<title>{title}</title>\n'
        f"<style>{_STYLE}{assets.stylesheet()}</style>\n</head>\n<body>\n{body}\n"
        + "\n".join(f"<script>{script}</script>" for script in scripts)
        + "\n</body>\n</html>\n"
    )
    return page, f'window.penstockVersion = "{version}";\n'


def _iter_parts(flow: Flow, config: Config, direction: Direction) -> Iterator[str]:
    yield f"<h1>{escape(visible_title(flow))}</h1>"
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in paragraphs(flow.description))
    anchors = {step.name: f"#step-{number}" for number, step in enumerate(flow.steps)}
    options = Options(direction=direction, details=True, links=anchors)
    layout = lay_out_one(flow, options, engine=config.engine, timeout=config.layout_timeout)
    drawing = svg.draw(flow, layout, options, prefix="ps")
    yield f'<div class="penstock">{assets.frame(drawing, "Diagram", svg.locate_start(flow, layout))}</div>'
    if provenance := edge_status.provenance(flow):
        yield f"<p>{escape(str(provenance))}</p>"
        yield f"<ul>{''.join(f'<li>{escape(str(doubt))}</li>' for doubt in edge_status.doubts(flow))}</ul>"
    yield from (_write_step(flow, step, anchors) for step in flow.steps)


def _write_step(flow: Flow, step: Step, anchors: dict[str, str]) -> str:
    facts = [
        ("started by", escape(visible(step.trigger))),
        ("after", _link_steps(before(flow, step), anchors)),
        ("then", _link_steps(after(flow, step), anchors)),
        ("changes", ", ".join(escape(visible(effect)) for effect in step.effects)),
        ("source", escape(visible(step.where))),
    ]
    listing = "; ".join(f"{name} {value}" for name, value in facts if value)
    parts = [
        f'<section id="{anchors[step.name][1:]}">',
        f"<h2><code>{escape(visible(step.name))}{escape(python_signature(step))}</code></h2>",
        f'<p class="facts">{listing}</p>' if listing else "",
        f"<pre>{escape(step.docstring)}</pre>" if step.docstring else "",
        "</section>",
    ]
    return "\n".join(filter(None, parts))


def _link_steps(neighbours: Iterable[Neighbour], anchors: dict[str, str]) -> str:
    return ", ".join(
        f'<a href="{anchors[name]}">{escape(visible(name))}</a>' + (f" ({escape(visible(label))})" if label else "")
        for name, label in neighbours
    )

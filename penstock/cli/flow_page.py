"""A page of its own for one flow: HTML that loads nothing but, while it is watched, the file with its version."""

from __future__ import annotations

import hashlib
from html import escape
from typing import TYPE_CHECKING

from penstock.embed import assets
from penstock.embed.opening import locate_start
from penstock.embed.views import view_flow
from penstock.render import svg
from penstock.render.graphviz.picture import lay_out_one
from penstock.render.wording import visible, visible_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from penstock.embed.numbers import NumbersRow, NumbersView
    from penstock.embed.options import FlowOptions
    from penstock.embed.site import Site
    from penstock.embed.views import Chip, DiagramView, FlowView, StepFact, StepView
    from penstock.model import Flow

VERSION_FILE = "version.js"

_STYLE = """
:root { color-scheme: light dark }
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 75rem; padding: 0 1rem }
code, pre { font-family: ui-monospace, monospace; font-size: .9em }
section { border-top: 1px solid color-mix(in srgb, currentColor 20%, transparent); margin-top: 1.5rem }
h2 { font-size: 1.15rem; margin-bottom: .25rem }
pre { white-space: pre-wrap }
.facts { opacity: .75 }
.numbers { border-collapse: collapse; font-size: .875em; margin: .75rem 0; font-variant-numeric: tabular-nums }
.numbers :is(th, td) { padding: .15rem .75rem .15rem 0; text-align: right; white-space: nowrap }
.numbers :is(th, td):first-child { text-align: left; white-space: normal }
.ps-scroll { overflow-x: auto }
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


def write_page(site: Site, flow: Flow, options: FlowOptions, *, watched: bool = False) -> tuple[str, str]:
    """Return a page that shows a flow, and the content of the file with its version.

    Args:
        site: The flows of the project; its engine draws.
        flow: The flow.
        options: What is shown of it.
        watched: Whether the page reloads itself when the version changes.

    Raises:
        LayoutError: The layout engine failed.
        MissingExtraError: The engine is not installed.
    """
    title = escape(visible_title(flow))
    body = "\n".join(filter(None, _iter_parts(site, view_flow(site, flow, options), title)))
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


def _iter_parts(site: Site, view: FlowView, title: str) -> Iterator[str]:
    yield f"<h1>{title}</h1>"
    yield from (f"<p>{escape(paragraph)}</p>" for paragraph in view.introduction.paragraphs)
    anchors = {step.step.name: f"#step-{number}" for number, step in enumerate(view.steps)}
    if view.diagram:
        yield from _draw(site, view.diagram, anchors)
    yield from (_write_step(step, anchors) for step in view.steps)


def _draw(site: Site, view: DiagramView, anchors: Mapping[str, str]) -> Iterator[str]:
    options = view.look.drawing(anchors)
    layout = lay_out_one(view.flow, options, engine=site.drawing.engine, timeout=site.drawing.timeout)
    drawing = svg.draw(view.flow, layout, options, prefix="ps")
    yield f'<div class="penstock">{assets.frame(drawing, view.label, locate_start(view.flow, layout))}</div>'
    if view.numbers:
        yield from _write_numbers(view.numbers)
    for evidence in view.evidence:
        yield f"<p>{escape(evidence.line)}</p>"
        yield f"<ul>{''.join(f'<li>{escape(str(doubt))}</li>' for doubt in evidence.doubts)}</ul>"


def _write_numbers(view: NumbersView) -> Iterator[str]:
    yield f"<p>{escape(view.origin)}</p>"
    for table in view.tables:
        heads = "".join(f"<th>{escape(head)}</th>" for head in table.heads)
        rows = (_write_row(row) for row in table.rows)
        content = f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody>"
        yield f'<div class="ps-scroll"><table class="numbers">{content}</table></div>'


def _write_row(row: NumbersRow) -> str:
    name = f"<td>{escape(row.name)}</td>"
    return f"<tr>{name}{''.join(f'<td>{escape(cell)}</td>' for cell in row.cells)}</tr>"


def _write_step(view: StepView, anchors: Mapping[str, str]) -> str:
    facts = [*map(_write_chip, view.chips), *(_write_fact(fact, anchors) for fact in view.facts)]
    parts = [
        f'<section id="{anchors[view.step.name][1:]}">',
        f"<h2><code>{escape(view.name)}{escape(view.signature)}</code></h2>",
        f'<p class="facts">{"; ".join(facts)}</p>' if facts else "",
        f"<pre>{escape(view.step.docstring)}</pre>" if view.step.docstring else "",
        "</section>",
    ]
    return "\n".join(filter(None, parts))


def _write_chip(chip: Chip) -> str:
    return escape(f"{chip.text} ({chip.state})" if chip.state else chip.text)


def _write_fact(fact: StepFact, anchors: Mapping[str, str]) -> str:
    items = [
        f'<a href="{anchors[name]}">{escape(visible(name))}</a>' + (f" ({escape(label)})" if label else "")
        for name, label in fact.neighbours
    ]
    items += map(_write_chip, fact.chips)
    items += [escape(fact.source.text)] if fact.source else []
    return f"{fact.label} {', '.join(items)}".strip()

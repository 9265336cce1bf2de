"""Pages that are made, not written: one for each flow, and an overview."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.render.describe import visible
from penstock.render.overview import page_names
from penstock_mkdocs.markup import Markup, tag, text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.manifest import Manifest
    from penstock.model import Flow, Step

FOLDER = "flows"
_PLAIN_NAME = re.compile(r"[\w./-]+")
_SPECIAL = re.compile(r"([\\`*_{}\[\]()>#+.!-])")


@dataclass(frozen=True)
class GeneratedPage:
    """A page that no file holds.

    Attributes:
        path: Its path below the folder of pages.
        markdown: Its text.
        step: The step whose source is edited to change it, or ``None``.
    """

    path: str
    markdown: str
    step: Step | None = None


def flow_pages(manifest: Manifest, title: str) -> list[GeneratedPage]:
    """Return the overview, then a page for each flow in the order of the manifest."""
    paths = [f"{name}.md" for name in page_names(manifest.flows)]
    overview = GeneratedPage(f"{FOLDER}/index.md", _overview(manifest.flows, paths, title))
    return [overview, *map(_page, manifest.flows, paths)]


def failure_page(message: str, title: str) -> GeneratedPage:
    """Return the overview for when there are no flows to show."""
    note = tag("p", "The flows cannot be shown", class_="admonition-title") + tag("p", message)
    box = tag("div", Markup(note), class_="penstock-error admonition failure")
    return GeneratedPage(f"{FOLDER}/index.md", f"# {escaped(title)}\n\n{box}\n")


def escaped(value: str) -> str:
    """Return a text as Markdown that shows just this text, on one line."""
    return _SPECIAL.sub(r"\\\1", text(visible(value)))


def _page(flow: Flow, path: str) -> GeneratedPage:
    name = flow.full_name if _PLAIN_NAME.fullmatch(flow.full_name) else json.dumps(flow.full_name)
    parts = [f"# {escaped(flow.title or flow.name)}", escaped(flow.description), f"::: penstock-flow {name}"]
    step = next(iter((*flow.entrypoints, *flow.steps)), None)
    return GeneratedPage(f"{FOLDER}/{path}", "\n\n".join(filter(None, parts)) + "\n", step)


def _overview(flows: Sequence[Flow], paths: Sequence[str], title: str) -> str:
    items = [
        f"- [{escaped(flow.title or flow.name)}]({path}) — {_summary(flow)}"
        for flow, path in zip(flows, paths, strict=True)
    ]
    return "\n".join([f"# {escaped(title)}", "", *(items or ["No flow is declared yet."]), ""])


def _summary(flow: Flow) -> str:
    steps = f"{len(flow.steps)} step{'' if len(flow.steps) == 1 else 's'}"
    triggers = ", ".join(escaped(step.trigger) for step in flow.entrypoints if step.trigger)
    facts = f"*{steps}, started by {triggers}*" if triggers else f"*{steps}*"
    return f"{escaped(flow.description)} {facts}".strip()

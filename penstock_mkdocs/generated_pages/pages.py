"""Generated pages: one for each flow, and an overview."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from penstock.embed.names import quote_name
from penstock.embed.overview import system_map
from penstock.embed.pages import page_names
from penstock.model.resources import PLAIN_WORDS
from penstock.render.wording import paragraphs, visible, visible_title

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.manifest import Manifest
    from penstock.model import Flow, Step
    from penstock.model.resources import Vocabulary

FOLDER = "flows"
_PLAIN_NAME = re.compile(r"[\w./-]+")
_SPECIAL = re.compile(r"[^\w\s]|_")


@dataclass(frozen=True)
class GeneratedPage:
    """A page without a source file.

    Attributes:
        path: Its path below the folder of pages.
        markdown: Its text.
        step: The step whose source the page's edit link leads to, or ``None``.
    """

    path: str
    markdown: str
    step: Step | None = None


def flow_pages(manifest: Manifest, title: str, vocabulary: Vocabulary = PLAIN_WORDS) -> list[GeneratedPage]:
    """Return the overview, then a page for each flow in the order of the manifest."""
    paths = [f"{name}.md" for name in page_names(manifest.flows)]
    parts = ["::: penstock-flows"] if manifest.flows else ["No flow is declared yet."]
    if system_map(manifest.flows, vocabulary).edges:
        parts.append("::: penstock-map")
    return [_overview(title, parts), *map(_page, manifest.flows, paths)]


def failure_page(title: str) -> GeneratedPage:
    """Return the overview of a site whose flows cannot be shown; the embed on it reports why."""
    return _overview(title, ["::: penstock-flows"])


def escape_markdown(value: str) -> str:
    """Return a text as Markdown that shows it literally, on one line.

    Special characters become entities: some extensions read an escaping backslash as the start of a formula.
    """
    return _SPECIAL.sub(lambda mark: f"&#{ord(mark[0])};", visible(value))


def _page(flow: Flow, path: str) -> GeneratedPage:
    name = flow.full_name if _PLAIN_NAME.fullmatch(flow.full_name) else quote_name(flow.full_name)
    parts = [
        f"# {escape_markdown(visible_title(flow))}",
        *map(escape_markdown, paragraphs(flow.description)),
        f"::: penstock-flow {name}",
    ]
    step = next(iter((*flow.entrypoints, *flow.steps)), None)
    return GeneratedPage(f"{FOLDER}/{path}", "\n\n".join(parts) + "\n", step)


def _overview(title: str, parts: Sequence[str]) -> GeneratedPage:
    return GeneratedPage(f"{FOLDER}/index.md", "\n\n".join([f"# {escape_markdown(title)}", *parts]) + "\n")

"""Pages that another plugin converts without Python-Markdown, such as notebooks: what is embedded there stays text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from penstock_mkdocs.embed_syntax.parser import in_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mkdocs.structure.files import File

    from penstock_mkdocs.embed_syntax.parser import Embed

CURE = "put it on a page of Markdown, or call penstock.generate_dag in a cell of code"

_converted: set[str] = set()


class RawEmbed(NamedTuple):
    """An embed that a reader sees as it is written: where it stands, and what there is to say of it."""

    location: str
    message: str


def note_conversion(page: str) -> None:
    """Note that Python-Markdown converts a page of this build."""
    _converted.add(page)


def forget_conversions() -> None:
    """Forget the pages of the build before."""
    _converted.clear()


def raw_embeds(file: File, html: str) -> Iterator[RawEmbed]:
    """Yield the embeds in a page's file that no extension has seen, as far as the page shows them."""
    if file.src_uri in _converted or "penstock-" not in html or not file.abs_src_path:
        return
    try:
        text = Path(file.abs_src_path).read_text(encoding="utf-8-sig")
        cells = _cells(text) if file.src_uri.endswith(".ipynb") else [(0, _without_comments(text, file.src_uri))]
    except (OSError, ValueError, AttributeError, TypeError):  # the plugin that converts the page has read more of it
        return
    lines = text.split("\n")
    last = 0
    for number, cell in cells:
        for embed in in_text(cell):
            if f"::: {embed.kind}" in html or f"language-{embed.kind}" in html:
                last = _line_of(embed, lines, last)
                cell_name = f" in cell {number}" if number else ""
                message = f"{embed.kind}{cell_name} stays text, because no Python-Markdown converts this page: {CURE}"
                yield RawEmbed(f"{file.src_uri}:{last}" if last else file.src_uri, message)


def _cells(text: str) -> Iterator[tuple[int, str]]:
    """Yield the text of each cell of Markdown in a notebook, with the number of the cell."""
    for number, cell in enumerate(json.loads(text)["cells"], 1):
        if cell["cell_type"] == "markdown":
            yield number, "".join(cell["source"])


def _without_comments(text: str, path: str) -> str:
    """Return a script of Jupytext with its cells of Markdown as they are, not as comments."""
    if not path.endswith(".py"):
        return text
    return "\n".join(
        line.removeprefix("#").removeprefix(" ") if line.startswith("#") else "" for line in text.split("\n")
    )


def _line_of(embed: Embed, lines: list[str], after: int) -> int:
    """Return the next line of a file in which an embed begins, counted from 1, or 0."""
    begin = json.dumps(embed.source[0].strip(), ensure_ascii=False)[1:-1]
    rest = [(number, line.lstrip(' "#')) for number, line in enumerate(lines, 1) if number > after]
    return next((number for number, line in rest if line.startswith(begin)), 0)

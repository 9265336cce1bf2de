"""Renders flows as Markdown pages for wikis, GitHub, GitLab, Docusaurus and Quarto; no text can break out of its place."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from penstock._util.display_text import plain_name
from penstock.render import edge_status, mermaid, numbers, use_status
from penstock.render.wording import before, paragraphs, visible, visible_title

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from penstock.model import Edge, Flow, Step
    from penstock.render.options import Options

_ENTITIES = re.compile(r"[<>&|~${}]")
"""Characters that are markup in some kind of Markdown; written as entities, which all of them show correctly."""

_ESCAPED = re.compile(r"[\\`*_\[\]]")
_BLOCK_MARK = re.compile(r"^(\d*)([-+=#:!.)])")
"""What begins a list, a heading, a rule or a directive at the start of a line."""

_CODE = re.compile(r"[\w./ -]+")
"""Names that need no escaping in code."""

COLUMNS = ("Step", "What it does", "After")
MORE_COLUMNS = ("Trigger", "Effects")


def render(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return a page; with ``details``, the diagram has titles and effects, and the table columns for them."""
    del engine, timeout
    return _write_page(flow, options, "mermaid")


def render_for_quarto(flow: Flow, options: Options, /, *, engine: str, timeout: float) -> str:
    """Return the same page for Quarto, which draws Mermaid in code cells."""
    del engine, timeout
    return _write_page(flow, options, "{mermaid}")


def _write_page(flow: Flow, options: Options, fence: str) -> str:
    provenances = filter(None, (edge_status.provenance(flow), use_status.provenance(flow) if options.details else None))
    blocks = [
        f"# {_escape_start(visible_title(flow))}",
        *map(_escape_start, paragraphs(flow.description)),
        f"```{fence}\n{mermaid.render(flow, options)}\n```",
        *(_escape_start(str(provenance)) for provenance in provenances),
        *_write_numbers(flow),
        "## Steps",
        "\n".join(write_table(flow, details=options.details)),
    ]
    return "\n\n".join(blocks)


def _write_numbers(flow: Flow) -> Iterator[str]:
    """Yield the origin of a flow's numbers, and a table of steps and one of edges."""
    if flow.numbers is None:
        return
    yield f"{_escape_start(numbers.describe_origin(flow.numbers))}:"
    steps = [(format_code(step.name), step.numbers) for step in flow.steps if step.numbers]
    edges = [(_format_ends(edge), edge.numbers) for edge in flow.edges if edge.numbers]
    for title, named in (("Step", steps), ("Arrow", edges)):
        if named:
            columns = numbers.tabulate([counted for _, counted in named])
            rows = zip([name for name, _ in named], *columns.values(), strict=True)
            lines = [(title, *columns), ("---", *["---:"] * len(columns)), *rows]
            yield "\n".join(map(_row, lines))


def _format_ends(edge: Edge) -> str:
    label = f" ({escape_text(edge.label)})" if edge.label else ""
    return f"{format_code(edge.source)} → {format_code(edge.target)}{label}"


def write_table(flow: Flow, *, details: bool) -> list[str]:
    """Return the lines of a table with a row for each step; with details, columns for triggers and effects."""
    heads = COLUMNS + (MORE_COLUMNS if details else ())
    rows = (list(_cells(flow, step))[: len(heads)] for step in flow.steps)
    return [_row(heads), _row(["---"] * len(heads)), *map(_row, rows)]


def _cells(flow: Flow, step: Step) -> Iterator[str]:
    yield format_code(step.name)
    yield escape_text(step.title)
    yield ", ".join(
        f"{format_code(name)} ({escape_text(label)})" if label else format_code(name)
        for name, label in before(flow, step)
    )
    yield escape_text(str(use_status.find_trigger(flow, step) or ""))
    yield ", ".join(escape_text(str(effect)) for effect in use_status.list_effects(flow, step))


def _row(cells: Sequence[str]) -> str:
    return " ".join(["|", *(f"{cell} |" if cell else "|" for cell in cells)])


def format_code(name: str) -> str:
    """Return a name as code."""
    text = plain_name(name)
    return f"`{text}`" if _CODE.fullmatch(text) else f"<code>{escape_text(text)}</code>"


def escape_text(text: str) -> str:
    """Return a text on one line, escaped."""
    return _ESCAPED.sub(r"\\\g<0>", _ENTITIES.sub(lambda match: f"&#{ord(match[0])};", visible(text)))


def _escape_start(text: str) -> str:
    """Return a text that begins a line, escaped."""
    return _BLOCK_MARK.sub(lambda match: f"{match[1]}&#{ord(match[2])};", escape_text(text))

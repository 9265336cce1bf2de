"""The formats of ``penstock coverage``."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from penstock.check.coverage.report import Share
from penstock.cli.terminal import apply_style, pluralize, table
from penstock.render.wording import escape_line

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from penstock.check.coverage.report import ArrowCoverage, FlowCoverage

NOUNS = {"arrows": "arrow", "labels": "label", "pairs": "pair", "paths": "path"}
FORMAT = "penstock-coverage"
VERSION = "1.0"


def total_shares(coverages: Sequence[FlowCoverage]) -> dict[str, Share]:
    """Return the shares of several flows together."""
    totals: dict[str, Share] = {}
    for kind in NOUNS:
        shares = [coverage.shares[kind] for coverage in coverages]
        taken = [share.covered for share in shares if share.covered is not None]
        totals[kind] = Share(sum(taken) if len(taken) == len(shares) else None, sum(share.total for share in shares))
    return totals


def as_json(coverages: Sequence[FlowCoverage]) -> str:
    """Return the coverage as JSON: one row an arrow, as in other coverage formats, and the shares of each flow."""
    content = {
        "format": FORMAT,
        "version": VERSION,
        "totals": _encode_shares(total_shares(coverages)),
        "flows": [
            {
                "flow": coverage.flow.full_name,
                "tests": len(coverage.tests),
                **_encode_shares(coverage.shares),
                "untested_paths": [list(path) for path in coverage.untested_paths],
            }
            for coverage in coverages
        ],
        "arrows": [_encode_arrow(coverage, arrow) for coverage in coverages for arrow in coverage.arrows],
        "pairs": [
            {"flow": coverage.flow.full_name, "steps": list(pair.steps), "tests": sorted(pair.tests)}
            for coverage in coverages
            for pair in coverage.pairs
        ],
    }
    return json.dumps(content, indent=2)


def _encode_shares(shares: Mapping[str, Share]) -> dict[str, Any]:
    return {
        kind: {"taken": share.covered, "total": share.total, "percent": share.percent} for kind, share in shares.items()
    }


def _encode_arrow(coverage: FlowCoverage, arrow: ArrowCoverage) -> dict[str, Any]:
    return {
        "flow": coverage.flow.full_name,
        "source": arrow.edge.source,
        "target": arrow.edge.target,
        "label": arrow.edge.label,
        "file": arrow.file,
        "line": arrow.line,
        "hits": arrow.hits,
        "tests": sorted(arrow.tests),
        "masks": list(arrow.masks),
        "detours": list(arrow.detours),
    }


def as_text(coverages: Sequence[FlowCoverage]) -> str:
    """Return the coverage as lines: the shares of each flow, and below, what no test takes."""
    rows = [(escape_line(coverage.flow.full_name), _summarize(coverage)) for coverage in coverages]
    lines: list[str] = []
    for coverage, row in zip(coverages, _fold_rows(rows), strict=True):
        lines += [row, *map(_indent, _list_untested(coverage))]
    return "\n".join(lines)


def _fold_rows(rows: list[tuple[str, str]]) -> Iterator[str]:
    """Yield a row of a table for each flow, although the table may fold them."""
    width = max((len(name) for name, _ in rows), default=0)
    for name, summary in rows:
        yield "\n".join(table([(name.ljust(width), summary)]))


def _indent(line: str) -> str:
    return f"  {line}"


def _summarize(coverage: FlowCoverage) -> str:
    parts = [_describe(share, NOUNS[kind]) for kind, share in coverage.shares.items() if share.total]
    return f"{', '.join(parts) or 'no arrow'}, by {pluralize(len(coverage.tests), 'test')}"


def _describe(share: Share, noun: str) -> str:
    taken = "?" if share.covered is None else f"{share.covered:,}"
    return f"{taken} of {pluralize(share.total, noun)}"


def _list_untested(coverage: FlowCoverage) -> Iterator[str]:
    untested = [arrow for arrow in coverage.arrows if not arrow.tests]
    for arrow in untested:
        yield _format_arrow(arrow)
    paths = [" → ".join(map(escape_line, path)) for path in coverage.untested_paths]
    if paths:
        yield "no test takes these paths:"
        yield from map(_indent, paths)
        share = coverage.paths
        if share.covered is not None and (rest := share.total - share.covered - len(paths)):
            yield _indent(f"… and {rest:,} more")


def _format_arrow(arrow: ArrowCoverage) -> str:
    label = f" ({escape_line(arrow.edge.label)})" if arrow.edge.label else ""
    name = f"{escape_line(arrow.edge.source)} → {escape_line(arrow.edge.target)}{label}"
    where = f"{escape_line(arrow.file)}:{arrow.line}: " if arrow.file else ""
    if arrow.masks:
        return f"{where}{name}: tests take it only with {', '.join(map(escape_line, arrow.masks))} replaced"
    if arrow.detours:
        return f"{where}{name}: tests only come through {', '.join(map(escape_line, arrow.detours))}"
    return f"{where}{name}: only runs outside tests take it" if arrow.hits else f"{where}{name}: no test takes it"


def summarize_all(coverages: Sequence[FlowCoverage], *, is_enough: bool) -> str:
    """Return the last line: the share of all arrows."""
    share = total_shares(coverages)["arrows"]
    text = f"{_describe(share, 'arrow')} taken by tests ({share.percent:g} %)"
    return apply_style(text, "32" if is_enough else "31")


FORMATS = {"json": as_json, "text": as_text}

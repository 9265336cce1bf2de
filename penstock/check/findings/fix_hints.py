"""Cures of findings, in words and as the code to write."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from penstock.check.verdict.masks import join_names
from penstock.check.verdict.succession import is_only_missed

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from penstock.check.proposals.proposal import Proposal
    from penstock.model import Edge, Flow, Step


def choose_names(flow: Flow, edge: Edge, proposed: Proposal) -> tuple[str, ...] | None:
    """Return the names to write into ``after=`` of an edge's target, or ``None`` where writing them would not help."""
    if _closing(edge, proposed) or is_only_missed(flow, edge):
        return None
    if not (proposed.after or flow.step(edge.target).entrypoint):
        return None
    return proposed.after


def describe_cure(flow: Flow, edge: Edge, proposed: Proposal) -> str:
    """Return the cure of an edge that fails the check, with the exact code to write where that is the cure."""
    target = flow.step(edge.target)
    if is_only_missed(flow, edge):
        return (
            f"Restore the call, or take {edge.source} out of after= of {target.name}. "
            "If only a test is missing, let one run it again: pytest --penstock"
        )
    if closing := _closing(edge, proposed):
        return f"Write no after= for it: {_circle(target.name, closing, proposed)}"
    if not proposed.after:
        advice = "Remove after= of" if target.entrypoint else "Name what comes before"
        return f"{advice} {target.name}, or let a test run the arrow: pytest --penstock"
    if {peer.source for peer in flow.edges_into(target.name) if peer.origin == "declared"} == {*proposed.after}:
        return "Apply it together with the proposals for other steps."
    after = f"after={shown_after(proposed.after, _labels(flow, target.name))}"
    if target.entrypoint and not any(peer.origin == "declared" for peer in flow.edges_into(target.name)):
        return _format_stacked_mark(flow, target, after)
    return f"Write: {after}"


def _format_stacked_mark(flow: Flow, target: Step, after: str) -> str:
    """Return the cure of an entrypoint that is also a step; its own mark takes no ``after=``."""
    name_argument = "" if target.name == target.qualname.rpartition(".")[2] else f", name={_quote_text(target.name)}"
    mark = f"step({after}{name_argument})"
    return (
        f"Write below the mark of its entrypoint: @{mark}. "
        f"Where no @flow stands above that: @flow({_quote_text(flow.name)}).{mark}."
    )


def _circle(target: str, closing: str, proposed: Proposal) -> str:
    """Explain why an edge would close a circle, and how to avoid it."""
    others = proposed.closing[closing]
    leading = f"what is proposed for {join_names(others)} leads" if others else f"{target} leads"
    start = f" from {target}" if others else ""
    already = "" if others else " already"
    return (
        f"{leading}{start} to {closing}{already}, and arrows may not run in a circle. "
        "Give one of the two calls a step of its own, or accept this with an ignore."
    )


def _closing(edge: Edge, proposed: Proposal) -> str:
    """Return the step from which an arrow would close a circle, if that is why nothing can be written."""
    if edge.source in proposed.closing:
        return edge.source
    return "" if proposed.after else next(iter(proposed.closing), "")


def _labels(flow: Flow, target: str) -> dict[str, list[str]]:
    """Return the labels of the declared arrows to a step, by where they come from."""
    labels: dict[str, list[str]] = {}
    for edge in flow.edges_into(target):
        if edge.origin == "declared" and edge.label:
            labels.setdefault(edge.source, []).append(edge.label)
    return labels


def shown_after(names: Iterable[str], labels: Mapping[str, Sequence[str]] = MappingProxyType({})) -> str:
    """Return the names of steps as ``after=`` is written, with the labels of their edges."""
    step_names = list(names)
    if any(len(labels.get(name, ())) > 1 for name in step_names):  # a mapping has room for one label each
        parts = [
            f"{{{_quote_text(name)}: {_quote_text(label)}}}" if label else _quote_text(name)
            for name in step_names
            for label in labels.get(name) or [""]
        ]
    elif any(labels.get(name) for name in step_names):
        pairs = ((name, next(iter(labels.get(name, ())), None)) for name in step_names)
        return (
            f"{{{', '.join(f'{_quote_text(name)}: {_quote_text(label) if label else None}' for name, label in pairs)}}}"
        )
    else:
        parts = list(map(_quote_text, step_names))
    return parts[0] if len(parts) == 1 else f"[{', '.join(parts)}]"


def _quote_text(text: str) -> str:
    return f'"{text}"' if text.isprintable() and not {'"', "\\"} & set(text) else repr(text)

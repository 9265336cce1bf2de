"""A project in which ``after=`` is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from penstock.check.findings.finding import Finding
from penstock.check.findings.fix_hints import shown_after
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.manifest import Manifest

START = """
from penstock import entrypoint, flow, step


@flow("orders")
@entrypoint
def receive(): ...


@flow("orders")
@step(after="receive")
def check(): ...


@flow("orders")
@step(after="receive")
def weigh(): ...

"""


def wished(project: Path, wishes: dict[str, tuple[str, ...]], flow: str = "orders") -> tuple[list[Finding], Manifest]:
    """Return findings that ask for these names behind ``after=`` of steps, and the flows that they are about."""
    manifest = collect_project(project)
    steps = {step.name: step for step in manifest.flow(flow).steps}
    return [
        Finding(
            code="undeclared", severity="error", flow=flow, target=name, message="", after=after,
            file=steps[name].file, line=steps[name].line,
        )
        for name, after in wishes.items()
    ], manifest  # fmt: skip


def collect_project(project: Path) -> Manifest:
    """Return the flows of a project as they are now."""
    return collect(CollectPlan.of(load(project)))


def declared_edges(project: Path, target: str, flow: str = "orders") -> list[str]:
    """Return where the arrows to a step come from, collected anew."""
    return [edge.source for edge in collect_project(project).flow(flow).edges_into(target)]


def shown(pairs: list[tuple[str, str]]) -> str:
    """Return names with labels as a cure has them."""
    labels: dict[str, list[str]] = {}
    for source, label in pairs:
        labels.setdefault(source, []).extend(filter(None, [label]))
    return shown_after(labels, labels)

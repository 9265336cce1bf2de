"""Roles, and what is said of those that lead nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock.errors import did_you_mean, near_names
from penstock.render.describe import visible
from penstock_sphinx.domain import PenstockDomain
from penstock_sphinx.nodes import QUIET
from penstock_sphinx.site import full_name

if TYPE_CHECKING:
    from collections.abc import Sequence

    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.domains import Domain
    from sphinx.environment import BuildEnvironment

    from penstock.model import Flow

logger = logging.getLogger(__name__)

MOST_KNOWN = 10
"""Names that a warning lists."""


def missing_reference(_app: Sphinx, _env: BuildEnvironment, node: pending_xref, contnode: Element) -> Element | None:
    """Leave a reference that we made ourselves as text where nobody knows its target."""
    return contnode if QUIET in node else None


def warn_missing_reference(_app: Sphinx, domain: Domain | None, node: pending_xref) -> bool | None:
    """Warn of a role that leads nowhere, with the names that it may mean."""
    if not isinstance(domain, PenstockDomain):
        return None
    if domain.site.failed:  # said already, with its cause
        return True
    kind, target = node["reftype"], node["reftarget"]
    message = "there is no %s %r in these pages.%s"
    hint = _hint(domain, kind, target)
    logger.warning(message, kind, target, hint, type="penstock", subtype=f"unknown_{kind}", location=node)
    return True


def _hint(domain: PenstockDomain, kind: str, target: str) -> str:
    """Return what to do: show the flow that has it, or take another name."""
    flow = _flow_of(domain, kind, target)
    if flow is not None:
        return f" No page describes it; show it by: .. penstock-flow:: {visible(flow.full_name)}"
    kinds = domain.objtypes_for_role(kind) or []
    known = sorted({name for known, name in domain.objects if known in kinds})
    if not known:
        return " No page describes any. Show a flow by: .. penstock-flow:: name"
    if near := _near(target, known):
        return did_you_mean(near)
    of_flow = [name for name in known if name.startswith(f"{target.rpartition('.')[0]}.")]
    shown = of_flow or known
    return f" Known: {', '.join(shown[:MOST_KNOWN])}{', …' if len(shown) > MOST_KNOWN else ''}."


def _flow_of(domain: PenstockDomain, kind: str, target: str) -> Flow | None:
    """Return the flow that is meant, or has the step that is meant, though no page shows it."""
    for flow in domain.site.manifest.flows:
        if kind == "flow":
            name = visible(flow.full_name)
            if target in (name, visible(flow.name)) and ("flow", name) not in domain.objects:
                return flow
        elif any(target == full_name(flow, step) and (step.entrypoint or kind == "step") for step in flow.steps):
            return flow
    return None


def _near(target: str, names: Sequence[str]) -> tuple[str, ...]:
    if "." in target:
        return near_names(target, names)
    endings = {name.rpartition(".")[2]: name for name in names}
    same = tuple(name for name in names if name.endswith(f".{target}"))  # there are several
    return same[:3] or tuple(endings[near] for near in near_names(target, endings))

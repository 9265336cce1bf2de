"""Roles, and what is said of those that lead nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock.errors import did_you_mean, near_names
from penstock_sphinx.domain import PenstockDomain
from penstock_sphinx.nodes import QUIET

if TYPE_CHECKING:
    from collections.abc import Iterable

    from docutils.nodes import Element
    from sphinx.addnodes import pending_xref
    from sphinx.application import Sphinx
    from sphinx.domains import Domain
    from sphinx.environment import BuildEnvironment

logger = logging.getLogger(__name__)


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
    kinds = domain.objtypes_for_role(kind) or []
    known = {name for known, name in domain.objects if known in kinds}
    near = did_you_mean(_near(target, known))
    message = "there is no %s %r in these pages.%s"
    logger.warning(message, kind, target, near, type="penstock", subtype=f"unknown_{kind}", location=node)
    return True


def _near(target: str, known: Iterable[str]) -> tuple[str, ...]:
    names = sorted(known)
    if "." in target:
        return near_names(target, names)
    endings = {name.rpartition(".")[2]: name for name in names}
    same = tuple(name for name in names if name.endswith(f".{target}"))  # there are several
    return same[:3] or tuple(endings[near] for near in near_names(target, endings))

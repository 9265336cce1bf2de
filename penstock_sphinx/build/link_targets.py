"""Digests of link targets, to rewrite pages whose targets moved."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, cast

from penstock.embed.overview import Selection
from penstock_sphinx.build.site import full_name
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.integrations.autodoc import documented_as, is_described

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sphinx.environment import BuildEnvironment

    from penstock_sphinx.domain.page_record import PageRecord


class Targets:
    """The targets of links at one moment of a build."""

    def __init__(self, env: BuildEnvironment) -> None:
        self._domain = domain_of(env)
        self._site = self._domain.site
        self._env = env
        self._functions: dict[str, Any] = cast("Any", env.get_domain("py")).objects
        self._steps: dict[str, list[str]] = {}
        self._flows: dict[str, str] = {}
        self._selected: dict[Selection, list[str | None]] = {}
        self._answers: dict[tuple[str, str], str] = {}
        for (kind, name), places in sorted(self._domain.objects.items()):
            entry = f"{kind} {name}{sorted(places.items())}"
            if kind == "flow":
                self._flows[name] = entry
            else:
                for flow in _flows_in(name):
                    self._steps.setdefault(flow, []).append(entry)

    def of(self, page: PageRecord) -> str:
        """Return the digest of a page."""
        return hashlib.sha256(repr(list(self._lines(page))).encode("utf-8", "replace")).hexdigest()

    def _lines(self, page: PageRecord) -> Iterator[object]:
        names = sorted({name.rpartition("/")[2] for name in page.fingerprints if isinstance(name, str)})
        for name in names:
            yield self._steps.get(name)
            if self._functions:  # else no step links to a function
                yield [self._function(function) for function in self._site.functions_of(name)]
        for name in page.functions:
            yield [self._steps.get(flow) for flow in _flows_in(name)]
        for selection in page.fingerprints:
            if isinstance(selection, Selection):
                yield self._flows_of(selection)
        if page.roles:
            yield [self._led_to(role) for role in page.roles]

    def _flows_of(self, selection: Selection) -> list[str | None]:
        if selection not in self._selected:
            flows = self._site.select(selection)
            self._selected[selection] = [self._flows.get(full_name(flow)) for flow in flows]
        return self._selected[selection]

    def _led_to(self, role: tuple[str, str]) -> str:
        if role not in self._answers:
            kind, target = role
            kinds = ("flow", "step") if kind == "any" else (kind,)
            places = [sorted(self._domain.places(role_kind, target).items()) for role_kind in kinds]
            self._answers[role] = repr(places) if any(places) else ""
        return self._answers[role]

    def _function(self, name: str) -> tuple[str, str, bool]:
        entry = self._functions.get(documented_as(self._env, name))
        return (
            (entry.docname, entry.node_id, is_described(self._env, name, entry.docname)) if entry else ("", "", False)
        )


def _flows_in(step: str) -> Iterator[str]:
    """Yield the bare names of the flows that a step may belong to, by its full name; both names may contain dots."""
    bare = step.rpartition("/")[2]
    yield from (bare[: dot.start()] for dot in re.finditer(r"\.", bare))

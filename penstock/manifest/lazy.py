"""Cache format of a manifest: each flow on a line of its own, parsed on first access.

A build without changes only needs each flow's name and problems, and whether it has changed. Its steps are needed
only for a page that is written again. To parse them all would take such a build of 500 flows with 8 steps each 0.1 s
of processor time longer, where it takes 0.6 s, and one of 10,000 flows 2 s.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from penstock import manifest
from penstock.errors import ManifestError
from penstock.manifest.encoding import contents, encode_json, parts_of, summary_of
from penstock.model import Flow

if TYPE_CHECKING:
    from penstock.manifest import Manifest
    from penstock.model import Blind, Call, Edge, Step
    from penstock.model.resource_uses import ResourceUse, StaticTouch

_SHOWN, _CODE = ("steps", "edges", "uses"), ("calls", "blind", "touches")


class StoredFlow(Flow):
    """A flow of the cache, equal to the flow that was written there: its parts are decoded on first access.

    Attributes:
        texts: Its line of the cache: what is decoded at once, the steps and edges, the static relations. ``None`` for
            a copy with other values, which has all its parts as any flow does.
    """

    texts: tuple[str, str, str] | None = None

    @classmethod
    def of_line(cls, line: str) -> StoredFlow:
        """Return the flow of a line of the cache."""
        summary, details, code = line.split("\t")
        deferred = {*_SHOWN, *(_CODE if code else ())}
        values = vars(Flow(**summary_of(json.loads(summary))))
        flow = cls.__new__(cls)
        vars(flow).update({name: value for name, value in values.items() if name not in deferred})
        vars(flow)["texts"] = summary, details, code
        return flow

    @cached_property
    def _parts(self) -> dict[str, tuple[Any, ...]]:
        _, details, code = self.texts or ("", "", "")
        return parts_of({**json.loads(details), **(json.loads(code) if code else {})})

    @cached_property
    def steps(self) -> tuple[Step, ...]:
        """The steps, in flow order."""
        return self._parts["steps"]

    @cached_property
    def edges(self) -> tuple[Edge, ...]:
        """The edges, in the order of the steps."""
        return self._parts["edges"]

    @cached_property
    def uses(self) -> tuple[ResourceUse, ...]:
        """The triggers and effects of the steps, each with its state."""
        return self._parts["uses"]

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """The static relations of the steps, if analysed."""
        return self._parts["calls"]

    @cached_property
    def blind(self) -> tuple[Blind, ...]:
        """The places at which static analysis gave up."""
        return self._parts["blind"]

    @cached_property
    def touches(self) -> tuple[StaticTouch, ...]:
        """The resources that static analysis found, if analysed."""
        return self._parts["touches"]


def dumps(made: Manifest) -> str:
    """Return a manifest as text: a line with everything but the flows, then a line for each flow."""
    return manifest.dumps(replace(made, flows=()), indent=None) + "".join(f"{_line(flow)}\n" for flow in made.flows)


def loads(text: str, *, at_once: bool = False) -> Manifest:
    """Return the manifest that a text of :func:`dumps` holds.

    Args:
        text: The text.
        at_once: Whether to read everything now, because the text may come from elsewhere.

    Raises:
        ManifestError: The text has another format or is damaged.
    """
    head, *lines = text.removesuffix("\n").split("\n")
    result = manifest.loads(head)
    try:
        flows = tuple(map(StoredFlow.of_line, lines))
        if at_once:
            for flow in flows:
                len(flow.steps)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ManifestError(f"the manifest is damaged ({error!r})") from None
    return replace(result, flows=flows)


def digest(flow: Flow) -> str:
    """Return a digest of a flow without its static relations, whose line numbers move with each edit."""
    texts = flow.texts if isinstance(flow, StoredFlow) else None
    segments = (texts or _segments(flow))[:2]
    return hashlib.sha256("\t".join(segments).encode("utf-8", "replace")).hexdigest()


def _line(flow: Flow) -> str:
    return "\t".join(_segments(flow))  # JSON has no tab


def _segments(flow: Flow) -> tuple[str, str, str]:
    content = contents(flow)
    details = {name: content.pop(name) for name in _SHOWN}
    code = {name: content.pop(name) for name in _CODE}
    return encode_json(content), encode_json(details), encode_json(code) if any(code.values()) else ""

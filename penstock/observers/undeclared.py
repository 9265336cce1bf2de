"""Counts, in production, the ways that no arrow of the released flows declares."""

from __future__ import annotations

import logging
from collections import Counter, defaultdict
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.locks import make_lock
from penstock.observers.step_tracker import StepTracker

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from opentelemetry.metrics import Counter as OpenTelemetryCounter
    from opentelemetry.metrics import MeterProvider

    from penstock._runtime.events import Finish, StepEvent
    from penstock.check.evidence.circumstances import Key
    from penstock.model import Flow
    from penstock.observers.step_tracker import TrackedFrame

MAX_WAYS = 1000
"""Different ways that are counted apart; further ones are counted together, under empty names."""

_MAX_JUDGED = 10_000
_log = logging.getLogger("penstock.undeclared")


class UndeclaredWay(NamedTuple):
    """A step that ran where no arrow leads.

    Attributes:
        flow (str): The flow.
        step (str): The step that ran.
        inside (str): The nearest step around it.
    """

    flow: str
    step: str
    inside: str


OTHER_WAYS = UndeclaredWay("", "", "")
"""All ways beyond the largest number."""


class UndeclaredObserver:
    """Counts undeclared ways as they happen: ``add_observer(UndeclaredObserver(flows))``.

    A step is declared where one of the steps in its ``after=`` is the nearest step around it, or had finished inside that one
    before. Each way is logged once, by the logger ``penstock.undeclared``, and every time counted: in ``counts``, and by
    the counter ``penstock.undeclared`` of OpenTelemetry if that is installed. What is uncertain is not counted: entrypoints,
    steps outside a run, and steps that may have been given a generator.

    Args:
        flows: The flows of the release, as :func:`penstock.manifest.load` reads them from a manifest.
        meter_provider: OpenTelemetry's provider of meters; by default the global one.

    Attributes:
        counts (Counter[UndeclaredWay]): How often each way was taken.
    """

    def __init__(self, flows: Iterable[Flow], *, meter_provider: MeterProvider | None = None) -> None:
        self.counts: Counter[UndeclaredWay] = Counter()
        self._sources = _collect_sources(flows)
        self._tracker = StepTracker()
        self._judged: dict[Key, UndeclaredWay | None] = {}
        self._lock = make_lock()
        self._counter = _make_counter(meter_provider)

    def __call__(self, event: StepEvent, /) -> Finish | None:
        """Begin a step; return what judges it at its end, when it has consumed its generators."""
        frame = self._tracker.begin(event)
        return None if frame is None else partial(self._finish, frame)

    def _finish(self, frame: TrackedFrame, _error: BaseException | None, /) -> None:
        frame.end()
        following: TrackedFrame | None = frame
        while following is not None:
            if following.parent is not None and not (following.run_kind or following.is_entrypoint):
                key = following.key(following.is_lazy)
                try:
                    way = self._judged[key]
                except KeyError:
                    way = self._judge(key)
                if way is not None:
                    self._count(way, key[3])
            following = following.beside

    def _judge(self, key: Key) -> UndeclaredWay | None:
        """Return the way of a fact if no arrow declares it."""
        flow, step, inside, done, *_ = key
        steps = self._sources.get(flow)
        is_declared = steps is None or steps.get(step, _NOTHING).allows(inside, done)
        if len(self._judged) >= _MAX_JUDGED:
            self._judged.clear()
        way = self._judged[key] = None if is_declared else UndeclaredWay(flow, step, inside)
        return way

    def _count(self, way: UndeclaredWay, done: frozenset[str]) -> None:
        with self._lock:
            if way not in self.counts and len(self.counts) >= MAX_WAYS:
                way = OTHER_WAYS
            self.counts[way] += 1
            is_new = self.counts[way] == 1
        if self._counter is not None:
            self._counter.add(1, {f"penstock.{name}": text for name, text in way._asdict().items()})
        if is_new and way is not OTHER_WAYS:
            before = f" after {', '.join(map(repr, sorted(done)))}" if done else ""
            place = f"flow {way.flow!r}: {way.step!r} ran in {way.inside!r}{before}"
            _log.warning("%s, and no arrow declares that; see penstock check", place)


class _Sources(NamedTuple):
    names: frozenset[str] = frozenset()
    has_generator: bool = False

    def allows(self, inside: str, done: frozenset[str]) -> bool:
        """Return whether a step may run in a step, after those."""
        return self.has_generator or inside in self.names or not self.names.isdisjoint(done)


_NOTHING = _Sources()


def _collect_sources(flows: Iterable[Flow]) -> Mapping[str, Mapping[str, _Sources]]:
    sources: dict[str, Mapping[str, _Sources]] = {}
    for flow in flows:
        generators = {step.name for step in flow.steps if step.kind.endswith("generator")}
        names: dict[str, set[str]] = defaultdict(set)
        for edge in flow.edges:
            names[edge.target].add(edge.source)
        sources[flow.name] = {
            step: _Sources(frozenset(group), bool(group & generators)) for step, group in names.items()
        }
    return sources


def _make_counter(provider: MeterProvider | None) -> OpenTelemetryCounter | None:
    try:
        from opentelemetry.metrics import get_meter  # noqa: PLC0415 - optional
    except ModuleNotFoundError:
        return None
    text = "steps that ran where no arrow leads"
    return get_meter("penstock", meter_provider=provider).create_counter(
        "penstock.undeclared", unit="{step}", description=text
    )

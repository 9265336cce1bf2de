"""A run of a flow: its correlation ID, and what travels with it."""

from __future__ import annotations

import os
from types import MappingProxyType

from penstock._spans import span_around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Arrived:
    """What another process told of the steps around: its text, and what an observer has made of it."""

    frames: dict[str, Any] | None = None

    def __init__(self, text: str) -> None:
        self.text = text

    def settle(self, frames: dict[str, Any]) -> dict[str, Any]:
        """Keep what was made of the text, unless another thread was first; return what is kept."""
        kept: dict[str, Any] = self.__dict__.setdefault("frames", frames)
        return kept


class Run:
    """One run of a flow, from its entrypoint to its end.

    Attributes:
        flow: The flow's name; ``None`` until an entrypoint is called, in a run that something else has started.
        values: What travels with the run; never changed, only replaced together with the run.
        remote: Span ID and trace flags of the caller in another process, where it has told them.
        arrived: What the caller told of the steps around, while evidence is recorded.
        random: Whether the ID is known to be made of random bits.
        notes: What observers keep with the run, each under a key of its own; made on first asking.
        joinable: Whether an entrypoint joins the run just so: ``False`` where one has to name the flow first, ``None``
            once the entrypoint that started it has returned. One attribute, so that joining reads no more than this.
        closed: Whether the request that the run is has been served; what goes on after it still belongs to it.
        outer: The run that this one began inside, whose ID it does not take, though the trace around is the same.
    """

    id: str
    """The correlation ID: 32 lower-case hex digits, a valid trace-id of W3C Trace Context, or what came in."""

    values: Mapping[str, Any] = MappingProxyType({})
    remote: tuple[str, int] | None = None
    arrived: Arrived | None = None
    random: bool = False
    notes: dict[object, Any]
    joinable: bool | None = True
    closed: bool = False
    outer: Run | None = None

    def __init__(self, flow: str | None) -> None:
        self.flow = flow
        if flow is None:
            self.joinable = False

    def __getattr__(self, name: str) -> Any:
        # The ID is made on first asking; setdefault is atomic, so threads that ask at once agree on one.
        if name == "id":
            trace_id = self.trace_id()
            own = trace_id or new_id()
            self.random = (self.identify(own) == own and trace_id is None) or self.random
            return self.id
        if name == "notes":
            return self.__dict__.setdefault("notes", {})
        raise AttributeError(name)

    def identify(self, flow_id: str) -> str:
        """Give the run this ID unless it has one; return the one it has now."""
        value: str = self.__dict__.setdefault("id", flow_id)
        return value

    def settle(self) -> None:
        """Make the ID now, which is that of the trace around."""
        if not self.identified:
            self.identify(self.id)

    def trace_id(self) -> str | None:
        """Return the ID that the run has from the trace around; ``None`` if there is none, or it is the outer run's."""
        span = span_around()
        return None if span is None or span.ended or self.is_apart_from(span.trace_id) else span.trace_id

    def is_apart_from(self, trace_id: str) -> bool:
        """Return whether a trace has given its ID to the outer run."""
        return self.outer is not None and self.outer.id == trace_id

    @property
    def identified(self) -> bool:
        """Tell whether the ID is made already."""
        return "id" in self.__dict__

    @property
    def over(self) -> bool:
        """Tell whether what the run is has come to its end; tasks that it started may still go on."""
        return self.closed or self.joinable is None

    def with_value(self, name: str, value: object) -> Run:
        """Return the same run, by its ID, with one more value."""
        run = Variant(self)
        run.values = MappingProxyType({**self.values, name: value})
        return run

    def reopen(self) -> Run:
        """Return the run for code that was bound to it on purpose: itself, or one that can still be joined."""
        if self.joinable is not None:
            return self
        run = Run(self.flow)
        _copy(self, run)
        return run


class Variant(Run):
    """A run with a value more; it comes to its end together with the one that it was made of."""

    def __init__(self, origin: Run) -> None:
        self.flow = origin.flow
        self._origin: Run = getattr(origin, "_origin", origin)
        _copy(origin, self)

    @property
    def joinable(self) -> bool | None:
        """As a run has it."""
        return None if self._origin.joinable is None else self.flow is not None

    @joinable.setter
    def joinable(self, value: bool | None) -> None:
        if value is None:
            self._origin.joinable = None

    @property
    def closed(self) -> bool:
        """As a run has it."""
        return self._origin.closed

    @closed.setter
    def closed(self, value: bool) -> None:
        self._origin.closed = value


def _copy(origin: Run, run: Run) -> None:
    """Give a run the ID of another one, and what travels with it."""
    run.identify(origin.id)
    run.values, run.remote, run.arrived = origin.values, origin.remote, origin.arrived
    run.random, run.notes = origin.random, origin.notes


def new_id() -> str:
    """Return 32 random lower-case hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    while True:
        value = os.urandom(16).hex()
        if value.strip("0"):
            return value

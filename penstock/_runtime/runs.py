"""A run of a flow: its correlation ID, and what travels with it."""

from __future__ import annotations

import os
from types import MappingProxyType

from penstock._runtime.current_span import span_around

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any


class Arrived:
    """Step context received from the caller: the raw text, and the frames that an observer decoded."""

    frames: dict[str, Any] | None = None

    def __init__(self, text: str) -> None:
        self.text = text

    def settle(self, frames: dict[str, Any]) -> dict[str, Any]:
        """Store the decoded frames, unless another thread was first; return the stored ones."""
        stored_frames: dict[str, Any] = self.__dict__.setdefault("frames", frames)
        return stored_frames


class Run:
    """One run of a flow, from its entrypoint to its end.

    Attributes:
        flow: The flow's name; ``None`` until an entrypoint is called, in a run started by other means.
        values: The values that travel with the run; never changed, only replaced together with the run.
        remote: Span ID and trace flags of the caller in another process, if known.
        arrived: The caller's step context, while evidence is recorded.
        random: Whether the ID is known to be made of random bits.
        notes: Observer state for this run, each under a key of its own; created on first access.
        joinable: Whether an entrypoint joins the run just so: ``False`` where one has to name the flow first, ``None``
            once the entrypoint that started it has returned. One attribute, so that joining reads no more than this.
        closed: Whether the request that the run is has been served; what goes on after it still belongs to it.
        outer: The run that this one began inside, whose ID it does not take, though both share the surrounding trace.
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
        # The ID is created on first access; setdefault is atomic, so concurrent threads agree on one.
        if name == "id":
            trace_id = self.trace_id()
            own = trace_id or new_id()
            self.random = (self.identify(own) == own and trace_id is None) or self.random
            return self.id
        if name == "notes":
            return self.__dict__.setdefault("notes", {})
        raise AttributeError(name)

    def identify(self, flow_id: str) -> str:
        """Give the run this ID unless it has one; return its ID."""
        value: str = self.__dict__.setdefault("id", flow_id)
        return value

    def settle(self) -> None:
        """Create the ID now: that of the current trace, if any."""
        if not self.identified:
            self.identify(self.id)

    def trace_id(self) -> str | None:
        """Return the run's ID from the current trace; ``None`` without one, or if it is the outer run's."""
        span = span_around()
        return None if span is None or span.ended or self.is_apart_from(span.trace_id) else span.trace_id

    def is_apart_from(self, trace_id: str) -> bool:
        """Return whether the outer run's ID comes from a trace."""
        return self.outer is not None and self.outer.id == trace_id

    @property
    def identified(self) -> bool:
        """Return whether the ID exists already."""
        return "id" in self.__dict__

    @property
    def over(self) -> bool:
        """Return whether the run itself has ended; tasks that it started may still be running."""
        return self.closed or self.joinable is None

    def with_value(self, name: str, value: object) -> Run:
        """Return the same run, with the same ID and one more value."""
        run = Variant(self)
        run.values = MappingProxyType({**self.values, name: value})
        return run

    def reopen(self) -> Run:
        """Return the run for code bound to it explicitly: itself, or a copy that can still be joined."""
        if self.joinable is not None:
            return self
        run = Run(self.flow)
        _copy(self, run)
        return run


class Variant(Run):
    """A run with one more value; it ends together with the original run."""

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
        """Set the original run's flag to ``None``; ignore any other value."""
        if value is None:
            self._origin.joinable = None

    @property
    def closed(self) -> bool:
        """As a run has it."""
        return self._origin.closed

    @closed.setter
    def closed(self, value: bool) -> None:
        """Set the flag on the original run."""
        self._origin.closed = value


def _copy(origin: Run, run: Run) -> None:
    """Give a run the ID of another one, and its values."""
    run.identify(origin.id)
    run.values, run.remote, run.arrived = origin.values, origin.remote, origin.arrived
    run.random, run.notes = origin.random, origin.notes


def new_id() -> str:
    """Return 32 random lower-case hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    while True:
        value = os.urandom(16).hex()
        if value.strip("0"):
            return value


BLOCK = object()
"""The key in an event's notes which marks that the block of its context manager is running."""

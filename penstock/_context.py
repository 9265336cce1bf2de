"""The run that the current code belongs to, held in a context variable."""

from __future__ import annotations

from contextvars import ContextVar
from os import urandom

TYPE_CHECKING = False
if TYPE_CHECKING:
    from contextvars import Token
    from typing import TypeVar

    from penstock.observers import StepEvent

    T = TypeVar("T")


class Run:
    """One run of a flow, from its entrypoint to its end."""

    id: str
    """The correlation ID: 32 lower-case hex digits, a valid trace-id of W3C Trace Context."""

    def __init__(self, flow: str | None) -> None:
        self.flow = flow

    def __getattr__(self, name: str) -> str:
        # The ID is made on first asking; setdefault is atomic, so threads that ask at once agree on one.
        if name == "id":
            value: str = self.__dict__.setdefault("id", new_id())
            return value
        raise AttributeError(name)


def new_id() -> str:
    """Return 32 random lower-case hex digits, never all zero (W3C Trace Context, section 3.2.2.3)."""
    while True:
        value = urandom(16).hex()
        if value.strip("0"):
            return value


current_run: ContextVar[Run | None] = ContextVar("penstock_run", default=None)
current_event: ContextVar[StepEvent | None] = ContextVar("penstock_step", default=None)


def current_flow_id() -> str | None:
    """Return the correlation ID of the run that this code belongs to.

    Returns:
        32 lower-case hex digits, a valid W3C trace-id; ``None`` outside every run.
    """
    run = current_run.get()
    return None if run is None else run.id


def restore(variable: ContextVar[T], token: Token[T]) -> None:
    """Give the variable the value that it had before ``token`` was handed out.

    A coroutine or generator may be closed or collected in another context than the one that it ran in. There
    the token is foreign and nothing was changed, so there is nothing to restore.
    """
    try:  # noqa: SIM105 - contextlib costs an import
        variable.reset(token)
    except ValueError:
        pass

"""Documented by autodoc and as a flow."""

from penstock import flow

tasks = flow("tasks")


@tasks.entrypoint
def start() -> None:
    """Start."""


@tasks.step(after=start)
def stop() -> None:
    """Stop; the opposite of :py:func:`start`."""

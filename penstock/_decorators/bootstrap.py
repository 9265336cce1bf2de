"""Joins the recording that has started this process."""

from __future__ import annotations

from penstock._recording.effects import effect_hooks
from penstock._recording.process_recorder import has_recorder, recorder
from penstock._runtime.scope import add_observer


def join_recording() -> None:
    """Record this process, too, if its recording is still going on; what runs tests itself has a recorder already."""
    is_new = not has_recorder()
    if (part := recorder()) is not None:
        part.started = part.started or is_new
        add_observer(part)
        if is_new:
            effect_hooks.watch(part)

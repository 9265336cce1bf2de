"""Flows whose code was not read: nothing is known of their edges, so nothing is reported on them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from penstock.model import UNREAD, Blind, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from penstock.model import Flow

UNREAD_CODE: Final = "unread"
"""The code of the problem that says which flows were not read."""

_MAX_NAMES = 3


def is_unread(flow: Flow) -> bool:
    """Return whether some code of a flow was not read, so that its arrows cannot be judged."""
    return any(place.reason == UNREAD for place in flow.blind)


def mark_unread(flow: Flow) -> Flow:
    """Return a flow without its static relations, marked as not read."""
    places = (Blind(step=step.name, reason=UNREAD, file=step.file, line=step.line) for step in flow.steps[:1])
    return replace(flow, calls=(), touches=(), blind=tuple(places))


def describe_unread(flows: Sequence[Flow], why: str) -> tuple[Problem, ...]:
    """Return a problem that names the flows which were not read, or nothing if all were.

    Args:
        flows: All flows.
        why: The reason and the cure, as sentences.
    """
    unread = [flow for flow in flows if is_unread(flow)]
    if not unread:
        return ()
    names = ", ".join(flow.name for flow in unread[:_MAX_NAMES])
    more = f" and {len(unread) - _MAX_NAMES:,} more" if len(unread) > _MAX_NAMES else ""
    message = f"the code of {len(unread):,} of {len(flows):,} flows ({names}{more}) was not read: {why}"
    place = next(place for place in unread[0].blind if place.reason == UNREAD)
    return (Problem(code=UNREAD_CODE, message=message, file=place.file, line=place.line),)


def explain_timeout(seconds: float) -> str:
    """Return why code was not read in time, and what to do."""
    return f"it takes longer than {seconds:g} s. Their edges are not checked; increase `reading_timeout`."

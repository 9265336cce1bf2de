"""The header with the steps around a message: frames of each flow as JSON, after the version of the format."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from penstock._runtime.evidence_header import EVIDENCE_VERSION
from penstock.check.evidence.frames import decode_frames, encode_frames

if TYPE_CHECKING:
    from collections.abc import Mapping

    from penstock._runtime.runs import Run
    from penstock.check.evidence.frames import StepFrame

NO_STEPS = f"{EVIDENCE_VERSION}{{}}"
"""The text of a sender that had no step around."""


def encode_step_frames(frames: Mapping[str, StepFrame]) -> str:
    """Return the text for a message.

    Args:
        frames: The innermost frame of each flow.
    """
    rows = {flow: encode_frames(frame) for flow, frame in frames.items()}
    return EVIDENCE_VERSION + json.dumps(rows, separators=(",", ":"))


def remote_frames(run: Run) -> dict[str, StepFrame]:
    """Return the frames that another process sent with the run; damaged data counts as none."""
    remote_context = run.arrived
    if remote_context is None:
        return {}
    if remote_context.frames is not None:
        return remote_context.frames
    try:
        content = json.loads(remote_context.text.removeprefix(EVIDENCE_VERSION)).items()
        frames = {flow: frame for flow, rows in content if (frame := decode_frames(flow, rows)) is not None}
    except (ValueError, TypeError, AttributeError, RecursionError):
        frames = {}
    return remote_context.settle(frames)

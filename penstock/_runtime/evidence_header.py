"""The header with the steps around the sender of a message, which evidence and facts on spans need from other processes."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

EVIDENCE_HEADER = "X-Penstock-Evidence"
LONGEST_EVIDENCE = 8192
"""Maximum characters; a longer text is neither sent nor read."""
EVIDENCE_VERSION = "1"
"""How the header with the steps around begins, before its JSON; a text of another version is not read."""


class _EvidenceSource:
    """The sources of the encoded steps around; without one, received steps are ignored.

    Attributes:
        encode: That of a recording.
        spare: That of an observer which writes facts on spans.
    """

    encode: Callable[[], str] | None = None
    spare: Callable[[], str] | None = None


def set_evidence_source(source: Callable[[], str] | None, *, is_spare: bool = False) -> None:
    """Let messages carry the steps around, as ``source`` returns them, and read those of other processes.

    Args:
        source: Returns the encoded steps, or an empty string; ``None`` takes the one before away.
        is_spare: Whether another source, as a recording has one, takes precedence.
    """
    if is_spare:
        _EvidenceSource.spare = source
    else:
        _EvidenceSource.encode = source


def encode_evidence() -> str:
    """Return the encoded steps around for a message while evidence or facts are recorded, else an empty string."""
    source = _EvidenceSource.encode or _EvidenceSource.spare
    return source() if source else ""


def is_evidence_wanted() -> bool:
    """Return whether steps around are of use here: while evidence or facts are recorded."""
    return bool(_EvidenceSource.encode or _EvidenceSource.spare)


def is_evidence(text: str) -> bool:
    """Return whether a text may be that of such a header: of this version, and not too long."""
    return len(text) <= LONGEST_EVIDENCE and text.startswith(EVIDENCE_VERSION + "{")

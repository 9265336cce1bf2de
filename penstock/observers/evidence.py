"""The observer that counts evidence."""

from penstock._recording.evidence_observer import EvidenceObserver

__all__ = ["EvidenceObserver"]

"""A recorder, for the tests of this folder that ask for one by this name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from penstock import observing
from penstock.observers.evidence import EvidenceObserver

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def observer() -> Iterator[EvidenceObserver]:
    """A recorder that observes."""
    with observing(EvidenceObserver()) as made:
        assert isinstance(made, EvidenceObserver)
        yield made

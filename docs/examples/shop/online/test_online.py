"""The shop and the carrier at work, each in its own process."""

import shutil
import subprocess
import sys

import pytest


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is missing")
def test_an_order_online():
    """The worker packs the order, and the carrier plans a tour."""
    finished = subprocess.run([sys.executable, "-m", "online"], capture_output=True, text=True, check=True, timeout=120)
    assert "order A-1 announced" in finished.stdout
    assert "the shop is on tomorrow's tour" in finished.stdout

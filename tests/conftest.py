"""What every test stands on: an empty registry, nobody observing, and logging as Python starts with it."""

from __future__ import annotations

import gc
import logging
import os
import shutil
import socket
import subprocess
import time
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings

from penstock.testing import empty_registry, no_observers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# How fast the machine is is not what is tested; CI tries more.
settings.register_profile("patient", deadline=None, max_examples=100 if "CI" in os.environ else 40)
settings.load_profile("patient")


@pytest.fixture(autouse=True, scope="module")
def _own_logging() -> Iterator[None]:
    """Give back the root logger as it was: a Celery worker in the process sets its level, and keeps its handlers."""
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    yield
    root.setLevel(level)
    root.handlers[:] = handlers


@pytest.fixture(autouse=True, scope="module")
def _small_heap() -> None:
    """Let tests that search for garbage search what they make, not what the files before them left."""
    gc.freeze()


@pytest.fixture(autouse=True)
def _nothing_declared() -> Iterator[None]:
    """Start each test with no flows and no observers, and give back afterwards what modules had declared."""
    with empty_registry(), no_observers():
        yield


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    """A real Redis on a free port; give its address."""
    pytest.importorskip("redis")
    if shutil.which("redis-server") is None:
        assert "CI" not in os.environ, "redis-server is missing"
        pytest.skip("redis-server is missing")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with subprocess.Popen([*command, "--dir", str(tmp_path)], stdout=subprocess.DEVNULL) as server:
        try:
            deadline = time.monotonic() + 600
            while not _is_reachable(port) and server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert server.poll() is None
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


def _is_reachable(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

"""A Redis of the tests' own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time

import pytest


@pytest.fixture
def redis_url(tmp_path):
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
            deadline = time.monotonic() + 60
            while not reachable(port) and server.poll() is None and time.monotonic() < deadline:
                time.sleep(0.05)
            assert server.poll() is None
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            server.terminate()


def reachable(port):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True

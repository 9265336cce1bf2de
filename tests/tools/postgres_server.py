"""Starts Debian's PostgreSQL in a folder of its own, on a free port, as a user without rights: it refuses root."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

_MAX_START = 600
"""Seconds until the server must accept connections."""


def _find_program(name: str) -> str:
    """Return the path of a program of PostgreSQL, which Debian keeps out of PATH; skip the test if it is missing."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    program = shutil.which(name, path=os.pathsep.join([*map(str, folders), os.environ.get("PATH", "")]))
    if program is None:
        assert "CI" not in os.environ, "postgresql is missing"
        pytest.skip("postgresql is missing")
    return program


@contextmanager
def run_postgres(folder: Path) -> Iterator[str]:
    """Run a server below a folder, and give the address of its database."""
    user = "postgres" if os.geteuid() == 0 else None
    for place in (folder, *folder.parents[:1]):
        place.chmod(0o755)
    if user:
        shutil.chown(folder, user)
    initdb = [_find_program("initdb"), "-D", f"{folder}/data", "-U", "penstock", "-A", "trust", "-N", "-E", "UTF8"]
    subprocess.run(initdb, check=True, stdout=subprocess.DEVNULL, user=user, cwd=folder)
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    options = ["-h", "127.0.0.1", "-p", str(port), "-k", str(folder), "-F", "-c", "log_min_messages=fatal"]
    command = [_find_program("postgres"), "-D", f"{folder}/data", *options]
    with subprocess.Popen(command, user=user, cwd=folder, stderr=subprocess.DEVNULL) as server:
        try:
            _await(folder / f".s.PGSQL.{port}", server)
            yield f"postgresql://penstock@127.0.0.1:{port}/postgres"
        finally:
            server.send_signal(2)  # fast shutdown: connections are ended


def _await(socket_file: Path, server: subprocess.Popen[bytes]) -> None:
    """Wait for the server's socket, which appears when it listens; it may still be starting."""
    deadline = time.monotonic() + _MAX_START
    while not socket_file.exists() and server.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    assert server.poll() is None, "PostgreSQL has not started"

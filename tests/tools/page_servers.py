"""The servers that a page of the documentation starts, for as long as the page is typed."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

COMMANDS = ("celery ", "flask ", "python manage.py runserver", "uvicorn ")
PORT = "8000"
"""The port on the pages; the operating system picks another one."""
PATIENCE = 30


def is_server(command: str) -> bool:
    """Return whether a command runs until it is stopped."""
    return command.startswith(COMMANDS)


class Servers:
    """Starts the servers of a page, and ends them with the page.

    Args:
        folder: The folder in which the page is typed.
        environment: The environment of the reader's shell.
    """

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self._folder = folder
        self._environment = {**environment, "PYTHONUNBUFFERED": "1"}
        self._log = folder.with_name(f"{folder.name}.log")
        self._port = _free_port()
        self.running: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stop()

    def _stop(self) -> None:
        for server in self.running:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait()
        self.running.clear()

    def with_port(self, text: str) -> str:
        """Return a text of the page with the port that is free here."""
        return re.sub(rf"\b{PORT}\b", self._port, text)

    def without_port(self, text: str) -> str:
        """Return an output with the port of the page."""
        return re.sub(rf"\b{self._port}\b", PORT, text)

    def start(self, command: str, shown: str) -> None:
        """Start a server, in place of another one at its port; wait until it prints the shown lines, and answers."""
        if PORT in command:
            self._stop()
        with self._log.open("ab") as log:
            self.running.append(
                subprocess.Popen(
                    ["bash", "-c", f"exec {self.with_port(command)}"],
                    cwd=self._folder,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            )
        self.wait_for(shown)
        if PORT in command:
            self._wait(self._answers, f"{command} does not answer:")

    def wait_for(self, shown: str) -> None:
        """Wait until the servers have printed each of the lines."""
        lines = [line for line in shown.splitlines() if line.strip()]
        self._wait(lambda: all(line in self._printed() for line in lines), f"the servers do not print {lines}:")

    def _wait(self, done: Callable[[], bool], message: str) -> None:
        end = time.monotonic() + PATIENCE
        while not done():
            assert time.monotonic() < end, f"{message}\n{self._printed()}"
            time.sleep(0.05)

    def _answers(self) -> bool:
        with socket.socket() as client:
            return client.connect_ex(("127.0.0.1", int(self._port))) == 0

    def _printed(self) -> str:
        return self.without_port(self._log.read_text(encoding="utf-8"))


def _free_port() -> str:
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        return str(server.getsockname()[1])

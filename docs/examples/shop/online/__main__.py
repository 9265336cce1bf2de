"""Start Redis, the worker and both services, order something, end them all: ``python -m online``."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

HOST = "127.0.0.1"
SECONDS = 60


def free_port() -> int:
    """Return a free port."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def running(*command: str, port: int = 0, **environment: str) -> Iterator[None]:
    """Keep a program running, once it listens on its port."""
    with subprocess.Popen(command, env={**os.environ, **environment}) as process:
        try:
            if port:
                wait_for(port, process)
            yield
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    """Return when the program listens on the port."""
    deadline = time.monotonic() + SECONDS
    while process.poll() is None and time.monotonic() < deadline:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    message = f"no program listens on port {port}"
    raise RuntimeError(message)


def services(stack: ExitStack, folder: str) -> str:
    """Start everything; return where the shop is."""
    redis, web, carrier = free_port(), free_port(), free_port()
    where = {"REDIS_URL": f"redis://{HOST}:{redis}/0", "CARRIER_URL": f"http://{HOST}:{carrier}"}
    quiet = ("--save", "", "--appendonly", "no", "--loglevel", "warning", "--logfile", f"{folder}/redis.log")
    stack.enter_context(
        running("redis-server", "--port", str(redis), "--bind", HOST, "--dir", folder, *quiet, port=redis)
    )
    serve(stack, "online.carrier:app", carrier, where)
    worker = ("-m", "celery", "--quiet", "-A", "online.tasks", "worker", "--pool", "solo", "--without-mingle")
    stack.enter_context(running(sys.executable, *worker, **where))
    serve(stack, "online.web:app", web, where)
    return f"http://{HOST}:{web}"


def serve(stack: ExitStack, app: str, port: int, where: Mapping[str, str]) -> None:
    """Start a web service."""
    command = (sys.executable, "-m", "uvicorn", app, "--host", HOST, "--port", str(port), "--log-level", "warning")
    stack.enter_context(running(*command, port=port, **where))


def say(line: str) -> None:
    """Write a line to standard output in one piece: the services write there, too, and print would write it in two."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


def order(shop: str) -> None:
    """Order five pieces, as a customer would, and wait until they are packed and announced."""
    with httpx.Client(base_url=shop) as client:
        answer = client.post("/orders/online", json={"number": "A-1", "pieces": 5})
        say(f"client  {os.getpid()} {answer.headers['X-Correlation-ID']} is what the shop answered")
        task, deadline = answer.json()["task"], time.monotonic() + SECONDS
        while client.get(f"/tasks/{task}").json() not in {"SUCCESS", "FAILURE"} and time.monotonic() < deadline:
            time.sleep(0.05)


def main() -> None:
    """Run the shop online, in a temporary folder."""
    if shutil.which("redis-server") is None:
        sys.exit("redis-server is missing; on Debian: apt-get install redis-server")
    with TemporaryDirectory() as folder, ExitStack() as stack:
        order(services(stack, folder))


if __name__ == "__main__":
    main()

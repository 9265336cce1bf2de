"""``mkdocs serve``, really started: the page follows the source."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CONFIG = """site_name: T
theme: {name: null, custom_dir: theme}
plugins:
  - penstock:
      modules: [shop.*]
      path: [.]
      pages: true
"""
MODULE = '''from penstock import entrypoint, flow

@flow("orders")
@entrypoint
def receive(): """Receive an order."""
'''
MORE = '''from penstock import flow, step

@flow("orders")
@step(after="receive")
def store(): """Keep it."""
'''


@contextmanager
def serving(folder: Path) -> Iterator[tuple[str, Path]]:
    """Start the server on a port of its own choice; yield its address and its log."""
    log = folder / "serve.log"
    with log.open("w", encoding="utf-8") as output:
        command = [sys.executable, "-m", "mkdocs", "serve", "--livereload", "-a", f"127.0.0.1:{free_port()}"]
        environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=output, stderr=output)
        try:
            yield wait_for(lambda: re.search(r"Serving on (\S+)", log.read_text(encoding="utf-8")))[1], log
        finally:
            process.terminate()
            process.wait(10)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition, seconds: float = 20):
    """Return what the condition gives as soon as it is true."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.1)
    return pytest.fail("it did not happen in time")


def read(url: str) -> str:
    """Return a page, or nothing while the server has none."""
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return answer.read().decode()
    except urllib.error.URLError:
        return ""


def test_page_follows_the_source(tmp_path, write_site):
    """An edited docstring, a new module, a broken one and a mended one are on the page at the next reload, without a loop."""
    write_site(tmp_path, CONFIG, index="# Home\n\n::: penstock-flow orders\n")
    package = tmp_path / "shop"
    package.mkdir()
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "main.html").write_text("<html><body>{{ page.content }}</body></html>", encoding="utf-8")
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "orders.py").write_text(MODULE, encoding="utf-8")

    with serving(tmp_path) as (url, log):
        assert "Receive an order." in read(url)

        (package / "orders.py").write_text(MODULE.replace("Receive", "Accept"), encoding="utf-8")
        wait_for(lambda: "Accept an order." in read(url))

        (package / "more.py").write_text(MORE, encoding="utf-8")
        wait_for(lambda: "Keep it." in read(url) and "Keep it." in read(f"{url}flows/orders/"))

        (package / "more.py").write_text("def broken(:\n", encoding="utf-8")
        wait_for(lambda: "SyntaxError" in read(url))

        (package / "more.py").write_text(MORE.replace("Keep", "Hold"), encoding="utf-8")
        wait_for(lambda: "Hold it." in read(url))

        time.sleep(1.5)
        builds = log.read_text(encoding="utf-8").count("Building documentation")
        time.sleep(1.5)
        assert builds == log.read_text(encoding="utf-8").count("Building documentation")

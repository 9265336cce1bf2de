"""What the tests of the MkDocs side share: flows in a manifest, pages converted in this process, sites built outside."""

from __future__ import annotations

import importlib.util
import logging
import os
from typing import TYPE_CHECKING, NamedTuple

import markdown
import pytest

from forked import run
from penstock import manifest
from penstock.model import Edge, Flow, Problem, Step

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from pathlib import Path

DOCSTRING = """Check the order.

It may take a while.

Args:
    order: What was ordered.
    strict: Whether to be strict.

Returns:
    What is wrong with it.

Raises:
    ValueError: There is no order.
"""

ORDERS = Flow(
    name="orders",
    title="Orders",
    description="From order to mail.",
    steps=(
        Step(
            name="receive",
            title="Receive an order.",
            docstring="Receive an order.",
            signature="(msg: Message) -> None",
            file="shop/orders.py",
            line=3,
            end_line=9,
            entrypoint=True,
            trigger="kafka:orders",
        ),
        Step(
            name="check",
            title="Check the order.",
            docstring=DOCSTRING,
            signature="(order: Order, *, strict: bool = False) -> list[str]",
            file="shop/orders.py",
            line=12,
            end_line=30,
            kind="coroutine",
            effects=("sqlite:orders",),
        ),
        Step(name="thank", title="Say thanks.", docstring="Say thanks.", file="shop/orders.py", line=33, end_line=35),
        Step(name="refuse", title="Say sorry.", docstring="Say sorry.", file="shop/orders.py", line=38, end_line=40),
    ),
    edges=(
        Edge(source="receive", target="check"),
        Edge(source="check", target="thank", label="if valid"),
        Edge(source="check", target="refuse", label="else"),
    ),
)

BROKEN = Flow(
    name="broken",
    steps=(Step(name="lost", entrypoint=True),),
    problems=(Problem(code="unknown-after", message="after='x' names no step.", file="app.py", line=7, step="lost"),),
)

APPLICATION = '''
from penstock import entrypoint, flow, step


@flow("orders")
@entrypoint(trigger="kafka:orders")
def receive(msg: dict) -> None:
    """Receive an extraordinary order."""


@flow("orders")
@step(after="receive")
def store(order: int = 3) -> None:
    """Store it."""
'''


class Converted(NamedTuple):
    """A page that was converted, and what was logged meanwhile."""

    html: str
    toc: list[dict]
    logged: list[str]


@pytest.fixture
def write_manifest(tmp_path: Path) -> Callable[..., Path]:
    """Return a function that writes flows to a manifest and returns its path."""

    def write(*flows: Flow) -> Path:
        path = tmp_path / "flows.json"
        manifest.save(manifest.Manifest(flows=flows), path)
        return path

    return write


@pytest.fixture
def convert(write_manifest, caplog) -> Callable[..., Converted]:
    """Return a function that converts a page that embeds given flows, ``ORDERS`` and ``BROKEN`` by default."""

    def run(text: str, *flows: Flow, extensions: tuple = (), configs: dict | None = None, **settings) -> Converted:
        path = write_manifest(*(flows or (BROKEN, ORDERS)))
        every = ["penstock", "toc", *extensions]
        settings = {"manifests": [str(path)], "trust_manifests": True, "js": False, **settings}
        md = markdown.Markdown(extensions=every, extension_configs={"penstock": settings, **(configs or {})})
        caplog.clear()
        with caplog.at_level(logging.WARNING, logger="mkdocs.plugins.penstock"):
            html = md.convert(text)
        return Converted(html, md.toc_tokens, [record.getMessage() for record in caplog.records])

    return run


@pytest.fixture
def orders() -> Flow:
    """Return a flow of four steps with a branch."""
    return ORDERS


@pytest.fixture(scope="session")
def run_tool() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Return a function that runs ``mkdocs``, ``properdocs`` or ``zensical`` in a site's folder."""

    def run_tool(tool: str, *arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
        needs(tool)
        return run(tool, *arguments, cwd=folder, NO_MKDOCS_2_WARNING="1", DISABLE_MKDOCS_2_WARNING="true")

    return run_tool


def needs(*modules: str) -> None:
    """Skip where a host is not installed; in CI, all of them have to be."""
    missing = [module for module in modules if importlib.util.find_spec(module) is None]
    if missing and os.environ.get("CI"):
        pytest.fail(f"not installed: {', '.join(missing)}")
    if missing:
        pytest.skip(f"not installed: {', '.join(missing)}")


@pytest.fixture(scope="session")
def needs_host() -> Callable[..., None]:
    """Return a function that skips where a host is not installed."""
    return needs


@pytest.fixture(scope="session")
def write_site() -> Callable[..., Path]:
    """Return a function that writes a site's files, an application in ``src/app.py`` among them."""

    def write(folder: Path, config: str, **pages: str) -> Path:
        files = {"mkdocs.yml": config, "src/app.py": APPLICATION, **{f"docs/{k}.md": v for k, v in pages.items()}}
        for name, text in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        return folder

    return write

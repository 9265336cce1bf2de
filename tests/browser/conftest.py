"""A headless browser for the tests that must see what a reader sees."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser

NODE_MODULES = Path(__file__).parents[1] / "node_modules"

ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def _missing(what: str, cure: str) -> NoReturn:
    """Skip the test that cannot run without ``what``, but fail it in CI, where nothing may be missing."""
    message = f"{what} is missing; {cure}"
    if os.environ.get("CI"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One Chromium for a module: while Playwright runs, no other test of the process may run an event loop."""
    try:
        from playwright.sync_api import sync_playwright
    except ImportError:
        _missing("Playwright", "install it: pip install playwright")
    chromium = shutil.which("chromium")
    if not chromium:
        _missing("Chromium", "install it: apt-get install chromium")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=chromium, args=list(ARGUMENTS))
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def script() -> Callable[[str], Path]:
    """Find a script that a page may load among the installed npm packages, such as ``axe-core/axe.min.js``."""

    def find(name: str) -> Path:
        path = NODE_MODULES / name
        if not path.exists():
            _missing(name, "install it: npm ci --prefix tests")
        return path

    return find

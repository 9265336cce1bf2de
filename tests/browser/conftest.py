"""A headless browser for the tests that must see what a reader sees."""

from __future__ import annotations

import os
import re
import shutil
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple, NoReturn

import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from playwright.sync_api import Browser, CDPSession, ConsoleMessage, Page, Route

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

DRAW = """async ({text, theme}) => {
    mermaid.initialize({startOnLoad: false, theme});
    await mermaid.parse(text);
    window.drawings = (window.drawings || 0) + 1;
    const {svg} = await mermaid.render("drawing" + window.drawings, text);
    document.body.innerHTML = svg;
}"""

ELSEWHERE = re.compile(r"^(?!http://127\.0\.0\.1:|data:|blob:)")
THEIRS = ("Got invalid theme mode", "Failed to execute 'importScripts' on 'WorkerGlobalScope'")
"""What a theme complains about on every page of its own, and what its search says when a page is closed meanwhile."""


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


class QuietHandler(SimpleHTTPRequestHandler):
    """Serves files without a word."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def _serving(folder: Path) -> Iterator[str]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(QuietHandler, directory=folder))
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture(scope="session")
def serving() -> Callable[[Path], AbstractContextManager[str]]:
    """Serve a folder for as long as a block lasts; gives its address."""
    return _serving


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A page whose complaints fail the test, and whose requests to other places fail it too, unanswered."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    context.set_default_timeout(300_000)
    opened = context.new_page()
    said: list[str] = []

    def elsewhere(route: Route) -> None:
        said.append(route.request.url)
        route.abort()

    context.route(ELSEWHERE, elsewhere)
    opened.on("pageerror", lambda error: said.append(str(error)))
    opened.on(
        "console", lambda message: said.append(message.text) if message.type == "error" and _ours(message) else None
    )
    yield opened
    context.close()
    assert [each for each in said if not each.startswith(THEIRS)] == []


@pytest.fixture(scope="module")
def mermaid_page(browser: Browser, script: Callable[[str], Path]) -> Iterator[Page]:
    """An empty page with Mermaid in it and no way to the network."""
    mermaid_itself = script("mermaid/dist/mermaid.min.js")
    context = browser.new_context(offline=True)
    context.set_default_timeout(300_000)
    opened = context.new_page()
    opened.set_content("<!doctype html><title>Mermaid</title>")
    opened.add_script_tag(path=mermaid_itself)
    yield opened
    context.close()


@pytest.fixture(scope="module")
def draw(mermaid_page: Page) -> Callable[..., Any]:
    """Let Mermaid draw a text; gives what a function of JavaScript reads from the drawing; raises where Mermaid refuses."""

    def drawn(text: str, read: str, *, theme: str = "default") -> Any:
        mermaid_page.evaluate(DRAW, {"text": text, "theme": theme})
        return mermaid_page.evaluate(read)

    return drawn


def _ours(message: ConsoleMessage) -> bool:
    """Tell whether a message is not about the picture that browsers ask every server for."""
    return not message.location["url"].endswith("favicon.ico")


class AccessibleNode(NamedTuple):
    """What assistive technology is told of a part of a page."""

    role: str
    name: str
    description: str


@pytest.fixture
def accessible_nodes(page: Page) -> Callable[[str], list[AccessibleNode]]:
    """Reads, for the elements of a selector, what Chromium's accessibility tree has of each."""

    def read(selector: str) -> list[AccessibleNode]:
        session = page.context.new_cdp_session(page)
        root = session.send("DOM.getDocument", {"depth": 0})["root"]["nodeId"]
        elements = session.send("DOM.querySelectorAll", {"nodeId": root, "selector": selector})["nodeIds"]
        return [_accessible_node(session, element) for element in elements]

    return read


def _accessible_node(session: CDPSession, element: int) -> AccessibleNode:
    request = {"nodeId": element, "fetchRelatives": False}
    (node,) = session.send("Accessibility.getPartialAXTree", request)["nodes"]
    return AccessibleNode(*(node.get(key, {}).get("value", "") for key in AccessibleNode._fields))

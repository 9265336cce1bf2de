"""``mkdocs serve``, ``properdocs serve`` and ``zensical serve``, really started: the page follows the source."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from bs4 import BeautifulSoup

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

HOSTS = ("mkdocs", "properdocs", "zensical")
PLUGIN = """site_name: T
theme: {name: null, custom_dir: theme}
plugins:
  - penstock: {modules: [shop.*], path: [.], pages: true}
"""
EXTENSION = """site_name: T
theme: {name: material, font: false}
watch: [shop]
markdown_extensions:
  - penstock: {modules: [shop.*], path: [.]}
"""
PAGE = "# Home\n" + "".join(f"\n::: penstock-flow {flow}\n" for flow in ("orders", "mails", "parts", "spares", "bills"))


def module(flow: str, **steps: str) -> str:
    """Return a module with a step for each name, given what it comes after and its docstring: ``"receive: Store it."``."""
    lines = ["from penstock import flow", f'this = flow("{flow}")']
    for name, said in steps.items():
        after, _, text = said.rpartition(": ")
        mark = f'this.step(after="{after}")' if after else "this.entrypoint"
        lines += [f"@{mark}", f'def {name}(): """{text}"""']
    return "\n".join([*lines, ""])


# Each test has modules of its own, so that none waits for another's to be put back.
FILES = {
    "shop/__init__.py": "",
    "shop/orders.py": module("orders", receive="Receive an order."),
    "shop/mails.py": module("mails", write="Write it.", proof="write: Read it again.", send="proof: Send it."),
    "shop/parts.py": module("parts", order="Order a part."),
    "shop/spares.py": module("spares", count="Count them."),
    "shop/store.py": module("spares", store="count: Store them."),
    "shop/gone.py": module("gone", vanish="Vanish."),
    "shop/bills.py": module("bills", bill="Bill a customer."),
    "theme/main.html": "<html><body>{{ page.content }}</body></html>",
}


@dataclass(frozen=True)
class Server:
    """A server at work on a site of its own."""

    host: str
    folder: Path
    url: str
    saved: list[str] = field(default_factory=lambda: ["docs/index.md"])

    def page(self, name: str = "") -> BeautifulSoup:
        """Return a page as it is now; empty if it is not there, or is being written: Zensical does not wait."""
        try:
            with urllib.request.urlopen(f"{self.url}{name}", timeout=10) as answer:
                return BeautifulSoup(answer.read(), "html.parser")
        except (urllib.error.URLError, ConnectionError):
            return BeautifulSoup("", "html.parser")

    def log(self) -> str:
        """Return what the server has said."""
        return (self.folder / "serve.log").read_text(encoding="utf-8")

    def touch(self) -> None:
        """Save the file that was saved last once more."""
        path = self.folder / self.saved[-1]
        os.utime(path if path.exists() else self.folder / "docs/index.md")

    def save(self, name: str, text: str) -> None:
        """Save a file, as an editor does."""
        self.saved.append(name)
        path = self.folder / name
        # Zensical compares times in whole seconds.
        while self.host == "zensical" and path.exists() and int(time.time()) == int(path.stat().st_mtime):
            time.sleep(0.05)
        path.write_text(text, encoding="utf-8")
        # Zensical watches the files that were there when it last loaded its configuration: new ones wait for a reload.
        page = self.folder / "docs/index.md"
        if self.host == "zensical" and name not in FILES:
            page.write_text(f"{page.read_text(encoding='utf-8')}\nMore.\n", encoding="utf-8")


@pytest.fixture(scope="module", params=HOSTS)
def server(request, tmp_path_factory, write_site, needs_host) -> Iterator[Server]:
    """A server on a port of its own, with its children ended afterwards."""
    host = request.param
    needs_host(host)
    folder = write_site(tmp_path_factory.mktemp(host), EXTENSION if host == "zensical" else PLUGIN, index=PAGE)
    with serving_shop(host, folder) as started:
        yield started


@contextlib.contextmanager
def serving_shop(host: str, folder: Path) -> Iterator[Server]:
    """Start a host's server on the site in a folder, with all modules of the shop; yield it once it has the pages."""
    for name, text in FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    with serving(host, folder) as url:
        started = Server(host, folder, url)
        wait_for(lambda: says(started, "Receive an order."), started)
        yield started


@contextlib.contextmanager
def serving(host: str, folder: Path, config: str = "mkdocs.yml") -> Iterator[str]:
    """Start a host's server; yield its address."""
    address = f"127.0.0.1:{free_port()}"
    options = [] if host == "zensical" else ["-f", config, "--livereload"]
    environment = {
        **os.environ,
        "PYTHONUNBUFFERED": "1",
        "NO_MKDOCS_2_WARNING": "1",
        "DISABLE_MKDOCS_2_WARNING": "true",
    }
    with (folder / "serve.log").open("w", encoding="utf-8") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", host, "serve", "-a", address, *options],
            cwd=folder,
            env=environment,
            stdout=output,
            stderr=output,
            start_new_session=True,
        )
        try:
            yield f"http://{address}/"
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait(600)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for(condition: Callable[[], object], server: Server, seconds: float = 600) -> None:
    """Return as soon as the condition is true; files are touched again where the server may not have looked yet."""
    begin = touched = time.monotonic()
    while not condition():
        now = time.monotonic()
        if now > begin + seconds:
            pytest.fail(f"it did not happen in time; the server said:\n{server.log()}")
        if now > touched + 2:
            server.touch()
            touched = now
        time.sleep(0.05)


def says(server: Server, text: str, page: str = "") -> bool:
    """Tell whether a page says something."""
    return text in server.page(page).text


def has_pages(server: Server) -> bool:
    """Tell whether flows have pages of their own, which the plugin makes."""
    return server.host != "zensical"


def test_edited_docstring(server):
    """An edited docstring is on every page that shows it, and the old one is on none."""
    server.save("shop/orders.py", module("orders", receive="Accept an order."))

    wait_for(lambda: says(server, "Accept an order.") and not says(server, "Receive an order."), server)
    assert says(server, "Accept an order.", "flows/orders/") == has_pages(server)


def test_edited_after(server):
    """An edited ``after=`` moves the arrow, and what is said beside the step."""

    def before_sending() -> str:
        return "".join(meta.text for meta in server.page().select(".ps-step-doc:has(#flow-mails-send) .ps-meta"))

    wait_for(lambda: before_sending().startswith("after proof"), server)
    server.save(
        "shop/mails.py", module("mails", write="Write it.", proof="write: Read it again.", send="write: Send it.")
    )

    wait_for(lambda: before_sending().startswith("after write"), server)


def test_new_module(server):
    """The steps of a new module are on the page of their flow, and a new flow has its page."""
    text = f"{module('parts', fetch='order: Fetch it.')}{module('fresh', begin='Begin afresh.')}"
    server.save("shop/extra.py", text)

    wait_for(lambda: says(server, "Fetch it."), server)
    assert says(server, "Begin afresh.", "flows/fresh/") == has_pages(server)


@pytest.mark.parametrize("host", ["mkdocs", "properdocs"])
def test_new_package(host, tmp_path, write_site, needs_host):
    """A new package counts, and is watched; once it is deleted, its flows are gone."""
    needs_host(host)
    with serving_shop(host, write_site(tmp_path, PLUGIN, index=PAGE)) as server:
        package = server.folder / "shop/lists"
        package.mkdir()
        (package / "__init__.py").touch()
        server.save("shop/lists/prices.py", module("parts", price="order: Price it."))
        wait_for(lambda: says(server, "Price it."), server)

        server.save("shop/lists/prices.py", module("parts", price="order: Say its price."))
        wait_for(lambda: says(server, "Say its price.") and not says(server, "Price it."), server)

        shutil.rmtree(package)
        wait_for(lambda: says(server, "Order a part.") and not says(server, "Say its price."), server)


def test_a_package_that_is_made_again(tmp_path, write_site, needs_host):
    """A package that another branch does not have is watched when it is back."""
    needs_host("mkdocs")
    with serving_shop("mkdocs", write_site(tmp_path, PLUGIN, index=PAGE)) as server:
        shutil.copytree(server.folder / "shop", tmp_path / "kept")
        shutil.rmtree(server.folder / "shop")
        shutil.copytree(tmp_path / "kept", server.folder / "shop")
        server.save("docs/index.md", f"{PAGE}\nMore is said here.\n")
        wait_for(lambda: says(server, "More is said here."), server)

        time.sleep(1)  # the server looks at its files twice a second
        server.save("shop/extra.py", module("parts", fetch="order: Fetch it."))
        wait_for(lambda: says(server, "Fetch it."), server)


@pytest.mark.parametrize("host", ["mkdocs", "properdocs"])
def test_watched_by_the_author(host, tmp_path, write_site, needs_host):
    """A folder that the author has watched too stays watched as a whole: files that are no sources count."""
    needs_host(host)
    with serving_shop(host, write_site(tmp_path, f"{PLUGIN}watch: [shop]\n", index=PAGE)) as server:
        (server.folder / "shop/.data").mkdir()
        server.save("shop/.data/prices.csv", "")

        wait_for(lambda: "Detected file changes" in server.log(), server)


def test_deleted_modules(server):
    """The steps of a deleted module are on no page, and a flow that is gone has none."""
    wait_for(lambda: says(server, "Store them."), server)
    assert says(server, "Vanish.", "flows/gone/") == has_pages(server)
    (server.folder / "shop/store.py").unlink()
    (server.folder / "shop/gone.py").unlink()

    wait_for(lambda: says(server, "Count them.") and not says(server, "Store them."), server)
    wait_for(lambda: not says(server, "Vanish.", "flows/gone/"), server)


def test_broken_and_mended(server):
    """While a module is broken, the page says so above what it last showed; mended, it shows what there is now."""
    server.save("shop/bills.py", "def broken(:\n")
    wait_for(lambda: says(server, "SyntaxError"), server)
    wait_for(lambda: says(server, "shop/bills.py:1") and says(server, "Bill a customer."), server)
    assert says(server, "Bill a customer.", "flows/bills/") == has_pages(server)

    server.save("shop/bills.py", module("bills", bill="Bill somebody."))
    wait_for(lambda: says(server, "Bill somebody.") and not says(server, "SyntaxError"), server)


def test_no_loop(server):
    """Nothing is built while nothing changes, and no build so far ended in a traceback."""
    builds = [0]
    for _ in range(40):  # what was saved last may still be built
        builds.append(len(re.findall("Building documentation|Build started", server.log())))
        if builds[-1] == builds[-2]:
            break
        time.sleep(1.5)

    assert builds[-1] == builds[-2]
    assert builds[-1] >= 1
    assert "Traceback" not in server.log()


UNWATCHED = "the server does not watch {}, so pages stay as they are when that changes. Write: "


@pytest.mark.parametrize(
    ("host", "written", "said"),
    [
        ("zensical", 'watch = ["shop"]', [UNWATCHED.format("pyproject.toml") + 'watch = ["shop", "pyproject.toml"]']),
        ("zensical", 'watch = ["shop", "pyproject.toml"]', []),
        ("mkdocs", "", [UNWATCHED.format("shop and pyproject.toml") + "watch: [shop, pyproject.toml]"]),
    ],
    ids=["zensical", "zensical, all watched", "mkdocs, without the plugin"],
)
def test_what_a_server_has_to_be_told_to_watch(tmp_path, write_site, needs_host, host, written, said):
    """A server says once which of the files that pages are made from it does not watch, and how to write it."""
    needs_host(host)
    site = write_site(tmp_path, "site_name: T\nmarkdown_extensions: [penstock]\n", index=PAGE, other=PAGE)
    (site / "pyproject.toml").write_text('[tool.penstock]\nmodules = ["shop.*"]\npath = ["."]\n')
    name = "mkdocs.yml"
    if host == "zensical":
        (site / name).unlink()
        name = "zensical.toml"
        (site / name).write_text(f'[project]\nsite_name = "T"\n{written}\n[project.markdown_extensions.penstock]\n')
    for path, text in FILES.items():
        (site / path).parent.mkdir(exist_ok=True)
        (site / path).write_text(text)
    with serving(host, site, name) as url:
        started = Server(host, site, url)
        wait_for(lambda: "Receive an order." in started.page("other/").get_text(), started)
        assert said == [
            line.partition(f"{name}: ")[2] for line in started.log().splitlines() if "does not watch" in line
        ]

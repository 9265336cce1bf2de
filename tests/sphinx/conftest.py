"""Builds sites with Sphinx, each in a process of its own, and reads what came out."""

from __future__ import annotations

import pkgutil
import re
import shutil
from dataclasses import dataclass, field
from functools import lru_cache
from html.parser import HTMLParser
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

import pytest

import penstock_sphinx
from forked import run

if TYPE_CHECKING:
    from collections.abc import Callable

SITE = Path(__file__).with_name("site")
VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"}


@dataclass
class Built:
    """What one run of sphinx-build left."""

    code: int
    said: str
    complained: str
    folder: Path

    @property
    def read(self) -> list[str]:
        """The pages that were read."""
        return sorted(re.findall(r"reading sources\.\.\. \[ *\d+%\] (\S+)", self.said))

    @property
    def warnings(self) -> list[str]:
        """What was complained about, a line each, without the folder of the site."""
        return self.complained.replace(f"{self.folder.parents[1]}/", "").splitlines()

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def page(self, name: str) -> Page:
        return Page.of(self.folder / name)


@dataclass
class Link:
    """A link: its address, its text, and the classes of what it is in."""

    href: str
    within: frozenset[str]
    text: str = ""


@dataclass
class Page:
    """What a browser would find in a page of HTML."""

    file: Path
    ids: list[str] = field(default_factory=list)
    links: list[Link] = field(default_factory=list)
    classes: set[str] = field(default_factory=set)
    text: str = ""

    @classmethod
    def of(cls, file: Path) -> Page:
        page = cls(file)
        reader = _Reader(page)
        reader.feed(file.read_text("utf-8"))
        reader.close()
        return page

    def within(self, css: str) -> list[Link]:
        return [link for link in self.links if css in link.within]

    def target(self, link: Link) -> tuple[Path, str]:
        """The file and the id that a link leads to."""
        address = urlsplit(link.href)
        file = self.file
        if address.path:
            file = (self.file.parent / unquote(address.path)).resolve()
        return (file / "index.html" if file.is_dir() else file), unquote(address.fragment)

    def dead(self, css: str = "") -> list[str]:
        """The internal links, within a class if one is given, that lead nowhere."""
        links = self.within(css) if css else self.links
        return [link.href for link in links if not urlsplit(link.href).scheme and not self._leads(link)]

    def _leads(self, link: Link) -> bool:
        file, ident = self.target(link)
        return file.is_file() and (not ident or ident in _ids(file))


@lru_cache(maxsize=64)
def _ids(file: Path) -> frozenset[str]:
    return frozenset(Page.of(file).ids)


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__()
        self.page = page
        self.open: list[tuple[str, set[str], Link | None]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        classes = set(given.get("class", "").split())
        self.page.classes |= classes
        if "id" in given:
            self.page.ids.append(given["id"])
        link = None
        if tag == "a" and "href" in given:
            link = Link(given["href"], frozenset().union(classes, *(each for _, each, _ in self.open)))
            self.page.links.append(link)
        if tag not in VOID:
            self.open.append((tag, classes, link))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)

    def handle_endtag(self, tag: str) -> None:
        while self.open and self.open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        self.page.text += data
        for _, _, link in self.open:
            if link:
                link.text += data


PARTS = [module.name for module in pkgutil.walk_packages(penstock_sphinx.__path__, "penstock_sphinx.")]
NOTHING_DEPRECATED = tuple(
    option
    for module in ("penstock_sphinx", *PARTS)
    for kind in ("DeprecationWarning", "PendingDeprecationWarning")
    for option in ("-W", f"error::{kind}:{module}")
)


def sphinx(source: Path, builder: str, *options: str) -> Built:
    """Run sphinx-build; doctrees are shared between the builders of a site.

    What Sphinx will take away is an error where we use it. There is no PATH, and so no Graphviz of the machine's own.
    """
    folder = source / "_build" / builder
    doctrees = source / "_build" / ("gettext-doctrees" if "gettext" in builder else "doctrees")
    arguments = ["-b", builder, "-d", doctrees, *options, source, folder]
    done = run("sphinx", *arguments, flags=NOTHING_DEPRECATED, PATH="", NO_COLOR="1")
    return Built(done.returncode, done.stdout, done.stderr, folder)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site with all options, its sources in a folder of its own."""
    folder = tmp_path_factory.mktemp("sphinx") / "site"
    shutil.copytree(SITE, folder)
    return folder


STRICT = ("-n", "-W", "--keep-going", "-j2")
ALLOWED = {"latex": ("-D", "suppress_warnings=penstock.render")}  # one flow has letters that only Graphviz can draw


@pytest.fixture(scope="session")
def build(site: Path) -> Callable[[str], Built]:
    """Builds the site, strictly and in parallel, once for each builder."""
    done: dict[str, Built] = {}

    def built(builder: str) -> Built:
        if builder not in done:
            done[builder] = sphinx(site, builder, *STRICT, *ALLOWED.get(builder, ()))
        return done[builder]

    built("html")
    return built


@pytest.fixture(scope="session")
def html(build: Callable[[str], Built]) -> Built:
    """The site as HTML."""
    return build("html")


CONF = """
extensions = ["penstock_sphinx"]
show_warning_types = True
html_theme = "basic"
penstock_modules = ["flows"]
penstock_path = ["."]
"""

FLOWS = '''
from penstock import flow

one = flow("one")


@one.entrypoint
def begin():
    """Begin."""


@one.step(after="begin")
def finish():
    """Finish."""
'''


class Small:
    """A small site, whose files a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.write("conf.py", CONF)
        self.write("flows.py", FLOWS)
        self.write("index.rst", "Index\n=====\n\n.. penstock-flow:: one\n")

    def write(self, name: str, text: str) -> None:
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, "utf-8")

    def text(self, name: str) -> str:
        return (self.folder / name).read_text("utf-8")

    def edit(self, name: str, old: str, new: str) -> None:
        text = self.text(name)
        assert old in text
        self.write(name, text.replace(old, new))

    def build(self, builder: str = "html", *options: str) -> Built:
        return sphinx(self.folder, builder, *options)


@pytest.fixture
def small(tmp_path: Path) -> Small:
    """A small site."""
    return Small(tmp_path)


@pytest.fixture(scope="module")
def lasting(tmp_path_factory: pytest.TempPathFactory) -> Small:
    """A small site that lasts for the tests of one module."""
    return Small(tmp_path_factory.mktemp("small"))

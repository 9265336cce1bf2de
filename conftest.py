"""Runs the Python examples of README and docs: each page is one program, in a folder of its own."""

from __future__ import annotations

import gc
import logging
import os
import re
import sys
from contextlib import ExitStack, chdir
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from kinds import find_kind
from penstock.testing import empty_registry, no_observers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from sybil import Document, Region

FILE_ABOVE = re.compile(r"`[^`\s]+`:\s*\Z")
"""Ends the paragraph above a block that is a file; tests/test_docs.py writes those and runs what follows."""


NOT_OURS = "-p no:hypothesispytest -p no:faker -p no:anyio -p no:platformdirs"
"""Plugins that a pytest which a test starts has no use for, and takes two seconds to import."""


def pytest_configure(config: pytest.Config) -> None:
    """Let the runs of pytest that tests start come up without the plugins of others, and keep bytecode of this run only.

    A test may write a module twice in a second, and bytecode of the first would pass for that of the second. What is
    imported until the tests begin is kept, as pytest writes it: for all workers, and for what tests start.
    """
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = False
    if hasattr(config, "workerinput") or not config.getoption("numprocesses", None):  # workers read it, too, at first
        os.environ["PYTEST_ADDOPTS"] = f"{os.environ.get('PYTEST_ADDOPTS', '')} {NOT_OURS}".strip()


SLOWEST = (
    "browser/test_mkdocs_pages.py",
    "test_docs.py",
    "test_notebook_pages.py",
    "writers/test_pdf.py",
    "test_jupyterlab.py",
)
"""Files that begin first, so that in the end no worker is left alone with one of them."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Do not even import other tests for ``-m unit``."""
    kind = find_kind(collection_path.relative_to(config.rootpath).as_posix())
    return True if kind != "unit" == config.getoption("markexpr") else None


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item], config: pytest.Config) -> None:
    """Give each test its kind, and put the slowest files first; the others stay in order."""
    for item in items:
        path = item.path.relative_to(config.rootpath).as_posix()
        item.add_marker(find_kind(path, getattr(item, "fixturenames", ())))
    items.sort(key=lambda item: not item.path.as_posix().endswith(SLOWEST))


def pytest_collection_finish() -> None:
    """Keep what was imported for the tests out of every search for garbage, of which some tests ask for many."""
    sys.dont_write_bytecode = True
    gc.collect()
    gc.freeze()


def pytest_sessionfinish() -> None:
    """Let pytest search all of it in the end, for files and sockets that were left open."""
    gc.unfreeze()


class ExamplesParser(PythonCodeBlockParser):
    """Finds the Python blocks that are no files."""

    def __call__(self, document: Document) -> Iterable[Region]:
        """Yield a region for each example."""
        for region in super().__call__(document):
            fence = document.text.rfind("```", 0, region.start + 3)
            if not FILE_ABOVE.search(document.text[:fence]):
                yield region


def begin(namespace: dict[str, Any]) -> None:
    """Give a page an empty folder, a registry without flows, and no observers."""
    page = ExitStack()
    folder = page.enter_context(TemporaryDirectory())
    page.enter_context(chdir(folder))
    page.enter_context(empty_registry())
    page.enter_context(no_observers())
    root = logging.getLogger()
    page.callback(root.setLevel, root.level)
    page.callback(root.handlers.__setitem__, slice(None), root.handlers[:])
    page.callback(sys.modules.pop, "example", None)
    namespace["__name__"] = "example"
    sys.modules["example"] = ModuleType("example")  # where taskiq puts the function of a task
    namespace["end_of_page"] = page.close


pytest_collect_file = Sybil(
    parsers=[ExamplesParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/*/*.md", "docs/*/*/*.md"],
    excludes=["docs/_build/**", "docs/examples/**"],
    setup=begin,
    teardown=lambda namespace: namespace["end_of_page"](),
).pytest()

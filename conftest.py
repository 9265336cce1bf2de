"""Runs the Python examples of README and docs: each page is one program, in a folder of its own."""

from __future__ import annotations

import logging
import os
import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from types import ModuleType
from typing import TYPE_CHECKING, Any

from sybil import Sybil
from sybil.parsers.markdown import PythonCodeBlockParser, SkipParser

from penstock._declare import registry
from penstock._runtime import scope

if TYPE_CHECKING:
    from collections.abc import Iterable

    import pytest
    from sybil import Document, Region

FILE_ABOVE = re.compile(r"`[^`\s]+`:\s*\Z")
"""Ends the paragraph above a block that is a file; tests/test_docs.py writes those and runs what follows."""


NOT_OURS = "-p no:hypothesispytest -p no:faker -p no:anyio -p no:platformdirs"
"""Plugins that a pytest which a test starts has no use for, and takes two seconds to import."""


def pytest_configure(config: pytest.Config) -> None:
    """Let the runs of pytest that tests start come up without the plugins of others."""
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


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the slowest files first; the others stay in order."""
    items.sort(key=lambda item: not item.path.as_posix().endswith(SLOWEST))


class ExamplesParser(PythonCodeBlockParser):
    """Finds the Python blocks that are no files."""

    def __call__(self, document: Document) -> Iterable[Region]:
        """Yield a region for each example."""
        for region in super().__call__(document):
            fence = document.text.rfind("```", 0, region.start + 3)
            if not FILE_ABOVE.search(document.text[:fence]):
                yield region


def begin(namespace: dict[str, Any]) -> None:
    """Give a page an empty folder, and a registry without flows."""
    folder = TemporaryDirectory()
    back = Path.cwd()
    root = logging.getLogger()
    level, handlers = root.level, root.handlers[:]
    os.chdir(folder.name)
    registry.forget()

    def end() -> None:
        os.chdir(back)
        folder.cleanup()
        sys.modules.pop("example", None)
        root.setLevel(level)
        root.handlers[:] = handlers
        registry.forget()
        for observer in tuple(scope.watching):
            scope.remove_observer(observer)

    namespace["__name__"] = "example"
    sys.modules["example"] = ModuleType("example")  # where taskiq puts the function of a task
    namespace["end_of_page"] = end


pytest_collect_file = Sybil(
    parsers=[ExamplesParser(), SkipParser()],
    patterns=["README.md", "docs/*.md", "docs/*/*.md", "docs/*/*/*.md"],
    excludes=["docs/_build/**", "docs/examples/**"],
    setup=begin,
    teardown=lambda namespace: namespace["end_of_page"](),
).pytest()

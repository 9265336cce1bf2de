"""The documentation engine of a project, and what its files need to show a flow."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, NamedTuple

from penstock._util.atomic_files import read_text

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_FOLDERS = (".", "docs", "doc", "docs/source", "doc/source", "documentation", "site")
_MARKDOWN = "::: penstock-flow {flow}"
_DIRECTIVE = ".. penstock-flow:: {flow}"


class DocsEngine(NamedTuple):
    """A documentation engine.

    Attributes:
        name: Its name.
        files: The names of its settings' file.
        extra: The extra of penstock that it needs.
        marker: A text of the file once penstock is in it.
        line: What to write there.
        page: What to write in a page, with ``{flow}``.
    """

    name: str
    files: tuple[str, ...]
    extra: str
    marker: str
    line: str
    page: str


ENGINES = (
    DocsEngine(
        "Sphinx", ("conf.py",), "sphinx", "penstock_sphinx", 'extensions = [..., "penstock_sphinx"]', _DIRECTIVE
    ),
    DocsEngine(
        "MkDocs", ("mkdocs.yml", "mkdocs.yaml"), "mkdocs", "penstock", "plugins: [search, ..., penstock]", _MARKDOWN
    ),
    DocsEngine("ProperDocs", ("properdocs.yml",), "mkdocs", "penstock", "plugins: [search, ..., penstock]", _MARKDOWN),
    DocsEngine(
        "Zensical", ("zensical.toml",), "markdown", "penstock", "[project.markdown_extensions.penstock]", _MARKDOWN
    ),
    DocsEngine(
        "Jupyter Book",
        ("_config.yml",),
        "sphinx",
        "penstock_sphinx",
        "sphinx: {extra_extensions: [penstock_sphinx]}",
        "```{{penstock-flow}} {flow}",
    ),
    DocsEngine(
        "mystmd",
        ("myst.yml",),
        "mystmd",
        "penstock",
        "plugins: [{type: executable, path: .venv/bin/penstock-myst}]",
        ":::{{penstock-flow}} {flow}",
    ),
)


class EngineFile(NamedTuple):
    """The file of an engine in a project.

    Attributes:
        engine: The engine.
        file: The file, relative to the project.
        is_ready: Whether penstock is in it already.
    """

    engine: DocsEngine
    file: str
    is_ready: bool


def find_engines(project: Path) -> list[EngineFile]:
    """Return the files of documentation engines in a project, at their usual places."""
    return list(_iter_engines(project))


def _iter_engines(project: Path) -> Iterator[EngineFile]:
    for engine in ENGINES:
        for name in (os.path.normpath(f"{folder}/{file}") for folder in _FOLDERS for file in engine.files):
            text = _read(project / name)
            if text is not None and (engine.name != "Sphinx" or "extensions" in text or "html_theme" in text):
                yield EngineFile(engine, name.replace(os.sep, "/"), engine.marker in text)
                break


def _read(file: Path) -> str | None:
    try:
        return read_text(file)
    except OSError:
        return None

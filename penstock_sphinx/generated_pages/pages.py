"""Generates a page for each flow if ``penstock-flows`` has the option ``toctree``, as autosummary does.

The pages are next to written ones, and their template can be overridden. A mark in the first line of each,
or in the first line of its front matter, tells that we generated it: a page without the mark is never changed.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.environment import CONFIG_OK
from sphinx.util import logging

from penstock._util.atomic_files import open_file, read_bytes, write_atomically
from penstock.errors import OutputError
from penstock.render.wording import escape_line
from penstock_sphinx.docnames import paths_of
from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.generated_pages.scanner import requests_in
from penstock_sphinx.generated_pages.template import PageTemplate
from penstock_sphinx.source_types import MARKDOWN, RST

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from sphinx.application import Sphinx

    from penstock.model import Flow
    from penstock_sphinx.generated_pages.scanner import Request

logger = logging.getLogger(__name__)

MARK = "penstock made this page; without this line it stays as you write it"
MARKS = {".rst": f".. {MARK}", ".md": f"% {MARK}"}
FRONT_MATTER = "---"
MARK_IN_FRONT_MATTER = f"# {MARK}"
NOTEBOOK = ".ipynb"
"""A suffix that MyST-NB reads, too; such files are JSON."""


def write_pages(app: Sphinx) -> None:
    """Write the requested pages, remove our pages of flows that no longer exist, and change no others."""
    domain = domain_of(app.env)
    if not _are_known(app):
        app.env.find_files(app.config, app.builder)
    requests = list(requests_in(app))  # also if there is nothing to write, because a page is scanned only once
    if domain.site.failed:
        return
    docnames: set[str] = set()
    folders: set[str] = set()
    for request in requests:
        flows = request.selection.of(domain.site.manifest.flows)
        pages = paths_of(flows, domain.site.page_names, request.folder)
        # if two requests ask for one page, the first one counts
        _make(app, request, {name: flow for name, flow in pages.items() if name not in docnames})
        docnames |= pages.keys()
        folders.add(request.folder)
    _remove_others(app, folders, docnames)
    domain.asked_for.clear()
    domain.asked_for.update(docnames)


def _are_known(app: Sphinx) -> bool:
    """Return whether Sphinx knows all existing sources; its own search takes longer than the rest of this module."""
    if app.env.config_status != CONFIG_OK:  # other sources may count now
        return False
    missing = set(app.env.found_docs)
    suffixes = tuple(app.config.source_suffix)
    for folder, folders, files in os.walk(app.srcdir, followlinks=True):
        folders[:] = [name for name in folders if Path(folder, name) != Path(app.outdir)]
        inside = "" if folder == str(app.srcdir) else f"{Path(folder).relative_to(app.srcdir).as_posix()}/"
        for name in files:
            if name.endswith(suffixes):
                docname = inside + next(name.removesuffix(suffix) for suffix in suffixes if name.endswith(suffix))
                if docname not in missing:
                    return False
                missing.remove(docname)
    return not missing


def _make(app: Sphinx, request: Request, pages: Mapping[str, Flow]) -> None:
    kind, suffix = _suffixes(app.config.source_suffix)
    if not suffix:
        _warn("no pages can be written: source_suffix in conf.py has no reStructuredText, nor Markdown.", request)
        return
    folders = [Path(app.confdir, folder) for folder in app.config.templates_path]
    template = PageTemplate(request.template + kind, folders)
    try:
        texts = {name: _add_mark(template.render(flow), kind) for name, flow in pages.items()}
    except Exception as error:  # any exception: a template is code of the project
        _warn(f"the template cannot be used: {template.reason(error)}.", request)
        return
    try:
        for name, text in texts.items():
            _write(Path(app.srcdir, f"{name}{suffix}"), text.encode("utf-8", "replace"))
    except (OSError, OutputError) as error:
        _warn(f"{error}. Free some space for the page, or name another folder in :toctree:.", request)


def _warn(message: str, request: Request) -> None:
    logger.warning(
        "%s", escape_line(message), type="penstock", subtype="page", location=(request.docname, request.line)
    )


def _suffixes(sources: Mapping[str, str | None]) -> tuple[str, str]:
    """Return the suffix of the template, and that of the pages: one that the project parses as that type."""
    for kind, types in ((".rst", RST), (".md", MARKDOWN)):
        suffixes = [suffix for suffix, type_ in sources.items() if (type_ or RST[0]) in types and suffix != NOTEBOOK]
        if suffixes:
            return kind, kind if kind in suffixes else suffixes[0]
    return "", ""


def _add_mark(text: str, kind: str) -> str:
    """Return the text of a page with our mark; front matter must stay at the beginning."""
    first, _, rest = text.partition("\n")
    if kind == ".md" and first.rstrip() == FRONT_MATTER and FRONT_MATTER in map(str.rstrip, rest.split("\n")):
        return f"{FRONT_MATTER}\n{MARK_IN_FRONT_MATTER}\n{rest}\n"
    return f"{MARKS[kind]}\n\n{text}\n"


def _write(file: Path, content: bytes) -> None:
    """Write a page if it is ours and its content differs, so that Sphinx does not read it again without need."""
    if not file.exists() or (_has_mark(file) and read_bytes(file) != content):
        write_atomically(file, content)


def _remove_others(app: Sphinx, folders: Collection[str], docnames: set[str]) -> None:
    last_docnames = domain_of(app.env).asked_for  # in folders that are no longer requested
    for name in sorted(app.env.found_docs - docnames):
        if name in last_docnames or any(not folder or name.startswith(f"{folder}/") for folder in folders):
            file = Path(app.env.doc2path(name))
            if _is_ours(file):
                file.unlink()


def _is_ours(file: Path) -> bool:
    try:
        return _has_mark(file)
    except OSError:  # Sphinx reports it
        return False


def _has_mark(file: Path) -> bool:
    with open_file(file) as stream:
        first, second = (stream.readline().decode("utf-8", "replace").rstrip() for _ in range(2))
    return first in MARKS.values() or (first, second) == (FRONT_MATTER, MARK_IN_FRONT_MATTER)

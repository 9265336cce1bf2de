"""The host of the page, MkDocs, ProperDocs, Zensical or another, as far as the Markdown object reveals it."""

from __future__ import annotations

import os
import re
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_text
from penstock_mkdocs.links import forges
from penstock_mkdocs.links.svg_links import assigns_href

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markdown import Markdown

_FRONT_MATTER = re.compile(r"---[ \t]*\n.*?^(?:---|\.\.\.)[ \t]*\n+", re.DOTALL | re.MULTILINE)
_EDIT_URI = re.compile(r"""^\s*["']?edit_uri["']?\s*[:=]""", re.MULTILINE)
_FILLED_IN = ("edit/master/", "src/default/")
_STRICT = frozenset({"--strict", "-s", "-cs", "-sc"})


@dataclass(frozen=True, kw_only=True)
class Host:
    """Facts about the page and the site.

    Attributes:
        page: The page's path below the folder of pages, or an empty string.
        url: The page's address below that of the site.
        links_from: The base of relative links in the page's text; some hosts rewrite them relative to its address.
        source: The page's file, front matter included, if there is one.
        folder: The folder of the configuration file, or the working directory.
        config_file: The configuration file's name for messages, or an empty string.
        repo_url: The repository's address, or an empty string.
        edit_uri: How the site's author leads to the pages: a way from there, an address, or a template of one.
        docs_dir: The folder of pages, if it is known.
        build: An object that differs in each build, or ``None`` if the host has no such object.
        serving: Whether a development server builds, which continues despite faults.
        watched: What its server watches, as far as the site's author decides it: the folder of pages and others, or ``None``.
        rewritten: Whether links in drawings may have the attribute ``href``; the plugin mends finished pages.
        strict: Whether a fault must be raised, because the host fails on warnings but does not count ours.
    """

    page: str = ""
    url: str = ""
    links_from: str = ""
    source: Path | None = None
    folder: Path
    config_file: str = ""
    repo_url: str = ""
    edit_uri: str = ""
    docs_dir: Path | None = None
    build: object = None
    serving: bool = False
    watched: tuple[Path, ...] | None = None
    rewritten: bool = False
    strict: bool = False

    def relative(self, path: Path) -> str:
        """Return a path as the configuration file names it."""
        return Path(os.path.relpath(path, self.folder)).as_posix()


def host_of(md: Markdown) -> Host:
    """Return the facts that a Markdown object reveals about its host."""
    if "relpath" in md.treeprocessors:
        processor: Any = md.treeprocessors["relpath"]
        return _mkdocs(processor)
    if "rendering_context" in md.preprocessors:
        processor = md.preprocessors["rendering_context"]
        return _zensical(processor)
    return Host(folder=Path.cwd())


def line_in_file(source: Path | None, text: str, line: int) -> int:
    """Return the line in a page's file of a line of its text: Markdown does not receive the front matter.

    Args:
        source: The file, if there is one.
        text: The text as passed to Markdown; other plugins may have changed it.
        line: The line in the text, counted from 1.

    Returns:
        The line, or 0 if it cannot be determined, for example in text that another plugin inserted.
    """
    try:
        whole = read_text(source) if source else ""
    except OSError:
        return line
    text = text.replace("\r\n", "\n").rstrip()
    start = whole.find(text)
    if start >= 0 or not whole:
        return line + whole.count("\n", 0, max(start, 0))
    before = whole[: front.end()] if (front := _FRONT_MATTER.match(whole)) else ""
    if whole[len(before) :].rstrip().count("\n") == text.count("\n"):
        return line + before.count("\n")
    lines, target = whole.split("\n"), text.split("\n")[line - 1]
    text_numbers = [number for number, candidate in enumerate(text.split("\n"), 1) if candidate == target]
    file_numbers = [number for number, candidate in enumerate(lines, 1) if candidate == target]
    return file_numbers[text_numbers.index(line)] if target.strip() and len(text_numbers) == len(file_numbers) else 0


def source_template(repo_url: str, edit_uri: str, prefix: str) -> str:
    """Return the template of source links for a repository.

    Args:
        repo_url: The address; self-hosted servers are recognized by their name, such as ``gitlab.example.org``.
        edit_uri: The path to the pages; it contains the branch.
        prefix: The project's folder in the repository, with a slash at the end, or an empty string.

    Returns:
        The template, or an empty string if the server is not recognized.
    """
    return forges.template(forges.read_source(repo_url, edit_uri), prefix)


def edit_address(config: Any) -> str:
    """Return how the author of a site leads to its pages: a template, an address, or an empty string for neither.

    Hosts fill in an address of their own, with a branch that the author did not name.
    """
    uri = config.edit_uri or ""
    if uri.startswith(_FILLED_IN) and not _names_edit_uri(Path(config.config_file_path or "")):
        uri = ""
    return str(config.edit_uri_template or "") or uri


def _names_edit_uri(file: Path) -> bool:
    try:
        return _EDIT_URI.search(file.read_text(encoding="utf-8")) is not None
    except (OSError, UnicodeDecodeError):
        return False


def _mkdocs(processor: Any) -> Host:
    config, file = getattr(processor, "config", None), getattr(processor, "file", None)
    if config is None or file is None:  # another extension's processor of that name
        return Host(folder=Path.cwd())
    path = Path(config.config_file_path or "mkdocs.yml").absolute()
    has_plugin = "penstock" in config.plugins
    return Host(
        page=file.src_uri,
        url=file.url,
        links_from=file.url,
        build=getattr(processor, "files", None),
        serving="serve" in sys.argv[1:],
        source=Path(file.abs_src_path) if file.abs_src_path else None,
        folder=path.parent,
        config_file=path.name,
        repo_url=config.repo_url or "",
        edit_uri=edit_address(config),
        docs_dir=Path(config.docs_dir),
        watched=None if has_plugin else tuple(map(Path, (config.docs_dir, *config.watch))),
        rewritten=has_plugin or not assigns_href(config),
    )


def _zensical(processor: Any) -> Host:
    config: Mapping[str, Any] = getattr(processor, "config", {})
    folder = Path(config.get("root_dir") or ".").absolute()
    current = getattr(processor, "page", None)
    page = str(getattr(current, "path", ""))
    docs_dir = folder / str(config.get("docs_dir") or "docs")
    config_file = "mkdocs.yml" if (folder / "mkdocs.yml").is_file() else "zensical.toml"
    addresses = SimpleNamespace(
        edit_uri=config.get("edit_uri"),
        edit_uri_template=config.get("edit_uri_template"),
        config_file_path=folder / config_file,
    )
    return Host(
        page=page,
        url=str(getattr(current, "url", "")),
        links_from=page,
        source=docs_dir / page,
        folder=folder,
        docs_dir=docs_dir,
        config_file=config_file,
        repo_url=str(config.get("repo_url") or ""),
        edit_uri=edit_address(addresses),
        serving="build" not in sys.argv[1:],
        watched=(docs_dir, *(folder / str(path) for path in config.get("watch") or ())),
        strict=_is_strict_build(config),
    )


def _is_strict_build(config: Mapping[str, Any]) -> bool:
    """Return whether Zensical builds with ``--strict`` or ``strict: true``; only ``sys.argv`` tells of the first."""
    if "build" not in sys.argv[1:]:  # its server continues despite faults
        return False
    return bool(config.get("strict")) or not _STRICT.isdisjoint(sys.argv)

"""Finds the page that shows a flow: the page itself, a generated page, or a written one."""

from __future__ import annotations

import posixpath
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import quote

from penstock._util.atomic_files import read_text, stamp_of
from penstock._util.one_entry_cache import Identity, OneEntryCache
from penstock.embed.names import PlaceRank
from penstock.embed.options import FlowOptions
from penstock.errors import PenstockError
from penstock.render.wording import slug
from penstock_mkdocs.embed_syntax.options import read_name, read_options
from penstock_mkdocs.embed_syntax.parser import in_text

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from markdown import Markdown

    from penstock.manifest import Manifest
    from penstock.model import Flow

GENERATED_BY = "penstock"

_INDEX = frozenset({"index", "README"})


class _Document(NamedTuple):
    """A page of the site: its path, its address relative to the site, its text, and whether it is generated."""

    path: str
    url: str
    text: str
    generated: bool = False


class _FlowLocation(NamedTuple):
    """A page that shows a flow; the least one is the best target."""

    rank: PlaceRank
    number: int
    address: str
    steps: str
    """The prefix of the addresses of the steps, or an empty string if they are not shown."""


def flow_places(md: Markdown, manifest: Manifest) -> Mapping[str, str]:
    """Return the address of each flow that a page of the site shows, by its full name.

    Addresses are relative to the site. They are known only if the host provides its list of pages.
    """
    return {name: place.address for name, place in _places(md, manifest).items()}


def step_places(md: Markdown, manifest: Manifest, flow: Flow) -> Mapping[str, str]:
    """Return the address of each step of a flow, by its name, if a page of the site shows the steps."""
    place = _places(md, manifest).get(flow.full_name)
    begin = place.steps if place else ""
    return {step.name: f"{begin}-{slug(step.name)}" for step in flow.steps} if begin else {}


def _places(md: Markdown, manifest: Manifest) -> Mapping[str, _FlowLocation]:
    if "relpath" in md.treeprocessors:
        files: Any = getattr(md.treeprocessors["relpath"], "files", None)  # new objects in each build
        return _last_places.get((Identity(files), manifest), lambda: _find_places(_mkdocs(files), manifest))
    if "rendering_context" in md.preprocessors:
        processor: Any = md.preprocessors["rendering_context"]
        config = getattr(processor, "config", {})
        folder = Path(config.get("root_dir") or ".", str(config.get("docs_dir") or "docs"))
        pages = sorted(folder.rglob("*.md"))
        key = (*_states(pages), manifest)
        return _last_places.get(key, lambda: _find_places(_zensical(pages, folder, config), manifest))
    return {}


def relative(address: str, page: str) -> str:
    """Return an address relative to a page; both arguments are relative to the site."""
    folder = posixpath.dirname(page) if not page.endswith("/") else page
    path, mark, anchor = address.partition("#")
    relative_path = posixpath.relpath(path or ".", folder or ".")
    slash = "/" if path.endswith("/") or not path else ""
    return f"{relative_path}{slash}{mark}{anchor}"


_last_places: OneEntryCache[Mapping[str, _FlowLocation]] = OneEntryCache()
"""The places on the pages of one build, by the objects of its pages, or by the states of their files."""


def _states(pages: Sequence[Path]) -> tuple[tuple[str, int, int, int], ...]:
    states = []
    for page in pages:
        with suppress(OSError):
            state = page.stat()
            states.append((str(page), *stamp_of(state)))
    return tuple(states)


def _find_places(documents: Iterator[_Document], manifest: Manifest) -> Mapping[str, _FlowLocation]:
    best: dict[str, _FlowLocation] = {}
    for number, document in enumerate(documents):
        for embed in in_text(document.text) if "penstock-flow" in document.text else ():
            if embed.kind != "penstock-flow":
                continue
            with suppress(PenstockError):  # the page itself reports it
                options = read_options(embed.options, FlowOptions)
                if not options.part.is_whole:
                    continue
                name = manifest.flow(read_name(embed.name)).full_name
                anchor = f"{document.url}#{slug(options.id or f'flow-{name}')}"
                place = _FlowLocation(
                    PlaceRank(not document.generated, not options.steps),
                    number,
                    document.url if document.generated else anchor,
                    anchor if options.steps else "",
                )
                best[name] = min(best.get(name, place), place)
    return best


def _mkdocs(files: Any) -> Iterator[_Document]:
    for file in files.documentation_pages() if hasattr(files, "documentation_pages") else ():
        with suppress(OSError, UnicodeDecodeError):
            if not file.inclusion.is_excluded():
                is_generated = file.generated_by == GENERATED_BY
                yield _Document(file.src_uri, file.url, file.content_string, is_generated)


def _zensical(pages: Sequence[Path], folder: Path, config: Mapping[str, Any]) -> Iterator[_Document]:
    for file in pages:
        with suppress(OSError, UnicodeDecodeError):
            path = file.relative_to(folder)
            url = _url(path, directories=bool(config.get("use_directory_urls", True)))
            yield _Document(path.as_posix(), url, read_text(file))


def _url(path: Path, *, directories: bool) -> str:
    index = path.stem in _INDEX
    if not directories:
        return quote((path.with_name("index.html") if index else path.with_suffix(".html")).as_posix())
    folder = path.parent if index else path.with_suffix("")
    return "" if folder == Path() else f"{quote(folder.as_posix())}/"

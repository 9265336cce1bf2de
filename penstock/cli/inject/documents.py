"""Reads the documents of ``penstock inject``, and computes their updated content."""

from __future__ import annotations

import os
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, cast

from penstock._util.atomic_files import write_atomically
from penstock.cli.inject import passages
from penstock.cli.inject.markers import RST, SYNTAXES, find_blocks, split_lines
from penstock.cli.inject.requests import read_request
from penstock.embed.pages import page_names
from penstock.errors import MarkerError, OutputError, PenstockError, RenderWarning
from penstock.render import FORMATS
from penstock.render.edge_status import without_proof
from penstock.render.numbers import limit_numbers
from penstock.render.options import Options

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from penstock.cli.inject.markers import Block, Syntax
    from penstock.cli.inject.requests import BlockRequest
    from penstock.embed.layouts import DrawRules
    from penstock.manifest import Manifest
    from penstock.model import Flow
    from penstock.render.options import Direction

_BOM = "\ufeff"
_OURS = b'class="ps-svg"'


@dataclass(frozen=True)
class MarkedDocument:
    """A document with markers.

    Attributes:
        path: Its path, as given.
        file: The file itself, if the path is a link.
        syntax: Its syntax of comments.
        lines: Its lines with their ends, without a byte order mark.
        blocks: The blocks between its markers.
        requests: The request of each block.
        mark: The byte order mark, or an empty string.
    """

    path: Path
    file: Path
    syntax: Syntax
    lines: Sequence[str]
    blocks: Sequence[Block]
    requests: Sequence[BlockRequest]
    mark: str = ""

    @property
    def text(self) -> str:
        """The whole text."""
        return self.mark + "".join(self.lines)


def read_document(path: Path) -> MarkedDocument:
    """Read a document with its blocks.

    Raises:
        MarkerError: It cannot be read, or a marker is invalid.
    """
    syntax = SYNTAXES.get(path.suffix.lower())
    if syntax is None:
        raise MarkerError(
            f"it is not Markdown, MDX or reStructuredText; supported suffixes: {', '.join(filter(None, SYNTAXES))}",
            path,
        )
    try:
        content = path.read_bytes()
        text = content.decode()
    except UnicodeDecodeError as error:
        raise MarkerError("this line is not UTF-8", path, error.object.count(b"\n", 0, error.start) + 1) from None
    except (OSError, ValueError) as error:  # ValueError: a null character in the name
        reason = error.strerror if isinstance(error, OSError) and error.strerror else error
        raise MarkerError(f"it cannot be read ({reason})", path) from None
    mark = _BOM if text.startswith(_BOM) else ""
    lines = split_lines(text.removeprefix(_BOM))
    blocks = find_blocks(path, lines, syntax)
    requests = [_read_request(block, path) for block in blocks]
    return MarkedDocument(path, Path(os.path.realpath(path)), syntax, lines, blocks, requests, mark)


def _read_request(block: Block, path: Path) -> BlockRequest:
    try:
        return read_request(block.request)
    except ValueError as error:
        raise MarkerError(str(error), path, block.line) from None


@dataclass
class Pictures:
    """The pictures of all documents.

    Attributes:
        contents: The new content of each file.
        origins: The flow and the options of each picture.
        notes: Warnings about the drawings.
    """

    contents: dict[Path, bytes] = field(default_factory=dict)
    origins: dict[Path, tuple[object, ...]] = field(default_factory=dict)
    notes: dict[str, None] = field(default_factory=dict)


class Freshener:
    """Renders the requested content of documents.

    Args:
        rules: How diagrams are drawn.
        manifest: The flows.

    Attributes:
        pictures: The files beside the documents.
        flows: The flows in the documents, by full name.
    """

    def __init__(self, rules: DrawRules, manifest: Manifest) -> None:
        self.pictures = Pictures()
        self.flows: dict[str, Flow] = {}
        self._rules = rules
        self._manifest = manifest
        names = zip(manifest.flows, page_names(manifest.flows), strict=True)
        self._files = {flow.full_name: f"{name.replace('/', '-')}.svg" for flow, name in names}

    def refresh(self, document: MarkedDocument) -> str:
        """Return a document's text with updated blocks, and keep the pictures that belong to it.

        Raises:
            MarkerError: A block requests a flow that does not exist, or cannot be drawn.
        """
        lines: list[str] = []
        at = 0
        for block, request in zip(document.blocks, document.requests, strict=True):
            lines += document.lines[at : block.start]
            try:
                passage = self._passage(document, block, request)
            except MarkerError:
                raise
            except PenstockError as error:
                raise MarkerError(str(error), document.path, block.line) from None
            lines += _laid_out(passage, block)
            at = block.end
        return document.mark + "".join([*lines, *document.lines[at:]])

    def _passage(self, document: MarkedDocument, block: Block, request: BlockRequest) -> list[str]:
        flow = limit_numbers(without_proof(self._manifest.flow(request.flow)), "off")
        self.flows[flow.full_name] = flow
        syntax = document.syntax
        form = request.format or ("svg" if syntax is RST else "mermaid")
        if form == "steps":
            return passages.write_table(flow, syntax, details=bool(request.details))
        if form == "list":
            return passages.write_list(flow, syntax, details=bool(request.details))
        options = self._options(request, form)
        if form == "mermaid":
            return passages.write_mermaid(self._render(flow, form, options), syntax)
        file = request.file or self._files[flow.full_name]
        self._draw(document, block, flow, file, options)
        return passages.write_picture(flow, file, syntax)

    def _options(self, request: BlockRequest, form: str) -> Options:
        details = FORMATS[form].detailed if request.details is None else request.details
        return Options(direction=cast("Direction", request.direction or self._rules.direction), details=details)

    def _render(self, flow: Flow, form: str, options: Options) -> str:
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always", RenderWarning)
            text = self._rules.render(flow, form, options)
        self.pictures.notes.update(dict.fromkeys(str(warning.message) for warning in caught))
        return str(text)

    def _draw(self, document: MarkedDocument, block: Block, flow: Flow, file: str, options: Options) -> None:
        """Keep a picture, unless another picture has the same file."""
        path = Path(os.path.realpath(document.file.parent / file))
        origin = flow.full_name, options.direction, options.details
        if self.pictures.origins.setdefault(path, origin) != origin:
            raise MarkerError(
                f"{file} already belongs to another picture; name another file: file=….svg", document.path, block.line
            )
        if path not in self.pictures.contents:
            if is_foreign(path):
                cure = "Delete it, or name another file: file=….svg"
                raise MarkerError(f"{file} exists and was not drawn by penstock. {cure}", document.path, block.line)
            self.pictures.contents[path] = self._render(flow, "svg", options).rstrip("\n").encode() + b"\n"


def is_foreign(path: Path) -> bool:
    """Return whether a file exists that penstock has not drawn."""
    try:
        return path.is_dir() or (path.exists() and path.stat().st_size > 0 and _OURS not in path.read_bytes()[:4096])
    except OSError:
        return True


def is_current(path: Path, content: bytes) -> bool:
    """Return whether a picture's file has the given content, ignoring line ends: git may change them."""
    try:
        return path.read_bytes().replace(b"\r\n", b"\n") == content
    except OSError:
        return False


def _laid_out(passage: Iterable[str], block: Block) -> list[str]:
    """Return lines for insertion between two markers: separated from them, each with the markers' prefix."""
    return [f"{block.prefix}{line}".rstrip() + block.newline for line in ("", *passage, "")]


def refuse_read_only(files: Iterable[Path]) -> None:
    """Raise an error if a file is read-only: a replaced file would lose its protection.

    Raises:
        OutputError: A file is read-only.
    """
    for file in files:
        if file.exists() and not file.stat().st_mode & 0o222:
            raise OutputError(f"cannot write {file}: it is read-only")


def write_all(contents: dict[Path, bytes]) -> None:
    """Write files, or none of them if one is read-only.

    Raises:
        OutputError: A file cannot be written.
    """
    refuse_read_only(contents)
    for file, content in contents.items():
        write_atomically(file, content)

"""A page for each flow, written where ``penstock-flows`` has the option ``toctree``, as autosummary does.

The pages stand beside those written by hand, made by a template that a project may override. The first line of each
tells that it is ours: without that line it is somebody's own, and stays as it is.
"""

from __future__ import annotations

import posixpath
import re
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from jinja2 import FileSystemLoader, TemplateError, TemplateNotFound
from jinja2.sandbox import SandboxedEnvironment
from sphinx.util import logging, rst

from penstock._files import write_atomically
from penstock.render.describe import visible
from penstock.render.overview import Selection, page_names, summary
from penstock_sphinx.domain import domain_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from sphinx.application import Sphinx

    from penstock.model import Flow

logger = logging.getLogger(__name__)

MARK = "penstock made this page; without this line it stays as you write it"
MARKS = {".rst": f".. {MARK}", ".md": f"% {MARK}"}
TEMPLATE = "penstock/flow"

_RST = re.compile(r"^\.\. penstock-flows::\s*$")
_FENCE = re.compile(r"^(?P<ticks>`{3,}|~{3,}|:{3,})(?P<info>[^`]*)$")
_OPTION = re.compile(r"^\s*:(?P<name>[\w-]+):\s*(?P<value>.*?)\s*$")


class Request(NamedTuple):
    """A directive that asks for pages: where it stands, and its options."""

    docname: str
    line: int
    options: dict[str, str]


def paths_of(flows: Iterable[Flow], docname: str, folder: str) -> dict[Flow, str]:
    """Return the name of each flow's page in a folder, which counts from the page with the directive."""
    flows = tuple(flows)
    base = posixpath.normpath(posixpath.join(posixpath.dirname(docname), folder)) if folder[0] != "/" else folder[1:]
    return {flow: posixpath.join(base, name) for flow, name in zip(flows, page_names(flows), strict=True)}


def write_pages(app: Sphinx) -> None:
    """Write the pages that directives ask for, remove those of flows that are gone, and touch no other."""
    site = domain_of(app.env).site
    if site.failed:
        return
    app.env.find_files(app.config, app.builder)
    for request in list(_requests(app)):
        selected = _selection(request.options).of(site.manifest.flows)
        pages = paths_of(selected, request.docname, request.options["toctree"])
        suffix = ".rst" if ".rst" in app.config.source_suffix else ".md"
        wanted = {Path(app.srcdir, f"{name}{suffix}"): flow for flow, name in pages.items()}
        try:
            template = _template(app, request.options.get("template", TEMPLATE) + suffix)
            for file, flow in wanted.items():
                _write(file, f"{MARKS[suffix]}\n\n{_rendered(template, flow)}\n", suffix)
        except TemplateError as error:
            location = (request.docname, request.line)
            message = f"the template cannot be used: {_reason(error)}."
            logger.warning("%s", message, type="penstock", subtype="page", location=location)
            continue
        _remove_others(Path(app.srcdir, request.docname).parent / request.options["toctree"], wanted, suffix)


def _requests(app: Sphinx) -> Iterator[Request]:
    lists = domain_of(app.env).lists
    for docname in sorted(app.env.found_docs):
        file = Path(app.env.doc2path(docname))
        try:
            if docname not in lists and file.stat().st_mtime_ns // 1000 < app.env.all_docs.get(docname, 0):
                continue  # it had none when it was read, and is as it was
            text = file.read_text("utf-8")
        except (OSError, UnicodeDecodeError):  # Sphinx reports it
            continue
        found = list(_in_text(docname, text.splitlines())) if "penstock-flows" in text else []
        (lists.add if found else lists.discard)(docname)
        yield from found


def _in_text(docname: str, lines: Sequence[str]) -> Iterator[Request]:
    for number in _starts(lines):
        options: dict[str, str] = {}
        for below in lines[number + 1 :]:
            found = _OPTION.match(below)
            if not found:
                break
            options[found["name"]] = found["value"]
        if options.get("toctree"):
            yield Request(docname, number + 1, options)


def _starts(lines: Sequence[str]) -> Iterator[int]:
    """Yield the numbers of the lines at which a directive begins: at the margin, not in the code of an example."""
    ticks, info = "", "{eval-rst}"
    for number, line in enumerate(lines):
        fence = _FENCE.match(line.rstrip())
        if fence and not ticks:
            ticks, info = fence["ticks"], fence["info"].strip()
            if info == "{penstock-flows}":
                yield number
        elif fence and fence["ticks"].startswith(ticks) and not fence["info"].strip():
            ticks, info = "", "{eval-rst}"
        elif info == "{eval-rst}" and _RST.match(line):
            yield number


def _selection(options: dict[str, str]) -> Selection:
    def listed(name: str) -> tuple[str, ...]:
        return tuple(options.get(name, "").replace(",", " ").split())

    return Selection(services=listed("service"), tags=listed("tag"), modules=listed("module"))


def _template(app: Sphinx, name: str) -> object:
    folders = [str(Path(app.confdir, folder)) for folder in app.config.templates_path]
    environment = SandboxedEnvironment(
        loader=FileSystemLoader([*folders, str(Path(__file__).with_name("templates"))]),
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["escape"] = rst.escape if name.endswith(".rst") else _markdown
    environment.filters["heading"] = _heading
    return environment.get_template(name)


def _rendered(template: object, flow: Flow) -> str:
    text: str = template.render(  # type: ignore[attr-defined]
        flow=flow,
        name=flow.full_name,
        title=visible(flow.title) or visible(flow.name),
        description=visible(flow.description),
        summary=summary(flow),
    )
    return text.strip()


def _write(file: Path, text: str, suffix: str) -> None:
    """Write a page if it is ours and would change, so that Sphinx reads no page twice for nothing."""
    old = file.read_text("utf-8") if file.exists() else MARKS[suffix]
    if old.startswith(MARKS[suffix]) and old != text:
        write_atomically(file, text.encode("utf-8", "replace"))


def _remove_others(folder: Path, wanted: Iterable[Path], suffix: str) -> None:
    known = {file.resolve() for file in wanted}
    for file in folder.rglob(f"*{suffix}"):
        if file.resolve() not in known and _is_ours(file, suffix):
            file.unlink()


def _is_ours(file: Path, suffix: str) -> bool:
    with file.open("rb") as opened:
        return opened.readline().decode("utf-8", "replace").rstrip() == MARKS[suffix]


def _reason(error: TemplateError) -> str:
    if isinstance(error, TemplateNotFound):
        return f"there is no {error.name} in templates_path"
    return f"{error} (line {getattr(error, 'lineno', '?')})"


def _heading(text: str, level: int = 1) -> str:
    line = "=-~"[level - 1] * max(rst.textwidth(text), 1)
    return f"{text}\n{line}"


_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+.!|-])")


@lru_cache(maxsize=1024)
def _markdown(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)

"""Links to sources through ``sphinx.ext.viewcode``, which otherwise would import the application to find them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

from penstock_sphinx.domain import domain_of
from penstock_sphinx.nodes import flow_block

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.application import Sphinx

    Tags = dict[str, tuple[str, int, int]]


def connect_viewcode(app: Sphinx) -> None:
    """Answer what viewcode asks of the modules that steps are in, if it is there."""
    if "viewcode-find-source" not in app.events.events:
        return
    files = _module_files(app)

    def follow(_app: Sphinx, module: str | None, _attribute: str) -> str | None:
        return module if module in files else None

    def find(_app: Sphinx, module: str) -> tuple[str, Tags] | None:
        return _analysed(files[module], module) if module in files else None

    app.connect("viewcode-follow-imported", follow)
    app.connect("viewcode-find-source", find)


def add_viewcode_targets(app: Sphinx, doctree: nodes.document) -> None:
    """Give each step that viewcode knows the id that its page of source links back to."""
    if "viewcode-find-source" not in app.events.events:
        return
    for block in doctree.findall(flow_block):
        for signature in block.findall(addnodes.desc_signature):
            ident = f"{signature.get('module')}.{signature.get('fullname')}"
            if signature["ids"] and ident not in doctree.ids:
                signature["ids"].append(ident)
                doctree.ids[ident] = signature


def _module_files(app: Sphinx) -> dict[str, Path]:
    site = domain_of(app.env).site
    found = {
        step.module: site.source_file(step) for flow in site.manifest.flows for step in flow.steps if step.module
    }
    return {module: file for module, file in found.items() if file}


def _analysed(file: Path, module: str) -> tuple[str, Tags] | None:
    try:
        analyzer = ModuleAnalyzer.for_file(file, module)
        analyzer.analyze()
    except PycodeError:
        return None
    tags: Any = analyzer.tags
    return analyzer.code, tags

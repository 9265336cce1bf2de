"""Links to sources through viewcode and linkcode.

Without our answer, viewcode would import the application to find its source.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from docutils import nodes
from sphinx import addnodes
from sphinx.errors import PycodeError
from sphinx.pycode import ModuleAnalyzer

from penstock_sphinx.domain.domain import domain_of
from penstock_sphinx.nodes import flow_block

LINE = re.compile(r"\{(end_)?line\W")

if TYPE_CHECKING:
    from pathlib import Path

    from sphinx.application import Sphinx

    Tags = dict[str, tuple[str, int, int]]


def connect_viewcode(app: Sphinx) -> None:
    """Answer viewcode's requests for the modules that contain steps, if the site uses it."""
    if "viewcode-find-source" not in app.events.events:
        return
    files = _module_files(app)

    def follow(_app: Sphinx, module: str | None, _attribute: str) -> str | None:
        """Return the module itself if steps are in it, else ``None``."""
        return module if module in files else None

    def find(_app: Sphinx, module: str) -> tuple[str, Tags] | None:
        """Return the code and the tags of a module that steps are in, else ``None``."""
        return _analyse_module(files[module], module) if module in files else None

    app.connect("viewcode-follow-imported", follow)
    app.connect("viewcode-find-source", find)


def settle_links(_app: Sphinx, doctree: nodes.document) -> None:
    """Move each link by viewcode or linkcode to the end of its step, after the file and line.

    A step that viewcode knows also gets the id that viewcode's source page links back to.
    """
    for block in doctree.findall(flow_block):
        for description in [child for child in block if isinstance(child, addnodes.desc)]:
            signature, content = cast("list[nodes.Element]", description.children)
            meta = cast("nodes.Element", content[-1])
            for link in [child for child in signature if isinstance(child, addnodes.only) or _is_anchor(child)]:
                signature.remove(link)
                meta += [nodes.Text(" "), link]
                ident = f"{signature['module']}.{signature['fullname']}"
                if _is_anchor(link) and ident not in doctree.ids:
                    signature["ids"].append(ident)
                    doctree.ids[ident] = signature


def without_line(app: Sphinx, address: str) -> str | None:
    """Return what linkcheck asks for in place of the address of a step's source: the file, as its lines are no anchors.

    GitHub, GitLab and Bitbucket make the anchors of lines with scripts (Sphinx issue 9016). An address whose anchor is
    the same for all steps is another matter.
    """
    site = domain_of(app.env).site
    file, _, anchor = address.partition("#")
    by_line = anchor and LINE.search(site.config.source_url.partition("#")[2])
    if not by_line or address not in site.source_urls:
        return None
    ignored = any(re.match(pattern, address) for pattern in app.config.linkcheck_ignore)
    return None if ignored else file


def _is_anchor(node: nodes.Node) -> bool:
    """Return whether viewcode made a node; importing its class takes 9 ms of every build, also of those without it."""
    return isinstance(node, nodes.Element) and node.tagname == "viewcode_anchor"


def _module_files(app: Sphinx) -> dict[str, Path]:
    site = domain_of(app.env).site
    own = [flow for flow in site.manifest.flows if not site.origin(flow)]
    files = {step.module: site.source_file(step) for flow in own for step in flow.steps if step.module}
    return {module: file for module, file in files.items() if file}


def _analyse_module(file: Path, module: str) -> tuple[str, Tags] | None:
    try:
        analyzer = ModuleAnalyzer.for_file(file, module)
        analyzer.analyze()
    except PycodeError:
        return None
    tags: Any = analyzer.tags
    return analyzer.code, tags

"""The least that a Sphinx extension of this kind can cost: ``extensions = ["least"]``.

It imports the application in a Python of its own, lets Graphviz lay out all diagrams at once, and puts a picture on each
page, which is then in the domain's objects and its index. What penstock itself does is not done: the pictures are ready,
nothing is checked, compared, kept, linked or described. So this is what Python, Graphviz, Docutils and Sphinx cost.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.domains import Domain, Index, IndexEntry, ObjType
from sphinx.util.docutils import SphinxDirective

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from sphinx.application import Sphinx

IMPORT = """
import importlib, json, sys, types
from pathlib import Path
class Flow:
    def __init__(self, name):
        self.name = name
    def entrypoint(self, function):
        found.append((self.name, function.__name__, function.__doc__))
        return function
    def step(self, *, after):
        return self.entrypoint
found = []
sys.modules["penstock"] = types.ModuleType("penstock")
sys.modules["penstock"].flow = Flow
sys.path.insert(0, "")
for file in sorted(Path("app").glob("*.py")):
    importlib.import_module(f"app.{file.stem}")
json.dump(found, sys.stdout)
"""


class Names(Index):
    """All flows."""

    name = "flows"
    localname = "Flow index"

    def generate(self, docnames: object = None) -> tuple[list[tuple[str, list[IndexEntry]]], bool]:
        """Return an entry for each flow."""
        del docnames
        entries = [
            IndexEntry(name, 0, docname, name, "", "", "") for name, docname in self.domain.data["objects"].items()
        ]
        return [("F", entries)] if entries else [], False


class LeastDomain(Domain):
    """Flows and where they are shown."""

    name = "least"
    label = "Least"
    object_types: ClassVar[dict[str, ObjType]] = {"flow": ObjType("flow", "flow")}
    indices: ClassVar[list[Any]] = [Names]
    initial_data: ClassVar[dict[str, Any]] = {"objects": {}}

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        """Yield each flow."""
        for name, docname in self.data["objects"].items():
            yield name, name, "flow", docname, name, 1


class Picture(SphinxDirective):
    """The picture of a flow."""

    required_arguments = 1
    ready: ClassVar[dict[str, str]] = {}
    option_spec: ClassVar[dict[str, Callable[[str], Any]]] = {"no-steps": directives.flag}

    def run(self) -> list[nodes.Node]:
        """Return the picture that is ready."""
        name = self.arguments[0]
        self.env.get_domain("least").data["objects"][name] = self.env.docname
        picture = self.ready[name]
        return [nodes.figure("", nodes.raw("", picture, format="html"), ids=[name])]


def begin(app: Sphinx) -> None:
    """Import the application and lay the diagrams out; when nothing changed, nothing is done."""
    here = Path(app.confdir)
    Picture.ready = json.loads((here / app.config.least_pictures).read_text("utf-8"))
    if not app.env.all_docs:
        json.loads(subprocess.run([sys.executable, "-c", IMPORT], cwd=here, check=True, stdout=subprocess.PIPE).stdout)
        with (here / app.config.least_sources).open("rb") as sources:
            subprocess.run(
                [app.config.least_engine, "-q", "-Tplain"], stdin=sources, check=True, stdout=subprocess.PIPE
            )


def setup(app: Sphinx) -> dict[str, Any]:
    """Add the directive and the domain."""
    for setting in ("pictures", "sources", "engine"):
        app.add_config_value(f"least_{setting}", "", "")
    app.add_domain(LeastDomain)
    app.add_directive("least-picture", Picture)
    app.connect("builder-inited", begin)
    return {"parallel_read_safe": True}

"""What diagrams cost a Sphinx build, beside the same pages without them and beside others' diagrams: ``make benchmarks``.

CPU time (user and system, child processes included) of whole builds, medians of several rounds in one run.
"""

from __future__ import annotations

import compileall
import importlib.util
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from penstock import Edge, Flow, Step
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
from penstock.render import Options, render
from penstock.render.graphviz import layout_input
from penstock.render.graphviz.engine import find_engine

if TYPE_CHECKING:
    from collections.abc import Callable

    from penstock.manifest import Manifest

PAGES = 500
IN_MODULE = 20
"""Flows, or state machines, in a module of the application."""

ROUNDS = 3
MOST_OF_LEAST = 1.6
"""How many times a build may cost one of the least extension of this kind, see least.py."""

MOST_OF_PLAIN = 1.45
"""How many times a build in which nothing changed may cost such a build of the plain site."""

CONF = 'html_theme = "basic"\nhtml_use_index = False\n'
PENSTOCK = 'extensions = ["penstock_sphinx"]\npenstock_modules = ["app.*"]\npenstock_path = ["."]\n'
GRAPHVIZ = 'extensions = ["sphinx.ext.graphviz"]\ngraphviz_output_format = "svg"\n'
STATEMACHINE = """
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
extensions = ["statemachine.contrib.diagram.sphinx_ext"]
"""
AUTODOC = """
import sys
sys.path.insert(0, ".")
extensions = ["sphinx.ext.autodoc"]
"""
FINISHED = """
from pathlib import Path
from docutils import nodes
from docutils.parsers.rst import Directive, directives
PICTURE = Path(__file__).with_name("picture.svg").read_text()
class Picture(Directive):
    required_arguments = 1
    option_spec = {"no-steps": directives.flag}
    def run(self):
        return [nodes.figure("", nodes.raw("", PICTURE, format="html"))]
def setup(app):
    app.add_directive("finished-picture", Picture)
"""
"""What Docutils and Sphinx take for any directive of one option, if all that it returns is ready."""


PICTURES = "pictures.json"
SOURCES = "sources.dot"
LEAST = f"""
import os, sys
sys.path.insert(0, os.path.dirname(__file__))
extensions = ["least"]
least_pictures, least_sources = "{PICTURES}", "{SOURCES}"
"""
"""See the module: what every extension costs that imports an application and lets Graphviz draw."""

LEAST_SITE = "the least, see least.py"

COLLECT = """
import sys
from pathlib import Path
from penstock.collect import collect
from penstock.collect.plan import CollectPlan
from penstock.config import load
collect(CollectPlan.of(load(Path(sys.argv[1]), {"modules": ["app.*"], "path": ["."]}, where="benchmark", base=Path(sys.argv[1]))))
"""


def steps(number: int) -> int:
    """Return how many steps the diagram of a page has: three to ten."""
    return 3 + number % 8


def called(flow: int, step: int) -> str:
    """Return the name of a step: no two diagrams are the same, or one layout would serve many."""
    return f"do_{flow}_{step}"


def flows(numbers: range) -> str:
    """Return a module with flows of three to ten documented steps."""
    lines = ["from penstock import flow"]
    for number in numbers:
        lines.append(f"f = flow('flow_{number}')")
        for step in range(steps(number)):
            mark = "f.entrypoint" if not step else f"f.step(after='{called(number, (step - 1) // 2)}')"
            lines += [f"@{mark}", f"def {called(number, step)}(number: int) -> int:"]
            lines.append(f"    '''Do part {step} of what {number} wants.'''")
            lines.append("    return number")
    return "\n".join(lines)


def plain(_: int) -> str:
    """Return the body of a page without a diagram."""
    return "Nothing is drawn here.\n"


def penstock(number: int) -> str:
    """Return the body of a page with our diagram."""
    return f".. penstock-flow:: flow_{number}\n   :no-steps:\n"


def finished(number: int) -> str:
    """Return the body of a page with a picture that only has to be put there."""
    return f".. finished-picture:: flow_{number}\n   :no-steps:\n"


def least(number: int) -> str:
    """Return the body of a page with a picture that is ready, in a build that imports and lays out."""
    return f".. least-picture:: flow_{number}\n   :no-steps:\n"


def described(number: int) -> str:
    """Return the body of a page with our diagram and the steps."""
    return f".. penstock-flow:: flow_{number}\n"


def autodoc(number: int) -> str:
    """Return the body of a page with the steps as autodoc describes them, and no diagram."""
    module = f"app.part_{number // IN_MODULE * IN_MODULE}"
    return "\n\n".join(f".. autofunction:: {module}.{called(number, step)}" for step in range(steps(number)))


def graphviz(number: int) -> str:
    """Return the body of a page with the same diagram, drawn by sphinx.ext.graphviz."""
    pairs = ((called(number, (step - 1) // 2), called(number, step)) for step in range(1, steps(number)))
    arrows = "\n".join(f"      {source} -> {target};" for source, target in pairs)
    return f".. graphviz::\n\n   digraph g{number} {{\n{arrows}\n   }}\n"


def machines(numbers: range) -> str:
    """Return a module with the same diagrams as classes of python-statemachine: a state for each step."""
    lines = ["from statemachine import State, StateMachine"]
    for number in numbers:
        lines.append(f"class Machine{number}(StateMachine):")
        count = steps(number)
        for step in range(count):
            facts = "initial=True" if not step else f"final={2 * step + 1 >= count}"
            lines.append(f"    {called(number, step)} = State({facts})")
        for step in range(1, count):
            source, target = called(number, (step - 1) // 2), called(number, step)
            lines.append(f"    to_{step} = {source}.to({target})")
    return "\n".join(lines)


def statemachine(number: int) -> str:
    """Return the body of a page with the same diagram, drawn by python-statemachine's directive."""
    return f".. statemachine-diagram:: app.part_{number // IN_MODULE * IN_MODULE}.Machine{number}\n"


def site(folder: Path, body: Callable[[int], str], conf: str = "", pages: int = PAGES) -> Path:
    """Write a site and return its folder."""
    folder.mkdir()
    (folder / "conf.py").write_text(CONF + conf)
    names = [f"page_{number}" for number in range(pages)]
    (folder / "index.rst").write_text("Index\n=====\n\n.. toctree::\n\n" + "".join(f"   {name}\n" for name in names))
    for number, name in enumerate(names):
        (folder / f"{name}.rst").write_text(f"Page {number}\n========\n\n{body(number)}")
    return folder


def with_application(folder: Path, module: Callable[[range], str], count: int = PAGES) -> Path:
    """Write the modules that a site shows, and return the site's folder."""
    (folder / "app").mkdir(parents=True)
    for start in range(0, count, IN_MODULE):
        (folder / "app" / f"part_{start}.py").write_text(module(range(start, start + IN_MODULE)), "utf-8")
    compileall.compile_dir(folder / "app", quiet=1)  # as pip leaves what it installs
    return folder


def with_picture(folder: Path) -> Path:
    """Write the picture of one flow of seven steps, and return the site's folder."""
    chain = [Step(name=called(0, step), title="Do a part of it.") for step in range(7)]
    edges = [Edge(source=called(0, (step - 1) // 2), target=called(0, step)) for step in range(1, 7)]
    drawn = render(Flow(name="f", steps=tuple(chain), edges=tuple(edges)), "svg", Options(details=True))
    (folder / "picture.svg").write_text(str(drawn), "utf-8")
    return folder


def with_pictures(folder: Path) -> Path:
    """Write the application, the pictures of its flows and what the engine reads; return the site's folder."""
    shutil.copy(Path(__file__).with_name("least.py"), folder)
    with_application(folder, flows)
    options = Options(details=True)
    found = collected(folder).flows
    pictures = {flow.name: str(render(flow, "svg", options)) for flow in found}
    (folder / PICTURES).write_text(json.dumps(pictures), "utf-8")
    (folder / SOURCES).write_text("\n".join(layout_input.render(flow, options) for flow in found), "utf-8")
    return folder


def collected(folder: Path) -> Manifest:
    """Return the flows of a site's application."""
    return collect(CollectPlan.of(load(folder, {"modules": ["app.*"], "path": ["."]}, where="benchmark", base=folder)))


def build(folder: Path, *, fresh: bool = True) -> float:
    """Build a site and return the CPU seconds that it took."""
    if fresh:
        shutil.rmtree(folder / "_build", ignore_errors=True)
        shutil.rmtree(folder / ".penstock", ignore_errors=True)
    return seconds([sys.executable, "-m", "sphinx", "-q", "-b", "html", str(folder), str(folder / "_build")], folder)


def seconds(command: list[str], folder: Path, source: str = "") -> float:
    """Run a command in a folder and return the CPU seconds that it took, what it starts included."""
    before = os.times()
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    subprocess.run(command, check=True, cwd=folder, env=environment, input=source.encode(), stdout=subprocess.PIPE)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def medians(sites: dict[str, Path], *, fresh: bool) -> dict[str, float]:
    """Return the median CPU seconds of each site, built in turns."""
    taken: dict[str, list[float]] = {name: [] for name in sites}
    for _ in range(ROUNDS):
        for name, folder in sites.items():
            taken[name].append(build(folder, fresh=fresh))
    return {name: statistics.median(times) for name, times in taken.items()}


def others(folder: Path) -> dict[str, Path]:
    """Return the sites of those that draw with Graphviz, as far as they are installed."""
    if not shutil.which("dot"):
        print("sphinx.ext.graphviz is left out: install Graphviz")
        print("python-statemachine is left out: install Graphviz")
        return {}
    sites = {"sphinx.ext.graphviz": site(folder / "graphviz", graphviz, GRAPHVIZ)}
    if importlib.util.find_spec("statemachine"):
        own = with_application(site(folder / "statemachine", statemachine, STATEMACHINE), machines)
        sites["python-statemachine"] = own
    else:
        print("python-statemachine is left out: pip install --group benchmarks")
    return sites


def cold(folder: Path) -> bool:
    """Print what a diagram costs in a build from nothing, and what a build costs in which nothing changed.

    Returns:
        Whether penstock is over one of its limits.
    """
    conf = f"{LEAST}least_engine = {find_engine()!r}\n"
    sites = {
        "plain": site(folder / "plain", plain),
        "a finished picture": with_picture(site(folder / "finished", finished, FINISHED)),
        LEAST_SITE: with_pictures(site(folder / "least", least, conf)),
        "penstock": with_application(site(folder / "penstock", penstock, PENSTOCK), flows),
        "penstock with steps": with_application(site(folder / "described", described, PENSTOCK), flows),
        "autodoc with the same functions": with_application(site(folder / "autodoc", autodoc, AUTODOC), flows),
        **others(folder),
    }
    first, again = medians(sites, fresh=True), medians(sites, fresh=False)
    print(f"| {PAGES} diagrams of 3 to 10 steps | CPU s | ms a diagram | no change, s | of the plain site |")
    print("| --- | --- | --- | --- | --- |")
    for name, seconds in first.items():
        each = (seconds - first["plain"]) / PAGES * 1000
        print(f"| {name} | {seconds:.2f} | {each:.2f} | {again[name]:.2f} | {again[name] / again['plain']:.2f} |")
    of_least = first["penstock"] / first[LEAST_SITE]
    of_plain = again["penstock"] / again["plain"]
    print(f"\nA build costs {of_least:.2f} times the least; the limit is {MOST_OF_LEAST:g}.")
    print(f"A build in which nothing changed costs {of_plain:.2f} times the plain one; the limit is {MOST_OF_PLAIN:g}.")
    return of_least > MOST_OF_LEAST or of_plain > MOST_OF_PLAIN


def parts(folder: Path) -> None:
    """Print what of a build from nothing is collecting the flows, and what is the layout engine."""
    here = with_application(folder / "parts", flows)
    sources = "\n".join(layout_input.render(flow, Options(details=True)) for flow in collected(here).flows)
    collecting, engine = [], []
    for _ in range(ROUNDS):
        shutil.rmtree(here / ".penstock")
        collecting.append(seconds([sys.executable, "-c", COLLECT, str(here)], here))
        engine.append(seconds([find_engine(), "-q", "-Tplain"], here, sources))
    each = [statistics.median(times) / PAGES * 1000 for times in (collecting, engine)]
    print(f"\nOf penstock's, collecting the flows takes {each[0]:.2f} ms, and the engine {each[1]:.2f} ms.")


def many(folder: Path) -> None:
    """Print what it costs to change one page, with a thousand flows and with ten thousand."""
    taken = {}
    for count in (1_000, 10_000):
        here = with_application(site(folder / f"many-{count}", penstock, PENSTOCK, pages=20), flows, count)
        build(here)
        page = here / "page_7.rst"
        unchanged, changed = [], []
        for _ in range(ROUNDS):
            unchanged.append(build(here, fresh=False))
            page.write_text(page.read_text() + "\nMore.\n")
            changed.append(build(here, fresh=False))
        taken[count] = statistics.median(changed), statistics.median(changed) - statistics.median(unchanged)
    print()
    print("| one page of 20 changed | CPU s | of which for the page |\n| --- | --- | --- |")
    for count, (whole, page_alone) in taken.items():
        print(f"| {count} flows | {whole:.2f} | {page_alone:.3f} |")


def main() -> int:
    """Measure in a folder of its own; return 1 if penstock is over one of its limits."""
    with tempfile.TemporaryDirectory() as name:
        is_over = cold(Path(name))
        parts(Path(name))
        many(Path(name))
    return int(is_over)


if __name__ == "__main__":
    sys.exit(main())

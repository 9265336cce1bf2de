"""What diagrams cost a Sphinx build, beside the same pages without them and beside others' diagrams: ``make benchmarks``.

CPU time (user and system, child processes included) of whole builds, medians of several rounds in one run.
"""

from __future__ import annotations

import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = 500
IN_MODULE = 20
"""Flows in a module of the application."""

ROUNDS = 3
CONF = 'html_theme = "basic"\nextensions = [{extensions}]\nhtml_use_index = False\n'
PENSTOCK = 'penstock_modules = ["flows.*"]\npenstock_path = ["."]\n'


def steps(number: int) -> int:
    """Return how many steps the diagram of a page has: three to ten."""
    return 3 + number % 8


def flows(numbers: range) -> str:
    """Return a module with flows of three to ten documented steps."""
    lines = ["from penstock import flow"]
    for number in numbers:
        lines.append(f"f = flow('flow_{number}')")
        for step in range(steps(number)):
            mark = "f.entrypoint" if not step else f"f.step(after='step_{(step - 1) // 2}')"
            lines += [f"@{mark}", f"def step_{step}(number: int) -> int:", f"    '''Do part {step} of it.'''"]
            lines.append("    return number")
    return "\n".join(lines)


def plain(_: int) -> str:
    """Return the body of a page without a diagram."""
    return "Nothing is drawn here.\n"


def penstock(number: int) -> str:
    """Return the body of a page with our diagram."""
    return f".. penstock-flow:: flow_{number}\n   :no-steps:\n"


def described(number: int) -> str:
    """Return the body of a page with our diagram and the steps."""
    return f".. penstock-flow:: flow_{number}\n"


def graphviz(number: int) -> str:
    """Return the body of a page with the same diagram, drawn by sphinx.ext.graphviz."""
    arrows = "\n".join(f"      step_{(step - 1) // 2} -> step_{step};" for step in range(1, steps(number)))
    return f".. graphviz::\n\n   digraph g{number} {{\n{arrows}\n   }}\n"


def site(folder: Path, body: Callable[[int], str], extension: str = "", pages: int = PAGES, count: int = 0) -> Path:
    """Write a site and return its folder."""
    folder.mkdir()
    extensions = repr(extension) if extension else ""
    conf = CONF.format(extensions=extensions)
    if count:
        conf += PENSTOCK
        (folder / "flows").mkdir()
        for start in range(0, count, IN_MODULE):
            (folder / "flows" / f"part_{start}.py").write_text(flows(range(start, start + IN_MODULE)), "utf-8")
    (folder / "conf.py").write_text(conf + 'graphviz_output_format = "svg"\n' * (extension == "sphinx.ext.graphviz"))
    names = [f"page_{number}" for number in range(pages)]
    (folder / "index.rst").write_text("Index\n=====\n\n.. toctree::\n\n" + "".join(f"   {name}\n" for name in names))
    for number, name in enumerate(names):
        (folder / f"{name}.rst").write_text(f"Page {number}\n========\n\n{body(number)}")
    return folder


def build(folder: Path, *, fresh: bool = True) -> float:
    """Build a site and return the CPU seconds that it took."""
    if fresh:
        shutil.rmtree(folder / "_build", ignore_errors=True)
        shutil.rmtree(folder / ".penstock", ignore_errors=True)
    before = os.times()
    command = [sys.executable, "-m", "sphinx", "-q", "-b", "html", folder, folder / "_build"]
    subprocess.run(command, check=True, env={**os.environ, "PYTHONDONTWRITEBYTECODE": ""})
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def medians(sites: dict[str, Path], *, fresh: bool) -> dict[str, float]:
    """Return the median CPU seconds of each site, built in turns."""
    taken: dict[str, list[float]] = {name: [] for name in sites}
    for _ in range(ROUNDS):
        for name, folder in sites.items():
            taken[name].append(build(folder, fresh=fresh))
    return {name: statistics.median(times) for name, times in taken.items()}


def cold(folder: Path) -> None:
    """Print what a diagram costs in a build from nothing, and what a build costs in which nothing changed."""
    sites = {
        "plain": site(folder / "plain", plain),
        "penstock": site(folder / "penstock", penstock, "penstock_sphinx", count=PAGES),
        "penstock with steps": site(folder / "described", described, "penstock_sphinx", count=PAGES),
    }
    if shutil.which("dot"):
        sites["sphinx.ext.graphviz"] = site(folder / "graphviz", graphviz, "sphinx.ext.graphviz")
    else:
        print("sphinx.ext.graphviz is left out: install Graphviz")
    first, again = medians(sites, fresh=True), medians(sites, fresh=False)
    print(f"| {PAGES} diagrams of 3 to 10 steps | CPU s | ms a diagram | no change, s | of the plain site |")
    print("| --- | --- | --- | --- | --- |")
    for name, seconds in first.items():
        each = (seconds - first["plain"]) / PAGES * 1000
        print(f"| {name} | {seconds:.2f} | {each:.2f} | {again[name]:.2f} | {again[name] / again['plain']:.2f} |")


def many(folder: Path) -> None:
    """Print what it costs to change one page, with a thousand flows and with ten thousand."""
    taken = {}
    for count in (1_000, 10_000):
        here = site(folder / f"many-{count}", penstock, "penstock_sphinx", pages=20, count=count)
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


def main() -> None:
    """Measure in a folder of its own."""
    with tempfile.TemporaryDirectory() as name:
        cold(Path(name))
        many(Path(name))


if __name__ == "__main__":
    main()

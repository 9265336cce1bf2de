"""What a flow costs a page of MkDocs, ProperDocs and Zensical, beside the plain page and beside mkdocstrings: ``make benchmarks``.

User CPU time (child processes included) of whole builds from nothing, medians of several rounds in one run.
"""

from __future__ import annotations

import importlib.util
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAGES = 500
STEPS = 4
IN_MODULE = 20
"""Flows in a module of the application."""

ROUNDS = 3
LIMIT = 12
"""Milliseconds that a page with a flow may cost."""

HOSTS = ("mkdocs", "properdocs", "zensical")
IMPORTS = "imports.log"

EXTENSIONS = """markdown_extensions:
  - toc
  - pymdownx.highlight
  - pymdownx.superfences
"""
"""What most sites have; with them, signatures are highlighted by either."""

CONFIG = f"""site_name: Benchmark
theme: {{name: null, custom_dir: theme}}
{EXTENSIONS}plugins:
  - search
"""
PENSTOCK = "  - penstock: {modules: [app.*], path: [.]}\n"
"""A plugin, or for Zensical an extension: either way it is the last entry of the last list."""

MKDOCSTRINGS = """  - mkdocstrings:
      handlers:
        python: {paths: [.], options: {show_root_heading: true, docstring_style: google}}
"""
ZENSICAL = f"site_name: Benchmark\ntheme: {{name: material, font: false}}\n{EXTENSIONS}"
THEME = "<html><head><title>{{ page.title }}</title></head><body>{{ page.toc }}{{ page.content }}</body></html>"

PACKAGE = f"""from pathlib import Path

with Path(__file__).parents[1].joinpath("{IMPORTS}").open("a") as log:
    log.write("imported\\n")
"""
FUNCTION = '''

@{mark}
def {name}(order_{number}: int, part: str = "{step}", *, strict: bool = False) -> list[str]:
    """Do part {step} of what {number} wants.

    It may take a while, and is not tried again.

    Args:
        order_{number}: What was ordered.
        part: Which part of it.
        strict: Whether to be strict.

    Returns:
        What is wrong with it.

    Raises:
        ValueError: There is no order.
    """
    return [part] * order_{number}
'''


@dataclass(frozen=True)
class Site:
    """A site to build.

    Attributes:
        host: Who builds it.
        shows: What stands on its pages.
        folder: Where it is.
    """

    host: str
    shows: str
    folder: Path


def called(flow: int, step: int) -> str:
    """Return the name of a step: no two diagrams are the same, or one layout would serve many."""
    return f"do_{flow}_{step}"


def module(numbers: range) -> str:
    """Return a module with flows of documented steps."""
    text = "from penstock import flow\n"
    for number in numbers:
        text += f"\nf{number} = flow('flow_{number}')\n"
        for step in range(STEPS):
            mark = f"f{number}.entrypoint" if not step else f"f{number}.step(after='{called(number, (step - 1) // 2)}')"
            text += FUNCTION.format(mark=mark, name=called(number, step), number=number, step=step)
    return text


def plain(_: int) -> str:
    """Return the body of a page without a flow."""
    return "Nothing is shown here.\n"


def flow(number: int) -> str:
    """Return the body of a page with our flow: its diagram, and its steps with their docstrings."""
    return f"::: penstock-flow flow_{number}\n"


def functions(number: int) -> str:
    """Return the body of a page with the same functions, shown by mkdocstrings."""
    name = f"app.part_{number // IN_MODULE * IN_MODULE}"
    return "\n".join(f"::: {name}.{called(number, step)}\n" for step in range(STEPS))


def write(folder: Path, config: str, body: Callable[[int], str]) -> Path:
    """Write a site with its application and return its folder."""
    files = {"mkdocs.yml": config, "theme/main.html": THEME, "docs/index.md": "# Index\n", "app/__init__.py": PACKAGE}
    for number in range(PAGES):
        files[f"docs/page_{number}.md"] = f"# Page {number}\n\n{body(number)}"
    for start in range(0, PAGES, IN_MODULE):
        files[f"app/part_{start}.py"] = module(range(start, start + IN_MODULE))
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
    return folder


def build(site: Site) -> float:
    """Build a site from nothing and return the seconds of user CPU that it took."""
    for name in ("site", ".penstock", ".cache"):
        shutil.rmtree(site.folder / name, ignore_errors=True)
    (site.folder / IMPORTS).unlink(missing_ok=True)
    command = [sys.executable, "-m", site.host, "build", "-f", "mkdocs.yml"]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "DISABLE_MKDOCS_2_WARNING": "true"}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    before = os.times().children_user
    done = subprocess.run(command, cwd=site.folder, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{site.host} cannot build {site.shows}:\n{done.stdout}{done.stderr}")
    return os.times().children_user - before


def imports(site: Site) -> int:
    """Return how often the last build imported the application."""
    log = site.folder / IMPORTS
    return len(log.read_text().splitlines()) if log.exists() else 0


def sites(folder: Path) -> list[Site]:
    """Write the sites that can be built here."""
    written = []
    for host in filter(installed, HOSTS):
        config = ZENSICAL if host == "zensical" else CONFIG
        make = partial(_site, folder, host)
        written += [make("plain", config, plain), make("penstock", config + PENSTOCK, flow)]
        if host == "mkdocs" and installed("mkdocstrings_handlers"):  # under ProperDocs, it costs the same
            written.append(make("mkdocstrings", config + MKDOCSTRINGS, functions))
    return written


def _site(folder: Path, host: str, shows: str, config: str, body: Callable[[int], str]) -> Site:
    return Site(host, shows, write(folder / f"{host}-{shows}", config, body))


def installed(name: str) -> bool:
    """Tell whether a module is there, and say so if it is not."""
    found = importlib.util.find_spec(name) is not None
    if not found:
        print(f"{name} is left out: pip install --group docs --group benchmarks")
    return found


def measured(these: list[Site]) -> dict[Site, float]:
    """Return the median seconds of each site, built in turns."""
    taken: dict[Site, list[float]] = {site: [] for site in these}
    for _ in range(ROUNDS):
        for site in these:
            taken[site].append(build(site))
    return {site: statistics.median(times) for site, times in taken.items()}


def main() -> int:
    """Measure in a folder of its own; return 1 if a page with a flow costs more than its limit."""
    with tempfile.TemporaryDirectory() as name:
        medians = measured(sites(Path(name)))
        bare = {site.host: seconds for site, seconds in medians.items() if site.shows == "plain"}
        costs = {site: (seconds - bare[site.host]) / PAGES * 1000 for site, seconds in medians.items()}
        print(f"| {PAGES} pages, {STEPS} functions each | user CPU s | ms a page over the plain page | imports |")
        print("| --- | --- | --- | --- |")
        for site, seconds in medians.items():
            print(f"| {site.host}, {site.shows} | {seconds:.2f} | {costs[site]:.2f} | {imports(site)} |")
    own = max((cost for site, cost in costs.items() if site.shows == "penstock"), default=0.0)
    print(f"\nThe limit is {LIMIT} ms a page for penstock.")
    return int(own > LIMIT)


if __name__ == "__main__":
    sys.exit(main())

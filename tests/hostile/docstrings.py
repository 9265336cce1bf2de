"""Shows hostile docstrings on pages of both engines: the page around them stays whole, and every step is there."""

from __future__ import annotations

import logging
import re
from typing import TYPE_CHECKING

import markdown
from bs4 import BeautifulSoup
from harness import main, run, write_project

from penstock import Edge, Flow, Step, manifest
from penstock.manifest import Manifest

if TYPE_CHECKING:
    from pathlib import Path
    from random import Random

STEPS = 3
IN_SPHINX = 0.01
"""How often a docstring is shown by Sphinx, too, which takes a hundred times as long."""

BLOCKS = [
    "Args:\n    x: What.\n    y (int): {}", "Returns:\n    {}", "Raises:\n    ValueError: {}", "Yields:\n    {}\n", "Example:\n    >>> {}",
    "Parameters\n----------\nx : int\n    {}", "Returns\n-------\nint\n    {}", ":param x: {}", ":returns: {}", ":type x: {}",
    ".. note:: {}", ".. code-block:: python\n\n    {}", ".. image:: {}", ".. |x| replace:: {}", ".. _x: {}", ".. [1] {}",
    ".. unknown:: {}", ".. table::\n\n    {}", ".. math:: {}", ".. include:: {}", ".. raw:: html\n\n    {}",
    "{}\n====", "{}\n----", "# {}", "###### {}", "> {}", "- {}\n  - {}", "1. {}", "    {}", "```\n{}", "```python\n{}\n```", "~~~\n{}",
    "| a | b |\n|---|---|\n| {} | c |", "+---+\n| {} |\n+---+", "==== ====\n{} a\n==== ====", "[x]: {}", "[^1]: {}", "*[x]: {}",
    "::: penstock-flow {}", "!!! note\n    {}", "??? x\n    {}", "{}\n: {}", "<div>\n{}", "</div>{}", "<!-- {}", "<details>{}",
]  # fmt: skip
WORDS = [
    "a word", "`x`", "``x``", "```", "*", "**", "_", "__x", "`", "|x|", "[x](y)", "[x](javascript:alert(1))", "![x](y)", "<b>", "</p>",
    "<script>alert(1)</script>", "<img src=x onerror=alert(1)>", "</div></section>", "&lt;", "&#0;", "&amp;", ":ref:`x`", ":foo:`x`",
    "x_", "`x`_", "`x <y>`__", "[1]_", "|", "||", "::", "\\", "\\\\", "{{ x }}", "{% x %}", "{: #a }", "$x$", "\t", "\0", "\x02wzxhzdk:0\x03",
    "\u2028", "\u202e", "\ud800", "\U0001f600", "\u6ce8\u6587", "x" * 300, "'''", '"""', "%s", "---", "***", "  \n", "\r", "~", "<", ">",
]  # fmt: skip


def some_docstring(chance: Random) -> str:
    """Return a hostile docstring."""

    def words() -> str:
        return " ".join(chance.choice(WORDS) for _ in range(chance.randint(1, 4)))

    parts = ["Do it."]
    for _ in range(chance.randint(1, 4)):
        block = chance.choice(BLOCKS) if chance.random() < 0.7 else "{}"
        parts.append(re.sub(r"\{\}", lambda _: words().replace("\n", " "), block))
    return chance.choice(["\n\n", "\n", "\n\n\n"]).join(parts)


def make_flow(docstrings: list[str]) -> Flow:
    """Return a flow with a step for each docstring."""
    names = [f"step{at}" for at in range(len(docstrings))]
    steps = tuple(
        Step(
            name=name,
            title="Do it.",
            docstring=docstring,
            signature="(x: int, y=3)",
            entrypoint=not at,
            file="app.py",
            line=1,
        )
        for at, (name, docstring) in enumerate(zip(names, docstrings, strict=True))
    )
    return Flow(name="f", steps=steps, edges=tuple(Edge(source=names[0], target=name) for name in names[1:]))


def wrong_in_markdown(flow: Flow, style: str, folder: Path) -> str:
    """Return what is wrong with a page of Python-Markdown."""
    file = folder / "flows.json"
    manifest.save(Manifest(flows=(flow,)), file)
    settings = {"manifests": [str(file)], "js": False, "docstring_style": style}
    extensions = [
        "penstock",
        "toc",
        "tables",
        "fenced_code",
        "admonition",
        "attr_list",
        "md_in_html",
        "footnotes",
        "abbr",
    ]
    converter = markdown.Markdown(extensions=extensions, extension_configs={"penstock": settings})
    page = BeautifulSoup(converter.convert("# T\n\n::: penstock-flow f\n\nThe *end*.\n"), "html.parser")
    names = [heading.get_text() for heading in page.select(".ps-step-name")]
    if names != [step.name for step in flow.steps]:
        return f"the steps {names} are shown"
    last = page.find_all("p", recursive=False)[-1:]
    return "" if [part.get_text() for part in last] == ["The end."] else "the page does not go on behind the flow"


def wrong_in_sphinx(flow: Flow, style: str, folder: Path) -> str:
    """Return what is wrong with a page of Sphinx."""
    write_project(folder)
    manifest.save(Manifest(flows=(flow,)), folder / "flows.json")
    extensions = ["penstock_sphinx", "sphinx.ext.napoleon"]
    (folder / "conf.py").write_text(
        f"extensions = {extensions}\npenstock_manifests = ['flows.json']\npenstock_docstring_style = {style!r}\n"
    )
    (folder / "index.rst").write_text("T\n=\n\n.. penstock-flow:: f\n\nThe *end*.\n")
    outcome = run("sphinx", folder)
    if outcome.code:
        return f"Sphinx exits with {outcome.code}: {outcome.output[-2000:]}"
    page = BeautifulSoup((folder / "_build/index.html").read_text(), "html.parser")
    missing = [step.name for step in flow.steps if not page.find(id=re.compile(rf"(^|[.-]){step.name}$"))]
    return f"Sphinx shows no {missing}" if missing else "" if "The end." in page.get_text() else "Sphinx shows no end"


def attempt(chance: Random, folder: Path) -> str:
    """Show a flow with hostile docstrings; return what is wrong with the page."""
    flow = make_flow([some_docstring(chance) for _ in range(STEPS)])
    style = chance.choice(["auto", "google", "numpy", "sphinx", "markdown"])
    said = wrong_in_markdown(flow, style, folder)
    if not said and chance.random() < IN_SPHINX:
        said = wrong_in_sphinx(flow, style, folder)
    return f"{style} {[step.docstring for step in flow.steps]!r}: {said}" if said else ""


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)  # what is refused is told with each docstring
    main(attempt, 3_500)

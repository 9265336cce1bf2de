"""Diagrams without steps below them lead to the page that has the steps, under every host."""

from __future__ import annotations

import subprocess
import sys

import pytest
from bs4 import BeautifulSoup

SITE = """site_name: Test
theme:
  name: material
  font: false
markdown_extensions:
  - penstock:
      modules: [app]
      path: [src]
"""
DIAGRAM = "::: penstock-flow orders\n    steps: false\n"
PART = "::: penstock-flow orders\n    focus: store\n    depth: 0\n"
STEPS = {"receive", "store"}
COUNTING = """
import runpy, sys

opened = []
sys.addaudithook(lambda event, of: opened.append(str(of[0])) if event == "open" and str(of[0]).endswith("p1.md") else None)
sys.argv = ["zensical", "build", "--clean", "-f", "mkdocs.yml"]
try:
    runpy.run_module("zensical", run_name="__main__", alter_sys=True)
finally:
    print("opened", len(opened))
"""


def links(page) -> list[str]:
    """Return where the nodes of the diagrams on a page lead to."""
    soup = BeautifulSoup(page.read_text(encoding="utf-8"), "html.parser")
    return [link["xlink:href"] for link in soup.select("a.ps-node")]


@pytest.mark.parametrize("tool", ["mkdocs", "properdocs", "zensical"])
@pytest.mark.parametrize(
    ("embed", "begin"), [("", "flow-orders"), ("    id: all-orders\n", "all-orders")], ids=["default id", "own id"]
)
def test_page_of_the_author(tmp_path, write_site, run_tool, tool, embed, begin):
    """Nodes lead to the steps on another page, whatever the embed there is called."""
    pages = {"index": "::: penstock-flow orders\n    steps: false\n", "deep/all": f"::: penstock-flow orders\n{embed}"}
    folder = write_site(tmp_path, SITE, **pages)
    done = run_tool(tool, "build", "-f", "mkdocs.yml", folder=folder)
    assert 0 == done.returncode, done.stderr

    assert {f"deep/all/#{begin}-{step}" for step in STEPS} == {*links(folder / "site" / "index.html")}
    assert {f"#{begin}-{step}" for step in STEPS} == {*links(folder / "site" / "deep" / "all" / "index.html")}


def test_generated_page(tmp_path, write_site, run_tool):
    """Nodes lead to the steps on the generated page, from any depth."""
    site = f"{SITE}plugins:\n  - penstock: {{pages: true}}\n"
    folder = write_site(tmp_path, site, **{"deep/one": "::: penstock-flow orders\n    steps: false\n"})
    done = run_tool("mkdocs", "build", "--strict", folder=folder)
    assert 0 == done.returncode, done.stderr

    expected = {f"../../flows/orders/#flow-orders-{step}" for step in STEPS}
    assert expected == {*links(folder / "site" / "deep" / "one" / "index.html")}


@pytest.mark.parametrize("tool", ["mkdocs", "properdocs", "zensical"])
def test_links_lead_to_the_whole_flow(tmp_path, write_site, run_tool, tool):
    """A page with a part of a flow, though it is read first, is never where a node leads to, not even from that page."""
    pages = {"a_part": f"{PART}\n{DIAGRAM}", "index": DIAGRAM, "whole": "::: penstock-flow orders\n"}
    folder = write_site(tmp_path, SITE, **pages)
    done = run_tool(tool, "build", "-f", "mkdocs.yml", folder=folder)
    assert 0 == done.returncode, done.stderr

    whole = {f"whole/#flow-orders-{step}" for step in STEPS}
    assert whole == {*links(folder / "site" / "index.html")}
    own, *others = links(folder / "site" / "a_part" / "index.html")
    assert ("#flow-orders-store", {f"../{address}" for address in whole}) == (own, {*others})


def test_nodes_lead_nowhere_without_steps(tmp_path, write_site, run_tool):
    """Where no page shows the steps, nodes lead nowhere."""
    folder = write_site(tmp_path, SITE, index="::: penstock-flow orders\n    steps: false\n")
    done = run_tool("mkdocs", "build", "--strict", folder=folder)
    assert 0 == done.returncode, done.stderr

    assert [] == links(folder / "site" / "index.html")


def test_each_page_is_read_once(tmp_path, write_site, needs_host):
    """Where the host does not tell what is on its pages, they are read once a build, not once for each page that asks."""
    needs_host("zensical")
    asking = {f"p{number}": "::: penstock-flow orders\n    steps: false\n" for number in range(9)}
    folder = write_site(tmp_path, SITE, index="# Home\n\n::: penstock-flow orders\n", **asking)
    done = subprocess.run(
        [sys.executable, "-c", COUNTING], cwd=folder, capture_output=True, text=True, timeout=50, check=False
    )

    assert "opened 1" in done.stdout, done.stdout + done.stderr
    assert {f"../#flow-orders-{step}" for step in STEPS} == {*links(folder / "site" / "p1" / "index.html")}

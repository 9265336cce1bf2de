"""All pages of a site on one."""

from __future__ import annotations

import re
from collections import Counter

import pytest

from penstock.cli.main import main

TITLES = '''
from penstock import flow

for name in ("one", "two"):
    declared = flow(name, title={title!r}, description="Of " + name)

    @declared.entrypoint
    def begin():
        """Begin."""
'''


@pytest.mark.parametrize("title", ["Begin", "日本"])
def test_pages_of_flows(small, title):
    """Pages that a list has made are on the one page, with every link alive, also where their titles are the same."""
    small.write("flows.py", TITLES.format(title=title))
    small.write("index.rst", "Index\n=====\n\n.. penstock-flows::\n   :toctree: flows\n")
    built = small.build("singlehtml", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    page = built.page("index.html")
    assert [] == page.dead("penstock")
    assert {"flow-one", "flow-one-begin", "flow-two", "flow-two-begin"} <= set(page.ids)
    assert "Of two" in page.text


def test_table_of_another_theme(small):
    """A list whose table a theme wraps is quiet on two pages of one."""
    small.edit("conf.py", '"basic"', '"furo"')
    small.write(
        "index.rst",
        "Index\n=====\n\n.. toctree::\n\n   other\n\n.. penstock-flows::\n   :name: here\n   :caption: All\n",
    )
    small.write("other.rst", "Other\n=====\n\n.. penstock-flows::\n   :name: there\n\n.. penstock-flow:: one\n")
    built = small.build("singlehtml", "-n", "-W")
    assert (0, "") == (built.code, built.complained)


@pytest.mark.parametrize("builder", ["html", "singlehtml"])
def test_each_frame_has_a_name_of_its_own(small, builder):
    """A screen reader lists the frames of a page by name, so a flow that is there twice has two names."""
    again = "\n.. penstock-map::\n\n.. penstock-flow:: one\n   :no-steps:\n"
    small.write("index.rst", f"{small.text('index.rst')}{again}\n.. toctree::\n\n   other\n")
    small.write("other.rst", f"Other\n=====\n{again}")
    named = re.compile(r'role="region" aria-label="([^"]*)"')
    names = named.findall(small.build(builder, "-n", "-W").text("index.html"))
    more = ["System map (2)", "Diagram of one (3)"] if builder == "singlehtml" else []
    assert ["Diagram of one", "System map", "Diagram of one (2)", *more] == names


def test_flows_of_one_name_in_two_services(small):
    """Flows of one name in two services have ids of their own, and their links lead to their own steps."""
    for service in ("a", "b"):
        small.edit("conf.py", 'penstock_modules = ["flows"]' if service == "a" else "", "")
        small.write(
            f"{service}/pyproject.toml", f'[tool.penstock]\nmodules = ["flows"]\npath = [".."]\nservice = "{service}"\n'
        )
        assert 0 == main(["export", "-C", str(small.folder / service), "-o", str(small.folder / f"{service}.json")])
        small.write(f"{service}.rst", f"{service}\n=\n\n.. penstock-flow:: {service}/one\n")
    small.write("conf.py", small.text("conf.py") + 'penstock_manifests = ["a.json", "b.json"]\n')
    small.write("index.rst", "Index\n=====\n\n.. toctree::\n\n   a\n   b\n\n.. penstock-flows::\n")
    built = small.build("singlehtml", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    page = built.page("index.html")
    assert [] == [name for name, count in Counter(page.ids).items() if count > 1]
    assert [] == page.dead("penstock")
    begins = Counter(link.href for link in page.within("ps-svg") if "begin" in link.href)
    assert [1, 1] == list(begins.values())


def test_figures_of_one_flow_on_many_pages(small):
    """Each figure has an id of its own, and its number, also where pages show one flow or use one name."""
    small.write("conf.py", small.text("conf.py") + "numfig = True\n")
    small.write(
        "index.rst", "Index\n=====\n\n.. toctree::\n\n   a\n   b\n\n.. penstock-flow:: one\n   :caption: Index's\n"
    )
    small.write(
        "a.rst",
        "A\n=\n\n.. penstock-flow:: one\n   :caption: A's\n   :name: here\n\nSee :numref:`here`.\n\n.. toctree::\n\n   c\n",
    )
    small.write("b.rst", ".. penstock-flow:: one\n   :caption: B's\n\n.. penstock-flow:: one\n   :no-diagram:\n")
    small.write("c.rst", "C\n=\n\n.. penstock-flow:: one\n   :caption: C's\n")
    built = small.build("singlehtml", "-n", "-W")
    assert (0, "") == (built.code, built.complained)
    page = built.page("index.html")
    assert [] == [name for name, count in Counter(page.ids).items() if count > 1]
    assert [] == page.dead("penstock")
    captions = re.findall(r'caption-number">(Fig. \d) </span><span class="caption-text">(.)', built.text("index.html"))
    assert [("Fig. 1", "A"), ("Fig. 2", "C"), ("Fig. 3", "B"), ("Fig. 4", "I")] == captions
    assert "See Fig. 1." in page.text

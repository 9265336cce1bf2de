"""Flows beside mkdocstrings: its handler, links by autorefs, and inventories that go both ways, with real builds."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
import zlib
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from bs4 import BeautifulSoup

from forked import run

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).resolve().parents[2]
HOSTS = ["mkdocs", "properdocs", "zensical"]

CONFIG = """site_name: Test
site_url: https://example.org/site/
theme: {name: material, font: false}
plugins:
"""
EXTENSIONS = """
markdown_extensions:
  - penstock: {modules: [app], path: [src]}
  - toc: {permalink: true}
"""
LINKS = "# Links\n\n[orders][], [the step][orders.store] and [more][penstock:orders.receive]\n"
EMBED = "# One\n\n## Its flow\n\n::: penstock-flow orders\n    caption: All of it\n    direction: LR\n"
ASKED = """# One

## Its flow

::: orders
    handler: penstock
    options:
      caption: All of it
      direction: LR
"""
ANCHORS = ("flow-orders", "flow-orders-store", "flow-orders-receive")
CONF = """
project = "Docs"
extensions = ["sphinx.ext.intersphinx", "penstock_sphinx"]
penstock_modules = ["app"]
penstock_path = ["../project/src"]
intersphinx_mapping = {"site": ("https://example.org/site/", "../project/site/objects.inv")}
"""
REFERRING = '''
from penstock import entrypoint, flow, step


@flow("orders")
@entrypoint
def receive():
    """Receive it, [then][orders.store] store it, see [orders][]."""


@flow("orders")
@step(after="receive")
def store():
    """Store it."""
'''
SHOWING = '''"""How it works.

::: penstock-flow orders
"""


def receive():
    """Receive it.

    ::: orders
        handler: penstock
        options:
          heading_level: 5
    """
'''
LIBRARY = '''
def receive():
    """Do something else."""
'''


class Site(NamedTuple):
    """What a build left, and what it said."""

    folder: Path
    code: int
    said: str

    def page(self, name: str) -> BeautifulSoup:
        return BeautifulSoup((self.folder / name / "index.html").read_text(encoding="utf-8"), "html.parser")

    def references(self, name: str = "links") -> list[str]:
        """Return where the references of a page lead to."""
        return [link["href"] for link in self.page(name).select("a.autorefs")]

    def article(self, name: str) -> str:
        """Return what a page shows of its flow, as written."""
        text = (self.folder / name / "index.html").read_text(encoding="utf-8")
        return text[text.index('id="flow-orders"') : text.index("</article>")]

    @property
    def objects(self) -> list[tuple[str, str, str]]:
        """What the inventory lists: kind, name and address."""
        packed = (self.folder / "objects.inv").read_bytes().split(b"\n", 4)[4]
        lines = [line.split(" ") for line in zlib.decompress(packed).decode().splitlines()]
        return sorted((kind, name, uri.replace("$", name)) for name, kind, _, uri, _ in lines)


@pytest.fixture(autouse=True)
def _own_cache(monkeypatch, tmp_path, needs_host):
    """Keep inventories that MkDocs downloads out of the user's cache."""
    needs_host("mkdocstrings", "mkdocstrings_handlers.python")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))


@pytest.fixture
def build(tmp_path, write_site, run_tool) -> Callable[..., Site]:
    """Return a function that writes a site and builds it strictly, with plugins one a line."""

    def run(host: str, plugins: str = "mkdocstrings", *, extensions: str = EXTENSIONS, files=None, **pages: str):
        listed = "".join(f"  - {plugin}\n" for plugin in ["search", *plugins.splitlines()])
        pages = {"index": "# Home\n", **pages}
        folder = write_site(tmp_path / "project", f"{CONFIG}{listed}{extensions}", **pages)
        for name, text in (files or {}).items():
            (folder / name).write_text(text, encoding="utf-8")
        done = run_tool(host, "build", "-f", "mkdocs.yml", "--strict", folder=folder)
        return Site(folder / "site", done.returncode, done.stdout + done.stderr)

    return run


@pytest.fixture
def sphinx(tmp_path) -> Callable[[str], Path]:
    """Return a function that builds a Sphinx site of one page, strictly, and returns the folder of what was built."""

    def build(text: str) -> Path:
        folder = tmp_path / "sphinx"
        folder.mkdir()
        (folder / "conf.py").write_text(CONF, encoding="utf-8")
        (folder / "index.rst").write_text(f"Docs\n====\n\n{text}\n", encoding="utf-8")
        done = run("sphinx", "-q", "-n", "-W", folder, folder / "html")
        assert 0 == done.returncode, done.stderr
        return folder / "html"

    return build


@pytest.mark.parametrize("host", HOSTS)
def test_handler_gives_the_same_html(build, host):
    """What the handler shows is the embed's HTML to the byte, and its steps are in the page's outline."""
    site = build(host, embed=EMBED, asked=ASKED)

    assert 0 == site.code, site.said
    assert "extraordinary" in site.article("embed")
    assert site.article("embed") == site.article("asked")
    assert {"#flow-orders-receive", "#flow-orders-store"} <= {
        link["href"] for link in site.page("asked").select(".md-nav--secondary a[href]")
    }


@pytest.mark.parametrize("page", [EMBED, ASKED], ids=["embed", "handler"])
@pytest.mark.parametrize("host", HOSTS)
def test_references_from_any_page(build, host, page):
    """A flow and its steps are linked by their names from any page, however they are shown."""
    site = build(host, one=page, links=LINKS)

    assert 0 == site.code, site.said
    assert [f"../one/#{anchor}" for anchor in ANCHORS] == site.references()


def test_references_lead_to_the_whole_flow(build):
    """A page with a part of a flow, though it is read first, is never where a reference leads to."""
    site = build("mkdocs", a_part="::: penstock-flow orders\n    focus: store\n    depth: 0\n", one=EMBED, links=LINKS)

    assert 0 == site.code, site.said
    assert {"../one/"} == {address.partition("#")[0] for address in site.references()}


@pytest.mark.parametrize(
    ("host", "plugins"),
    [
        ("mkdocs", "autorefs"),
        ("mkdocs", "mkdocstrings"),
        ("mkdocs", "mkdocstrings\nautorefs"),
        ("properdocs", "autorefs\nmkdocstrings"),
    ],
)
def test_references_to_generated_pages(build, host, plugins):
    """Generated pages are found too, and autorefs is enough for it."""
    site = build(host, f"{plugins}\npenstock: {{pages: true}}", links=LINKS)

    assert 0 == site.code, site.said
    assert ["../flows/orders/"] * 3 == [link.partition("#")[0] for link in site.references()]
    assert ["flow-orders-store", "flow-orders-receive"] == [link.partition("#")[2] for link in site.references()[1:]]


def test_autorefs_alone_in_zensical(build):
    """Zensical needs no mkdocstrings for references either."""
    site = build("zensical", "autorefs", one=EMBED, links=LINKS)

    assert 0 == site.code, site.said
    assert [f"../one/#{anchor}" for anchor in ANCHORS] == site.references()


@pytest.mark.parametrize("host", HOSTS)
def test_nothing_is_needed(build, host):
    """Without autorefs, a page of embeds is built as ever, and there is no inventory."""
    site = build(host, "tags" if host == "zensical" else "", one=EMBED)

    assert 0 == site.code, site.said
    assert "extraordinary" in site.article("one")
    assert not (site.folder / "objects.inv").exists()


def test_best_place_of_several(build):
    """A flow on several pages is linked at the first one that shows its steps, without a warning."""
    site = build("mkdocs", a=EMBED.replace("caption: All of it", "steps: false"), b=EMBED, c=EMBED, links=LINKS)

    assert 0 == site.code, site.said
    assert [f"../b/#{anchor}" for anchor in ANCHORS] == site.references()
    assert {f"b/#{anchor}" for anchor in ANCHORS} == {uri for _, _, uri in site.objects}


def test_generated_page_is_best(build):
    """A flow's generated page is linked, whatever shows the flow besides."""
    site = build("mkdocs", "mkdocstrings\npenstock: {pages: true}", a=EMBED, links=LINKS)

    assert 0 == site.code, site.said
    assert [f"../flows/orders/#{anchor}" for anchor in ANCHORS] == site.references()


def test_flows_of_services(build, orders, write_manifest, tmp_path):
    """A flow of a service has a long name, and its short one where it is unique, also in another site's inventory."""
    flows = [
        replace(orders, service="store"),
        *(replace(orders, name="ship", service=each) for each in ("store", "port")),
    ]
    extensions = EXTENSIONS.replace("modules: [app], path: [src]", f"manifests: ['{write_manifest(*flows)}']")
    page = "# One\n\n" + "\n\n".join(f"::: penstock-flow {name}" for name in ("orders", "store/ship", "port/ship"))
    names = "# Links\n\n[orders][] [store/orders.check][] [port/ship][]\n"
    anchors = ["#flow-store-orders", "#flow-store-orders-check", "#flow-port-ship"]
    first = build("mkdocs", extensions=extensions, one=page, links=names)
    assert 0 == first.code, first.said
    assert [f"../one/{anchor}" for anchor in anchors] == first.references()

    inventory = shutil.copy(first.folder / "objects.inv", tmp_path)
    settings = f"{{url: 'file://{inventory}', base_url: 'https://example.org'}}"
    plugin = f"mkdocstrings: {{handlers: {{penstock: {{inventories: [{settings}]}}}}}}"
    second = build("mkdocs", plugin, one="# One\n", links=names)
    assert 0 == second.code, second.said
    assert [f"https://example.org/one/{anchor}" for anchor in anchors] == second.references()


@pytest.mark.parametrize("host", HOSTS)
def test_python_objects_come_first(build, host):
    """A Python object with the name of a step keeps its references; the step has its own, and both are listed."""
    python = "# Python\n\n::: orders.receive\n"
    pages = {"one": EMBED, "python": python, "links": "# Links\n\n[orders.receive][] [it][penstock:orders.receive]\n"}
    plugin = "mkdocstrings: {handlers: {python: {paths: [.]}}}"
    site = build(host, plugin, files={"orders.py": LIBRARY}, **pages)

    assert 0 == site.code, site.said
    assert ["../python/#orders.receive", "../one/#flow-orders-receive"] == site.references()
    assert ("py:function", "orders.receive", "python/#orders.receive") in site.objects
    assert ("penstock:entrypoint", "orders.receive", "one/#flow-orders-receive") in site.objects


@pytest.mark.parametrize("host", HOSTS)
def test_references_in_docstrings(build, host):
    """A docstring may refer to a step as a page may."""
    site = build(host, one=EMBED, files={"src/app.py": REFERRING})

    assert 0 == site.code, site.said
    assert ["#flow-orders-store", "#flow-orders"] == [link.removeprefix("./") for link in site.references("one")]


@pytest.mark.parametrize("host", HOSTS)
def test_flows_in_docstrings(build, host):
    """A flow may be shown in a docstring that mkdocstrings shows: every link has its anchor, and every anchor is one."""
    plugin = "mkdocstrings: {handlers: {python: {paths: [.]}}}"
    site = build(host, plugin, files={"orders.py": SHOWING}, one="# One\n\n::: orders\n", links=LINKS)
    ids = [element["id"] for element in site.page("one").select("article [id]")]
    targets = {link.get("href") or link["xlink:href"] for link in site.page("one").select("article .penstock a")}

    assert 0 == site.code, site.said
    assert {f"#{where}--{step}" for where in ("orders", "orders.receive") for step in ANCHORS[1:]} == targets
    assert {target.removeprefix("#") for target in targets} <= {*ids}
    assert [f"../one/#orders--{anchor}" for anchor in ANCHORS[1:]] == site.references()[1:]
    assert sorted({*ids}) == sorted(ids)


@pytest.mark.parametrize("host", HOSTS)
def test_overviews_in_docstrings_have_ids_of_their_own(build, host):
    """Maps and small diagrams in docstrings share no id and no name with those of the page, nor with each other's."""
    overviews = "::: penstock-map\n\n::: penstock-flows\n"
    plugin = "mkdocstrings: {handlers: {python: {paths: [.]}}}"
    function = '\n\ndef ship():\n    """Ship it.\n\n    ::: penstock-map\n    """\n'
    files = {"orders.py": f'"""How it works.\n\n{overviews}"""\n{function}'}
    site = build(host, plugin, files=files, one=f"# One\n\n{overviews}\n::: orders\n")
    ids = [element["id"] for element in site.page("one").select("article svg [id]")]

    assert 0 == site.code, site.said
    assert 5 == len(site.page("one").select("article svg.ps-svg"))
    assert sorted({*ids}) == sorted(ids)
    names = [frame["aria-label"] for frame in site.page("one").select("article .ps-frame")]
    assert ["System map", "System map in orders", "System map in orders.ship"] == names


@pytest.mark.parametrize("host", HOSTS)
def test_a_docstring_asks_mkdocstrings_for_nothing(build, host):
    """What looks like an embed in a step's docstring is text, which ends no build."""
    files = {"src/app.py": REFERRING.replace("Store it.", "Store it.\n\n    ::: nothing.of.that.name\n    ")}
    site = build(host, one=EMBED, files=files)

    assert 0 == site.code, site.said
    assert "::: nothing.of.that.name" in site.page("one").select_one(".penstock").text


@pytest.mark.parametrize("host", HOSTS)
def test_inventory_for_sphinx(build, sphinx, host):
    """Sphinx finds flows and steps of the site by its inventory, with the roles of penstock_sphinx."""
    site = build(host, one=EMBED)
    assert 0 == site.code, site.said
    assert [
        ("penstock:entrypoint", "orders.receive", "one/#flow-orders-receive"),
        ("penstock:flow", "orders", "one/#flow-orders"),
        ("penstock:step", "orders.store", "one/#flow-orders-store"),
    ] == site.objects

    pages = sphinx(":penstock:flow:`orders` :penstock:step:`orders.store` :penstock:entrypoint:`orders.receive`")
    found = BeautifulSoup((pages / "index.html").read_text(encoding="utf-8"), "html.parser")
    assert [f"https://example.org/site/one/#{anchor}" for anchor in ANCHORS] == [
        link["href"] for link in found.select("a.external") if link["href"].startswith("https://example.org")
    ]


@pytest.mark.parametrize("host", HOSTS)
def test_inventory_of_sphinx(build, sphinx, host):
    """Flows and steps of a Sphinx site are linked by their names, below the address that is given."""
    build(host, one=EMBED)
    inventory = sphinx(".. penstock-flow:: orders") / "objects.inv"
    settings = f"{{url: '{inventory.as_uri()}', base_url: 'https://docs.example.org/'}}"
    plugin = f"mkdocstrings: {{handlers: {{penstock: {{inventories: [{settings}]}}}}}}"
    site = build(host, plugin, one="# One\n", links="# Links\n\n[orders][] [the step][orders.store]\n")

    assert 0 == site.code, site.said
    assert [
        "https://docs.example.org/index.html#flow-orders",
        "https://docs.example.org/index.html#flow-orders-store",
    ] == (site.references())


@pytest.mark.parametrize("host", ["mkdocs", "properdocs"])
def test_inventory_beside_its_site(build, sphinx, host):
    """An inventory's own folder is the site's address, where no other is given."""
    build(host, one=EMBED)
    inventory = sphinx(".. penstock-flow:: orders") / "objects.inv"
    plugin = f"mkdocstrings: {{handlers: {{penstock: {{inventories: ['{inventory.as_uri()}']}}}}}}"
    site = build(host, plugin, one="# One\n", links="# Links\n\n[orders][]\n")

    assert 0 == site.code, site.said
    assert [f"{inventory.parent.as_uri()}/index.html#flow-orders"] == site.references()


@pytest.mark.parametrize("host", ["mkdocs", "properdocs"])
def test_names_and_options_are_checked(build, host):
    """Names and options are checked as those of embeds are: one line each, with page and line, and the build fails."""
    faults = [("orders", "ordres"), ("caption:", "captoin:"), ("LR", "up"), ("LR", "[x]")]
    example = "````\n::: ordres\n```\n::: orders\n```\n````\n"
    page = f"---\ntitle: T\n---\n{example}" + "\n".join(ASKED.replace(old, new) for old, new in faults)
    site = build(host, asked=page)

    assert 1 == site.code
    assert [
        ("14", "there is no flow 'ordres'. Did you mean 'orders'?"),
        ("24", "there is no option 'captoin'. Did you mean 'caption'?"),
        ("34", "the option 'direction' must be TB, LR, BT or RL, not 'up'"),
        ("44", "the option 'direction' must be TB, LR, BT or RL, not '[\"x\"]'"),
    ] == re.findall(r"^WARNING -  asked\.md:(\d+): (.*?)(?: Known flows.*)?$", site.said, re.MULTILINE)
    assert "Traceback" not in site.said


def test_faults_in_zensical(build):
    """Zensical says a fault of the handler, too, and fails where the extension is strict."""
    site = build(
        "zensical", asked=ASKED.replace("orders", "ordres"), extensions=EXTENSIONS.replace("]}", "], strict: true}")
    )

    assert 0 != site.code
    assert "asked.md:5: there is no flow 'ordres'. Did you mean 'orders'?" in site.said


@pytest.mark.parametrize(
    ("host", "settings", "said"),
    [
        ("mkdocs", "{optoins: {}}", "there is no setting 'optoins'. Did you mean 'options'?"),
        (
            "properdocs",
            "{modules: [app]}",
            "there is no setting 'modules'. Known: options, inventories. Settings of flows",
        ),
        ("mkdocs", "{options: {captoin: x}}", "there is no option 'captoin'. Did you mean 'caption'?"),
        ("properdocs", "{options: [x]}", "'options' must be a mapping"),
        ("mkdocs", "{inventories: x}", "'inventories' must be a list of addresses"),
        ("mkdocs", "{inventories: [{base_url: x}]}", "'inventories' must be a list of addresses"),
    ],
)
def test_bad_settings(build, host, settings, said):
    """A wrong setting of the handler ends the build with one line."""
    site = build(host, f"mkdocstrings: {{handlers: {{penstock: {settings}}}}}")
    lines = [text for text in site.said.splitlines() if f"mkdocstrings, handler penstock: {said}" in text]

    assert 1 == site.code
    assert 1 == len(lines), site.said
    assert "Traceback" not in site.said


@pytest.mark.parametrize("host", HOSTS)
def test_default_handler_and_options(build, host):
    """As the default handler, a name is enough; its options hold for all, and those of one place win."""
    options = "{steps: false, caption: Everywhere}"
    plugin = f"mkdocstrings: {{default_handler: penstock, handlers: {{penstock: {{options: {options}}}}}}}"
    site = build(
        host, plugin, one="# One\n\n#### ::: orders\n    options:\n      steps: true\n", two="# Two\n\n::: orders\n"
    )

    assert 0 == site.code, site.said
    assert ["receive", "store"] == [found.code.text for found in site.page("one").select("h4.ps-step-name")]
    assert [] == site.page("two").select(".ps-step-name")
    assert ["Everywhere"] * 2 == [site.page(name).figcaption.text for name in ("one", "two")]


@pytest.mark.parametrize("host", HOSTS)
def test_handler_alone(build, host):
    """Where neither extension nor plugin is named, the handler shows the flows of pyproject.toml."""
    files = {"pyproject.toml": '[tool.penstock]\nmodules = ["app"]\npath = ["src"]\n'}
    site = build(host, extensions="", files=files, one=f"{ASKED}\n{ASKED}", links=LINKS)

    assert 0 == site.code, site.said
    assert [f"../one/#{anchor}" for anchor in ANCHORS] == site.references()
    ids = re.findall(r'\bid="([^"]+)"', (site.folder / "one" / "index.html").read_text(encoding="utf-8"))
    assert [] == [each for each in {*ids} if each.startswith(("ps", "flow")) and ids.count(each) > 1]


def test_wheel_ships_the_namespace(tmp_path):
    """The wheel has the handler where mkdocstrings looks, and leaves the namespace to everybody."""
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=50, check=False)
    assert 0 == done.returncode, done.stderr
    names = zipfile.ZipFile(next(tmp_path.glob("*.whl"))).namelist()

    assert ["mkdocstrings_handlers/penstock/__init__.py"] == [
        name for name in names if name.startswith("mkdocstrings_handlers/")
    ]

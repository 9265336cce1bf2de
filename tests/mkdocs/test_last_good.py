"""While the application is broken: pages as they were, a note that says why, one line, and no success if strict."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

HEAD = "site_name: T\ntheme: {name: material, font: false}\n"
SETTINGS = "penstock: {modules: [app], path: [src]"
EXTENSION = f"{HEAD}markdown_extensions:\n  - {SETTINGS}}}\n"
PLUGIN = f"{HEAD}plugins:\n  - {SETTINGS}, pages: true}}\n"
PAGE = "# Home\n\n::: penstock-flow orders\n"
HOSTS = {
    "mkdocs": ("mkdocs", EXTENSION),
    "mkdocs plugin": ("mkdocs", PLUGIN),
    "properdocs": ("properdocs", EXTENSION),
    "properdocs plugin": ("properdocs", PLUGIN),
    "zensical": ("zensical", EXTENSION),
}
EMBEDS = "::: penstock-flow orders\n\n::: penstock-flows\n\n::: penstock-map\n"


@pytest.fixture
def page_of(tmp_path, write_site, convert):
    """Return a function that converts a page of embeds with an application of some source."""

    def run(source: str, text: str = EMBEDS, **settings):
        folder = write_site(tmp_path / "project", "site_name: x\n")
        (folder / "src" / "app.py").write_text(source, encoding="utf-8")
        return convert(text, manifests=None, modules=["app"], path=["src"], base=str(folder), **settings)

    return run


GOOD = 'from penstock import flow\n\n@flow("orders").entrypoint\ndef receive():\n    """Take it."""\n'
BROKEN = "\n\ndef broken(:\n"


def test_flows_as_they_were(page_of):
    """The page stays as it was, under one note with file, line and cause, and there is one line in the log."""
    good = BeautifulSoup(page_of(GOOD).html, "html.parser")
    page = page_of(BROKEN)
    broken = BeautifulSoup(page.html, "html.parser")
    note = broken.select_one(".penstock-error").extract()

    assert str(good).strip() == str(broken).strip()
    assert "The flows on this page are shown as they were before" == note.select_one(".admonition-title").text
    assert note.find_all("p")[1].text.startswith("src/app.py:3: cannot import app: SyntaxError")
    assert 1 == len(page.logged)
    assert page.logged[0].startswith("<markdown>:1: src/app.py:3: cannot import app: SyntaxError")
    assert page.logged[0].endswith("Until then, the pages show the flows as they were before.")


def test_the_note_goes_when_the_application_is_mended(page_of):
    """When the application is mended, the note is gone and the page shows what it says now."""
    page_of(GOOD)
    page_of(BROKEN)
    page = page_of(GOOD.replace("Take", "Hold"))

    assert [] == page.logged
    assert "penstock-error" not in page.html.replace(".penstock-error", "")
    assert "Hold it." in page.html


def test_never_good(page_of):
    """Where there never was a good import, each embed has a note, and one line says why."""
    page = page_of(BROKEN)

    assert 3 == page.html.count('class="penstock-error admonition failure"')
    assert 1 == len(page.logged)


def test_problems_outside_of_flows(page_of):
    """What is wrong outside of every flow is said once, where the first embed stands."""
    page = page_of(f'{GOOD}\nfrom penstock import step\n\n@step(after="receive")\ndef loose(): ...\n')

    assert ["<markdown>:1: src/app.py:9: @step on app.loose belongs to no flow. Put @flow(…) above it."] == page.logged
    assert "penstock-error admonition" not in page.html


@pytest.mark.parametrize(("tool", "config"), HOSTS.values(), ids=HOSTS)
def test_in_another_process(tmp_path, write_site, run_tool, tool, config):
    """Also a new process shows the flows as they were; it says so in one line, and fails under ``--strict``."""
    pages = {"index": PAGE, "other": PAGE, "many": "# All\n\n::: penstock-flows\n"}
    folder = write_site(tmp_path, config, **pages)
    assert 0 == run_tool(tool, "build", "-f", "mkdocs.yml", folder=folder).returncode
    (folder / "src" / "app.py").write_text(BROKEN, encoding="utf-8")
    lenient = run_tool(tool, "build", "-f", "mkdocs.yml", *(["--clean"] if tool == "zensical" else []), folder=folder)

    assert 0 == lenient.returncode, lenient.stderr
    said = [line for line in (lenient.stdout + lenient.stderr).splitlines() if "SyntaxError" in line]
    assert 1 == len(said)
    assert ".md:3: src/app.py:3: cannot import app: SyntaxError" in said[0]
    names = ["index", "other/index", "many/index", *(["flows/orders/index"] if "plugins" in config else [])]
    for name in names:
        page = BeautifulSoup((folder / "site" / f"{name}.html").read_text(encoding="utf-8"), "html.parser")
        assert "src/app.py:3" in page.select_one(".penstock-error").text
        assert page.select_one(".penstock svg")

    strict = run_tool(
        tool, "build", "--strict", "-f", "mkdocs.yml", *(["--clean"] if tool == "zensical" else []), folder=folder
    )
    assert 1 == strict.returncode
    assert 1 == (strict.stdout + strict.stderr).count("SyntaxError")
    assert "Traceback" not in strict.stdout + strict.stderr


@pytest.mark.parametrize("fault", ["modules: app", "modlues: [app]", "manifests: [gone.json]", "engine: none"])
@pytest.mark.parametrize("tool", ["mkdocs", "properdocs", "zensical"])
def test_strict_everywhere(tmp_path, write_site, run_tool, tool, fault):
    """A wrong setting is one line with the page and its line, and no success under ``--strict``, in every host."""
    config = EXTENSION.replace("modules: [app]", fault if "modules" in fault else f"modules: [app], {fault}")
    folder = write_site(tmp_path, config, index=PAGE, other=PAGE)
    done = run_tool(tool, "build", "--strict", "-f", "mkdocs.yml", folder=folder)
    printed = (done.stdout + done.stderr).splitlines()

    assert 1 == done.returncode
    assert 1 == len([line for line in printed if ".md:3: " in line]), printed
    assert "Traceback" not in done.stdout + done.stderr


def test_plugin_says_what_no_page_says(tmp_path, write_site, run_tool):
    """Where no page shows a flow, the plugin says that the application cannot be imported."""
    folder = write_site(tmp_path, PLUGIN.replace(", pages: true", ""), index="# Home\n")
    (folder / "src" / "app.py").write_text(BROKEN, encoding="utf-8")
    done = run_tool("mkdocs", "build", "--strict", folder=folder)

    assert 1 == done.returncode
    assert 1 == done.stderr.count("mkdocs.yml: src/app.py:3: cannot import app: SyntaxError")


def test_each_page_looks(page_of):
    """Where no host tells builds apart, a page never shows what was true a moment ago."""
    for number in range(6):
        assert f"Take {number}." in page_of(GOOD.replace("it.", f"{number}."), "::: penstock-flow orders\n").html

"""Sites built for real, by MkDocs, ProperDocs and Zensical, each in a process of its own."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from bs4 import BeautifulSoup

EXAMPLES = Path(__file__).resolve().parents[2] / "docs" / "examples"

HEAD = """site_name: Test
theme:
  name: material
  font: false
  features: [content.action.edit]
"""
EXTENSION = f"""{HEAD}
markdown_extensions:
  - pymdownx.highlight
  - penstock:
      modules: [app]
      path: [src]
"""
PLUGIN = f"""{HEAD}
repo_url: https://github.com/example/shop
edit_uri: edit/main/docs/
plugins:
  - search
  - penstock:
      modules: [app]
      path: [src]
      pages: true
validation:
  anchors: warn
"""
PAGE = "---\ntitle: Hello\n---\n\n# Home\n\n::: penstock-flow orders\n    caption: All of it\n"


def page_of(site: Path, name: str) -> BeautifulSoup:
    """Return a page of a finished site."""
    return BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")


@pytest.fixture(scope="module")
def built(tmp_path_factory, write_site, run_tool) -> Path:
    """Return a site that MkDocs built with the plugin, strictly."""
    folder = write_site(
        tmp_path_factory.mktemp("site"),
        PLUGIN,
        index=f"{PAGE}\n[to a step](#flow-orders-store) [to a page](flows/orders.md#flow-orders-receive)\n",
    )
    done = run_tool("mkdocs", "build", "--strict", folder=folder)
    assert "WARNING" not in done.stderr
    assert 0 == done.returncode, done.stderr
    return folder / "site"


def test_generated_pages(built):
    """Each flow has a page, the overview leads to it, the navigation has both, and no file was written for them."""
    overview, flow = page_of(built, "flows/index.html"), page_of(built, "flows/orders/index.html")

    assert "orders/" in [link["href"] for link in overview.article.select("a[href]")]
    assert flow.select_one("article svg")
    assert {"flows/", "flows/orders/"} <= {link["href"] for link in page_of(built, "index.html").select(".md-nav a")}
    assert ["index.md"] == [path.name for path in (built.parent / "docs").rglob("*")]


def test_outline_and_anchors(built):
    """The page's outline lists the steps, and every link of the drawing has its anchor."""
    page = page_of(built, "index.html")
    ids = {element["id"] for element in page.select("[id]")}
    outline = {link.get_text(strip=True) for link in page.select(".md-nav--secondary a")}

    assert {"receive", "store"} <= outline
    assert {"#flow-orders-receive", "#flow-orders-store"} == {
        link["xlink:href"] for link in page.select("svg a.ps-node")
    }
    assert {"flow-orders-receive", "flow-orders-store"} <= ids


def test_search_finds_docstrings_and_labels(built):
    """The search index has a section for each step with its docstring's words, and the labels as separate words."""
    index = json.loads((built / "search" / "search_index.json").read_text(encoding="utf-8"))["docs"]
    texts = {entry["location"]: entry["text"] for entry in index}
    words = set(re.split(r"\W+", re.sub(r"<[^>]+>", " ", texts[""])))

    assert "extraordinary" in texts["#flow-orders-receive"]
    assert "extraordinary" not in texts["#flow-orders-store"]
    assert {"receive", "store"} <= words
    assert "var(" not in "".join(texts.values())


def test_style_sheet_is_a_file(built):
    """With the plugin, the style sheet is a file that the pages link."""
    page = page_of(built, "flows/orders/index.html")

    assert "../../assets/penstock.css" in [link["href"] for link in page.select("link[rel=stylesheet]")]
    assert ".ps-svg" in (built / "assets" / "penstock.css").read_text(encoding="utf-8")
    assert [] == page.select("article style")


def test_nothing_comes_from_elsewhere(built):
    """No page loads anything from another host."""
    for path in built.rglob("*.html"):
        page = BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
        loaded = [tag.get("src") or tag.get("href") for tag in page.select("[src], link[rel=stylesheet]")]
        assert [] == [url for url in loaded if re.match(r"(https?:)?//", url or "")]


def test_source_and_edit_links(built):
    """Steps, and the edit links of generated pages, lead to the source in the repository, on the branch of the pages."""
    page = page_of(built, "flows/orders/index.html")
    source = "https://github.com/example/shop/blob/main/src/app.py#L5-L8"

    assert source == page.find("a", string=re.compile(r"src/app\.py:5"))["href"]
    assert [source] == [link["href"] for link in page.select("a.md-content__button[rel=edit]")]


@pytest.mark.parametrize(
    ("nav", "titles"),
    [
        ("nav: Processes\n", ["Home", "Processes"]),
        ("nav: false\n", ["Home"]),
        ("nav: Processes\nnav: [index.md]", ["Home", "Processes"]),
        ("nav: false\nnav: [index.md]", ["Home"]),
        ("nav: X\nnav: [index.md, {Mine: [flows/orders.md]}]", ["Home", "Mine"]),
    ],
)
def test_pages_are_a_section_of_the_navigation(tmp_path, write_site, run_tool, nav, titles):
    """The pages are a section of the navigation unless it has them already, or shall not."""
    option, _, rest = nav.partition("\n")
    config = f"""site_name: T
theme: {{name: null, custom_dir: theme}}
{rest}
plugins:
  - penstock: {{modules: [app], path: [src], pages: true, {option}}}
"""
    write_site(tmp_path, config, index="# Home\n")
    (tmp_path / "theme").mkdir()
    (tmp_path / "theme" / "main.html").write_text("{% for item in nav %}<b>{{ item.title }}</b>{% endfor %}", "utf-8")
    done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)

    assert 0 == done.returncode, done.stderr
    assert titles == [title.text for title in page_of(tmp_path / "site", "index.html").select("b")]


@pytest.mark.parametrize("name", ["penstock", "penstock_mkdocs.markdown"])
def test_settings_under_the_extension(tmp_path, write_site, run_tool, name):
    """The plugin takes what stands under the extension, so that one file serves hosts with and without plugins."""
    config = f"{EXTENSION.replace('- penstock', f'- {name}')}plugins:\n  - penstock: {{pages: true}}\n"
    done = run_tool("mkdocs", "build", "--strict", folder=write_site(tmp_path, config, index=PAGE))

    assert 0 == done.returncode, done.stderr
    assert page_of(tmp_path / "site", "flows/orders/index.html").select_one("article svg")
    assert 1 == len(page_of(tmp_path / "site", "index.html").select("article svg.ps-svg"))


def test_own_page_wins(tmp_path, write_site, run_tool):
    """A page that the author wrote at a generated page's place stays."""
    write_site(tmp_path, PLUGIN, index="# Home\n", **{"flows/orders": "# Mine\n\nBy hand.\n"})
    done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)

    assert 0 == done.returncode, done.stderr
    assert "By hand." in page_of(tmp_path / "site", "flows/orders/index.html").text


def embedded(site: Path) -> str:
    """Return what a page embeds, without the marks that a theme's outline puts on headings."""
    page = page_of(site, "index.html")
    for link in page.select(".headerlink"):
        link.decompose()
    return str(page.select_one(".penstock"))


@pytest.mark.parametrize("tool", ["properdocs", "zensical"])
def test_same_html_everywhere(tmp_path, write_site, run_tool, tool):
    """The extension alone gives the same HTML under every host."""
    pages = []
    for host in ("mkdocs", tool):
        folder = write_site(tmp_path / host, EXTENSION, index=PAGE)
        done = run_tool(host, "build", *(["-f", "mkdocs.yml"] if host == "properdocs" else []), folder=folder)
        assert 0 == done.returncode, done.stderr
        pages.append(embedded(folder / "site"))

    assert "extraordinary" in pages[0]
    assert pages[0] == pages[1]


@pytest.mark.parametrize("tool", ["mkdocs", "properdocs", "zensical"])
def test_example_site(tmp_path, run_tool, tool):
    """The site of examples is built strictly by every host."""
    shutil.copytree(EXAMPLES, tmp_path / "examples", ignore=shutil.ignore_patterns(".penstock", "__pycache__"))
    folder = tmp_path / "examples" / "site"
    arguments = ["-f", "mkdocs.yml"] if tool == "properdocs" else []
    done = run_tool(tool, "build", "--strict", *arguments, folder=folder)

    assert 0 == done.returncode, done.stdout + done.stderr
    assert 2 <= len(page_of(folder / "site", "orders.html").select("article svg.ps-svg"))


@pytest.mark.parametrize("config", [PLUGIN, EXTENSION], ids=["plugin", "extension"])
@pytest.mark.parametrize("tool", ["mkdocs", "properdocs"])
def test_strict_fails_with_one_line(tmp_path, write_site, run_tool, tool, config):
    """Under ``--strict``, a bad name is one line with the line in the file, front matter counted, and the build fails."""
    page = PAGE.replace("flow orders", "flow ordres")
    done = run_tool(tool, "build", "--strict", "-f", "mkdocs.yml", folder=write_site(tmp_path, config, index=page))
    said = [line for line in (done.stdout + done.stderr).splitlines() if "ordres" in line]

    assert 1 == done.returncode
    assert ["WARNING -  index.md:7: there is no flow 'ordres'. Did you mean 'orders'? Known flows: orders."] == said
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("tool", ["mkdocs", "properdocs"])
@pytest.mark.parametrize("config", [PLUGIN, EXTENSION], ids=["plugin", "extension"])
def test_own_strict(tmp_path, write_site, run_tool, tool, config):
    """The option ``strict`` fails the build without ``--strict``, without a traceback."""
    config = config.replace("      path:", "      strict: true\n      path:")
    page = PAGE.replace("flow orders", "flow ordres")
    done = run_tool(tool, "build", "-f", "mkdocs.yml", folder=write_site(tmp_path, config, index=page))

    assert 1 == done.returncode
    assert "ERROR   -  index.md:7: there is no flow 'ordres'." in done.stderr
    assert "Traceback" not in done.stderr


def test_own_strict_in_zensical(tmp_path, write_site, run_tool):
    """Zensical does not count warnings: it says the line all the same, and fails with the option ``strict``."""
    page = PAGE.replace("flow orders", "flow ordres")
    lenient = run_tool("zensical", "build", folder=write_site(tmp_path, EXTENSION, index=page))
    strict = EXTENSION.replace("      path:", "      strict: true\n      path:")
    failed = run_tool("zensical", "build", "--clean", folder=write_site(tmp_path, strict, index=page))

    assert 0 == lenient.returncode
    assert "index.md:7: there is no flow 'ordres'." in lenient.stderr
    assert 0 != failed.returncode
    assert "index.md:7: there is no flow 'ordres'." in failed.stderr


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("modules: [app]", "modlues: [app]", "there is no setting 'modlues'. Did you mean 'modules'?"),
        ("modules: [app]", "modules: app", "'modules' must be a list, not a string. Write: modules: [\"app\"]"),
        ("path: [src]", "path: [scr]", "'path' names a folder that does not exist: "),
        ("pages: true", "pages: maybe", "'pages' must be true or false"),
        ("pages: true", "nav: 3", "'nav' must be a title, or false"),
    ],
)
def test_bad_plugin_setting(tmp_path, write_site, run_tool, old, new, said):
    """A wrong setting of the plugin ends the build with one line."""
    done = run_tool("mkdocs", "build", folder=write_site(tmp_path, PLUGIN.replace(old, new), index="# Home\n"))

    assert 1 == done.returncode
    assert 1 == len([line for line in done.stderr.splitlines() if said in line])
    assert "Traceback" not in done.stderr


def test_broken_project_file(tmp_path, write_site, run_tool):
    """A pyproject.toml that cannot be read ends the build with one line that names the file and no setting."""
    write_site(tmp_path, PLUGIN, index="# Home\n")
    (tmp_path / "pyproject.toml").write_text("[tool.penstock\n", encoding="utf-8")
    done = run_tool("mkdocs", "build", folder=tmp_path)
    (said,) = [line for line in done.stderr.splitlines() if "pyproject.toml" in line]

    assert 1 == done.returncode
    assert said.startswith(f"ERROR   -  penstock: {tmp_path / 'pyproject.toml'}:1: ")
    assert "Traceback" not in done.stderr


def test_broken_application(tmp_path, write_site, run_tool):
    """An application that cannot be imported costs its pages, which say why; the others are built."""
    write_site(tmp_path, PLUGIN, index=PAGE, other="# Other\n")
    (tmp_path / "src" / "app.py").write_text("def broken(:\n", encoding="utf-8")
    done = run_tool("mkdocs", "build", folder=tmp_path)

    assert 0 == done.returncode, done.stderr
    assert "index.md:7: src/app.py:1: cannot import app: SyntaxError" in done.stderr
    assert "Traceback" not in done.stderr
    assert "SyntaxError" in page_of(tmp_path / "site", "flows/index.html").select_one(".penstock-error").text
    assert "Other" == page_of(tmp_path / "site", "other/index.html").h1.find(string=True)


@pytest.mark.parametrize("generated", [True, False], ids=["with pages", "without pages"])
def test_problems_that_no_page_shows(tmp_path, write_site, run_tool, generated):
    """Marks without a flow, and problems of flows that no page shows, are reported too, once each."""
    config = PLUGIN if generated else PLUGIN.replace("pages: true", "pages: false")
    folder = write_site(tmp_path, config, index="# Home\n")
    with (folder / "src" / "app.py").open("a", encoding="utf-8") as file:
        file.write(
            '\n\n@step(after="receive")\ndef loose(): ...\n\n\n@flow("ordres")\n@step(after="receive")\ndef lost(): ...\n'
        )
    done = run_tool("mkdocs", "build", "--strict", folder=folder)

    assert 1 == done.returncode
    for said in ("@step on app.loose belongs to no flow.", "after='receive' names no step of flow 'ordres'."):
        assert 1 == len([line for line in done.stderr.splitlines() if said in line]), done.stderr
    assert "Traceback" not in done.stderr

"""Other plugins of MkDocs beside ours, as hooks that do what those do: no test needs them installed."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup

CONFIG = """site_name: T
theme: {{name: null, custom_dir: theme}}
{nav}
hooks: [hook.py]
plugins:
  - penstock: {{modules: [app], path: [src], pages: true, nav: Processes}}
"""
THEME = """{% macro tree(items) %}{% for item in items %}<b>{{ item.title }}</b>{{ tree(item.children or []) }}{% endfor %}
{% endmacro %}{{ tree(nav.items) }}<main>{{ page.content }}</main>"""
READS_NAV = """
from mkdocs.plugins import event_priority

@event_priority(-100)
def on_files(files, *, config):
    pages = sorted(file.src_uri for file in files.documentation_pages() if file.src_uri.startswith("flows/"))
    config.nav = {nav}
"""
CHECKS_TARGETS = """
from mkdocs.plugins import event_priority

@event_priority(10)
def on_files(files, *, config):
    assert files.get_file_from_path("flows/orders.md")
"""
READS_FILES = """
import pathlib

def on_files(files, *, config):
    pathlib.Path("seen").write_text("\\n".join(file.abs_src_path for file in files if file.generated_by == "penstock"))

def on_page_markdown(markdown, *, page, config, files):
    assert markdown.strip() == pathlib.Path(page.file.abs_src_path).read_text(encoding="utf-8").strip()
"""
LANGUAGES = """
import os
from mkdocs.commands.build import build
from mkdocs.config.base import LegacyConfig
from mkdocs.plugins import BasePlugin, event_priority
from mkdocs.structure.files import Files
from mkdocs import utils

class I18n(BasePlugin[LegacyConfig]):
    current_language = default_language = "en"
    config = {{"docs_structure": {structure!r}}}

    @property
    def is_default_language_build(self):
        return self.current_language == self.default_language

    @event_priority(-100)
    def on_files(self, files, *, config):
        kept = []
        for file in files:
            if os.fspath(file.abs_src_path).startswith(config.docs_dir):
                parts = file.src_uri.split("/")
                file.dest_uri = file.dest_uri.removeprefix("en/")
                if {structure!r} == "suffix" and not self.is_default_language_build:
                    file.dest_uri = "fr/" + file.dest_uri
                elif {structure!r} == "folder" and parts[0] != self.current_language:
                    continue
            kept.append(file)
        return Files(kept)

    @event_priority(-100)
    def on_post_build(self, *, config):
        if self.is_default_language_build:
            self.current_language = "fr"
            utils.clean_directory = lambda folder: None
            build(config)

def on_config(config):
    if "i18n" not in config.plugins:
        config.plugins["i18n"] = I18n()
"""


@pytest.fixture
def built(tmp_path, write_site, run_tool):
    """Return a function that builds a site with a hook, strictly, and returns the folder of its pages."""

    def build(hook: str = "", nav: str = "", **pages: str):
        write_site(tmp_path, CONFIG.format(nav=nav), **(pages or {"index": "# Home\n"}))
        (tmp_path / "theme").mkdir()
        (tmp_path / "theme" / "main.html").write_text(THEME, encoding="utf-8")
        (tmp_path / "hook.py").write_text(hook, encoding="utf-8")
        done = run_tool("mkdocs", "build", "--strict", folder=tmp_path)
        assert 0 == done.returncode, done.stderr
        return tmp_path / "site"

    return build


def page_of(site, name: str) -> BeautifulSoup:
    """Return a page of a finished site."""
    return BeautifulSoup((site / name).read_text(encoding="utf-8"), "html.parser")


def titles(site, name: str = "index.html") -> list[str]:
    """Return the titles of the navigation."""
    return [title.text for title in page_of(site, name).select("b")]


def test_a_navigation_that_names_the_folder(built):
    """Where a plugin puts the generated pages in place of a folder, as ``literate-nav`` does, they stand there alone."""
    hook = READS_NAV.format(nav='[{"Mine": pages} if item == {"Mine": "flows/"} else item for item in config.nav]')

    assert ["Home", "Mine", "Processes", "orders"] == titles(built(hook, "nav: [index.md, {Mine: flows/}]"))


def test_a_navigation_of_another_file(built):
    """A navigation that a plugin reads from a page gets the generated pages as that of ``mkdocs.yml`` does."""
    assert ["Home", "Processes", "Processes", "orders"] == titles(built(READS_NAV.format(nav='["index.md"]')))


def test_a_plugin_that_looks_for_pages(built):
    """A plugin before ours in the list, as one that checks where it leads to, finds the generated pages."""
    built(CHECKS_TARGETS)


def test_a_plugin_that_reads_files(built, tmp_path, run_tool):
    """A plugin that reads pages by their path, as the one for feeds does, finds a file, which is written once."""
    built(READS_FILES)
    seen = [Path(line) for line in (tmp_path / "seen").read_text(encoding="utf-8").splitlines()]
    written = [path.stat().st_mtime_ns for path in seen]
    run_tool("mkdocs", "build", folder=tmp_path)

    assert ["index.md", "orders.md", "penstock.css", "penstock.js"] == sorted(path.name for path in seen)
    assert all(path.is_relative_to(tmp_path / ".penstock") for path in seen)
    assert written == [path.stat().st_mtime_ns for path in seen]


def test_no_room_for_files(built, tmp_path):
    """Where our folder cannot be written to, the pages are made all the same."""
    (tmp_path / ".penstock").write_text("", encoding="utf-8")

    assert page_of(built(), "flows/orders/index.html").select_one("#flow-orders-store")


def test_own_page_under_another_name(built):
    """A page of the author wins also where its file is called otherwise, but the page is at the same place."""
    site = built(**{"index": "# Home\n", "flows/README": "# All of mine\n", "flows/orders/index": "# My orders\n"})

    assert "All of mine" == page_of(site, "flows/index.html").h1.text
    assert "My orders" == page_of(site, "flows/orders/index.html").h1.text


@pytest.mark.parametrize("structure", ["suffix", "folder"])
def test_several_languages(built, structure):
    """``mkdocs-static-i18n``, which cannot read a file without a path, builds; each language has pages of its own."""
    folders = ("en/", "fr/") if structure == "folder" else ("",)
    text = "# Home\n\n::: penstock-flow orders\n    steps: false\n\n[to a step](flows/orders.md#flow-orders-store)\n"
    site = built(LANGUAGES.format(structure=structure), **{f"{folder}index": text for folder in folders})

    for language in ("", "fr/"):
        links = page_of(site, f"{language}index.html").select("main a")
        assert {"flows/orders/"} == {(link.get("href") or link["xlink:href"]).partition("#")[0] for link in links}
        assert page_of(site, f"{language}flows/orders/index.html").select_one("#flow-orders-store")
        assert "Processes" == page_of(site, f"{language}flows/index.html").h1.text
    assert not (site / "en").exists()


CHANGES_TEXT = """
def on_page_markdown(markdown, *, page, config, files):
    return markdown.replace("{{ title }}", "Hello").replace("{{ lines }}", "a\\n\\nb\\n\\n::: penstock-flow one\\n\\n")
"""


@pytest.mark.parametrize(
    ("text", "wrong", "where"),
    [
        ("{{ title }}\n\n::: penstock-flow two\n", "two", "index.md:7: "),
        ("{{ lines }}\n\n::: penstock-flow two\n", "two", "index.md:7: "),
        ("{{ lines }}\n\n::: penstock-flow orders\n    steps: perhaps\n", "perhaps", "index.md:8: "),
        ("{{ lines }}\n", "one", "index.md: "),
    ],
)
def test_lines_of_a_text_that_was_changed(tmp_path, write_site, run_tool, text, wrong, where):
    """Where a plugin changes the text, as ``macros`` does, a fault is at its line in the file, or says no line."""
    config = "site_name: T\nhooks: [hook.py]\nplugins:\n  - penstock: {modules: [app], path: [src]}\n"
    write_site(tmp_path, config, index=f"---\ntitle: X\n---\n\n{text}")
    (tmp_path / "hook.py").write_text(CHANGES_TEXT, encoding="utf-8")
    done = run_tool("mkdocs", "build", folder=tmp_path)
    (said,) = [line for line in done.stderr.splitlines() if f"'{wrong}'" in line]

    assert said.startswith(f"WARNING -  {where}")

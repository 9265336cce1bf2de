"""The build of MkDocs 1.6, declared from outside: code that is not ours, and that stays as it is."""

from __future__ import annotations

import logging
from pathlib import Path
from tempfile import TemporaryDirectory

from mkdocs.commands.build import (
    _build_extra_template,
    _build_page,
    _build_template,
    _build_theme_template,
    _populate_page,
    build,
    get_context,
)
from mkdocs.config import load_config
from mkdocs.structure.files import File, Files, get_files, set_exclusions
from mkdocs.structure.nav import get_navigation
from mkdocs.structure.pages import Page
from mkdocs.utils import clean_directory, write_file

from penstock import flow, get_flow

mkdocs_build = flow(
    "mkdocs_build",
    title="How MkDocs builds a site",
    description="From the sources in docs_dir to the finished pages in site_dir, in the order of MkDocs' own code.",
)

mkdocs_build.entrypoint(trigger="mkdocs build")(build)

# Gather: everything is known before the first page is written.
mkdocs_build.step(after={build: "unless dirty"}, effects=["files:site_dir"])(clean_directory)
mkdocs_build.step(after={clean_directory: "", build: "if dirty"})(get_files)
mkdocs_build.step(after=get_files)(Files.add_files_from_theme)
mkdocs_build.step(after=[get_files, Files.add_files_from_theme])(set_exclusions)
mkdocs_build.step(after=set_exclusions)(get_navigation)
mkdocs_build.step(after={get_navigation: "each page"})(_populate_page)
mkdocs_build.step(after=_populate_page)(Page.read_source)
mkdocs_build.step(after=Page.read_source)(Page.render)

# Write: static files first, so that templates and pages can overwrite them.
mkdocs_build.step(after=Page.render)(Files.copy_static_files)
mkdocs_build.step(after={Files.copy_static_files: "each file"}, effects=["files:site_dir"])(File.copy_file)
mkdocs_build.step(after={File.copy_file: "each theme template"}, effects=["files:site_dir"])(_build_theme_template)
mkdocs_build.step(after={_build_theme_template: "each extra template"})(_build_extra_template)
mkdocs_build.step(after=[_build_theme_template, _build_extra_template])(_build_template)
mkdocs_build.step(after={_build_template: "each page"})(_build_page)
mkdocs_build.step(after=[_build_template, _build_page])(get_context)
mkdocs_build.step(after=get_context, effects=["files:site_dir"])(write_file)
mkdocs_build.step(after={write_file: "each page"})(Page.validate_anchor_links)


def build_small_site(folder: Path) -> list[str]:
    """Build a site of two pages and one extra template.

    Args:
        folder: An empty directory for sources and site.

    Returns:
        The pages of the finished site, relative to it and sorted.
    """
    docs = folder / "docs"
    docs.mkdir()
    (docs / "index.md").write_text("# Home\n\n[Next](next.md#more)\n", encoding="utf-8")
    (docs / "next.md").write_text("# Next\n\n## More\n", encoding="utf-8")
    (docs / "robots.txt").write_text("Sitemap: {{ config.site_url }}sitemap.xml\n", encoding="utf-8")
    (folder / "mkdocs.yml").write_text(
        "site_name: Small\nsite_url: https://example.org/\nextra_templates: [robots.txt]\n", encoding="utf-8"
    )
    build(load_config(str(folder / "mkdocs.yml")))
    site = folder / "site"
    return sorted(page.relative_to(site).as_posix() for page in site.rglob("*.html"))


def main() -> None:
    """Build a real site, then print the flow that it took."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s")
    with TemporaryDirectory() as folder:
        print("Built", ", ".join(build_small_site(Path(folder).resolve())))
    flow_taken = get_flow("mkdocs_build")
    for step in flow_taken.steps:
        following = ", ".join(
            f"{edge.target} ({edge.label})" if edge.label else edge.target for edge in flow_taken.edges_from(step.name)
        )
        print(f"{step.name} -> {following}" if following else step.name)


if __name__ == "__main__":
    main()

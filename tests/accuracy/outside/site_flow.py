"""How MkDocs builds a site, declared from outside."""

from penstock import flow

site = flow("site", title="How MkDocs builds a site")

site.entrypoint().patch("mkdocs.commands.build:build")
site.step(after="build").patch("mkdocs.structure.files:get_files")
site.step(after="get_files").patch("mkdocs.structure.files:Files.add_files_from_theme")
site.step(after=["get_files", "add_files_from_theme"]).patch("mkdocs.structure.files:set_exclusions")
site.step(after="set_exclusions").patch("mkdocs.structure.nav:get_navigation")
site.step(after="get_navigation").patch("mkdocs.commands.build:_populate_page")
site.step(after="_populate_page").patch("mkdocs.structure.pages:Page.read_source")
site.step(after="read_source").patch("mkdocs.structure.pages:Page.render")
site.step(after=["get_navigation", "_populate_page"]).patch("mkdocs.structure.files:Files.copy_static_files")
site.step(after="copy_static_files").patch("mkdocs.commands.build:_build_theme_template")
site.step(after="copy_static_files").patch("mkdocs.commands.build:_build_extra_template")
site.step(after=["copy_static_files", "_build_theme_template", "_build_extra_template"]).patch(
    "mkdocs.commands.build:_build_page"
)

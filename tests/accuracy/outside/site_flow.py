"""How MkDocs builds a site, declared from outside."""

from in_place import put
from mkdocs.commands import build
from mkdocs.structure import files, nav, pages

from penstock import flow

site = flow("site", title="How MkDocs builds a site")

put(site.entrypoint, build, "build")
put(site.step(after="build"), files, "get_files")
put(site.step(after="get_files"), files.Files, "add_files_from_theme")
put(site.step(after=["get_files", "add_files_from_theme"]), files, "set_exclusions")
put(site.step(after="set_exclusions"), nav, "get_navigation")
put(site.step(after="get_navigation"), build, "_populate_page")
put(site.step(after="_populate_page"), pages.Page, "read_source")
put(site.step(after="read_source"), pages.Page, "render")
put(site.step(after=["get_navigation", "_populate_page"]), files.Files, "copy_static_files")
put(site.step(after="copy_static_files"), build, "_build_theme_template")
put(site.step(after="copy_static_files"), build, "_build_extra_template")
put(site.step(after=["copy_static_files", "_build_theme_template", "_build_extra_template"]), build, "_build_page")

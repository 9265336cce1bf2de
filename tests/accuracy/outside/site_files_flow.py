"""The files that MkDocs writes, declared from outside."""

from penstock import flow

building = flow("building", title="The files of a site")

building.entrypoint().patch("mkdocs.commands.build:build")
building.step(after="build", effects=["files:*"]).patch("mkdocs.utils:clean_directory")
building.step(after="build", effects=["files:*.md"]).patch("mkdocs.plugins:PluginCollection.on_files")
building.step(after="build", effects=["files:*"]).patch("mkdocs.structure.files:File.copy_file")
building.step(after="build", effects=["files:*.html", "files:*.xml", "files:*.gz"]).patch(
    "mkdocs.commands.build:_build_theme_template"
)
building.step(after="build", effects=["files:*.html"]).patch("mkdocs.commands.build:_build_page")
building.step(after="build", effects=["files:*.json", "files:*.js"]).patch(
    "mkdocs.contrib.search:SearchPlugin.on_post_build"
)

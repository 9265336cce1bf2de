"""The MkDocs plugin: enables the Markdown extension, adds pages and navigation, watches sources."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from penstock._util.optional_imports import needed
from penstock.errors import ConfigError, PenstockError

with needed("mkdocs", "penstock[mkdocs]"):
    from mkdocs.config.base import LegacyConfig, ValidationError
    from mkdocs.exceptions import PluginError
    from mkdocs.plugins import BasePlugin, CombinedEvent, event_priority
    from mkdocs.structure.files import InclusionLevel

from penstock.embed.assets import script
from penstock.embed.reporting import count_findings, describe_located_finding
from penstock_mkdocs.assets import stylesheet
from penstock_mkdocs.generated_pages.files import generated_file
from penstock_mkdocs.generated_pages.pages import FOLDER, failure_page, flow_pages
from penstock_mkdocs.generated_pages.static_i18n import has_languages, move
from penstock_mkdocs.hosts import Host, edit_address
from penstock_mkdocs.links.flow_locations import GENERATED_BY
from penstock_mkdocs.links.svg_links import assigns_href, link_for_scripts, number_places
from penstock_mkdocs.links.unconverted_pages import forget_conversions, raw_embeds
from penstock_mkdocs.reporting import report, was_said
from penstock_mkdocs.site import load_config, open_site
from penstock_mkdocs.watch_list import to_watch

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from mkdocs.config.base import ConfigErrors, ConfigWarnings
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.livereload import LiveReloadServer
    from mkdocs.structure.files import File, Files
    from mkdocs.structure.nav import Navigation, Section
    from mkdocs.structure.pages import Page

    from penstock_mkdocs.generated_pages.pages import GeneratedPage
    from penstock_mkdocs.site import MkDocsSite

EXTENSION_NAMES = ("penstock", "penstock_mkdocs.markdown")
STYLESHEET = "assets/penstock.css"
SCRIPT = "assets/penstock.js"

PLUGIN_SETTINGS: Mapping[str, tuple[object, str]] = {
    "pages": (
        False,
        f"Whether to generate a page for each flow, `{FOLDER}/NAME.md`, and an overview, `{FOLDER}/index.md`.",
    ),
    "nav": ("Flows", "The title of these pages in the navigation, or `false` to leave them out of it."),
}
"""The plugin's own settings, besides those of the extension: the default, and the description in Markdown."""


class PenstockPlugin(BasePlugin[LegacyConfig]):  # type: ignore[no-untyped-call]  # its __init_subclass__
    """Shows flows in MkDocs and ProperDocs."""

    def __init__(self) -> None:
        self.settings: dict[str, Any] = {}
        self._own_settings: dict[str, Any] = {}
        self.pages = False
        self.nav: str | Literal[False] = "Flows"
        self._edit_urls: dict[str, str] = {}
        self._paths: list[str] = []
        self._project = Path()
        self._site: MkDocsSite | None = None
        self._linked = True
        self._began = 0.0
        self._fails = False
        self._serves = False
        self._server: LiveReloadServer | None = None
        self._watched: dict[Path, int] = {}

    def load_config(
        self, options: dict[str, Any], config_file_path: str | None = None
    ) -> tuple[ConfigErrors, ConfigWarnings]:
        """Check the settings; every message names the setting, and suggests a near name for an unknown one."""
        self._own_settings = {key: value for key, value in options.items() if key not in PLUGIN_SETTINGS}
        self.pages = options.get("pages", False)
        self.nav = options.get("nav", "Flows")
        if not isinstance(self.pages, bool):
            return [("pages", ValidationError("'pages' must be true or false"))], []
        if self.nav is not False and not isinstance(self.nav, str):
            return [("nav", ValidationError("'nav' must be a title, or false"))], []
        try:
            load_config(self._own_settings, _host(config_file_path), also=PLUGIN_SETTINGS)
        except ConfigError as error:
            if error.key:  # on_config reports faults of no single setting, such as an unreadable file
                return [(error.key, ValidationError(" ".join(str(error).split())))], []
        return [], []

    def on_startup(self, *, command: str, dirty: bool) -> None:  # noqa: ARG002
        """Stay for all builds of a ``serve``: MkDocs keeps plugins that have this method."""
        self._serves = command == "serve"

    def on_config(self, config: MkDocsConfig) -> MkDocsConfig:
        """Enable the Markdown extension, with the plugin's settings."""
        self._began = time.monotonic()
        forget_conversions()
        extension = next((name for name in EXTENSION_NAMES if name in config.markdown_extensions), None)
        if extension is None:
            extension = EXTENSION_NAMES[0]
            config.markdown_extensions.append(extension)
        # Settings under the extension, for hosts without plugins, apply here too.
        settings = {**(config.mdx_configs.get(extension) or {}), **self._own_settings}
        self._linked = bool(settings.get("js", True))
        self.settings = {"css": False, **settings, "js": False}
        config.mdx_configs[extension] = self.settings
        try:
            ours = load_config(self.settings, _host(config.config_file_path))
        except ConfigError as error:
            raise PluginError(f"penstock: {' '.join(str(error).split())}") from None
        self._project, self._fails = ours.project, ours.check == "error"
        if self._fails:  # at the end of the build, after all reports
            self.settings["check"] = "warn"
        if STYLESHEET not in config.extra_css:
            config.extra_css.append(STYLESHEET)
        if self._linked and SCRIPT not in config.extra_javascript:
            # On every page: with instant navigation, a theme loads scripts of the first page only.
            config.extra_javascript.append(SCRIPT)
        return config

    @event_priority(50)
    def _add_early(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Add the generated files, before other plugins look for pages to list, check or link to."""
        return files if has_languages(config.plugins) else self._add(files, config)

    @event_priority(-150)
    def _add_late(self, files: Files, /, *, config: MkDocsConfig) -> Files:
        """Complete the navigation, after ``literate-nav`` (-100) has read the written navigation."""
        if has_languages(config.plugins):
            self._add(files, config)
        paths = [path for path in self._paths if files.get_file_from_path(path)]
        if paths and self.nav and config.nav is not None and not _mentions(config.nav, set(paths)):
            config.nav = [*config.nav, {self.nav: paths}]
        return files

    on_files = CombinedEvent(_add_early, _add_late)

    def on_nav(self, nav: Navigation, *, config: MkDocsConfig, files: Files) -> Navigation:  # noqa: ARG002
        """Set the title of the section of generated pages, if MkDocs made the navigation itself."""
        if self.pages and self.nav and config.nav is None:
            for section in _sections(nav.items):
                if section.title == FOLDER.capitalize() and any(map(_is_ours, section.children)):
                    section.title = self.nav
        return nav

    def on_pre_page(self, page: Page, *, config: MkDocsConfig, files: Files) -> Page:  # noqa: ARG002
        """Point the edit link of a generated page to the source of the flow."""
        if _is_ours(page) and page.file.src_uri in self._edit_urls and (config.edit_uri or config.edit_uri_template):
            page.edit_url = self._edit_urls[page.file.src_uri]
        return page

    @event_priority(-100)
    def on_page_content(self, html: str, /, *, page: Page, config: MkDocsConfig, files: Files) -> str:  # noqa: ARG002
        """Report embeds on pages that are no Markdown to MkDocs."""
        for raw in raw_embeds(page.file, html):
            report(raw.message, raw.location, strict=bool(self.settings.get("strict")))
        return html

    @event_priority(-100)
    def on_post_page(self, output: str, /, *, page: Page, config: MkDocsConfig) -> str:  # noqa: ARG002
        """Leave the links in drawings as the theme's scripts bear them, when all plugins have seen them."""
        return link_for_scripts(output) if assigns_href(config) else output

    @event_priority(-100)
    def on_post_build(self, *, config: MkDocsConfig) -> None:
        """Report the problems that no page reported, and watch the inputs of this build."""
        self._mend_print_page(config)
        self._report_rest(config)
        self._watch(config)

    def on_serve(
        self,
        server: LiveReloadServer,
        /,
        *,
        config: MkDocsConfig,
        builder: Callable[..., None],  # noqa: ARG002
    ) -> LiveReloadServer:
        """Watch the sources of the flows."""
        self._server, self._watched = server, {}
        self._watch(config)
        return server

    def _add(self, files: Files, config: MkDocsConfig) -> Files:
        """Add the style sheet, the script and the generated pages, except where the author has such a page."""
        files.append(generated_file(config, self._project, STYLESHEET, stylesheet()))
        if self._linked:
            files.append(generated_file(config, self._project, SCRIPT, script()))
        self._edit_urls, self._paths = {}, []
        dest_uris = {file.dest_uri for file in files}
        for page in self._make_pages(config) if self.pages else ():
            file = self._file(page, config)
            if file.dest_uri not in dest_uris:
                files.append(file)
                self._paths.append(page.path)
        return files

    def _make_pages(self, config: MkDocsConfig) -> list[GeneratedPage]:
        title = self.nav or "Flows"
        try:
            self._site = open_site(self.settings, _host(config.config_file_path, config))
        except PenstockError:  # the page reports it
            self._site = None
            return [failure_page(title)]
        return flow_pages(self._site.manifest, title, self._site.drawing.vocabulary)

    def _mend_print_page(self, config: MkDocsConfig) -> None:
        """Let links in drawings lead somewhere on the page of print-site, which no plugin sees before it is written."""
        plugin: Any = config.plugins.get("print-site")
        file = Path(plugin.print_page.file.abs_dest_path) if plugin and plugin.config.get("enabled") else None
        if file and file.is_file():
            html = number_places(file.read_text(encoding="utf-8"))
            file.write_text(link_for_scripts(html) if assigns_href(config) else html, encoding="utf-8")

    def _report_rest(self, config: MkDocsConfig) -> None:
        """Report the problems outside every flow, and those of flows that no page shows."""
        host = _host(config.config_file_path, config)
        wrong = 0
        try:
            site = open_site(self.settings, host)
        except PenstockError as error:
            messages = [str(error)]
        else:
            messages, wrong = _collect_messages(site), len(site.disagreements)
        for message in messages:
            if not was_said(message, self._began):
                report(message, host.config_file, strict=bool(self.settings.get("strict")))
        if wrong and self._fails and not self._serves:
            raise PluginError(f"penstock: {count_findings(wrong, 'check: warn')}")

    def _file(self, page: GeneratedPage, config: MkDocsConfig) -> File:
        inclusion = InclusionLevel.INCLUDED if self.nav else InclusionLevel.NOT_IN_NAV
        file = generated_file(config, self._project, page.path, page.markdown, inclusion)
        move(file, config.plugins)
        if page.step and self._site and (url := self._site.source_url(page.step)):
            self._edit_urls[file.src_uri] = url
        return file

    def _watch(self, config: MkDocsConfig) -> None:
        """Watch what the pages depend on now; what was deleted and made again, by its inode, is watched again."""
        if self._server is None:
            return
        watched = to_watch(self.settings, _host(config.config_file_path, config))
        for path, _ in self._watched.items() - watched.items():
            self._server.unwatch(str(path))
        for path, _ in watched.items() - self._watched.items():
            self._server.watch(str(path), recursive=path.is_dir())
        self._watched = watched


def _host(config_file: str | None, config: MkDocsConfig | None = None) -> Host:
    path = Path(config_file or "mkdocs.yml").absolute()
    return Host(
        folder=path.parent,
        config_file=path.name,
        repo_url=(config.repo_url or "") if config else "",
        edit_uri=edit_address(config) if config else "",
        docs_dir=Path(config.docs_dir) if config else None,
    )


def _collect_messages(site: MkDocsSite) -> list[str]:
    """Return the faults of the whole site, and those of the flows that no page has shown."""
    shown_names = site.shown_names.copy()
    site.shown_names.clear()
    unseen = (flow for flow in site.manifest.flows if flow.full_name not in shown_names)
    problems = (*site.manifest.problems, *(problem for flow in unseen for problem in flow.problems))
    return [*site.complaints, *map(str, problems), *map(describe_located_finding, site.disagreements)]


def _sections(items: Iterable[Any]) -> Iterator[Section]:
    for item in items:
        if item.is_section:
            yield item
            yield from _sections(item.children)


def _is_ours(item: Any) -> bool:
    """Return whether an item of the navigation is a page that we generated."""
    file = getattr(item, "file", None)
    return file is not None and file.generated_by == GENERATED_BY


def _mentions(nav: object, paths: set[str]) -> bool:
    """Return whether a navigation already leads to a generated page."""
    if isinstance(nav, dict):
        return any(_mentions(value, paths) for value in nav.values())
    if isinstance(nav, list):
        return any(_mentions(item, paths) for item in nav)
    return isinstance(nav, str) and nav in paths

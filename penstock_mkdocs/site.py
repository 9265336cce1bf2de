"""From settings to flows and their layouts: collected once a build, laid out once a build."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

from penstock import config as configuration
from penstock.collect import collect
from penstock.errors import ConfigError, LayoutError, did_you_mean, near_names
from penstock.render.cache import LayoutCache
from penstock.render.describe import source_url
from penstock.render.options import Options
from penstock_mkdocs.host import source_template

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Literal

    from penstock.config import Config
    from penstock.manifest import Manifest
    from penstock.model import Flow, Step
    from penstock.render.layout import Layout
    from penstock_mkdocs.host import Host

OWN_SETTINGS = {
    "strict": "Raise on a fault instead of logging a warning, for hosts that do not count warnings.",
    "base": "The folder that relative paths count from, by default that of the site's configuration file.",
    "css": "Whether each page carries the style sheet; false where the site links it.",
}
"""What the extension takes besides the settings of ``[tool.penstock]``."""

_Kept = dict[tuple[str, str], "Layout | LayoutError"]


@dataclass
class _Layouts:
    """All layouts of one manifest, by flow and direction."""

    manifest: Manifest
    engine: str
    done: _Kept = field(default_factory=dict)
    said: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)


_last: list[_Layouts] = []


@dataclass(frozen=True)
class Site:
    """The flows of a site, and how they are shown."""

    config: Config
    manifest: Manifest
    source_template: str

    def layout(self, flow: Flow, direction: str) -> Layout:
        """Return the layout of a flow; the first question lays all flows out, in one process.

        Raises:
            LayoutError: The engine failed on this flow.
            MissingExtraError: There is no engine.
        """
        kept = self._kept().done
        key = flow.full_name, direction or self.config.direction
        if key not in kept:
            flows = [flow] if direction and direction != self.config.direction else self.manifest.flows
            options = drawing_options(key[1])
            cache = LayoutCache(self.config.project)
            found = cache.lay_out(flows, options, engine=self.config.engine, timeout=self.config.layout_timeout)
            kept.update({(each.full_name, key[1]): layout for each, layout in zip(flows, found, strict=True)})
        layout = kept[key]
        if isinstance(layout, LayoutError):
            raise layout
        return layout

    def source_url(self, step: Step) -> str:
        """Return where a step's source can be read, or an empty string; installed code is not in our repository."""
        if not self.config.manifests and not (self.config.project / step.file).is_file():
            return ""
        return source_url(self.source_template, step)

    def is_news(self, message: str) -> bool:
        """Return whether a message has not been said of these flows yet, and count it as said."""
        said = self._kept().said
        news = message not in said
        said.add(message)
        return news

    @property
    def shown(self) -> set[str]:
        """The full names of the flows that this build's pages show; their problems are reported there."""
        return self._kept().shown

    def _kept(self) -> _Layouts:
        last = _last[0] if _last else None
        if last is None or last.engine != self.config.engine or last.manifest != self.manifest:
            last = _Layouts(self.manifest, self.config.engine)
            _last[:] = [last]
        return last


def open_site(settings: Mapping[str, object], host: Host) -> Site:
    """Return the flows that the settings lead to.

    Args:
        settings: Those of the extension or the plugin.
        host: Who converts the page, and where relative paths count from.

    Raises:
        CollectError: The application cannot be imported.
        ConfigError: A setting does not exist or has a wrong value.
        ManifestError: A manifest cannot be read.
    """
    config = load_config(settings, host)
    template = config.source_url or source_template(host.repo_url, host.edit_uri, _in_repository(config.project))
    return Site(config, collect(config), template)


def load_config(settings: Mapping[str, object], host: Host, *, also: Iterable[str] = ()) -> Config:
    """Return the checked settings, together with those of ``pyproject.toml``.

    Args:
        settings: Those of the extension or the plugin.
        host: Where they stand.
        also: Settings that the caller reads itself, for near names.

    Raises:
        ConfigError: A setting does not exist or has a wrong value.
    """
    check_names(settings, host.config_file, also)
    base = host.folder / str(settings.get("base") or "")
    given = {key: value for key, value in settings.items() if key not in OWN_SETTINGS}
    return configuration.load(base, given, where=host.config_file or "extension penstock", base=base)


def check_names(settings: Mapping[str, object], where: str, also: Iterable[str] = ()) -> None:
    """Check that every setting exists.

    Raises:
        ConfigError: One does not; the error lists near names.
    """
    known = [*(setting.name for setting in configuration.SETTINGS), *OWN_SETTINGS, *also]
    for key in settings:
        if key not in known:
            hint = did_you_mean(near_names(key, known)) or f" Known settings: {', '.join(known)}."
            raise ConfigError(f"there is no setting {key!r}.{hint}", where=where, key=key)


def drawing_options(direction: str, links: Mapping[str, str] | None = None) -> Options:
    """Return how a flow is drawn on a page."""
    return Options(direction=cast("Literal['TB', 'LR', 'BT', 'RL']", direction), details=True, links=links or {})


def _in_repository(project: Path) -> str:
    for folder in (project, *project.parents):
        if (folder / ".git").exists():
            inside = project.relative_to(folder).as_posix()
            return "" if inside == "." else f"{inside}/"
    return ""

"""What one build knows: the configuration, the flows, and which pages they make outdated."""

from __future__ import annotations

import hashlib
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock.collect import collect
from penstock.config import Config
from penstock.errors import ConfigError, PenstockError
from penstock.manifest import Manifest
from penstock.render.describe import source_url
from penstock_sphinx.config import load
from penstock_sphinx.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock.model import Step

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Site:
    """The flows of one build.

    Attributes:
        config: The settings.
        manifest: The flows; none where they could not be collected.
        failed: Whether they could not be collected.
    """

    config: Config
    manifest: Manifest
    failed: bool = False

    def fingerprint(self, name: str) -> str:
        """Return a digest of all that a page shows of a flow, or an empty string where there is no such flow."""
        try:
            flow = self.manifest.flow(name)
        except PenstockError:
            return ""
        shown_with = (self.config.source_url, self.config.direction, self.config.engine, self.config.docstring_style)
        return hashlib.sha256(repr((flow, shown_with)).encode("utf-8", "replace")).hexdigest()

    def source_url(self, step: Step) -> str:
        """Return where a step's source can be read, or an empty string; installed code is not in our repository."""
        if not self.config.manifests and not (self.config.project / step.file).is_file():
            return ""
        return source_url(self.config.source_url, step)

    def source_file(self, step: Step) -> Path | None:
        """Return the file that a step is defined in, if it is on this machine."""
        if not step.file:
            return None
        roots = [self.config.project, *self.config.path]
        if self.config.python is None:
            roots += [Path(entry) for entry in sys.path if entry]
        return next((file for file in (root / step.file for root in roots) if file.is_file()), None)


def collect_flows(app: Sphinx) -> None:
    """Collect the flows of a build, in the main process and once."""
    # A Config without modules stands in for settings that are wrong: Sphinx would show a traceback with an error.
    config = Config(project=Path(app.confdir))
    try:
        config = load(app)
        site = Site(config, collect(config))
    except ConfigError as error:
        logger.warning("%s", error, type="penstock", subtype="config")
        site = Site(config, Manifest(), failed=True)
    except PenstockError as error:
        logger.warning("penstock: %s", error, type="penstock", subtype="import")
        site = Site(config, Manifest(), failed=True)
    for problem in site.manifest.problems:
        logger.warning("%s", problem.message, type="penstock", subtype="problem", location=problem.where or None)
    domain_of(app.env).site = site


def report_unseen_problems(_app: Sphinx, env: BuildEnvironment) -> None:
    """Report the problems of the flows that no page shows; pages report those of theirs."""
    domain = domain_of(env)
    shown = {name for page in domain.pages.values() for name in page.fingerprints}
    for flow in domain.site.manifest.flows:
        if not shown & {flow.name, flow.full_name}:
            for problem in flow.problems:
                logger.warning(
                    "%s", problem.message, type="penstock", subtype="problem", location=problem.where or None
                )


def outdated_pages(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages that show a flow which is not what it was when the page was read."""
    domain = domain_of(env)
    names = {name for page in domain.pages.values() for name in page.fingerprints}
    current = {name: domain.site.fingerprint(name) for name in names}
    return [
        docname
        for docname, page in domain.pages.items()
        if any(current[name] != fingerprint for name, fingerprint in page.fingerprints.items())
    ]

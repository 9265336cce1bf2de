"""Collects the flows of a build, and finds the pages that they make outdated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sphinx.util import logging

from penstock.config import Config
from penstock.errors import CollectError, ConfigError, PenstockError
from penstock.manifest import Manifest
from penstock.proof import flows_for_docs, last_shown
from penstock.render.wording import escape_line
from penstock_sphinx.build.reporting import report
from penstock_sphinx.build.site import SphinxSite
from penstock_sphinx.config import folder_of_settings, load
from penstock_sphinx.domain.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment


logger = logging.getLogger(__name__)


LAST_GOOD = " Until then, the pages show the flows as they were before."


def collect_flows(app: Sphinx) -> None:
    """Collect the flows of a build, once, in the main process."""
    # A Config without modules replaces invalid settings, because Sphinx would show a traceback with an error.
    config = Config(project=folder_of_settings(app))
    domain = domain_of(app.env)
    domain.tags = app.tags
    try:
        config = load(app)
        result = flows_for_docs(config)
        site = SphinxSite(config, result.manifest, disagreements=len(result.disagreements))
        report(config, result)
        domain.last_config = config
    except PenstockError as error:
        site = _as_before(error, config, domain.last_config)
        of_config = isinstance(error, ConfigError)
        message = str(error) if isinstance(error, CollectError) else escape_line(str(error))  # whose lines are safe
        said = f"{'' if of_config else 'penstock: '}{message}{'' if site.failed else LAST_GOOD}"
        logger.warning("%s", said, type="penstock", subtype="config" if of_config else "import")
    for problem in site.manifest.problems:
        logger.warning(
            "%s",
            escape_line(problem.message),
            type="penstock",
            subtype="problem",
            location=escape_line(problem.where) or None,
        )
    domain.site = site


def _as_before(error: PenstockError, config: Config, last: Config | None) -> SphinxSite:
    """Return the flows of the last good import: with these settings, or else with the last ones that worked."""
    candidates = (last,) if isinstance(error, ConfigError) else (config, last)
    for candidate in filter(None, candidates):
        if (manifest := last_shown(candidate)) is not None:
            return SphinxSite(candidate, manifest)
    return SphinxSite(config, Manifest(), failed=True)


def report_unseen_problems(_app: Sphinx, env: BuildEnvironment) -> None:
    """Report the problems of flows that no page shows; pages report those of their flows."""
    domain = domain_of(env)
    shown_names = {name for page in domain.pages.values() for name in page.fingerprints}
    for flow in domain.site.manifest.flows:
        if not shown_names & {flow.name, flow.full_name}:
            for problem in flow.problems:
                logger.warning(
                    "%s",
                    escape_line(problem.message),
                    type="penstock",
                    subtype="problem",
                    location=escape_line(problem.where) or None,
                )


def outdated_pages(
    _app: Sphinx, env: BuildEnvironment, _added: set[str], _changed: set[str], _removed: set[str]
) -> list[str]:
    """Return the pages that show a flow that has changed since the page was read."""
    domain = domain_of(env)
    names = {name for page in domain.pages.values() for name in page.fingerprints}
    current = {name: domain.site.fingerprint(name) for name in names}
    changed_pages = {
        docname
        for docname, page in domain.pages.items()
        if any(current[name] != fingerprint for name, fingerprint in page.fingerprints.items())
    }
    return sorted(changed_pages | _other_functions(env))


def _other_functions(env: BuildEnvironment) -> set[str]:
    """Return the pages that describe functions that became steps, or no longer are."""
    domain = domain_of(env)
    now: dict[str, set[str]] = {}
    for name, function in cast("Any", env.get_domain("py")).objects.items():
        page = domain.pages.get(function.docname)
        if steps := domain.site.steps_at(page.public_names.get(name, name) if page else name):
            now.setdefault(function.docname, set()).update(steps)
    records = {docname: set(page.functions) for docname, page in domain.pages.items() if page.functions}
    return {docname for docname in now.keys() | records.keys() if now.get(docname) != records.get(docname)}

"""Collects the flows of a build, and finds the pages that they make outdated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from sphinx.util import logging

from penstock.config import Config
from penstock.errors import CollectError, ConfigError, PenstockError
from penstock.manifest import Manifest
from penstock.render.wording import escape_line
from penstock_sphinx.build.reporting import report_findings
from penstock_sphinx.build.site import SphinxSite
from penstock_sphinx.config import folder_of_settings, load
from penstock_sphinx.domain.domain import domain_of

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock.model import Problem

logger = logging.getLogger(__name__)


def collect_flows(app: Sphinx) -> None:
    """Collect the flows of a build, once, in the main process."""
    # A Config without modules replaces invalid settings, because Sphinx would show a traceback with an error.
    config = Config(project=folder_of_settings(app))
    domain = domain_of(app.env)
    domain.tags = app.tags
    try:
        config = load(app)
        site = SphinxSite.collect(config)
        report_findings(site)
        domain.last_config = config
    except PenstockError as error:
        failure = str(error) if isinstance(error, CollectError) else escape_line(str(error))  # whose lines are safe
        of_config = isinstance(error, ConfigError)
        candidates = (domain.last_config,) if of_config else (config, domain.last_config)
        last_good = SphinxSite.last_good(failure, *filter(None, candidates))
        message = f"{'' if of_config else 'penstock: '}{' '.join(last_good.complaints) if last_good else failure}"
        logger.warning("%s", message, type="penstock", subtype="config" if of_config else "import")
        site = last_good or SphinxSite(config, Manifest(), failed=True)
    _report_problems(site.manifest.problems)
    domain.site = site


def _report_problems(problems: Iterable[Problem]) -> None:
    for problem in problems:
        message, where = escape_line(problem.message), escape_line(problem.where)
        logger.warning("%s", message, type="penstock", subtype="problem", location=where or None)


def report_unseen_problems(_app: Sphinx, env: BuildEnvironment) -> None:
    """Report the problems of flows that no page shows; pages report those of their flows."""
    domain = domain_of(env)
    shown_names = {name for page in domain.pages.values() for name in page.fingerprints}
    for flow in domain.site.manifest.flows:
        if not shown_names & {flow.name, flow.full_name}:
            _report_problems(flow.problems)


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

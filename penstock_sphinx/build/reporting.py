"""What a build reports of the declared edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock.embed.reporting import count_findings, describe_finding
from penstock.render.wording import escape_line
from penstock_sphinx.domain.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from penstock_sphinx.build.site import SphinxSite

logger = logging.getLogger(__name__)


def report_findings(site: SphinxSite) -> None:
    """Report why the pages show no proof, and the findings, each at the step's line."""
    for message in site.complaints:
        logger.warning("%s", escape_line(message), type="penstock", subtype="check")
    for finding in site.disagreements:
        message, where = escape_line(describe_finding(finding)), escape_line(finding.where)
        logger.warning("%s", message, type="penstock", subtype="check", location=where or None)


def fail(app: Sphinx, error: Exception | None) -> None:
    """Fail the build if there are findings and the setting ``check`` is ``error``."""
    site = domain_of(app.env).site if error is None and app.env else None
    if site and site.config.check == "error" and site.disagreements:
        message = count_findings(len(site.disagreements), "penstock_check = 'warn'")
        logger.error("%s", message, type="penstock", subtype="check")
        app.statuscode = 1

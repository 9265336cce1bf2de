"""What a build reports of the declared edges."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sphinx.util import logging

from penstock.check.findings.reports import sentence
from penstock.render.wording import escape_line
from penstock_sphinx.domain.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx

    from penstock.config import Config
    from penstock.proof import Proof

logger = logging.getLogger(__name__)


def report(config: Config, found: Proof) -> None:
    """Report the findings, each at the step's line, as far as the setting ``check`` asks for it."""
    if found.evidence_error:
        logger.warning("%s The pages show no proof until then.", found.evidence_error, type="penstock", subtype="check")
    if config.check != "off":
        for finding in found.disagreements:
            message = f"flow {finding.flow!r}: {sentence(finding)}" if finding.flow else sentence(finding)
            logger.warning(
                "%s",
                escape_line(message),
                type="penstock",
                subtype="check",
                location=escape_line(finding.where) or None,
            )


def fail(app: Sphinx, error: Exception | None) -> None:
    """Fail the build if there are findings and the setting ``check`` is ``error``."""
    site = domain_of(app.env).site if error is None and app.env else None
    if site and site.config.check == "error" and site.disagreements:
        count = f"{site.disagreements} finding{'' if site.disagreements == 1 else 's'} on the declared arrows"
        logger.error("%s; see above, or write: penstock_check = 'warn'", count, type="penstock", subtype="check")
        app.statuscode = 1

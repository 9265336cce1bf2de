"""Digests of the input of each output page, stored next to the doctrees until the next build.

Sphinx writes a page again if its source is newer than the output. Our pages change without their source: after a
build that was interrupted between reading and writing, or with a second builder on the same doctrees, they would stay
outdated.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._util.cache_files import read_cache_file, write_cache_file
from penstock_sphinx.build.link_targets import Targets
from penstock_sphinx.domain.domain import domain_of

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock_sphinx.domain.domain import PenstockDomain
    from penstock_sphinx.domain.page_record import PageRecord


def outdated_outputs(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages whose input differs from that of the last output."""
    domain, targets = domain_of(env), Targets(env)
    is_html = app.builder.format == "html"
    now = {docname: _digest(page, domain, targets, drawn=is_html) for docname, page in domain.pages.items()}
    domain.written_pages, before = now, _read(_file(app))
    return [docname for docname, digest in now.items() if before.get(docname) != digest]


def note_outputs(app: Sphinx, error: Exception | None) -> None:
    """Record the input of each page, after a build that completed."""
    digests, file = domain_of(app.env).written_pages, _file(app)
    if error is None and digests is not None and _read(file) != digests:
        write_cache_file(file, {}, json.dumps(digests).encode())


def _digest(page: PageRecord, domain: PenstockDomain, targets: Targets, *, drawn: bool) -> str:
    layouts = [drawing.key in domain.layouts for drawing in page.drawings] if drawn else []
    facts = list(page.fingerprints.values()), targets.of(page), layouts
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _file(app: Sphinx) -> Path:
    """Return the file of this output, because several builders may share the doctrees."""
    output = hashlib.sha256(f"{app.builder.name} {app.outdir}".encode("utf-8", "surrogateescape")).hexdigest()
    return Path(app.doctreedir, f"penstock-{output[:16]}.json")


def _read(file: Path) -> dict[str, str]:
    """Return the stored digests; a damaged file only means that pages are written once more."""
    try:
        _, content = read_cache_file(file)
        digests: dict[str, str] = json.loads(content)
    except (OSError, ValueError):
        return {}
    return digests

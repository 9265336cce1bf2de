"""What the pages of an output were written from, kept beside the doctrees until the next build.

Sphinx writes a page again when its source is younger than the output. A page of ours changes without its source: a
build that is interrupted between reading and writing, or a second builder on the same doctrees, would leave it as it
was.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING

from penstock._files import read_text, write_atomically
from penstock_sphinx.domain import domain_of
from penstock_sphinx.targets import Targets

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.environment import BuildEnvironment

    from penstock_sphinx.domain import PenstockDomain
    from penstock_sphinx.record import Page


def outdated_outputs(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Return the pages that would be written from something else than they were."""
    domain, targets = domain_of(env), Targets(env)
    drawn = app.builder.format == "html"
    now = {docname: _digest(page, domain, targets, drawn=drawn) for docname, page in domain.pages.items()}
    domain.written, before = now, _read(_file(app))
    return [docname for docname, digest in now.items() if before.get(docname) != digest]


def note_outputs(app: Sphinx, error: Exception | None) -> None:
    """Remember what the pages were written from, after a build that came to its end."""
    written, file = domain_of(app.env).written, _file(app)
    if error is None and written is not None and _read(file) != written:
        write_atomically(file, json.dumps(written).encode())


def _digest(page: Page, domain: PenstockDomain, targets: Targets, *, drawn: bool) -> str:
    layouts = [drawing.key in domain.layouts for drawing in page.drawings] if drawn else []
    facts = list(page.fingerprints.values()), targets.of(page), layouts
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _file(app: Sphinx) -> Path:
    """Return the file of this output: several builders may share the doctrees."""
    output = hashlib.sha256(f"{app.builder.name} {app.outdir}".encode("utf-8", "surrogateescape")).hexdigest()
    return Path(app.doctreedir, f"penstock-{output[:16]}.json")


def _read(file: Path) -> dict[str, str]:
    """Return what was kept; whatever is wrong with the file, it only means to write pages once more."""
    try:
        content = json.loads(read_text(file))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}

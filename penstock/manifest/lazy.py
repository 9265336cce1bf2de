"""Cache format of a manifest: each flow on a line of its own, parsed on first access.

A build without changes only needs each flow's name and problems, and whether it has changed.
Steps are needed only for a page that is written again.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock import manifest
from penstock._util.gc_pause import collector_paused
from penstock.errors import ManifestError
from penstock.manifest.encoding import contents, encode_json, parts_of, problems_of, record
from penstock.model import Flow, put_off

if TYPE_CHECKING:
    from penstock.manifest import Manifest

_SHOWN, _CODE = ("steps", "edges"), ("calls", "blind")


def dumps(made: Manifest) -> str:
    """Return a manifest as text: a line with everything but the flows, then a line for each flow."""
    return manifest.dumps(replace(made, flows=()), indent=None) + "".join(f"{_line(flow)}\n" for flow in made.flows)


def loads(text: str, *, at_once: bool = False) -> Manifest:
    """Return the manifest that a text of :func:`dumps` holds.

    Args:
        text: The text.
        at_once: Whether to read everything now, because the text may come from elsewhere.

    Raises:
        ManifestError: The text has another format or is damaged.
    """
    head, *lines = text.removesuffix("\n").split("\n")
    result = manifest.loads(head)
    try:
        with collector_paused():
            flows = tuple(_flow(line) for line in lines)
            if at_once:
                for flow in flows:
                    len(flow.steps)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ManifestError(f"the manifest is damaged ({error!r})") from None
    return replace(result, flows=flows)


def digest(flow: Flow) -> str:
    """Return a digest of a flow without its static relations, whose line numbers move with each edit."""
    segments: tuple[str, str] = vars(flow).get("_kept") or _segments(flow)[:2]
    return hashlib.sha256("\t".join(segments).encode("utf-8", "replace")).hexdigest()


def _line(flow: Flow) -> str:
    return "\t".join(_segments(flow))  # JSON has no tab


def _segments(flow: Flow) -> tuple[str, str, str]:
    content = contents(flow)
    details = {name: content.pop(name) for name in _SHOWN}
    code = {name: content.pop(name) for name in _CODE}
    return encode_json(content), encode_json(details), encode_json(code) if any(code.values()) else ""


def _flow(line: str) -> Flow:
    summary, details, code = line.split("\t")
    content = json.loads(summary)
    flow: Flow = record(Flow, {**content, "problems": problems_of(content)})
    put_off(flow, (*_SHOWN, *(_CODE if code else ())), partial(_parts, details, code))
    vars(flow)["_kept"] = summary, details
    return flow


def _parts(details: str, code: str) -> dict[str, Any]:
    return parts_of({**json.loads(details), **(json.loads(code) if code else {})})

"""A manifest as a collection leaves it: each flow on a line of its own, and read only when somebody looks at it.

A build in which nothing changed asks what each flow is called, what is wrong with it, and whether it is what it was.
Only a page that is made anew asks for the steps.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from penstock import manifest
from penstock._garbage import collector_paused
from penstock._records import contents, encoded, parts_of, problems_of, record
from penstock.errors import ManifestError
from penstock.model import Flow, put_off

if TYPE_CHECKING:
    from penstock.manifest import Manifest

_SHOWN, _CODE = ("steps", "edges"), ("calls", "blind")


def dumps(made: Manifest) -> str:
    """Return a manifest as text: a line with all but the flows, then a line for each flow."""
    return manifest.dumps(replace(made, flows=()), indent=None) + "".join(f"{_line(flow)}\n" for flow in made.flows)


def loads(text: str, *, at_once: bool = False) -> Manifest:
    """Return the manifest that a text of :func:`dumps` holds.

    Args:
        text: The text.
        at_once: Whether to read all of it now, because somebody else may have written it.

    Raises:
        ManifestError: The text is something else, or damaged.
    """
    head, *lines = text.removesuffix("\n").split("\n")
    made = manifest.loads(head)
    try:
        with collector_paused():
            flows = tuple(_flow(line) for line in lines)
            if at_once:
                for flow in flows:
                    len(flow.steps)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ManifestError(f"the manifest is damaged ({error!r})") from None
    return replace(made, flows=flows)


def digest(flow: Flow) -> str:
    """Return a digest of a flow as documentation shows it: all but what the code says, which moves with each line."""
    shown: tuple[str, str] = vars(flow).get("_kept") or _segments(flow)[:2]
    return hashlib.sha256("\t".join(shown).encode("utf-8", "replace")).hexdigest()


def _line(flow: Flow) -> str:
    return "\t".join(_segments(flow))  # JSON has no tab


def _segments(flow: Flow) -> tuple[str, str, str]:
    content = contents(flow)
    shown = {name: content.pop(name) for name in _SHOWN}
    code = {name: content.pop(name) for name in _CODE}
    return encoded(content), encoded(shown), encoded(code) if any(code.values()) else ""


def _flow(line: str) -> Flow:
    summary, shown, code = line.split("\t")
    content = json.loads(summary)
    flow: Flow = record(Flow, {**content, "problems": problems_of(content)})
    put_off(flow, (*_SHOWN, *(_CODE if code else ())), partial(_parts, shown, code))
    vars(flow)["_kept"] = summary, shown
    return flow


def _parts(shown: str, code: str) -> dict[str, Any]:
    return parts_of({**json.loads(shown), **(json.loads(code) if code else {})})

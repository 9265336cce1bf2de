"""Nodes of MyST's syntax tree, as JSON; their texts are data, so nothing in them has to be escaped.

See https://mystmd.org/spec.
"""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import chain, count
from pathlib import Path
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import write_atomically
from penstock.render.wording import slug, visible

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MAX_INLINE = 400_000
"""Characters of a picture inside an answer, of which mystmd reads a million."""

Node = dict[str, Any]


def node(kind: str, children: Iterable[Node] = (), /, **attributes: object) -> Node:
    """Return a node with children; an attribute without a value is left out."""
    given = {key: value for key, value in attributes.items() if value not in ("", None)}
    return {"type": kind, **given, "children": list(children)}


def text(value: str) -> Node:
    """Return a text, as it is."""
    return {"type": "text", "value": value}


def code(value: str) -> Node:
    """Return a text in a line, as code."""
    return {"type": "inlineCode", "value": visible(value)}


def paragraph(*children: Node) -> Node:
    """Return a paragraph."""
    return node("paragraph", children)


def strong(value: str) -> Node:
    """Return a title that stands in no table of contents."""
    return node("strong", [text(visible(value))])


def join_groups(groups: Iterable[Iterable[Node]], separator: str) -> list[Node]:
    """Return groups of nodes in a line, with a separator between each two."""
    nodes: list[Node] = []
    for group in groups:
        nodes += [text(separator), *group] if nodes else group
    return nodes


def container(kind: str, content: Node, caption: str, own: Mapping[str, str], classes: str) -> Node:
    """Return a figure or a table with its caption, if it has one: above a table, below a figure.

    Args:
        kind: ``figure`` or ``table``.
        content: The picture, or the table itself.
        caption: The caption as plain text, or an empty string.
        own: How others refer to it; see :func:`label`.
        classes: Classes of HTML, or an empty string.
    """
    captions = [node("caption", [paragraph(text(visible(caption)))])] if caption else []
    children = [*captions, content] if kind == "table" else [content, *captions]
    return node("container", children, kind=kind, **own, **{"class": classes})


def label(wanted: str, taken: set[str] | None = None) -> dict[str, str]:
    """Return how others refer to a node: its label, and both forms in which mystmd keeps it.

    Args:
        wanted: What it should be.
        taken: The ids of other nodes, to which this one is added; where it is taken, it gets a number.
    """
    name = slug(wanted)
    taken = set() if taken is None else taken
    numbered = (f"{name}-{number}" for number in count(2))
    name = next(each for each in chain([name], numbered) if html_id(each) not in taken)
    taken.add(html_id(name))
    return {"label": name, "identifier": name.lower(), "html_id": html_id(name)}


def html_id(identifier: str) -> str:
    """Return the id that mystmd gives to an element."""
    plain = re.sub(r"^([0-9-])", r"id-\1", re.sub(r"[^a-z0-9-]", "-", identifier.lower()))
    return re.sub(r"--+", "-", plain).strip("-")


def picture(svg: str, alt: str) -> Node:
    """Return an image. It is part of the answer, and mystmd writes its file; only a large one has a file already."""
    encoded = base64.b64encode(svg.encode()).decode("ascii")
    url = f"data:image/svg+xml;base64,{encoded}" if len(encoded) <= MAX_INLINE else _write_picture(svg)
    return {"type": "image", "url": url, "alt": alt}


def _write_picture(svg: str) -> str:
    """Write a picture where mystmd keeps what it builds, and return its address, counted from the site's folder."""
    here = Path.cwd()
    site = next((folder for folder in (here, *here.parents) if (folder / "myst.yml").exists()), here)
    file = f"_build/penstock/{hashlib.sha256(svg.encode()).hexdigest()[:32]}.svg"
    write_atomically(site / file, svg.encode())
    return f"/{file}"


def fault(message: str, position: Mapping[str, Any]) -> Node:
    """Return a box with a message, which mystmd reports as an error with page and line, so that ``--strict`` counts it.

    A plugin has no other way to report anything: it ends with an error, and the page is lost, or what it answers is
    wrong in the eyes of mystmd, as a link without an address.
    """
    return _box("error", {"type": "link", "url": "", "children": [text(visible(message))]}, position)


def note(message: str, position: Mapping[str, Any]) -> Node:
    """Return a box with a message, which mystmd reports as a warning with page and line, as a reference to nothing."""
    reference = node("crossReference", [text(visible(message))], identifier=visible(message), label=visible(message))
    return _box("warning", reference, position)


def _box(kind: str, message: Node, position: Mapping[str, Any]) -> Node:
    title = node("admonitionTitle", [text("penstock")])
    return node("admonition", [title, paragraph({**message, "position": position})], kind=kind, position=position)

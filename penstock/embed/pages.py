"""The pages that are made for flows: their names."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from typing import TYPE_CHECKING

from penstock.render.wording import slug

if TYPE_CHECKING:
    from collections.abc import Iterable

    from penstock.model import Flow

MOST_BYTES = 100
"""Maximum bytes of a page's file name; longer names are cut. Most file systems allow 255 with all additions."""


def page_names(flows: Iterable[Flow]) -> list[str]:
    """Return a page name for each flow, such as ``shop/orders``: safe for files and addresses, and unique.

    Some file systems do not tell case, nor two ways to write one letter, Windows has names of its own, and the index of a
    folder is its overview.
    """
    used_names: set[str] = set()
    names: list[str] = []
    for flow in flows:
        base_name = "/".join(_file_name(part) for part in (flow.service, flow.name) if part)
        number, name = 1, base_name
        while _fold_names(name) in used_names or name.rpartition("/")[2].casefold() in ("index", "readme"):
            number += 1
            name = f"{base_name}-{number}"
        used_names.add(_fold_names(name))
        names.append(name)
    return names


_DEVICE = re.compile(r"(?:con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(?:\..*)?", re.IGNORECASE)
"""What Windows takes for a device, in any folder and with any suffix."""


def _fold_names(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())


def _file_name(text: str) -> str:
    name = slug(text).strip(".") or "unnamed"
    if _DEVICE.fullmatch(name):
        name = f"flow-{name}"
    data = name.encode()
    if len(data) <= MOST_BYTES:
        return name
    digest = hashlib.sha256(data).hexdigest()[:8]  # what was cut tells names apart
    return f"{data[:MOST_BYTES].decode(errors='ignore')}-{digest}"

"""Files of a cache: the first line holds the digest of the rest, so that a damaged file counts as none."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from penstock._util.atomic_files import read_bytes, write_atomically

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


def read_cache_file(path: Path) -> tuple[dict[str, Any], bytes]:
    """Return the head of a cache file, and its content.

    Raises:
        OSError: It cannot be read.
        ValueError: It is truncated, edited, or something else.
    """
    line, _, content = read_bytes(path).partition(b"\n")
    try:
        head = json.loads(line)
    except (ValueError, RecursionError):
        head = None
    if not isinstance(head, dict) or head.pop("digest", None) != hashlib.sha256(content).hexdigest():
        raise ValueError(f"{path} is damaged")
    return head, content


def write_cache_file(path: Path, head: Mapping[str, object], content: bytes) -> None:
    """Write a cache file.

    Raises:
        OutputError: The file cannot be written.
    """
    line = json.dumps({**head, "digest": hashlib.sha256(content).hexdigest()})
    write_atomically(path, line.encode() + b"\n" + content)

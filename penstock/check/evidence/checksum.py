"""The checksum of an evidence file: a flipped bit, an edit or a merge by lines would change facts unseen."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KEY = "checksum"
SINCE = (1, 4)
"""The version of the format from which on each file has one."""

CURE = (
    "Record it again (pytest --penstock), or take the file whole from where it came; after a merge in git: "
    "git checkout --theirs -- FILE, or --ours. `penstock evidence merge` merges two files."
)


def compute_checksum(content: Mapping[str, Any]) -> str:
    """Return the SHA-256 of JSON values, whatever the order of their keys, their spaces and their line ends."""
    values = {key: value for key, value in content.items() if key != KEY}
    return hashlib.sha256(json.dumps(values, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def check_checksum(content: Mapping[str, Any]) -> str:
    """Return what is wrong with the checksum of an evidence file, or an empty string."""
    if KEY not in content:
        return "its checksum is missing" if _version(content) >= SINCE else ""
    return "" if content[KEY] == compute_checksum(content) else "its checksum does not match"


def _version(content: Mapping[str, Any]) -> tuple[int, ...]:
    return tuple(map(int, f"{content['version']}.0".split(".")[:2]))

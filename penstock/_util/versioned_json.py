"""Versioned JSON files: each states its format and version."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

    from penstock.errors import EvidenceError, ManifestError

_CONFLICT = re.compile(r"^<{7} ", re.MULTILINE)
"""How git marks the beginning of lines that it could not merge."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionedFormat:
    """A file format, and the errors for texts of other formats.

    Attributes:
        name: The format's name in the file.
        version: Major and minor version; readers support all minor versions of their major one.
        subject: The format's name for people.
        cure: How to create such a file.
        error: The error type.
        merge: What to do after a merge of git that could not join two of them.
    """

    name: str
    version: tuple[int, int]
    subject: str
    cure: str
    error: type[ManifestError | EvidenceError]
    merge: str

    def content(self, text: str, path: Path | None) -> dict[str, Any]:
        """Return the content of a text in this format, as JSON values.

        Raises:
            PenstockError: The text has no format supported here.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            if _CONFLICT.search(text):
                raise self.error(f"it contains git's merge conflict markers. {self.merge}", path=path) from None
            raise self.error(f"this is not JSON: {error}", path=path) from None
        if not isinstance(content, dict) or content.get("format") != self.name:
            raise self.error(f"this is no penstock {self.subject}; {self.cure}", path=path)
        self._check_version(content.get("version"), path)
        return content

    def _check_version(self, version: object, path: Path | None) -> None:
        match = re.fullmatch(r"([0-9]{1,6})(\.[0-9]{1,6})?", version) if isinstance(version, str) else None
        if not match:
            raise self.error(f"the {self.subject}'s version {version!r:.40} is not a version", path=path)
        if int(match[1]) > self.version[0]:
            raise self.error(
                f"the {self.subject} has version {version}, this penstock reads up to {self.version[0]}.x. "
                "Upgrade penstock.",
                path=path,
            )


def check_text(value: object) -> str:
    """Return a value if it is a text.

    Raises:
        TypeError: It is not a text.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def check_natural(value: object) -> int:
    """Return a value if it is a whole number, zero or more.

    Raises:
        ValueError: It is not such a number.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r:.40} is no number of anything")
    return value

"""Files of our own formats: JSON that says what it is, and of which version."""

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
class Format:
    """A format, and what to say of a text that is not of it.

    Attributes:
        name: What the file calls it.
        version: Major and minor version; a reader understands every minor version of its major one.
        what: What people call it.
        cure: How to get one.
        error: What to raise.
        merge: What to do after a merge of git that could not join two of them.
    """

    name: str
    version: tuple[int, int]
    what: str
    cure: str
    error: type[ManifestError | EvidenceError]
    merge: str

    def content(self, text: str, path: Path | None) -> dict[str, Any]:
        """Return what a text of this format holds, as JSON values.

        Raises:
            PenstockError: The text is of no format that is read here.
        """
        try:
            content = json.loads(text)
        except (ValueError, RecursionError) as error:
            if _CONFLICT.search(text):
                raise self.error(f"git has left the marks of a merge conflict in it. {self.merge}", path=path) from None
            raise self.error(f"this is not JSON: {error}", path=path) from None
        if not isinstance(content, dict) or content.get("format") != self.name:
            raise self.error(f"this is no penstock {self.what}; {self.cure}", path=path)
        self._check_version(content.get("version"), path)
        return content

    def _check_version(self, version: object, path: Path | None) -> None:
        found = re.fullmatch(r"([0-9]{1,6})(\.[0-9]{1,6})?", version) if isinstance(version, str) else None
        if not found:
            raise self.error(f"the {self.what}'s version {version!r:.40} is not a version", path=path)
        if int(found[1]) > self.version[0]:
            raise self.error(
                f"the {self.what} has version {version}, this penstock reads up to {self.version[0]}.x. "
                "Upgrade penstock.",
                path=path,
            )


def check_text(value: object) -> str:
    """Return a value that has to be a text.

    Raises:
        TypeError: It is none.
    """
    if not isinstance(value, str):
        raise TypeError(f"{value!r:.40} is no text")
    return value


def check_natural(value: object) -> int:
    """Return a value that has to be a whole number, zero or more.

    Raises:
        ValueError: It is none.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ValueError(f"{value!r:.40} is no number of anything")
    return value

"""Completes the metadata of the distribution: README and addresses, for a reader who has only the package index.

One setting, `repository` of `[tool.hatch.metadata.hooks.custom]`, is the address of the public repository. With it, the pictures and links
of README lead there, and the index lists it. Without it, README keeps the words of a link and loses the address; no picture is promised, and no other page.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from hatchling.metadata.plugin.interface import MetadataHookInterface

PICTURE = re.compile(r"!\[([^\]]*)\]\((?!https:)([^)]*)\)\n\n((?:> .*\n)*\n?)")
"""A picture of the repository, with the quotation below it, which speaks of it."""

LINK = re.compile(r"\[([^\]]+)\]\((?!https:)([^)]*)\)")

WAY_ON = re.compile(r"^## Documentation and source\n(?:(?!#).*\n)*", re.MULTILINE)
"""The section of README that leads to other pages, which is nothing but links."""

PAGES = {"Documentation": "docs/index.md", "Source": "", "Changelog": "CHANGELOG.md", "Issues": "issues"}
"""The addresses that the index lists, each with its place in the repository."""


class CustomMetadataHook(MetadataHookInterface):
    """Sets `readme` and `urls`."""

    def update(self, metadata: dict[str, Any]) -> None:
        """Add what depends on the address of the repository."""
        repository = str(self.config.get("repository", "")).rstrip("/")
        readme, extras = (
            Path(self.root, page).read_text("utf-8") for page in ("README.md", "docs/reference/extras.md")
        )
        metadata["readme"] = {
            "content-type": "text/markdown",
            "text": complete_links(f"{readme}\n#{extras}", repository),
        }
        metadata["urls"] = {name: address(repository, page) for name, page in PAGES.items()} if repository else {}


def address(repository: str, page: str) -> str:
    """Return the address of a page of the repository."""
    if not page or page == "issues":
        return f"{repository}/{page}".rstrip("/")
    return f"{repository}/blob/HEAD/{page}"


def complete_links(text: str, repository: str) -> str:
    """Return a Markdown text whose relative links and pictures lead to the repository, or nowhere if it has no address."""
    if not repository:
        return LINK.sub(r"\1", PICTURE.sub("", WAY_ON.sub("", text)))
    text = PICTURE.sub(rf"![\1]({repository}/raw/HEAD/\2)\n\n\3", text)
    return LINK.sub(lambda link: f"[{link[1]}]({address(repository, link[2])})", text)

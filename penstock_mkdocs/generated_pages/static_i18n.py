"""Sites in several languages: ``mkdocs-static-i18n`` builds the site once for each, into a folder of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mkdocs.structure.files import File

NAME = "i18n"


def has_languages(plugins: Mapping[str, Any]) -> bool:
    """Return whether the i18n plugin is on; it ignores files generated before it, so ours must be added after it."""
    return NAME in plugins


def move(file: File, plugins: Mapping[str, Any]) -> None:
    """Give a generated page the path that a written page would have in the current language."""
    plugin = plugins.get(NAME)
    language = str(getattr(plugin, "current_language", None) or "")
    if not language:
        return
    address = file.dest_uri
    file.dest_uri = address if getattr(plugin, "is_default_language_build", True) else f"{language}/{address}"
    if getattr(plugin, "config", {}).get("docs_structure") == "folder":
        file.src_uri = f"{language}/{file.src_uri}"

"""A directive as mystmd hands it over, and what the plugin says of it beforehand."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from penstock.embed.options import options_of
from penstock_mkdocs.embed_syntax.options import OptionError, read_options

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping
    from pathlib import Path

    from penstock.embed.options import EmbedOptions, Options
    from penstock_mkdocs.mystmd.nodes import Node

_LABELS = {"label": "id", "name": "id", "id": "id"}
"""What mystmd and its neighbours call the anchor."""


@dataclass(frozen=True, kw_only=True)
class Directive:
    """A directive of the plugin.

    Attributes:
        name: Its name.
        doc: What it does.
        options: Its options.
        cure: What to write where it answers too much.
        argument: What its argument is; empty where it takes none.
        run: Returns the nodes for a request in the project of a folder.
    """

    name: str
    doc: str
    options: type[EmbedOptions]
    run: Callable[[DirectiveRequest, Path], list[Node]]
    cure: str
    argument: str = ""

    @property
    def specification(self) -> dict[str, Any]:
        """What mystmd wants to know."""
        options: dict[str, dict[str, Any]] = {
            option.name: {"type": "boolean" if option.is_flag else "string", "doc": option.help}
            for option in options_of(self.options).values()
        }
        options["label"] = options.pop("id") | {"alias": ["name", "id"]}
        options["class"] = {"type": "string", "doc": "Classes of the figure or table."}
        spec: dict[str, Any] = {"name": self.name, "doc": self.doc, "options": options}
        return spec | {"arg": {"type": "string", "doc": self.argument}} if self.argument else spec


class DirectiveRequest:
    """A directive on a page.

    Args:
        data: What mystmd says of it.

    Attributes:
        argument: Its argument.
        classes: Its classes.
    """

    def __init__(self, data: Mapping[str, Any]) -> None:
        node = data.get("node") or {}
        self._position: Mapping[str, Any] = node.get("position") or {"start": {"line": 0, "column": 1}}
        written = [child for child in node.get("children") or () if child.get("type") == "mystOption"]
        self._options = [option for option in written if option.get("name") != "class"]
        self.argument = str(data.get("arg") or "").strip()
        self.classes = " ".join(str(option.get("value")) for option in written if option.get("name") == "class")

    @property
    def line(self) -> int:
        """The line of the directive on its page, counted from 1."""
        return int(self._position["start"]["line"])

    def position(self, line: int = 0) -> Mapping[str, Any]:
        """Return a place for a message: a line of the directive, or all of it."""
        if not line or line == self.line:
            return self._position
        return {"start": {"line": line, "column": 1}, "end": {"line": line, "column": 1}}

    def options(self, kind: type[Options]) -> Options:
        """Return the checked options.

        Raises:
            OptionError: An option does not exist, is given twice, or has a wrong value.
        """
        flags = {option.name for option in options_of(kind).values() if option.is_flag}
        return read_options([self._line(option, flags) for option in self._options], kind)

    def _line(self, option: Mapping[str, Any], flags: Container[str]) -> tuple[int, str]:
        place = (option.get("position") or self._position)["start"]["line"]
        name, value = str(option.get("name")), option.get("value")
        shown = "" if value in (True, None) else ", ".join(map(str, value)) if isinstance(value, list) else str(value)
        if not shown and name in flags:
            shown = "true"
        if ":" in name or not name.strip():
            raise OptionError(f"there is no option {name!r}", place)
        return place, f"{_LABELS.get(name, name)}: {json.dumps(shown)}"

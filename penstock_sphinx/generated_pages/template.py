"""The template of the pages of flows, which a project may override."""

from __future__ import annotations

import re
import traceback
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from jinja2 import FileSystemLoader, TemplateNotFound, TemplateSyntaxError
from jinja2.sandbox import SandboxedEnvironment
from sphinx.util import rst

from penstock.embed.overview import summary
from penstock.render.wording import paragraphs, visible_title
from penstock_sphinx.flow_names import write_name

if TYPE_CHECKING:
    from collections.abc import Iterable

    from jinja2 import Template

    from penstock.model import Flow

OWN = Path(__file__).with_name("templates")


class PageTemplate:
    """A template.

    Args:
        name: Its name with the suffix of the pages.
        folders: The folders to search first.
    """

    def __init__(self, name: str, folders: Iterable[Path]) -> None:
        self._name = name
        self._folders = [*map(str, folders), str(OWN)]
        self._template: Template | None = None

    def render(self, flow: Flow) -> str:
        """Return the text of a flow's page."""
        if self._template is None:
            self._template = self._load_template()
        text = self._template.render(
            flow=flow,
            name=write_name(flow.full_name),
            title=visible_title(flow),
            description="\n\n".join(paragraphs(flow.description)),
            summary=summary(flow),
        )
        return text.strip()

    def reason(self, error: Exception) -> str:
        """Return why the template cannot be used, with its line."""
        if isinstance(error, TemplateNotFound):
            return f"there is no {error.name} in templates_path"
        if isinstance(error, TemplateSyntaxError):
            return f"{error.message} (line {error.lineno})"
        lines = [frame.lineno for frame in traceback.extract_tb(error.__traceback__) if self._is_in(frame.filename)]
        return f"{type(error).__name__}: {error}" + (f" (line {lines[-1]})" if lines else "")

    def _load_template(self) -> Template:
        environment = SandboxedEnvironment(loader=FileSystemLoader(self._folders), trim_blocks=True, lstrip_blocks=True)
        environment.filters["escape"] = _rst if self._name.endswith(".rst") else _markdown
        environment.filters["heading"] = _heading
        return environment.get_template(self._name)

    def _is_in(self, filename: str) -> bool:
        return any(filename.startswith(folder) for folder in self._folders)


def _heading(text: str, level: int = 1) -> str:
    line = "=-~"[level - 1] * max(rst.textwidth(text), 1)
    return f"{text}\n{line}"


_ENUMERATOR = re.compile(r"^(\w+)\.(?=\s|$)", re.MULTILINE)
"""A letter or a number that a full stop would turn into a list; Sphinx's own escaping leaves it."""


_DOT = re.compile(r"^\.", re.MULTILINE)
"""The beginning of a directive or a comment; Sphinx's own escaping handles the first line only."""


def _rst(text: str) -> str:
    return _ENUMERATOR.sub(r"\1\.", _DOT.sub(r"\.", rst.escape(text)))


_SPECIAL = re.compile(r"([\\`*_{}\[\]()<>#+.!|-])")


@lru_cache(maxsize=1024)
def _markdown(text: str) -> str:
    return _SPECIAL.sub(r"\\\1", text)

"""Docstrings as nodes: the same on an RST page and on a Markdown one."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst.states import Body, RSTStateMachine
from docutils.statemachine import StringList, string2lines
from sphinx.errors import ExtensionError
from sphinx.ext.napoleon.docstring import GoogleDocstring, NumpyDocstring
from sphinx.util import logging

from penstock.render.describe import escape_line
from penstock_sphinx.apart import SUBSTITUTIONS, document_apart, settled
from penstock_sphinx.faults import watch, watched_log
from penstock_sphinx.requests import MARKDOWN, RST
from penstock_sphinx.untrusted import markdown_settings, restrict_settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sphinx.environment import BuildEnvironment

    from penstock.model import Step
    from penstock_sphinx.apart import Labels
    from penstock_sphinx.untrusted import Restriction

logger = logging.getLogger(__name__)

TAB = 8


class _OneDirective(Body):
    """Reads a text that is one directive, of an object that is to be none of the site's.

    Docutils would make all its states for the text, again for an option, and again for what may follow.
    """

    def run_directive(self, directive: Any, match: Any, type_name: str, option_presets: dict[str, Any]) -> Any:
        """Read the directive as if ``:no-index:`` stood in it; Sphinx Immaterial knows only the older spelling."""
        presets = {**option_presets, "no-index": None, "noindex": None}
        return super().run_directive(directive, match, type_name, presets)  # type: ignore[no-untyped-call]

    def explicit_list(self, blank_finish: bool) -> None:
        """Expect nothing behind the directive."""


class _Options(dict[str, Any]):
    """The options of an autodoc directive that nobody wrote; asked as a mapping or by attribute, all are unset but one.

    What a docstring describes, such as the attributes of a class, is not to be an object of the site.
    """

    def __init__(self) -> None:
        super().__init__({"no-index": True})

    def __getattr__(self, name: str) -> Any:
        return self.get(name.replace("_", "-"))


def rst_lines(step: Step, env: BuildEnvironment, style: str, line: int) -> list[str]:
    """Return a step's docstring as lines of RST.

    Whoever listens to ``autodoc-process-docstring`` is asked first. Where napoleon is not among them, its
    converters are used here, because a site should not need another extension to read common docstrings.

    Args:
        step: The step.
        env: The environment of the build.
        style: How docstrings are written, as configured.
        line: The line of the page that messages name.
    """
    lines = _processed(step, env, line)
    if "napoleon_google_docstring" in env.config:
        return lines
    if style in {"auto", "numpy"}:
        lines = NumpyDocstring(lines, options=_Options()).lines()
    if style in {"auto", "google"}:
        lines = GoogleDocstring(lines, options=_Options()).lines()
    return lines


def markdown_lines(step: Step, env: BuildEnvironment, line: int) -> list[str]:
    """Return a step's docstring as lines of Markdown; napoleon, which would write RST into it, is not asked."""
    styles = ("napoleon_google_docstring", "napoleon_numpy_docstring")
    asked = {name: env.config[name] for name in styles if name in env.config}
    vars(env.config).update(dict.fromkeys(asked, False))
    try:
        return _processed(step, env, line)
    finally:
        vars(env.config).update(asked)


def _processed(step: Step, env: BuildEnvironment, line: int) -> list[str]:
    """Return a docstring as those who listen to autodoc's event make it."""
    lines = _written(step)
    what = "class" if step.kind == "class" else "method" if "." in step.qualname else "function"
    name = f"{step.module}.{step.qualname}"
    try:
        env.events.emit("autodoc-process-docstring", what, name, None, _Options(), lines)
    except ExtensionError as error:  # a listener that needs the object itself, which this process never imports
        message = "the docstring of %s is shown as it is: %s"
        logger.warning(
            message, name, escape_line(str(error)), type="penstock", subtype="docstring", location=(env.docname, line)
        )
        env.note_reread()
        return _written(step)
    return lines


def _written(step: Step) -> list[str]:
    """Return a docstring's lines, the last one blank: listeners of autodoc's event may count on that."""
    lines = string2lines(step.docstring, TAB, convert_whitespace=True)
    return [*lines, ""] if lines and lines[-1] else lines


def parse_rst(
    head: Sequence[str],
    body: Sequence[str],
    document: nodes.document,
    source: str,
    restriction: Restriction | None = None,
) -> tuple[list[nodes.Node], Labels]:
    """Return a directive of RST as nodes for a page, whatever language the page is written in, and the labels in it.

    Args:
        head: The directive, its options and a blank line, which messages do not count.
        body: Its content, indented.
        document: The document of the page that is being read.
        source: What messages call the place that the lines come from.
        restriction: What limits the markup, where others wrote it.

    Raises:
        RecursionError: Too much stands within each other.
    """
    watch(document)
    apart = _document_apart(document, source, restriction, *SUBSTITUTIONS)
    with _locating_anew(document), restriction or contextlib.nullcontext():
        machine = RSTStateMachine(state_classes=(_OneDirective,), initial_state=_OneDirective.__name__)
        places = [(source, max(number - len(head), 0)) for number in range(len(head) + len(body))]
        machine.run(StringList([*head, *body], items=places), apart, match_titles=False)
        machine.unlink()  # or all of it would wait for the garbage collector
        return _settled(apart, document, RST, restriction)


def parse_markdown(
    text: str, document: nodes.document, source: str, restriction: Restriction | None = None
) -> tuple[list[nodes.Node], Labels]:
    """Return Markdown as nodes for a page, and the labels in them.

    Args:
        text: The Markdown.
        document: The document of the page that is being read.
        source: What messages call the place that the text comes from.
        restriction: What limits the markup, where others wrote it.

    Raises:
        ImportError: The site does not use MyST.
        RecursionError: Too much stands within each other.
    """
    if not hasattr(document.settings.env, "myst_config"):
        raise ImportError("myst_parser")
    from myst_parser.parsers.sphinx_ import MystParser  # noqa: PLC0415 - optional

    watch(document)
    apart = _document_apart(document, source, restriction)
    with watched_log(document.settings.env), restriction or contextlib.nullcontext():
        if restriction is None:
            MystParser().parse(text, apart)
        else:
            _parse_plain_markdown(MystParser(), text, apart)
        parsed, labels = _settled(apart, document, MARKDOWN, restriction)
    return [node for node in parsed if not isinstance(node, nodes.substitution_definition)], labels


def _parse_plain_markdown(parser: Any, text: str, apart: nodes.document) -> None:
    """Parse Markdown without what the site's settings allow its own pages, and without front matter, which sets them."""
    env: Any = apart.settings.env
    usual, env.myst_config = env.myst_config, markdown_settings(env.myst_config)
    try:
        parser.parse(f"\n{text}", apart)
    finally:
        env.myst_config = usual


def _document_apart(page: nodes.document, source: str, restriction: Restriction | None, *shared: str) -> nodes.document:
    if restriction is None:
        return document_apart(page, source, *shared)
    apart = document_apart(page, source)
    restrict_settings(apart)
    return apart


def _settled(
    apart: nodes.document, page: nodes.document, language: Collection[str], restriction: Restriction | None
) -> tuple[list[nodes.Node], Labels]:
    parsed, labels = settled(apart, page, language)
    return (restriction.clean(parsed), {}) if restriction else (parsed, labels)


@contextlib.contextmanager
def _locating_anew(document: nodes.document) -> Iterator[None]:
    """Let messages name the docstring and its line, not those of the page around it."""
    reporter = document.reporter
    outer = vars(reporter).pop("get_source_and_line", None)
    try:
        yield
    finally:
        vars(reporter).pop("get_source_and_line", None)
        if outer is not None:
            reporter.get_source_and_line = outer

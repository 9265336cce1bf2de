"""Docstrings as nodes, the same on RST pages and Markdown pages."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst.states import Body, RSTStateMachine
from docutils.statemachine import StringList, string2lines
from sphinx.errors import ExtensionError
from sphinx.ext.napoleon.docstring import GoogleDocstring, NumpyDocstring
from sphinx.util import logging

from penstock.render.wording import escape_line
from penstock_sphinx.docstrings.fault_tracking import watch, watched_log
from penstock_sphinx.docstrings.isolated_parsing import SUBSTITUTIONS, document_apart, finish_isolated
from penstock_sphinx.docstrings.untrusted import markdown_settings, restrict_settings
from penstock_sphinx.source_types import MARKDOWN, RST

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    from sphinx.environment import BuildEnvironment

    from penstock.model import Step
    from penstock_sphinx.docstrings.untrusted import Restriction
    from penstock_sphinx.domain.page_record import Labels

logger = logging.getLogger(__name__)

TAB = 8


class _OneDirective(Body):
    """Parses a text that is one directive, without adding its object to the site.

    Docutils would create all its states for the text, again for an option, and again for any following text.
    """

    def run_directive(self, directive: Any, match: Any, type_name: str, option_presets: dict[str, Any]) -> Any:
        """Parse the directive with ``:no-index:``; Sphinx Immaterial knows only the older spelling."""
        presets = {**option_presets, "no-index": None, "noindex": None}
        return super().run_directive(directive, match, type_name, presets)  # type: ignore[no-untyped-call]

    def explicit_list(self, blank_finish: bool) -> None:
        """Expect nothing after the directive."""


class _AutodocOptions(dict[str, Any]):
    """The options of an autodoc directive that does not exist; as items or attributes, all are unset except one.

    Objects that a docstring describes, such as the attributes of a class, must not become objects of the site.
    """

    def __init__(self) -> None:
        super().__init__({"no-index": True})

    def __getattr__(self, name: str) -> Any:
        return self.get(name.replace("_", "-"))


def rst_lines(step: Step, env: BuildEnvironment, style: str, line: int) -> list[str]:
    """Return a step's docstring as lines of RST.

    Listeners of ``autodoc-process-docstring`` process it first. If napoleon is not among them, its
    converters are used here, because a site should not need another extension to read common docstrings.

    Args:
        step: The step.
        env: The environment of the build.
        style: The configured docstring style.
        line: The line of the page for messages.
    """
    lines = _process_docstring(step, env, line)
    if "napoleon_google_docstring" in env.config:
        return lines
    if style in {"auto", "numpy"}:
        lines = NumpyDocstring(lines, options=_AutodocOptions()).lines()
    if style in {"auto", "google"}:
        lines = GoogleDocstring(lines, options=_AutodocOptions()).lines()
    return lines


def markdown_lines(step: Step, env: BuildEnvironment, line: int) -> list[str]:
    """Return a step's docstring as lines of Markdown; napoleon, which would insert RST, is disabled."""
    styles = ("napoleon_google_docstring", "napoleon_numpy_docstring")
    values = {name: env.config[name] for name in styles if name in env.config}
    vars(env.config).update(dict.fromkeys(values, False))
    try:
        return _process_docstring(step, env, line)
    finally:
        vars(env.config).update(values)


def _process_docstring(step: Step, env: BuildEnvironment, line: int) -> list[str]:
    """Return a docstring as processed by the listeners of autodoc's event."""
    lines = _split_docstring(step)
    kind = "class" if step.kind == "class" else "method" if "." in step.qualname else "function"
    name = f"{step.module}.{step.qualname}"
    try:
        env.events.emit("autodoc-process-docstring", kind, name, None, _AutodocOptions(), lines)
    except ExtensionError as error:  # a listener that needs the object itself, which this process never imports
        message = "the docstring of %s is shown as it is: %s"
        logger.warning(
            message, name, escape_line(str(error)), type="penstock", subtype="docstring", location=(env.docname, line)
        )
        env.note_reread()
        return _split_docstring(step)
    return lines


def _split_docstring(step: Step) -> list[str]:
    """Return a docstring's lines, the last one blank, because listeners of autodoc's event may rely on that."""
    lines = string2lines(step.docstring, TAB, convert_whitespace=True)
    return [*lines, ""] if lines and lines[-1] else lines


def parse_rst(
    head: Sequence[str],
    body: Sequence[str],
    document: nodes.document,
    source: str,
    restriction: Restriction | None = None,
) -> tuple[list[nodes.Node], Labels]:
    """Return an RST directive as nodes for a page in any markup, and the labels in it.

    Args:
        head: The directive, its options and a blank line, which messages do not count.
        body: Its content, indented.
        document: The document of the page that is being read.
        source: The name of the source in messages.
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
        machine.unlink()  # otherwise all of it would wait for the garbage collector
        return _finish_restricted(apart, document, RST, restriction)


def parse_markdown(
    text: str, document: nodes.document, source: str, restriction: Restriction | None = None
) -> tuple[list[nodes.Node], Labels]:
    """Return Markdown as nodes for a page, and the labels in them.

    Args:
        text: The Markdown.
        document: The document of the page that is being read.
        source: The name of the source in messages.
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
        children, labels = _finish_restricted(apart, document, MARKDOWN, restriction)
    return [node for node in children if not isinstance(node, nodes.substitution_definition)], labels


def _parse_plain_markdown(parser: Any, text: str, apart: nodes.document) -> None:
    """Parse Markdown without the syntax that the site's settings enable for its own pages, and without front matter."""
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


def _finish_restricted(
    apart: nodes.document, page: nodes.document, language: Collection[str], restriction: Restriction | None
) -> tuple[list[nodes.Node], Labels]:
    children, labels = finish_isolated(apart, page, language)
    return (restriction.clean(children), {}) if restriction else (children, labels)


@contextlib.contextmanager
def _locating_anew(document: nodes.document) -> Iterator[None]:
    """Make messages name the docstring and its line instead of the surrounding page."""
    reporter = document.reporter
    outer = vars(reporter).pop("get_source_and_line", None)
    try:
        yield
    finally:
        vars(reporter).pop("get_source_and_line", None)
        if outer is not None:
            reporter.get_source_and_line = outer

"""Docstrings of foreign manifests: markup that only formats is read, all other markup is shown as text.

Markup is checked against allow lists, because extensions may add anything: directives that run
code, insert files, or write HTML.
"""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any

from docutils import nodes
from docutils.parsers.rst import Directive, languages, states
from docutils.utils import unescape
from sphinx import addnodes
from sphinx.util.docutils import CustomReSTDispatcher

from penstock.render.wording import web_url

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from docutils.nodes import Node, system_message

ADMONITIONS = ("attention", "caution", "danger", "error", "hint", "important", "note", "tip", "warning")
OBJECTS = ("attribute", "data", "exception", "function", "method")

DIRECTIVES = frozenset(
    (
        *ADMONITIONS,
        *OBJECTS,
        *(f"py:{name}" for name in (*OBJECTS, "class")),
        *("admonition", "centered", "code", "code-block", "compound", "csv-table", "deprecated", "epigraph"),
        *("highlights", "line-block", "list-table", "parsed-literal", "pull-quote", "rubric", "seealso", "sidebar"),
        *("sourcecode", "table", "topic", "versionadded", "versionchanged", "versionremoved"),
    )
)
"""Directives that only format."""

OPTIONS = frozenset(
    (
        *("align", "async", "caption", "delim", "escape", "force", "header", "header-rows", "keepspace", "linenos"),
        *(
            "no-index",
            "noindex",
            "number-lines",
            "quote",
            "stub-columns",
            "subtitle",
            "type",
            "value",
            "width",
            "widths",
        ),
    )
)
"""Options of these directives that neither name a target or a file nor give a class, which a theme may act on."""

DOMAINS = ("c", "cpp", "js", "py", "rst", "std", "penstock")
"""Domains whose roles are only links."""

ROLES = frozenset(
    (
        *(
            "",
            "abbr",
            "abbreviation",
            "ac",
            "acronym",
            "any",
            "code",
            "command",
            "cve",
            "cwe",
            "dfn",
            "emphasis",
            "file",
        ),
        *("guilabel", "kbd", "literal", "mailheader", "makevar", "manpage", "menuselection", "mimetype", "newsgroup"),
        *("pep", "pep-reference", "program", "regexp", "rfc", "rfc-reference", "samp", "strong", "sub", "subscript"),
        *("sup", "superscript", "t", "title", "title-reference"),
        *("doc", "envvar", "keyword", "numref", "option", "ref", "term", "token"),
        *("attr", "class", "const", "data", "deco", "exc", "func", "meth", "mod", "obj", "type"),
    )
)
"""Roles that only format, or are links."""

FORMATTING: tuple[type, ...] = (
    *(nodes.Text, nodes.abbreviation, nodes.acronym, nodes.attribution, nodes.caption, nodes.classifier),
    *(nodes.colspec, nodes.compound, nodes.container, nodes.definition, nodes.definition_list),
    *(nodes.definition_list_item, nodes.description, nodes.emphasis, nodes.entry, nodes.field, nodes.field_body),
    *(nodes.field_list, nodes.field_name, nodes.footnote, nodes.footnote_reference, nodes.inline, nodes.label),
    *(nodes.line, nodes.line_block, nodes.list_item, nodes.literal, nodes.literal_block, nodes.option),
    *(nodes.option_argument, nodes.option_group, nodes.option_list, nodes.option_list_item, nodes.option_string),
    *(nodes.paragraph, nodes.problematic, nodes.reference, nodes.row, nodes.rubric, nodes.sidebar, nodes.strong),
    *(nodes.bullet_list, nodes.enumerated_list, nodes.block_quote, nodes.subscript, nodes.subtitle),
    *(nodes.superscript, nodes.system_message, nodes.table, nodes.target, nodes.tbody, nodes.term, nodes.tgroup),
    *(nodes.thead, nodes.title, nodes.title_reference, nodes.topic, nodes.transition, nodes.Admonition),
    *(addnodes.centered, addnodes.compact_paragraph, addnodes.desc, addnodes.desc_addname, addnodes.desc_annotation),
    *(addnodes.desc_content, addnodes.desc_inline, addnodes.desc_name, addnodes.desc_optional),
    *(addnodes.desc_parameter, addnodes.desc_parameterlist, addnodes.desc_returns, addnodes.desc_sig_element),
    *(addnodes.desc_signature, addnodes.desc_signature_line, addnodes.desc_type, addnodes.desc_type_parameter),
    *(addnodes.desc_type_parameter_list, addnodes.literal_emphasis, addnodes.literal_strong, addnodes.manpage),
    *(addnodes.pending_xref, addnodes.pending_xref_condition, addnodes.versionmodified),
)
"""Nodes that show text."""

UNSEEN = (addnodes.index, nodes.comment)
"""Nodes that show nothing and have no place here, such as an entry of the general index."""

MAX_DEPTH = 60
"""Maximum nesting depth of elements; writers recurse."""

MARKDOWN_SYNTAX = frozenset(("colon_fence", "deflist", "fieldlist", "linkify", "replacements", "smartquotes"))
"""Extensions of MyST that only format."""

ID_PREFIX = "ps-text-"
"""The prefix of ids in such a docstring, so that no link to the page leads into it."""


class Restriction(CustomReSTDispatcher):
    """Restricts the lookup of directives and roles to those that format.

    Attributes:
        refused: Descriptions of the refused markup, each once.
    """

    def __init__(self) -> None:
        super().__init__()
        self.refused: dict[str, None] = {}

    def directive(
        self, directive_name: str, language_module: ModuleType, document: nodes.document
    ) -> tuple[type[Directive] | None, list[system_message]]:
        """Return a directive that formats, or one that shows its source text."""
        if _canonical(directive_name, language_module, "directives") not in DIRECTIVES:
            self.refuse(f"the directive {directive_name}")
            return _RefusedDirective, []
        kind, messages = super().directive(directive_name, language_module, document)
        return self._restrict_directive(kind) if kind else None, messages

    def role(self, role_name: str, language_module: ModuleType, lineno: int, reporter: Any) -> Any:
        """Return a role that formats, or one that shows its source text."""
        name = _canonical(role_name, language_module, "roles")
        domain, _, bare = name.rpartition(":")
        if (domain in DOMAINS if domain else name in ROLES) and bare != "download":
            return super().role(role_name, language_module, lineno, reporter)
        self.refuse(f"the role {role_name}")
        return _refused_role, []

    def refuse(self, what: str) -> None:
        """Record markup that is shown as text."""
        self.refused[what] = None

    def clean(self, parsed: Sequence[Node]) -> list[Node]:
        """Return nodes that contain only text and formatting."""
        root = nodes.container("", *parsed)
        if _depth(root) > MAX_DEPTH:
            raise RecursionError
        for node in list(root.findall()):
            if node is not root and _is_in(node, root):
                self._clean(node)
        children = root.children
        for node in children:
            node.parent = None
        return children

    def _restrict_directive(self, kind: Any) -> type[Directive]:
        """Return a directive without options that do more than format."""
        refuse = self.refuse

        class Restricted(kind):  # type: ignore[misc]  # made for each directive
            options: dict[str, Any]

            def run(self) -> list[Node]:
                """Run the directive without its other options; refuse one that includes a file or a URL."""
                if inserting := [name for name in ("file", "url") if name in self.options]:
                    refuse(f"the option {inserting[0]} of {self.name}")
                    return [_block(self.block_text.rstrip("\n"))]
                self.options = {name: value for name, value in self.options.items() if name in OPTIONS}
                if "no-index" in (self.option_spec or {}):
                    self.options |= {"no-index": None, "noindex": None}
                return list(super().run())

        return Restricted

    def _clean(self, node: Node) -> None:
        if isinstance(node, nodes.section):
            node.parent.replace(node, [nodes.rubric("", "", *node[0].children), *node.children[1:]])
        elif isinstance(node, nodes.doctest_block):  # the builder of sphinx.ext.doctest would run it
            node.parent.replace(node, _block(node.astext(), language="pycon"))
        elif isinstance(node, UNSEEN):
            node.parent.remove(node)
        elif not isinstance(node, FORMATTING):
            self._show(node)
        elif isinstance(node, nodes.reference) and "refuri" in node and not web_url(node["refuri"]):
            self.refuse(f"a link to {node['refuri'][:40]}")
            node.parent.replace(node, node.children)
        elif isinstance(node, addnodes.desc_signature):
            node["module"], node["fullname"] = None, ""  # viewcode and linkcode may import it
        elif isinstance(node, nodes.target):
            node.attributes.pop("refuri", None)

    def _show(self, node: Node) -> None:
        """Replace a node by its text."""
        kind = "the substitution" if isinstance(node, nodes.substitution_reference) else f"the element {_tag(node)}"
        self.refuse(kind)
        text = getattr(node, "rawsource", "") or node.astext()
        inline = isinstance(node.parent, nodes.TextElement)
        node.parent.replace(node, nodes.Text(text) if inline else _block(text))


def restrict_settings(apart: nodes.document) -> None:
    """Keep a document from inserting files, and its ids from clashing with those of a page."""
    settings = copy(apart.settings)
    settings.raw_enabled = settings.file_insertion_enabled = False
    settings.id_prefix = ID_PREFIX
    apart.settings = settings


def _tag(node: Node) -> str:
    return type(node).__name__


def _is_in(node: Node, root: Node) -> bool:
    """Return whether a node is still in the tree, and not in a removed part."""
    above = node.parent
    while above is not None and above is not root:
        above = above.parent
    return above is root and node in node.parent.children


def _depth(root: nodes.Element) -> int:
    deepest, level = 0, [root]
    while level and deepest <= MAX_DEPTH:
        level = [child for node in level for child in node.children if isinstance(child, nodes.Element)]
        deepest += 1
    return deepest


def _canonical(name: str, language: ModuleType, kind: str) -> str:
    """Return the English name of a directive or role."""
    key = name.lower()
    english: Any = languages.get_language("en")
    return next((table[key] for table in (getattr(language, kind, {}), getattr(english, kind)) if key in table), key)


def _block(text: str, language: str = "none") -> nodes.literal_block:
    return nodes.literal_block(text, text, language=language, xml_space="preserve")


class _RefusedDirective(Directive):
    """Shows the source text of a directive."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[Node]:
        """Return the text, in a form that also suits a substitution."""
        if isinstance(self.state, states.SubstitutionDef):
            return [nodes.Text(self.block_text)]
        text = self.block_text or "\n".join([*self.arguments, *self.content])
        return [_block(text.rstrip("\n"))]


def _refused_role(_name: str, rawtext: str, *_: Any, **__: Any) -> tuple[list[Node], list[Node]]:
    text = unescape(rawtext, restore_backslashes=True)
    return [nodes.literal(text, text)], []


def markdown_settings(config: Any) -> Any:
    """Return MyST's settings for a foreign docstring: no HTML, templates or attributes, and no links into the site."""
    syntax = sorted({*config.disable_syntax, "html_block", "html_inline"})
    extensions = {name for name in config.enable_extensions if name in MARKDOWN_SYNTAX}
    return config.copy(
        enable_extensions=extensions, disable_syntax=syntax, all_links_external=True, substitutions={}, html_meta={}
    )

"""The Python-Markdown extension: ``::: penstock-flow NAME`` becomes the flow's diagram and its steps.

It works with every user of Python-Markdown: MkDocs, ProperDocs, Zensical, ``markdown.markdown(…)``.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from markdown import Extension

from penstock_mkdocs.blocks.kinds import add_embed
from penstock_mkdocs.embed_syntax import processors
from penstock_mkdocs.page import PageContext

if TYPE_CHECKING:
    from collections.abc import Mapping

    from markdown import Markdown


class PenstockExtension(Extension):
    """Shows flows on pages.

    Args:
        **settings: Those of ``[tool.penstock]``, and ``strict``, ``base``, ``css`` and ``js``.
    """

    def __init__(self, **settings: Any) -> None:
        super().__init__()
        # Checked when a page shows a flow: hosts print a traceback if an extension raises while it is loaded.
        self.settings: Mapping[str, Any] = settings
        self.pages: list[PageContext] = []

    def extendMarkdown(self, md: Markdown) -> None:  # noqa: N802 - the name that Python-Markdown calls
        """Register with a Markdown object."""
        md.registerExtension(self)
        page = PageContext(md, self.settings, add_embed)
        self.pages.append(page)
        first = processors.FindEmbeds(md, page.source, page.begin)
        md.preprocessors.register(first, "penstock", processors.BEFORE_SNIPPETS)
        again = processors.FindEmbeds(md, page.source)
        md.preprocessors.register(again, "penstock_snippets", processors.AFTER_SNIPPETS)
        blocks = processors.EmbedBlocks(md, page.source, page.add)
        md.parser.blockprocessors.register(blocks, "penstock", processors.ABOVE_MKDOCSTRINGS)
        md.postprocessors.register(
            processors.RestoreText(md, page.source, page.report_lost_embed, page.note_code),
            "penstock",
            processors.AFTER_RAW_HTML,
        )

    def reset(self) -> None:
        """Forget the last page."""
        for page in self.pages:
            page.reset()


def makeExtension(**settings: Any) -> PenstockExtension:  # noqa: N802 - the name that Python-Markdown looks for
    """Return the extension; Python-Markdown finds this function by the module's name."""
    return PenstockExtension(**settings)

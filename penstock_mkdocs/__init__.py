"""Flows in MkDocs, ProperDocs and Zensical: a Python-Markdown extension, and a plugin that adds pages to it."""

from penstock._util.optional_imports import needed

with needed("markdown", "penstock[mkdocs]"):
    import markdown as _markdown  # noqa: F401 - every module here needs it

from penstock._util.sphinx_hint import setup

__all__ = ["setup"]

"""Flows in MkDocs, ProperDocs and Zensical: a Python-Markdown extension, and a plugin that adds pages to it."""

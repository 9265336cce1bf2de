"""Docstrings as nodes of Docutils."""

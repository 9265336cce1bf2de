"""Layouts for flows that are too large for Graphviz."""

"""Diagrams in notebooks, and in files of every format."""

"""Docstrings as nodes of Docutils.

``rendering`` prepares and parses them; ``StepWriter`` in ``directives/step_writer.py`` puts the result on the page.
"""

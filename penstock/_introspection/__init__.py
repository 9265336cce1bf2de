"""Reads definitions: places, signatures, docstrings and hashes of source."""

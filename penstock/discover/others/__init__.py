"""Reads recordings that other tools have made."""

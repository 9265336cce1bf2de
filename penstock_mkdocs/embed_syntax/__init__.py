"""Embeds as they are written: lines, options, and where they stand."""

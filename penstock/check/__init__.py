"""Declared arrows, held against what the code calls and what really ran."""

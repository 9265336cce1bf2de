"""Findings: what is wrong, and how each kind of report says so."""

"""Helpers that know nothing of flows."""

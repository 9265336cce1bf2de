"""Describe flows that exist in your code."""

"""Callables of every kind: how they are unwrapped, called, and stood in for."""

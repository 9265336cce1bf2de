"""Flows as text for the terminal."""

"""Watches code that has no decorators while it runs, and proposes flows of it."""

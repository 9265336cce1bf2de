"""Answers questions about all flows at once: who uses a resource, and what depends on a step."""

"""Runs: what a decorated call binds, and how it travels."""

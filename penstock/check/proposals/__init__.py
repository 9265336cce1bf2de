"""Proposals: the fewest names that explain every run."""

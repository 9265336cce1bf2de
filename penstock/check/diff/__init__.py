"""Differences between the flows of two manifests."""

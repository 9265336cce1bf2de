"""Finds the arrows between chosen steps, by the rules of the recorder."""

"""Interprets the bodies of functions, without running them."""

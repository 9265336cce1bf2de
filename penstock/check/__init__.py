"""Checks declared edges against static analysis of the code and recorded runs."""

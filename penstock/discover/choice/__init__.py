"""Chooses the steps of a flow: the functions that a reader would name, of all that ran."""

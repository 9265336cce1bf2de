"""Declarations: the marks that decorators leave, and the registry that collects them."""

"""Knows which calls of libraries touch something outside the process, and what starts work in it.

One module a library; :data:`LIBRARIES` lists them. Only names are read, never values: a table, a topic, a host.
"""

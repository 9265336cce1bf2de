"""Pages that are made for flows before Sphinx reads its sources."""

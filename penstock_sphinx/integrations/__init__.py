"""Other extensions: autodoc, viewcode, sphinxcontrib-mermaid."""

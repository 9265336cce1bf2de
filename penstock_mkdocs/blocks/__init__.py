"""What can be embedded in a page, as HTML."""

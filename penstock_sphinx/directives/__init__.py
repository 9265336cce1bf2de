"""The directives, and what each writes into a page."""

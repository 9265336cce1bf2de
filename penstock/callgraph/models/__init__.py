"""Models of libraries: what a call of theirs leads to."""

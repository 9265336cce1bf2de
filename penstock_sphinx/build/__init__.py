"""One build: its flows, layouts, and the state of its output."""

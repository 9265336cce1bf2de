"""Records which steps run while tests do."""

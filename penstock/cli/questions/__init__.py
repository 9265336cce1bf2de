"""Commands that answer questions about all flows at once."""

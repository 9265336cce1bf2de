"""The domain ``penstock``, and its index."""

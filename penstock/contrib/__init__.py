"""One module for each neighbour; each imports it only when it is used itself."""

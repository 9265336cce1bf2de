"""Pages that are made for flows, and where their files go."""

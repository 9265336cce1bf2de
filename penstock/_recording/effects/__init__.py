"""Records what steps touch outside the process, and what starts their runs."""

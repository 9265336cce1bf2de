"""From declarations to flows, with the problems found on the way."""

"""Abstract values: the objects that a variable may hold, and what can be done with each kind of them."""

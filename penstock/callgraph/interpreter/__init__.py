"""The interpreter: reads one function from statement to statement, with sets of values in place of values."""

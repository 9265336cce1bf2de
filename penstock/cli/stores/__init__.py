"""Commands about stores of traces."""

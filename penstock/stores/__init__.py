"""Evidence from stores of traces: the store counts facts, and only the counts are fetched."""
